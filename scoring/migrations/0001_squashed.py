import django.db.models.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

GUARD = """
CREATE FUNCTION scoring_model_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    -- All that can still happen to a published version is that it retires.
    IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status = 'retired'
       AND to_jsonb(NEW) - '{status,retired_at}'::text[] = to_jsonb(OLD) - '{status,retired_at}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Version % of the scoring model is %: it never changes.', OLD.version, OLD.status
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION scoring_part_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    -- FOR SHARE waits for a publish that is under way and then sees its outcome.
    FOR found IN
        SELECT version, status FROM scoring_scoringmodel
        WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.model_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.model_id END)
        ORDER BY id FOR SHARE
    LOOP
        IF found.status <> 'draft' THEN
            RAISE EXCEPTION 'Version % of the scoring model is %: it never changes.', found.version, found.status
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER scoring_model_never_changes BEFORE UPDATE OR DELETE ON scoring_scoringmodel
    FOR EACH ROW EXECUTE FUNCTION scoring_model_never_changes();
CREATE TRIGGER scoring_rule_never_changes BEFORE INSERT OR UPDATE OR DELETE ON scoring_scoringrule
    FOR EACH ROW EXECUTE FUNCTION scoring_part_never_changes();
CREATE TRIGGER scoring_requirement_never_changes BEFORE INSERT OR UPDATE OR DELETE ON scoring_graderequirement
    FOR EACH ROW EXECUTE FUNCTION scoring_part_never_changes();
"""

UNGUARD = """
DROP TRIGGER scoring_requirement_never_changes ON scoring_graderequirement;
DROP TRIGGER scoring_rule_never_changes ON scoring_scoringrule;
DROP TRIGGER scoring_model_never_changes ON scoring_scoringmodel;
DROP FUNCTION scoring_part_never_changes();
DROP FUNCTION scoring_model_never_changes();
"""

# Set: questions in order, each with its field, its dimension and the answers from best to worst.
SETS = {
    ("btd", "BTD: budget, timeframe, decision-maker"): [
        ("budget", "Budget", "Is there a budget?", ["Approved", "Planned", "Not yet", "No budget"]),
        (
            "timeframe",
            "Timeframe",
            "When is it to be decided?",
            ["Within 3 months", "3 to 6 months", "6 to 12 months", "Later or never"],
        ),
        (
            "decision_maker",
            "Decision-maker",
            "What part in the decision?",
            ["Decides", "Decides with others", "Recommends", "No part in it"],
        ),
    ],
    ("man", "MAN: money, authority, need"): [
        ("money", "Money", "Is there money for it?", ["Available", "Can be found", "None"]),
        ("authority", "Authority", "Who can say yes?", ["This person", "This person and others", "Somebody else"]),
        ("need", "Need", "How pressing is the need?", ["Urgent", "Clear", "Vague", "None"]),
    ],
}


def ask_questions(apps, schema_editor):
    definition, answer = apps.get_model("leads", "FieldDefinition"), apps.get_model("leads", "Answer")
    label_of = apps.get_model("leads", "AnswerLabel")
    question_set, question = apps.get_model("scoring", "QuestionSet"), apps.get_model("scoring", "RatingQuestion")
    place = 10
    for (code, name), questions in SETS.items():
        created = question_set.objects.create(code=code, name=name)
        for position, (field_code, label, prompt, answers) in enumerate(questions, 1):
            field, is_new = definition.objects.get_or_create(
                code=field_code,
                defaults={"label": label, "type": "choice", "dimension": field_code, "position": place + position},
            )
            question.objects.create(question_set=created, field=field, prompt=prompt, position=position)
            rows = [
                answer(field=field, code=text.lower().replace(" ", "_"), label=text, position=number)
                for number, text in enumerate(answers if is_new else (), 1)
            ]
            label_of.objects.bulk_create(
                label_of(answer=row, version=1, label=row.label, since=timezone.now())
                for row in answer.objects.bulk_create(rows)
            )
        place += 10


