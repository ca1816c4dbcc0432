import datetime
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notices import queries
from notices.actions import tell_reps
from notices.enums import MailChoice
from notices.models import MailWish, Notice
from routing.actions import assign
from routing.models import Handover
from team.enums import Role
from tests.cast import make_user
from tests.factories.deeds import change_lead
from tests.factories.leads import make_lead
from tests.factories.notices import gone_row, make_notice, owner_row
from tests.web.fragments import bare

URL = reverse("web:notice-list")
BELL = reverse("web:notice-bell")
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def taken_from(rep, cast, now):
    """The notice to `rep` that a lead of hers was given to cal."""
    lead = make_lead(owner=rep, grade="A", score=90, now=now - HOUR)
    assign(leads=[lead], to=cast.cal, by=cast.ada, now=now, reason="Knows the trade")
    row = owner_row(Handover.objects.get(lead=lead, owner=rep), became=False)
    tell_reps([row], now=now)
    return Notice.objects.get(change=row.id)


def test_a_rep_reads_her_own_notices_by_day_newest_first(cast, as_user):
    now = timezone.now()
    make_notice(cast.cal, at=now, last_name="Theirs")
    make_notice(cast.ben, at=now - 3 * DAY, last_name="Older")
    make_notice(cast.ben, at=now - DAY, last_name="Yesterday")
    make_notice(cast.ben, at=now, last_name="Newest", company="Engines & Co")
    page = as_user(cast.ben).get(URL)
    text = page.content.decode()
    assert "Theirs" not in text
    found = [text.index(name) for name in ("Today", "Newest", "Engines &amp; Co", "Yesterday</h2>", "Older")]
    assert found == sorted(found)
    assert text.count("<b>Arrived.</b>") == 3


def test_many_at_once_are_one_group_with_a_page_of_its_own(cast, as_user):
    at = timezone.now().replace(minute=1)
    for number in range(7):
        make_notice(cast.ben, at=at, last_name=f"Person{number}")
    page = as_user(cast.ben).get(URL)
    ((_, (group,)),) = page.context["days"]
    assert (group.words, len(group.notices), group.unread) == ("7 leads arrived", 5, 7)
    whole = as_user(cast.ben).get(URL, {"group": group.code})
    ((_, (group,)),) = whole.context["days"]
    assert len(group.notices) == 7


def test_what_happened_last_comes_first_whatever_it_is(cast, as_user):
    at = timezone.now().replace(minute=1)
    minute = datetime.timedelta(minutes=1)
    make_notice(cast.ben, at=at)
    taken_from(cast.ben, cast, at + minute)
    page = as_user(cast.ben).get(URL)
    assert [group.kind for _, groups in page.context["days"] for group in groups] == ["taken_back", "arrived"]
    make_notice(cast.ben, at=at + 2 * minute)
    page = as_user(cast.ben).get(URL)
    assert [group.kind for _, groups in page.context["days"] for group in groups] == ["arrived", "taken_back"]


def test_paging_loses_nothing_and_shows_nothing_twice(cast, as_user, monkeypatch):
    monkeypatch.setattr("notices.queries.GROUPS", 2)
    monkeypatch.setattr("notices.queries.PAGE", 3)
    now = timezone.now().replace(minute=1)
    for number in range(4):
        make_notice(cast.ben, at=now - number * HOUR)
    taken_from(cast.ben, cast, now)
    client = as_user(cast.ben)
    seen, address = [], URL
    while address:
        page = client.get(address)
        seen += [group.code for _, groups in page.context["days"] for group in groups]
        address = f"{URL}?{page.context['older']}" if page.context["older"] else ""
    assert len(seen) == len(set(seen)) == 5
    for _ in range(4):
        make_notice(cast.ben, at=now)
    shown, address = [], f"{URL}?group={seen[0]}"
    while address:
        page = client.get(address)
        shown += [notice.pk for _, (group,) in page.context["days"] for notice in group.notices]
        address = f"{URL}?{page.context['older']}" if page.context["older"] else ""
    assert len(shown) == len(set(shown)) == 5


@pytest.mark.parametrize(
    "query",
    [
        {"group": "nonsense"},
        {"group": "arrived-99999999999"},
        {"after": "arrived-x"},
        {"group": "arrived-1", "place": "1_"},
        {"marked": "yesterday"},
    ],
)
def test_an_address_that_is_none_is_not_found(cast, as_user, query):
    assert as_user(cast.ben).get(URL, query).status_code == 404


def test_a_lead_that_is_hers_no_more_is_named_without_a_link(cast, as_user):
    notice = taken_from(cast.ben, cast, timezone.now())
    text = as_user(cast.ben).get(URL).content.decode()
    assert notice.lead.name in text
    assert "Given to Cal by Ada: Knows the trade" in text
    assert f'id="open-{notice.pk}"' not in text


