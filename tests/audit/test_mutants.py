"""The cases of the shipped policies notice faults that are put into them.

Beside the removal of each path in `requires`, which every run of cases does. To see all that no
case notices, raise `MOST`; each is a boundary that nobody has shown, or a fault without effect.
"""

from __future__ import annotations

from builders.mutants import mutants, noticed
from quaestor.audit.case_warehouse import CaseWarehouse
from quaestor.audit.cases import read_cases
from quaestor.audit.policies import load_policies
from quaestor.audit.requires import removals
from quaestor.core.period import utc
from quaestor.core.shipped import shipped

MOST = 1  # faults put into each policy, beside dropping `when`
NOW = utc("2026-11-21T00:00")


def test_cases_notice_faults():
    """Dropping `when` always; of comparisons turned round nearly all. Survivors are named."""
    tried, survivors = 0, []
    with CaseWarehouse() as warehouse:
        for policy in load_policies([shipped("policies")]):
            for fault, faulty in mutants(policy, MOST):
                tried += 1
                if not noticed(policy, faulty, warehouse):
                    survivors.append(f"{policy.id}: {fault}")

    assert [one for one in survivors if "without `when`" in one] == []
    assert len(survivors) / tried < 0.15, survivors


def test_what_every_policy_requires_is_taken_away_from_a_case_that_passes():
    """Each path in `requires` of each policy, so that `policy test` can see what comes of it."""
    with CaseWarehouse() as warehouse:
        for policy in load_policies([shipped("policies")]):
            cases, _ = read_cases(policy)
            passing = [case for case in cases if "pass" in case.expect.values()]
            taken = {
                removal.path
                for case in passing
                for removal in removals(policy, case.given, warehouse, now=NOW)
            }

            assert taken == set(policy.says.requires), policy.id