class Migration(migrations.Migration):
    """All of the room in one; a database that began with the migrations it replaces goes on with those."""

    initial = True
    replaces = [
        ("scoring", "0001_models_and_rules"),
        ("scoring", "0002_published_versions_never_change"),
        ("scoring", "0003_question_sets"),
        ("scoring", "0004_regrade_chunks"),
        ("scoring", "0005_cut_waiting_runs"),
        ("scoring", "0006_drop_regrade_cursor"),
        ("scoring", "0007_chunks_that_failed"),
    ]
    # By the names that are replaced: a database that goes on with those would otherwise find a circle. They change to
    # 0001_squashed when those go.
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("leads", "0003_stage_definitions")]

    operations = [
        migrations.CreateModel(
            name="QuestionSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=30, unique=True)),
                ("name", models.CharField(max_length=100)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ScoringModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("version", models.PositiveIntegerField(editable=False, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("published", "Published"), ("retired", "Retired")],
                        default="draft",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("a_from", models.IntegerField(default=75, verbose_name="A from")),
                ("b_from", models.IntegerField(default=50, verbose_name="B from")),
                ("c_from", models.IntegerField(default=25, verbose_name="C from")),
                ("notes", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("published_at", models.DateTimeField(editable=False, null=True)),
                ("retired_at", models.DateTimeField(editable=False, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "question_set",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="models",
                        to="scoring.questionset",
                    ),
                ),
            ],
            options={
                "ordering": ["-version"],
                "permissions": [("publish_scoringmodel", "Can publish scoring models")],
            },
        ),
        migrations.CreateModel(
            name="RegradeRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("requested_at", models.DateTimeField()),
                ("total", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="scoring.scoringmodel"
                    ),
                ),
            ],
            options={
                "ordering": ["-requested_at"],
            },
        ),
        migrations.CreateModel(
            name="GradeRequirement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("grade", models.CharField(choices=[("A", "A"), ("B", "B"), ("C", "C")], max_length=1)),
                ("label", models.CharField(max_length=100)),
                ("condition", models.JSONField()),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requirements",
                        to="scoring.scoringmodel",
                    ),
                ),
            ],
            options={
                "ordering": ["model", "grade", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ScoringRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("label", models.CharField(help_text="Said in the queue, at most eight words.", max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[("fit", "Fit"), ("behaviour", "Behaviour")], default="fit", max_length=10
                    ),
                ),
                ("condition", models.JSONField()),
                ("points", models.SmallIntegerField()),
                (
                    "cap",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="Most points, plus or minus, in all.", null=True
                    ),
                ),
                ("half_life_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="scoring.scoringmodel"
                    ),
                ),
            ],
            options={
                "ordering": ["model", "position"],
            },
        ),
        migrations.CreateModel(
            name="RatingQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("prompt", models.CharField(max_length=200, verbose_name="question")),
                ("position", models.PositiveIntegerField(default=1)),
                (
                    "field",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="leads.fielddefinition",
                    ),
                ),
                (
                    "question_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="scoring.questionset"
                    ),
                ),
            ],
            options={
                "ordering": ["question_set", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("question_set", "field"), name="question_once_in_a_set")
                ],
            },
        ),
        migrations.CreateModel(
            name="RegradeChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ("next_try_at", models.DateTimeField(editable=False, null=True)),
                ("failure", models.TextField(blank=True, db_default="", default="", editable=False)),
                ("put_aside_at", models.DateTimeField(editable=False, null=True)),
                ("first_lead_id", models.BigIntegerField()),
                ("last_lead_id", models.BigIntegerField()),
                ("leads", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="scoring.regraderun"
                    ),
                ),
            ],
            options={
                "ordering": ["run", "first_lead_id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=["run", "first_lead_id"],
                        name="regrade_chunk_undone",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "first_lead_id"), name="regrade_chunk_once_in_a_run"),
                    models.CheckConstraint(
                        condition=models.Q(("first_lead_id__lte", models.F("last_lead_id"))),
                        name="regrade_chunk_from_first_to_last",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="scoringmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(("a_from__gt", models.F("b_from")), ("b_from__gt", models.F("c_from"))),
                name="grade_ranges_descend",
                violation_error_message="The ranges have to descend: A from above B from above C from.",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "published")), fields=("status",), name="one_published_scoring_model"
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", True), ("retired_at__isnull", True), ("status", "draft")),
                    models.Q(("published_at__isnull", False), ("retired_at__isnull", True), ("status", "published")),
                    models.Q(("published_at__isnull", False), ("retired_at__isnull", False), ("status", "retired")),
                    _connector="OR",
                ),
                name="scoring_model_status_has_its_times",
            ),
        ),
        migrations.AddIndex(
            model_name="regraderun",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)), fields=["requested_at"], name="regrade_run_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="graderequirement",
            constraint=models.CheckConstraint(
                condition=models.Q(("grade__in", ["A", "B", "C"])), name="requirement_grade_can_be_missed"
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrule",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("model", "position"),
                name="rule_position_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("points", 0), _negated=True), name="rule_gives_points"
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cap__gt", 0), ("kind", "behaviour")),
                    models.Q(("cap__isnull", True), ("half_life_days__isnull", True), ("kind", "fit")),
                    _connector="OR",
                ),
                name="behaviour_has_a_cap_and_fit_has_none",
                violation_error_message="A behaviour rule needs a cap; a fit rule has neither cap nor half-life.",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoringrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("half_life_days__isnull", True), ("half_life_days__gt", 0), _connector="OR"),
                name="half_life_is_positive",
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunPython(ask_questions, migrations.RunPython.noop),
    ]
