"""The bill adds up, line by line; where it does not, the amount is told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.bills import NOW, Bill, csv_text
from builders.curs import cur2_csv
from builders.ledgers import build
from builders.rows import insert
from quaestor import ledger, pipeline
from quaestor.cli.main import run
from quaestor.core.config import Config, FilesSource
from quaestor.core.errors import CheckFailedError
from quaestor.ledger import reconciliation
from quaestor.normalise.format import Format
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.state import read_blind_spots

OCTOBER = datetime(2026, 10, 1)
LINE = """
select billing_account_id, sub_account_id, currency, rows_landed, rows_loaded, rows_left_out,
    rows_quarantined, rows_difference, landed_billed_cost, quarantined_billed_cost, billed_cost,
    billed_difference
from ledger.reconciliation order by all
"""


@pytest.fixture
def bill(tmp_path: Path) -> Bill:
    """A folder for exports, empty."""
    return Bill(tmp_path)


def reconciled(bill: Bill) -> list[tuple[object, ...]]:
    """Load the bill and build the ledger; return its lines, and insist that nothing is told."""
    bill.load()
    build(bill.warehouse)

    assert reconciliation.blind_spots(bill.warehouse) == []
    return bill.warehouse.rows(LINE)


def test_rows_and_sums_are_told_by_account_and_currency(bill: Bill):
    """Landed = in quarantine + charged, in rows and in money, for each currency by itself."""
    bill.write(
        "a.csv",
        csv_text(
            {"BillingAccountId": "p", "SubAccountId": "a", "BilledCost": "1.5"},
            {"BillingAccountId": "p", "SubAccountId": "a", "BilledCost": "-0.25"},
            {"BillingAccountId": "p", "SubAccountId": "b", "BilledCost": "2"},
            {
                "BillingAccountId": "p",
                "SubAccountId": "b",
                "BilledCost": "4",
                "EffectiveCost": "many",
            },
            {"BillingAccountId": "p", "SubAccountId": "a", "BillingCurrency": "EUR"},
        ),
    )

    assert reconciled(bill) == [
        ("p", "a", "EUR", 1, 1, 0, 0, 0, Decimal("1.5"), None, Decimal("1.5"), Decimal(0)),
        ("p", "a", "USD", 2, 2, 0, 0, 0, Decimal("1.25"), None, Decimal("1.25"), Decimal(0)),
        ("p", "b", "USD", 2, 1, 0, 1, 0, Decimal(6), Decimal(4), Decimal(2), Decimal(0)),
    ]


def test_lines_that_cannot_be_split_are_counted(bill: Bill):
    """Nobody knows whose they are, nor what they cost."""
    text = csv_text({}, {}).splitlines()
    bill.write("a.csv", "\n".join([*text, "1,2,3", ""]))
    nothing = (None, None, None)

    assert [line[2:8] for line in reconciled(bill)] == [
        ("USD", 2, 2, 0, 0, 0),
        (None, 1, 0, 0, 1, 0),
    ]
    assert reconciled(bill)[1][8:] == (*nothing, None)


def test_files_that_were_refused_are_a_line(bill: Bill):
    """What they hold is unknown, and is not zero."""
    bill.write("a.csv", csv_text({}))
    bill.write("b.csv", b"")
    bill.write("c.csv", "no,bill\n1,2\n")
    reconciled(bill)

    assert bill.warehouse.rows(
        "select files_refused, rows_landed, landed_billed_cost from ledger.reconciliation "
        "where files_refused > 0"
    ) == [(2, 0, None)]


def test_names_spelt_otherwise_are_the_same_account(bill: Bill):
    """A claim on ABC and a charge to abc are one line, not two that contradict each other."""
    bill.write("a.csv", csv_text({"SubAccountId": "ABC"}))
    bill.load()
    bill.warehouse.run("update focus.charge set SubAccountId = 'abc '")
    build(bill.warehouse)

    assert [line[1] for line in bill.warehouse.rows(LINE)] == ["ABC"]
    assert reconciliation.blind_spots(bill.warehouse) == []


def test_a_bill_that_does_not_add_up_is_told_with_its_amount(bill: Bill):
    """Source, period, account, currency and amount, down to the last digit."""
    bill.write("a.csv", csv_text({"BillingAccountId": "p", "SubAccountId": "a"}))
    bill.load()
    bill.warehouse.run(
        "update focus.charge set BilledCost = BilledCost + 0.00000000000000000001::decimal(38, 20)"
    )
    build(bill.warehouse)
    [spot] = reconciliation.blind_spots(bill.warehouse)

    assert (spot.source, spot.scope, spot.period) == ("bill", "account p / a", "2026-10")
    assert (spot.amount, spot.currency) == (Decimal("-0.00000000000000000001"), "USD")
    assert spot.reason == (
        "the bill does not add up: the files state 1.5 USD billed cost, and "
        "1.50000000000000000001 USD were charged, a difference of -0.00000000000000000001 USD"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("delete from focus.charge where x_row = 1", "1 landed row is accounted for nowhere"),
        ("delete from focus.control", "2 rows more than were landed are loaded"),
        (
            "delete from focus.control",
            "the files state nothing billed cost, and 3 USD were charged",
        ),
        ("update focus.charge set EffectiveCost = 0", "3 USD effective cost, and 0 USD"),
        ("update focus.charge set SubAccountId = 'b'", "and 0 USD were charged"),
        ("update focus.charge set BillingCurrency = 'EUR'", "and 0 USD were charged"),
    ],
)
def test_whatever_is_lost_moved_or_made_up_is_told(bill: Bill, change: str, told: str):
    """A row, a cost, an account, a currency."""
    bill.write("a.csv", csv_text({}, {}))
    bill.load()
    bill.warehouse.run(change)
    build(bill.warehouse)

    assert told in " ".join(spot.reason for spot in reconciliation.blind_spots(bill.warehouse))


def test_the_audit_says_so_and_is_incomplete(bill: Bill, monkeypatch: pytest.MonkeyPatch):
    """Exit code 3, with the amount; the figures are there, and so is the warning."""
    script = Format.script
    monkeypatch.setattr(
        Format,
        "script",
        lambda form, name: script(form, name).replace("BilledCost as", "BilledCost + 1 as"),
    )
    bill.write("a.csv", csv_text({}))
    (bill.folder / "quaestor.yaml").write_text("sources: [{name: b, kind: files, path: bills}]\n")
    monkeypatch.chdir(bill.folder)
    run(["collect", "--quiet"])
    code = run(["build", "--quiet"])
    with Warehouse("quaestor.duckdb", read_only=True) as warehouse:
        told = read_blind_spots(warehouse)

    assert code == 3
    assert [(spot.source, spot.period, spot.amount, spot.currency) for spot in told] == [
        ("b", "2026-10", Decimal(1), "USD")
    ]


def test_a_cost_that_no_file_states_is_held_against_nothing():
    """NULL, not zero: neither it nor its difference is known."""
    warehouse = a_line(landed_billed_cost="1")

    assert warehouse.row(
        "select landed_effective_cost, effective_cost, effective_difference, billed_difference "
        "from ledger.reconciliation"
    ) == (None, Decimal(1), None, Decimal(0))
    assert reconciliation.blind_spots(warehouse) == []


def test_one_row_may_be_several_charges():
    """It is counted once among the rows, and its charges' sum is what the row states."""
    warehouse = a_line(charges=("0.75", "0.25"), landed_billed_cost="1", landed_effective_cost="1")

    assert warehouse.row(
        "select rows_loaded, charges, rows_difference, billed_difference from ledger.reconciliation"
    ) == (1, 2, 0, Decimal(0))


