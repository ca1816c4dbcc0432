import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.importing.models import ImportProblem, ImportRow
from leads.models import Activity, Campaign, ChangeRow, Company, DirtyLead, FieldDefinition, Lead, Source, Transition
from tests.capture.importing.conftest import counts
from tests.scoring.made import publish

pytestmark = pytest.mark.django_db

MAPPING = {
    "external_system": "crm",
    "columns": {
        "Id": "external_id",
        "Email": "email",
        "Phone": "phone",
        "First": "first_name",
        "Last": "last_name",
        "Company": "company",
        "City": "city",
        "Tags": "tags",
        "No mail": "do_not_email",
    },
}
HEADER = "Id,Email,Phone,First,Last,Company,City,Tags,No mail"


def table(*rows):
    """A file with these rows: dicts of column to cell."""
    names = HEADER.split(",")
    lines = [",".join(f'"{row.get(name, "")}"' for name in names) for row in rows]
    return "\n".join([HEADER, *lines]) + "\n"


def person(**cells):
    return {name.replace("_", " "): cell for name, cell in cells.items()}


def test_a_new_person_is_whole(bring, cast, now):
    source = Source.objects.create(code="events", name="Events", kind="event")
    campaign = Campaign.objects.create(code="fair", name="Fair", source=source)
    row = person(
        Id="7",
        Email="Ann@X.example",
        Phone="(415) 555-0101",
        First="Ann",
        Last="Ames",
        Company="Acme, Inc.",
        Tags="a, b",
    )
    run = bring(table(row), mapping=MAPPING, now=now, by=cast.mia, campaign=campaign)
    lead = Lead.objects.get()
    assert counts(run) == (1, 0, 0, 0)
    assert (lead.external_system, lead.external_id) == ("crm", "7")
    assert (lead.email, lead.email_key, lead.phone_key) == ("Ann@X.example", "ann@x.example", "+14155550101")
    assert (lead.name_key, lead.company.name, lead.tags) == ("ann ames", "Acme, Inc.", ["a", "b"])
    assert (lead.source, lead.campaign, lead.stage, lead.side) == (source, campaign, "name", "marketing")
    step = Transition.objects.get(lead=lead)
    assert (step.seq, step.to_stage, step.reason, step.actor) == (1, "name", "imported", cast.mia)
    activity = Activity.objects.get(lead=lead, kind="imported")
    assert (activity.actor, activity.campaign) == (cast.mia, campaign)
    assert activity.payload == {"import": run.pk, "file": "people.csv", "row": 1, "new": True}
    assert list(Lead.objects.search("ames acme")) == [lead]
    assert list(Lead.objects.search("415-555-0101")) == [lead]
    assert not DirtyLead.objects.exists()


@pytest.mark.parametrize(
    "again",
    [
        person(Id="7", Email="new@x.example", City="Bonn"),
        person(Email="ANN@x.example ", City="Bonn"),
        person(Phone="415 555 0101", City="Bonn"),
        person(First="ann", Last="AMES", Company="ACME inc.", City="Bonn"),
    ],
    ids=["external id", "e-mail", "phone", "name with company"],
)
def test_a_known_person_is_found_by_each_key(bring, again):
    first = person(
        Id="7", Email="ann@x.example", Phone="4155550101", First="Ann", Last="Ames", Company="Acme, Inc", City="Ulm"
    )
    bring(table(first), mapping=MAPPING)
    run = bring(table(again), mapping=MAPPING)
    assert counts(run) == (0, 1, 0, 0)
    assert Lead.objects.get().city == "Bonn"


@pytest.mark.parametrize(
    "other",
    [
        person(Id="8", City="Bonn", First="Bob"),
        person(Email="bob@x.example", Phone="4155550101", First="Bob"),
        person(Email="bob@x.example", First="Ann", Last="Ames", Company="Acme, Inc"),
        person(First="Ann", Last="Ames", Company="Acme GmbH"),
        person(First="Ann", Last="Ames"),
    ],
    ids=["other id", "colleague on the same phone", "namesake", "other company", "no company"],
)
def test_other_people_stay_other_people(bring, other):
    first = person(Id="7", Email="ann@x.example", Phone="4155550101", First="Ann", Last="Ames", Company="Acme, Inc")
    bring(table(first), mapping=MAPPING)
    run = bring(table(other), mapping=MAPPING)
    assert counts(run) == (1, 0, 0, 0)
    assert Lead.objects.count() == 2


