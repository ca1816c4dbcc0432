"""Pages against their main query written by hand: what Django, the other queries and the template add to it."""

import datetime
import statistics
import time

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import F
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bench import regrade
from bench.report import Measured
from leads.enums import Grade, Side
from leads.models import DirtyLead, Lead, LeadSearch, Source
from routing.actions import share_out_pools
from scoring.queries import published_model
from team.enums import Role
from team.models import Pool, PoolMember, User

REPS = 50
CAPACITY = 40
WARM_UP = 3
ROUNDS = 40

# How many times the processor time of an empty page each kind of page may take; lists and search take 6.
MOST_OF_EMPTY = {"page queue": 3, "page lead of sales": 4, "page lead": 4}
MOST_STATEMENTS = {"edited answer": 20, "edited answer with hand-over": 30}

# The words that refresh_search gives these leads. The first names repeat as they do in life: few often, many seldom.
_SEARCH = """
INSERT INTO leads_leadsearch (lead_id, document)
SELECT lead.id, lower(lead.first_name || ' ' || lead.last_name) || ' '
    || split_part(lead.email, '@', 1) || ' example com' || coalesce(' ' || company.name_key, '')
    || CASE WHEN lead.phone = '' THEN '' ELSE ' ' || substr(lead.phone, 2) || ' ' || substr(lead.phone, 4) || ' <'
        || reverse(substr(lead.phone, 2)) END
FROM leads_lead AS lead LEFT JOIN leads_company AS company ON company.id = lead.company_id
ORDER BY lead.id
"""
_NAMES = """
UPDATE leads_lead SET first_name =
    (ARRAY['Ana', 'Ben', 'Carla', 'Dan', 'Eva', 'Finn', 'Gina', 'Hugo', 'Ines', 'Jan'])
        [1 + floor(power((hashint8(id) & 1023) / 1024.0, 3) * 10)::int]
    || (ARRAY['', '', '', 'belle', 'ette', 'olin', 'ard', 'ilde'])[1 + (hashint8(id + 7) & 7)]
"""
_WORKED = """
UPDATE routing_handover SET accepted_at = assigned_at + interval '1 minute',
    first_touch_at = assigned_at + interval '2 minutes'
WHERE ended_at IS NULL AND owner_id IS NOT NULL AND id % 3 > 0
"""
_TASKS = """
INSERT INTO leads_task (lead_id, kind, title, due_at, assignee_id, created_at, created_by_id)
SELECT lead_id, 'call', 'Follow up', accepted_at + (id % 7 - 3) * interval '1 day', owner_id, accepted_at, owner_id
FROM routing_handover WHERE accepted_at IS NOT NULL
"""

_LIST = """
SELECT lead.*, company.name, owner.name, pool.name, source.name, campaign.name
FROM leads_lead AS lead
LEFT JOIN leads_company AS company ON company.id = lead.company_id
LEFT JOIN team_user AS owner ON owner.id = lead.owner_id
LEFT JOIN team_pool AS pool ON pool.id = lead.pool_id
LEFT JOIN leads_source AS source ON source.id = lead.source_id
LEFT JOIN leads_campaign AS campaign ON campaign.id = lead.campaign_id
WHERE {where} ORDER BY lead.score DESC, lead.id DESC LIMIT 51
"""
_QUEUE = """
SELECT lead.*, company.name, handover.*, task.due_at, task.title, touch.at
FROM leads_lead AS lead
LEFT JOIN leads_company AS company ON company.id = lead.company_id
LEFT JOIN routing_handover AS handover ON handover.lead_id = lead.id AND handover.ended_at IS NULL
LEFT JOIN LATERAL (
    SELECT due_at, title FROM leads_task
    WHERE lead_id = lead.id AND assignee_id = %(user)s AND done_at IS NULL ORDER BY due_at, id LIMIT 1
) AS task ON TRUE
LEFT JOIN LATERAL (
    SELECT occurred_at AS at FROM leads_activity
    WHERE lead_id = lead.id AND kind IN ('call', 'email', 'meeting', 'demo') AND NOT is_machine
    ORDER BY occurred_at DESC LIMIT 1
) AS touch ON TRUE
WHERE lead.owner_id = %(user)s
ORDER BY coalesce(task.due_at, handover.due_at), lead.grade, lead.score DESC, lead.id LIMIT 101
"""
_LEAD = """
SELECT lead.*, company.name, activity.* FROM leads_lead AS lead
LEFT JOIN leads_company AS company ON company.id = lead.company_id
LEFT JOIN LATERAL (
    SELECT * FROM leads_activity WHERE lead_id = lead.id ORDER BY occurred_at DESC, id DESC LIMIT 31
) AS activity ON TRUE
WHERE lead.id = %(lead)s
"""
_FOUND = """lead.id IN (
    WITH hits AS MATERIALIZED (SELECT lead_id FROM leads_leadsearch WHERE vector @@ %(words)s::tsquery LIMIT 1000)
    SELECT lead_id FROM hits
)"""


