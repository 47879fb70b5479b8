"""Cost Explorer, as moto answers the real boto3: paged, few calls, exact to the digit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from builders.aws import Aws, Fault
from quaestor.collect import aws_cost_explorer
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import IncompleteError
from quaestor.core.sources import AwsCostExplorerSource
from quaestor.normalise import bill as bills
from quaestor.normalise import currency, formats
from quaestor.normalise.formats.cost_explorer import HEADER
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)


@dataclass
class Asked:
    """A source, its landing folder and what was said."""

    landing: Landing
    source: AwsCostExplorerSource
    said: list[str]

    def collect(self, now: datetime = NOW, **changes: Any) -> None:
        """Look at the source as the pipeline does."""
        source = msgspec.structs.replace(self.source, **changes)
        aws_cost_explorer.collect(
            source, Config(), self.landing, now=now, progress=self.said.append
        )

    def rows(self) -> list[list[str]]:
        """What is in force, file by file."""
        manifest = self.landing.current()
        assert manifest
        return [
            (self.landing.root / file.path).read_text().splitlines()[1:] for file in manifest.files
        ]


@pytest.fixture
def bill(tmp_path: Path, aws: Aws) -> Asked:
    """The source `ce`, of two months."""
    source = AwsCostExplorerSource(name="ce", months=2)
    return Asked(Landing(tmp_path / "landing", "ce"), source, [])


def group(amount: str, *keys: str) -> dict[str, Any]:
    """One group of a day; every metric is the same amount, as text."""
    money = {"Amount": amount, "Unit": "USD"}
    return {
        "Keys": list(keys) or ["012345678901", "Amazon SageMaker"],
        "Metrics": {
            "UnblendedCost": money,
            "AmortizedCost": money,
            "NetUnblendedCost": money,
            "NetAmortizedCost": money,
            "UsageQuantity": {"Amount": "24", "Unit": "N/A"},
        },
    }


def page(day: str, *groups: dict[str, Any], more: str = "", estimated: bool = False) -> Any:
    """One page of an answer, of one day."""
    following = f"{date.fromisoformat(day).replace(day=int(day[-2:]) + 1)}"
    answer = {
        "ResultsByTime": [
            {
                "TimePeriod": {"Start": day, "End": following},
                "Total": {},
                "Groups": list(groups),
                "Estimated": estimated,
            }
        ],
        "DimensionValueAttributes": [
            {"Value": "012345678901", "Attributes": {"description": "research"}}
        ],
    }
    return {**answer, "NextPageToken": more} if more else answer


NOTHING = {"ResultsByTime": [], "DimensionValueAttributes": []}


def answers(aws: Aws, *pages: Any, other: Any = NOTHING) -> None:
    """What Cost Explorer says to the next questions about use; `other` to those about the rest."""
    pages = tuple(
        said for one in pages for said in ((one,) if "NextPageToken" in one else (one, other))
    )
    aws.post("/moto-api/reset")
    aws.post("/moto-api/static/ce/cost-and-usage-results", {"results": list(pages)})
    aws.calls.clear()


def loaded(bill: Asked) -> Warehouse:
    """What is landed, as charges; nothing may be told."""
    manifest = bill.landing.current()
    assert manifest
    warehouse = Warehouse(":memory:")
    warehouse.run("insert or replace into config.setting values ('currency', 'USD')")
    job = Job(bill.source, manifest, bill.landing.root, "USD", lambda _: None)
    with warehouse.transaction():
        assert bills.load(warehouse, job) == []
        currency.settle(warehouse)
    return warehouse


def test_every_page_of_every_month_is_landed(aws: Aws, bill: Asked):
    """One file a month; numbers are the text that the API gave; calls and price said first."""
    answers(
        aws,
        page("2026-10-01", group("1.60101E-07"), more="next"),
        page("2026-10-01", group("2.5000000000000001", "222222222222", "AWS Lambda")),
        page("2026-11-01", group("3"), estimated=True),
    )

    bill.collect()

    assert bill.rows() == [
        [
            (
                "2026-10-01,2026-10-02,false,012345678901,research,Amazon SageMaker,Usage,,,"
                "1.60101E-07,1.60101E-07,1.60101E-07,1.60101E-07,USD,24,N/A"
            ),
            (
                "2026-10-01,2026-10-02,false,222222222222,,AWS Lambda,Usage,,,"
                "2.5000000000000001,2.5000000000000001,2.5000000000000001,2.5000000000000001,USD,24,N/A"
            ),
        ],
        [
            (
                "2026-11-01,2026-11-02,true,012345678901,research,Amazon SageMaker,Usage,,,"
                "3,3,3,3,USD,24,N/A"
            ),
        ],
    ]
    assert bill.said == [
        "ce: at least 4 calls to Cost Explorer; AWS charges USD 0.01 for each",
        "ce: 2026-10 (1 of 2)",
        "ce: 2026-11 (2 of 2)",
    ]
    assert len(aws.calls) == 5


def test_what_is_landed_is_what_the_loader_reads(aws: Aws, bill: Asked):
    """The columns agree, the format is recognised, and the sum is the API's."""
    assert aws_cost_explorer.COLUMNS == HEADER
    answers(aws, page("2026-10-01", group("1.25")), page("2026-11-01", group("0.000000001")))
    bill.collect()
    warehouse = loaded(bill)

    assert warehouse.rows("select distinct format from focus.file") == [("cost-explorer",)]
    assert formats.named("cost-explorer")
    assert warehouse.row("select sum(BilledCost), sum(EffectiveCost) from focus.charge") == (
        Decimal("1.250000001"),
        Decimal("1.250000001"),
    )


