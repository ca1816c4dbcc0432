import itertools
import tempfile
from pathlib import Path

from django.contrib import messages
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from capture.importing.actions import receiving, running
from capture.importing.actions.rehearsal import rehearse
from capture.importing.enums import ImportStatus, RowResult
from capture.importing.mapping import ERROR_COLUMNS, MappingError
from capture.importing.models import Import
from capture.importing.queries import custom_fields, error_rows, kept_of, leads_of, problems_of
from capture.importing.reading import Broken, Unreadable, open_table
from leads.csv_export import csv_lines
from leads.models import FieldDefinition
from team.enums import Reach
from team.roles import reaches
from web.access import allow
from web.leads.facts import said
from web.marketing.forms import MappingForm, UploadForm, with_fields_for_skipped

PAGE = 50
SAMPLE = 20
# A dry run answers while somebody waits; what is beyond these rows is found out by the import itself.
REHEARSED_ROWS = 20_000
SHOWN_PROBLEMS = 200


@allow.whoever_may("capture.change_import")
@require_GET
def import_list(request):
    runs = Import.objects.visible_to(request.user).select_related("created_by")[: PAGE + 1]
    return render(
        request, "marketing/import_list.html", {"runs": runs[:PAGE], "more": len(runs) > PAGE, "now": timezone.now()}
    )


@allow.whoever_may("capture.add_import", uploads=True)
@require_http_methods(["GET", "POST"])
def import_new(request):
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = _receive(form.cleaned_data["file"], request.user, has_header=not form.cleaned_data["no_header"])
        except Unreadable as error:
            form.add_error("file", str(error))
        else:
            return redirect("web:import-map", run.pk)
    return render(request, "marketing/import_new.html", {"form": form}, status=422 if form.errors else 200)


@allow.whoever_may("capture.change_import")
@require_http_methods(["GET", "POST"])
def import_map(request, pk):
    run = _visible(request, pk)
    if run.status != ImportStatus.UPLOADED:
        return redirect("web:import-detail", run.pk)
    table, sample = _read(run)
    plan, trouble = _suggestion(run, sample)
    # Only shows the page again, with more fields to be created.
    adds_fields = "create_fields" in request.POST
    form = MappingForm(
        with_fields_for_skipped(request.POST, sample, run.header) if adds_fields else request.POST or None,
        header=run.header,
        plan=plan,
        custom=custom_fields(),
        initial={"source": run.source, "campaign": run.campaign},
    )
    if request.method == "POST" and not adds_fields and form.is_valid():
        try:
            plan = receiving.plan_for(run.header, sample, mapping=form.cleaned_data["mapping"], create_fields=True)
            receiving.source_for_all(form.cleaned_data["source"], form.cleaned_data["campaign"])
        except MappingError as error:
            form.add_error(None, list(error.problems))
        else:
            receiving.keep_mapping(
                run=run,
                mapping=form.cleaned_data["mapping"],
                source=form.cleaned_data["source"],
                campaign=form.cleaned_data["campaign"],
            )
            return _tried(request, run, table, plan)
    columns = [(field, _first_values(sample, index)) for index, field in enumerate(form.columns)]
    context = {"run": run, "form": form, "plan": plan, "trouble": trouble, "columns": columns, "table": table}
    return render(request, "marketing/import_map.html", context, status=422 if not adds_fields and form.errors else 200)


@allow.whoever_may("capture.change_import")
@require_POST
def import_start(request, pk):
    run = _visible(request, pk)
    if run.status != ImportStatus.UPLOADED:
        return redirect("web:import-detail", run.pk)
    _, sample = _read(run)
    if "columns" not in run.mapping:
        messages.error(request, "Say first what the columns mean.")
        return redirect("web:import-map", run.pk)
    try:
        plan = receiving.plan_for(run.header, sample, mapping=run.mapping, create_fields=True)
        receiving.start_import(
            run=run, plan=plan, now=timezone.now(), source=run.source, campaign=run.campaign, remember=True
        )
    except MappingError:
        # That page says what is wrong.
        return redirect("web:import-map", run.pk)
    return redirect("web:import-detail", run.pk)


@allow.whoever_may("capture.change_import")
@require_GET
def import_detail(request, pk):
    run = get_object_or_404(Import.objects.visible_to(request.user).select_related("created_by"), pk=pk)
    polls = request.htmx and not request.htmx.boosted
    if run.status == ImportStatus.UPLOADED and not polls:
        return redirect("web:import-map", run.pk)
    problems = problems_of(run, limit=SHOWN_PROBLEMS)
    context = {
        "run": run,
        "problems": problems,
        "leads": leads_of(run, limit=10),
        "kept": kept_of(run),
        "may_change_sales": Reach.EVERYBODY in reaches(request.user, "leads.change_lead"),
        "shown_problems": SHOWN_PROBLEMS,
        "now": timezone.now(),
    }
    template = "marketing/import_detail.html"
    # Once nothing moves any more, the whole page is due: its buttons and lists change with the state.
    if polls:
        if not run.is_moving:
            response = render(request, f"{template}#import-state", context)
            response["HX-Refresh"] = "true"
            return response
        template = f"{template}#import-state"
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


