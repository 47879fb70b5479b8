"""Read what all policies rest on: who supplies what, and the money behind the models."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from quaestor.audit.answer import Known
from quaestor.audit.compile import MODEL
from quaestor.audit.policies import STAKES, Policy
from quaestor.warehouse.duckdb import quoted
from quaestor.warehouse.sandbox import Sandbox


def known_of(sandbox: Sandbox, policies: Sequence[Policy], model: str | None) -> Known:
    """Return what the answers of policies rest on; with a model, its money alone.

    Raises:
        SandboxError: The warehouse cannot be read.
    """
    named = {(policy.says.at_stake or "").rpartition(".") for policy in policies}
    there = sandbox.columns()[STAKES]
    columns = sorted(name for table, _, name in named if table == STAKES and name in there)
    return Known(
        sandbox.supplied(),
        _stakes(sandbox, columns, model) if columns else {},
    )


def _stakes(
    sandbox: Sandbox, columns: Sequence[str], model: str | None
) -> dict[str, dict[str, Decimal | None]]:
    """Return costs of the latest complete month (of the latest, if none is), by model."""
    answer = sandbox.run(
        f"""
        select model, {", ".join(f"sum({quoted(name)})" for name in columns)} from {STAKES}
        where month = (
            select coalesce(max(month) filter (where complete), max(month)) from {STAKES}
        ) {f"and model = ${MODEL}" if model is not None else ""}
        group by model
        """,
        {MODEL: model} if model is not None else {},
        tables=[STAKES],
    )
    return {
        name: {row[0]: row[place] for row in answer.rows}
        for place, name in enumerate(columns, start=1)
    }
