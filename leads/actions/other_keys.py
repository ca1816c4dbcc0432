"""The addresses, numbers and ids that a person has beside the main one of each kind."""

import datetime

from django.core.exceptions import ValidationError

from leads.actions.record import change_lead, log_changes, refresh_search, saying_what_is_refused
from leads.changes import Change
from leads.fields import BY_CODE, Key
from leads.intake.keys import email_key, phone_key
from leads.models import Lead, OtherKey
from leads.rules import composed
from team.models import Workspace

# As long as the columns of the main ones.
_LIMITS = {kind: Lead._meta.get_field(BY_CODE[kind].path).max_length for kind in OtherKey.KINDS}
_NAMES = {Key.EMAIL: "an e-mail address", Key.PHONE: "a phone number", Key.EXTERNAL_ID: "an external id"}


def add_key(change: Change, *, lead: Lead, kind: str, value: str, system: str = "") -> OtherKey:
    """Another e-mail address, phone number or external id (of `system`) of a lead; becomes the main one where none is.

    Raises ValidationError for what is none, what she has already, and an external id that another lead has.
    """
    kind, value, system = Key(kind), composed(value).strip(), composed(system).strip()
    lead = change.row(lead.pk)
    key = _key(kind, value, system)
    if key in _keys_of(lead, kind, system):
        raise ValidationError("This lead has it already.")
    with saying_what_is_refused():
        other = OtherKey.objects.create(lead=lead, kind=kind, system=system, value=value, key=key)
    if not getattr(lead, kind):
        make_main(change, other=other)
    else:
        _note(change, lead, kind, None, value)
    return other


def drop_key(change: Change, *, other: OtherKey) -> None:
    """Takes an address, number or id from a lead that is not the main one."""
    lead = change.row(other.lead_id)
    if OtherKey.objects.filter(pk=other.pk).delete()[0]:
        _note(change, lead, Key(other.kind), other.value, None)


def make_main(change: Change, *, other: OtherKey) -> None:
    """Makes it the main one of its kind; the one that was stays beside it.

    Raises ValidationError where the one that was is none that could stay, a note in the place of a number, say.
    """
    lead, kind = change.row(other.lead_id), Key(other.kind)
    was, was_system = getattr(lead, kind), lead.external_system if kind == Key.EXTERNAL_ID else ""
    key = was if kind == Key.EXTERNAL_ID else getattr(lead, f"{kind}_key")
    if was and not key:
        raise ValidationError(f"{was} is not {_NAMES[kind]} and would be lost. Correct or empty it first.")
    if not OtherKey.objects.filter(pk=other.pk).delete()[0]:
        return
    values, keys = {kind.value: other.value}, {}
    if kind == Key.EXTERNAL_ID:
        values["external_system"] = other.system
    else:
        keys[f"{kind}_key"] = other.key
    change_lead(change, lead=lead, values=values, keys=keys)
    if was:
        OtherKey.objects.create(lead=lead, kind=kind, system=was_system, value=was, key=key)
    refresh_search(lead_ids=[lead.pk])


def _key(kind, value, system):
    key = _matched(kind, value)
    if not key or "\0" in value or len(value) > _LIMITS[kind]:
        raise ValidationError(f"{value[:100] or 'Nothing'} is not {_NAMES[kind]}.")
    if (kind == Key.EXTERNAL_ID) != bool(system) or len(system) > 30:
        raise ValidationError("An external id needs the name of the system it is from.")
    return key


def _matched(kind, value):
    if kind == Key.EMAIL:
        return email_key(value)
    return phone_key(value, Workspace.objects.current().phone_region) if kind == Key.PHONE else value


def _keys_of(lead, kind, system):
    main = {
        Key.EMAIL: lead.email_key,
        Key.PHONE: lead.phone_key,
        Key.EXTERNAL_ID: lead.external_id if lead.external_system == system else "",
    }[kind]
    return {main, *lead.other_keys.filter(kind=kind, system=system).values_list("key", flat=True)}


def _note(change, lead, kind, old, new):
    # Always later: an import tells by this time whether a lead is still as it read her.
    lead.changed_at = max(change.now, lead.changed_at + datetime.timedelta(microseconds=1))
    lead.save(update_fields=["changed_at"])
    log_changes(change, lead=lead, changed={f"other_{kind}s": (old, new)})
    refresh_search(lead_ids=[lead.pk])
