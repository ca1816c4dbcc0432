"""Reading the mail that a local installation caught instead of delivering it."""

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from team.enums import Role
from team.policies import allow
from web.operations.mailbox import caught_mail, caught_mails, mail_is_caught


@require_safe
@allow(Role.ADMIN)
def mail_list(request):
    if not mail_is_caught():
        raise Http404
    return render(request, "operations/mail_list.html", {"mails": caught_mails(), "now": timezone.now()})


@require_safe
@allow(Role.ADMIN)
def mail_detail(request, name):
    mail = caught_mail(name) if mail_is_caught() else None
    if mail is None:
        raise Http404
    return render(request, "operations/mail_detail.html", {"mail": mail})
