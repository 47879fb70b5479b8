"""Days that cost far more or less than their weekdays before, and why: effects that add up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.ledgers import a_warehouse, built
from builders.plans import PLAN, a_past, add, owned, plan
from builders.rows import insert
from quaestor import ledger
from quaestor.warehouse.duckdb import Warehouse

ENDS = date(2026, 11, 20)  # the last complete day is the 19th, a Thursday
DAY = date(2026, 11, 18)
CHECK = Path(ledger.__file__).parent / "checks/effects_of_an_unusual_day_add_up_to_its_change.sql"
ASIDE = ("forecast", "budget")
EFFECTS = ("price", "volume", "mix", "efficiency", "version", "unmeasured")


def unusual(warehouse: Warehouse, scope: str = "total") -> list[tuple[Any, ...]]:
    """The unusual days of a scope, with their change."""
    return warehouse.rows(
        "select day, change from ledger.unusual_day where scope = ? order by day", [scope]
    )


def number_of(day: date, days: int = 90, ends: date = ENDS) -> int:
    """The number that a day has in `a_past`."""
    return days - 1 - (ends - day).days


def spiked(*days: date, cost: float = 1000.0, usual: float = 100.0) -> Warehouse:
    """90 days of one cost, and some days of another."""
    numbers = {number_of(day) for day in days}
    return plan(
        a_past(90, lambda day: cost if day in numbers else usual), upto="unusual_day", without=ASIDE
    )


def test_a_day_is_held_against_the_same_weekday_before():
    """What it was expected to cost is what one of those days did cost."""
    warehouse = spiked(DAY)

    assert unusual(warehouse) == [(DAY, 900)]
    assert warehouse.row(
        "select expected, baseline_day, change_ratio from ledger.unusual_day where scope = 'total'"
    ) == (100, DAY - timedelta(days=7), 9.0)


def test_a_weekend_is_no_anomaly():
    """Five dear days and two cheap ones, week after week, are as ever."""
    past = a_past(90, lambda day: 30 if day % 7 > 4 else 300)

    assert unusual(plan(past, upto="unusual_day", without=ASIDE)) == []


def test_the_last_day_of_the_bill_is_not_judged():
    """It is still being delivered: little on it is no saving, and much of it no news yet."""
    assert unusual(spiked(ENDS)) == []
    assert unusual(spiked(ENDS, cost=1.0)) == []


def test_small_money_and_small_changes_are_left_alone():
    """20 % and 50 of the reporting currency both have to be passed."""
    assert unusual(spiked(DAY, cost=150.0)) == []  # 50 is not above 50
    assert unusual(spiked(DAY, cost=150.01)) != []
    assert unusual(spiked(DAY, cost=1199.0, usual=1000.0)) == []
    assert unusual(spiked(DAY, cost=1201.0, usual=1000.0)) != []


def test_what_is_noisy_every_day_is_not_unusual():
    """40 % up is much for a steady cost, and nothing for one that swings by 50 % every day."""
    swings = (100, 160, 80, 140, 60, 150, 90, 120, 170, 70, 110)
    wild = plan(
        a_past(90, lambda day: 200 if day == number_of(DAY) else swings[day % 11]),
        upto="unusual_day",
        without=ASIDE,
    )

    assert unusual(wild) == []
    assert unusual(spiked(DAY, cost=200.0, usual=110.0)) != []


def test_a_drop_is_told_like_a_rise():
    """What stopped may be broken."""
    assert unusual(spiked(DAY, cost=5.0)) == [(DAY, -95)]


def test_a_new_level_is_told_on_its_first_two_days():
    """From the third day on it is what the subject costs now."""
    since = number_of(date(2026, 11, 9))
    past = a_past(90, lambda day: 500 if day >= since else 100)

    assert unusual(plan(past, upto="unusual_day", without=ASIDE)) == [
        (date(2026, 11, 9), 400),
        (date(2026, 11, 10), 400),
    ]


def test_what_is_billed_every_month_is_no_news():
    """Support on the first of each month is as ever; more than twice as much of it is not."""
    days = {number_of(date(2026, month, 1)) for month in (9, 10, 11)}
    monthly = plan(
        a_past(90, lambda day: 900 if day in days else 100), upto="unusual_day", without=ASIDE
    )
    dearer = plan(
        a_past(
            90,
            lambda day: (2000 if day == max(days) else 900) if day in days else 100,
        ),
        upto="unusual_day",
        without=ASIDE,
    )

    assert unusual(monthly) == []
    assert unusual(dearer) == [(date(2026, 11, 1), 1900)]


def test_a_rise_from_nothing_has_no_ratio():
    """A model that is new on the bill costs what it costs; there is no percentage of zero."""
    past = a_past(90, lambda _: 100)
    add(past, 3, lambda _: 80, model="new")
    plan(past, upto="unusual_day", without=ASIDE)

    assert past.rows(
        "select day, expected, change_ratio from ledger.unusual_day where scope = 'model' "
        "order by day"
    ) == [(date(2026, 11, 18), 0, None), (date(2026, 11, 19), 0, None)]


def test_three_weeks_are_needed():
    """Two same weekdays are no habit."""
    young = plan(
        a_past(20, lambda day: 1000 if day == 18 else 100), upto="unusual_day", without=ASIDE
    )

    assert unusual(young) == []


def test_what_has_no_rate_is_not_judged():
    """A day whose cost is not known is neither high nor low."""
    day = number_of(DAY)
    past = a_past(90, lambda number: None if number == day else 100)

    assert unusual(plan(past, upto="unusual_day", without=ASIDE)) == []


def test_each_heading_is_judged_by_itself():
    """A team's spike is its own, its model's and its service's."""
    past = a_past(90, lambda _: 1000, team="search", model="rank", service="Storage")
    day = number_of(DAY)
    add(
        past,
        90,
        lambda number: 700 if number == day else 100,
        team="growth",
        model="churn",
        service="Compute",
    )
    plan(past, upto="unusual_day", without=ASIDE)

    assert past.rows(
        "select scope, subject, change from ledger.unusual_day order by scope, subject"
    ) == [
        ("model", "churn", 600),
        ("service", "Compute", 600),
        ("team", "growth", 600),
        ("total", "total", 600),
    ]


