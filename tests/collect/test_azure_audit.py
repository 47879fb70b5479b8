"""From Azure to the ledger, as a user runs it: the totals are exact to the last digit."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import yaml

from builders.azure import NOW, SCOPE
from builders.azure_bills import QUERY, Pair, a_pair, export
from builders.focus_cost import focus_cost
from quaestor.cli.main import run

pytestmark = pytest.mark.real

OCTOBER = "20261001-20261031"
PART = "part_0_0001.csv"
SUMS = "select count(*), sum(BilledCost), sum(EffectiveCost) from focus.charge"
# What the landed files claim, less what is in quarantine, against what was charged.
BOOKS = (
    "select count(*) from focus.file "
    "where rows_landed <> rows_loaded + rows_quarantined + rows_left_out"
)


@pytest.fixture
def program(tmp_path, monkeypatch, capsys):
    """The program in a folder with one source; it gives exit code and output."""
    monkeypatch.chdir(tmp_path)

    def configured(**source):
        text = yaml.safe_dump({"currency": "EUR", "sources": [{"name": "azure", **source}]})
        (tmp_path / "quaestor.yaml").write_text(text)

    def asked(*arguments):
        capsys.readouterr()
        code = run([*arguments])
        return code, capsys.readouterr().out

    asked.configured = configured
    return asked


def rows(program, sql):
    """Ask the warehouse; numbers as decimals."""
    code, out = program("query", sql, "--format", "csv")
    assert code == 0
    return [[Decimal(value) for value in line.split(",")] for line in out.splitlines()[1:]]


def on(container):
    """The source's keys; the connection string is of the environment."""
    return {
        "kind": "azure-export",
        "account_url": container.account_url,
        "container": container.name,
        "prefix": "exports/",
        "connection_string": "${AZURE_STORAGE_CONNECTION_STRING}",
    }


@pytest.fixture
def exports(container, monkeypatch):
    """A container whose connection string is in the environment."""
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", container.connection_string)
    return container


def test_a_focus_export_is_audited_to_the_last_digit(program, exports):
    """Restated once: the sum is that of the newest delivery, not of both."""
    program.configured(**on(exports))
    amounts = ("1.6010100000E-07", "0.1234567890123456", "-0.08")
    old = export({"BilledCost": "999"}, like=focus_cost("1.0"))
    new = export(
        *({"BilledCost": amount, "EffectiveCost": amount} for amount in amounts),
        like=focus_cost("1.0"),
    )
    exports.deliver(f"exports/focus/{OCTOBER}/202610300310/aa", {PART: old})
    exports.deliver(f"exports/focus/{OCTOBER}/202610310310/bb", {PART: new})
    program("audit", "--now", f"{NOW}")
    total = sum(map(Decimal, amounts))

    assert rows(program, SUMS) == [[3, total, total]]
    assert rows(program, BOOKS) == [[0]]


def test_a_pair_of_exports_is_joined(program, exports):
    """Actual and amortised cost of one subscription: billed as one says, worth as the other."""
    program.configured(**on(exports))
    pair = a_pair()
    for name, dataset, content in (
        ("one", "ActualCost", pair.actual),
        ("two", "AmortizedCost", pair.amortised),
    ):
        folder = f"exports/{name}/{OCTOBER}/202611010310/{name}"
        exports.deliver(folder, {PART: export(*content)}, dataset)
    program("audit", "--now", f"{NOW}")

    billed, worth = Pair.total(pair.actual), Pair.total(pair.amortised)
    assert rows(program, SUMS) == [[29, billed, worth]]
    assert rows(program, BOOKS) == [[0]]


@pytest.mark.usefixtures("identity", "waits")
def test_answers_of_the_query_api_are_joined(program, wiremock):
    """The landed CSV is what normalise reads: two datasets, one bill."""
    program.configured(
        kind="azure-cost", scope=SCOPE, method="query", endpoint=wiremock.url, since="2126-11-01"
    )
    names = [name for name in QUERY if name != "dataset"]
    amounts = {"ActualCost": ("1.25", "365"), "AmortizedCost": ("1.25", "0.5")}
    kinds = {"365": ("Purchase", "Reservation"), "0.5": ("Usage", "Reservation")}
    for dataset, costs in amounts.items():
        answer = []
        for cost in costs:
            charge, model = kinds.get(cost, ("Usage", "OnDemand"))
            row = {**QUERY, "UsageDate": "21261105", "ChargeType": charge, "PricingModel": model}
            answer.append([Decimal(cost) if name == "Cost" else row[name] for name in names])
        told = {"columns": [{"name": name, "type": "String"} for name in names], "rows": answer}
        wiremock.answer(
            "POST",
            f"{SCOPE}/providers/Microsoft.CostManagement/query",
            {
                "body": json.dumps({"properties": told}, default=float),
                "headers": {"Content-Type": "application/json"},
            },
            bodyPatterns=[{"matchesJsonPath": f"$[?(@.type == '{dataset}')]"}],
        )
    program("audit", "--now", f"{NOW}")

    assert rows(program, SUMS) == [[3, Decimal("366.25"), Decimal("1.75")]]
    assert rows(program, BOOKS) == [[0]]


def test_a_half_written_month_is_a_blind_spot(program, exports, capsys):
    """Exit code 3, the month and the remedy; the other month is loaded."""
    program.configured(**on(exports))
    row = focus_cost("1.0")
    exports.deliver(f"exports/focus/{OCTOBER}", {PART: export({"BilledCost": "2"}, like=row)})
    exports.write(f"exports/focus/20261101-20261130/{PART}", "BilledCost\n")

    assert run(["collect", "--now", f"{NOW}"]) == 3
    assert run(["build", "--now", f"{NOW}"]) == 3
    said = capsys.readouterr().err
    assert "2026-11: it is half written: its manifest is missing" in said
    assert rows(program, "select sum(BilledCost) from focus.charge") == [[2]]
