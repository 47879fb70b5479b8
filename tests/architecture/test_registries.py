"""A registry is a dict that one can read, and the folder beside it agrees."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from quaestor.cli.main import COMMANDS, EXIT_CODES, program
from quaestor.collect import COLLECTORS
from quaestor.core.config import Config
from quaestor.core.focus import COLUMNS
from quaestor.core.sources import Source
from quaestor.core.sources.common import BillSchema
from quaestor.ledger import BUILT
from quaestor.ledger.model_file import read
from quaestor.ledger.rules import create_views
from quaestor.normalise import LOADERS, formats
from quaestor.normalise.format import SQL
from quaestor.report.export import FORMATS
from quaestor.report.forms import FORMS
from quaestor.warehouse.duckdb import Warehouse

SRC = Path(__file__).resolve().parents[2] / "src" / "quaestor"
KINDS = sorted((SRC / "ledger" / "sql" / "recommend").glob("*.sql"))
LEDGER = sorted(set((SRC / "ledger" / "sql").rglob("*.sql")) - set(KINDS))
SHARED_OPTIONS = ("--config", "--warehouse", "--now", "--quiet", "--verbose", "--no-color")


def modules_that_offer(folder: str, *names: str) -> set[str]:
    """Return the modules of a package that define all these names at top level."""
    offering = set()
    for path in (SRC / folder).glob("*.py"):
        defined = set()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                defined.add(node.name)
            elif isinstance(node, ast.Assign):
                defined |= {ast.unparse(target) for target in node.targets}
        if set(names) <= defined:
            module = f"quaestor.{folder.replace('/', '.')}.{path.stem}"
            offering.add(module.removesuffix(".__init__"))
    return offering


def command_module(name: str) -> str:
    """Return the module of a command, whose name may have a hyphen."""
    return f"quaestor.cli.{name.replace('-', '_')}"


@pytest.mark.parametrize(
    ("registry", "folder", "offers"),
    [
        (COLLECTORS, "collect", ("collect", "doctor", "permissions")),
        (LOADERS, "normalise", ("load",)),
        (formats.FORMATS, "normalise/formats", ("FORMAT",)),
        (FORMATS, "report/export", ("render",)),
        (FORMS, "report/forms", ("ENDING", "write")),
        ({name: command_module(name) for name in COMMANDS}, "cli", ("command",)),
    ],
    ids=["COLLECTORS", "LOADERS", "FORMATS of bills", "FORMATS of audits", "FORMS", "COMMANDS"],
)
def test_registry_and_folder_agree(registry: dict[str, str], folder: str, offers: tuple[str, ...]):
    """No module is forgotten, and no entry points nowhere."""
    assert set(registry.values()) == modules_that_offer(folder, *offers)


def test_every_source_of_the_configuration_has_its_collector():
    """A `kind:` that quaestor.yaml may name is one that somebody reads, and the other way round."""
    assert {str(kind.__struct_config__.tag) for kind in get_args(Source)} == set(COLLECTORS)


def test_every_format_of_bills_can_be_forced():
    """`schema:` takes each format by the name that the format itself has."""
    names = {formats.named(name).name for name in formats.FORMATS}

    assert names == set(formats.FORMATS)
    assert {formats.named(name).name for name in get_args(BillSchema)} == names


@pytest.mark.parametrize("name", formats.FORMATS)
def test_a_format_of_bills_has_its_scripts(name: str):
    """Two SELECTs and its macros lie in `sql/`, and it speaks of columns that it has."""
    form = formats.named(name)
    scripts = {form.select, form.control, *form.macros}
    spoken_of = {*form.required, *form.vital, *form.gathered, *form.inside, *form.complaints}
    others = set(COLUMNS) if form.keeps_unknown else set()  # it takes every column of FOCUS

    assert form.control == form.select.replace(".sql", "_control.sql")
    assert {script for script in scripts if not (SQL / script).is_file()} == set()
    assert spoken_of - set(form.columns) - others == set()
    assert set(form.complaints) <= set(form.readers)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_how_it_is_used(name: str):
    """`--help` has an example, the shared options, and a sentence for the list of commands."""
    result = CliRunner().invoke(program, [name, "--help"], terminal_width=100)

    assert result.exit_code == 0, result.output
    body = re.sub(r"^Usage:.*$", "", result.output, flags=re.MULTILINE)
    assert f"quaestor {name}" in body, "an example"
    commands = getattr(importlib.import_module(command_module(name)).command, "commands", None)
    if not commands:
        assert [option for option in SHARED_OPTIONS if option not in body] == []


def test_the_program_lists_its_exit_codes():
    """Every code that an error class carries stands in `quaestor --help`."""
    import quaestor.core.errors as errors

    codes = {
        error.exit_code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.QuaestorError)
    }

    assert {str(code) for code in codes} <= set(re.findall(r"^ +(\d+) ", EXIT_CODES, re.MULTILINE))


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    """An empty warehouse, with the views that say whose a charge is."""
    warehouse = Warehouse(":memory:")
    create_views(warehouse, Config())
    return warehouse


@pytest.mark.parametrize("path", LEDGER, ids=lambda path: path.stem)
def test_a_ledger_file_makes_the_table_of_its_name(path: Path, warehouse: Warehouse):
    """The SELECT's columns are the table's: names, order and types, whole numbers of any size."""
    declared = warehouse.columns(f"ledger.{path.stem}")
    sql = read(path).filled({})
    selected = {row[0]: row[1] for row in warehouse.rows(f"describe {sql}")}
    for name, kind in selected.items():
        if {kind, declared.get(name)} <= {"INTEGER", "BIGINT", "HUGEINT"}:
            selected[name] = declared[name]

    assert list(selected.items()) == list(declared.items())


@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.stem)
def test_a_kind_of_advice_gives_assessments(path: Path, warehouse: Warehouse):
    """The SELECT's columns are those of ledger.assessment less the kind: names, order and types."""
    declared = warehouse.columns("ledger.assessment")
    selected = warehouse.rows(f"describe {read(path).filled({})}")

    assert declared.pop("kind") == "VARCHAR"
    assert [(row[0], row[1]) for row in selected] == list(declared.items())


@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.stem)
def test_a_kind_of_advice_says_whom_it_looks_at_and_what_may_be_set(path: Path):
    """Its header names tables that its rows are from, and every parameter is used and explained."""
    kind = read(path)

    assert kind.rows_from
    assert set(re.findall(r"\$([a-z_]\w*)", re.sub(r"--.*", "", kind.sql))) == set(kind.params)
    assert [one.name for one in kind.params.values() if len(one.says.split()) < 3] == []


def test_every_ledger_table_has_its_file(warehouse: Warehouse):
    """A table that nothing fills is a promise broken."""
    tables = warehouse.rows("select table_name from duckdb_tables() where schema_name = 'ledger'")

    states = {"stale_day", "stale_month", "day_state", "row_state"}  # what a build goes by
    made = {path.stem for path in LEDGER} | set(BUILT) | states
    assert made == {name for (name,) in tables}
