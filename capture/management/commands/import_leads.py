import contextlib
import json
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F
from django.utils import timezone

from capture.importing.actions.receiving import (
    keep_file,
    opened,
    plan_for,
    sha256_of,
    source_for_all,
    start_import,
)
from capture.importing.actions.rehearsal import rehearse
from capture.importing.actions.running import continue_import
from capture.importing.enums import ImportStatus
from capture.importing.mapping import MappingError, load_mapping
from capture.importing.models import Import, ImportProblem
from capture.importing.reading import Unreadable
from jobs.actions import retry
from leads.models import Campaign, Source

REFUSED = 2
COUNTS = ("created", "updated", "unchanged", "rejected")


class Command(BaseCommand):
    help = "Import people from a CSV or XLSX file. The last line of output is one JSON object of counts."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="JSON file that says what each column means.")
        parser.add_argument("--format", default="", help="Code of a known format; recognised by the header otherwise.")
        parser.add_argument("--source", help="Code of the source of people who are new.")
        parser.add_argument("--campaign", help="Code of the campaign that brought them.")
        parser.add_argument("--create-fields", action="store_true", help="Make custom fields for unknown columns.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and write nothing.")
        parser.add_argument("--report", type=Path, help="Write the problems by row and column to this JSON file.")

    def handle(self, *args, **options):
        started = time.monotonic()
        try:
            if options["report"]:
                # Before anything is imported: afterwards it would be too late to say no.
                options["report"].touch()
            counts, problems, notes = self._import(options)
        except (Unreadable, MappingError, OSError, UnicodeDecodeError) as error:
            reasons = getattr(error, "problems", (str(error),))
            with contextlib.suppress(OSError):
                self._report(options["report"], {"file": options["file"].name, "refused": list(reasons)})
            raise CommandError("\n".join(reasons), returncode=REFUSED) from error
        for note in notes:
            self.stderr.write(note)
        counts = {"rows": sum(counts.values())} | counts | {"seconds": round(time.monotonic() - started, 3)}
        if options["report"]:
            listed = [
                {"row": row, "column": column, "message": message, "rejected": rejects}
                for row, column, message, rejects in problems()
            ]
            self._report(options["report"], {"file": options["file"].name, "notes": notes, "problems": listed} | counts)
        self.stdout.write(json.dumps(counts))

    def _import(self, options):
        path = options["file"]
        if not path.is_file():
            raise Unreadable(f"There is no file {path}.")
        source = _known(Source, options["source"], "source")
        campaign = _known(Campaign, options["campaign"], "campaign")
        mapping = None
        if options["mapping"]:
            if not options["mapping"].is_file():
                raise MappingError(f"There is no file {options['mapping']}.")
            mapping = load_mapping(_text_of(options["mapping"]))
        has_header = (mapping or {}).get("header", True)
        with opened(path, has_header=has_header) as file:
            plan = plan_for(
                file.table.header,
                file.sample,
                mapping=mapping,
                format_code=options["format"],
                create_fields=options["create_fields"],
            )
            notes = [*file.notes, *plan.notes]
            if options["dry_run"]:
                tried = rehearse(
                    table=file.table,
                    plan=plan,
                    sha256=sha256_of(path),
                    now=timezone.now(),
                    source=source,
                    campaign=campaign,
                )
                return {kind.value: count for kind, count in tried.counts.items()}, lambda: tried.problems, notes
            run = self._unfinished(path, plan, has_header, source, campaign)
            if run is None:
                source_for_all(source, campaign)
                run = keep_file(file=file, path=path, file_name=path.name, by=None, now=timezone.now())
                start_import(
                    run=run,
                    plan=plan,
                    now=timezone.now(),
                    source=source,
                    campaign=campaign,
                    remember=mapping is not None,
                )
        self._finish(run)
        problems = ImportProblem.objects.filter(run=run).values_list("number", "column", "message", "rejects")
        return {name: getattr(run, name) for name in COUNTS}, lambda: problems.iterator(), notes

    def _unfinished(self, path, plan, has_header, source, campaign):
        """The same import, should an earlier run of this command have been killed in the middle of it.

        Raises MappingError where that one gives people another source or campaign: half of the file has it already.
        """
        mapping = plan.mapping | {"header": has_header}
        runs = Import.objects.filter(
            sha256=sha256_of(path), created_by=None, status__in=[ImportStatus.READY, ImportStatus.RUNNING]
        )
        run = next((run for run in runs if run.mapping == mapping), None)
        if run is not None:
            if (run.source, run.campaign) != (source or (campaign and campaign.source), campaign):
                raise MappingError(
                    f"An import of this file stopped at row {run.rows_done:,}. It gives people {_given(run)}: "
                    "go on with the same, or cancel it on its page."
                )
            retry(Import.objects.filter(pk=run.pk))
            run.refresh_from_db()
            self.stderr.write(f"An import of this file stopped at row {run.rows_done:,}; going on from there.")
        return run

    def _finish(self, run):
        """Works until the import is done, whoever does it: a worker may have taken it up."""
        while run.is_moving:
            if not continue_import(run_id=run.pk, clock=timezone.now):
                time.sleep(0.5)
            run.refresh_from_db()
        if run.status != ImportStatus.DONE:
            raise Unreadable(run.failure or f"The import was {run.get_status_display().lower()}.")

    def _report(self, path, content):
        if path:
            path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _given(run):
    given = [f"the {what} {it.code}" for what, it in (("source", run.source), ("campaign", run.campaign)) if it]
    return " and ".join(given) or "no source and no campaign"


def _text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise MappingError(f"The mapping {path} is no UTF-8 text.") from None


def _known(model, code, what):
    if not code:
        return None
    found = model.objects.filter(code=code).first()
    if found is None:
        codes = ", ".join(model.objects.offered().order_by(F("code")).values_list("code", flat=True)[:50])
        raise MappingError(f"There is no {what} {code}; there are {codes or 'none'}.")
    return found
