"""What no test of a page can see: rules about the code itself, read from the code."""

import ast
import functools
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.template.loader import get_template

from leadfunnel.celery import app as celery
from leadfunnel.environment import ROOT
from leads.activities import all_kinds, is_known
from leads.fields import BY_CODE, CODES, FIELDS, Merge, Writer, written_by

# The benchmarks measure the program against statements written by hand, which no rule here allows the program.
ROOMS = sorted({path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"})
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.is_file())
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))

# Each list names what may break a rule, and why. An entry that no longer does fails, so that the lists stay short.

# The columns of a lead with one writer, and the module that writes each.
WRITERS = {
    Writer.LIFECYCLE: "leads/actions/lifecycle.py",
    Writer.SCORING: "scoring/engine/write.py",
    Writer.HANDOVER: "routing/actions/handover.py",
}
ONE_WRITER = (
    {
        column: module
        for writer, module in WRITERS.items()
        for code in written_by(writer)
        for column in (code, BY_CODE[code].column)
    }
    | dict.fromkeys(["score_ledger", "score_version"], WRITERS[Writer.SCORING])
    | {field.code: "leads/actions/record.py" for field in FIELDS if field.merge == Merge.SETS}
)
# Modules beyond those that write leads_lead in SQL, and what they write there.
LEAD_SQL = {
    "capture/importing/actions/staging.py": "what a file says of people who are known already",
    "leads/intake/entering.py": "what is said of new people; stage, score and side get their first values only",
    "routing/actions/receipt.py": "a hand-over writes side and owner in the statement that writes its receipt",
}
# Modules that give such a name to something that is no column of a lead.
OTHER_MEANING = {}
# Modules with raw SQL inside a query, or a statement that is put together: only from names of ours, never from input.
RAW_SQL = {
    "leads/queries.py": "constant statements and the compiled filter of what may be read, values as parameters",
    "leads/changes/following.py": "two columns compared with two, whose values are parameters",
    "scoring/engine/compiled.py": "names of columns and of aliases that the compiled model itself has made",
    "web/leads/queries.py": "constant statements and the compiled filter of what may be read, values as parameters",
}
FORMATTED_SQL = {
    "jobs/backfill.py": "the name of the table and the statement stand in a migration",
    "jobs/indexing.py": "the name of the index, which stands in a migration, is quoted",
    "capture/importing/actions/merging.py": "names of columns from a constant list",
    "leads/intake/entering.py": "names of columns from the declarations of the fields",
    "leads/queries.py": "names of columns from the declarations of the fields",
    "leads/intake/resolving.py": "one of two tables, and conditions from a constant mapping",
    "capture/importing/actions/staging.py": "names of columns from a constant list",
    "insights/invariants.py": "each invariant's constant query inside the one that counts it",
    "routing/queries.py": "one constant expression in the queue and in the look at one lead",
    "scoring/engine/compiled.py": "numbered aliases and pieces from the condition compiler, values as parameters",
    "scoring/engine/write.py": "the compiled SELECT of the published model, its values as parameters",
    "demo/tables.py": "names of tables and columns of Django models, quoted",
}
TRUSTED_MARKUP = {}
# Modules in which codes of fields stand together, and why these are no list of fields.
FIELD_LISTS = {
    "capture/importing/formats.py": "columns of other programs' exports, some called as ours are, and what they hold",
    "demo/companies.py": "one made-up company, column by column as the table has it",
    "demo/people.py": "one made-up person, column by column as the table has it",
    "demo/stories.py": "one made-up story, column by column as the table has it",
}
# Every Celery task, and why it may run twice, late, or beside itself.
TASKS = {
    "capture.tasks.continue_imports": "an import goes on after its last committed chunk, under a lock on its row",
    "insights.tasks.write_heartbeat": "it writes the time of now, so the last one wins",
    "leads.tasks.follow_changes": "a cursor is locked, and moved in the transaction that acts on what was read",
    "leads.tasks.prune_changes": "what is old and read by all is deleted under the lock of a cursor; gone stays gone",
    "leads.tasks.wake_followers": "it only sends ticks",
    "mail.tasks.forget_old_mail": "what was done a week ago is deleted; what is gone stays gone",
    "mail.tasks.send_mail": "messages are claimed under a lease before they are sent, and ticked one by one",
    "notices.tasks.forget_old_notices": "what is old enough is deleted; what is gone stays gone",
    "notices.tasks.mail_notices": "a notice goes into one message, under a lock on the wish of her who gets it",
    "routing.tasks.run_regrade_chunk": "chunks are claimed with SKIP LOCKED, and marked done in the same transaction",
    "routing.tasks.settle_dirty_leads": "leads are claimed with SKIP LOCKED; nothing dirty means nothing to do",
    "routing.tasks.share_out_waiting_leads": "each pool is shared out under its lock, from what waits there now",
    "routing.tasks.start_nightly_regrade": "a run of this night that exists already is left alone",
    "team.tasks.forget_old_sign_ins": "what has run out is deleted; what is gone stays gone",
}
# Tasks that the beat does not call, and what does.
RUNG_ONLY = {"leads.tasks.follow_changes": "wake_followers, once for each follower"}


