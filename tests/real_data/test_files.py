import pytest

from capture.importing.actions.receiving import opened, plan_for, receive_file, start_import
from capture.importing.actions.running import continue_import
from capture.importing.mapping import load_mapping
from leadfunnel.environment import ROOT
from leads.models import Lead
from tests.real_data.table_of_files import SHARED, files, table, try_file

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.skipif(not SHARED.exists(), reason="needs the real files in ../shared/data"),
]

# (rows, created, rejected) of files of which they are known for certain.
KNOWN = {
    "leads/xeducation.csv": (4680, 4680, 0),
    "leads/zoho_demo_leads.csv": (3900, None, 0),
    "messy/us-500/us-500.csv": (500, 500, 0),
    "messy/a_latin1_semicolon.csv": (500, 500, 0),
    "messy/b_utf16le_bom_tab.csv": (500, 500, 0),
    "messy/c_utf8_bom_crlf.csv": (500, 500, 0),
    "messy/d_cp1252_lf.csv": (500, 500, 0),
    "messy/tool_fixtures/listmonk_subs.csv": (100, 100, 0),
    "messy/tool_fixtures/keila_import_rfc_4180_upsert.csv": (5, 4, 0),
    "formats/mautic_fakeleaddata.csv": (54, 50, 4),
}
REFUSED = {
    "leads/bank-full.csv": "No column tells who",
    "leads/maven/accounts.csv": "lists companies",
    "leads/maven/products.csv": "lists products",
    "leads/maven/sales_pipeline.csv": "lists deals",
    "leads/maven/sales_teams.csv": "lists sales teams",
    "leads/maven/data_dictionary.csv": "no header",
    "formats/salesforce_dataloader_account_sample.csv": "lists Salesforce accounts",
    "formats/salesforce_dataloader_opportunity_sample.csv": "lists Salesforce opportunities",
    "formats/headers.json": "JSON",
    "messy/tool_fixtures/dittofeed_missing-headers-users.csv": "no header",
    "messy/csv_spectrum/csvs/simple.csv": "No column tells who",
}


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SHARED)))
def test_a_file_is_imported_whole_or_refused_with_a_reason(path, capsys):
    outcome = try_file(path)
    with capsys.disabled():
        print("\n" + table([outcome]).split("\n", 1)[1], end=" ")  # noqa: T201 (the table is asked for)
    name = outcome.file
    if name in REFUSED:
        assert REFUSED[name] in outcome.refused
    if outcome.refused:
        assert name not in KNOWN
        assert Lead.objects.count() == 0
        return
    assert outcome.rows == outcome.created + outcome.updated + outcome.unchanged + outcome.rejected > 0
    assert Lead.objects.count() == outcome.created
    assert outcome.again == (0, 0)
    if name in KNOWN:
        rows, created, rejected = KNOWN[name]
        assert (outcome.rows, outcome.rejected) == (rows, rejected)
        assert created in (outcome.created, None)


def bring(name, mapping):
    path = SHARED / name
    with opened(path) as file:
        plan = plan_for(file.table.header, file.sample, mapping=mapping, create_fields=True)
    run = receive_file(path=path, file_name=path.name, by=None, now="2026-06-10T10:00Z")
    start_import(run=run, plan=plan, now="2026-06-10T10:00Z")
    from django.utils import timezone  # noqa: PLC0415 (used by this helper alone)

    continue_import(run_id=run.pk, clock=timezone.now)
    run.refresh_from_db()
    return run


def test_xeducation_by_its_mapping_and_again():
    mapping = load_mapping((ROOT / "tests" / "real_data" / "xeducation_mapping.json").read_text())
    first = bring("leads/xeducation.csv", mapping)
    assert (first.rows_done, first.created, first.rejected) == (4680, 4680, 0)
    assert not Lead.objects.filter(fields__specialization="Select").exists()
    again = bring("leads/xeducation.csv", mapping)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 4680)


def test_bank_full_goes_by_the_numbers_of_its_rows():
    columns = {name: f"bank_{name}" for name in ("age", "job", "balance", "poutcome", "y")}
    mapping = {"external_system": "bank", "row_number": True, "not_answered": ["unknown"], "columns": columns}
    first = bring("leads/bank-full.csv", mapping)
    assert (first.rows_done, first.created, first.rejected) == (45211, 45211, 0)
    lead = Lead.objects.get(external_id="1")
    assert lead.fields == {"bank_age": 58, "bank_job": "management", "bank_balance": 2143, "bank_y": False}
