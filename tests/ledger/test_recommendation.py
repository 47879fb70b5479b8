"""What of all advice counts: each saving once, and no more than there is to be saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from builders.rows import insert, insert_all
from quaestor.ledger import CHECKS, SQL
from quaestor.ledger.model_file import read
from quaestor.warehouse.duckdb import Warehouse

TABLES = ("recommendation", "saving")
HELD = (
    "counted_savings_never_exceed_the_cost_of_their_thing",
    "of_alternatives_one_saving_counts",
    "what_counts_has_a_price_and_a_basis",
    "savings_of_the_kinds_add_up_to_what_counts",
)


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    """An empty warehouse; each test puts its advice there and takes it away."""
    return Warehouse(":memory:")


def an_advice(subject: str, saving: object, **columns: object) -> dict[str, Any]:
    """Advice on a subject that saves so much a month."""
    return {
        "kind": "idle",
        "subject": subject,
        "name": subject,
        "answer": "advise",
        "reason": "it is idle",
        "action": "stop",
        "confidence": "high",
        "risk": "Somebody may need it.",
        "evidence": "{}",
        "saving_per_month": saving,
        "saving_basis": None if saving is None else "bill",
        "saves_on": subject,
        **columns,
    }


def a_rate(resource: str, cost: object, **columns: object) -> dict[str, Any]:
    """What a resource costs a month."""
    return {
        "resource_id": resource,
        "source": "bill",
        "provider": "AWS",
        "service": "EC2",
        "first_day": "2026-10-02",
        "last_day": "2026-10-31",
        "until": "2026-10-31",
        "days": 30,
        "effective_cost": cost,
        "standard_cost": 0,
        "committed_cost": 0,
        "cost_per_month": cost,
        "committed_ratio": 0,
        **columns,
    }


def counted(
    warehouse: Warehouse, advice: Sequence[Mapping[str, Any]], *rates: Mapping[str, Any]
) -> dict[tuple[str, str], dict[str, Any]]:
    """What came of advice, by kind and subject, once every check held."""
    for table in ("assessment", "resource_rate", *TABLES):
        warehouse.run(f"delete from ledger.{table}")
    insert_all(warehouse, "ledger.assessment", advice)
    insert_all(warehouse, "ledger.resource_rate", rates)
    for table in TABLES:
        warehouse.run(
            f"insert into ledger.{table} {read(SQL / 'advice' / f'{table}.sql').filled({})}"
        )
    for check in HELD:
        assert warehouse.records((CHECKS / f"{check}.sql").read_text()) == [], check
    rows = warehouse.records("select * from ledger.recommendation")
    return {(row["kind"], row["subject"]): row for row in rows}


def sums(found: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, tuple[object, str]]:
    """What of each counts, and why, by subject, or kind and subject where it is not idle."""
    return {
        subject if kind == "idle" else f"{kind} {subject}": (
            None
            if row["counted_saving_per_month"] is None
            else float(row["counted_saving_per_month"]),
            row["counts_because"],
        )
        for (kind, subject), row in found.items()
    }


def test_of_alternatives_the_best_counts(warehouse):
    """The others say which counts in their place; a thing that is advised on once counts."""
    found = counted(
        warehouse,
        [
            an_advice("vm-1", 100),
            an_advice("vm-1", 40, kind="resize"),
            an_advice("vm-1", None, kind="spot"),
            an_advice("vm-2", 7),
        ],
    )

    assert sums(found) == {
        "vm-1": (100, "best"),
        "resize vm-1": (0, "alternative"),
        "spot vm-1": (None, "unpriced"),
        "vm-2": (7, "best"),
    }
    best = found["idle", "vm-1"]["recommendation"]
    assert found["resize", "vm-1"]["instead_of"] == best
    assert found["idle", "vm-1"]["instead_of"] is None


def test_equal_savings_go_to_the_surer_then_by_the_alphabet(warehouse):
    """So that the same advice counts in every build."""
    found = counted(
        warehouse,
        [
            an_advice("vm-1", 5, kind="b", confidence="medium"),
            an_advice("vm-1", 5, kind="a", confidence="low"),
            an_advice("vm-2", 5, kind="b"),
            an_advice("vm-2", 5, kind="a"),
        ],
    )

    assert {key for key, row in found.items() if row["counts_because"] == "best"} == {
        ("b", "vm-1"),
        ("a", "vm-2"),
    }


def test_a_whole_and_its_parts_never_both_count(warehouse):
    """The better of the two: the machine, or all that runs on it; at any depth."""
    found = counted(
        warehouse,
        [
            an_advice("machine", 100),
            an_advice("pod-1", 30, inside="machine"),
            an_advice("pod-2", 60, inside="machine"),
            an_advice("host", 50),
            an_advice("pod-3", 30, inside="host"),
            an_advice("pod-4", 40, inside="host"),
            an_advice("pool", 90),
            an_advice("node", 80, inside="pool"),
            an_advice("pod-5", 85, inside="node"),
            an_advice("pod-6", 6, inside="node"),
        ],
    )

    assert sums(found) == {
        "machine": (100, "best"),
        "pod-1": (0, "inside"),
        "pod-2": (0, "inside"),
        "host": (0, "inside"),
        "pod-3": (30, "best"),
        "pod-4": (40, "best"),
        "pool": (0, "inside"),
        "node": (0, "inside"),
        "pod-5": (85, "best"),
        "pod-6": (6, "best"),
    }
    instead = {subject: row["instead_of"] for (_, subject), row in found.items()}
    ids = {subject: row["recommendation"] for (_, subject), row in found.items()}
    assert instead["pod-1"] == ids["machine"]
    assert instead["host"] == ids["pod-4"]
    assert instead["pool"] == instead["node"] == ids["pod-5"]


def test_stopping_a_workload_and_sizing_its_containers_count_once(warehouse):
    """What stops it stops them; sizes count where stopping saves less, and beside other work."""
    workload = "workload/prod/ml/Deployment/{}"
    found = counted(
        warehouse,
        [
            an_advice(workload.format("desk"), 60, inside="i-1"),
            an_advice("container/prod/ml/Deployment/desk/a", 50, inside="i-1"),
            an_advice(workload.format("lab"), 10, inside="i-1"),
            an_advice("container/prod/ml/Deployment/lab/a", 15, inside="i-1"),
            an_advice(workload.format("lab") + "/n1", 8, inside="i-1"),
            an_advice("container/prod/ml/Deployment/other/a", 7, inside="i-1"),
        ],
        a_rate("i-1", 1000),
    )

    assert sums(found) == {
        workload.format("desk"): (60, "best"),
        "container/prod/ml/Deployment/desk/a": (0, "inside"),
        workload.format("lab"): (0, "inside"),
        "container/prod/ml/Deployment/lab/a": (15, "best"),
        workload.format("lab") + "/n1": (8, "best"),
        "container/prod/ml/Deployment/other/a": (7, "best"),
    }


def test_a_month_reckoned_from_a_few_days_of_the_bill_is_a_guess(warehouse):
    """Whatever its kind is sure of; list prices need no bill, and a job's days are its life."""
    bases = {"two": "bill", "part": "effective rate", "listed": "list", "week": "bill"}
    found = counted(
        warehouse,
        [
            *(an_advice(name, 5, resource_id=name, saving_basis=by) for name, by in bases.items()),
            an_advice("two", 4, kind="runaway_training", resource_id="two"),
        ],
        *(a_rate(name, 50, days=7 if name == "week" else 1) for name in bases),
    )
    sure = {key: row["confidence"] for key, row in found.items()}

    assert sure == {
        ("idle", "two"): "low",
        ("idle", "part"): "low",
        ("idle", "listed"): "high",
        ("idle", "week"): "high",
        ("runaway_training", "two"): "high",
    }
    assert found["idle", "two"]["risk"] == (
        "Somebody may need it. What it costs is known of 1 day only."
    )