def name(path):
    return path.relative_to(ROOT).as_posix()


@functools.cache
def nodes(path):
    return list(ast.walk(ast.parse(path.read_text(), filename=str(path))))


def found_in(sources, finder):
    """{module: what was found there} for the modules where `finder` (path -> list of words) finds something."""
    return {name(path): sorted(set(words)) for path in sources if (words := finder(path))}


def assert_reasons(reasons):
    assert [entry for entry, reason in reasons.items() if len(reason.split()) < 4] == []


def kind_lists(path):
    """Literals in which three or more kinds of activity stand together."""
    for node in nodes(path):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            parts = node.elts
        elif isinstance(node, ast.Dict):
            parts = [key for key in node.keys if key]
        else:
            continue
        if sum(1 for part in parts if _is_kind(part)) >= 3:
            yield f"line {node.lineno}"


def _is_kind(node):
    while isinstance(node, ast.Attribute) and node.attr == "code":
        node = node.value
    if isinstance(node, ast.Constant):
        return is_known(node.value)
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in {kind.code.upper() for kind in all_kinds()}


def test_kinds_of_activity_stand_in_one_table():
    assert found_in(SOURCES, lambda path: list(kind_lists(path))) == {}


def field_lists(path):
    """Literals of which three or more entries, and most of them, are codes of built-in fields."""
    for node in nodes(path):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            parts = node.elts
        elif isinstance(node, ast.Dict):
            parts = node.keys
        else:
            continue
        codes = [part.value for part in parts if isinstance(part, ast.Constant) and part.value in CODES]
        if len(codes) >= 3 and len(codes) * 2 > len(parts):
            yield f"line {node.lineno}"


def test_built_in_fields_stand_in_one_list():
    elsewhere = [path for path in SOURCES if not name(path).startswith("leads/fields/")]

    assert found_in(elsewhere, lambda path: list(field_lists(path))).keys() == FIELD_LISTS.keys()
    assert_reasons(FIELD_LISTS)


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_are_named():
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    names = [entry for entry in MigrationLoader(None).disk_migrations if entry[0] in ours]

    assert [entry for entry in names if re.search(r"_auto_|_initial$", entry[1])] == []


def test_every_template_is_used_and_every_named_one_exists():
    texts = "\n".join(path.read_text() for path in [*SOURCES, *TEMPLATES])
    by_django = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}
    names = {path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES}
    asked_for = set(re.findall(r"""["']([a-z0-9_]+/[a-z0-9_/]+\.(?:html|txt))(?:#[a-z0-9-]+)?["']""", texts))

    assert {each for each in names - by_django if f'"{each}' not in texts} == set()
    for each in asked_for:
        get_template(each)