def test_opening_a_lead_marks_its_notice(cast, as_user):
    notice, other = (make_notice(cast.ben, at=timezone.now()) for _ in range(2))
    answer = as_user(cast.ben).post(reverse("web:notice-open", args=[notice.pk]))
    assert answer.headers["Location"] == reverse("web:lead-detail", args=[notice.lead_id])
    assert list(Notice.objects.unread()) == [other]
    gone = taken_from(cast.ben, cast, timezone.now())
    assert as_user(cast.ben).post(reverse("web:notice-open", args=[gone.pk])).headers["Location"] == URL
    gone.refresh_from_db()
    assert gone.read_at == timezone.now()


def test_nobody_opens_or_marks_what_somebody_else_was_told(cast, as_user):
    notice = make_notice(cast.ben, at=timezone.now())
    client = as_user(cast.cal)
    assert client.post(reverse("web:notice-open", args=[notice.pk])).status_code == 404
    client.post(reverse("web:notice-read-all"), {"up_to": notice.pk})
    assert Notice.objects.unread().exists()


@pytest.mark.parametrize("name", ["notice-read-all", "notice-unread"])
def test_marking_takes_a_post(cast, as_user, name):
    assert as_user(cast.ben).get(reverse(f"web:{name}")).status_code == 405


def test_mark_all_read_goes_as_far_as_the_page_and_can_be_undone(cast, as_user):
    make_notice(cast.ben, at=timezone.now())
    client = as_user(cast.ben)
    up_to = re.search(r'name="up_to" value="(\d+)"', client.get(URL).content.decode())[1]
    meanwhile = make_notice(cast.ben, at=timezone.now())
    page = client.post(reverse("web:notice-read-all"), {"up_to": up_to}, follow=True)
    assert list(Notice.objects.unread()) == [meanwhile]
    assert "1 notice marked as read." in page.content.decode()
    moment = re.search(r'name="marked" value="([^"]+)"', page.content.decode())[1]
    page = client.post(reverse("web:notice-unread"), {"marked": moment}, follow=True)
    assert "They are unread again." in page.content.decode()
    assert Notice.objects.unread().count() == 2


def test_without_any_the_page_says_what_will_come(cast, as_user):
    page = as_user(cast.ben).get(URL).content.decode()
    assert "No notices yet" in page
    assert "Mark all read" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_is_fixed(cast, as_user, count, django_assert_num_queries):
    for _ in range(count):
        make_notice(cast.ben, at=timezone.now(), company="Firm")
        taken_from(cast.ben, cast, timezone.now())
    client = as_user(cast.ben)
    # Session, user, groups of the user, where the page ends, its groups, their notices, the bell.
    with django_assert_num_queries(7):
        client.get(URL)


def test_the_bell_stands_with_its_count_on_every_page_of_those_who_own_leads(cast, as_user):
    for _ in range(3):
        make_notice(cast.ben, at=timezone.now())
    page = as_user(cast.ben).get(reverse("web:queue")).content.decode()
    assert "<title>(3) My queue · LeadFunnel</title>" in page
    assert page.count("3 unread</span>") == 2
    for other in (cast.ada, cast.mia, cast.ann):
        page = as_user(other).get(reverse("web:lead-list")).content.decode()
        assert "bell-news" not in page
        assert "<title>Leads · LeadFunnel</title>" in page


def test_the_same_bell_stands_in_the_admin(cast, as_user):
    staff = make_user("sue", Role.REP, is_staff=True, is_superuser=True)
    make_notice(staff, at=timezone.now())
    for path in (reverse("admin:index"), reverse("admin:team_user_changelist"), reverse("admin:team_user_add")):
        page = as_user(staff).get(path)
        assert page.content.decode().count("1 unread</span>") == 1
        assert f'href="{URL}"' in page.content.decode()
        assert "bell-news" not in as_user(cast.ann).get(path).content.decode()
    popup = as_user(staff).get(reverse("admin:team_user_add"), {"_popup": "1"})
    assert "bell-news" not in popup.content.decode()


def test_the_bell_is_asked_for_anew_and_says_nothing_where_nothing_is_new(cast, as_user):
    client = as_user(cast.ben)
    assert client.get(BELL, {"seen": "0-0"}, headers={"HX-Request": "true"}).status_code == 204
    notice = make_notice(cast.ben, at=timezone.now())
    fresh = client.get(BELL, {"seen": "0-0"}, headers={"HX-Request": "true"}).content.decode()
    assert 'data-unread="1"' in fresh
    assert fresh.count("hx-swap-oob") == 1
    assert client.get(BELL, {"seen": f"1-{notice.pk}"}).status_code == 204
    # The poll is the one that the page brings along.
    span = re.search(r'<span id="bell-news".*?</span>', bare(fresh))[0]
    assert span in bare(client.get(reverse("web:queue")).content)


