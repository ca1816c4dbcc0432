"""How the stories of the demo go: what each kind of person does, and what sales made of it."""

from capture.activities import IMPORTED
from demo import texts
from demo.market import LISTS
from demo.plans import Fate
from demo.stories import DAY, MINUTE, Story
from leads.activities import Because, kinds
from leads.enums import Disposition, SourceKind, Stage, TaskKind
from routing.activities import HANDED_OVER
from routing.enums import EndReason, HandoverEnd, RejectReason, Why
from routing.queries import active_policy
from team.business_hours import add_business_minutes

HOUR = 60 * MINUTE
ASKED = {SourceKind.LANDING_PAGE, SourceKind.REFERRAL, SourceKind.PARTNER}
MET = {SourceKind.TRADE_SHOW, SourceKind.HOME_SHOW, SourceKind.EVENT}


class Teller:
    """Tells the story of each plan. `receipts` writes what was known at a hand-over; `now` is the present."""

    def __init__(self, *, chance, staff, definitions, receipts, now):
        self.chance = chance
        self.staff = staff
        self.definitions = definitions
        self.receipts = receipts
        self.now = now
        self.turn = 0
        policy = active_policy()
        self.handed_over = Because("handed_over", {"policy": policy.pk, "policy_name": policy.name})

    def tell(self, lead, plan, answers):
        """The `Story` of one person; `lead` gets the columns of its history."""
        story = self._begin(lead, plan)
        match plan.fate:
            case Fate.NAME:
                self._mailings(story, plan.created_at, self.now, likely=0.25)
            case Fate.SUSPECT:
                self._interest(story, self.now)
            case Fate.LEAD:
                self._need(story, self.now)
            case Fate.LIVE:
                self._need(story, plan.ends_at, warm=True)
            case Fate.OLD_CUSTOMER:
                lead["contract_on"] = (plan.created_at - 90 * DAY).date()
                lead["first_paid_on"] = (plan.created_at - 60 * DAY).date()
                self._mailings(story, plan.created_at, self.now, likely=0.5)
            case Fate.DISQUALIFIED if plan.quality in "CD":
                self._unfit(story)
            case Fate.RECYCLED if plan.quality == "D":
                self._parked(story)
            case _:
                self._through_sales(story, answers)
        return story

    def _begin(self, lead, plan):
        kind = plan.origin.kind
        if plan.fate == Fate.OLD_CUSTOMER:
            stage, reason = Stage.CUSTOMER, "Taken over from the books"
        elif kind in LISTS or plan.fate == Fate.NAME:
            stage, reason = Stage.NAME, "Came with a list"
        elif kind in ASKED and plan.fate != Fate.SUSPECT:
            stage, reason = Stage.LEAD, "Was referred" if kind == SourceKind.REFERRAL else "Asked by a form"
        else:
            stage, reason = Stage.SUSPECT, "Met at a show" if kind in MET else "Visited the website"
        story = Story(
            lead=lead, plan=plan, chance=self.chance, definitions=self.definitions, stage=stage, reason=reason
        )
        campaign = plan.origin.campaign_id
        if kind in LISTS:
            file = f"{plan.origin.campaign or plan.origin.source}.csv"
            story.happened(IMPORTED, {"file": file}, campaign=campaign)
        elif kind in MET:
            name = plan.origin.campaign or self.chance.choice(texts.EVENTS)
            story.happened(kinds.EVENT_ATTENDED, {"name": name}, campaign=campaign)
        elif stage != Stage.LEAD:
            self._visit(story, plan.created_at, campaign=campaign)
        return story

    def _mailings(self, story, start, end, *, likely):
        """Newsletters, and now and then an opened one, or an address that does not exist any more."""
        if not story.lead["email"]:
            return
        for _ in range(self.chance.choice((0, 1, 1, 2, 3))):
            at, subject = story.between(start, end), self.chance.choice(texts.NEWSLETTERS)
            story.happened(kinds.EMAIL_SENT, {"subject": subject}, at=at)
            if self.chance.random() < 0.03:
                payload = {"subject": subject, "reason": "No such mailbox"}
                story.happened(kinds.EMAIL_BOUNCED, payload, at=min(at + MINUTE, end))
            elif self.chance.random() < likely:
                opened = min(at + self.chance.expovariate(1 / 20) * HOUR, end)
                machine = self.chance.random() < 0.3
                story.happened(kinds.EMAIL_OPENED, {"subject": subject}, at=opened, machine=machine)

    def _interest(self, story, until):
        """Visits and clicks; makes a suspect of a name."""
        start = story.at
        if story.lead["stage"] == Stage.NAME:
            start = story.goes_on(story.between(start, start + (until - start) * 0.3), at_work=False)
            if self.chance.random() < 0.5:
                story.happened(kinds.SUBSCRIBED, {"name": "Newsletter"})
                story.moves(to=Stage.SUSPECT, reason="Subscribed to the newsletter")
            else:
                self._visit(story, story.at)
                story.moves(to=Stage.SUSPECT, reason="Visited the website")
            start = story.at
        for _ in range(self.chance.choice((0, 1, 1, 2, 3))):
            self._visit(story, story.between(start, until), pages=texts.CASUAL_PAGES)
        if story.lead["email"] and self.chance.random() < 0.6:
            self._mailings(story, start, until, likely=0.6)
            if self.chance.random() < 0.4:
                subject = self.chance.choice(texts.NEWSLETTERS)
                payload = {"subject": subject, "url": f"{texts.SITE}{self.chance.choice(texts.PAGES)[0]}"}
                story.happened(kinds.EMAIL_CLICKED, payload, at=story.between(start, until))
        if story.plan.fate in {Fate.SUSPECT, Fate.LEAD} and self.chance.random() < 0.03:
            story.lead["do_not_email"] = True
            story.happened(kinds.UNSUBSCRIBED, {"name": "Newsletter"}, at=story.between(start, until))

    def _need(self, story, until, *, warm=False):
        """Interest, then a form with a need; `warm` people come back shortly before `until`."""
        start = story.at
        self._interest(story, start + (until - start) * 0.5)
        if story.lead["stage"] != Stage.LEAD:
            asked = story.at + (until - story.at) * self.chance.uniform(0.3, 0.8)
            story.goes_on(asked, at_work=False)
            self._form(story)
            story.moves(to=Stage.LEAD, reason="Asked by a form")
        else:
            self._form(story)
        if not warm:
            return
        for _ in range(self.chance.randrange(1, 6)):
            self._visit(story, story.between(max(story.at, until - 12 * DAY), until))
        if self.chance.random() < 0.25:
            payload = {"subject": "Re: your question", "text": self.chance.choice(texts.REPLIES)}
            story.happened(kinds.EMAIL_REPLIED, payload, at=story.between(max(story.at, until - 9 * DAY), until))
        if self.chance.random() < 0.2:
            payload = {"name": self.chance.choice(texts.EVENTS)}
            story.happened(kinds.EVENT_ATTENDED, payload, at=story.between(max(story.at, until - 30 * DAY), until))

    def _visit(self, story, at, *, pages=texts.PAGES, campaign=None):
        path, title, _ = self.chance.choices(pages, [often for *_, often in pages])[0]
        story.happened(kinds.VISIT, {"title": title, "url": f"{texts.SITE}{path}"}, at=at, campaign=campaign)

    def _form(self, story):
        form, text = self.chance.choice(texts.FORMS)
        payload = {"form": form} | ({"text": text} if text else {})
        story.happened(kinds.FORM, payload, campaign=story.plan.origin.campaign_id)

    def _unfit(self, story):
        end = story.plan.ends_at
        if story.plan.quality == "C":
            self._need(story, end)
        story.goes_on(end)
        reason = self.chance.choice(("Competitor or student", "Wrong kind of company", "Duplicate"))
        story.moves(disposition=Disposition.DISQUALIFIED, reason=reason, by=self._marketer())

    def _parked(self, story):
        end = story.plan.ends_at
        self._need(story, end)
        story.goes_on(end)
        self._recycle(story, self.chance.choice(("No timeframe", "Asked to be contacted next year")), self._marketer())

    def _recycle(self, story, reason, by):
        day = (self.now + self.chance.uniform(3, 120) * DAY).date()
        story.moves(disposition=Disposition.RECYCLED, reason=reason, by=by, recycle_on=day)
        self._mailings(story, story.at + HOUR, self.now, likely=0.5)

    def _through_sales(self, story, answers):
        """Asked, was handed over, was worked or not, and ended one way or the other."""
        plan = story.plan
        span = plan.ends_at - plan.created_at
        self._need(story, plan.created_at + span * self.chance.uniform(0.3, 0.5))
        story.goes_on(story.at + span * self.chance.uniform(0.02, 0.08))
        recalled = plan.fate == Fate.CUSTOMER and self.chance.random() < 0.08
        if recalled:
            rep = self._rep()
            handover = self._hand_over(story, answers, rep)
            story.goes_on(handover["due_at"] + 5 * HOUR)
            self._end(story, handover, HandoverEnd.RECALLED, EndReason.UNTOUCHED, None, facts={})
            story.goes_on(story.at + HOUR)
        rep = self._rep()
        handover = self._hand_over(story, answers, rep)
        if plan.fate == Fate.RETURNED:
            story.goes_on(story.at + self.chance.uniform(0.5, 3) * DAY)
            self._end(story, handover, HandoverEnd.RETURNED, self.chance.choice(texts.RETURN_REASONS), rep)
            return
        self._accept(story, handover, rep)
        self._first_calls(story, handover, rep)
        ending = {
            Fate.CUSTOMER: self._bought,
            Fate.LOST: self._lost,
            Fate.RECYCLED: self._rejected_for_now,
            Fate.DISQUALIFIED: self._rejected_for_good,
        }[plan.fate]
        ending(story, handover, rep)

    def _hand_over(self, story, answers, rep):
        at = story.at
        receipt = self.receipts.write(story, answers)
        if story.lead["stage"] != Stage.QUALIFIED:
            story.moves(to=Stage.QUALIFIED, reason=self.handed_over)
        minutes = 240 if receipt["grade"] == "A" else 480
        pool = self.staff.pool_of[rep.pk]
        facts = {"pool": pool.pk, "pool_name": str(pool)}
        facts |= {"taken": self.chance.randrange(rep.capacity), "capacity": rep.capacity}
        handover = {
            "lead_id": story.lead["id"],
            "pool_id": pool.pk,
            "handed_at": at,
            "handed_by_id": None,
            "receipt": receipt,
            "owner_id": rep.pk,
            "assigned_at": at,
            "due_at": add_business_minutes(at, minutes, self.staff.hours[rep.pk]),
            "why": Why.TURN.value,
            "why_facts": facts,
            "accepted_at": None,
            "first_touch_at": None,
            "end": "",
            "ended_at": None,
            "ended_by_id": None,
            "end_reason": "",
            "end_facts": None,
        }
        story.handovers.append(handover)
        payload = {
            "event": "handed_over",
            "pool": pool.pk,
            "pool_name": str(pool),
            "owner": rep.pk,
            "owner_name": str(rep),
            "due_at": handover["due_at"].isoformat(),
            "why": handover["why"],
            "why_facts": facts,
        }
        story.happened(HANDED_OVER, payload)
        return handover

    def _accept(self, story, handover, rep):
        story.at += self.chance.uniform(5, 280) * MINUTE
        handover["accepted_at"] = story.at
        story.happened(HANDED_OVER, {"event": "accepted"}, by=rep)

    def _first_calls(self, story, handover, rep):
        story.at += self.chance.uniform(5, 900) * MINUTE
        handover["first_touch_at"] = story.at
        for number in range(self.chance.choice((1, 1, 2, 3))):
            if number:
                story.goes_on(story.at + DAY)
            self._call(story, rep, texts.FIRST_CALLS)

    def _call(self, story, rep, calls):
        outcome, note = self.chance.choice(calls)
        kind = kinds.EMAIL if outcome == "information_sent" else kinds.CALL
        story.happened(kind, {"outcome": outcome} | ({"note": note} if note else {}), by=rep)

    def _good_talks(self, story, rep, until):
        story.goes_on(story.at + (until - story.at) * 0.3)
        self._call(story, rep, texts.GOOD_CALLS)
        if self.chance.random() < 0.4:
            story.happened(kinds.NOTE, {"text": self.chance.choice(texts.NOTES)}, by=rep)
        story.goes_on(story.at + (until - story.at) * 0.4)
        story.moves(to=Stage.PROSPECT, reason="Deal opened", by=rep)
        story.goes_on(story.at + (until - story.at) * 0.4)
        if self.chance.random() < 0.6:
            story.happened(kinds.MEETING, {"text": self.chance.choice(texts.MEETINGS)}, by=rep)
        else:
            story.happened(kinds.DEMO, {"text": self.chance.choice(texts.DEMOS)}, by=rep)
        self._task_done(story, rep)
        story.goes_on(until)

    def _task_done(self, story, rep):
        kind, title = self.chance.choice(texts.NEXT_STEPS)
        story.tasks.append(
            {
                "lead_id": story.lead["id"],
                "kind": TaskKind(kind).value,
                "title": title,
                "due_at": story.at,
                "assignee_id": rep.pk,
                "created_at": story.at - 2 * DAY,
                "created_by_id": rep.pk,
                "done_at": story.at,
                "done_by_id": rep.pk,
            }
        )
        story.happened(kinds.TASK_DONE, {"kind": kind, "title": title}, by=rep)

    def _bought(self, story, handover, rep):
        self._good_talks(story, rep, story.plan.ends_at)
        story.lead["contract_on"] = (story.at - self.chance.uniform(5, 9) * DAY).date()
        story.lead["first_paid_on"] = story.at.date()
        story.moves(to=Stage.CUSTOMER, reason="Contract signed and first payment received", by=rep)
        story.goes_on(story.at, at_work=False)
        self._end(story, handover, HandoverEnd.CONVERTED, EndReason.CUSTOMER, rep, facts={})

    def _lost(self, story, handover, rep):
        self._good_talks(story, rep, story.plan.ends_at)
        reason = self.chance.choice(texts.LOST_REASONS)
        story.moves(disposition=Disposition.LOST, reason=reason, by=rep)
        story.goes_on(story.at, at_work=False)
        facts = {"disposition": Disposition.LOST.value, "reason": reason}
        self._end(story, handover, HandoverEnd.RECALLED, EndReason.CLOSED, rep, facts=facts)

    def _rejected_for_now(self, story, handover, rep):
        reason = RejectReason(self.chance.choice(("no_budget", "no_timeframe", "bad_timing", "unreachable")))
        self._reject(story, handover, rep, reason)
        self._recycle(story, Because(reason.value), rep)

    def _rejected_for_good(self, story, handover, rep):
        reason = RejectReason(self.chance.choice(("wrong_company", "competitor_or_student", "duplicate")))
        self._reject(story, handover, rep, reason)
        story.moves(disposition=Disposition.DISQUALIFIED, reason=Because(reason.value), by=rep)

    def _reject(self, story, handover, rep, reason):
        story.goes_on(story.at + 2 * DAY)
        self._call(story, rep, texts.BAD_CALLS)
        story.at += 10 * MINUTE
        self._end(story, handover, HandoverEnd.REJECTED, reason.value, rep)
        story.at += MINUTE

    def _end(self, story, handover, end, reason, by, *, facts=None):
        reason = str(reason)
        handover |= {"end": end.value, "ended_at": story.at, "ended_by_id": by and by.pk}
        handover |= {"end_reason": reason, "end_facts": facts}
        payload = {"event": end.value, "reason": reason} | ({} if facts is None else {"facts": facts})
        story.happened(HANDED_OVER, payload, by=by)

    def _rep(self):
        self.turn += 1
        return self.staff.reps[self.turn % len(self.staff.reps)]

    def _marketer(self):
        return self.chance.choice(self.staff.marketers)
