"""`quaestor export focus`, as it is called."""

from __future__ import annotations

import json
from datetime import date

import pytest

from builders.focus import KINDS, USAGE
from builders.rows import insert


@pytest.fixture
def charges(warehouse):
    """Put charges into the warehouse, as a bill with these columns would be read."""

    def put(*rows, source="bill"):
        for number, row in enumerate(rows, start=1):
            values = {name: value for name, value in row.items() if value}
            place = {"x_file": "bill/files/a.csv", "x_file_sha256": "00", "x_row": number}
            insert(warehouse, "focus.charge", **values, **place, x_source=source)
        warehouse.close()

    return put


def test_it_writes_and_says_where(quaestor, charges, home):
    """One line on standard output, and files whose names say their month."""
    charges(*KINDS)
    said = quaestor("export", "focus", "out", "--version", "1.2")

    assert (said.code, said.out) == (0, "out/focus-1.2: 7 charges in 1 file\n")
    assert sorted(path.name for path in (home / "out" / "focus-1.2").iterdir()) == [
        "2026-10.parquet",
        "manifest.json",
    ]


def test_a_bill_that_keeps_every_rule_passes(quaestor, charges, home):
    """Without a folder nothing is written."""
    charges(*KINDS)
    said = quaestor("export", "focus", "--check")

    assert said.code == 0
    assert said.out.startswith("7 charges, ")
    assert said.out.endswith(" rules of FOCUS 1.4: no MUST and no SHOULD broken\n")
    assert not (home / "out").exists()


def test_a_broken_must_is_shown_and_fails(quaestor, charges, home):
    """Exit 1, with the rule, how many charges, and the first of them; the export is there."""
    charges(USAGE, {**USAGE, "ListCost": "13"}, {**USAGE, "ListCost": "", "Tags": "no json"})
    said = quaestor("export", "focus", "out", "--version", "1.2", "--check")
    lines = said.out.splitlines()

    assert said.code == 1
    assert (home / "out" / "focus-1.2" / "manifest.json").is_file()
    assert [line.split("  ")[0] for line in lines[3:6]] == ["MUST"] * 3
    assert "ListCost is never empty" in lines[3]
    assert "bill/files/a.csv, row 3: Tags no json" in lines[4]
    assert lines[5].endswith(
        "1  bill/files/a.csv, row 2: ListCost 13, ListUnitPrice 6.25, PricingQuantity 2"
    )
    assert lines[6].endswith(" rules of FOCUS 1.2: 3 MUST and no SHOULD broken")


def test_a_broken_should_is_shown_and_passes(quaestor, charges):
    """FOCUS advises; it does not forbid."""
    charges({**USAGE, "PricingUnit": "hrs"})
    said = quaestor("export", "focus", "--check")

    assert said.code == 0
    assert "SHOULD  PricingUnit is written as FOCUS writes units" in said.out


def test_only_some_sources_and_days(quaestor, charges, home):
    """By name, and by billing period."""
    charges(*KINDS)
    said = quaestor("export", "focus", "out", "--source", "bill", "--since", "2026-10-31")
    manifest = json.loads((home / "out" / "focus-1.4" / "manifest.json").read_text())

    assert (said.code, manifest["sources"]) == (0, ["bill"])
    assert quaestor("export", "focus", "out", "--until", "2026-09-30").code == 4


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "no folder to write to"),
        (["--check", "--source", "bil"], "no charge is from a source 'bil'"),
        (["out", "--version", "0.5"], "'0.5' is not one of"),
    ],
)
def test_wrong_usage_is_said(quaestor, charges, arguments, complaint):
    """Exit 2, and what to write instead."""
    charges(USAGE)
    said = quaestor("export", "focus", *arguments)

    assert said.code == 2
    assert complaint in said.err


def test_a_file_in_the_way_is_said(quaestor, charges, home):
    """Exit 2 where the folder is a file, 3 where it cannot be made; the file is left."""
    charges(USAGE)
    (home / "out").write_text("in the way")

    assert quaestor("export", "focus", "out").code == 2
    assert quaestor("export", "focus", "out/deeper").code == 3
    assert (home / "out").read_text() == "in the way"


def test_a_warehouse_without_charges_is_nothing(quaestor, charges):
    """Exit 4: nothing exported, and nothing found conformant."""
    charges()

    assert quaestor("export", "focus", "out").code == 4
    assert quaestor("export", "focus", "--check").code == 4


def test_a_missing_warehouse_is_incomplete(quaestor, home):
    """Exit 3, and none is made by looking for one."""
    said = quaestor("export", "focus", "out")

    assert said.code == 3
    assert not (home / "quaestor.duckdb").exists()


def test_the_ledger_is_exported_beside_the_bill(quaestor, warehouse, home):
    """A folder of its own, so that nobody adds the two together; one line says where."""
    insert(
        warehouse,
        "ledger.cost",
        day=date(2026, 11, 2),
        source="bill",
        cost_kind="direct",
        rule="tag",
        billing_billed_cost=1,
        billing_effective_cost=1,
        charges=1,
    )
    warehouse.close()
    said = quaestor("export", "focus", "out", "--ledger")

    assert (said.code, said.out) == (0, "out/focus-1.4-ledger: 1 line of the ledger in 1 file\n")
    assert sorted(path.name for path in (home / "out" / "focus-1.4-ledger").iterdir()) == [
        "2026-11.parquet",
        "manifest.json",
    ]


@pytest.mark.parametrize("option", ["--check", "--no-custom"])
def test_what_is_about_a_bill_does_not_go_with_the_ledger(quaestor, home, option):
    """Wrong usage, said before anything is read or written."""
    said = quaestor("export", "focus", "out", "--ledger", option)

    assert said.code == 2
    assert "--ledger goes with neither --check nor --no-custom" in said.err
    assert not (home / "out").exists()
