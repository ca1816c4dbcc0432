import pytest
from django.urls import reverse

from routing.actions import route
from routing.models import AssignmentRule, Handover, RoutingPolicy
from scoring.models import RegradeRun
from tests.factories.leads import make_lead


@pytest.fixture
def as_ann(cast, client):
    client.force_login(cast.ann)
    return client


def policy_form(policy, **changes):
    names = ("name", "side_a", "side_b", "side_c", "side_d", "a_due_minutes", "b_due_minutes")
    form = {name: getattr(policy, name) for name in names} | {"default_pool": policy.default_pool_id}
    counts = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000}
    return form | {f"rules-{name}": value for name, value in counts.items()} | changes


def rule_form(policy, condition):
    row = {"position": 1, "name": "Germany", "condition": condition, "pool": policy.default_pool_id, "id": ""}
    return {"rules-TOTAL_FORMS": 1} | {f"rules-0-{name}": value for name, value in row.items()}


def test_a_policy_in_force_that_changes_routes_everybody_anew(as_ann, model):
    policy = RoutingPolicy.objects.get(is_active=True)
    url = reverse("admin:routing_routingpolicy_change", args=[policy.pk])
    condition = '{"field": "country", "op": "is", "value": "Germany"}'
    answer = as_ann.post(url, policy_form(policy, side_c="sales", **rule_form(policy, condition)))
    assert answer.status_code == 302
    policy.refresh_from_db()
    assert (policy.side_c, policy.is_active) == ("sales", True)
    assert AssignmentRule.objects.get().condition == {"field": "country", "op": "is", "value": "Germany"}
    assert RegradeRun.objects.count() == 1


def test_a_rule_with_a_bad_condition_is_refused_with_its_path(as_ann):
    policy = RoutingPolicy.objects.get(is_active=True)
    url = reverse("admin:routing_routingpolicy_change", args=[policy.pk])
    condition = '{"all": [{"field": "shoe", "op": "is", "value": "x"}]}'
    answer = as_ann.post(url, policy_form(policy, **rule_form(policy, condition)))
    assert answer.status_code == 200
    assert "all[0]" in answer.content.decode()
    assert AssignmentRule.objects.count() == 0


def test_another_policy_is_put_in_force(as_ann, model):
    other = RoutingPolicy.objects.get(is_active=False)
    data = {"action": "put_in_force", "_selected_action": [other.pk]}
    assert as_ann.post(reverse("admin:routing_routingpolicy_changelist"), data).status_code == 302
    assert RoutingPolicy.objects.get(is_active=True) == other
    assert RegradeRun.objects.count() == 1


def test_hand_overs_are_for_reading(as_ann, now):
    route([make_lead(grade="A").pk], now=now)
    handover = Handover.objects.get()
    page = as_ann.get(reverse("admin:routing_handover_change", args=[handover.pk]))
    assert "model_version" in page.content.decode()
    assert as_ann.post(reverse("admin:routing_handover_change", args=[handover.pk]), {"why": "x"}).status_code == 403
    assert as_ann.get(reverse("admin:routing_handover_add")).status_code == 403
    assert as_ann.post(reverse("admin:routing_handover_delete", args=[handover.pk])).status_code == 403
    assert as_ann.get(reverse("admin:routing_handover_changelist")).status_code == 200


def test_nobody_but_admins_edits_policies(cast, client):
    for user in (cast.ada, cast.ben, cast.mia):
        client.force_login(user)
        assert client.get(reverse("admin:routing_routingpolicy_changelist")).status_code in {302, 403}
