"""Pure rules about the record: how keys are folded, which fields exist. No queries."""

import re
import unicodedata

from team.enums import Role

# The codes of Lead's own fields that conditions, imports and exports may name (leads.conditions gives their types).
BUILT_IN_FIELDS = frozenset(
    {
        "id",
        "external_system",
        "external_id",
        "first_name",
        "last_name",
        "full_name",
        "name",
        "email",
        "phone",
        "job_title",
        "company",
        "industry",
        "employees",
        "annual_revenue",
        "street",
        "city",
        "region",
        "postal_code",
        "country",
        "website",
        "time_zone",
        "tags",
        "do_not_email",
        "do_not_call",
        "do_not_post",
        "source",
        "campaign",
        "stage",
        "stage_since",
        "disposition",
        "disposition_reason",
        "recycle_on",
        "contract_on",
        "first_paid_on",
        "side",
        "owner",
        "pool",
        "score",
        "grade",
        "scored_at",
        "created_at",
        "changed_at",
        "fields",
        "activity",
        "answer",
    }
)

_WORDS = re.compile(r"[^\W_]+")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")


def fold(text):
    """Lower case without accents, runs of anything but letters and digits as one space; for matching only."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_WORDS.findall(bare))


def email_key(email):
    """The address as it is matched: trimmed and lower case; "" for what is no address."""
    key = email.strip().casefold()
    return key if len(key) <= 254 and _EMAIL.fullmatch(key) and ".." not in key else ""


def name_key(first_name, last_name):
    return fold(f"{first_name} {last_name}")[:200]


def company_key(name):
    """Two spellings of a company are one when this is equal; the legal form stays in, because it can tell two apart."""
    return fold(name)[:200]


def search_document(*, first_name="", last_name="", email="", company="", phone="", phone_key=""):
    """The folded words a lead is found by. Phone numbers are words of digits, with and without the country code."""
    digits = phone_key.lstrip("+") or "".join(filter(str.isdigit, phone))
    local = "".join(filter(str.isdigit, phone)).lstrip("0")
    return " ".join(
        dict.fromkeys(
            filter(None, f"{fold(f'{first_name} {last_name} {email} {company}')} {digits} {local}".split(" "))
        )
    )


def search_words(text):
    """The words to look for, at most eight; a phone number typed with spaces or signs is one word of digits."""
    compact = re.sub(r"[\s().+/-]+", "", text)
    if compact.isdigit() and len(compact) >= 5:
        return [compact.lstrip("0") or compact]
    return fold(text).split(" ")[:8] if fold(text) else []


def can_change_lead(user, lead):
    """Whether `user`, who can see `lead`, may write to it; mirrors LeadQuerySet.changeable_by for one loaded row."""
    return (
        user.has_role(Role.ADMIN)
        or (user.has_role(Role.MARKETER) and lead.side == "marketing")
        or (user.has_role(Role.MANAGER) and lead.side == "sales")
        or (user.has_role(Role.REP) and lead.owner_id == user.pk)
    )
