import pytest
from django.db import NotSupportedError, connection

from jobs.backfill import BackfillInChunks
from leads.models import Lead
from tests.factories.leads import make_lead

SHOUT = """
UPDATE leads_lead SET job_title = upper(last_name)
WHERE id BETWEEN %(first)s AND %(last)s AND job_title <> upper(last_name)
"""


def run(operation):
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("leads", editor, None, None)


def test_every_row_is_filled_once_whatever_gaps_the_ids_have(committed, django_assert_num_queries):
    made = [make_lead(last_name=f"L{number}") for number in range(7)]
    Lead.objects.filter(pk=made[3].pk).delete()
    with django_assert_num_queries(1 + 3 * 3):  # the ends, and BEGIN, UPDATE, COMMIT for each chunk
        run(BackfillInChunks("leads_lead", SHOUT, chunk=3))
    assert list(Lead.objects.order_by("pk").values_list("job_title", flat=True)) == ["L0", "L1", "L2", "L4", "L5", "L6"]
    rows = Lead.objects.extra(select={"writer": "xmin::text"}).order_by("pk")
    before = [lead.writer for lead in rows]
    run(BackfillInChunks("leads_lead", SHOUT, chunk=3))
    assert [lead.writer for lead in rows.all()] == before


def test_an_empty_table_is_nothing_to_fill(committed, django_assert_num_queries):
    with django_assert_num_queries(1):
        run(BackfillInChunks("leads_lead", SHOUT))


def test_it_refuses_to_be_one_transaction(db):
    with pytest.raises(NotSupportedError, match="atomic = False"):
        run(BackfillInChunks("leads_lead", SHOUT))
