"""What the lead page says about a person, in the groups and the order in which it is read; pure functions."""

import datetime
import json
from typing import NamedTuple

from leads.enums import FieldType
from leads.fields import BY_CODE, FIELDS
from web.templatetags.spoken import exact


class Fact(NamedTuple):
    """One line: `codes` are the fields it is edited through; `href` is for what can be called, written to or opened."""

    key: str
    label: str
    codes: tuple
    text: str
    href: str = ""


def _lines():
    """{key: (label, codes)} of the lines of facts; one of several fields is known by its own name."""
    lines = {}
    for field in FIELDS:
        if field.fact:
            lines.setdefault(field.fact, []).append(field.code)
    return {codes[0] if len(codes) == 1 else label.lower(): (label, tuple(codes)) for label, codes in lines.items()}


BUILT_IN = _lines()


def value_of(lead, code):
    """The value of an editable field: a column, the company's name, or what `fields` holds under the code."""
    if code == "company":
        return lead.company.name if lead.company else ""
    return getattr(lead, code) if code in BY_CODE else lead.fields.get(code)


def as_original(value):
    """A value as text that is equal exactly when the value is: what an editor started from. 5.0 is 5."""
    if isinstance(value, datetime.date):
        value = value.isoformat()
    return json.dumps(None if value in ("", []) else whole(value), ensure_ascii=False, sort_keys=True)


def whole(value):
    """A whole number as one, 5 for 5.0; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def said(value, field=None, *, versions=None):
    """A value as a person reads it; "" for none.

    field: the FieldDefinition, with_answers, of what Lead.fields holds.
    versions: {code of an answer: version of its label} of a row that never changes, which says what was said then.
    """
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(said(one, field, versions=versions) for one in value)
    if isinstance(value, str) and field is not None:
        if field.type == FieldType.DATE:
            return exact(datetime.date.fromisoformat(value))
        if field.type == FieldType.DATETIME:
            return exact(datetime.datetime.fromisoformat(value))
        return field.answer_list.label(value, (versions or {}).get(value))
    if isinstance(value, datetime.date):
        return exact(value)
    return f"{whole(value):,}" if isinstance(value, int | float) else str(value)


def facts_of(lead, definitions):
    """The facts every lead has, in order, then those of the fields that an admin added; text is "" where there is none.

    Rating questions have their own place.
    """
    built_in = [Fact(key, label, codes, *_built_in_text(lead, key, codes)) for key, (label, codes) in BUILT_IN.items()]
    return built_in + [
        Fact(field.code, field.label, (field.code,), said(lead.fields.get(field.code), field))
        for field in definitions
        if not field.dimension
    ]


def codes_of(key, definitions):
    """The field codes behind the fact `key`, or () for no such fact."""
    if key in BUILT_IN:
        return BUILT_IN[key][1]
    return (key,) if any(field.code == key for field in definitions) else ()


def _built_in_text(lead, key, codes):
    if key == "name":
        return (f"{lead.first_name} {lead.last_name}".strip(),)
    if key == "email":
        return lead.email, f"mailto:{lead.email_key}" if lead.email_key else ""
    if key == "phone":
        return lead.phone, f"tel:{lead.phone_key}" if lead.phone_key else ""
    if key == "address":
        place = " ".join(filter(None, (lead.postal_code, lead.city)))
        return (", ".join(filter(None, (lead.street, place, lead.region, lead.country))),)
    if key == "contact":
        ways = {"e-mail": lead.do_not_email, "phone": lead.do_not_call, "post": lead.do_not_post}
        if not any(ways.values()):
            return ("By e-mail, phone and post",)
        open_ways = [way for way, closed in ways.items() if not closed]
        return (f"Only by {' and '.join(open_ways)}" if open_ways else "Not at all",)
    if key == "contract":
        if not lead.contract_on and not lead.first_paid_on:
            return ("",)
        paid = f"paid {said(lead.first_paid_on)}" if lead.first_paid_on else "not paid yet"
        return (f"{f'Signed {said(lead.contract_on)}' if lead.contract_on else 'Not signed'}, {paid}",)
    return (said(value_of(lead, codes[0])),)
