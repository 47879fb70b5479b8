"""The policy engine on 10,000 models: against SQL by hand, and the gate as a whole process.

By hand is one SELECT for each of 60 policies, which returns source, model and verdict; ours
returns findings, with reason, evidence and fingerprint, and has to come to the same verdicts.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
from measure import Measured, in_turn
from start import NOW, PROGRAM

from normalise import NOW as CLOCK
from quaestor.audit.evaluate import evaluate
from quaestor.audit.policies import Policy, load_policies
from quaestor.core.verdict import Verdict
from quaestor.warehouse.duckdb import Warehouse

MODELS, POLICIES = 10_000, 60
_MODELS = f"""
insert into registry.model (source, model, owner, team, cost_center, risk_tier, description)
select 'r', 'model-' || i, case when i % 3 > 0 then 'team-' || i % 10 end, 'team-' || i % 10,
    case when i % 2 > 0 then 'CC-1' end, 1 + i % 3, ' '
from range({MODELS}) as t(i)
"""
_VERSIONS = f"""
insert into registry.model_version
    (source, model, version, lifecycle, artifact_digest, run_id, created_at)
select 'r', 'model-' || i, '7', 'production', case when i % 2 > 0 then sha256(i::varchar) end,
    'run-' || i, timestamp '2026-01-01'
from range({MODELS}) as t(i)
"""
_RUNS = f"""
insert into registry.run (source, run_id, git_commit)
select 'r', 'run-' || i, case when i % 4 > 0 then md5(i::varchar) end from range({MODELS}) as t(i)
"""
_EVIDENCE = """
insert into registry.evidence
select 'r', field, true, 'native' from (values ('model'), ('model_version'), ('run')) as t(field)
"""
_DEPLOYMENTS = f"""
insert into registry.deployment (source, deployment, model, version, environment, kind)
select 'r', 'prod/Deployment/model-' || i, 'model-' || i, '7', 'production', 'Deployment'
from range({MODELS}) as t(i);
insert into registry.evidence values ('r', 'deployment', true, 'native')
"""
_POLICY = """
title: Every model says its {column}
severity: high
subject: registry.model
when: coalesce(risk_tier, 1) <= {tier}
requires: [{column}]
require: has_text({column})
reason: "{{model}} says nothing of its {column}"
why: To measure.
remedy: {{text: None.}}
source: This bench
"""
_BY_HAND = r"""
select source, model, case
    when coalesce(risk_tier, 1) > {tier} then 'skip'
    when regexp_matches({column}, '[^\s\p{{Z}}\p{{C}}]') then 'pass'
    when coalesce(e.supplied, false) then 'fail' else 'unknown' end
from registry.model
left join (select source, supplied from registry.evidence where field = 'model') as e using (source)
order by source, model
"""


def policies(folder: Path) -> Iterator[Measured]:
    """All verdicts of all models."""
    path = _warehouse(folder)
    asked = list(_asked(path))
    rules = _written(folder / "rules", asked)
    ours, by_hand = Counter(_verdicts(path, rules)), Counter(_by_hand(path, asked))
    assert ours == by_hand, (ours, by_hand)
    mine, theirs = in_turn(3, lambda: _verdicts(path, rules), lambda: _by_hand(path, asked))
    name = f"{MODELS:,} models x {POLICIES} policies / a SELECT by hand for each"
    yield Measured(name, mine, theirs, 3)


def gate(folder: Path) -> Iterator[Measured]:
    """The whole process, for one version of 10,000, with every policy that ships.

    First nothing serves them, as where a version is to be deployed for the first time; then
    each is deployed, and the rules about deployments have to be asked, too.
    """
    path = _warehouse(folder)
    (folder / "quaestor.yaml").write_text(f"warehouse: {path.name}\n")
    yield _gated(folder, f"`quaestor gate` in {MODELS:,} models / `import duckdb`")
    with Warehouse(path) as warehouse:
        warehouse.run(_DEPLOYMENTS)
    yield _gated(folder, "the same, each deployed / `import duckdb`")


def _gated(folder: Path, name: str) -> Measured:
    words = (PROGRAM, "gate", "model-7:7", "--no-collect", "--now", NOW)
    ours, baseline = in_turn(
        9, _process(folder, *words), _process(folder, sys.executable, "-c", "import duckdb")
    )
    return Measured(name, ours, baseline, 4)


def _process(folder: Path, *words: str) -> Callable[[], None]:
    def run() -> None:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1, 3):  # whatever the verdict is
            raise SystemExit(f"{' '.join(words)}: {done.returncode}\n{done.stderr}")

    return run


def _warehouse(folder: Path) -> Path:
    path = folder / "policies.duckdb"
    if not path.exists():
        with Warehouse(path) as warehouse:
            for sql in (_MODELS, _VERSIONS, _RUNS, _EVIDENCE):
                warehouse.run(sql)
    return path


def _asked(path: Path) -> Iterator[tuple[str, int]]:
    """Return the columns and tiers that the policies are about."""
    with Warehouse(path, read_only=True) as warehouse:
        columns = [
            name
            for (name,) in warehouse.rows(
                "select column_name from duckdb_columns() where schema_name = 'registry' "
                "and table_name = 'model' and data_type = 'VARCHAR' order by column_index"
            )
        ]
    for number in range(POLICIES):
        yield columns[number % len(columns)], 2 + number // len(columns)


def _written(folder: Path, asked: list[tuple[str, int]]) -> tuple[Policy, ...]:
    (folder / "bench").mkdir(parents=True, exist_ok=True)
    for number, (column, tier) in enumerate(asked):
        text = _POLICY.format(column=column, tier=tier)
        (folder / "bench" / f"policy-{number}.yaml").write_text(text)
    return load_policies([folder])


def _verdicts(path: Path, rules: tuple[Policy, ...]) -> list[Verdict]:
    with Warehouse(path, read_only=True) as warehouse:
        findings = evaluate(warehouse, rules, params={}, now=CLOCK)
        return [one.verdict for one in findings]


def _by_hand(path: Path, asked: list[tuple[str, int]]) -> list[str]:
    found = []
    with duckdb.connect(str(path), read_only=True) as engine:
        for column, tier in asked:
            rows = engine.execute(_BY_HAND.format(column=column, tier=tier)).fetchall()
            found += [row[2] for row in rows]
    return found