def a_line(*, charges: tuple[str, ...] = ("1",), **claims: str) -> Warehouse:
    """A file of one row that became these charges, and what it claims."""
    warehouse = Warehouse(":memory:")
    key = {"source": "bill", "sha256": "00"}
    rows = {"rows_landed": 1, "rows_left_out": 0, "rows_quarantined": 0}
    for cost in charges:
        insert(
            warehouse, "focus.charge", BilledCost=cost, EffectiveCost=cost, BillingCurrency="USD",
            BillingPeriodStart=OCTOBER, ChargePeriodStart=OCTOBER, x_source="bill", x_file="a",
            x_file_sha256="00", x_row=1,
        )  # fmt: skip
    insert(
        warehouse, "focus.file", **key, file="a", scope="a", read_as="", format="cur", **rows,
        rows_loaded=1, charges=len(charges), values_rounded=0, amount_cut=0,
    )  # fmt: skip
    insert(
        warehouse, "focus.control", **key, billing_period_start=OCTOBER, currency="USD", **rows,
        **claims,
    )  # fmt: skip
    build(warehouse)
    return warehouse


def test_a_file_whose_rows_are_not_all_accounted_for_stops_the_ledger():
    """Landed = loaded + left out + in quarantine, or nothing is built on it."""
    warehouse = a_line()
    warehouse.run("update focus.file set rows_landed = 2")

    with pytest.raises(CheckFailedError, match="every landed row is accounted for"):
        ledger.build(warehouse, Config(), lambda _: None)


