from django.db import migrations

from jobs.backfill import BackfillInChunks

# As leads.rules.search_document writes them: a number with a key, one as it was typed where it has none or more digits
# behind, and others beside it.
FILL = """
WITH number AS (
    SELECT id AS lead_id, substr(phone_key, 2) AS digits, FALSE AS as_typed FROM leads_lead
    WHERE id BETWEEN %(first)s AND %(last)s AND phone_key <> ''
    UNION
    SELECT id, digits, TRUE FROM leads_lead
    CROSS JOIN LATERAL ltrim(regexp_replace(phone, '[^0-9]', '', 'g'), '0') AS digits
    WHERE id BETWEEN %(first)s AND %(last)s AND phone <> '' AND right(phone_key, 4) <> right(digits, 4)
    UNION
    SELECT lead_id, substr(key, 2), FALSE FROM leads_otherkey
    WHERE lead_id BETWEEN %(first)s AND %(last)s AND kind = 'phone'
), missing AS (
    SELECT lead_id, string_agg(word, ' ') AS words FROM number
    CROSS JOIN LATERAL unnest(
        ARRAY['<' || reverse(digits)] || CASE WHEN as_typed THEN ARRAY[digits, '0' || digits] END
    ) AS word
    JOIN leads_leadsearch AS search USING (lead_id)
    WHERE digits <> '' AND word <> ALL (string_to_array(search.document, ' '))
    GROUP BY lead_id
)
UPDATE leads_leadsearch AS search SET document = concat_ws(' ', nullif(search.document, ''), words)
FROM missing WHERE search.lead_id = missing.lead_id
"""


class Migration(migrations.Migration):
    """Phone numbers are found by their last digits: each stands in the words of search from its end, too."""

    atomic = False
    dependencies = [("leads", "0030_tags_in_any_case")]

    operations = [BackfillInChunks("leads_lead", FILL)]
