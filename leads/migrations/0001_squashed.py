import datetime

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import migrations, models

TRANSITIONS_ARE_CONTIGUOUS = """
ALTER TABLE leads_transition ADD CONSTRAINT transition_history_is_contiguous
FOREIGN KEY (lead_id, previous_seq, from_stage, from_disposition, from_at)
REFERENCES leads_transition (lead_id, seq, to_stage, to_disposition, at)
"""
TRANSITIONS_ARE_ROWS = "ALTER TABLE leads_transition DROP CONSTRAINT transition_history_is_contiguous"

SEQUENCE = "CREATE SEQUENCE leads_changerow_id_seq"
OWNED = "ALTER SEQUENCE leads_changerow_id_seq OWNED BY leads_changerow.id"
ONCE_A_DAY = """
CREATE UNIQUE INDEX score_once_a_day ON leads_changerow (lead_id, ((at AT TIME ZONE 'UTC')::date)) WHERE kind = 'score'
"""
NEVER_UPDATED = """
CREATE FUNCTION leads_changes_are_never_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what has been told of a lead never changes' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER changes_are_never_updated BEFORE UPDATE ON leads_changerow
    FOR EACH STATEMENT EXECUTE FUNCTION leads_changes_are_never_updated();
"""
UPDATED = """
DROP TRIGGER changes_are_never_updated ON leads_changerow;
DROP FUNCTION leads_changes_are_never_updated();
"""
# Transactions are ordered by their ids, which only grow, but begin anew where a database is restored into a fresh
# cluster. The row of the clock was then written by another transaction, in another table, than it says. The first one to
# write puts the offset above all that was restored; others wait for it.
CLOCK = """
CREATE FUNCTION leads_change_position() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    start bigint := (
        SELECT position_offset FROM leads_changeclock
        WHERE (written_as, written_by) = (tableoid::bigint, xmin::text::bigint)
    );
BEGIN
    IF start IS NULL THEN
        UPDATE leads_changeclock SET written_by = -1, position_offset = greatest(
            (SELECT coalesce(max(position), 0) FROM leads_changerow),
            (SELECT coalesce(max(position), 0) FROM leads_followercursor)
        ) WHERE (written_as, written_by) <> (tableoid::bigint, xmin::text::bigint);
        UPDATE leads_changeclock SET written_as = tableoid::bigint, written_by = xmin::text::bigint
        WHERE written_by = -1;
        start := (SELECT position_offset FROM leads_changeclock);
    END IF;
    RETURN start + pg_current_xact_id()::text::bigint;
END $$;

CREATE FUNCTION leads_change_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN (written_as, written_by) = (tableoid::bigint, xmin::text::bigint)
        -- Whose transaction it is that runs cannot always be seen: one not known to be of another database counts.
        THEN position_offset + (
            SELECT least(pg_snapshot_xmax(snapshot), (
                SELECT min(running) FROM pg_snapshot_xip(snapshot) AS running WHERE NOT EXISTS (
                    SELECT FROM pg_stat_activity WHERE backend_xid = running::xid AND datname <> current_database()
                )
            ))
            FROM (SELECT pg_current_snapshot() AS snapshot) AS now
        )::text::bigint
        -- Nobody has written here since the database was restored: all that can be seen is certain. Followers may have
        -- read further than the rows go that have not been pruned.
        ELSE 1 + greatest(
            (SELECT coalesce(max(position), 0) FROM leads_changerow),
            (SELECT coalesce(max(position), 0) FROM leads_followercursor)
        )
    END
    FROM leads_changeclock
$$;

INSERT INTO leads_changeclock (id, position_offset, written_as, written_by)
SELECT 1, 0, 'leads_changeclock'::regclass::oid::bigint, -1;
UPDATE leads_changeclock SET written_by = xmin::text::bigint;
"""
NO_CLOCK = """
DROP FUNCTION leads_change_horizon();
DROP FUNCTION leads_change_position();
"""