def test_what_is_unusual_can_be_set():
    """`anomaly:` in quaestor.yaml."""
    past = a_past(90, lambda day: 150 if day == number_of(DAY) else 100)
    sums = {
        amount: unusual(
            plan(past, f"anomaly: {{amount: {amount}}}", upto="unusual_day", without=ASIDE)
        )
        for amount in (20, 60)
    }

    assert sums == {20: [(DAY, 50)], 60: []}


# --- why ---


def charges(now: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """43 days of a bill: DAY as told, every other day as before."""
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
        for day in (ENDS - timedelta(days=back) for back in range(43))
        for one in (now if day == DAY else before)
    ]


def why(now: list[dict[str, Any]], before: list[dict[str, Any]]) -> dict[str, Decimal]:
    """The effects on the model that are not zero."""
    row = the_model(explained(now, before))
    effects = {name: row[f"{name}_effect"] for name in EFFECTS}

    assert sum(effects.values()) == row["change"]
    return {name: effect for name, effect in effects.items() if effect}


def explained(now: list[dict[str, Any]], before: list[dict[str, Any]], text: str = "") -> Warehouse:
    """The anomalies of a bill whose tags say whose each charge is."""
    warehouse = owned(a_warehouse(*charges(now, before)))
    return plan(warehouse, text, upto="anomaly", without=ASIDE)


def the_model(warehouse: Warehouse) -> dict[str, Any]:
    [row] = warehouse.records("from ledger.anomaly where scope = 'model' and subject = 'churn'")
    return row


def used(cost: str, quantity: str | None, **more: Any) -> dict[str, Any]:
    return {"EffectiveCost": cost, "ConsumedQuantity": quantity, **more}


def test_a_dearer_hour_is_a_price_effect():
    """The same ten hours at twice the price."""
    assert why([used("200", "10")], [used("100", "10")]) == {"price": 100}


def test_more_hours_are_a_volume_effect():
    """Thirty hours at the price of ever."""
    assert why([used("300", "30")], [used("100", "10")]) == {"volume": 200}


def test_price_is_of_the_new_quantity_and_volume_at_the_old_price():
    """Twenty hours at 15 for ten at 10: five more each, of twenty; and ten more hours at 10."""
    assert why([used("300", "20")], [used("100", "10")]) == {"price": 100, "volume": 100}


