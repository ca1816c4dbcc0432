from django.conf import settings
from django.db import models
from django.db.models import F, Q

from notices.enums import MailChoice, NoticeKind
from notices.words import notice_words


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """What the user was told herself; nothing for a stranger."""
        return self.filter(recipient=user) if user.is_authenticated and user.is_active else self.none()

    def unread(self):
        return self.filter(read_at=None)

    def unmailed(self):
        """Unread, and in no mail yet."""
        return self.unread().filter(mailed_in=None)


class Notice(models.Model):
    """What somebody is told about a lead that is hers, or was: once for each change that says so.

    `change` is the number of the leads.ChangeRow it follows from, which is pruned some day. `handover` is the one by
    which the lead is or was hers, and says why; `facts` is what it cannot say: {"from", "to": grades} where the grade
    fell, else {}. Of a lead that was removed there is neither left, and `facts` is all (leads.ChangeRow). `at`
    is when it happened, `told_at` when it was written down here; `mailed_in` is the number of the mail.Message that
    told of it, which is forgotten after a while.
    """

    lead = models.ForeignKey("leads.Lead", models.CASCADE, null=True, related_name="notices", db_index=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices", db_index=False)
    change = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    handover = models.ForeignKey("routing.Handover", models.CASCADE, null=True, related_name="notices")
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailed_in = models.BigIntegerField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["lead", "recipient", "change"], name="notice_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(kind=NoticeKind.REMOVED, lead=None, handover=None)
                | (~Q(kind=NoticeKind.REMOVED) & Q(lead__isnull=False, handover__isnull=False)),
                name="notice_names_what_is_there",
            ),
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
        ]
        indexes = [
            models.Index(F("recipient"), F("at").desc(), F("id").desc(), name="notices_of_recipient"),
            # The number in the bell, and what is to be mailed.
            models.Index(F("recipient"), F("id").desc(), condition=Q(read_at=None), name="notice_unread"),
            models.Index(
                fields=["recipient", "told_at"], condition=Q(read_at=None, mailed_in=None), name="notice_unmailed"
            ),
            models.Index(fields=["mailed_in"], condition=Q(mailed_in__isnull=False), name="notice_by_mail"),
            # What is old enough to be forgotten.
            models.Index(fields=["told_at"], name="notice_by_age"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: lead {self.lead_id} at {self.at:%Y-%m-%d %H:%M}"

    @property
    def lead_name(self):
        return self.facts["name"] if self.kind == NoticeKind.REMOVED else self.lead.name

    @property
    def words(self):
        """Why, in English; the hand-over has to be loaded."""
        return notice_words(self)


class MailWish(models.Model):
    """How somebody wants to be told by mail; without a row, not at all.

    What was told before `since` is never mailed. A digest goes out at `digest_hour` on her own clock, whichever zone
    that is in by then; `digested_on` is the last day that had one (notices.rules.digest_day).
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="mail_wish")
    mail = models.CharField("mail", max_length=7, choices=MailChoice.choices, default=MailChoice.NONE)
    digest_hour = models.PositiveSmallIntegerField("at", default=8)
    since = models.DateTimeField()
    digested_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mail__in=MailChoice.values), name="mail_choice_known"),
            models.CheckConstraint(condition=Q(digest_hour__lt=24), name="digest_hour_is_of_a_day"),
        ]

    def __str__(self):
        return f"{self.user}: {self.get_mail_display()}"