def test_the_external_id_comes_first_and_the_email_before_the_phone(bring):
    people = [
        person(Id="1", First="One"),
        person(Email="two@x.example", First="Two"),
        person(Phone="4155550103", First="Three"),
    ]
    bring(table(*people), mapping=MAPPING)
    bring(table(person(Id="1", Email="two@x.example", Phone="4155550103", City="A")), mapping=MAPPING)
    assert list(Lead.objects.order_by("pk").values_list("city", flat=True)) == ["A", "", ""]
    bring(table(person(Email="two@x.example", Phone="4155550103", City="B")), mapping=MAPPING)
    # The first lead has that address now, but it had been hers first: the lower id wins.
    assert list(Lead.objects.order_by("pk").values_list("city", flat=True)) == ["B", "", ""]


def test_an_empty_cell_never_empties_a_field(bring):
    bring(
        table(person(Id="7", Email="ann@x.example", First="Ann", City="Ulm", Tags="a", No_mail="yes")), mapping=MAPPING
    )
    run = bring(table(person(Id="7", Tags="b", No_mail="no")), mapping=MAPPING)
    lead = Lead.objects.get()
    assert counts(run) == (0, 1, 0, 0)
    assert (lead.email, lead.first_name, lead.city, lead.tags) == ("ann@x.example", "Ann", "Ulm", ["a", "b"])
    assert lead.do_not_email


def test_within_a_file_the_first_row_wins_and_later_ones_fill(bring):
    run = bring(
        table(
            person(Email="ann@x.example", First="Ann", City="Ulm"),
            person(Email="ANN@x.example", First="Anna", Last="Ames"),
            person(Email="ann@x.example", City="Bonn"),
        ),
        mapping=MAPPING,
    )
    lead = Lead.objects.get()
    assert counts(run) == (1, 1, 1, 0)
    assert (lead.first_name, lead.last_name, lead.city) == ("Ann", "Ames", "Ulm")


def test_the_first_row_wins_across_chunks(bring, monkeypatch):
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 1)
    rows = [person(Email="ann@x.example", City="Ulm"), person(Email="ann@x.example", City="Bonn", Last="Ames")]
    bring(table(person(Email="ann@x.example", City="Old")), mapping=MAPPING)
    run = bring(table(*rows), mapping=MAPPING)
    lead = Lead.objects.get()
    assert counts(run) == (0, 2, 0, 0)
    assert (lead.city, lead.last_name) == ("Ulm", "Ames")


def test_rows_that_name_nobody_are_rejected_and_told(bring):
    run = bring(table(person(City="Ulm"), person(), person(Email="bad", Phone="x"), person(Id="1")), mapping=MAPPING)
    assert counts(run) == (1, 0, 0, 3)
    told = list(ImportProblem.objects.order_by("number", "pk").values_list("number", "column", "rejects"))
    assert told == [(1, "", True), (2, "", True), (3, "Email", True), (3, "Phone", True), (3, "", True)]
    assert ImportProblem.objects.get(number=1).raw == ["", "", "", "", "", "", "Ulm", "", ""]
    assert list(ImportRow.objects.order_by("number").values_list("result", flat=True)) == ["rejected"] * 3 + ["created"]


def test_bad_cells_are_left_empty_and_the_row_imported(bring):
    FieldDefinition.objects.create(code="seats", label="Seats", type="integer")
    mapping = {"columns": {"Email": "email", "Seats": "seats"}}
    run = bring("Email,Seats\na@x.example,many\nb@x.example,3\n", mapping=mapping)
    assert counts(run) == (2, 0, 0, 0)
    assert list(Lead.objects.order_by("pk").values_list("fields", flat=True)) == [{}, {"seats": 3}]
    problem = ImportProblem.objects.get()
    assert (problem.number, problem.column, problem.rejects) == (1, "Seats", False)