def test_the_page_is_told_of_what_is_newer_than_what_it_shows(cast, as_user):
    client = as_user(cast.ben)
    make_notice(cast.ben, at=timezone.now())
    page = client.get(URL).content.decode()
    shown = re.search(r'id="shown" value="(\d+)"', page)[1]
    assert 'id="newer"></p>' in page
    asked = {"seen": re.search(r"seen=([0-9-]+)", page)[1], "shown": shown}
    assert client.get(BELL, asked, headers={"HX-Request": "true"}).status_code == 204
    for count in (1, 2):
        make_notice(cast.ben, at=timezone.now() - DAY)
        fresh = client.get(BELL, asked, headers={"HX-Request": "true"}).content.decode()
        assert f'id="newer" hx-swap-oob="true"><a class="btn btn-primary" href="{URL}">{count} new · Show</a>' in fresh
    # Other pages show no notices.
    fresh = client.get(BELL, {"seen": asked["seen"]}, headers={"HX-Request": "true"}).content.decode()
    assert 'id="newer"' not in fresh
    assert 'id="shown"' not in client.get(reverse("web:queue")).content.decode()


def test_what_arrives_while_the_page_is_made_is_not_marked_with_it(cast, monkeypatch):
    client = Client()
    client.force_login(cast.ben)
    first = make_notice(cast.ben, at=timezone.now())
    groups = queries.groups

    def arrive(*args, **kwargs):
        make_notice(cast.ben, at=timezone.now() - DAY)
        return groups(*args, **kwargs)

    monkeypatch.setattr(queries, "groups", arrive)
    assert f'name="up_to" value="{first.pk}"' in client.get(URL).content.decode()


def test_the_bell_takes_one_query(cast, as_user, django_assert_num_queries):
    client = as_user(cast.ben)
    with django_assert_num_queries(3):  # session and user beside it
        client.get(BELL, {"seen": "0-0"})


def test_she_chooses_how_she_is_told_by_mail(cast, as_user):
    client = as_user(cast.ben)
    address = reverse("web:mail-wish")
    assert "Notices by mail" in client.get(reverse("web:profile")).content.decode()
    client.post(address, {"mail": "daily", "digest_hour": "17"})
    wish = MailWish.objects.get()
    assert (wish.user, wish.mail, wish.digest_hour) == (cast.ben, MailChoice.DAILY, 17)
    page = client.get(reverse("web:profile"))
    assert (page.context["mail_form"]["mail"].value(), page.context["mail_form"]["digest_hour"].value()) == (
        "daily",
        17,
    )
    assert client.post(address, {"mail": "hourly", "digest_hour": "25"}).status_code == 422
    assert client.get(address).status_code == 405
    client.post(address, {"mail": "none", "digest_hour": "17"})
    assert MailWish.objects.get().mail == MailChoice.NONE


def test_whoever_owns_no_leads_is_not_asked(cast, as_user):
    assert "Notices by mail" not in as_user(cast.mia).get(reverse("web:profile")).content.decode()


@pytest.mark.clock
def test_days_are_the_readers_own(cast, as_user):
    cast.ben.time_zone = "Pacific/Auckland"
    cast.ben.save()
    now = timezone.now()
    make_notice(cast.ben, at=now)
    make_notice(cast.ben, at=now - DAY - HOUR)
    page = as_user(cast.ben).get(URL)
    here = now.astimezone(cast.ben.zone).date()
    assert [day for day, _ in page.context["days"]] in (
        [here, here - DAY],
        [here, here - 2 * DAY],
    )
    assert "Today</h2>" in page.content.decode()


def test_a_lead_that_she_may_not_see_any_more_is_named_and_nothing_else(cast, as_user, now):
    notice = taken_from(cast.ben, cast, now)
    change_lead(lead=notice.lead, changes={"company": "Secret Works"}, by=cast.ada, now=now)
    text = as_user(cast.ben).get(URL).content.decode()
    assert notice.lead.last_name in text
    assert "Secret Works" not in text
    assert "grade-A" not in text


def test_who_owns_no_leads_any_more_reads_what_is_left_and_wishes_no_mail(cast, as_user, now):
    make_notice(cast.ben, at=now)
    cast.ben.groups.clear()
    client = as_user(cast.ben)
    assert b'id="read-all"' in client.get(URL).content
    assert client.post(reverse("web:mail-wish"), {"mail": "at_once", "digest_hour": "8"}).status_code == 403
    assert not MailWish.objects.exists()


def test_a_lead_that_was_removed_is_named_and_leads_nowhere(cast, as_user):
    now = timezone.now()
    tell_reps([gone_row(cast.ben, name="Ada Lovelace", undone_import="people.csv", at=now)], now=now)
    notice = Notice.objects.get()
    page = as_user(cast.ben).get(URL).content.decode()
    assert "Ada Lovelace" in page
    assert "The import people.csv was undone" in page
    assert f"open-{notice.pk}" not in page
    assert as_user(cast.ben).post(reverse("web:notice-open", args=[notice.pk])).url == URL
    assert not Notice.objects.unread().exists()
