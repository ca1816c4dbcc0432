import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db import models
from django.db.models import BooleanField, F, Func, Q, Value
from django.db.models.functions import Cast

from jobs.enums import Lane
from jobs.models import Waiting, Work
from leads import rules
from leads.access import within_reach
from leads.activities.reasons import reason_words
from leads.enums import Disposition, Grade, Side, Stage
from leads.fields import BY_CODE, FIELDS

# One more than a list counts to (leads.queries.COUNT_CAP), so that it can tell a thousand from more.
SEARCH_LIMIT = 1001


class LeadQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The leads `user` may read, by the role table (team.roles); nothing for a stranger."""
        return self._within_reach(user, "leads.view_lead")

    def changeable_by(self, user):
        """The leads `user` may write to, all of which she may read."""
        return self._within_reach(user, "leads.change_lead")

    def exportable_by(self, user):
        """The leads `user` may take away in a file, all of which she may read."""
        return self._within_reach(user, "leads.export_lead")

    def matching_words(self, text):
        """Those of these leads whose name, e-mail, company or phone holds every word of `text`, each as a beginning,
        or as the end of a number (leads.rules.search_words).

        All of them: for taking everybody at once. A list that shows the first of an order takes `search`. Wordless
        text finds nothing.
        """
        hits = _hits(text)
        return self.none() if hits is None else self.filter(pk__in=hits)

    def search(self, text):
        """As `matching_words`, but at most SEARCH_LIMIT of them, any, whatever the order asked for.

        The planner would otherwise walk the score index for a rare word. What this queryset is filtered by counts
        before that limit, what is filtered afterwards does not. One query at once where there are filters.
        """
        hits = _hits(text)
        if hits is None:
            return self.none()
        if self.query.where and hits[SEARCH_LIMIT : SEARCH_LIMIT + 1].exists():
            # A common word: the few that may be seen must not be lost among everybody's.
            hits = self.order_by().filter(pk__in=hits).values("pk")
        return self.filter(pk__in=hits[:SEARCH_LIMIT])

    def open(self):
        return self.filter(disposition=Disposition.OPEN)

    def _within_reach(self, user, permission):
        condition = within_reach(user, permission)
        return self.none() if condition is None else self.filter(condition)

    def with_people(self):
        """Joins what every list shows beside the lead: company, owner, pool, source."""
        return self.select_related("company", "owner", "pool", "source")


def _hits(text):
    """The ids of the leads that hold what each word of `text` may be, or None where it has no words."""
    words = rules.search_words(text)
    if not words:
        return None
    # Words of search hold no quote and no backslash, so they need no quoting beyond the quotes.
    query = " & ".join("({})".format(" | ".join(f"'{beginning}':*" for beginning in ways)) for ways in words)
    query = Cast(Value(query), output_field=SearchQueryField())
    matches = Func(F("vector"), query, arg_joiner=" @@ ", template="%(expressions)s", output_field=BooleanField())
    return LeadSearch.objects.filter(matches).values("lead_id")


class Lead(models.Model):
    """One person, from first name on a list to customer.

    Written only through actions: stage and disposition by leads.actions.lifecycle, score and grade by
    scoring.engine, side, owner and pool by routing.actions, everything else by leads.actions.record and the import;
    new people by leads.intake.entering.
    """

    external_system = models.CharField(max_length=30, blank=True, help_text="Who gave out the external id.")
    external_id = models.CharField(max_length=100, blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    email = models.CharField("e-mail", max_length=254, blank=True)
    phone = models.CharField(max_length=50, blank=True)
    job_title = models.CharField(max_length=150, blank=True)
    company = models.ForeignKey("leads.Company", models.PROTECT, null=True, blank=True, db_index=False)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField("state or region", max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=100, blank=True)
    website = models.CharField(max_length=300, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    fields = models.JSONField(default=dict, blank=True)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    do_not_email = models.BooleanField(default=False)
    do_not_call = models.BooleanField(default=False)
    do_not_post = models.BooleanField("do not send post", default=False)

    # Match keys, computed on write by leads.intake.keys; "" where there is nothing to match on.
    email_key = models.CharField(max_length=254, editable=False, blank=True)
    phone_key = models.CharField(max_length=16, editable=False, blank=True)
    name_key = models.CharField(max_length=200, editable=False, blank=True)

    # Both are found through lead_by_facets.
    source = models.ForeignKey(
        "leads.Source", models.PROTECT, null=True, blank=True, related_name="leads", db_index=False
    )
    campaign = models.ForeignKey(
        "leads.Campaign",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name="first campaign",
        db_index=False,
    )

    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.NAME, editable=False)
    stage_since = models.DateTimeField(editable=False)
    disposition = models.CharField(max_length=12, choices=Disposition.choices, default=Disposition.OPEN, editable=False)
    # Somebody's own words, or, with facts beside it, a code where the program gave the reason.
    disposition_reason = models.CharField(max_length=200, blank=True, editable=False)
    disposition_facts = models.JSONField(null=True, editable=False)
    recycle_on = models.DateField(null=True, blank=True, editable=False)
    contract_on = models.DateField("contract signed on", null=True, blank=True)
    first_paid_on = models.DateField("first payment on", null=True, blank=True)

    side = models.CharField(max_length=9, choices=Side.choices, default=Side.MARKETING, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, db_index=False
    )
    pool = models.ForeignKey("team.Pool", models.PROTECT, null=True, blank=True, editable=False, db_index=False)

    score = models.IntegerField(default=0, editable=False)
    grade = models.CharField(max_length=1, choices=Grade.choices, blank=True, editable=False)
    # Points per rule of the model version, in the order of its rules; the score is their sum.
    score_ledger = ArrayField(models.SmallIntegerField(), default=list, editable=False)
    score_version = models.PositiveIntegerField(null=True, editable=False)
    scored_at = models.DateTimeField(null=True, editable=False)

    created_at = models.DateTimeField(editable=False)
    changed_at = models.DateTimeField(editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("export_lead", "Can export leads"),
            ("assign_lead", "Can hand leads to people"),
            ("overrule_stage", "Can overrule the definition of a stage"),
            ("write_condition", "Can write conditions about leads"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="lead_stage_known"),
            models.CheckConstraint(condition=Q(disposition__in=Disposition.values), name="lead_disposition_known"),
            models.CheckConstraint(condition=Q(grade__in=["", *Grade.values]), name="lead_grade_known"),
            models.CheckConstraint(
                condition=Q(side=Side.MARKETING, owner__isnull=True, pool__isnull=True)
                | Q(side=Side.SALES, owner__isnull=False, pool__isnull=True)
                | Q(side=Side.SALES, owner__isnull=True, pool__isnull=False),
                name="lead_has_exactly_one_keeper",
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.CUSTOMER) | Q(contract_on__isnull=False, first_paid_on__isnull=False),
                name="customer_has_contract_and_money",
                violation_error_message="A customer needs the date of the contract and of the first payment.",
            ),
            models.CheckConstraint(
                condition=Q(disposition=Disposition.OPEN) | ~Q(disposition_reason=""),
                name="disposition_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(disposition=Disposition.RECYCLED) | Q(recycle_on__isnull=False),
                name="recycled_lead_has_a_date",
            ),
            models.CheckConstraint(
                condition=Q(scored_at__isnull=True, score_version__isnull=True, grade="", score=0)
                | Q(scored_at__isnull=False, score_version__isnull=False, grade__in=Grade.values),
                name="lead_score_has_a_version_and_a_time",
            ),
            models.CheckConstraint(
                condition=Q(external_id="") | ~Q(external_system=""), name="external_id_names_its_system"
            ),
        ]
        indexes = [
            models.Index(fields=["email_key"], condition=~Q(email_key=""), name="lead_by_email"),
            models.Index(fields=["phone_key"], condition=~Q(phone_key=""), name="lead_by_phone"),
            # Company page, and the match by name with company.
            models.Index(fields=["company", "name_key"], condition=Q(company__isnull=False), name="lead_by_company"),
            # My queue: leads of one owner by score.
            models.Index(
                F("owner"), F("score").desc(), F("id"), condition=Q(owner__isnull=False), name="lead_by_owner"
            ),
            # The pools' waiting leads, best first.
            models.Index(F("pool"), F("score").desc(), F("id"), condition=Q(pool__isnull=False), name="lead_by_pool"),
            # The lead list ordered by score, keyset paged.
            models.Index(F("score").desc(), F("id").desc(), name="lead_by_score"),
            # Any of the filters with few values, rare or absent ones too, and in the order of the score (adr/0009).
            models.Index(
                F("score").desc(),
                F("grade"),
                F("stage"),
                F("disposition"),
                F("source"),
                F("campaign"),
                name="lead_by_facets",
            ),
            models.Index(fields=["created_at"], name="lead_by_entry"),
            # In any case, as conditions compare them. Leads without tags, most of them, cost this index nothing.
            GinIndex(Func(F("tags"), function="leads_folded"), condition=~Q(tags=[]), name="lead_by_tag_in_any_case"),
        ]

    def __str__(self):
        return self.name

    @property
    def name(self):
        """What to call this person on screen: name, else e-mail, phone or external id."""
        full = f"{self.first_name} {self.last_name}".strip()
        return full or self.email or self.phone or self.external_id or f"Lead {self.pk}"

    @property
    def disposition_words(self):
        """The reason of the disposition as a person reads it."""
        return reason_words(self.disposition_reason, self.disposition_facts)


class LeadSearch(models.Model):
    """The search document of a lead, apart so that regrading does not rewrite its index.

    The database does not check the key (docs/adr/0008): a document without its lead is found by nobody.
    """

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="search", db_constraint=False)
    document = models.TextField(help_text="Folded words of name, e-mail, company and phone (leads.rules).")
    vector = models.GeneratedField(
        expression=Func(Func(F("document"), Value(" "), function="string_to_array"), function="array_to_tsvector"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        indexes = [GinIndex(fields=["vector"], name="lead_search_vector", fastupdate=True, gin_pending_list_limit=2048)]

    def __str__(self):
        return self.document


class DirtyLead(Waiting):
    """A lead that has to be scored again; written in the transaction of the change that makes it so.

    The database does not check the key (docs/adr/0008): the mark of a lead that is gone is taken away like any other.
    """

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="dirty", db_constraint=False)
    marked_at = models.DateTimeField()

    WORK = Work(
        name="Changed leads to score and route",
        lane=Lane.SETTLE,
        undone=Q(),
        asked_at="marked_at",
        late_after=datetime.timedelta(seconds=60),
    )

    class Meta:
        indexes = [models.Index(fields=["marked_at"], condition=Q(put_aside_at=None), name="dirty_lead_oldest_first")]

    def __str__(self):
        return f"Lead {self.lead_id}"


# Code to label of the main ones.
_MAIN = {field.beside: BY_CODE[field.beside].label for field in FIELDS if field.beside}


class OtherKey(models.Model):
    """An e-mail address, phone number or external id that a lead has beside the main one, which her own columns hold.

    Written by leads.actions.other_keys, the import, and leads.intake.entering. None is the main one as well.
    """

    KINDS = tuple(_MAIN)

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="other_keys", db_index=False)
    kind = models.CharField(max_length=11, choices=list(_MAIN.items()))
    system = models.CharField(max_length=30, blank=True, help_text="Who gave out the external id.")
    value = models.CharField(max_length=254, help_text="As it was typed.")
    key = models.CharField(max_length=254, help_text="As it is matched (leads.intake.keys).")

    class Meta:
        ordering = ["kind", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(_MAIN)), name="other_key_kind_known"),
            models.CheckConstraint(condition=~Q(key=""), name="other_key_is_filled"),
            models.CheckConstraint(
                condition=Q(kind="external_id") & ~Q(system="") | ~Q(kind="external_id") & Q(system=""),
                name="other_key_of_a_system",
            ),
            models.UniqueConstraint(fields=["lead", "kind", "system", "key"], name="other_key_once"),
        ]
        indexes = [models.Index(fields=["kind", "key"], name="lead_by_other_key")]

    def __str__(self):
        return self.value


class PeopleEntered(models.Model):
    """One row: how many people came in one by one. An import that finds it as it was need not look for them again."""

    number = models.BigIntegerField(default=0)

    def __str__(self):
        return f"{self.number:,} people entered"
