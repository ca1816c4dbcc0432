"""Fills an empty database with the demo."""

import datetime
import itertools
import json
import random
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from demo.companies import make_companies
from demo.endings import Teller
from demo.market import make_market
from demo.people import People
from demo.plans import DAY, Fate, make_plans
from demo.receipts import Receipts
from demo.saved import save_views
from demo.staff import make_staff
from demo.tables import copy_rows, new_ids
from demo.told import tell_what_happened
from demo.work import work_open_leads
from leads.actions.lifecycle import set_disposition
from leads.changes import changing
from leads.enums import Disposition, Grade, Side, Stage
from leads.models import Campaign, Company, Lead, StageDefinition
from routing.actions import regrade_chunk, settle_dirty, share_out_pools
from scoring.actions import load_model, publish_model, request_regrade
from scoring.engine import regrade
from scoring.models import ScoringModel
from scoring.queries import published_model
from team.models import User

SEED = 20_010_409
CHUNK = 5_000
STARTER_MODEL = Path(settings.BASE_DIR) / "scoring" / "starter" / "btd.json"
# What every lead has before anybody scored or routed it.
UNTOUCHED = {
    "side": Side.MARKETING.value,
    "owner_id": None,
    "pool_id": None,
    "score": 0,
    "grade": "",
    "score_ledger": [],
    "score_version": None,
    "scored_at": None,
}


class NotEmpty(Exception):
    """The database holds something already; the text says what."""


def fill_demo(*, leads, now, seed=SEED):
    """Writes the demo with that many leads as it stands at `now`; the same seed and `now` give the same demo.

    One transaction. Histories up to the last days are written directly, by COPY; scores, grades and the hand-overs
    of the last days are made by the scoring engine and by routing. Raises NotEmpty, having written nothing, unless
    the database is as migrations leave it. Two at once: the second waits, and is refused.
    """
    now = now.replace(microsecond=0)
    chance = random.Random(seed)
    with transaction.atomic():
        _prepare()
        staff = make_staff(leads=leads, chance=chance, now=now)
        model = _publish_model(now - 731 * DAY, staff)
        origins = make_market(now=now)
        save_views()
        companies = make_companies(leads=leads, chance=chance, first_at=now - 731 * DAY)
        capacity = sum(rep.capacity for rep in staff.reps)
        plans, rounds = make_plans(leads=leads, chance=chance, origins=origins, capacity=capacity, now=now)
        definitions = dict(StageDefinition.objects.filter(is_current=True).values_list("stage", "pk"))
        receipts = Receipts(model=model, chance=chance)
        teller = Teller(chance=chance, staff=staff, definitions=definitions, receipts=receipts, now=now)
        going = _write_histories(plans, People(chance, companies), teller)
        _analyse()
        for place, moment in enumerate(rounds):
            _settle(going.get(place, []), moment)
        work_open_leads(chance=chance, shown=staff.reps[0], now=now)
        _settle_everybody(staff, now)
        tell_what_happened(now=now)


def _settle(lead_ids, moment):
    with changing(by=None, now=moment) as change:
        change.note(lead_ids)
    while settle_dirty(now=moment):
        pass


def _prepare():
    with connection.cursor() as cursor:
        # Longer than any page may take.
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("LOCK TABLE team_user, leads_lead IN SHARE ROW EXCLUSIVE MODE")
    found = [
        f"{model._meta.verbose_name_plural} ({count:,})"
        for model in (User, Lead, Company, Campaign, ScoringModel)
        if (count := model._default_manager.count())
    ]
    if found:
        raise NotEmpty(f"The demo only goes into an empty database. This one has {', '.join(found)}.")


def _publish_model(at, staff):
    data = json.loads(STARTER_MODEL.read_text(encoding="utf-8"))
    draft = load_model(data=data, by=staff.marketers[0], now=at)
    publish_model(model=draft, by=staff.marketers[0], now=at)
    return published_model()


def _write_histories(plans, people, teller):
    """Writes leads with all that belongs to them, chunk by chunk; returns {round: ids of the leads it hands over}."""
    going = {}
    plans = iter(plans)
    while chunk := list(itertools.islice(plans, CHUNK)):
        leads, searches, stories = [], [], []
        for pk, plan in zip(new_ids("leads_lead", len(chunk)), chunk, strict=True):
            lead, answers, document = people.invent(pk, plan)
            stories.append(teller.tell(lead, plan, answers))
            leads.append(lead | UNTOUCHED)
            searches.append({"lead_id": pk, "document": document})
            if plan.fate == Fate.LIVE:
                going.setdefault(plan.round, []).append(pk)
        copy_rows("leads_lead", leads)
        copy_rows("leads_leadsearch", searches)
        copy_rows("leads_transition", [row for story in stories for row in story.transitions])
        activities = [row for story in stories for row in story.activities]
        copy_rows("leads_activity", sorted(activities, key=lambda row: (row["occurred_at"], row["lead_id"])))
        copy_rows("routing_handover", [row for story in stories for row in story.handovers])
        copy_rows("leads_task", [row for story in stories for row in story.tasks])
    return going


def _analyse():
    """Without statistics on tables just filled, the planner would guess."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead, leads_activity, leads_transition, leads_company, routing_handover")


def _settle_everybody(staff, now):
    """Scores everybody as of now and leaves nothing for the worker to find at its first tick."""
    regrade(None, now=now)
    _postpone_the_late(staff, now)
    request_regrade(by=None, now=now)
    while regrade_chunk(now=now):
        pass
    while settle_dirty(now=now):
        pass
    share_out_pools(now=now)


def _postpone_the_late(staff, now):
    """Whoever has become an A or a B unnoticed asked to be called later; only the latest few go to sales now."""
    late = (
        Lead.objects.filter(
            side=Side.MARKETING, disposition=Disposition.OPEN, grade__in=[Grade.A, Grade.B], handovers__isnull=True
        )
        .exclude(stage=Stage.CUSTOMER)
        .order_by("-created_at", "pk")
        .values_list("pk", flat=True)
    )
    with changing(by=staff.marketers[0], now=now - datetime.timedelta(minutes=30)) as change:
        set_disposition(
            change,
            leads=list(late)[len(staff.reps) :],
            to=Disposition.RECYCLED,
            reason="Asked to be called next quarter",
            recycle_on=(now + 60 * DAY).date(),
        )
