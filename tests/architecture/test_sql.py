"""SQL reads one way: focus, usage, registry -> ledger -> audit -> report."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
SRC = CHECKOUT / "src" / "quaestor"

FACTS = {"focus", "usage", "registry"}
READERS = {"ledger", "audit", "registry", "config", "meta"}  # what may be shown to people
# Folder -> the schemas its SQL may read. The longest folder that fits counts.
READS = {
    "src/quaestor/normalise": FACTS | {"config", "quarantine", "meta"},
    # The reconciliation counts what was refused.
    "src/quaestor/ledger": FACTS | {"ledger", "config", "quarantine"},
    # The gate asks the quarantine whether evidence about its target could not be read.
    "src/quaestor/audit": {"registry", "usage", "ledger", "audit", "meta", "config", "quarantine"},
    "src/quaestor/report": READERS,
    "src/quaestor/notify": READERS,
    "src/quaestor/cli": READERS,
    "src/quaestor/demo": READERS | {"estate"},  # estate: the outside, made up
    "src/quaestor/collect": set(),
    "src/quaestor/core": set(),
    "policies": {"registry", "usage", "ledger"},
    "reports": READERS,
}
# `quaestor explain` traces a figure down to the bill's rows, a finding to those it rests on.
EXPLAINS = "explain_"
SCHEMAS = {*FACTS, "ledger", "audit", "config", "quarantine", "meta"}
CLOCKS = re.compile(
    r"\b(?:now|today|random|uuid|gen_random_uuid|get_current_timestamp|setseed)\s*\(\s*\)"
    r"|\bcurrent_(?:date|time|timestamp)\b",
    re.IGNORECASE,
)
EMBEDDED = re.compile(rf"\b(?:from|join)\s+({'|'.join(sorted(SCHEMAS))})\.", re.IGNORECASE)


def sql_files() -> list[Path]:
    """Every SELECT of the product that has a file of its own."""
    places = [*SRC.rglob("*.sql"), *(CHECKOUT / "reports").rglob("*.sql")]
    return sorted(
        path
        for path in places
        if "warehouse" not in path.relative_to(CHECKOUT).parts and not path.stem.endswith("macros")
    )


def policies() -> list[tuple[str, dict[str, Any]]]:
    """Every policy, as parsed YAML."""
    return [
        (str(path.relative_to(CHECKOUT)), yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted((CHECKOUT / "policies").glob("*/*.yaml"))
        if not path.name.endswith(".cases.yaml") and path.parent.name != "packs"
    ]


def parsed(sql: str) -> dict[str, Any]:
    """Return the engine's own syntax tree of one or more SELECTs."""
    with duckdb.connect() as engine:
        (text,) = engine.execute("select json_serialize_sql(?)", [sql]).fetchone() or ("",)
    tree: dict[str, Any] = json.loads(text)
    assert not tree["error"], tree.get("error_message")
    return tree


