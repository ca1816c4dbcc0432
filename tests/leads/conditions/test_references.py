"""What a condition refers to is one row, whatever that is called today."""

import json

import pytest

from leads.conditions import ConditionError, Vocabulary, as_stored, as_written, check, describe, matching
from leads.models import Lead, Source
from team.models import Pool, User
from tests.factories.leads import make_campaign, make_lead, make_source

pytestmark = pytest.mark.django_db


def stored(field, op, value):
    return as_stored({"field": field, "op": op, "value": value}, Vocabulary.load())


def found(tree, now):
    return list(matching(Lead.objects.order_by("pk"), tree, now=now))


def refusal(tree, **how):
    with pytest.raises(ConditionError) as caught:
        check(tree, **how)
    return str(caught.value)


def test_what_is_named_is_found_and_said_by_its_present_name(cast, now):
    fair, pool = make_source("fair"), Pool.objects.get(code="sales")
    spring = make_campaign("spring", source=fair)
    hers, pooled = make_lead(owner=cast.ben, source=fair, campaign=spring), make_lead(pool=pool)
    trees = {
        "owner": stored("owner", "is", "BEN@example.com"),
        "source": stored("source", "in", ["fair"]),
        "campaign": stored("campaign", "is", "spring"),
        "pool": stored("pool", "is", "sales"),
    }
    assert trees["owner"] == {"field": "owner", "op": "is", "value": cast.ben.pk}
    assert trees["source"] == {"field": "source", "op": "in", "value": [fair.pk]}

    User.objects.filter(pk=cast.ben.pk).update(email="benedict@example.com", name="Benedict")
    Source.objects.filter(pk=fair.pk).update(code="expo", name="Expo")
    type(spring).objects.update(code="may", name="May")
    Pool.objects.filter(pk=pool.pk).update(code="north", name="North")

    assert {code: found(tree, now) for code, tree in trees.items()} == {
        "owner": [hers],
        "source": [hers],
        "campaign": [hers],
        "pool": [pooled],
    }
    assert [describe(tree) for tree in trees.values()] == [
        'owner is "Benedict"',
        'source is "Expo"',
        'first campaign is "May"',
        'pool is "North"',
    ]


def test_a_stored_reference_is_run_without_a_look_at_names(now, django_assert_num_queries):
    source, vocabulary = make_source("fair"), Vocabulary.load()
    lead = make_lead(source=source)

    with django_assert_num_queries(1):
        rows = matching(
            Lead.objects.all(), {"field": "source", "op": "is", "value": source.pk}, now=now, vocabulary=vocabulary
        )
        assert list(rows) == [lead]


def test_what_names_nothing_or_two_is_refused_and_finds_nobody(now):
    make_source("one"), make_source("two")
    Source.objects.filter(code__in=["one", "two"]).update(name="Fair")
    lead = make_lead(source=Source.objects.get(code="one"))

    test = {"field": "source", "op": "is"}
    assert refusal(test | {"value": "Fair"}) == "value: Fair can mean one or two: give the code."
    assert refusal(test | {"value": "nowhere"}) == "value: there is no source 'nowhere'"
    assert refusal(test | {"value": 10**9}) == "value: there is no source with the number 1000000000"
    assert refusal(test | {"value": True}).startswith("value: give a whole number")
    for value in ("one", 10**9):
        assert found(test | {"value": value}, now) == []
        assert found({"not": test | {"value": value}}, now) == [lead]


def test_elsewhere_it_is_said_by_its_code_and_an_id_is_refused():
    source = make_source("fair")
    vocabulary, tree = Vocabulary.load(), {"not": {"field": "source", "op": "in", "value": [source.pk]}}

    assert as_written(tree, vocabulary) == {"not": {"field": "source", "op": "in", "value": ["fair"]}}
    assert refusal(tree, portable=True) == (
        "not.value[0]: give the code of the source, not a number: it is another one elsewhere"
    )
    check(as_written(tree, vocabulary), portable=True)


def test_the_editor_offers_the_names_with_the_ids():
    source = make_source("fair")
    Source.objects.filter(pk=source.pk).update(name="The fair")

    fields = {each["code"]: each for each in json.loads(json.dumps(Vocabulary.load().as_json()))["fields"]}
    assert {"value": source.pk, "label": "The fair"} in fields["source"]["choices"]
