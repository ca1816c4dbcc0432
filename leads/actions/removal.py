"""Leads that go for good: the only way."""

import json

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet
from django.db.models.deletion import Collector

from leads.changes import Change
from leads.models import Lead

# Whose the lead was is told with her name, as nothing is left by which to find that.
_REMOVE = """
WITH gone AS (
    DELETE FROM leads_lead AS lead USING unnest(%(ids)s::bigint[], %(names)s::text[]) AS named (id, name)
    WHERE lead.id = named.id
    RETURNING lead.id, lead.owner_id, named.name
)
INSERT INTO leads_changerow (lead_id, position, kind, at, was, facts)
SELECT id, (SELECT leads_change_position()), 'gone', %(now)s, coalesce(owner_id::text, ''),
       CASE WHEN owner_id IS NOT NULL THEN %(facts)s::jsonb || jsonb_build_object('name', name) END
FROM gone ORDER BY id
"""


def remove_leads(change: Change, *, leads: QuerySet[Lead], facts: dict) -> None:
    """Deletes held leads with all that belongs to them, and tells who follows that they are gone.

    facts: why, for her whose the lead was. What belongs to the leads goes as the models say, in lists of ids of a
    limited length; the leads themselves go by one statement.
    """
    belongings = Collector(using=DEFAULT_DB_ALIAS)
    belongings.collect(leads)
    gone = belongings.data.pop(Lead, ())
    if not gone:
        return
    belongings.delete()
    who = {"by": change.by.pk, "by_name": str(change.by)} if change.by else {"by": None}
    values = {
        "ids": [lead.pk for lead in gone],
        "names": [lead.name for lead in gone],
        "now": change.now,
        "facts": json.dumps(facts | who),
    }
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE, values)
