"""Different people, companies and answers stay different on their way in, by command and by wizard."""

import json
import unicodedata

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from capture.importing.actions.running import continue_import
from capture.importing.models import Import, ImportProblem
from leads.enums import FieldType
from leads.models import Company, Lead
from tests.factories.leads import make_field, make_source
from tests.web.marketing.test_imports import upload

pytestmark = pytest.mark.django_db

# Two people each whose names hold the same bare letters.
SCRIPTS = {
    "Hindi": ("किरण", "करण"),
    "Thai": ("มานี", "มานะ"),
    "Tamil": ("குமார்", "கமர"),
    "Bengali": ("রিতা", "রাতু"),
    "Japanese": ("かとう", "がとう"),
    "German": ("Bär", "Bar"),
}
NAMES = [name for pair in SCRIPTS.values() for name in pair]


@pytest.fixture(params=["command", "wizard"])
def come_in(request, write, client, cast):
    """come_in({column: target}, *lines) imports a list, as an operator or as a marketer does."""

    def by_command(path, columns):
        call_command("import_leads", path, "--mapping", write(json.dumps({"columns": columns}), name="mapping.json"))

    def by_wizard(path, columns):
        client.force_login(cast.mia)
        upload(client, path.read_bytes())
        run = Import.objects.latest("pk")
        choices = {f"column_{index}": columns[name] for index, name in enumerate(run.header)}
        client.post(reverse("web:import-map", args=[run.pk]), choices)
        client.post(reverse("web:import-start", args=[run.pk]))
        continue_import(run_id=run.pk, clock=timezone.now)

    def come_in(columns, *rows):
        path = write("\n".join([",".join(columns), *rows]) + "\n")
        {"command": by_command, "wizard": by_wizard}[request.param](path, columns)
        return Import.objects.latest("pk")

    return come_in


def test_people_of_six_scripts_at_one_company_are_as_many(come_in):
    run = come_in({"Name": "last_name", "Firm": "company"}, *(f"{name},Acme" for name in NAMES))

    assert (run.created, run.unchanged, run.rejected) == (len(NAMES), 0, 0)
    assert sorted(Lead.objects.values_list("last_name", flat=True)) == sorted(NAMES)
    assert Company.objects.count() == 1


def test_one_person_in_two_forms_of_unicode_is_one(come_in):
    forms = [unicodedata.normalize(form, "Bärbel é") for form in ("NFD", "NFC")]
    run = come_in({"Name": "last_name", "Firm": "company"}, *(f"{name},Café" for name in forms))

    assert (run.created, run.unchanged) == (1, 1)
    assert Lead.objects.get().last_name == forms[1]


def test_signs_tell_companies_apart(come_in):
    come_in({"Name": "last_name", "Firm": "company"}, "Ann,C++ Ltd", "Ann,C# Ltd", "Ann,C Ltd", "Ann,c ltd.")

    assert sorted(Company.objects.values_list("name", flat=True)) == ["C Ltd", "C# Ltd", "C++ Ltd"]
    assert Lead.objects.count() == 3


def test_a_sharp_s_tells_domains_apart(come_in):
    run = come_in(
        {"Mail": "email"}, "jo@straße.de", "jo@strasse.de", "JO@STRASSE.DE", "jo@xn--strae-oqa.de", "jo@a_b.de"
    )

    assert (run.created, run.unchanged, run.rejected) == (2, 2, 1)
    problem = ImportProblem.objects.filter(column="Mail").get()
    assert problem.message == "“jo@a_b.de” is no e-mail address."


def test_signs_tell_answers_apart(come_in):
    make_field("size", FieldType.CHOICE, answers=["<50", ">50", "50", "Many", "many"])
    run = come_in(
        {"Mail": "email", "Size": "size"},
        "a@x.example,<50",
        "b@x.example,>50",
        "c@x.example,50",
        "d@x.example,MANY",
        "e@x.example,many",
        "f@x.example,~50",
    )

    answers = dict(Lead.objects.values_list("email", "fields__size"))
    assert answers == {
        "a@x.example": "under_50",
        "b@x.example": "over_50",
        "c@x.example": "50",
        "d@x.example": None,
        "e@x.example": "many",
        "f@x.example": None,
    }
    assert list(ImportProblem.objects.filter(run=run).values_list("number", "message")) == [
        (4, "“MANY” can mean many: many or many_2: Many: give the code."),
        (6, "“~50” is none of the answers."),
    ]


def test_sources_are_found_exactly_first_and_else_in_any_case(come_in):
    web, sharp, plus = (make_source(code) for code in ("web", "c-sharp", "c-plus"))
    for source, name in ((web, "Web"), (sharp, "C#"), (plus, "C++")):
        source.name = name
        source.save()
    come_in(
        {"Mail": "email", "From": "source"}, "a@x.example,WEB", "b@x.example,c#", "c@x.example,C++", "d@x.example,C"
    )

    assert dict(Lead.objects.values_list("email", "source")) == {
        "a@x.example": web.pk,
        "b@x.example": sharp.pk,
        "c@x.example": plus.pk,
        "d@x.example": None,
    }
