"""The invoices in examples/ become the charges that a reader of them would expect."""

from __future__ import annotations

import shutil
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from quaestor import pipeline
from quaestor.core.config import read_config
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)


@pytest.fixture(scope="module")
def warehouse(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Both invoices, collected and built; nothing could not be seen."""
    folder = tmp_path_factory.mktemp("examples") / "invoices"
    shutil.copytree(checkout / "examples" / "invoices", folder)
    config = read_config(folder / "quaestor.yaml", {})
    say = print
    assert pipeline.collect(config, now=NOW, progress=say) == []
    built = pipeline.build(config, folder / "quaestor.duckdb", now=NOW, progress=say)
    assert [spot.reason for spot in built.blind_spots] == []
    return Warehouse(folder / "quaestor.duckdb", read_only=True)


def test_each_invoice_adds_up_in_its_own_currency(warehouse: Warehouse):
    """Dollars with signs and brackets, and cents in German, tax and correction apart."""
    found = warehouse.rows(
        "select BillingCurrency, ChargeCategory, ChargeClass, sum(BilledCost), sum(EffectiveCost), "
        "sum(ContractedCost) from focus.charge group by all order by all"
    )

    assert found == [
        (currency, category, kind, *[Decimal(cost)] * 3)
        for currency, category, kind, cost in (
            ("EUR", "Tax", None, "5.4606"),
            ("EUR", "Usage", "Correction", "-1.875"),
            ("EUR", "Usage", None, "30.615"),
            ("USD", "Credit", None, "-50"),
            ("USD", "Purchase", None, "1000"),
            ("USD", "Usage", None, "1176.36"),
        )
    ]


def test_days_quantities_and_tags_are_read(warehouse: Warehouse):
    """American and German dates, and the project as the tag that teams are found by."""
    found = warehouse.rows(
        "select ChargePeriodStart, ChargePeriodEnd, ConsumedQuantity, Tags, "
        "x_billing_currency_rate from focus.charge where x_row = 3 order by x_source"
    )

    assert found == [
        (
            *(datetime(2026, 10, 2), datetime(2026, 10, 3), Decimal("13.6")),
            *('{"team":"search-dev"}', 1),
        ),
        (
            *(datetime(2026, 10, 6), datetime(2026, 10, 7), Decimal(18000000)),
            *('{"project":"translator","model":"small-1"}', Decimal("1.0842")),
        ),
    ]


def test_the_ledger_has_them(warehouse: Warehouse):
    """Teams and models by tags, in the reporting currency."""
    found = dict(
        warehouse.rows(
            "select coalesce(team, model), sum(effective_cost) from ledger.cost "
            "where team is not null or model is not null group by all"
        )
    )

    assert found == {
        "ranker-train": Decimal("1148.16"),
        "search-dev": Decimal("10.20"),
        "large-2": Decimal("25.5") * Decimal("1.0842"),
        "small-1": Decimal("3.24") * Decimal("1.0842"),
    }