def test_a_dearer_machine_for_the_same_hours_is_mix():
    """Ten hours of `large`, which nobody had before, in place of ten of `small`."""
    assert why([used("300", "10", SkuId="large")], [used("100", "10")]) == {"mix": 200}


def test_hours_are_not_added_to_gigabytes():
    """Each unit is a group of its own: a volume that is new is new volume, and no mix."""
    disk = used("200", "1000", SkuId="disk", ConsumedUnit="GB")

    assert why([used("100", "10"), disk], [used("100", "10")]) == {"volume": 200}


def test_a_new_version_beside_or_instead_of_the_old_is_a_version_effect():
    """Version 8 takes over from 7, at three times the cost: that is what the version changed."""
    seven = {"model": "churn", "team": "growth", "model_version": "7"}
    eight = {**seven, "model_version": "8"}

    assert why(
        [used("300", "30", tags=eight)],
        [used("100", "10", tags=seven)],
    ) == {"version": 200}
    assert why(
        [used("250", "25", tags=eight), used("120", "12", tags=seven)],
        [used("100", "10", tags=seven)],
    ) == {"version": 250, "volume": 20}


def test_what_states_no_quantity_explains_nothing():
    """A fee that rose is neither price nor volume; it is not measured, and said to be."""
    fee = {"ChargeCategory": "Purchase", "SkuId": "support", "ResourceId": None}

    assert why(
        [used("100", "10"), used("190", None, **fee)], [used("100", "10"), used("90", None, **fee)]
    ) == {"unmeasured": 100}


def test_a_cost_in_pieces_leaves_no_dust():
    """Thirds have no end: what rounding leaves is in the volume, and not called a mix."""
    row = why([used("333.33333333333333333333", "7")], [used("100.00000000000000000001", "3")])

    assert set(row) == {"price", "volume"}


def served(requests: tuple[int, int]) -> dict[str, Decimal]:
    """The effects of 30 hours for 10, where the endpoint served so many requests."""
    arn = "arn:aws:sagemaker:eu-west-1:1:endpoint/churn"
    warehouse = a_warehouse(
        *charges([used("300", "30", ResourceId=arn)], [used("100", "10", ResourceId=arn)])
    )
    for back in range(43):
        day = ENDS - timedelta(days=back)
        insert(
            warehouse,
            "usage.endpoint_hour",
            source="sm",
            endpoint="churn",
            hour=f"{day} 10:00",
            requests=requests[0] if day == DAY else requests[1],
        )
    insert(
        warehouse,
        "ledger.lineage",
        resource_id=arn,
        kind="endpoint",
        source="sm",
        name="churn",
        model="churn",
    )
    row = the_model(plan(owned(warehouse), upto="anomaly", without=ASIDE))

    assert warehouse.rows(CHECK.read_text(encoding="utf-8")) == []
    return {name: row[f"{name}_effect"] for name in EFFECTS if row[f"{name}_effect"]}


def test_more_hours_for_the_same_requests_are_efficiency():
    """Where the work is known, hours beyond it are no volume."""
    assert served((1000, 1000)) == {"efficiency": 200}
    assert served((2000, 1000)) == {"volume": 100, "efficiency": 100}
    assert served((6000, 1000)) == {"volume": 500, "efficiency": -300}


def test_work_that_is_not_known_of_both_days_explains_nothing():
    """No requests on one of the days is no work to hold hours against."""
    assert served((1000, 0)) == {"volume": 200}


def test_what_changed_most_is_named():
    """The SKU and resource that rose most, with whose they are; not the largest."""
    steady = used("5000", "500", ResourceId="fleet", SkuId="big")
    warehouse = explained(
        [steady, used("400", "40", ResourceId="gpu-1", SkuId="gpu")],
        [steady, used("100", "10", ResourceId="gpu-1", SkuId="gpu")],
        "anomaly: {change_ratio: 0.01}",
    )

    assert warehouse.row(
        "select service, resource_id, sku_id, team, model from ledger.anomaly where scope = 'total'"
    ) == ("Compute", "gpu-1", "gpu", "growth", "churn")


def test_the_whole_build_tells_the_same():
    """As the pipeline builds it, charge lines and attribution and all."""
    warehouse = built(charges([used("300", "20")], [used("100", "10")]))
    row = the_model(warehouse)

    assert (row["change"], row["price_effect"], row["volume_effect"]) == (200, 100, 100)
    assert row["baseline_day"] == DAY - timedelta(days=7)


