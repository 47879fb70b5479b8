"""Whatever is billed and whatever ran: what has to hold of every ledger.

A thousand estates are drawn (builders/anyhow.py), the same ones each time, and built many at
once, each in a month of its own. Credits, refunds, corrections, amortised and zero cost, amounts
of 10^17 and of 10^-20, currencies with and without a rate, tags of any text, machines that nobody
is billed for, pods on no machine, requests beyond what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from builders import anyhow
from builders.ledgers import build
from quaestor.core.errors import CheckFailedError
from quaestor.core.money import rounded
from quaestor.warehouse.duckdb import Warehouse

ESTATES, AT_ONCE = 1000, 100
BASES = ("BilledCost", "EffectiveCost")


def drawn(count: int) -> list[anyhow.Estate]:
    """So many estates; there is no chance in which."""
    estates: list[anyhow.Estate] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(anyhow.ESTATE)
    def draw(estate: anyhow.Estate) -> None:
        estates.append(estate)

    draw()
    return estates


@pytest.fixture(scope="module")
def rates(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The line of the configuration that names the rates."""
    path = tmp_path_factory.mktemp("rates") / "rates.csv"
    lines = [f"2019-01-01,{name},{rate}" for name, rate in anyhow.RATES.items() if name != "USD"]
    path.write_text("\n".join(["date,currency,rate", *lines]))
    return f"rates: {path}\n"


@pytest.fixture(scope="module")
def ledgers(rates: str) -> list[tuple[Warehouse, Mapping[int, anyhow.Estate]]]:
    """Every estate in a ledger, many in each."""
    estates = dict(enumerate(drawn(ESTATES)))
    built = []
    for first in range(0, len(estates), AT_ONCE):
        # The month of an estate is counted from the first of its batch.
        batch = {n - first: estates[n] for n in range(first, min(first + AT_ONCE, len(estates)))}
        built.append((_build(batch, rates), batch))
    return built


def _build(batch: Mapping[int, anyhow.Estate], rates: str) -> Warehouse:
    """Build a batch; if a check of the ledger refuses it, say of which estate alone it does."""
    warehouse = Warehouse(":memory:")
    anyhow.write(warehouse, batch)
    try:
        build(warehouse, anyhow.CONFIG + rates)
    except CheckFailedError as problem:
        raise AssertionError(f"{problem.where}: {problem.what}\n{_guilty(batch, rates)}") from None
    return warehouse


def _guilty(batch: Mapping[int, anyhow.Estate], rates: str) -> str:
    if len(batch) == 1:
        return str(batch)
    numbers = sorted(batch)
    for half in (numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]):
        estates = {number: batch[number] for number in half}
        warehouse = Warehouse(":memory:")
        anyhow.write(warehouse, estates)
        try:
            build(warehouse, anyhow.CONFIG + rates)
        except CheckFailedError:
            return _guilty(estates, rates)
    return "only together"


def wrong(
    ledgers: Sequence[tuple[Warehouse, Mapping[int, anyhow.Estate]]], sql: str
) -> Iterator[dict[str, Any]]:
    """The rows that a SELECT finds in any of the ledgers."""
    for warehouse, _ in ledgers:
        yield from warehouse.records(sql)


def test_there_are_a_thousand_estates(ledgers):
    """And none of them made the build fail, nor one of its checks."""
    assert sum(len(batch) for _, batch in ledgers) >= ESTATES


def test_the_ledger_equals_the_bill(ledgers):
    """Per day, currency and cost basis; summed here, by Python's decimals."""
    for warehouse, batch in ledgers:
        billed: dict[tuple[Any, ...], list[Any]] = {}
        with localcontext(prec=60):
            for number, estate in batch.items():
                for day, rate, charge in anyhow.charged(number, estate):
                    key = day.date(), charge["BillingCurrency"]
                    sums = billed.setdefault(key, [0, Decimal(0), Decimal(0), rate])
                    sums[0] += 1
                    sums[1] += charge["BilledCost"]
                    sums[2] += charge["EffectiveCost"]
        found = warehouse.rows(
            """
            select day, billing_currency, sum(charges), sum(billing_billed_cost),
                sum(billing_effective_cost), count(effective_cost) = count(*)
            from ledger.cost group by all
            """
        )

        assert {row[:2]: list(row[2:5]) for row in found} == {
            key: sums[:3] for key, sums in billed.items()
        }
        assert {row[:2]: row[5] for row in found} == {
            key: sums[3] is not None for key, sums in billed.items()
        }


def test_the_reporting_currency_is_the_bill_times_its_rate(ledgers):
    """Of each day's line the exact product, rounded once to 20 digits, whatever it is split in."""
    for warehouse, _ in ledgers:
        lines = warehouse.rows(
            "select day, billing_currency, rate, billing_effective_cost from ledger.charge_day "
            "where rate is not null"
        )
        expected: dict[tuple[Any, ...], Decimal] = {}
        with localcontext(prec=60):
            for day, currency, rate, cost in lines:
                expected.setdefault((day, currency), Decimal(0))
                expected[day, currency] += rounded(cost * rate, 20)
        found = warehouse.rows(
            "select day, billing_currency, sum(effective_cost) from ledger.cost "
            "where effective_cost is not null group by all"
        )

        assert {row[:2]: row[2] for row in found} == expected