# Rows that are put in are taken as a set, because an import brings thousands; the others one by one, and only where
# an id has changed.
KEEP_IDS = """
CREATE FUNCTION leads_lead_ids_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_externalid (system, key, lead_id)
    SELECT external_system, external_id, id FROM entered WHERE external_id <> '';
    RETURN NULL;
END $$;
CREATE FUNCTION leads_lead_id_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.external_id <> '' THEN
        DELETE FROM leads_externalid WHERE system = OLD.external_system AND key = OLD.external_id;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.external_id <> '' THEN
        INSERT INTO leads_externalid (system, key, lead_id) VALUES (NEW.external_system, NEW.external_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION leads_other_ids_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_externalid (system, key, lead_id)
    SELECT system, key, lead_id FROM entered WHERE kind = 'external_id';
    RETURN NULL;
END $$;
CREATE FUNCTION leads_other_id_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.kind = 'external_id' THEN
        DELETE FROM leads_externalid WHERE system = OLD.system AND key = OLD.key;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.kind = 'external_id' THEN
        INSERT INTO leads_externalid (system, key, lead_id) VALUES (NEW.system, NEW.key, NEW.lead_id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION leads_ids_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM leads_externalid;
    RETURN NULL;
END $$;

CREATE TRIGGER lead_ids_entered AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_ids_entered();
CREATE TRIGGER lead_id_changed AFTER UPDATE OF external_system, external_id ON leads_lead FOR EACH ROW
    WHEN ((OLD.external_system, OLD.external_id) IS DISTINCT FROM (NEW.external_system, NEW.external_id))
    EXECUTE FUNCTION leads_lead_id_changed();
CREATE TRIGGER lead_id_gone AFTER DELETE ON leads_lead FOR EACH ROW
    WHEN (OLD.external_id <> '') EXECUTE FUNCTION leads_lead_id_changed();
CREATE TRIGGER lead_ids_forgotten AFTER TRUNCATE ON leads_lead
    FOR EACH STATEMENT EXECUTE FUNCTION leads_ids_forgotten();
CREATE TRIGGER other_ids_entered AFTER INSERT ON leads_otherkey
    REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION leads_other_ids_entered();
CREATE TRIGGER other_id_changed AFTER UPDATE OF lead_id, kind, system, key ON leads_otherkey FOR EACH ROW
    WHEN (OLD.kind = 'external_id' OR NEW.kind = 'external_id') EXECUTE FUNCTION leads_other_id_changed();
CREATE TRIGGER other_id_gone AFTER DELETE ON leads_otherkey FOR EACH ROW
    WHEN (OLD.kind = 'external_id') EXECUTE FUNCTION leads_other_id_changed();
"""
LET_IDS_GO = """
DROP FUNCTION leads_lead_ids_entered, leads_lead_id_changed, leads_other_ids_entered, leads_other_id_changed,
    leads_ids_forgotten CASCADE
"""

# TRUNCATE fires no trigger of a row.
FORGET_OTHER_IDS = """
CREATE FUNCTION leads_other_ids_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM leads_externalid AS known
    WHERE NOT EXISTS (
        SELECT FROM leads_lead AS lead
        WHERE lead.id = known.lead_id AND (lead.external_system, lead.external_id) = (known.system, known.key)
    );
    RETURN NULL;
END $$;
CREATE TRIGGER other_ids_forgotten AFTER TRUNCATE ON leads_otherkey
    FOR EACH STATEMENT EXECUTE FUNCTION leads_other_ids_forgotten();
"""
REMEMBER_OTHER_IDS = "DROP FUNCTION leads_other_ids_forgotten CASCADE"