def test_nothing_saves_more_than_it_costs(warehouse):
    """By the bill; where it is on none, by what was said of it. Parts are scaled to their whole."""
    found = counted(
        warehouse,
        [
            an_advice("vm-1", 100),
            an_advice("vm-2", 100, cost_per_month=60),
            an_advice("pod-1", 40, inside="vm-3"),
            an_advice("pod-2", 20, inside="vm-3"),
            an_advice("gone", 10),
        ],
        a_rate("vm-1", 80),
        a_rate("vm-3", 30),
        a_rate("gone", 0),
    )

    assert {name: float(row["counted_saving_per_month"]) for (_, name), row in found.items()} == {
        "vm-1": 80,
        "vm-2": 60,
        "pod-1": pytest.approx(20, abs=2e-4),
        "pod-2": pytest.approx(10, abs=2e-4),
        "gone": 0,
    }
    assert {row["saving_per_month"] for row in found.values()} == {100, 40, 20, 10}


def test_parts_of_what_is_clean_by_itself_are_held_to_it_too(warehouse):
    """A node in a pool of which no advice was given lies in it all the same."""
    found = counted(
        warehouse,
        [
            an_advice("pod-1", 50, inside="node"),
            an_advice("node", None, answer="clean", inside="pool"),
            an_advice("pool", 60),
        ],
    )

    assert sums(found) == {"pod-1": (0, "inside"), "pool": (60, "best")}


