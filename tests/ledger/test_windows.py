"""Two windows of the bill against each other: effects that add up to the change."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.ledgers import A_CHARGE, a_warehouse, build
from builders.plans import PLAN, owned
from builders.rows import insert
from quaestor.ledger.windows import compare
from quaestor.warehouse.duckdb import Warehouse

DAYS = 5  # of each window
BEFORE = (date(2026, 10, 20), date(2026, 10, 24))
AFTER = (date(2026, 11, 3), date(2026, 11, 7))
EFFECTS = ("price", "volume", "mix", "efficiency", "version", "unmeasured")
Charge = dict[str, Any]


def used(cost: str, quantity: str | None, **more: Any) -> Charge:
    return {"EffectiveCost": cost, "ConsumedQuantity": quantity, **more}


def bill(now: list[Charge], before: list[Charge]) -> list[Charge]:
    """Each day of both windows charged as told."""
    return [
        {
            "ChargePeriodStart": datetime.combine(day, datetime.min.time()),
            "BillingPeriodStart": datetime(day.year, day.month, 1),
            "ChargeCategory": "Usage",
            "ServiceName": "Compute",
            "ResourceId": "vm",
            "SkuId": "small",
            "ConsumedUnit": "Hours",
            "tags": {"model": "churn", "team": "growth"},
            "BilledCost": one["EffectiveCost"],
            **one,
        }
        for window, charges in ((BEFORE, before), (AFTER, now))
        for number in range(DAYS)
        for day in (window[0] + timedelta(days=number),)
        for one in charges
    ]


def filled(warehouse: Warehouse) -> Warehouse:
    """Give the charges their owners, and tell them apart by SKU."""
    owned(warehouse)
    warehouse.run(
        "insert into ledger.stale_month "
        "select distinct date_trunc('month', ChargePeriodStart)::date from focus.charge"
    )
    sql = (PLAN / "sku_day.sql").read_text(encoding="utf-8")
    warehouse.run(f"insert into ledger.sku_day by name {sql}")
    return warehouse


def compared(warehouse: Warehouse) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["scope"], row["subject"]): row for row in compare(warehouse, BEFORE, AFTER)}


def why(now: list[Charge], before: list[Charge]) -> dict[str, Decimal]:
    """The effects on the whole that are not zero; they add up to the change."""
    row = compared(filled(a_warehouse(*bill(now, before))))["total", "total"]
    effects = {name: row[f"{name}_effect"] for name in EFFECTS}

    assert sum(effects.values()) == row["change"] == row["after_cost"] - row["before_cost"]
    return {name: effect for name, effect in effects.items() if effect}


def test_a_price_ten_percent_up_is_price_alone():
    """The same hours each day, each a tenth dearer."""
    assert why([used("110", "10")], [used("100", "10")]) == {"price": 50}


def test_twice_the_hours_are_volume_alone():
    """At the price of ever."""
    assert why([used("200", "20")], [used("100", "10")]) == {"volume": 500}


def test_a_cheaper_machine_for_the_same_hours_is_mix():
    """Ten hours of one that nobody had before."""
    assert why([used("40", "10", SkuId="spot")], [used("100", "10")]) == {"mix": -300}


def test_a_new_version_in_the_place_of_one_is_version():
    """What the old one cost is off, what the new one costs is on."""
    tags = {"model": "churn", "team": "growth"}

    assert why(
        [used("130", "10", tags={**tags, "model_version": "8"})],
        [used("100", "10", tags={**tags, "model_version": "7"})],
    ) == {"version": 150}


def test_a_fee_without_a_quantity_is_not_measured():
    """It is neither price nor volume."""
    fee = {"ChargeCategory": "Purchase", "SkuId": "support"}

    assert why([used("9", None, **fee)], [used("4", None, **fee)]) == {"unmeasured": 25}


def worked(requests: dict[date, int], now: Charge, before: Charge) -> dict[str, Decimal]:
    """The effects on a model whose endpoint served so many requests on the first days."""
    arn = "arn:aws:sagemaker:eu-west-1:1:endpoint/churn"
    rows = bill([{**now, "ResourceId": arn}], [{**before, "ResourceId": arn}])
    warehouse = filled(a_warehouse(*rows))
    for first, count in requests.items():
        insert(warehouse, "usage.endpoint_hour", source="sm", endpoint="churn",
               hour=f"{first} 10:00", requests=count)  # fmt: skip
    insert(warehouse, "ledger.lineage", resource_id=arn, kind="endpoint", source="sm",
           name="churn", model="churn")  # fmt: skip
    found = compared(warehouse)
    row = found["total", "total"]

    assert found["team", "growth"]["efficiency_effect"] == 0
    assert found["team", "growth"]["change"] == row["change"]
    return {name: row[f"{name}_effect"] for name in EFFECTS if row[f"{name}_effect"]}


def test_more_requests_for_the_same_money_are_efficiency():
    """Twice the work, not a unit more: volume up, and as much of it saved."""
    work = {BEFORE[0]: 1000, AFTER[0]: 2000}

    assert worked(work, used("100", "10"), used("100", "10")) == {"volume": 500, "efficiency": -500}
    assert worked(work, used("200", "20"), used("100", "10")) == {"volume": 500}


def test_what_no_model_owns_is_a_row_of_its_own():
    """Nothing of the change is lost between models; a model of that very name is another."""
    now = [used("10", "1", tags={"model": "no model"}), used("7", "1", tags={"team": "growth"})]
    found = compared(filled(a_warehouse(*bill(now, []))))

    assert found["model", "no model"]["after_cost"] == 50
    assert found["no model", "no model"]["after_cost"] == 35
    assert found["total", "total"]["after_cost"] == 85
    assert found["no team", "no team"]["after_cost"] == 50


def test_what_has_no_rate_is_unknown_and_in_no_sum():
    """Its cost is not zero, and the others are compared without it."""
    yen = {"BillingCurrency": "JPY", "tags": {"model": "tokyo"}}
    warehouse = a_warehouse(*bill([used("10", "1"), used("900", "1", **yen)], [used("10", "1")]))
    build(warehouse)
    found = compared(warehouse)

    assert found["model", "tokyo"]["after_cost"] is None
    assert found["model", "tokyo"]["change"] is None
    assert found["total", "total"]["change"] == 0


def test_windows_that_overlap_are_compared_as_they_are():
    """A day in both is in both sums."""
    warehouse = filled(a_warehouse(*bill([used("20", "2")], [used("10", "1")])))
    rows = compare(warehouse, AFTER, (AFTER[0] + timedelta(days=2), AFTER[1] + timedelta(days=2)))

    assert (rows[-1]["before_cost"], rows[-1]["after_cost"]) == (100, 60)


def test_nothing_is_left_behind():
    """The comparison of one pair does not stand in the way of the next, nor of a reader."""
    warehouse = filled(a_warehouse(*bill([used("20", "2")], [used("10", "1")])))
    first = compare(warehouse, BEFORE, AFTER)

    assert compare(warehouse, BEFORE, AFTER) == first
    assert warehouse.rows("select table_name from duckdb_tables() where temporary") == []


def trained(hours: dict[date, tuple[float, float]], now: Charge, before: Charge) -> Warehouse:
    """Model churn on the machine `vm`, which paid and observed so many GPU-hours, half of use."""
    warehouse = filled(a_warehouse(*bill([now], [before])))
    for day, (paid, observed) in hours.items():
        insert(warehouse, "ledger.gpu_hour", day=day, source="k8s", cluster="c", node="vm",
               provider_id="vm", kind="cluster", team="growth", model="churn", gpu_hours=paid,
               observed_gpu_hours=observed, used_gpu_hours=observed / 2, idle_gpu_hours=0,
               unobserved_gpu_hours=paid - observed, unscheduled_gpu_hours=0,
               stalled_gpu_hours=0)  # fmt: skip
    return warehouse


def effects(warehouse: Warehouse, subject: tuple[str, str]) -> dict[str, Decimal]:
    """The effects on one subject that are not zero; they add up to the change."""
    row = compared(warehouse)[subject]
    found = {name: row[f"{name}_effect"] for name in EFFECTS}

    assert sum(found.values()) == row["change"]
    return {name: effect for name, effect in found.items() if effect}


def test_hours_that_nobody_observed_are_no_less_work():
    """An exporter that fell silent makes nothing inefficient: units are counted there."""
    same = used("100", "10")
    heard = {BEFORE[0]: (10.0, 10.0), AFTER[0]: (10.0, 10.0)}
    silent = {BEFORE[0]: (10.0, 10.0), AFTER[0]: (10.0, 4.0)}
    twice = {BEFORE[0]: (10.0, 10.0), AFTER[0]: (20.0, 20.0)}

    assert effects(trained(silent, same, same), ("model", "churn")) == {}
    assert effects(trained(heard, same, same), ("model", "churn")) == {}
    assert effects(trained(twice, same, same), ("model", "churn")) == {
        "volume": 500,
        "efficiency": -500,
    }


def test_hours_billed_of_which_nobody_tells_are_no_less_work():
    """A machine that is on the bill of a day without GPU-hours is left to its units."""
    hours = {BEFORE[0]: (10.0, 10.0), AFTER[0]: (10.0, 10.0), AFTER[1]: (0.0, 0.0)}
    twice = trained(hours, used("200", "20"), used("100", "10"))

    assert effects(twice, ("model", "churn")) == {"volume": 500}


ENDPOINT = "arn:aws:sagemaker:eu-west-1:1:endpoint/churn"


def serving(*requests: tuple[date, int | None], now: Charge, before: Charge) -> Warehouse:
    """An endpoint at 100 a day, 10 hours; and a training machine beside it, as told."""
    endpoint = used("100", "10", ResourceId=ENDPOINT)
    warehouse = filled(a_warehouse(*bill([endpoint, now], [endpoint, before])))
    warehouse.run("update ledger.cost set lifecycle_stage = 'training' where resource_id = 'vm'")
    for day, count in requests:
        insert(warehouse, "usage.endpoint_hour", source="sm", endpoint="churn",
               hour=f"{day} 10:00", requests=count)  # fmt: skip
    insert(warehouse, "ledger.lineage", resource_id=ENDPOINT, kind="endpoint", source="sm",
           name="churn", model="churn")  # fmt: skip
    return warehouse


def test_training_is_not_held_against_the_requests_of_its_model():
    """Twice the training of a model that serves as before is more work, not inefficiency."""
    warehouse = serving((BEFORE[0], 1000), (AFTER[0], 1000),
                        now=used("200", "20"), before=used("100", "10"))  # fmt: skip

    assert effects(warehouse, ("model", "churn")) == {"volume": 500}


def test_requests_are_held_against_serving_alone():
    """Twice the requests at an endpoint that costs as before; training has no part in it."""
    same = used("100", "10")
    warehouse = serving((BEFORE[0], 1000), (AFTER[0], 2000), now=same, before=same)

    assert effects(warehouse, ("model", "churn")) == {"volume": 500, "efficiency": -500}


def test_requests_that_nobody_told_are_no_fewer_requests():
    """Neither a silent day of one window nor an hour of unknown requests is less work."""
    same = used("100", "10")
    told = [(BEFORE[0], 1000), (BEFORE[1], 1000), (AFTER[0], 1000)]
    silent = serving(*told, now=same, before=same)
    unknown = serving(*told, (AFTER[1], None), now=same, before=same)

    assert effects(silent, ("model", "churn")) == {}
    assert effects(unknown, ("model", "churn")) == {}


_EMPTY = Warehouse(":memory:")
_charge = st.fixed_dictionaries(
    {
        "EffectiveCost": st.decimals("-50", "5000", places=4).map(lambda one: f"{one:f}"),
        "ConsumedQuantity": st.none()
        | st.decimals("-3", "900", places=3).map(lambda one: f"{one:f}"),
        "SkuId": st.sampled_from(["a", "b", None]),
        "ConsumedUnit": st.sampled_from(["Hours", "GB"]),
        "ResourceId": st.sampled_from(["r1", "r2", None]),
        "ServiceName": st.sampled_from(["Compute", "Storage", None]),
        "tags": st.fixed_dictionaries(
            {},
            optional={
                "model": st.sampled_from(["m", "n", "<b>'\"%"]),
                "team": st.sampled_from(["t", "u"]),
                "model_version": st.sampled_from(["7", "8"]),
            },
        ),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(now=st.lists(_charge, max_size=6), before=st.lists(_charge, max_size=6))
def test_effects_add_up_whatever_the_bills_were(now, before):
    """Of each row; and models, teams and services each add up to the whole. No tolerance."""
    for table in ("focus.charge", "ledger.cost", "ledger.sku_day", "ledger.stale_month"):
        _EMPTY.run(f"delete from {table}")
    for number, one in enumerate(bill(now, before)):
        told = {**A_CHARGE, **one, "x_row": number, "Tags": json.dumps(one["tags"])}
        del told["tags"]
        insert(_EMPTY, "focus.charge", **told)
    rows = compare(filled(_EMPTY), BEFORE, AFTER)
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row["change"] is not None and (now or before):
            assert sum(row[f"{name}_effect"] for name in EFFECTS) == row["change"]
            scope = row["scope"].removeprefix("no ")
            sums[scope] = sums.get(scope, Decimal(0)) + row["change"]

    assert len(set(sums.values())) <= 1