def writes_a_lead(path):
    """Names of ONE_WRITER that the module assigns on an object, passes to update(), or lists for bulk_update()."""
    words = []
    for node in nodes(path):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            words += [target.attr for target in targets if isinstance(target, ast.Attribute)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in {"update", "aupdate"}:
                words += [keyword.arg for keyword in node.keywords if keyword.arg]
            elif node.func.attr in {"bulk_update", "save"}:
                lists = [part for part in ast.walk(node) if isinstance(part, ast.Constant)]
                words += [part.value for part in lists if isinstance(part.value, str)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            words += [part.value for part in node.args if isinstance(part, ast.Constant)]
    return [word for word in words if word in ONE_WRITER and ONE_WRITER[word] != name(path)]


def test_each_fact_about_a_lead_has_one_writer():
    assert found_in(SOURCES, writes_a_lead).keys() == OTHER_MEANING.keys()
    assert_reasons(OTHER_MEANING)


def test_sql_that_changes_leads_stands_where_it_is_owned():
    def changes(path):
        return re.findall(r"UPDATE\s+leads_lead\b|INSERT\s+INTO\s+leads_lead\b|COPY\s+leads_lead\b", path.read_text())

    found = found_in(SOURCES, changes)

    assert found.keys() - set(ONE_WRITER.values()) == LEAD_SQL.keys()
    assert_reasons(LEAD_SQL)


def test_the_named_writers_exist():
    assert [module for module in set(ONE_WRITER.values()) if not (ROOT / module).exists()] == []


def raw_sql(path):
    words = []
    for node in nodes(path):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute) and called.attr in {"raw", "extra"}:
                words.append(called.attr)
            if (called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")) == "RawSQL":
                words.append("RawSQL")
    return words


def test_raw_sql_stands_only_where_it_is_declared():
    assert found_in(SOURCES, raw_sql).keys() == RAW_SQL.keys()
    assert_reasons(RAW_SQL)


SQL_STARTS = re.compile(r"^\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|COPY|CREATE|ALTER|DROP)\s[^.]*", re.ASCII)


def formatted_sql(path):
    """Statements that are put together: f-strings that read like SQL, and what execute() is given on the spot."""
    words = []
    for node in nodes(path):
        if isinstance(node, ast.JoinedStr):
            fixed = "?".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            words += SQL_STARTS.findall(fixed)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in {"execute", "executemany", "copy_expert", "mogrify"} or not node.args:
            continue
        statement = node.args[0]
        fixed = [part for part in ast.walk(statement) if isinstance(part, ast.Call | ast.JoinedStr | ast.Mod)]
        if fixed:
            words.append(ast.unparse(statement)[:60])
    return words


def test_statements_are_put_together_only_where_it_is_declared():
    assert found_in(SOURCES, formatted_sql).keys() == FORMATTED_SQL.keys()
    assert_reasons(FORMATTED_SQL)


def test_postgresql_s_numbers_have_their_names_in_one_place():
    """Codes of errors, how one is read, and advisory locks: jobs/postgres.py names each once for everybody."""

    # The classes of errors that a program may have an answer to.
    number = re.compile(r"""["'](?:08|23|25|40|53|55|57)[0-9P][0-9]{2}["']|pgcode|sqlstate|_advisory_""")

    def numbers(path):
        return number.findall(path.read_text())

    assert found_in(SOURCES, numbers).keys() == {"jobs/postgres.py"}


def test_markup_is_trusted_only_where_it_is_declared():
    def trusts(path):
        return re.findall(r"\b(mark_safe|SafeString|SafeText|html_safe)\(", path.read_text())

    assert found_in(SOURCES, trusts).keys() == TRUSTED_MARKUP.keys()
    assert_reasons(TRUSTED_MARKUP)


BANNED_IN_TEMPLATES = {
    "markup that is not escaped": r"\|\s*(safe|safeseq)\b|{%\s*autoescape\s+off",
    "inline style": r"\sstyle\s*=|<style\b",
    "inline script": r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>",
    "inline handler": r"\son[a-z]+\s*=\s*[\"']|\shx-on\b",
    "script in an address": r"javascript:",
    "evaluated by htmx": r"hx-(vals|headers)\s*=\s*[\"']\s*js:",
    "somebody else's server": r"""(src|href|action)\s*=\s*["'](https?:)?//""",
}
BANNED_IN_SCRIPTS = {
    "text as markup": r"\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|setHTMLUnsafe|writeln)\b",
    "text as code": r"\beval\s*\(|new\s+Function\b|set(Timeout|Interval)\s*\(\s*[\"'`]",
    "inline style": r"setAttribute\(\s*[\"']style[\"']",
    "somebody else's server": r"https?://(?!www\.w3\.org/)",
}


@pytest.mark.parametrize("rule", BANNED_IN_TEMPLATES)
def test_templates_hold_nothing_that(rule):
    pattern = re.compile(BANNED_IN_TEMPLATES[rule], re.IGNORECASE)

    assert found_in(TEMPLATES, lambda path: [match[0] for match in pattern.finditer(path.read_text())]) == {}


@pytest.mark.parametrize("rule", BANNED_IN_SCRIPTS)
def test_scripts_hold_nothing_that(rule):
    pattern = re.compile(BANNED_IN_SCRIPTS[rule])

    assert found_in(SCRIPTS, lambda path: [match[0] for match in pattern.finditer(path.read_text())]) == {}


@pytest.mark.parametrize(
    ("rules", "rule", "bad"),
    [
        (BANNED_IN_TEMPLATES, "markup that is not escaped", "{{ note|safe }}"),
        (BANNED_IN_TEMPLATES, "inline style", '<p style="color: red">'),
        (BANNED_IN_TEMPLATES, "inline script", "<script>go()</script>"),
        (BANNED_IN_TEMPLATES, "inline handler", '<a onclick="go()">'),
        (BANNED_IN_TEMPLATES, "somebody else's server", '<img src="//cdn.example/x.png">'),
        (BANNED_IN_SCRIPTS, "text as markup", "box.innerHTML = name"),
        (BANNED_IN_SCRIPTS, "text as code", "eval(name)"),
    ],
)
def test_the_scans_find_what_they_look_for(rules, rule, bad):
    assert re.search(rules[rule], bad, re.IGNORECASE)


def test_every_exception_for_the_linter_gives_a_reason():
    def silent(path):
        return [
            line.strip()
            for line in path.read_text().splitlines()
            if re.search(r"#\s*noqa(?!:\s*[A-Z0-9, ]+ \(\w[^)]{3,})", line) or "type: ignore" in line
        ]

    sources = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), ROOT / "manage.py"]
    assert found_in([path for path in sources if path != Path(__file__)], silent) == {}


