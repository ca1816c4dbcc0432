"""Hand-overs in set SQL written by hand, by whoever knows that nobody has been with sales before."""

# Want a table `chosen` of id, stage, owner, name (of the owner), due, why, why_facts; owner NULL: waits in the pool.
STATEMENTS = (
    "ANALYZE chosen",
    """
CREATE TEMP TABLE said ON COMMIT DROP AS
SELECT field.code AS field, answer.code, count(*) AS version
FROM leads_fielddefinition AS field JOIN leads_answer AS answer ON answer.field_id = field.id
JOIN leads_answerlabel AS label ON label.answer_id = answer.id
WHERE field.dimension <> '' GROUP BY field.code, answer.code
""",
    """
INSERT INTO routing_handover
    (lead_id, pool_id, handed_at, receipt, owner_id, assigned_at, due_at, why, why_facts, "end",
     end_reason)
SELECT lead.id, %(pool)s, %(now)s,
    jsonb_build_object(
        'score', lead.score, 'grade', lead.grade, 'model_version', lead.score_version,
        'ledger', (
            SELECT jsonb_agg(jsonb_build_object('rule', nr, 'points', points) ORDER BY nr)
            FROM unnest(lead.score_ledger) WITH ORDINALITY AS line (points, nr) WHERE points <> 0
        ),
        'answers', jsonb_strip_nulls(jsonb_build_object(
            'budget', fields -> 'budget', 'timeframe', fields -> 'timeframe',
            'decision_maker', fields -> 'decision_maker'
        )),
        'labels', labels.list, 'source', source.code, 'source_name', source.name,
        'campaign', campaign.code, 'campaign_name', campaign.name, 'stage', lead.stage,
        'last_touches', coalesce(touches.list, '[]')
    ),
    chosen.owner, CASE WHEN chosen.owner IS NOT NULL THEN %(now)s END, chosen.due, chosen.why, chosen.why_facts, '', ''
FROM chosen JOIN leads_lead AS lead ON lead.id = chosen.id
LEFT JOIN leads_source AS source ON source.id = lead.source_id
LEFT JOIN leads_campaign AS campaign ON campaign.id = lead.campaign_id
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(field, jsonb_build_object(code, version)) AS list FROM said
    WHERE lead.fields ->> field = code
) AS labels
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'kind', kind, 'at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'text', payload ->> 'url'
    )) ORDER BY occurred_at DESC) AS list
    FROM (
        SELECT kind, occurred_at, payload FROM leads_activity
        WHERE lead_id = lead.id AND NOT is_machine AND kind IN ('visit', 'form', 'email_opened', 'email_clicked',
            'email_replied', 'event_attended', 'call')
        ORDER BY occurred_at DESC, id DESC LIMIT 5
    ) AS touch
) AS touches ON TRUE
""",
    """
UPDATE leads_lead AS lead SET side = 'sales', owner_id = owner, pool_id = CASE WHEN owner IS NULL THEN %(pool)s END,
    stage = 'qualified', stage_since = %(now)s, changed_at = %(now)s
FROM chosen WHERE lead.id = chosen.id
""",
    """
INSERT INTO leads_transition (lead_id, seq, previous_seq, from_stage, from_disposition, from_at, to_stage,
    to_disposition, at, reason, reason_facts, definition_id)
SELECT chosen.id, 2, 1, 'name', 'open', first.at, 'qualified', 'open', %(now)s, 'handed_over',
    %(policy)s::jsonb, definition.id
FROM chosen JOIN leads_transition AS first ON first.lead_id = chosen.id AND first.seq = 1
JOIN leads_stagedefinition AS definition ON definition.stage = 'qualified' AND definition.is_current
""",
    """
INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, payload, is_machine)
SELECT id, 'stage_changed', %(now)s, %(now)s, jsonb_build_object(
    'from', stage, 'to', 'qualified', 'from_disposition', 'open', 'to_disposition', 'open', 'reason', 'handed_over',
    'facts', %(policy)s::jsonb
), FALSE
FROM chosen
UNION ALL
SELECT id, 'handed_over', %(now)s, %(now)s, jsonb_build_object(
    'event', 'handed_over', 'pool', %(pool)s, 'pool_name', 'Sales', 'owner', owner, 'owner_name', name, 'due_at', due,
    'why', why, 'why_facts', why_facts
), FALSE
FROM chosen
""",
    """
INSERT INTO leads_changerow (lead_id, position, kind, at, was, became, reference, fields, kinds)
SELECT chosen.id, (SELECT leads_change_position()), news.kind, %(now)s, was, became, reference,
    NULL::text[], NULL::text[]
FROM chosen JOIN routing_handover AS handover ON handover.lead_id = chosen.id
CROSS JOIN LATERAL (VALUES
    ('side', 'marketing', 'sales', handover.id), ('owner', '', owner::text, handover.id),
    ('stage', stage, 'qualified', 2)
) AS news (kind, was, became, reference)
WHERE became IS NOT NULL
UNION ALL
SELECT id, (SELECT leads_change_position()), 'touched', %(now)s, '', '', NULL,
    '{changed_at,owner,pool,side,stage,stage_since}', '{handed_over,stage_changed}'
FROM chosen
""",
)