def test_charge_types_are_told_apart_and_add_up_to_the_bill(aws: Aws, bill: Asked):
    """Use by account and service, the rest by account and type; together all that AWS charged."""
    account = "012345678901"
    rest = ("Tax", "0.19"), ("Credit", "-0.5"), ("SavingsPlanRecurringFee", "2"), ("Refund", "-1")
    answers(
        aws,
        page(
            "2026-11-01",
            group("10", account, "Amazon SageMaker"),
            group("1", account, "AWS Lambda"),
        ),
        other=page("2026-11-01", *(group(amount, account, kind) for kind, amount in rest)),
    )
    bill.collect(months=1)
    warehouse = loaded(bill)
    use, others = (json.loads(call.body) for call in aws.calls)

    assert others["Filter"] == {"Not": use["Filter"]}, "what one question leaves out, one answers"
    assert [[one["Key"] for one in asked["GroupBy"]] for asked in (use, others)] == [
        ["LINKED_ACCOUNT", "SERVICE"],
        ["LINKED_ACCOUNT", "RECORD_TYPE"],
    ]
    assert warehouse.rows(
        "select ChargeCategory, ChargeClass, sum(BilledCost) from focus.charge "
        "where SubAccountId = '012345678901' group by all order by all"
    ) == [
        ("Credit", None, Decimal("-0.5")),
        ("Purchase", None, Decimal(2)),
        ("Tax", None, Decimal("0.19")),
        ("Usage", "Correction", Decimal(-1)),
        ("Usage", None, Decimal(11)),
    ]


def test_a_month_is_asked_for_once_a_day_and_never_again_when_final(aws: Aws, bill: Asked):
    """Final is what AWS no longer estimates, two weeks after the month."""
    answers(aws, page("2026-10-01", group("1")), page("2026-11-01", group("2"), estimated=True))
    bill.collect()
    answers(aws)
    bill.collect()
    assert aws.calls == []

    answers(aws, page("2026-11-01", group("2.5"), estimated=True))
    bill.collect(now=datetime(2026, 11, 22))
    assert len(aws.calls) == 2
    assert [",2.5,2.5,2.5,2.5," in line for (line,) in bill.rows()] == [False, True]

    answers(aws, page("2026-11-01", group("9")), page("2026-12-01", group("1"), estimated=True))
    bill.collect(now=datetime(2026, 12, 14))
    answers(aws, page("2026-11-01", group("9.5")), page("2026-12-01", group("1"), estimated=True))
    bill.collect(now=datetime(2026, 12, 15))
    assert len(aws.calls) == 4
    answers(aws, page("2026-12-01", group("1"), estimated=True))
    bill.collect(now=datetime(2026, 12, 16))
    assert len(aws.calls) == 2
    assert len(bill.rows()) == 3, "October is asked for no more, and stays in force"


def test_by_a_tag_it_is_the_service_and_the_tag(aws: Aws, bill: Asked):
    """The API writes key$value; what has no tag has an empty value."""
    rows = group("1", "team$search", "Amazon SageMaker"), group("2", "team$", "AWS Lambda")
    answers(aws, page("2026-11-01", *rows), other=page("2026-11-01", group("3", "team$", "Tax")))

    bill.collect(tag="team", months=1)

    assert [line.split(",")[3:9] for line in bill.rows()[0]] == [
        ["", "", "Amazon SageMaker", "Usage", "team", "search"],
        ["", "", "AWS Lambda", "Usage", "team", ""],
        ["", "", "", "Tax", "team", ""],
    ]


def test_only_the_months_asked_for_are_paid(aws: Aws, bill: Asked):
    """Those of other days stay in force."""
    answers(aws, page("2026-10-01", group("1")), page("2026-11-01", group("2"), estimated=True))
    bill.collect()
    answers(aws, page("2026-08-01", group("3")))

    bill.collect(since=date(2026, 8, 15), until=date(2026, 8, 20))

    assert len(aws.calls) == 2
    manifest = bill.landing.current()
    assert manifest
    assert [file.scope for file in manifest.files] == [
        f"aws-cost-explorer by account, service and charge type, 2026-{month}"
        for month in ("08", "10", "11")
    ]


def test_a_refusal_keeps_what_is_paid(aws: Aws, bill: Asked):
    """The month that arrived is not paid for twice; the error says what to grant."""
    answers(aws, page("2026-10-01", group("1")), page("2026-11-01", group("2"), estimated=True))
    aws.faults.append(Fault(lambda call: bool(call.target), 400, "AccessDeniedException", after=2))

    with pytest.raises(IncompleteError) as caught:
        bill.collect()

    assert caught.value.as_text() == (
        "error: AWS denies GetCostAndUsage\n"
        "  in:  AWS Cost Explorer (source ce)\n"
        "  fix: Grant what `quaestor permissions ce` prints."
    )
    aws.faults.clear()
    aws.calls.clear()
    bill.collect()
    assert len(aws.calls) == 2
    assert len(bill.rows()) == 2


def test_no_cost_at_all_is_told(bill: Asked):
    """An empty answer is no proof that nothing was spent."""
    with pytest.raises(IncompleteError, match="Cost Explorer knows of no cost"):
        bill.collect()


def test_doctor_costs_nothing(aws: Aws, bill: Asked):
    """It asks who is signed in, and says what it did not ask."""
    told = aws_cost_explorer.doctor(bill.source, Config())

    assert told == "signed in to 123456789012; Cost Explorer not asked (USD 0.01 a call)"
    assert [call.target for call in aws.calls] == [""]


def test_the_policy_allows_one_question():
    """Cost Explorer has no resources to narrow it to."""
    policy = json.loads(aws_cost_explorer.permissions(AwsCostExplorerSource(name="ce")))

    assert [one["Action"] for one in policy["Statement"]] == ["ce:GetCostAndUsage"]