LINE = """day, source, provider, service, sub_account, region, resource_id, charge_category, tags,
    facts, billing_currency"""


def test_parts_make_up_their_charge_line(ledgers):
    """Each line, with its tags and facts; not only the sum of the day."""
    assert (
        list(
            wrong(
                ledgers,
                f"""
                with line as (
                    select {LINE}, sum(charges) as charges, sum(billing_billed_cost) as billed,
                        sum(billing_effective_cost) as effective
                    from ledger.charge_day group by all
                ),
                part as (
                    select {LINE}, sum(charges) as charges, sum(billing_billed_cost) as billed,
                        sum(billing_effective_cost) as effective
                    from ledger.part group by all
                )
                (from line except all from part) union all (from part except all from line)
                """,
            )
        )
        == []
    )


def test_ratios_of_a_split_make_up_one(ledgers):
    """End to end from 0 to 1; window functions here, none in the check that every build has."""
    assert (
        list(
            wrong(
                ledgers,
                """
                with share as (
                    select day, split_key as origin, from_ratio, upto_ratio
                    from ledger.resource_share
                    union all
                    select month, 'shared ' || rule, from_ratio, upto_ratio
                    from ledger.shared_share
                ),
                placed as (
                    select
                        *, lag(upto_ratio, 1, 0) over origin as before,
                        lead(from_ratio, 1, 1) over origin as after
                    from share
                    window origin as (partition by day, origin order by upto_ratio, from_ratio)
                )
                from placed where from_ratio <> before or upto_ratio <> after
                """,
            )
        )
        == []
    )


def test_nobody_is_paid_with_what_another_owes(ledgers):
    """A part has the sign of its charge line, or is nothing."""
    assert (
        list(
            wrong(
                ledgers,
                f"""
                select {LINE}, sum(billing_effective_cost) as effective
                from ledger.part group by all
                having (sum(billing_effective_cost) >= 0 and min(billing_effective_cost) < 0)
                    or (sum(billing_effective_cost) <= 0 and max(billing_effective_cost) > 0)
                    or (sum(billing_billed_cost) >= 0 and min(billing_billed_cost) < 0)
                    or (sum(billing_billed_cost) <= 0 and max(billing_billed_cost) > 0)
                """,
            )
        )
        == []
    )


def test_the_waterfall_adds_up_to_what_was_paid(ledgers):
    """In hours and in money; a step is below zero only where the machine's cost is."""
    assert (
        list(
            wrong(
                ledgers,
                """
                with bill as (
                    select
                        date_trunc('month', day)::date as month, source, cluster, gpu_model,
                        min(least(cost, host_cost)) as least
                    from ledger.gpu_hour group by all
                )
                select w.month, w.source, w.cluster, w.gpu_model,
                    sum(w.cost) filter (w.step = 'paid') as paid,
                    sum(w.cost) filter (w.step <> 'paid') as steps, min(w.cost) as lowest
                from ledger.gpu_waterfall as w
                join bill as b
                    on b.month = w.month and b.source = w.source and b.cluster = w.cluster
                    and b.gpu_model is not distinct from w.gpu_model
                group by w.month, w.source, w.cluster, w.gpu_model, b.least
                having paid is distinct from steps or (b.least >= 0 and lowest < 0)
                """,
            )
        )
        == []
    )


def test_a_gpu_is_never_shared_out_more_than_once(ledgers):
    """Hours of all kinds lie within those that were paid, and none is below zero."""
    assert (
        list(
            wrong(
                ledgers,
                """
                from ledger.gpu_hour
                where gpu_hours < 0 or observed_gpu_hours < 0 or idle_gpu_hours < 0
                    or unobserved_gpu_hours < 0 or used_gpu_hours < 0
                    or used_gpu_hours > gpu_hours + 1e-9 or idle_gpu_hours > gpu_hours + 1e-9
                    or abs(observed_gpu_hours + unobserved_gpu_hours - gpu_hours) > 1e-9
                """,
            )
        )
        == []
    )


def test_models_teams_and_nobody_make_up_the_month(ledgers):
    """Months, coverage and stages are sums of the same rows."""
    assert (
        list(
            wrong(
                ledgers,
                """
                with month as (
                    select
                        date_trunc('month', day)::date as month, model,
                        case when count(*) = count(effective_cost) then sum(effective_cost) end
                            as cost
                    from ledger.cost where model is not null group by all
                )
                select m.month, m.model, m.cost, found.effective_cost
                from month as m
                full join ledger.model_month as found
                    on found.month = m.month and found.model = m.model
                where found.effective_cost is distinct from m.cost
                """,
            )
        )
        == []
    )
