"""The reason of a disposition: a code with its facts where the program gave it, words wherever somebody reads it."""

from importlib import import_module

import pytest
from django.db import connection

from leads.activities import Because, reasons, register_reason
from leads.activities.reasons import reason_words, registered_reasons
from leads.conditions import matching, sql
from leads.csv_export import lead_lines
from leads.enums import Disposition, Stage
from leads.models import Lead
from tests.factories.deeds import move_stage, set_disposition
from tests.factories.leads import make_lead

migration = import_module("leads.migrations.0025_reasons_of_dispositions")


def end(lead, reason, *, now, to=Disposition.LOST):
    set_disposition(leads=[lead], to=to, reason=reason, by=None, now=now)
    lead.refresh_from_db()
    return lead


def stored(lead):
    lead.refresh_from_db()
    return lead.disposition_reason, lead.disposition_facts


def found(op, value, now):
    tree = {"field": "disposition_reason", "op": op, "value": value}
    return list(matching(Lead.objects.order_by("pk"), tree, now=now))


@pytest.fixture
def renamed(monkeypatch):
    """renamed(code, words): what the reason is called from now on."""

    def rename(code, words):
        others = {each: parts for each, parts in registered_reasons().items() if each != code}
        monkeypatch.setattr(reasons, "_PARTS", others)
        register_reason(code, words)

    return rename


def test_a_lead_keeps_the_code_and_the_facts_of_a_reason(cast, now):
    lead = end(make_lead(), Because("given", {"to": 7, "to_name": "Cal"}), now=now)

    assert stored(lead) == ("given", {"to": 7, "to_name": "Cal"})
    assert lead.disposition_words == "Given to Cal"
    move_stage(leads=[lead], to=Stage.LEAD, reason="Asked", by=None, now=now)
    assert stored(lead) == ("given", {"to": 7, "to_name": "Cal"})
    end(lead, Because("came_back"), now=now, to=Disposition.OPEN)
    assert (*stored(lead), lead.disposition_words) == ("", None, "")


def test_somebody_s_own_words_stay_as_they_were_written(cast, now):
    lead = end(make_lead(), "no_budget", now=now)

    assert stored(lead) == ("no_budget", None)
    assert lead.disposition_words == "no_budget"


def test_a_reason_that_is_renamed_reads_by_its_new_name_everywhere(cast, now, renamed):
    coded = end(make_lead(), Because("no_budget"), now=now)
    before = end(make_lead(), "No budget", now=now)

    renamed("no_budget", "Cannot pay")

    assert [lead.disposition_words for lead in (coded, before)] == ["Cannot pay", "No budget"]
    assert list(lead_lines(Lead.objects.all(), ["disposition_reason", "disposition"])) == [
        "disposition_reason,disposition\n",
        "Cannot pay,lost\n",
        "No budget,lost\n",
    ]
    assert found("is", "cannot pay", now) == [coded]
    assert found("is", "no budget", now) == [before]


@pytest.mark.parametrize(
    ("op", "value", "which"),
    [
        ("is", "No budget", ["coded", "worded"]),
        ("is", "no_budget", []),
        ("in", ["NO BUDGET", "Given to Cal"], ["coded", "worded", "given"]),
        ("contains", "O CAL", ["given"]),
        ("contains", "_", ["typed"]),
        ("starts_with", "won at", ["forgotten", "typed"]),
        ("ends_with", "cards", ["forgotten", "typed"]),
        ("is_not", "No budget", ["given", "forgotten", "typed", "open"]),
    ],
)
def test_conditions_are_about_the_words_that_a_person_reads(cast, now, op, value, which):
    leads = {
        "coded": end(make_lead(), Because("no_budget"), now=now),
        "worded": end(make_lead(), "No budget", now=now),
        "given": end(make_lead(), Because("given", {"to_name": "Cal"}), now=now),
        "forgotten": end(make_lead(), Because("won_at_cards"), now=now),
        "typed": end(make_lead(), "won at_cards", now=now),
        "open": make_lead(),
    }

    assert found(op, value, now) == [leads[name] for name in which]


def test_who_has_a_reason_is_asked_of_codes_and_words_alike(cast, now):
    coded, worded, without = (make_lead() for _ in range(3))
    end(coded, Because("no_budget"), now=now)
    end(worded, "Price", now=now)

    def which(op):
        return list(matching(Lead.objects.order_by("pk"), {"field": "disposition_reason", "op": op}, now=now))

    assert (which("filled"), which("empty")) == ([coded, worded], [without])


@pytest.mark.parametrize(
    "facts", [None, {}, {"to_name": None}, {"file": 5, "to_name": "É \\ {x}", "policy_name": "%s"}]
)
def test_postgresql_makes_the_same_words(db, now, facts):
    codes = [*registered_reasons(), "won_at_cards", "Won"]
    leads = [make_lead() for _ in codes]
    for lead, code in zip(leads, codes, strict=True):
        lead.disposition_reason, lead.disposition_facts = code, facts
    Lead.objects.bulk_update(leads, ["disposition_reason", "disposition_facts"])

    made = Lead.objects.annotate(words=sql.Lower(sql.reason("disposition_reason", "disposition_facts")))

    assert list(made.order_by("pk").values_list("words", flat=True)) == [
        reason_words(code, facts).lower() for code in codes
    ]


def test_words_become_the_code_they_were_made_from_where_that_is_certain(cast, now):
    coded, renamed, typed, again = (make_lead() for _ in range(4))
    for lead in (coded, renamed, again):
        end(lead, Because("no_budget"), now=now)
    end(typed, "No budget", now=now)
    end(again, "No budget", now=now, to=Disposition.DISQUALIFIED)
    Lead.objects.update(disposition_reason="No budget", disposition_facts=None)
    Lead.objects.filter(pk=renamed.pk).update(disposition_reason="No money")
    move_stage(leads=[coded], to=Stage.LEAD, reason="Asked", by=None, now=now)

    run(migration.CODES, first=coded.pk, last=again.pk)

    assert [stored(lead) for lead in (coded, renamed, typed, again)] == [
        ("no_budget", {}),
        ("No money", None),
        ("No budget", None),
        ("No budget", None),
    ]
    run(migration.WORDS)
    assert stored(coded) == ("No budget", None)


def run(statement, **values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