def test_things_inside_each_other_are_inside_nothing(warehouse):
    """A mistake of who names them ends no build."""
    found = counted(
        warehouse,
        [
            an_advice("a", 1, inside="b"),
            an_advice("b", 2, inside="a"),
            an_advice("c", 3, inside="c"),
        ],
    )

    assert sums(found) == {"a": (1, "best"), "b": (2, "best"), "c": (3, "best")}


def test_advice_to_raise_costs(warehouse):
    """It counts for less than nothing, unless there is better to do with the same thing."""
    found = counted(
        warehouse,
        [
            an_advice("pod-1", -10, kind="resize"),
            an_advice("pod-2", -10, kind="resize"),
            an_advice("pod-2", 5),
        ],
    )

    assert sums(found) == {
        "resize pod-1": (-10, "best"),
        "resize pod-2": (0, "alternative"),
        "pod-2": (5, "best"),
    }


def test_what_commitments_cover_is_stranded(warehouse):
    """They are paid whether the machine is there or not; a pod's are those of its machine."""
    found = counted(
        warehouse,
        [
            an_advice("vm-1", 100),
            an_advice("pod-1", 10, inside="vm-2"),
            an_advice("elsewhere", 100, committed_ratio=0.5),
        ],
        a_rate("vm-1", 100, committed_ratio=0.7, committed_cost=70, standard_cost=30),
        a_rate("vm-2", 100, committed_ratio=1, committed_cost=100, region="eu"),
    )

    assert {
        name: (float(row["stranded_per_month"]), float(row["counted_saving_per_month"]))
        for (_, name), row in found.items()
    } == {"vm-1": (70, 30), "pod-1": (10, 0), "elsewhere": (50, 50)}


def test_other_use_takes_up_what_is_freed_once(warehouse):
    """Of the same service and region, at standard prices; two that are freed share it."""
    committed = {"committed_ratio": 1, "committed_cost": 100}
    rates = [
        a_rate("vm-1", 100, **committed),
        a_rate("vm-2", 100, **committed),
        a_rate("vm-3", 50, standard_cost=50),
        a_rate("vm-4", 500, standard_cost=500, region="eu"),
        a_rate("vm-5", 500, standard_cost=500, service="RDS"),
    ]
    found = counted(warehouse, [an_advice("vm-1", 100), an_advice("vm-2", 100)], *rates)

    assert {float(row["stranded_per_month"]) for row in found.values()} == {75}

    found = counted(warehouse, [an_advice("vm-1", 100), an_advice("vm-3", 50, kind="stop")], *rates)
    # vm-3 goes as well, so that nothing is left to take anything up.
    assert sums(found) == {"vm-1": (0, "best"), "stop vm-3": (50, "best")}


