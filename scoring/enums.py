from django.db import models


class ModelStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Retired"


class RuleKind(models.TextChoices):
    """Fit rules give their points once; behaviour rules give them per activity, decaying and capped."""

    FIT = "fit", "Fit"
    BEHAVIOUR = "behaviour", "Behaviour"