def test_every_task_is_known():
    celery.loader.import_default_modules()
    ours = {task for task in celery.tasks if not task.startswith("celery.")}

    assert ours == TASKS.keys()
    assert_reasons(TASKS)


def test_the_beat_calls_tasks_that_exist():
    scheduled = {entry["task"] for entry in celery.conf.beat_schedule.values()}

    assert scheduled == TASKS.keys() - RUNG_ONLY.keys()
    assert_reasons(RUNG_ONLY)


def test_nothing_gets_in_by_pickle():
    assert celery.conf.accept_content == ["json"]
    assert celery.conf.task_serializer == "json"
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


def test_passwords_are_hashed_with_argon2():
    text = (ROOT / "leadfunnel" / "settings.py").read_text()
    hashers = re.findall(r'"django\.contrib\.auth\.hashers\.(\w+)"', text)

    assert hashers[0] == "Argon2PasswordHasher"


def test_no_signals_of_our_own():
    def listens(path):
        return re.findall(r"@receiver|\b(?:post|pre)_(?:save|delete)\b|\.connect\(", path.read_text())

    listeners = found_in([path for path in SOURCES if not name(path).startswith("leadfunnel/")], listens)

    assert listeners.keys() == {"team/apps.py"}  # post_migrate, to give the roles their permissions


def test_nobody_but_the_edge_asks_what_time_it_is():
    edge = re.compile(r"(^leadfunnel/|views|tasks|commands|web/|admin|apps\.py|management)")

    def asks(path):
        if edge.search(name(path)):
            return []
        return re.findall(r"timezone\.now\(\)|datetime\.now\(|date\.today\(|localdate\(\)", path.read_text())

    assert found_in(SOURCES, asks) == {}


def test_no_script_asks_the_browser_what_time_it_is():
    """Times are written by the server, in the reader's zone."""

    def asks(path):
        return re.findall(r"\bnew Date\b|\bDate\.now\b|\bDate\(\)", path.read_text())

    assert found_in(SCRIPTS, asks) == {}


def test_no_statement_asks_the_database_what_time_it_is():
    """Except in judging how long its own transactions have been open. A test that did would differ with the hour that
    it is run as (bin/test --at)."""

    def asks(path):
        function = r"(?<![\w.])(?<!def )(?:now|(?:clock|statement|transaction)_timestamp)\(\)"
        return re.findall(rf"(?i){function}|\bcurrent_(?:date|time|timestamp)\b", path.read_text())

    tests = sorted((ROOT / "tests").rglob("*.py"))
    assert found_in([*SOURCES, *tests], asks).keys() == {"insights/invariants.py"}


def test_every_page_that_is_named_can_be_read():
    """A page of documentation that stands elsewhere helps nobody who has only this repository."""
    kinds = {".py", ".md", ".html", ".js", ".css", ".toml", ".ini", ""}
    folders = [ROOT / folder for folder in (*ROOMS, "bench", "bin", "docs", "static", "templates", "tests")]
    texts = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix in kinds]

    def missing(path):
        places = (ROOT, ROOT / "docs", path.parent)
        named = re.findall(r"[\w./-]+\.md\b", path.read_text())
        return [page for page in named if not any((place / page).is_file() for place in places)]

    assert found_in([*texts, *ROOT.glob("*.md"), *ROOT.glob(".importlinter")], missing) == {}