def test_commitments_that_stand_unused_take_up_nothing_more(warehouse):
    """Whatever runs at standard prices beside them is not what they are for."""
    rates = [
        a_rate("vm-1", 100, committed_ratio=1, committed_cost=100),
        a_rate("vm-2", 500, standard_cost=500),
    ]
    assert sums(counted(warehouse, [an_advice("vm-1", 100)], *rates))["vm-1"] == (100, "best")

    for number, (status, cost) in enumerate([("Used", 90), ("Unused", 10)]):
        insert(
            warehouse,
            "focus.charge",
            BilledCost=0,
            EffectiveCost=cost,
            BillingPeriodStart="2026-10-01",
            ChargePeriodStart="2026-10-20",
            ChargeCategory="Usage",
            CommitmentDiscountStatus=status,
            ProviderName="AWS",
            ServiceName="EC2",
            x_source="bill",
            x_file="a",
            x_file_sha256="00",
            x_row=number,
        )
    found = counted(warehouse, [an_advice("vm-1", 100)], *rates)
    warehouse.run("delete from focus.charge")

    assert sums(found)["vm-1"] == (0, "best")


def test_a_commitment_saves_on_what_is_left(warehouse):
    """What other advice takes off the use that it would cover, it cannot save on."""
    buy = an_advice(
        "commit", 30, kind="commitment", cost_per_month=100, saves_on="on-demand/AWS/EC2/"
    )
    rates = [a_rate("vm-1", 40, standard_cost=40), a_rate("vm-2", 60, standard_cost=60)]

    assert sums(counted(warehouse, [buy, an_advice("vm-1", 40)], *rates)) == {
        "commitment commit": (18, "best"),
        "vm-1": (40, "best"),
    }
    assert sums(counted(warehouse, [buy], *rates)) == {"commitment commit": (30, "best")}


def test_kinds_are_summed_up(warehouse):
    """How many objects got which answer, and what of it counts."""
    counted(
        warehouse,
        [
            an_advice("vm-1", 100),
            an_advice("vm-2", None),
            an_advice("vm-3", None, answer="clean"),
            an_advice("vm-4", None, answer="cannot-say"),
            an_advice("vm-5", None, answer="cannot-say"),
            an_advice("vm-1", 60, kind="resize"),
            an_advice("vm-6", None, kind="resize", answer="withheld"),
            an_advice("vm-7", None, kind="resize", answer="left-alone"),
            an_advice("vm-8", None, kind="spot", answer="clean"),
        ],
        a_rate("vm-1", 100, committed_ratio=0.25, committed_cost=25),
    )

    assert warehouse.rows("from ledger.saving order by kind") == [
        ("idle", 2, 1, 2, 0, 0, Decimal(100), Decimal(75), Decimal(25), 1),
        ("resize", 1, 0, 0, 1, 1, Decimal(60), Decimal(0), None, 0),
        ("spot", 0, 1, 0, 0, 0, None, None, None, 0),
    ]


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        (HELD[0], "set counted_saving_per_month = 100.0001 where subject = 'vm-1'"),
        (HELD[0], "set counted_saving_per_month = 60 where saves_on like 'pod-%'"),
        (HELD[1], "set counts_because = 'best' where kind = 'resize'"),
        (HELD[1], "set counts_because = 'best' where subject = 'vm-2'"),
        (HELD[2], "set saving_basis = null where subject = 'vm-1'"),
        (HELD[2], "set counted_saving_per_month = null where subject = 'vm-1'"),
        (HELD[2], "set instead_of = null where kind = 'resize'"),
        (HELD[2], "set counted_saving_per_month = 1 where kind = 'resize'"),
        (HELD[3], "set counted_saving_per_month = 41 where subject = 'pod-1'"),
    ],
)
def test_a_fault_is_seen(warehouse, check, fault):
    """What double counting there may come to be ends the build."""
    counted(
        warehouse,
        [
            an_advice("vm-1", 100),
            an_advice("vm-1", 50, kind="resize"),
            an_advice("vm-2", 30),
            an_advice("pod-1", 40, inside="vm-2"),
            an_advice("pod-2", 40, inside="vm-2"),
        ],
        a_rate("vm-1", 100),
        a_rate("vm-2", 100),
    )
    warehouse.run(f"update ledger.recommendation {fault}")

    assert warehouse.rows((CHECKS / f"{check}.sql").read_text()) != []


