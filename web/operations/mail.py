"""Reading the mail that a local installation caught instead of delivering it."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from web.access import allow
from web.operations.mailbox import caught_mail, caught_mails


@require_safe
@allow.whoever_may("mail.view_message")
def mail_list(request):
    if not settings.MAIL_IS_CAUGHT:
        raise Http404
    return render(
        request, "operations/mail_list.html", {"mails": caught_mails(reader=request.user), "now": timezone.now()}
    )


@require_safe
@allow.whoever_may("mail.view_message")
def mail_detail(request, name):
    mail = caught_mail(name, reader=request.user) if settings.MAIL_IS_CAUGHT else None
    if mail is None:
        raise Http404
    return render(request, "operations/mail_detail.html", {"mail": mail})
