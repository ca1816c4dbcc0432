"""The door through which leads change: what it locks, marks and settles, and what that costs."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from leads import changes
from leads.actions.lifecycle import set_disposition
from leads.actions.record import change_lead, create_lead
from leads.models import DirtyLead, Lead
from routing.actions import Settled, assign, changing, settle_dirty
from routing.models import Handover
from tests.factories.deeds import mark
from tests.factories.leads import make_lead, many
from tests.factories.routing import city

HOUR = datetime.timedelta(hours=1)


def graded(**values):
    """A lead that is settled and has no mark."""
    lead = make_lead(**values)
    DirtyLead.objects.all().delete()
    return lead


def test_a_lead_that_is_only_held_is_neither_marked_nor_scored(cast, now, model):
    lead = graded(city="Kiel")
    with changing([lead], by=cast.mia, now=now) as change:
        assert change.hold([lead]) == [lead.pk]
        assert change.writable(lead.pk).city == "Kiel"
    assert (change.settled, DirtyLead.objects.count()) == (Settled(), 0)
    assert Lead.objects.get().grade == ""


def test_what_is_changed_is_scored_and_handed_over_at_the_exit(cast, now, model):
    lead = graded(city="Jena")
    with changing([lead], by=cast.mia, now=now) as change:
        change_lead(change, lead=lead, values={"city": "Kiel"})
        assert Lead.objects.get().grade == ""
    assert change.settled == Settled(leads=1, changed=1, handed_over=1)
    lead.refresh_from_db()
    assert (lead.grade, lead.side, Handover.objects.get().handed_by) == ("A", "sales", cast.mia)
    assert DirtyLead.objects.count() == 0


def test_a_door_inside_a_door_joins_it(cast, now, model):
    lead, other = graded(city="Jena"), graded(city="Jena")
    with changing([lead], by=cast.mia, now=now) as change:
        with changing([other], by=cast.ann, now=now + HOUR) as inner:
            assert inner is change
            change_lead(inner, lead=other, values={"city": "Kiel"})
        assert change.held == {lead.pk, other.pk}
        assert Lead.objects.get(pk=other.pk).grade == ""
    assert change.settled.leads == 1
    assert Handover.objects.get().handed_by == cast.mia


def test_new_people_join_the_change(cast, now, model):
    with changing(by=cast.mia, now=now) as change:
        lead = create_lead(change, values={"first_name": "Pat", "city": "Ulm"})
    assert (change.settled, DirtyLead.objects.count()) == (Settled(1, 1, 1, 0), 0)
    lead.refresh_from_db()
    assert lead.grade == "B"


def test_a_mark_that_was_there_is_settled_with_the_change(cast, now, model):
    lead = graded(city="Kiel")
    mark(leads=[lead], now=now)
    with changing([lead], by=cast.mia, now=now) as change:
        change_lead(change, lead=lead, values={"job_title": "Chief"})
    assert DirtyLead.objects.count() == 0


def test_an_exception_undoes_the_change_and_leaves_no_door_open(cast, now, model):
    lead = graded(city="Jena")

    def break_off():
        with changing([lead], by=cast.mia, now=now) as change:
            change_lead(change, lead=lead, values={"city": "Kiel"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert (Lead.objects.get().city, DirtyLead.objects.count()) == ("Jena", 0)
    with changing(by=cast.mia, now=now) as change:
        assert change.held == set()


def test_the_door_alone_leaves_one_mark_for_each_lead_that_was_noted(cast, now, model):
    lead, other = graded(city="Jena"), graded(city="Jena")
    with changes.changing([lead, other], by=cast.mia, now=now) as change:
        change_lead(change, lead=lead, values={"city": "Kiel"})
    assert list(DirtyLead.objects.values_list("lead", "marked_at")) == [(lead.pk, now)]
    assert set(change.noted_ids()) == {lead.pk}
    assert {code for note in change.notes for code in note.fields} == {"city"}
    assert {kind for note in change.notes for kind in note.kinds} == {"field_changed"}


def test_who_may_write_is_asked_at_the_door(cast, now, model):
    hers, others, marketings = graded(owner=cast.ben), graded(owner=cast.cal), graded()
    with changing(by=cast.ben, now=now) as change:
        assert change.writable(hers.pk) == hers
        with pytest.raises(Lead.DoesNotExist):
            change.writable(others.pk)
        assert change.writable_ids([hers, others, marketings]) == [hers.pk]
    with changing(by=cast.mia, now=now) as change:
        with pytest.raises(PermissionDenied):
            change.writable(hers.pk)
        assert change.writable_ids([hers, others, marketings]) == [marketings.pk]


# A change of up to fifty leads is settled at once; the marks of more stay for a worker, which is one statement.
@pytest.mark.parametrize(("count", "statements"), [(1, 9), (3, 9), (100, 5)])
def test_a_change_of_many_takes_as_many_statements(cast, now, model, django_assert_num_queries, count, statements):
    ids = many(count, first_name="Pat", city="Jena")
    DirtyLead.objects.all().delete()
    with changing(ids[:1], by=cast.ann, now=now) as change:
        change.note(ids[:1])  # The process has met the model.
    # Two more, because the transaction of the test makes a savepoint of the change.
    with django_assert_num_queries(statements + 2), changing(ids, by=cast.ann, now=now) as change:
        set_disposition(change, leads=ids, to="disqualified", reason="Out of business")
    assert Lead.objects.filter(disposition="disqualified").count() == count
    assert DirtyLead.objects.count() == (0 if count <= 50 else count)


def test_ten_thousand_leads_go_through_the_same_door(cast, now, model, django_assert_num_queries):
    ids = many(10_000, first_name="Pat", city="Kiel")
    DirtyLead.objects.all().delete()
    with connection.cursor() as cursor:
        # As autovacuum does after so many rows: a session that has met a table empty would go on reading all of it.
        cursor.execute("ANALYZE leads_lead, leads_transition")
    with django_assert_num_queries(7), changing(ids, by=cast.ann, now=now) as change:
        set_disposition(change, leads=ids, to="lost", reason="Went elsewhere")
    assert (DirtyLead.objects.count(), Lead.objects.filter(grade="").count()) == (10_000, 10_000)
    assert settle_dirty(now=now, limit=10_000) == 10_000
    assert Lead.objects.filter(grade="A", side="marketing").count() == 10_000


@pytest.mark.parametrize("count", [1, 3, 100])
def test_giving_many_takes_as_many_statements(cast, now, model, django_assert_num_queries, count):
    ids = many(count, first_name="Pat", city="Bonn")
    with django_assert_num_queries(18):
        assert assign(leads=ids, to=cast.ben, by=cast.ann, now=now, reason="Her region").given == count


def test_an_edited_answer_takes_few_statements(cast, now, model, django_assert_num_queries):
    lead = city("Bonn")
    settle_dirty(now=now)
    for town, statements in (("Jena", 10), ("Kiel", 21)):
        with django_assert_num_queries(statements + 2), changing([lead], by=cast.mia, now=now) as change:
            change_lead(change, lead=lead, values={"city": town})
    assert change.settled.handed_over == 1
