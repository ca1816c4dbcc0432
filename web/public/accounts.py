"""Sign in and out, a forgotten password, a new one."""

import logging
from urllib.parse import urlencode

import axes.utils
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_decode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from mail.tasks import hurry_mail
from team import actions
from team.models import User, Workspace
from web.access import allow
from web.public.forms import ChangePasswordForm, NewPasswordForm, ResetRequestForm, SignInForm
from web.public.sign_in_limit import throttle_address

logger = logging.getLogger(__name__)
page_methods = require_http_methods(["GET", "HEAD", "POST"])


@allow.public("nobody is signed in before signing in")
@page_methods
@sensitive_post_parameters("password")
@never_cache
def sign_in(request):
    if request.htmx and request.method == "GET":
        # A session ended under an open page: the whole page has to come here, not the fragment it asked for.
        return HttpResponseClientRedirect(_sign_in_url(request.htmx.current_url_abs_path or ""))
    if request.user.is_authenticated:
        return HttpResponseRedirect(_safe_next(request))
    form = SignInForm(request, request.POST if request.method == "POST" else None, initial={"next": _next(request)})
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        logger.info("User %s signed in from %s", request.user.pk, throttle_address(request))
        return HttpResponseRedirect(_safe_next(request))
    return render(request, "public/sign_in.html", {"form": form, "workspace": _workspace()})


@allow.public("the admin's own address for the same page")
@page_methods
@sensitive_post_parameters("password")
@never_cache
def admin_sign_in(request):
    """Where the admin sends whom it does not let in: a stranger to sign in, anybody else to the 403 page."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied
    if request.method == "POST":
        return sign_in(request)
    if request.user.is_authenticated:
        return redirect("admin:index")
    return HttpResponseRedirect(_sign_in_url(_next(request) or reverse("admin:index")))


@allow.public("ending a session that has ended already is no error")
@require_POST
def sign_out(request):
    logout(request)
    return redirect("web:sign-in")


def too_many_tries(request, original_response, credentials=None):
    """The answer of django-axes to a try over the limit (settings.AXES_LOCKOUT_CALLABLE)."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    response = render(request, "public/too_many_tries.html", {"minutes": seconds // 60}, status=429)
    response.headers["Retry-After"] = str(seconds)
    response.headers["Cache-Control"] = "no-store"
    return response


@allow.public("whoever forgot the password cannot sign in")
@page_methods
@never_cache
def password_reset(request):
    form = ResetRequestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            heard = actions.request_password_reset(
                email=form.cleaned_data["email"], requester=throttle_address(request), now=timezone.now()
            )
            hurry_mail()
        if not heard:
            response = render(request, "public/too_many_resets.html", status=429)
            response.headers["Retry-After"] = "3600"
            return response
        return redirect("web:password-reset-sent")
    return render(request, "public/password_reset.html", {"form": form})


@allow.public("whoever forgot the password cannot sign in")
@require_safe
def password_reset_sent(request):
    return render(request, "public/password_reset_sent.html")


@allow.public("the secret in the mailed link stands for the password")
@page_methods
@sensitive_post_parameters()
@never_cache
def password_reset_confirm(request, uid, token):
    with transaction.atomic():
        # Locked, so that of two people with the same link the second one finds it used.
        user = _owner_of_link(uid, token)
        if user is None:
            return render(request, "public/password_reset_expired.html", status=410)
        form = NewPasswordForm(user, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            form.save()
            actions.announce_password_change(user=user, now=timezone.now())
            hurry_mail()
            axes.utils.reset(username=user.email)
            logout(request)
            messages.success(request, "Your new password is set. Sign in with it.")
            return redirect("web:sign-in")
    return render(request, "public/password_reset_confirm.html", {"form": form, "email": user.email})


@allow.everyone_signed_in
@page_methods
@sensitive_post_parameters()
@never_cache
def password_change(request):
    form = ChangePasswordForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            actions.announce_password_change(user=request.user, now=timezone.now())
            hurry_mail()
        # Every other session ends by itself: its hash no longer fits the password.
        update_session_auth_hash(request, form.user)
        messages.success(request, "Your password is changed. Your other sessions have ended.")
        return redirect("web:home")
    return render(request, "public/password_change.html", {"form": form})


def _workspace():
    """The workspace to sign in to; the page opens even while the database is away."""
    try:
        return Workspace.objects.current()
    except OperationalError:
        return Workspace()


def _next(request):
    return request.POST.get("next") or request.GET.get("next") or ""


def _safe_next(request):
    """Where the reader wanted to go, if that is a path of this site; else home."""
    target = _next(request)
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return target
    return reverse("web:home")


def _sign_in_url(target):
    return f"{reverse('web:sign-in')}?{urlencode({'next': target})}" if target else reverse("web:sign-in")


def _owner_of_link(uid, token):
    try:
        pk = int(urlsafe_base64_decode(uid))
    except ValueError:
        return None
    user = User.objects.active().select_for_update(of=["self"]).filter(pk=pk).first() if pk < 2**63 else None
    return user if user is not None and default_token_generator.check_token(user, token) else None
