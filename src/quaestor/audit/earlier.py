"""What an earlier run found, as `quaestor gate --diff REF` names it.

REF is the id of a recorded audit, `last` for the latest of them, or else a file: the JSON
report (`--format json=FILE`) of an earlier gate or audit.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from quaestor.audit.known import Key
from quaestor.core.errors import ConfigurationError
from quaestor.core.text import printable
from quaestor.warehouse.duckdb import Warehouse

_RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{12}")
_LAST = "last"


def violations_before(warehouse: Warehouse, ref: str, *, now: datetime) -> dict[Key, str]:
    """Return the violations of an earlier run, each with what to say of it (`known.mark_known`).

    What was waived then is none: the waiver accepted it, and may have ended since.

    Raises:
        ConfigurationError: No such run is recorded, no run at all, or no such report.
    """
    if ref != _LAST and not _RUN_ID.fullmatch(ref):
        return _of_report(Path(ref))
    if ref == _LAST:
        found = warehouse.rows(
            "select run_id, audited_at from audit.run where audited_at <= ? "
            "order by audited_at desc, run_id desc limit 1",
            [now],
        )
    else:
        found = warehouse.rows("select run_id, audited_at from audit.run where run_id = ?", [ref])
    if not found:
        raise ConfigurationError(
            "no audit is recorded" if ref == _LAST else f"no audit '{ref}' is recorded",
            where="--diff",
            fix="Run `quaestor audit` first, or name the JSON report of an earlier gate.",
        )
    run_id, audited_at = found[0]
    rows = warehouse.rows(
        "select fingerprint, policy, subject from audit.finding "
        "where run_id = ? and verdict = 'fail'",
        [run_id],
    )
    return _said([(str(a), str(b), str(c)) for a, b, c in rows], f"{audited_at:%Y-%m-%d %H:%M}")


def _of_report(path: Path) -> dict[Key, str]:
    try:
        report = json.loads(path.read_bytes())
        keys = [key for one in report["findings"] for key in _violation(one)]
        when = datetime.fromisoformat(report["audited_at"])
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is neither an audit nor a file '{printable(path)}'",
            where="--diff",
            fix="Name `last`, an audit's id, or the JSON report of an earlier gate.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise ConfigurationError(
            "is no JSON report of a gate or audit",
            where=str(path),
            fix="Write one: `quaestor gate ... --format json=FILE`.",
        ) from None
    return _said(keys, f"{when:%Y-%m-%d %H:%M}")


def _violation(one: dict[str, Any]) -> list[Key]:
    if one["verdict"] != "fail":
        return []
    return [(str(one["fingerprint"]), str(one["policy"]), str(one["subject"]))]


def _said(keys: list[Key], when: str) -> dict[Key, str]:
    return dict.fromkeys(keys, f"in the run of {when} UTC")
