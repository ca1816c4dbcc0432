"""A source or campaign for a whole file that is retired before, or while, the file is imported."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from capture.importing.actions import running
from capture.importing.actions.receiving import keep_file, keep_mapping, opened, plan_for, start_import
from capture.importing.actions.rehearsal import rehearse
from capture.importing.actions.running import continue_import
from capture.importing.enums import RowResult
from capture.importing.mapping import MappingError
from capture.importing.models import Import
from leads.models import FieldDefinition, Lead
from tests.capture.importing.conftest import as_json, counts
from tests.factories.leads import make_campaign, make_source

pytestmark = pytest.mark.django_db

LIST = "Email,Shoe size\na@x.example,38\nb@x.example,39\n"
SAID = "The source “Fair” is retired: nobody new is given it."


@pytest.fixture
def fair():
    return make_source("fair")


@pytest.fixture
def upload(write):
    def upload(source=None, campaign=None):
        path = write(LIST)
        with opened(path) as file:
            plan = plan_for(file.table.header, file.sample, create_fields=True)
            run = keep_file(file=file, path=path, file_name=path.name, by=None, now=timezone.now())
        keep_mapping(run=run, mapping=plan.mapping, source=source, campaign=campaign)
        return run, plan

    return upload


def retire(row):
    row.retired_at = timezone.now()
    row.save()


def test_an_import_is_not_started_with_what_was_retired_since_it_was_chosen(upload, fair):
    run, plan = upload(fair)
    retire(fair)

    with pytest.raises(MappingError, match=SAID):
        start_import(run=run, plan=plan, now=timezone.now(), source=fair)

    run.refresh_from_db()
    assert (run.status, run.source) == ("uploaded", fair)
    assert not FieldDefinition.objects.filter(code="shoe_size").exists()


def test_an_import_that_waits_goes_back_to_be_mapped_and_takes_another(upload, fair):
    run, plan = upload(fair)
    start_import(run=run, plan=plan, now=timezone.now(), source=fair)
    retire(fair)

    assert continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert (run.status, run.failure, run.put_aside_at, run.queued_at) == ("uploaded", SAID, None, None)
    assert not Lead.objects.exists()

    other = make_source("web")
    notes = run.notes
    assert start_import(run=run, plan=plan, now=timezone.now(), source=other)
    assert continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert (run.status, run.failure, run.notes) == ("done", "", notes)
    assert set(Lead.objects.values_list("source", flat=True)) == {other.pk}


def test_an_import_under_way_goes_on_with_what_it_was_given(upload, fair, monkeypatch):
    monkeypatch.setattr(running, "CHUNK_ROWS", 1)
    campaign = make_campaign("spring", source=fair)
    run, plan = upload()
    start_import(run=run, plan=plan, now=timezone.now(), campaign=campaign)
    continue_import(run_id=run.pk, clock=timezone.now, seconds=0)
    assert Lead.objects.count() == 1
    retire(fair)
    retire(campaign)

    assert continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    assert run.status == "done"
    assert set(Lead.objects.values_list("source", "campaign")) == {(fair.pk, campaign.pk)}


def test_a_dry_run_gives_the_campaigns_source_and_refuses_a_retired_one(bring, write, fair):
    path = write("Email\na@x.example\n")
    campaign = make_campaign("spring", source=fair)
    bring(path)
    Lead.objects.update(campaign=campaign)

    def tried():
        with opened(path) as file:
            plan = plan_for(file.table.header, file.sample)
            return rehearse(table=file.table, plan=plan, sha256="", now=timezone.now(), campaign=campaign)

    found = tried()
    assert found.counts[RowResult.UPDATED] == 1
    assert counts(bring(path, campaign=campaign)) == (0, 1, 0, 0)
    retire(fair)
    with pytest.raises(MappingError, match="The source “Fair” of this campaign is retired"):
        tried()


def test_the_command_goes_on_with_what_it_had_begun(write, upload, fair, monkeypatch, capsys):
    monkeypatch.setattr(running, "CHUNK_ROWS", 1)
    run, plan = upload()
    start_import(run=run, plan=plan, now=timezone.now(), source=fair)
    continue_import(run_id=run.pk, clock=timezone.now, seconds=0)
    retire(fair)

    call_command("import_leads", str(write(LIST)), "--source", "fair", "--create-fields")
    assert as_json(capsys.readouterr().out)["created"] == 2
    assert set(Lead.objects.values_list("source", flat=True)) == {fair.pk}


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_the_command_refuses_the_retired_source_of_a_campaign_and_keeps_nothing(write, fair, options):
    make_campaign("spring", source=fair)
    retire(fair)

    with pytest.raises(CommandError, match="The source “Fair” of this campaign is retired") as refused:
        call_command("import_leads", str(write(LIST)), "--campaign", "spring", *options)
    assert refused.value.returncode == 2
    assert not Import.objects.exists()