def main(*, leads, activities):
    """Yields a measure per page: floor and ours are medians in milliseconds, p95 is the page's, queries the most seen.

    cpu is the median of this process's own time, which a busy machine distorts least; the database's is not in it. How
    many times that is what a page of the base template with nothing in it takes, for the same readers and just
    before, stands in of_empty.
    """
    regrade.build(leads=leads, activities=activities)
    reps, marketer = people()
    _complete()
    asked = _questions(reps, marketer, leads)
    with override_settings(ROOT_URLCONF="bench.urls"):
        yield from _measure(asked, marketer, leads)
    yield from statements_per_edit(rep=reps[0], marketer=marketer)


def _measure(asked, marketer, leads):
    empty = [_time_page(_signed_in(marketer), reverse("empty")) for _ in range(WARM_UP + ROUNDS)]
    yield Measured("page empty", {"cpu": round(_processor_time(empty) * 1000, 1)})
    for name, user_of, statement, calls in asked:
        floors = [_time_statement(statement, params) for _, params in calls]
        client = {user.pk: _signed_in(user) for user in {user_of(number) for number in range(len(calls))}}
        empty = [_time_page(client[user_of(number).pk], reverse("empty")) for number in range(len(calls))]
        pages = [_time_page(client[user_of(number).pk], url) for number, (url, _) in enumerate(calls)]
        yield _measured(name, floors[WARM_UP:], pages[WARM_UP:], leads, _processor_time(empty))


def people():
    """The reps, all in the default pool, and a marketer, who reads everybody."""
    users = list(User.objects.filter(email__endswith="@bench.example").order_by("pk"))
    if not users:
        users = User.objects.bulk_create(
            User(email=f"user{number}@bench.example", name=f"User {number}", capacity=CAPACITY)
            for number in range(REPS + 1)
        )
        groups = {group.name: group for group in Group.objects.all()}
        for user in users[:REPS]:
            user.groups.add(groups[Role.REP.value])
        users[REPS].groups.add(groups[Role.MARKETER.value])
        pool = Pool.objects.get(code="sales")
        PoolMember.objects.bulk_create(PoolMember(pool=pool, user=user) for user in users[:REPS])
    return users[:REPS], users[REPS]


