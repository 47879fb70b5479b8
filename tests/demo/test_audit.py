"""The audit of the demo estate finds each planted fault, and nothing beside them."""

from __future__ import annotations

import pytest

from quaestor.core.verdict import Verdict
from quaestor.demo.changes import EARLIER
from quaestor.demo.faults import FAILING, FAULTS, PASSING, WASTE, Waste, standing
from quaestor.demo.summary import summarise
from quaestor.normalise import conformance, export
from quaestor.report.explain import explain
from quaestor.warehouse.duckdb import Warehouse


def planted(faults) -> dict[str, set[str]]:
    """Policy -> the subjects that must fail."""
    subjects: dict[str, set[str]] = {}
    for fault in faults:
        subjects.setdefault(fault.policy, set()).update(fault.subjects)
    return subjects


def failing(audited) -> dict[str, set[str]]:
    """Policy -> the subjects that did fail, waived or not."""
    subjects: dict[str, set[str]] = {}
    for finding in audited.summary.ordered(Verdict.FAIL, Verdict.WAIVED):
        subjects.setdefault(finding.policy, set()).add(finding.subject)
    return subjects


def test_each_planted_fault_is_found_and_nothing_beside_them(estate):
    """Every fault, and no finding of any policy about a subject that is clean."""
    assert failing(estate.audited) == planted(FAULTS)


def test_the_earlier_audit_finds_what_was_wrong_by_then_and_nothing_beside_it(estate):
    """What began later is not there yet, what was mended later is; nothing goes unanswered."""
    unanswered = estate.earlier.summary.ordered(Verdict.UNKNOWN, Verdict.ERROR)

    assert failing(estate.earlier) == planted(standing(EARLIER))
    assert [(one.policy, one.subject, one.reason) for one in unanswered] == []
    assert estate.earlier.summary.blind_spots == ()


@pytest.mark.parametrize("waste", WASTE, ids=lambda waste: waste.kind)
def test_each_planted_waste_is_advised_about_and_nothing_else_of_its_kind(estate, waste: Waste):
    """All of it, and no object that is well used."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        found = warehouse.rows(
            "select name from ledger.recommendation where kind = ?", [waste.kind]
        )

    assert sorted(name for (name,) in found) == sorted(waste.names)


def test_the_silent_exporter_gives_no_advice_to_stop_its_node(estate):
    """What is unobserved is not idle; the reason is told."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        told = warehouse.rows(
            "select answer, reason from ledger.assessment "
            "where kind = 'idle_gpu' and name = 'prod-eu/gpu-a100-3'"
        )

    assert [answer for answer, _ in told] != ["advise"]
    assert [bool(reason) for _, reason in told] == [True]


def test_what_a_notebook_or_endpoint_is_told_to_do_its_gpus_do(estate):
    """Where nobody works and nobody calls, samples of the GPUs show idle ones; elsewhere busy."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        told = warehouse.rows(
            """
            select
                n.notebook, n.last_activity_at < n.seen_at - interval 14 day,
                avg(s.gpu_util_ratio) < 0.05
            from usage.notebook as n
            join usage.gpu_sample as s
                on s.host = n.notebook and s.sampled_at > n.seen_at - interval 7 day
            group by all order by n.notebook
            """
        )
        differing = warehouse.rows(
            """
            select h.endpoint, avg(h.gpu_used_ratio), avg(s.gpu_util_ratio)
            from usage.endpoint_hour as h
            join usage.gpu_sample as s
                on s.host = h.endpoint and date_trunc('hour', s.sampled_at) = h.hour
            group by h.endpoint
            having abs(avg(h.gpu_used_ratio) - avg(s.gpu_util_ratio)) > 0.2
            """
        )

    assert told == [
        ("nb-lena", False, False),
        ("nb-old-demo", True, True),
        ("nb-workshop", True, True),
    ]
    assert differing == []


def test_hours_of_pods_and_samples_of_their_containers_tell_of_one_use(estate):
    """No size is advised by samples that the hours of the same pods contradict."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        hours, cores, gib = warehouse.row(
            """
            select
                count(*), max(abs(h.cpu_used_cores - s.cores)), max(abs(h.ram_used_gib - s.gib))
            from usage.pod_hour as h
            join (
                select
                    cluster, namespace, pod, date_trunc('hour', sampled_at) as hour,
                    avg(cpu_used_cores) as cores, avg(ram_used_gib) as gib
                from usage.container_sample group by all
            ) as s
                on s.cluster = h.cluster and s.namespace = h.namespace and s.pod = h.pod
                and s.hour = h.hour
            """
        )

    assert hours >= 7 * 14 * 24
    assert (cores < 0.001, gib < 0.001) == (True, True)