def test_a_company_without_a_letter_or_digit_is_told_and_left_out(bring):
    mapping = {"columns": {"Email": "email", "Company": "company"}}
    run = bring("Email,Company\na@x.example,???\nb@x.example,Acme\nc@x.example,\n", mapping=mapping)
    assert counts(run) == (3, 0, 0, 0)
    assert list(Lead.objects.order_by("pk").values_list("company__name", flat=True)) == [None, "Acme", None]
    assert list(ImportProblem.objects.values_list("number", "column", "message", "rejects")) == [
        (1, "Company", "“???” is no name of a company: it has neither a letter nor a digit.", False)
    ]


def test_ragged_rows_are_told_and_imported(bring):
    run = bring("Email,First name\na@x.example\nb@x.example,Ben,more\nc@x.example,Cal,,\n")
    assert counts(run) == (3, 0, 0, 0)
    assert list(ImportProblem.objects.order_by("number").values_list("number", "message")) == [
        (1, "The row has 1 cells and the header 2."),
        (2, "The row has 3 cells and the header 2; what stands behind was left out."),
    ]


def test_broken_rows_are_rejected_and_the_others_imported(bring):
    run = bring('Email,First name\na@x.example,Ann\nb@x.example,"Ben\nc@x.example,Cal\n')
    assert counts(run) == (2, 0, 0, 1)


def test_words_that_mean_no_answer_are_empty(bring):
    run = bring("Email,First name,City\na@x.example,SELECT,n/a\nb@x.example,Ben,nowhere\n")
    assert counts(run) == (2, 0, 0, 0)
    mapping = {"columns": {"Email": "email", "City": "city"}, "not_answered": ["nowhere"]}
    bring("Email,City\nc@x.example,Nowhere\n", mapping=mapping)
    assert list(Lead.objects.order_by("pk").values_list("first_name", "city")) == [
        ("", ""),
        ("Ben", "nowhere"),
        ("", ""),
    ]


def test_companies_are_one_by_their_key_and_only_filled(bring):
    Company.objects.create(name="Acme", name_key="acme", industry="Mining", created_at="2026-01-01T00:00Z")
    bring(
        "Email,Company,Industry,Employees\na@x.example,ACME,Tech,10\nb@x.example,acme.,Toys,20\nc@x.example,Other,Toys,x\n"
    )
    acme, other = Company.objects.order_by("pk")
    assert (acme.name, acme.industry, acme.employees) == ("Acme", "Mining", 10)
    assert (other.name, other.industry, other.employees) == ("Other", "Toys", None)


def test_ids_of_an_unknown_system_yield_to_the_address(bring):
    run = bring("id,email\n1,a@x.example\n1,b@x.example\n1,a@x.example\n")
    assert counts(run) == (2, 0, 1, 0)


def test_rows_without_any_key_go_by_their_number(bring):
    mapping = {"row_number": True, "external_system": "bank", "columns": {"job": "job_title"}}
    content = "job,age\nclerk,3\nclerk,3\n"
    assert counts(bring(content, mapping=mapping)) == (2, 0, 0, 0)
    assert counts(bring(content, mapping=mapping)) == (0, 0, 2, 0)
    assert list(Lead.objects.order_by("pk").values_list("external_id", flat=True)) == ["1", "2"]


def test_hostile_text_is_only_text(bring):
    cells = [
        "Robert'); DROP TABLE leads_lead;--",
        "\\N",
        "a\\tb",
        "{x}",
        "<script>",
        "%s",
        "Ünï\u200bcödé",
        "tab\there",
    ]
    content = "Email,Last name,Note\n" + "".join(
        f'{index}@x.example,"{cell}","{cell}"\n' for index, cell in enumerate(cells)
    )
    assert counts(bring(content, create_fields=True))[0] == len(cells)
    names = list(Lead.objects.order_by("pk").values_list("last_name", flat=True))
    assert names == [*cells[:6], "Ünïcödé", "tab here"]
    notes = [fields["note"] for fields in Lead.objects.order_by("pk").values_list("fields", flat=True)]
    assert notes == [*cells[:6], "Ünïcödé", "tab\there"]


def test_escaped_formulas_of_our_own_exports_come_back(bring):
    bring("Email,First name\na@x.example,'=1+1\n")
    assert Lead.objects.get().first_name == "=1+1"