def _questions(reps, marketer, leads):
    """(name, user by number, statement by hand, [(address, its parameters)]) of every page."""
    total = ROUNDS + WARM_UP
    hers = list(Lead.objects.filter(owner__in=reps).order_by("owner", "pk").values_list("pk", flat=True))
    some = [hers[number * len(hers) // total] for number in range(total)]
    anybody = list(Lead.objects.order_by("external_id")[:total])
    source = Source.objects.get(code="referral").pk
    nobodys = Source.objects.get_or_create(code="nobodys", name="Nobody's", kind="other")[0].pk
    middle = list(Lead.objects.order_by("-score", "-pk").values_list("score", "pk")[leads // 2 :][:total])
    queue, listed = reverse("web:queue"), reverse("web:lead-list")

    def rep(number):
        return reps[number % len(reps)]

    def reader(number):
        return marketer

    def search(word):
        return [(f"{listed}?q={word}", {"words": " & ".join(f"'{part}':*" for part in word.split("+"))})] * total

    found = _LIST.format(where=_FOUND)
    filtered = _LIST.format(where="lead.grade = 'A' AND lead.source_id = %(source)s")
    deep = _LIST.format(where="(lead.score, lead.id) < (%(score)s, %(id)s)")
    return [
        ("page queue", rep, _QUEUE, [(f"{queue}?tab=all", {"user": rep(number).pk}) for number in range(total)]),
        ("page lead of sales", reader, _LEAD, [(reverse("web:lead-detail", args=[pk]), {"lead": pk}) for pk in some]),
        (
            "page lead",
            reader,
            _LEAD,
            [(reverse("web:lead-detail", args=[lead.pk]), {"lead": lead.pk}) for lead in anybody],
        ),
        ("page leads", reader, _LIST.format(where="TRUE"), [(listed, {})] * total),
        (
            "page leads by grade and source",
            reader,
            filtered,
            [(f"{listed}?grade=A&source={source}", {"source": source})] * total,
        ),
        (
            "page leads of an empty stage",
            reader,
            _LIST.format(where="lead.stage = 'prospect'"),
            [(f"{listed}?stage=prospect", {})] * total,
        ),
        (
            "page leads deep down",
            reader,
            deep,
            [(f"{listed}?after={score}_{pk}", {"score": score, "id": pk}) for score, pk in middle],
        ),
        ("page search common word", reader, found, search("ana")),
        ("page search two words", reader, found, search("ben+works")),
        ("page search rare word", reader, found, search(f"person{leads // 2 + 1}")),
        ("page search absent word", reader, found, search("zzyzx")),
        (
            "page search end of a number",
            reader,
            found,
            [(f"{listed}?q=3333", {"words": "'3333':* | '<3333':*"})] * total,
        ),
        *(
            (f"page leads {name}", reader, _LIST.format(where=f"lead.{where}"), [(f"{listed}?{query}", {})] * total)
            for name, query, where in (
                ("of grade D", "grade=D", "grade = 'D'"),
                ("lost, nobody", "disposition=lost", "disposition = 'lost'"),
                ("of a tag nobody has", "tags=zzyzx", "tags @> '{zzyzx}'"),
                ("of a source without leads", f"source={nobodys}", f"source_id = {nobodys}"),
                ("entered after the last", "entered_from=2100-01-01", "created_at >= '2100-01-01'"),
            )
        ),
    ]


def _complete():
    """Names, search documents, and hand-overs of the best leads in the pool: as many as fit the reps."""
    if LeadSearch.objects.exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NAMES)
        cursor.execute(_SEARCH)
        share_out_pools(now=timezone.now() - datetime.timedelta(days=1))
        cursor.execute(_WORKED)
        cursor.execute(_TASKS)
        DirtyLead.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def statements_per_edit(*, rep, marketer):
    """Yields how many SQL statements each kind of change costs, the page that answers it included; then undoes it.

    In a process that has met the published model, as all have but for the first moment.
    """
    published_model()
    with transaction.atomic():
        User.objects.filter(pk=rep.pk).update(capacity=F("capacity") + CAPACITY)
        doubtful = Lead.objects.filter(side=Side.MARKETING, fields__budget="no_budget").order_by("score", "pk")
        answer = {"field": "budget", "budget": "approved", "was-budget": '"no_budget"'}
        low, high = doubtful.filter(grade=Grade.D).first(), doubtful.filter(grade=Grade.C).last()
        hers = Lead.objects.filter(owner=rep).order_by("pk").first()
        talked = {"outcome": "talked", "tab": "all"}
        edits = {
            "edited answer": (marketer, reverse("web:lead-edit", args=[low.pk]), answer),
            "edited answer with hand-over": (marketer, reverse("web:lead-edit", args=[high.pk]), answer),
            "outcome in work mode": (rep, reverse("web:work-outcome", args=[hers.pk]), talked),
            "quick entry": (marketer, reverse("web:lead-new"), {"first_name": "Zoe", "email": "zoe@new.example"}),
        }
        figures = {name: _statements(_signed_in(user), url, data) for name, (user, url, data) in edits.items()}
        high.refresh_from_db()
        if high.owner_id is None:
            raise SystemExit("The answer that was to hand a lead over did not.")
        transaction.set_rollback(True)
    for name, statements in figures.items():
        most = {"ours": MOST_STATEMENTS[name]} if name in MOST_STATEMENTS else {}
        yield Measured(f"statements of {name}", {"unit": "statements", "ours": statements}, most=most)


def _statements(client, url, data):
    with CaptureQueriesContext(connection) as captured:
        response = client.post(url, data, headers={"HX-Request": "true"})
    if response.status_code not in (200, 302):
        raise SystemExit(f"{url} answered {response.status_code}.")
    # The transaction around all of this makes savepoints of what is a transaction elsewhere.
    return len(captured) - 2


def _signed_in(user):
    client = Client(HTTP_HOST="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _time_statement(statement, params):
    with connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute(statement, params)
        cursor.fetchall()
        return time.perf_counter() - start


def _time_page(client, url):
    count = 0

    def counted(execute, *arguments):
        nonlocal count
        count += 1
        return execute(*arguments)

    with connection.execute_wrapper(counted):
        start, cpu = time.perf_counter(), time.process_time()
        response = client.get(url)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    if response.status_code != 200:
        raise SystemExit(f"{url} answered {response.status_code}.")
    return seconds, cpu, count


def _processor_time(pages):
    return statistics.median(cpu for _, cpu, _ in pages)


def _measured(name, floors, pages, leads, empty):
    seconds, _, queries = zip(*pages, strict=True)
    cpu = _processor_time(pages)
    floor, ours = statistics.median(floors) * 1000, statistics.median(seconds) * 1000
    figures = {
        "unit": "ms",
        "floor": round(floor, 2),
        "ours": round(ours, 2),
        "ratio": round(ours / floor, 1),
        "p95": round(statistics.quantiles(seconds, n=20)[-1] * 1000, 1),
        "cpu": round(cpu * 1000, 1),
        "of_empty": round(cpu / empty, 1),
        "queries": max(queries),
        "leads": leads,
    }
    most = {"p95": 100, "of_empty": MOST_OF_EMPTY.get(name, 6)}
    return Measured(name, figures, most=most)