AMOUNTS = st.decimals(-(10**9), 10**9, places=20, allow_nan=False)
ROWS = st.tuples(AMOUNTS, st.sampled_from(["USD", "EUR", ""]), st.sampled_from("ab"), st.booleans())


@settings(max_examples=20)  # each is a bill landed, loaded and built
@given(st.lists(ROWS, min_size=1, max_size=30))
def test_every_bill_adds_up(tmp_path_factory: pytest.TempPathFactory, rows: list):
    """Any costs, currencies and accounts, some rows unreadable: no difference, ever."""
    bill = Bill(tmp_path_factory.mktemp("bill"))
    charges = [
        {
            "BilledCost": f"{cost:f}",
            "EffectiveCost": f"{cost:f}" if good else "?",
            "BillingCurrency": currency,
            "SubAccountId": account,
        }
        for cost, currency, account, good in rows
    ]
    bill.write("a.csv", csv_text(*charges))
    lines = reconciled(bill)

    assert sum(line[3] for line in lines) == len(rows)
    assert {line[11] for line in lines if line[8] is not None} == {Decimal(0)}


@pytest.mark.thirdparty
@pytest.mark.parametrize("provider", ["aws", "azure", "gcp", "oci", "focus", "focus_spec12"])
def test_real_bills_add_up(tmp_path: Path, reference: Path, provider: str):
    """Whatever their format: what each file states is charged or waits in quarantine."""
    for path in sorted((reference / provider).glob("*.csv*")):
        bill = Bill(tmp_path / path.stem)
        bill.folder.mkdir()
        bill.write(path.name, path.read_bytes())
        bill.load()
        build(bill.warehouse)

        assert reconciliation.blind_spots(bill.warehouse) == [], path.name


def test_an_account_whose_days_are_in_two_bills_is_told(bill: Bill):
    """A report and a FOCUS export of one bucket are two statements of the same money."""
    bill.write("a.csv", cur2_csv({"line_item_usage_account_id": "111"}, {}))
    bill.write("b.csv", csv_text({"SubAccountId": "111"}, {"SubAccountId": "222"}))
    bill.load()
    build(bill.warehouse)
    [spot] = reconciliation.blind_spots(bill.warehouse)

    assert (spot.source, spot.scope, spot.period) == ("bill", "account 111", "2026-10")
    assert spot.reason == (
        "the same days are billed by bill (cur) and by bill (focus); what they have in common is "
        "counted more than once"
    )


