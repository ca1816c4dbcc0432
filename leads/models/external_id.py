from django.db import models


class ExternalId(models.Model):
    """Whose an external id is, main or other: the unique key over the columns of Lead and the rows of OtherKey.

    Written by triggers of the database alone, whoever writes a lead or an other key (docs/adr/0014). To be looked up
    in: by system and id it leads to the one lead that has it.
    """

    pk = models.CompositePrimaryKey("system", "key")
    system = models.CharField(max_length=30)
    key = models.CharField(max_length=100)
    lead = models.ForeignKey("leads.Lead", models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False)

    def __str__(self):
        return f"{self.system} {self.key}"