# Who stands in each stage, what moves a person in, and the same as a condition where the record can tell.
DEFINITIONS = [
    (
        "name",
        "In the target market, contact details known, no interest shown.",
        "Imported list, purchased list, directory.",
        None,
    ),
    (
        "suspect",
        "Has shown interest by behaviour.",
        "Attended a session, subscribed to the newsletter, visited or clicked.",
        {
            "any": [
                {"activity": kind}
                for kind in ("event_attended", "subscribed", "visit", "email_clicked", "email_replied", "form")
            ]
        },
    ),
    (
        "lead",
        "Could reasonably take part in buying; told us directly about interest and needs and wants to evaluate.",
        "Filled in a form with a need, asked for contact or was referred.",
        None,
    ),
    (
        "qualified",
        "Profile, behaviour and demographics fit; ready to buy something of this kind.",
        "Enough answers to the rating questions to be graded, and a score over the bar.",
        {"field": "grade", "op": "in", "value": ["A", "B"]},
    ),
    (
        "prospect",
        "Has started the buying process.",
        "A rep opened a deal.",
        None,
    ),
    (
        "customer",
        "Contract and money have changed hands.",
        "Contract date and first payment recorded, both.",
        {
            "all": [
                {"field": "contract_on", "op": "filled"},
                {"field": "first_paid_on", "op": "filled"},
            ]
        },
    ),
]


def check_version(apps, schema_editor):
    """Conditions read stored dates with pg_input_is_valid(), which came with PostgreSQL 16."""
    version = schema_editor.connection.pg_version
    if version < 160000:
        raise ImproperlyConfigured(
            f"LeadFunnel needs PostgreSQL 16 or later; DATABASE_URL leads to {version // 10000}."
        )


def define_stages(apps, schema_editor):
    definition = apps.get_model("leads", "StageDefinition")
    definition.objects.bulk_create(
        definition(
            stage=stage,
            version=1,
            who=who,
            moves_in=moves_in,
            entry=entry,
            is_current=True,
            created_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        )
        for stage, who, moves_in, entry in DEFINITIONS
    )


def count_from_none(apps, schema_editor):
    apps.get_model("leads", "PeopleEntered").objects.using(schema_editor.connection.alias).create()


