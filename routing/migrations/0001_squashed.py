import django.db.models.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A range of one id stands in for equality, which gist lacks.
NEVER_OVERLAP = """
ALTER TABLE routing_handover ADD CONSTRAINT handovers_never_overlap EXCLUDE USING gist (
    int8range(lead_id, lead_id, '[]') WITH &&, tstzrange(handed_at, ended_at) WITH &&
)
"""
MAY_OVERLAP = "ALTER TABLE routing_handover DROP CONSTRAINT handovers_never_overlap"
# A hand-over is evidence: its receipt never changes, and what was set once stays as it was set.
FUNCTION = """
CREATE OR REPLACE FUNCTION routing_handover_is_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.receipt IS DISTINCT FROM OLD.receipt
        OR NEW.handed_at IS DISTINCT FROM OLD.handed_at
        OR NEW.handed_by_id IS DISTINCT FROM OLD.handed_by_id
    THEN
        RAISE EXCEPTION 'the receipt of hand-over % never changes', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.owner_id IS NOT NULL AND (NEW.owner_id, NEW.assigned_at, NEW.due_at, NEW.why{and_new})
        IS DISTINCT FROM (OLD.owner_id, OLD.assigned_at, OLD.due_at, OLD.why{and_old})
    THEN
        RAISE EXCEPTION 'hand-over % has its owner already', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.accepted_at IS NOT NULL AND NEW.accepted_at IS DISTINCT FROM OLD.accepted_at THEN
        RAISE EXCEPTION 'hand-over % was accepted already', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.ended_at IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'hand-over % has ended', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$
"""
EVIDENCE = f"""
{FUNCTION.replace("{and_new}", ", NEW.why_facts").replace("{and_old}", ", OLD.why_facts")};
CREATE TRIGGER handover_is_evidence BEFORE UPDATE ON routing_handover
    FOR EACH ROW EXECUTE FUNCTION routing_handover_is_evidence();
"""
NO_EVIDENCE = """
DROP TRIGGER handover_is_evidence ON routing_handover;
DROP FUNCTION routing_handover_is_evidence();
"""


def make_policies(apps, schema_editor):
    """The two presets of the literature; A and B to sales is the one in force."""
    pool = apps.get_model("team", "Pool").objects.create(code="sales", name="Sales")
    policy = apps.get_model("routing", "RoutingPolicy")
    policy.objects.create(name="A and B to sales, C and D to marketing", is_active=True, default_pool=pool)
    policy.objects.create(name="A to sales, the rest nurtured", side_b="marketing", default_pool=pool)


class Migration(migrations.Migration):
    """All of the room in one; a database that began with the migrations it replaces goes on with those."""

    initial = True
    replaces = [
        ("routing", "0001_policy_and_handover"),
        ("routing", "0002_handovers_never_overlap"),
        ("routing", "0003_default_policy"),
        ("routing", "0004_receipts_never_change"),
        ("routing", "0005_codes_instead_of_sentences"),
        ("routing", "0006_permissions_of_the_role_table"),
    ]
    # By the names that are replaced: a database that goes on with those would otherwise find a circle. They change to
    # 0001_squashed when those go.
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("leads", "0003_stage_definitions"),
        ("team", "0001_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="RoutingPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("is_active", models.BooleanField(default=False)),
                (
                    "side_a",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("sales", "Sales")],
                        default="sales",
                        max_length=9,
                        verbose_name="A goes to",
                    ),
                ),
                (
                    "side_b",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("sales", "Sales")],
                        default="sales",
                        max_length=9,
                        verbose_name="B goes to",
                    ),
                ),
                (
                    "side_c",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("sales", "Sales")],
                        default="marketing",
                        max_length=9,
                        verbose_name="C goes to",
                    ),
                ),
                (
                    "side_d",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("sales", "Sales")],
                        default="marketing",
                        max_length=9,
                        verbose_name="D goes to",
                    ),
                ),
                (
                    "a_due_minutes",
                    models.PositiveIntegerField(
                        default=240, help_text="Minutes of the rep's business hours.", verbose_name="A is due after"
                    ),
                ),
                ("b_due_minutes", models.PositiveIntegerField(default=480, verbose_name="others are due after")),
                (
                    "default_pool",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="team.pool"),
                ),
            ],
            options={
                "verbose_name_plural": "routing policies",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="AssignmentRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=100)),
                ("condition", models.JSONField()),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rules", to="team.pool"
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="routing.routingpolicy"
                    ),
                ),
            ],
            options={
                "ordering": ["policy", "position"],
            },
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handed_at", models.DateTimeField()),
                ("receipt", models.JSONField()),
                ("assigned_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=200, verbose_name="why this rep")),
                ("why_facts", models.JSONField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("first_touch_at", models.DateTimeField(blank=True, null=True)),
                (
                    "end",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("rejected", "Rejected"),
                            ("returned", "Returned unworked"),
                            ("recalled", "Recalled"),
                            ("converted", "Converted"),
                        ],
                        max_length=10,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.CharField(blank=True, max_length=200)),
                ("end_facts", models.JSONField(blank=True, null=True)),
                (
                    "ended_by",
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
                    "handed_by",
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
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="handovers",
                        to="leads.lead",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers",
                        to="team.pool",
                    ),
                ),
            ],
            options={
                "ordering": ["-handed_at", "-pk"],
                "permissions": [("read_handover", "Can read hand-overs"), ("work_queue", "Can work a queue of leads")],
                "indexes": [
                    models.Index(fields=["lead", "-handed_at"], name="handovers_of_a_lead"),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True), ("owner__isnull", False)),
                        fields=["owner", "due_at"],
                        name="handover_open_of_owner",
                    ),
                    models.Index(fields=["owner", "-assigned_at"], name="handover_last_assigned"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("lead",), name="one_open_handover"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("assigned_at__isnull", True),
                                ("due_at__isnull", True),
                                ("owner__isnull", True),
                                ("why", ""),
                            ),
                            models.Q(
                                ("assigned_at__isnull", False),
                                ("due_at__isnull", False),
                                ("owner__isnull", False),
                                models.Q(("why", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="assignment_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            models.Q(("accepted_at__gte", models.F("assigned_at")), ("owner__isnull", False)),
                            _connector="OR",
                        ),
                        name="accepted_by_an_owner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end", ""), ("end_reason", ""), ("ended_at__isnull", True)),
                            models.Q(
                                ("end__in", ["rejected", "returned", "recalled", "converted"]),
                                ("ended_at__isnull", False),
                                models.Q(("end_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="handover_end_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True), ("ended_at__gt", models.F("handed_at")), _connector="OR"
                        ),
                        name="handover_ends_later",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="routingpolicy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("is_active",), name="one_active_routing_policy"
            ),
        ),
        migrations.AddConstraint(
            model_name="routingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("a_due_minutes__gt", 0), ("b_due_minutes__gt", 0)), name="due_times_are_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="assignmentrule",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("policy", "position"),
                name="assignment_rule_position_once",
            ),
        ),
        migrations.RunSQL(NEVER_OVERLAP, MAY_OVERLAP),
        migrations.RunSQL(EVIDENCE, NO_EVIDENCE),
        migrations.RunPython(make_policies, migrations.RunPython.noop),
    ]
