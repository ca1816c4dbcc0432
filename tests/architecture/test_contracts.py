"""Who may import whom stands in .importlinter; here, that it is kept and leaves nothing out."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

from leadfunnel.environment import ROOT

CONTRACTS = configparser.ConfigParser(delimiters=("=",), comment_prefixes=(";",))
CONTRACTS.read(ROOT / ".importlinter")
LAYERS = [section for section in CONTRACTS.values() if section.get("type") == "layers"]
ROOMS = CONTRACTS["importlinter:contract:rooms"]


def words(text):
    return re.findall(r"[a-z_.]+", text)


def packages():
    """The folders of Python modules; bin/ holds scripts, and tests/ is no part of the program."""
    return {path.parent.name for path in ROOT.glob("*/*.py")} - {"bin", "tests"}


def test_the_contracts_are_kept():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout


def test_every_package_is_a_room_under_contract():
    rooms = packages()

    assert set(words(CONTRACTS["importlinter"]["root_packages"])) == rooms
    assert set(words(ROOMS["layers"])) == rooms
    assert set(words(CONTRACTS["importlinter:contract:circles"]["ancestors"])) == rooms
    assert {word for section in LAYERS for word in words(section.get("containers", ""))} >= rooms


def test_a_package_of_several_modules_has_a_contract_of_its_own():
    """Django runs migrations and commands one by one; none imports another."""
    inside = {word for section in LAYERS for word in words(section.get("containers", ""))}
    folders = {path.parent.relative_to(ROOT) for room in packages() for path in (ROOT / room).rglob("*.py")}
    several = [
        folder
        for folder in folders
        if folder.name not in {"migrations", "commands"}
        and len([path for path in (ROOT / folder).glob("*.py") if path.stem != "__init__"]) > 1
    ]

    assert [name for name in (".".join(folder.parts) for folder in several) if name not in inside] == []


def test_no_folder_of_modules_hides_from_the_contracts():
    folders = {path.parent for room in packages() for path in (ROOT / room).rglob("*.py")}

    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_inside_a_room_every_module_has_its_place():
    assert [section.name for section in LAYERS if section is not ROOMS and section.get("exhaustive") != "True"] == []


def test_the_contracts_make_no_exceptions():
    known = {"name", "type", "layers", "containers", "exhaustive", "ancestors", "root_packages"}

    assert {option for section in CONTRACTS.values() for option in section} == known
    assert "(" not in "".join(section["layers"] for section in LAYERS)


def test_only_the_edge_knows_http():
    """The name of a page counts as well: a room that names one knows who stands above it."""
    below = packages() - {"web", "api", "demo", "bench", "leadfunnel"}
    modules = [path for room in below for path in (ROOT / room).rglob("*.py") if path.stem != "admin"]
    known = re.compile(r"""["'](?:web|api):|\bdjango\.(?:http|shortcuts|urls|views)\b""")

    assert modules
    assert [path for path in modules if known.search(path.read_text())] == []
