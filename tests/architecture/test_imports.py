"""Who may import what, and what a quick command never pays for."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src" / "quaestor"

# Each outside library, and the one package that may speak to it.
ONLY = {
    "duckdb": "warehouse",
    "mlflow": "collect",
    "boto3": "collect",
    "azure": "collect",
    "google": "collect",
    "kubernetes": "collect",
    "jinja2": "report",
    "vl_convert": "report",
    "click": "cli",
    "statsmodels": "ledger",
    "pyspark": "warehouse",
    "sqlglot": "warehouse",
}
# Needed by some commands only, so never imported at module level.
LATE = {"mlflow", "boto3", "azure", "google", "kubernetes", "jinja2", "vl_convert", "pandas"}
LATE |= {"statsmodels", "pyspark"}
HEAVY = {*LATE, "sqlglot", "duckdb", "numpy", "pyarrow", "requests", "asyncio", "sqlite3"}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported top-level name, and whether importing the module imports it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for holder in ast.walk(tree)
        if isinstance(holder, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(holder, ast.If) and ast.unparse(holder.test) == "TYPE_CHECKING")
        for node in ast.walk(holder)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            yield name.partition(".")[0], id(node) not in inside


def test_contracts_are_kept():
    """One direction, held by import-linter as pyproject.toml says it."""
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=SRC.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout


def test_each_library_has_one_package_that_speaks_to_it():
    """Also inside functions and under TYPE_CHECKING."""
    wrong = [
        f"{path.relative_to(SRC)} imports {name}"
        for path in SRC.rglob("*.py")
        for name, _ in imports(path)
        if name in ONLY and path.relative_to(SRC).parts[0] != ONLY[name]
    ]

    assert wrong == []


def test_libraries_of_single_commands_are_imported_late():
    """Nobody needs boto3 to read an Azure bill, nor pandas to run the gate."""
    wrong = [
        f"{path.relative_to(SRC)} imports {name}"
        for path in SRC.rglob("*.py")
        for name, at_import in imports(path)
        if at_import and name in LATE
    ]

    assert wrong == []


def test_what_the_gate_imports_makes_no_dataclasses(tmp_path: Path):
    """To make a dataclass takes forty times as long as a msgspec Struct, and it needs forty."""
    script = (
        "import dataclasses, sys\nmade = []\nreal = dataclasses._process_class\n"
        "def process(cls, *rest, **more):\n"
        "    made.append(f'{cls.__module__}.{cls.__name__}')\n"
        "    return real(cls, *rest, **more)\n"
        "dataclasses._process_class = process\n"
        "from quaestor.cli.main import run\nrun(['gate', 'a:1'])\n"
        "import quaestor.audit.evaluate, quaestor.cli.gate_show\nprint('made:', *made)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    made = {name for name in result.stdout.rpartition("made:")[2].split() if "quaestor" in name}

    assert made == {"quaestor.core.finding.Finding"}  # it makes its parts when they are asked for


@pytest.mark.parametrize(
    ("program", "unwanted"),
    [
        ("import quaestor", HEAVY | {"click", "yaml", "msgspec"}),
        ("from quaestor.cli.main import run; run(['--help'])", HEAVY),
        ("from quaestor.cli.main import run; run(['gate', '--help'])", HEAVY),
        ("from quaestor.cli.main import run; run(['gate', 'a:1'])", HEAVY),
    ],
)
def test_start_is_short(program: str, unwanted: set[str], tmp_path: Path):
    """Help and the gate load no library that they do not use."""
    script = f"import sys\n{program}\nprint('loaded:', *sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.rpartition("loaded:")[2].split())

    assert loaded & unwanted == set()
