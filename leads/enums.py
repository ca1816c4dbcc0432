from django.db import models


class Stage(models.TextChoices):
    """The six lifecycle stages, in order (docs/architecture.md, glossary)."""

    NAME = "name", "Name"
    SUSPECT = "suspect", "Suspect"
    LEAD = "lead", "Lead"
    QUALIFIED = "qualified", "Qualified lead"
    PROSPECT = "prospect", "Prospect"
    CUSTOMER = "customer", "Customer"

    @property
    def rank(self):
        """Position in the lifecycle, from 1 (name) to 6 (customer)."""
        return list(type(self)).index(self) + 1


class Disposition(models.TextChoices):
    OPEN = "open", "Open"
    RECYCLED = "recycled", "Recycled"
    DISQUALIFIED = "disqualified", "Disqualified"
    LOST = "lost", "Lost"


class Side(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"


class Grade(models.TextChoices):
    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"


class SourceKind(models.TextChoices):
    TRADE_SHOW = "trade_show", "Trade show"
    HOME_SHOW = "home_show", "Home show"
    WEBSITE = "website", "Website"
    LANDING_PAGE = "landing_page", "Landing page"
    PURL = "purl", "PURL"
    DIRECT_MAIL = "direct_mail", "Direct mail list"
    PURCHASED_LIST = "purchased_list", "Purchased list"
    OWN_DATABASE = "own_database", "Own database"
    DATA_MINING = "data_mining", "Data mining"
    SEARCH = "search", "Search marketing"
    ADVERTISING = "advertising", "Advertising"
    REFERRAL = "referral", "Referral"
    EVENT = "event", "Event"
    PARTNER = "partner", "Partner"
    OTHER = "other", "Other"


class ActivityKind(models.TextChoices):
    """What can happen to a person. `HUMAN_CONTACT` below are the kinds a rep performs herself."""

    VISIT = "visit", "Visit"
    FORM = "form", "Form"
    EMAIL_SENT = "email_sent", "E-mail sent"
    EMAIL_OPENED = "email_opened", "E-mail opened"
    EMAIL_CLICKED = "email_clicked", "E-mail clicked"
    EMAIL_BOUNCED = "email_bounced", "E-mail bounced"
    EMAIL_REPLIED = "email_replied", "E-mail replied"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    SUBSCRIBED = "subscribed", "Subscribed"
    CALL = "call", "Call"
    EMAIL = "email", "E-mail written"
    MEETING = "meeting", "Meeting"
    DEMO = "demo", "Demo"
    NOTE = "note", "Note"
    EVENT_ATTENDED = "event_attended", "Event attended"
    CARD_POSTED = "card_posted", "Card posted"
    STAGE_CHANGED = "stage_changed", "Stage change"
    GRADE_CHANGED = "grade_changed", "Grade change"
    HANDED_OVER = "handed_over", "Hand-over"
    FIELD_CHANGED = "field_changed", "Change"
    IMPORTED = "imported", "Import"
    TASK_DONE = "task_done", "Task done"


# The kinds that count as having worked a lead: a person reached out to a person.
HUMAN_CONTACT = frozenset({ActivityKind.CALL, ActivityKind.EMAIL, ActivityKind.MEETING, ActivityKind.DEMO})


class FieldType(models.TextChoices):
    TEXT = "text", "Text"
    INTEGER = "integer", "Whole number"
    NUMBER = "number", "Number"
    BOOLEAN = "boolean", "Yes or no"
    DATE = "date", "Date"
    DATETIME = "datetime", "Date and time"
    CHOICE = "choice", "One of a list"
    CHOICES = "choices", "Several of a list"


class Dimension(models.TextChoices):
    """What a rating question asks about; a field with none is an ordinary field."""

    BUDGET = "budget", "Budget"
    TIMEFRAME = "timeframe", "Timeframe"
    DECISION_MAKER = "decision_maker", "Decision-maker"
    MONEY = "money", "Money"
    AUTHORITY = "authority", "Authority"
    NEED = "need", "Need"
    CUSTOM = "custom", "Other rating question"


class TaskKind(models.TextChoices):
    CALL = "call", "Call"
    EMAIL = "email", "Write an e-mail"
    MEETING = "meeting", "Meeting"
    DEMO = "demo", "Demo"
    TODO = "todo", "To do"
