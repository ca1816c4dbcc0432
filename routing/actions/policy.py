"""Putting a routing policy in force."""

from django.core.exceptions import ValidationError
from django.db import transaction

from routing.models import RoutingPolicy
from scoring.actions import request_regrade


def activate_policy(*, policy, by, now) -> None:
    """Makes `policy` the one in force, the one before it no longer; asks for a run that routes everybody by it."""
    with transaction.atomic():
        RoutingPolicy.objects.filter(is_active=True).exclude(pk=policy.pk).update(is_active=False)
        RoutingPolicy.objects.filter(pk=policy.pk).update(is_active=True)
        reroute(by=by, now=now)
    policy.is_active = True


def reroute(*, by, now) -> bool:
    """Asks for a run over everybody, where there is a scoring model to grade by; True when it could."""
    try:
        with transaction.atomic():
            request_regrade(by=by, now=now)
    except ValidationError:
        return False
    return True
