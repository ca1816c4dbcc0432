"""A file arrives: kept, read to its end once, planned, and put in line."""

import hashlib
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from capture.importing.enums import ImportStatus
from capture.importing.mapping import ImportPlan, MappingError, header_key, make_plan
from capture.importing.models import Import, RememberedMapping
from capture.importing.queries import custom_fields, remembered_mapping, system_of_lists
from capture.importing.reading import Broken, Unreadable, open_table, unpack_workbook
from jobs.actions import FRESH
from leads.actions.answers import define_field
from leads.intake.entering import source_of_new
from leads.models import Source

SAMPLE_ROWS = 2000


class Opened:
    """A file that can be read: its table, its number of rows, and its first rows."""

    def __init__(self, table, sheet="", notes=()):
        self.table = table
        self.sheet = sheet
        self.notes = [*notes, *table.notes]
        self.sample = [row for row in itertools.islice(table.rows(), SAMPLE_ROWS) if not isinstance(row, Broken)]
        self.rows_total = sum(1 for _ in table.rows())
        if not self.rows_total:
            raise Unreadable("The file has a header and no rows.")


@contextmanager
def opened(path, *, has_header=True) -> Iterator[Opened]:
    """The Opened of a file at `path`, for as long as the context lasts. Raises Unreadable."""
    with tempfile.TemporaryDirectory(prefix="leadfunnel-") as folder:
        sheet, notes, text = "", [], Path(path)
        unpacked = unpack_workbook(path, Path(folder) / "sheet.csv")
        if unpacked:
            sheet, notes = unpacked
            text = Path(folder) / "sheet.csv"
        yield Opened(open_table(text, has_header=has_header), sheet, notes)


def receive_file(*, path, file_name, by, now, has_header=True) -> Import:
    """Keeps the file and returns its Import, to be mapped. Raises Unreadable and keeps nothing."""
    with opened(path, has_header=has_header) as file:
        return keep_file(file=file, path=path, file_name=file_name, by=by, now=now)


def keep_file(*, file, path, file_name, by, now) -> Import:
    """The Import of an Opened file; a workbook is kept as text, which can be read from any row in little memory."""
    table = file.table
    with table.path.open("rb") as content:
        stored = default_storage.save(f"imports/{header_key(table.header)[:16]}.csv", File(content))
    return Import.objects.create(
        file_name=Path(file_name).name[:255],
        file=stored,
        sha256=sha256_of(path),
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheet=file.sheet[:100],
        header=table.header,
        notes=file.notes,
        mapping={"header": table.has_header},
        rows_total=file.rows_total,
        created_by=by,
        created_at=now,
    )


def plan_for(header, sample, *, mapping=None, format_code="", create_fields=False) -> ImportPlan:
    """The ImportPlan for a file: by the mapping given, else the one remembered for these columns, else by the names.

    Raises MappingError. A remembered mapping that no longer fits is passed over.
    """
    definitions = custom_fields()
    if mapping is None and not format_code:
        remembered = remembered_mapping(header)
        if remembered is not None:
            try:
                return make_plan(header, sample, definitions=definitions, mapping=remembered)
            except MappingError:
                pass
    return make_plan(
        header,
        sample,
        definitions=definitions,
        mapping=mapping,
        format_code=format_code,
        create_fields=create_fields,
        list_system=system_of_lists(header),
    )


def source_for_all(source, campaign) -> Source | None:
    """The source that people get whose row names none, by what was chosen for the whole file.

    Raises MappingError where it or the campaign is retired.
    """
    try:
        return source_of_new(source, campaign)
    except ValidationError as error:
        raise MappingError(*error.messages) from error


def start_import(*, run, plan, now, source=None, campaign=None, remember=False) -> bool:
    """Creates the plan's new fields, fixes the mapping and puts the import in line; commits all of it or nothing.

    False, and nothing is done, when the import is past that step: only the first of two starts counts. Raises
    MappingError where the source or the campaign is retired.
    """
    source = source_for_all(source, campaign)
    with transaction.atomic():
        uploaded = Import.objects.filter(pk=run.pk, status=ImportStatus.UPLOADED)
        if not uploaded.update(**FRESH, status=ImportStatus.READY, queued_at=now):
            return False
        for new in plan.new_fields:
            define_field(code=new.code, label=new.label, type=new.type, answers=new.answers, now=now)
        mapping = plan.mapping | {"header": run.mapping.get("header", True)}
        if remember:
            RememberedMapping.objects.update_or_create(
                header_key=header_key(run.header),
                defaults={"header": run.header, "mapping": mapping, "used_at": now},
            )
        run.mapping = mapping
        run.format = plan.format_code
        # Those of the plan are there already where it was in line before.
        run.notes = list(dict.fromkeys([*run.notes, *plan.notes]))
        run.source = source
        run.campaign = campaign
        run.status = ImportStatus.READY
        run.save(update_fields=["mapping", "format", "notes", "source", "campaign"])
    return True


def keep_mapping(*, run, mapping, source, campaign) -> None:
    """Notes the mapping that was chosen for an upload, until it is started or changed."""
    run.mapping = mapping | {"header": run.mapping.get("header", True)}
    run.source, run.campaign = source, campaign
    Import.objects.filter(pk=run.pk, status=ImportStatus.UPLOADED).update(
        mapping=run.mapping, source=source, campaign=campaign
    )


def discard_file(*, run) -> None:
    """Forgets an upload that was never started."""
    if Import.objects.filter(pk=run.pk, status=ImportStatus.UPLOADED).delete()[0]:
        run.file.delete(save=False)


def sha256_of(path) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