def relations(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield schema and name of everything a statement reads; the schema is '' for a `with`."""
    if isinstance(tree, dict):
        if tree.get("type") == "BASE_TABLE":
            yield tree["schema_name"], tree["table_name"]
        for value in tree.values():
            yield from relations(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from relations(value)


def withs(tree: Any) -> Iterator[str]:
    """Yield the names that a statement's `with` clauses define."""
    if isinstance(tree, dict):
        for entry in (tree.get("cte_map") or {}).get("map", []):
            yield entry["key"]
        for value in tree.values():
            yield from withs(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from withs(value)


def allowed(path: str) -> set[str]:
    """Return the schemas that SQL of a file may read."""
    folder = max((place for place in READS if path.startswith(place + "/")), key=len)
    explains = path.startswith("src/quaestor/report/sql/" + EXPLAINS)
    return READS[folder] | ({"focus", "usage"} if explains else set())


def ids(value: object) -> str:
    return str(value.relative_to(CHECKOUT)) if isinstance(value, Path) else str(value)


@pytest.mark.parametrize("path", sql_files(), ids=ids)
def test_a_model_is_one_select_that_reads_one_way(path: Path):
    """One SELECT, schema-qualified tables, and none that lies further down the journey."""
    name = str(path.relative_to(CHECKOUT))
    tree = parsed(path.read_text(encoding="utf-8"))
    read = set(relations(tree))
    unqualified = {table for schema, table in read if not schema} - set(withs(tree))
    if name.startswith("src/quaestor/normalise/"):
        unqualified = set()  # the landed file is a relation of the session, without a schema

    assert len(tree["statements"]) == 1
    assert {schema for schema, _ in read if schema} - allowed(name) == set()
    assert unqualified == set()


@pytest.mark.parametrize("path", sql_files(), ids=ids)
def test_a_model_says_what_it_is(path: Path):
    """A header comment: a sentence; for a table also its grain."""
    header = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("--"):
            break
        header.append(line.removeprefix("--").strip())
    text = "\n".join(header)

    assert re.match(r"[A-Z`$].*\.", text, re.DOTALL), "a sentence"
    if "sql" in path.parts and "report" not in path.parts:
        assert re.search(r"^grain\s", text, re.MULTILINE), "a grain"


@pytest.mark.parametrize("path", sql_files(), ids=ids)
def test_no_model_reads_the_clock(path: Path):
    """`$now` is a parameter; the same warehouse gives the same figures tomorrow."""
    code = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))

    assert CLOCKS.findall(code) == []


SECTIONS = sorted((CHECKOUT / "reports").rglob("*.sql"))


@pytest.mark.parametrize("path", SECTIONS, ids=ids)
def test_a_section_of_several_rows_says_in_which_order(path: Path):
    """A document of the same figures is the same document: no engine chooses its order."""
    text = path.read_text(encoding="utf-8")
    (statement,) = parsed(text)["statements"]
    kinds = {modifier["type"] for modifier in statement["node"]["modifiers"]}

    assert "ORDER_MODIFIER" in kinds or not re.search(r"^-- grain +one row (?:per|for)", text, re.M)


@pytest.mark.parametrize(("path", "policy"), policies(), ids=ids)
def test_a_policy_reads_facts_and_the_ledger(path: str, policy: dict[str, Any]):
    """Neither the bill nor another policy's findings, and no clock."""
    if "sql" in policy:
        read = set(relations(parsed(policy["sql"])))
        schemas = {schema for schema, _ in read if schema}
        text = policy["sql"]
    else:
        schemas = {policy["subject"].partition(".")[0]}
        text = " ".join(str(policy.get(key, "")) for key in ("when", "require"))
        schemas |= {match.lower() for match in EMBEDDED.findall(text)}

    assert schemas - allowed(path) == set()
    assert CLOCKS.findall(text) == []


def test_sql_inside_python_reads_one_way_too():
    """What stands in a string is held to the same direction as what stands in a file."""
    wrong = []
    for path in sorted(SRC.rglob("*.py")):
        name = str(path.relative_to(CHECKOUT))
        if path.parent == SRC or name.startswith("src/quaestor/warehouse/"):
            continue  # the journey and the engine may look anywhere
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                read = {schema.lower() for schema in EMBEDDED.findall(node.value)}
                wrong += [f"{name}:{node.lineno} reads {s}" for s in sorted(read - allowed(name))]
                wrong += [f"{name}:{node.lineno} {c}" for c in CLOCKS.findall(node.value)]

    assert wrong == []


def test_macros_are_macros():
    """A file of macros defines them and does nothing else."""
    for path in SRC.rglob("*macros.sql"):
        with duckdb.connect() as engine:
            statements = engine.extract_statements(path.read_text(encoding="utf-8"))
        code = [re.sub(r"--.*", "", statement.query).split() for statement in statements]

        assert {" ".join(words[:5]) for words in code} == {"create or replace temp macro"}