@allow.whoever_may("capture.change_import")
@require_POST
def import_change(request, pk, change):
    run = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    changes = {
        "pause": lambda: running.pause(run=run),
        "resume": lambda: running.resume(run=run, now=timezone.now()),
        "cancel": lambda: running.cancel(run=run, now=timezone.now()),
        "undo": lambda: running.undo(run=run, by=request.user, now=timezone.now()),
    }
    if change not in changes:
        raise Http404
    if not changes[change]():
        messages.warning(request, f"The import is {run.get_status_display().lower()}; nothing was changed.")
    return redirect("web:import-detail", run.pk)


@allow.whoever_may("capture.change_import")
@require_POST
def import_discard(request, pk):
    run = _visible(request, pk)
    if run.status != ImportStatus.UPLOADED:
        return redirect("web:import-detail", run.pk)
    receiving.discard_file(run=run)
    messages.success(request, f"{run.file_name} was put away.")
    return redirect("web:import-list")


@allow.whoever_may("capture.change_import")
@require_GET
def import_errors(request, pk):
    run = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    rows = ([*_padded(cells, len(run.header)), number, reason] for reason, number, cells in error_rows(run))
    lines = csv_lines([*run.header, *ERROR_COLUMNS], rows)
    # The mark makes spreadsheets read the file as UTF-8.
    content = (line.encode() for line in itertools.chain(["\ufeff"], lines))
    name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in Path(run.file_name).stem)
    return StreamingHttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}_problems.csv"'},
    )


def _tried(request, run, table, plan):
    """The page of the dry run: what the import would do, and nothing done."""
    tried = rehearse(
        table=table,
        plan=plan,
        sha256=run.sha256,
        now=timezone.now(),
        source=run.source,
        campaign=run.campaign,
        by=run.created_by,
        rows=REHEARSED_ROWS,
        limit=SHOWN_PROBLEMS,
    )
    counts = [(kind, tried.counts[kind]) for kind in RowResult]
    examples = list(zip(tried.examples, _fields_said(tried.examples, plan), strict=True))
    context = {"run": run, "plan": plan, "tried": tried, "counts": counts, "examples": examples}
    context["shows_ids"] = plan.row_number or any(column.target == "external_id" for column in plan.columns)
    return render(request, "marketing/import_try.html", context)


def _fields_said(rows, plan):
    """The custom fields of each row as (label, value in words) pairs, new fields of the plan among them."""
    fields = {field.code: field for field in FieldDefinition.objects.with_answers()}
    labels = {code: field.label for code, field in fields.items()} | {new.code: new.label for new in plan.new_fields}
    return [
        [(labels[code], said(value, fields.get(code))) for code, value in row.person.fields.items()] for row in rows
    ]


def _padded(cells, width):
    return [*cells[:width], *[""] * (width - len(cells))]


def _visible(request, pk):
    runs = Import.objects.visible_to(request.user).select_related("source", "campaign", "created_by")
    return get_object_or_404(runs, pk=pk)


def _receive(upload, user, has_header):
    with tempfile.NamedTemporaryFile(prefix="leadfunnel-") as kept:
        for block in upload.chunks():
            kept.write(block)
        kept.flush()
        return receiving.receive_file(
            path=Path(kept.name), file_name=upload.name, by=user, now=timezone.now(), has_header=has_header
        )


def _read(run):
    table = open_table(run.file.path, has_header=run.mapping.get("header", True))
    rows = itertools.islice(table.rows(), receiving.SAMPLE_ROWS)
    return table, [row for row in rows if not isinstance(row, Broken)]


def _first_values(sample, index):
    """Up to three different values of a column."""
    values = (row[index].strip() for row in sample[:SAMPLE] if index < len(row))
    return list(dict.fromkeys(value for value in values if value))[:3]


def _suggestion(run, sample):
    """(plan or None, what is wrong with what was chosen before)."""
    mapping = run.mapping if "columns" in run.mapping else None
    plan = None
    try:
        plan = receiving.plan_for(run.header, sample, mapping=mapping, create_fields=mapping is not None)
        receiving.source_for_all(run.source, run.campaign)
    except MappingError as error:
        return plan, str(error)
    return plan, ""