def test_what_is_kept_is_priced_by_the_bill_of_its_bucket(estate):
    """The bucket's charges are by the month of a GB; no list price is needed."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        basis = warehouse.rows(
            "select distinct saving_basis from ledger.recommendation where kind = 'orphan_artifact'"
        )

    assert basis == [("effective rate",)]


def test_what_a_waiver_lets_stand_is_waived_and_nothing_else(estate):
    """The finding names its waiver, and does not count against the audit."""
    waived = {
        (one.policy, one.subject, one.waiver)
        for one in estate.audited.summary.ordered(Verdict.WAIVED)
    }

    assert waived == {
        (fault.policy, subject, fault.waiver)
        for fault in FAULTS
        if fault.waiver
        for subject in fault.subjects
    }


def test_nothing_goes_unanswered(estate):
    """The estate supplies all evidence, so that every policy has an answer and no blind spot."""
    unanswered = estate.audited.summary.ordered(Verdict.UNKNOWN, Verdict.ERROR)

    assert [(one.policy, one.subject, one.reason) for one in unanswered] == []
    assert estate.audited.summary.blind_spots == ()


def test_the_passing_version_passes_and_the_failing_one_fails(estate):
    """What the demo tells people to try is so: no finding about one, several about the other."""
    found = estate.audited.summary.findings
    about = {
        name: [
            one.policy
            for one in found
            if one.verdict is Verdict.FAIL and one.subject in (name, name.partition(":")[0])
        ]
        for name in (PASSING, FAILING)
    }

    assert about[PASSING] == []
    assert "production-without-approval" in about[FAILING]


def test_a_silent_exporter_is_unobserved_and_not_idle(estate):
    """Two days without a word from one node's exporter: its hours are unobserved, none is idle."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        days = warehouse.rows(
            """
            select day::varchar, sum(gpu_hours), sum(unobserved_gpu_hours), sum(idle_gpu_hours)
            from ledger.gpu_hour
            where node = 'gpu-a100-3' and unobserved_gpu_hours > 0 group by day order by day
            """
        )

    assert days == [("2026-11-17", 192.0, 192.0, 0.0), ("2026-11-18", 192.0, 192.0, 0.0)]


def test_the_idle_node_is_idle_for_a_week_and_costs_money(estate):
    """Eight GPUs at 24 hours, every hour of the last week, at the node's whole price."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        week = warehouse.row(
            """
            select sum(gpu_hours), sum(idle_gpu_hours), sum(idle_cost) = sum(cost)
            from ledger.gpu_hour where node = 'gpu-a100-4' and day >= date '2026-11-14'
            """
        )

    assert week == (1344.0, 1344.0, True)


def test_the_ledger_holds_the_whole_bill(estate):
    """Every dollar of three clouds is in the ledger, on both bases."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        bill = warehouse.row("select sum(BilledCost), sum(EffectiveCost) from focus.charge")
        ledger = warehouse.row("select sum(billed_cost), sum(effective_cost) from ledger.cost")

    assert ledger == bill


@pytest.mark.parametrize("version", ["1.2", "1.4"])
def test_the_bill_conforms_to_focus(estate, version):
    """Neither a MUST nor a SHOULD of the version is broken: `export focus --check` shows none."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        charges = export.charges(warehouse, export.Wanted(version))
        checked = conformance.check(warehouse, charges, version)

    assert [one.rule.name for one in checked.broken] == []
    assert checked.rows > 39_000


def test_the_summary_is_of_the_last_complete_month(estate):
    """October: November has ten days to go."""
    figures = summarise(estate.warehouse, estate.audited.summary.audited_at)

    assert (str(figures.month), figures.models) == ("2026-10-01", 40)
    assert 150_000 < figures.cost < 400_000
    assert 0.6 < figures.model_ratio < 0.9
    assert 0 < figures.idle_cost < figures.gpu_cost


def test_the_money_of_a_budget_finding_is_that_of_its_month(estate):
    """The running month is what broke the budget; an older one would prove another sum."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        trace = explain(warehouse, "vision-team").trace

    assert trace
    assert trace.about == "vision-team in 2026-11"
