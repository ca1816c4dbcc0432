"""What a person sets for herself."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from notices.actions import wish_mail
from notices.models import MailWish
from notices.queries import wish_of
from team.models import Absence, User
from team.roles import can_own_leads
from web.access import allow
from web.me.forms import AbsenceForm, MailWishForm, ProfileForm


@require_http_methods(["GET", "HEAD", "POST"])
@allow.everyone_signed_in
def profile(request):
    # A fresh row: a form that does not hold must not change the user that the page is drawn for.
    user = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("web:profile")
    return _page(request, status=422 if form.errors else 200, form=form)


@require_POST
@allow.everyone_signed_in
def absence_add(request):
    form = AbsenceForm(request.POST, instance=Absence(user=request.user))
    if not form.is_valid():
        return _page(request, status=422, absence_form=form)
    form.save()
    messages.success(request, "Noted. No leads are handed to you on those days.")
    return redirect("web:profile")


@require_POST
@allow.everyone_signed_in
def absence_delete(request, pk):
    get_object_or_404(Absence, pk=pk, user=request.user).delete()
    messages.success(request, "That absence is gone.")
    return redirect("web:profile")


@require_POST
@allow.everyone_signed_in
def mail_wish(request):
    """Whether, and when, she is told about her leads by mail."""
    if not can_own_leads(request.user):
        raise PermissionDenied
    form = MailWishForm(request.POST)
    if not form.is_valid():
        return _page(request, status=422, mail_form=form)
    wish_mail(user=request.user, now=timezone.now(), **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect("web:profile")


def _page(request, *, status, form=None, absence_form=None, mail_form=None):
    today = timezone.localdate()
    if mail_form is None and can_own_leads(request.user):
        mail_form = MailWishForm(instance=wish_of(request.user) or MailWish())
    context = {
        "form": form or ProfileForm(instance=request.user),
        "absence_form": absence_form or AbsenceForm(),
        "mail_form": mail_form,
        "absences": request.user.absences.filter(ends_on__gte=today).order_by("starts_on"),
    }
    return render(request, "me/profile.html", context, status=status)