def test_two_sources_of_the_same_days_are_told_and_of_other_days_are_not(tmp_path: Path):
    """As where Cost Explorer stays configured after an export was set up."""
    later = {"ChargePeriodStart": "2026-10-09T00:00:00Z", "ChargePeriodEnd": "2026-10-10T00:00:00Z"}
    for name, charge in (("a", {}), ("b", {"BilledCost": "2"}), ("c", later)):
        (tmp_path / f"{name}.csv").write_text(csv_text({"SubAccountId": "111", **charge}))
    sources = tuple(FilesSource(name=name, path=f"{name}.csv") for name in "abc")
    config = Config(sources=sources, base=str(tmp_path))
    pipeline.collect(config, now=NOW, progress=lambda _: None)
    built = pipeline.build(config, tmp_path / "w.duckdb", now=NOW, progress=lambda _: None)

    assert [spot.reason.partition(";")[0] for spot in built.blind_spots] == [
        "the same days are billed by a (focus) and by b (focus)"
    ]


def test_months_of_one_account_from_several_files_and_formats_are_not_told(bill: Bill):
    """Whoever went from one export to the other in mid-month has each day once."""
    bill.write("a.csv", cur2_csv({"line_item_usage_account_id": "111"}))
    later = {"ChargePeriodStart": "2026-10-06T00:00:00Z", "ChargePeriodEnd": "2026-10-07T00:00:00Z"}
    bill.write("b.csv", csv_text({"SubAccountId": "111", **later}))
    bill.write("c.csv", csv_text({"SubAccountId": "111", "BilledCost": "7", **later}))

    assert len(reconciled(bill)) == 2


def told_of(tmp_path: Path, one: dict[str, str], other: dict[str, str]) -> list[tuple[str, str]]:
    """What is told of two sources, each of one charge."""
    for name, charge in (("a", one), ("b", {"BilledCost": "2", **other})):
        (tmp_path / f"{name}.csv").write_text(csv_text(charge))
    sources = tuple(FilesSource(name=name, path=f"{name}.csv") for name in "ab")
    config = Config(sources=sources, base=str(tmp_path))
    pipeline.collect(config, now=NOW, progress=lambda _: None)
    built = pipeline.build(config, tmp_path / "w.duckdb", now=NOW, progress=lambda _: None)
    return [(spot.scope, spot.reason.partition(";")[0]) for spot in built.blind_spots]


SAME_DAYS = "the same days are billed by a (focus) and by b (focus)"


@pytest.mark.parametrize(
    ("one", "other", "scope"),
    [
        ({"SubAccountId": "1"}, {"SubAccountId": "1", "ProviderName": "Amazon Web Services"}, "1"),
        ({"ProviderName": "Azure"}, {"ProviderName": "Microsoft Azure"}, None),
        (
            {"SubAccountId": "111122223333", "ProviderName": ""},
            {"SubAccountId": "111122223333", "ProviderName": "A Reseller"},
            "111122223333",
        ),
        ({"BillingAccountId": "p"}, {"BillingAccountId": "P"}, "p"),
        ({"BillingAccountId": "p", "SubAccountId": "s"}, {"BillingAccountId": "p"}, "p"),
        ({"BillingAccountId": "p", "SubAccountId": "s"}, {}, None),
        (
            {"BillingAccountId": "x/billingAccounts/7-A"},
            {"BillingAccountId": "7-A", "SubAccountId": "project"},
            "7-a",
        ),
    ],
)
def test_bills_that_name_an_account_otherwise_or_not_at_all_are_told(
    tmp_path: Path, one: dict[str, str], other: dict[str, str], scope: str | None
):
    """Whose bill it is goes by the provider's id, however its name is spelt; unknown is told."""
    where = f"account {scope}" if scope else "accounts that a bill does not name"

    assert told_of(tmp_path, one, other) == [(where, SAME_DAYS)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"SubAccountId": "1"}, {"SubAccountId": "2"}),
        ({"BillingAccountId": "p", "SubAccountId": "s"}, {"BillingAccountId": "q"}),
        ({"SubAccountId": "1"}, {"SubAccountId": "1", "ProviderName": "Another Cloud"}),
        ({}, {"ProviderName": "Another Cloud"}),
        ({"ProviderName": ""}, {"ProviderName": ""}),
    ],
)
def test_bills_of_other_accounts_and_providers_are_not_told(
    tmp_path: Path, one: dict[str, str], other: dict[str, str]
):
    """A charge to an account of one's own is counted by nobody else."""
    assert told_of(tmp_path, one, other) == []
