"""What a person sets for herself."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from team.models import Absence, User
from web.access import allow
from web.me.forms import AbsenceForm, ProfileForm


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
    return _page(request, form, AbsenceForm(), status=422 if form.errors else 200)


@require_POST
@allow.everyone_signed_in
def absence_add(request):
    form = AbsenceForm(request.POST, instance=Absence(user=request.user))
    if not form.is_valid():
        return _page(request, ProfileForm(instance=request.user), form, status=422)
    form.save()
    messages.success(request, "Noted. No leads are handed to you on those days.")
    return redirect("web:profile")


@require_POST
@allow.everyone_signed_in
def absence_delete(request, pk):
    get_object_or_404(Absence, pk=pk, user=request.user).delete()
    messages.success(request, "That absence is gone.")
    return redirect("web:profile")


def _page(request, form, absence_form, *, status):
    today = timezone.localdate()
    context = {
        "form": form,
        "absence_form": absence_form,
        "absences": request.user.absences.filter(ends_on__gte=today).order_by("starts_on"),
    }
    return render(request, "me/profile.html", context, status=status)