def test_a_team_that_was_renamed_has_no_anomaly_for_it():
    """The old name's end and the new one's beginning are one team, as ever."""
    told = [
        {
            **one,
            "tags": {"team": "old" if one["ChargePeriodStart"].date() < DAY else "new"},
        }
        for one in charges([used("100", "10")], [used("100", "10")])
    ]
    renamed = built(told, "names: [{field: team, old: old, new: new}]")
    apart = built(told)

    assert unusual(renamed, "team") == []
    assert [day for day, _ in unusual(apart, "team")] != []


_EMPTY = Warehouse(":memory:")
_amounts = st.decimals("-50", "5000", places=4)
_quantities = st.none() | st.decimals("-3", "900", places=3)
_charge = st.fixed_dictionaries(
    {
        "EffectiveCost": _amounts,
        "ConsumedQuantity": _quantities,
        "SkuId": st.sampled_from(["a", "b", "c", None]),
        "ConsumedUnit": st.sampled_from(["Hours", "GB"]),
        "ResourceId": st.sampled_from(["r1", "r2", None]),
        "version": st.sampled_from([None, "7", "8", "9"]),
        "kept": st.sampled_from(["1", "0.333333333333333333", "0.1"]),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(now=st.lists(_charge, max_size=6), before=st.lists(_charge, max_size=6))
def test_effects_add_up_whatever_the_days_were(now, before):
    """Credits, zeros, missing quantities, splits, versions: no cent is left over."""
    warehouse = _EMPTY
    tables = ("sku_day", "compared", "compared_day", "effect", "anomaly")
    for table in ("focus.charge", *(f"ledger.{name}" for name in ("cost", "unusual_day", *tables))):
        warehouse.run(f"delete from {table}")
    warehouse.run("insert or ignore into ledger.stale_month values ('2026-11-01')")
    sums = {}
    for day, some in ((DAY, now), (DAY - timedelta(days=7), before)):
        sums[day] = Decimal(0)
        for number, one in enumerate(some):
            _charged(warehouse, day, number, one)
            sums[day] += one["EffectiveCost"] * Decimal(one["kept"])
    cost, expected = sums[DAY], sums[DAY - timedelta(days=7)]
    insert(
        warehouse,
        "ledger.unusual_day",
        scope="model",
        subject="m",
        day=DAY,
        baseline_day=DAY - timedelta(days=7),
        cost=f"{cost:f}",
        expected=f"{expected:f}",
        change=f"{cost - expected:f}",
        spread="0",
        place=1,
    )
    for table in tables:
        sql = (PLAN / f"{table}.sql").read_text(encoding="utf-8")
        warehouse.run(f"insert into ledger.{table} by name {sql}")

    assert warehouse.rows(CHECK.read_text(encoding="utf-8")) == []
    assert warehouse.row("select count(*), count(price_effect) from ledger.anomaly") == (
        1,
        1 if now or before else 0,
    )


def _charged(warehouse: Warehouse, day: date, number: int, one: dict[str, Any]) -> None:
    kept = one["EffectiveCost"] * Decimal(one["kept"])
    insert(
        warehouse,
        "focus.charge",
        **{name: one[name] for name in ("SkuId", "ConsumedUnit", "ResourceId")},
        EffectiveCost=f"{one['EffectiveCost']:f}",
        BilledCost="0",
        ConsumedQuantity=None
        if one["ConsumedQuantity"] is None
        else f"{one['ConsumedQuantity']:f}",
        ServiceName="Compute",
        ChargeCategory="Usage",
        BillingPeriodStart="2026-11-01",
        ChargePeriodStart=str(day),
        x_source="bill",
        x_file="f",
        x_file_sha256="00",
        x_row=number,
    )
    insert(
        warehouse,
        "ledger.cost",
        day=day,
        source="bill",
        service="Compute",
        charge_category="Usage",
        resource_id=one["ResourceId"],
        model="m",
        model_version=one["version"],
        cost_kind="direct",
        rule="tag",
        billing_billed_cost="0",
        billing_effective_cost=f"{kept:f}",
        effective_cost=f"{kept:f}",
        charges=1,
    )