MONEY = st.one_of(
    st.none(),
    st.integers(-50, 1000),
    st.decimals(-10, 10**6, places=4, allow_nan=False),
    st.sampled_from([Decimal(0), Decimal("0.0001"), Decimal(10) ** 12]),
)
THING = st.sampled_from([None, *(f"thing-{n}" for n in range(6))])
RATIO = st.one_of(st.none(), st.sampled_from([0.0, 1.0]), st.floats(0, 1))
ADVICE = st.builds(
    lambda saving, **columns: an_advice("x", saving, **columns),
    MONEY,
    kind=st.sampled_from(["idle", "resize", "spot"]),
    answer=st.sampled_from(["advise", "advise", "advise", "clean", "left-alone"]),
    confidence=st.sampled_from(["high", "medium", "low"]),
    saves_on=THING,
    inside=THING,
    committed_ratio=RATIO,
    cost_per_month=MONEY,
)
RATE = st.builds(
    lambda cost, share, **columns: a_rate(
        "x", cost, standard_cost=None if cost is None else cost * Decimal(str(share)), **columns
    ),
    st.one_of(st.none(), st.decimals(0, 10**6, places=4, allow_nan=False)),
    st.sampled_from([0, 0.5, 1]),
    region=st.sampled_from([None, "eu", "us"]),
    committed_ratio=RATIO,
)


ESTATES = 300


@pytest.fixture(scope="module")
def estates() -> list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """So many companies with advice and rates; there is no chance in which."""
    drawn: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = []

    @settings(
        max_examples=ESTATES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(ADVICE, max_size=12), st.lists(RATE, max_size=6))
    def draw(advice: list[dict[str, Any]], rates: list[dict[str, Any]]) -> None:
        drawn.append((advice, rates))

    draw()
    for estate, (advice, rates) in enumerate(drawn):
        told_apart(estate, advice, rates)
    return drawn


def told_apart(
    estate: int, advice: Sequence[dict[str, Any]], rates: Sequence[dict[str, Any]]
) -> None:
    """Give each its name, and each company its provider; without advice there is no saving."""
    for number, one in enumerate(advice):
        one["subject"] = f"{estate}/subject-{number}"
        one |= {name: f"{estate}/{one[name]}" for name in ("saves_on", "inside") if one[name]}
        if one["answer"] != "advise":
            one |= {"saving_per_month": None, "saving_basis": None}
    for number, one in enumerate(rates):
        one |= {"resource_id": f"{estate}/thing-{number}", "provider": f"{estate}"}


def test_whatever_is_advised_the_total_is_honest(warehouse, estates):
    """Every check holds of 300 companies, and no order of rows changes anything.

    No advice counts for more than it saves by itself; all of a company's for no more than the best
    of each thing; a company's parts can be told from another's.
    """
    advice = [one for company, _ in estates for one in company]
    rates = [one for _, company in estates for one in company]
    found = counted(warehouse, advice, *rates)

    assert len(estates) >= ESTATES
    assert len(found) == sum(one["answer"] == "advise" for one in advice)
    assert counted(warehouse, advice[::-1], *rates[::-1]) == found
    half = [one for company, _ in estates[::2] for one in company]
    half_rates = [one for _, company in estates[::2] for one in company]
    assert counted(warehouse, half, *half_rates).items() <= found.items()
    best: dict[str, Decimal] = {}
    totals: dict[str, Decimal] = {}
    for (_, subject), row in found.items():
        saving = row["saving_per_month"]
        assert (row["stranded_per_month"] is not None) == (row["counts_because"] == "best")
        if saving is not None:
            assert row["counted_saving_per_month"] <= max(saving, 0)
            thing = row["saves_on"] or subject
            best[thing] = max(best.get(thing, saving), saving)
            company = subject.partition("/")[0]
            totals[company] = totals.get(company, Decimal(0)) + row["counted_saving_per_month"]
    for company, total in totals.items():
        mine = [saving for thing, saving in best.items() if thing.startswith(f"{company}/")]
        assert total <= sum(max(saving, Decimal(0)) for saving in mine)
