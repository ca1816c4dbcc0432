import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """All of the room in one; a database that began with the migrations it replaces goes on with those."""

    initial = True
    replaces = [("notices", "0001_notices"), ("notices", "0002_removed_leads")]
    # By the names that are replaced: a database that goes on with those would otherwise find a circle. They change to
    # 0001_squashed when those go.
    dependencies = [
        ("leads", "0027_leads_that_are_gone"),
        ("routing", "0005_codes_instead_of_sentences"),
        ("team", "0004_workspace"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MailWish",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mail_wish",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mail",
                    models.CharField(
                        choices=[("none", "No mail"), ("at_once", "At once"), ("daily", "Once a day")],
                        default="none",
                        max_length=7,
                        verbose_name="mail",
                    ),
                ),
                ("digest_hour", models.PositiveSmallIntegerField(default=8, verbose_name="at")),
                ("since", models.DateTimeField()),
                ("digested_on", models.DateField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("mail__in", ["none", "at_once", "daily"])), name="mail_choice_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("digest_hour__lt", 24)), name="digest_hour_is_of_a_day"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("change", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("arrived", "Arrived"),
                            ("taken_back", "Taken back"),
                            ("faded", "Grade fell"),
                            ("removed", "Removed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("facts", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
                ("mailed_in", models.BigIntegerField(null=True)),
                (
                    "handover",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="routing.handover",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="leads.lead",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(
                        models.F("recipient"),
                        models.OrderBy(models.F("at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="notices_of_recipient",
                    ),
                    models.Index(
                        models.F("recipient"),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("read_at", None)),
                        name="notice_unread",
                    ),
                    models.Index(
                        condition=models.Q(("mailed_in", None), ("read_at", None)),
                        fields=["recipient", "told_at"],
                        name="notice_unmailed",
                    ),
                    models.Index(
                        condition=models.Q(("mailed_in__isnull", False)), fields=["mailed_in"], name="notice_by_mail"
                    ),
                    models.Index(fields=["told_at"], name="notice_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("lead", "recipient", "change"), name="notice_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("handover", None), ("kind", "removed"), ("lead", None)),
                            models.Q(
                                models.Q(("kind", "removed"), _negated=True),
                                ("handover__isnull", False),
                                ("lead__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="notice_names_what_is_there",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["arrived", "taken_back", "faded", "removed"])),
                        name="notice_kind_known",
                    ),
                ],
            },
        ),
    ]
