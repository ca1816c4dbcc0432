"""Which leads somebody may read and write: what a reach of the role table (team.roles) means for leads, said once.

The filter of a queryset and the look at one loaded lead are the same Q.
"""

from django.db.models import Q

from leads.enums import Side
from team.enums import Reach
from team.roles import reaches

# The same leads as side=sales (the constraint lead_has_exactly_one_keeper sees to it), but found through the indexes of
# owner and pool, of which side has none.
ON_SALES_SIDE = Q(owner__isnull=False) | Q(pool__isnull=False)


def within_reach(user, permission: str) -> Q | None:
    """The leads that the permission reaches for this user, as a filter; None for nobody, Q() for everybody."""
    found = reaches(user, permission)
    if not found:
        return None
    if Reach.EVERYBODY in found:
        return Q()
    leads = {Reach.OWN: Q(owner=user.pk), Reach.MARKETING: Q(side=Side.MARKETING), Reach.SALES: ON_SALES_SIDE}
    either = Q()
    for reach in sorted(found):
        either |= leads[reach]
    return either


def can_see_lead(user, lead) -> bool:
    """Whether the loaded lead is one of Lead.objects.visible_to(user). No query."""
    return _reached(user, "leads.view_lead", lead)


def can_change_lead(user, lead) -> bool:
    """Whether the loaded lead is one of Lead.objects.changeable_by(user). No query."""
    return _reached(user, "leads.change_lead", lead)


def can_overrule_stage(user, lead) -> bool:
    """Whether the user may move the loaded lead into a stage whose definition it does not meet. No query."""
    return _reached(user, "leads.overrule_stage", lead)


def _reached(user, permission, lead):
    condition = within_reach(user, permission)
    return condition is not None and _holds(condition, lead)


def _holds(condition, lead):
    """A Q of tests for equality and absence, asked of a loaded row."""
    if isinstance(condition, Q):
        combine = all if condition.connector == Q.AND else any
        held = combine([_holds(part, lead) for part in condition.children]) if condition.children else True
        return held != condition.negated
    lookup, wanted = condition
    name, _, test = lookup.partition("__")
    value = getattr(lead, lead._meta.get_field(name).attname)
    return (value is None) == wanted if test == "isnull" else value == wanted
