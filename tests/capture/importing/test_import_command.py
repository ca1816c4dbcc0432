import json

import pytest
from django.core.management import CommandError, call_command

from capture.importing.models import Import, ImportRow, RememberedMapping
from leads.models import Campaign, FieldDefinition, Lead, Source
from tests.capture.importing.conftest import as_json

pytestmark = pytest.mark.django_db

LIST = "Email,Name,Shoe size\nann@x.example,Ann Ames,38\nbad,,39\nANN@x.example,,x\n"


@pytest.fixture
def run(capsys):
    def run(*arguments):
        capsys.readouterr()
        call_command("import_leads", *map(str, arguments))
        return as_json(capsys.readouterr().out)

    return run


def refused(*arguments):
    with pytest.raises(CommandError) as caught:
        call_command("import_leads", *map(str, arguments))
    assert caught.value.returncode == 2
    assert not Import.objects.exists()
    assert not Lead.objects.exists()
    assert not FieldDefinition.objects.filter(dimension="").exists()
    return str(caught.value)


def test_counts_are_the_last_line_and_add_up(run, write):
    path = write(LIST)
    found = run(path)
    assert found.pop("seconds") >= 0
    assert found == {"rows": 3, "created": 1, "updated": 0, "unchanged": 1, "rejected": 1}
    assert run(path) | {"seconds": 0} == {
        "rows": 3,
        "created": 0,
        "updated": 0,
        "unchanged": 2,
        "rejected": 1,
        "seconds": 0,
    }


def test_dry_run_says_the_same_and_writes_nothing(run, write):
    path = write(LIST)
    tried = run(path, "--dry-run", "--create-fields")
    assert not Lead.objects.exists()
    assert not Import.objects.exists()
    assert not ImportRow.objects.exists()
    assert not FieldDefinition.objects.filter(code="shoe_size").exists()
    done = run(path, "--create-fields")
    assert tried | {"seconds": 0} == done | {"seconds": 0}


def test_report_lists_problems_by_row_and_column(run, write, tmp_path):
    mapping = write(
        json.dumps({"columns": {"Email": "email", "Shoe size": {"field": "shoe", "type": "integer"}}}), "m.json"
    )
    run(write(LIST), "--mapping", mapping, "--create-fields", "--report", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert [(found["row"], found["column"], found["rejected"]) for found in report["problems"]] == [
        (2, "Email", True),
        (2, "", True),
        (3, "Shoe size", False),
    ]
    assert report["rows"] == 3


def test_mapping_creates_fields_and_is_remembered(run, write):
    mapping = write(json.dumps({"columns": {"Email": "email", "Shoe size": "shoe"}}), "m.json")
    path = write("Email,Name,Shoe size\nann@x.example,Ann,38\n")
    assert "no such field" in refused(path, "--mapping", mapping)
    run(path, "--mapping", mapping, "--create-fields")
    assert Lead.objects.get().fields == {"shoe": 38}
    assert RememberedMapping.objects.count() == 1
    run(write("Email,Name,Shoe size\nben@x.example,Ben,40\n", "other.csv"))
    ben = Lead.objects.get(email="ben@x.example")
    assert (ben.first_name, ben.fields) == ("", {"shoe": 40})


def test_source_and_campaign(run, write):
    source = Source.objects.create(code="fairs", name="Fairs", kind="event")
    campaign = Campaign.objects.create(code="spring", name="Spring", source=source)
    run(write(LIST), "--campaign", "spring")
    lead = Lead.objects.get()
    assert (lead.source, lead.campaign) == (source, campaign)
    assert "There is no source nowhere" in str(
        pytest.raises(CommandError, run, write(LIST), "--source", "nowhere").value
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "No column tells who"),
        ("ann@x.example,Ann\n", "no header"),
        ("opportunity_id,deal_stage,close_value\n1,Won,5\n", "lists deals"),
        (b"\x00\x01" * 500, "binary"),
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
    ],
)
def test_what_cannot_be_read_exits_with_2_and_writes_nothing(write, tmp_path, content, reason):
    report = tmp_path / "report.json"
    assert reason in refused(write(content), "--report", report)
    assert reason in json.loads(report.read_text())["refused"][0]


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_imported(write, tmp_path):
    assert "No such file" in refused(write(LIST), "--report", tmp_path / "none" / "report.json")


def test_other_faults_exit_with_2(write, tmp_path):
    assert "m.json is no UTF-8" in refused(write(LIST), "--mapping", write(b"\xff\xfe{", "m.json"))
    assert "There is no file" in refused(tmp_path / "none.csv")
    assert "no JSON" in refused(write(LIST), "--mapping", write("{", "m.json"))
    assert "There is no format" in refused(write(LIST), "--format", "nonsense")


def test_a_killed_run_is_taken_up_again(run, write, monkeypatch):
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 1)
    path = write("Email\na@x.example\nb@x.example\n")
    with monkeypatch.context() as broken:
        broken.setattr("capture.importing.actions.running.settle_dirty", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(path)
    assert Import.objects.get().attempts == 1
    assert run(path) | {"seconds": 0} == {
        "rows": 2,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "seconds": 0,
    }
    assert Import.objects.count() == 1


def test_a_killed_run_is_not_taken_up_with_another_source(run, write, monkeypatch):
    Source.objects.create(code="fair", name="Fair")
    monkeypatch.setattr("capture.importing.actions.running.CHUNK_ROWS", 1)
    path = write("Email\na@x.example\nb@x.example\n")
    with monkeypatch.context() as broken:
        broken.setattr("capture.importing.actions.running.settle_dirty", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(path, "--source", "fair")
    done = Import.objects.get().rows_done
    with pytest.raises(CommandError, match="It gives people the source fair: go on with the same"):
        run(path)
    assert Lead.objects.count() == Import.objects.get().rows_done == done
    run(path, "--source", "fair")
    assert set(Lead.objects.values_list("source__code", flat=True)) == {"fair"}


def test_workbooks_are_imported(run, tmp_path):
    import openpyxl  # noqa: PLC0415 (slow to load, used by this test alone)

    book = openpyxl.Workbook()
    book.active.append(["Email", "Seats"])
    book.active.append(["ann@x.example", 3])
    book.save(tmp_path / "people.xlsx")
    assert run(tmp_path / "people.xlsx", "--create-fields")["created"] == 1
    assert Lead.objects.get().fields == {"seats": 3}
    assert run(tmp_path / "people.xlsx")["unchanged"] == 1


def test_a_mapping_that_is_not_there_is_said_in_words(write, tmp_path):
    missing = tmp_path / "missing.json"
    assert refused(write(LIST), "--mapping", missing) == f"There is no file {missing}."