SMALL = {
    "Id": ["", "1", "2"],
    "Email": ["", "a@x.example", "A@x.example", "b@x.example", "bad"],
    "Phone": ["", "4155550101", "415-555-0102"],
    "First": ["", "Ann", "Bob"],
    "Company": ["", "Acme", "acme"],
    "City": ["", "Ulm", "Bonn"],
    "Tags": ["", "a", "b"],
}
rows_of_few_values = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in SMALL.items()}), min_size=1, max_size=7
)


@given(before=rows_of_few_values, rows=rows_of_few_values)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_accounts_for_its_rows_and_changes_nothing_the_second_time(bring, attempt, before, rows):
    Lead.objects.all().delete()
    bring(table(*before), mapping=MAPPING)
    tried = attempt(table(*rows), mapping=MAPPING)
    leads = Lead.objects.count()
    first = bring(table(*rows), mapping=MAPPING)
    assert sum(counts(first)) == len(rows)
    assert tuple(tried.counts.values()) == counts(first)
    assert Lead.objects.count() == leads + first.created
    state = list(Lead.objects.order_by("pk").values())
    second = bring(table(*rows), mapping=MAPPING)
    assert counts(second)[:2] == (0, 0)
    assert second.rejected == first.rejected
    assert list(Lead.objects.order_by("pk").values()) == state
    for lead in Lead.objects.all():
        assert Transition.objects.filter(lead=lead).count() == 1


def test_the_history_of_a_new_person_names_the_file(cast, bring):
    run = bring("Email\na@x.example\n", by=cast.mia)
    first = Lead.objects.get().transitions.get()
    assert (first.reason, first.reason_facts) == ("imported", {"import": run.pk, "file": "people.csv"})
    assert "people.csv" in first.reason_in_words


def test_ids_of_an_unknown_system_are_one_system_for_as_long_as_the_columns_stay(bring):
    run = bring("id,last name,company\n1,Roe,Acme\n")
    kept = "list-of-before"
    Lead.objects.update(external_system=kept)
    type(run).objects.update(mapping=run.mapping | {"external_system": kept})
    assert counts(bring("id,last name,company,city\n1,Roe,Acme,Ulm\n")) == (0, 1, 0, 0)
    assert counts(bring("id,last name,company\n1,Poe,Acme\n")) == (0, 1, 0, 0)
    assert Lead.objects.get().last_name == "Poe"


FACTS = {"columns": {"Email": "email", "Company": "company", "Employees": "employees", "Industry": "industry"}}


def test_whoever_works_there_is_scored_when_a_file_fills_in_a_fact_of_the_company(bring, now):
    publish(("A large company", 60, {"field": "employees", "op": "at_least", "value": 100}), now=now)
    for email in ("ann@x.example", "ben@x.example"):
        bring(f"Email,Company\n{email},Works\n", mapping=FACTS)
    bring("Email,Company\ncal@x.example,Others\n", mapping=FACTS)
    Company.objects.filter(name="Works").update(industry="Mining")
    since = ChangeRow.objects.latest("id").id

    file = "Email,Company,Employees,Industry\nann@x.example,Works,500,Toys\ncal@x.example,Others,,\n"
    bring(file, mapping=FACTS)

    assert dict(Lead.objects.values_list("email", "score")) == {
        "ann@x.example": 60,
        "ben@x.example": 60,
        "cal@x.example": 0,
    }
    told = ChangeRow.objects.filter(id__gt=since, kind="touched", fields=["employees"])
    assert {Lead.objects.get(pk=row.lead_id).email for row in told} == {"ann@x.example", "ben@x.example"}
    assert Company.objects.filter(name="Works").values_list("employees", "industry").get() == (500, "Mining")

    since = ChangeRow.objects.latest("id").id
    bring(file.replace("500", "700"), mapping=FACTS)
    assert not ChangeRow.objects.filter(id__gt=since).exists()


@pytest.mark.parametrize("region", ["DE", "US"])
def test_a_number_from_a_file_is_found_in_any_spelling_and_by_its_last_digits(bring, settings, region):
    settings.PHONE_REGION = region
    rows = {"Last": "Doe", "Phone": "089 / 123456-78"}, {"Last": "Roe", "Phone": "+49 89 12345670"}
    bring(table(*rows), mapping=MAPPING)
    for text in ("+49 89 12345678", "0049/89/12345678", "(089) 12345678", "498912345678", "5678"):
        assert [lead.last_name for lead in Lead.objects.search(text)] == ["Doe"], text