class Migration(migrations.Migration):
    """All of the room in one; a database that began with the migrations it replaces goes on with those."""

    initial = True
    replaces = [
        ("leads", "0001_the_record"),
        ("leads", "0002_contiguous_history"),
        ("leads", "0003_stage_definitions"),
        ("leads", "0004_history_rows_name_their_start"),
        ("leads", "0005_needs_postgresql_16"),
        ("leads", "0006_unchecked_keys_of_derived_rows"),
        ("leads", "0007_search_index_takes_in_batches"),
        ("leads", "0008_find_by_facets"),
        ("leads", "0009_task_due_in_the_calendar"),
        ("leads", "0010_marks_that_failed"),
        ("leads", "0011_activities_by_lead"),
        ("leads", "0012_identity_keys"),
        ("leads", "0013_people_entered"),
        ("leads", "0014_answers"),
        ("leads", "0015_words_become_codes"),
        ("leads", "0016_answers_replace_choices"),
        ("leads", "0017_sources_and_campaigns_retire"),
        ("leads", "0018_other_keys"),
        ("leads", "0019_reason_facts"),
        ("leads", "0020_external_ids"),
        ("leads", "0021_change_rows"),
        ("leads", "0022_grades_so_far"),
        ("leads", "0023_permission_to_write_conditions"),
        ("leads", "0024_disposition_facts"),
        ("leads", "0025_reasons_of_dispositions"),
        ("leads", "0026_truncated_keys"),
        ("leads", "0027_leads_that_are_gone"),
        ("leads", "0028_companies_that_were_edited"),
    ]
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("team", "0001_people")]

    operations = [
        migrations.RunPython(check_version, migrations.RunPython.noop),
        migrations.RunSQL(SEQUENCE, "DROP SEQUENCE IF EXISTS leads_changerow_id_seq"),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=150)),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("ends_on", models.DateField(blank=True, null=True)),
                ("budget", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("actual_cost", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("currency", models.CharField(default="EUR", max_length=3)),
                ("retired_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["-starts_on", "name"],
            },
        ),
        migrations.CreateModel(
            name="FieldDefinition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=50,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9_]*\\Z",
                                "Use small letters, digits and underscores, and start with a letter.",
                            )
                        ],
                    ),
                ),
                ("label", models.CharField(max_length=100)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("integer", "Whole number"),
                            ("number", "Number"),
                            ("boolean", "Yes or no"),
                            ("date", "Date"),
                            ("datetime", "Date and time"),
                            ("choice", "One of a list"),
                            ("choices", "Several of a list"),
                        ],
                        default="text",
                        max_length=10,
                    ),
                ),
                (
                    "dimension",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("budget", "Budget"),
                            ("timeframe", "Timeframe"),
                            ("decision_maker", "Decision-maker"),
                            ("money", "Money"),
                            ("authority", "Authority"),
                            ("need", "Need"),
                            ("custom", "Other rating question"),
                        ],
                        help_text="Only for rating questions.",
                        max_length=20,
                        verbose_name="rating dimension",
                    ),
                ),
                ("help_text", models.CharField(blank=True, max_length=200)),
                ("position", models.PositiveIntegerField(default=100)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "verbose_name": "field",
                "ordering": ["position", "label"],
            },
        ),
        migrations.CreateModel(
            name="FollowerCursor",
            fields=[
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ("next_try_at", models.DateTimeField(editable=False, null=True)),
                ("failure", models.TextField(blank=True, db_default="", default="", editable=False)),
                ("put_aside_at", models.DateTimeField(editable=False, null=True)),
                ("code", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField()),
                ("change_id", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PeopleEntered",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("trade_show", "Trade show"),
                            ("home_show", "Home show"),
                            ("website", "Website"),
                            ("landing_page", "Landing page"),
                            ("purl", "PURL"),
                            ("direct_mail", "Direct mail list"),
                            ("purchased_list", "Purchased list"),
                            ("own_database", "Own database"),
                            ("data_mining", "Data mining"),
                            ("search", "Search marketing"),
                            ("advertising", "Advertising"),
                            ("referral", "Referral"),
                            ("event", "Event"),
                            ("partner", "Partner"),
                            ("other", "Other"),
                        ],
                        default="other",
                        max_length=20,
                    ),
                ),
                ("retired_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ChangeClock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position_offset", models.BigIntegerField()),
                ("written_as", models.BigIntegerField()),
                ("written_by", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_change_clock")],
            },
        ),
        migrations.CreateModel(
            name="Company",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                (
                    "name_key",
                    models.CharField(
                        editable=False,
                        help_text="What makes two spellings of its name one company.",
                        max_length=200,
                        unique=True,
                    ),
                ),
                ("website", models.CharField(blank=True, max_length=300)),
                ("industry", models.CharField(blank=True, max_length=100)),
                ("employees", models.PositiveIntegerField(blank=True, null=True)),
                ("annual_revenue", models.DecimalField(blank=True, decimal_places=2, max_digits=16, null=True)),
                ("phone", models.CharField(blank=True, max_length=50)),
                ("city", models.CharField(blank=True, max_length=100)),
                ("country", models.CharField(blank=True, max_length=100)),
                ("created_at", models.DateTimeField()),
                (
                    "edited_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="When somebody edited it last; empty while it is as lists and forms brought it.",
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "companies",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name_key", ""), _negated=True), name="company_has_a_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_system",
                    models.CharField(blank=True, help_text="Who gave out the external id.", max_length=30),
                ),
                ("external_id", models.CharField(blank=True, max_length=100)),
                ("first_name", models.CharField(blank=True, max_length=100)),
                ("last_name", models.CharField(blank=True, max_length=100)),
                ("email", models.CharField(blank=True, max_length=254, verbose_name="e-mail")),
                ("phone", models.CharField(blank=True, max_length=50)),
                ("job_title", models.CharField(blank=True, max_length=150)),
                ("street", models.CharField(blank=True, max_length=200)),
                ("city", models.CharField(blank=True, max_length=100)),
                ("region", models.CharField(blank=True, max_length=100, verbose_name="state or region")),
                ("postal_code", models.CharField(blank=True, max_length=20)),
                ("country", models.CharField(blank=True, max_length=100)),
                ("website", models.CharField(blank=True, max_length=300)),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                ("fields", models.JSONField(blank=True, default=dict)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=50), blank=True, default=list, size=None
                    ),
                ),
                ("do_not_email", models.BooleanField(default=False)),
                ("do_not_call", models.BooleanField(default=False)),
                ("do_not_post", models.BooleanField(default=False, verbose_name="do not send post")),
                ("email_key", models.CharField(blank=True, editable=False, max_length=254)),
                ("phone_key", models.CharField(blank=True, editable=False, max_length=16)),
                ("name_key", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("name", "Name"),
                            ("suspect", "Suspect"),
                            ("lead", "Lead"),
                            ("qualified", "Qualified lead"),
                            ("prospect", "Prospect"),
                            ("customer", "Customer"),
                        ],
                        default="name",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("stage_since", models.DateTimeField(editable=False)),
                (
                    "disposition",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("recycled", "Recycled"),
                            ("disqualified", "Disqualified"),
                            ("lost", "Lost"),
                        ],
                        default="open",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("disposition_reason", models.CharField(blank=True, editable=False, max_length=200)),
                ("disposition_facts", models.JSONField(editable=False, null=True)),
                ("recycle_on", models.DateField(blank=True, editable=False, null=True)),
                ("contract_on", models.DateField(blank=True, null=True, verbose_name="contract signed on")),
                ("first_paid_on", models.DateField(blank=True, null=True, verbose_name="first payment on")),
                (
                    "side",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("sales", "Sales")],
                        default="marketing",
                        editable=False,
                        max_length=9,
                    ),
                ),
                ("score", models.IntegerField(default=0, editable=False)),
                (
                    "grade",
                    models.CharField(
                        blank=True,
                        choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")],
                        editable=False,
                        max_length=1,
                    ),
                ),
                (
                    "score_ledger",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), default=list, editable=False, size=None
                    ),
                ),
                ("score_version", models.PositiveIntegerField(editable=False, null=True)),
                ("scored_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("changed_at", models.DateTimeField(editable=False)),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="leads.campaign",
                        verbose_name="first campaign",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="leads.company",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="team.pool",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="leads.source",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "permissions": [
                    ("export_lead", "Can export leads"),
                    ("assign_lead", "Can hand leads to people"),
                    ("write_condition", "Can write conditions about leads"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExternalId",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "system", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("system", models.CharField(max_length=30)),
                ("key", models.CharField(max_length=100)),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.lead",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(editable=False, max_length=50)),
                ("label", models.CharField(max_length=500)),
                ("position", models.PositiveIntegerField(default=0)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "field",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="leads.fielddefinition"
                    ),
                ),
            ],
            options={
                "ordering": ["field", "position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="OtherKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("external_id", "External id"), ("email", "E-mail"), ("phone", "Phone")], max_length=11
                    ),
                ),
                ("system", models.CharField(blank=True, help_text="Who gave out the external id.", max_length=30)),
                ("value", models.CharField(help_text="As it was typed.", max_length=254)),
                ("key", models.CharField(help_text="As it is matched (leads.intake.keys).", max_length=254)),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="other_keys",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "pk"],
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="campaigns", to="leads.source"
            ),
        ),
        migrations.CreateModel(
            name="StageDefinition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("name", "Name"),
                            ("suspect", "Suspect"),
                            ("lead", "Lead"),
                            ("qualified", "Qualified lead"),
                            ("prospect", "Prospect"),
                            ("customer", "Customer"),
                        ],
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("who", models.TextField(verbose_name="who that is")),
                ("moves_in", models.TextField(verbose_name="what moves a person in")),
                ("entry", models.JSONField(blank=True, null=True, verbose_name="entry condition")),
                ("is_current", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["stage", "-version"],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("call", "Call"),
                            ("email", "Write an e-mail"),
                            ("meeting", "Meeting"),
                            ("demo", "Demo"),
                            ("todo", "To do"),
                        ],
                        default="call",
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("due_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="leads.lead"
                    ),
                ),
            ],
            options={
                "ordering": ["due_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Transition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.PositiveIntegerField()),
                ("previous_seq", models.PositiveIntegerField(null=True)),
                (
                    "from_stage",
                    models.CharField(
                        choices=[
                            ("name", "Name"),
                            ("suspect", "Suspect"),
                            ("lead", "Lead"),
                            ("qualified", "Qualified lead"),
                            ("prospect", "Prospect"),
                            ("customer", "Customer"),
                        ],
                        max_length=10,
                        null=True,
                    ),
                ),
                (
                    "from_disposition",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("recycled", "Recycled"),
                            ("disqualified", "Disqualified"),
                            ("lost", "Lost"),
                        ],
                        max_length=12,
                        null=True,
                    ),
                ),
                ("from_at", models.DateTimeField(null=True)),
                (
                    "to_stage",
                    models.CharField(
                        choices=[
                            ("name", "Name"),
                            ("suspect", "Suspect"),
                            ("lead", "Lead"),
                            ("qualified", "Qualified lead"),
                            ("prospect", "Prospect"),
                            ("customer", "Customer"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "to_disposition",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("recycled", "Recycled"),
                            ("disqualified", "Disqualified"),
                            ("lost", "Lost"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "reason",
                    models.CharField(
                        help_text="Somebody's own words, or a code where the program moved.", max_length=200
                    ),
                ),
                (
                    "reason_facts",
                    models.JSONField(help_text="What belongs to a code; null for somebody's own words.", null=True),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "definition",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.stagedefinition",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transitions",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "ordering": ["lead", "seq"],
            },
        ),
        migrations.CreateModel(
            name="AnswerLabel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("label", models.CharField(max_length=500)),
                ("since", models.DateTimeField()),
                (
                    "answer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="labels", to="leads.answer"
                    ),
                ),
            ],
            options={
                "ordering": ["answer", "version"],
                "constraints": [
                    models.UniqueConstraint(fields=("answer", "version"), name="answer_label_version_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="DirtyLead",
            fields=[
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ("next_try_at", models.DateTimeField(editable=False, null=True)),
                ("failure", models.TextField(blank=True, db_default="", default="", editable=False)),
                ("put_aside_at", models.DateTimeField(editable=False, null=True)),
                (
                    "lead",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="dirty",
                        serialize=False,
                        to="leads.lead",
                    ),
                ),
                ("marked_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("put_aside_at", None)), fields=["marked_at"], name="dirty_lead_oldest_first"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LeadSearch",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="leads.lead",
                    ),
                ),
                (
                    "document",
                    models.TextField(help_text="Folded words of name, e-mail, company and phone (leads.rules)."),
                ),
                (
                    "vector",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.Func(models.F("document"), models.Value(" "), function="string_to_array"),
                            function="array_to_tsvector",
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=True, fields=["vector"], gin_pending_list_limit=2048, name="lead_search_vector"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChangeRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "lead_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "id",
                    models.BigIntegerField(
                        db_default=models.Func(models.Value("leads_changerow_id_seq"), function="nextval"),
                        editable=False,
                    ),
                ),
                ("position", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grade", "Grade"),
                            ("score", "Score"),
                            ("stage", "Stage"),
                            ("disposition", "Disposition"),
                            ("side", "Side"),
                            ("owner", "Owner"),
                            ("created", "New"),
                            ("touched", "Touched"),
                            ("gone", "Gone"),
                        ],
                        max_length=11,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("was", models.CharField(db_default="", max_length=20)),
                ("became", models.CharField(db_default="", max_length=20)),
                ("score", models.IntegerField(null=True)),
                ("model_version", models.PositiveIntegerField(null=True)),
                ("reference", models.BigIntegerField(null=True)),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None),
                ),
                ("facts", models.JSONField(null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "indexes": [models.Index(fields=["position", "id"], name="change_in_order")],
            },
        ),
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("is_machine", models.BooleanField(default=False)),
                ("dedupe_key", models.CharField(blank=True, max_length=100, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="touches",
                        to="leads.campaign",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="activities",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "activities",
                "ordering": ["-occurred_at", "-pk"],
                "indexes": [
                    models.Index(
                        models.F("lead"),
                        models.OrderBy(models.F("occurred_at"), descending=True),
                        name="activity_timeline",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("dedupe_key__isnull", False)),
                        fields=("lead", "dedupe_key"),
                        name="activity_dedupe_key_once_a_lead",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(fields=("field", "code"), name="answer_code_once_in_a_field"),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("field", "label"),
                name="answer_label_once_in_a_field",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("code", ""), _negated=True), models.Q(("label", ""), _negated=True)),
                name="answer_has_code_and_label",
            ),
        ),
        migrations.AddIndex(
            model_name="otherkey",
            index=models.Index(fields=["kind", "key"], name="lead_by_other_key"),
        ),
        migrations.AddConstraint(
            model_name="otherkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["external_id", "email", "phone"])), name="other_key_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="otherkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("key", ""), _negated=True), name="other_key_is_filled"
            ),
        ),
        migrations.AddConstraint(
            model_name="otherkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "external_id"), models.Q(("system", ""), _negated=True)),
                    models.Q(models.Q(("kind", "external_id"), _negated=True), ("system", "")),
                    _connector="OR",
                ),
                name="other_key_of_a_system",
            ),
        ),
        migrations.AddConstraint(
            model_name="otherkey",
            constraint=models.UniqueConstraint(fields=("lead", "kind", "system", "key"), name="other_key_once"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("email_key", ""), _negated=True), fields=["email_key"], name="lead_by_email"
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("phone_key", ""), _negated=True), fields=["phone_key"], name="lead_by_phone"
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("company__isnull", False)), fields=["company", "name_key"], name="lead_by_company"
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                models.F("owner"),
                models.OrderBy(models.F("score"), descending=True),
                models.F("id"),
                condition=models.Q(("owner__isnull", False)),
                name="lead_by_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                models.F("pool"),
                models.OrderBy(models.F("score"), descending=True),
                models.F("id"),
                condition=models.Q(("pool__isnull", False)),
                name="lead_by_pool",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                models.OrderBy(models.F("score"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="lead_by_score",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                models.OrderBy(models.F("score"), descending=True),
                models.F("grade"),
                models.F("stage"),
                models.F("disposition"),
                models.F("source"),
                models.F("campaign"),
                name="lead_by_facets",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["created_at"], name="lead_by_entry"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("tags", []), _negated=True), fields=["tags"], name="lead_by_tag"
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ["name", "suspect", "lead", "qualified", "prospect", "customer"])),
                name="lead_stage_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("disposition__in", ["open", "recycled", "disqualified", "lost"])),
                name="lead_disposition_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("grade__in", ["", "A", "B", "C", "D"])), name="lead_grade_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("owner__isnull", True), ("pool__isnull", True), ("side", "marketing")),
                    models.Q(("owner__isnull", False), ("pool__isnull", True), ("side", "sales")),
                    models.Q(("owner__isnull", True), ("pool__isnull", False), ("side", "sales")),
                    _connector="OR",
                ),
                name="lead_has_exactly_one_keeper",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stage", "customer"), _negated=True),
                    models.Q(("contract_on__isnull", False), ("first_paid_on__isnull", False)),
                    _connector="OR",
                ),
                name="customer_has_contract_and_money",
                violation_error_message="A customer needs the date of the contract and of the first payment.",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("disposition", "open"), models.Q(("disposition_reason", ""), _negated=True), _connector="OR"
                ),
                name="disposition_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("disposition", "recycled"), _negated=True), ("recycle_on__isnull", False), _connector="OR"
                ),
                name="recycled_lead_has_a_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("grade", ""), ("score", 0), ("score_version__isnull", True), ("scored_at__isnull", True)),
                    models.Q(
                        ("grade__in", ["A", "B", "C", "D"]),
                        ("score_version__isnull", False),
                        ("scored_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="lead_score_has_a_version_and_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("external_id", ""), models.Q(("external_system", ""), _negated=True), _connector="OR"
                ),
                name="external_id_names_its_system",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_on__isnull", True),
                    ("ends_on__isnull", True),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="campaign_ends_after_it_starts",
                violation_error_message="The campaign ends before it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="stagedefinition",
            constraint=models.UniqueConstraint(fields=("stage", "version"), name="stage_version_once"),
        ),
        migrations.AddConstraint(
            model_name="stagedefinition",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)), fields=("stage",), name="one_current_stage_definition"
            ),
        ),
        migrations.AddConstraint(
            model_name="stagedefinition",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ["name", "suspect", "lead", "qualified", "prospect", "customer"])),
                name="definition_stage_known",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True)), fields=["assignee", "due_at"], name="task_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", True), ("done_by__isnull", True)),
                    models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                    _connector="OR",
                ),
                name="task_done_has_time_and_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_at__gt", datetime.datetime(1899, 12, 30, 0, 0, tzinfo=datetime.UTC)),
                    ("due_at__lt", datetime.datetime(2200, 1, 3, 0, 0, tzinfo=datetime.UTC)),
                ),
                name="task_due_in_the_calendar",
            ),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.UniqueConstraint(
                fields=("lead", "seq", "to_stage", "to_disposition", "at"), name="transition_end_is_a_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.UniqueConstraint(fields=("lead", "seq"), name="transition_seq_once"),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("from_at__isnull", True),
                        ("from_disposition__isnull", True),
                        ("from_stage__isnull", True),
                        ("previous_seq__isnull", True),
                        ("seq", 1),
                    ),
                    models.Q(
                        ("from_at__isnull", False),
                        ("from_at__lt", models.F("at")),
                        ("from_disposition__isnull", False),
                        ("from_stage__isnull", False),
                        (
                            "previous_seq",
                            django.db.models.expressions.CombinedExpression(models.F("seq"), "-", models.Value(1)),
                        ),
                        ("seq__gt", 1),
                    ),
                    _connector="OR",
                ),
                name="transition_follows_the_one_before",
            ),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("seq", 1),
                    models.Q(("from_stage", models.F("to_stage")), _negated=True),
                    models.Q(("from_disposition", models.F("to_disposition")), _negated=True),
                    _connector="OR",
                ),
                name="transition_changes_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="transition_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(("to_stage__in", ["name", "suspect", "lead", "qualified", "prospect", "customer"])),
                name="transition_stage_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="transition",
            constraint=models.CheckConstraint(
                condition=models.Q(("to_disposition__in", ["open", "recycled", "disqualified", "lost"])),
                name="transition_disposition_known",
            ),
        ),
        migrations.RunSQL(TRANSITIONS_ARE_CONTIGUOUS, TRANSITIONS_ARE_ROWS),
        migrations.RunSQL(KEEP_IDS, LET_IDS_GO),
        migrations.RunSQL(FORGET_OTHER_IDS, REMEMBER_OTHER_IDS),
        migrations.RunSQL(OWNED, migrations.RunSQL.noop),
        migrations.RunSQL(ONCE_A_DAY, "DROP INDEX score_once_a_day"),
        migrations.RunSQL(NEVER_UPDATED, UPDATED),
        migrations.RunSQL(CLOCK, NO_CLOCK),
        migrations.RunPython(define_stages, migrations.RunPython.noop),
        migrations.RunPython(count_from_none, migrations.RunPython.noop),
    ]
