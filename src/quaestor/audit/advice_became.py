"""What became of advice that is given no more: taken, gone, or nobody can say."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from quaestor.warehouse.duckdb import Warehouse

# What is advised to end: that the thing is no longer there shows that somebody did it. Of other
# advice it shows nothing.
ENDS = frozenset(
    {"consolidate", "delete", "release", "remove", "retire", "scale-to-zero", "stop", "terminate"}
)
# Jobs end, pods move and nodes are replaced by themselves: that one is no longer there is nobody's
# doing. What small things come to together may be little because one of them is used again.
_PASSING = ("job/", "jobs/", "workload/", "node/")
_TOGETHER = "small/"
_ENDED = re.compile(
    r"\b(0 x|0 instances|stopped|terminated|deallocated|deleted|switched off|serverless"
    r"|scales? to zero|scaled to zero|costs nothing)\b",
    re.IGNORECASE,
)
_LOOKED_AT = """
select substr(name, 10) as source from meta.property where starts_with(name, 'manifest:')
"""
_READ = """
select substr(name, 14) as source, value::timestamp as collected_at
from meta.property where starts_with(name, 'collected_at:')
"""
_UNSEEN = """
select source, min(scope || ': ' || reason) as reason
from audit.blind_spot where stage = 'collect' group by source
"""
_BILLED = """
select b.resource_id, b.last_day, b.until
from ledger.resource_rate as b
semi join audit.recommendation as r on r.resource_id = b.resource_id
"""
UNSAID = "it cannot be said any more"


class World:
    """What is known of the sources and the bill at an audit.

    Args:
        warehouse: A built warehouse.
        kinds: The kinds of advice that were asked.
    """

    def __init__(self, warehouse: Warehouse, kinds: Collection[str]) -> None:
        self.kinds = kinds
        self.sources = {name for (name,) in warehouse.rows(_LOOKED_AT)}
        self.read: dict[str, datetime] = dict(warehouse.rows(_READ))
        self.unseen: dict[str, str] = dict(warehouse.rows(_UNSEEN))
        self.assessed = {
            kind for (kind,) in warehouse.rows("select distinct kind from ledger.assessment")
        }
        self.billed: dict[str, tuple[date, date]] = {
            resource: (last_day, until) for resource, last_day, until in warehouse.rows(_BILLED)
        }


def became(
    was: Mapping[str, Any], seen: Mapping[str, Any] | None, world: World
) -> tuple[str | None, str]:
    """Say what became of advice that an audit does not give any more.

    Args:
        was: Its row of the audit before.
        seen: What is said of the same object now, a row of `ledger.assessment`; None: nothing.
        world: What could be looked at.

    Returns:
        "taken" or "gone", or None where it cannot be said and stays as it was; and why, in words.
    """
    if was["kind"] not in world.kinds:
        return "gone", "this kind of advice is turned off"
    if seen is None:
        return _not_there(was, world)
    if seen["answer"] == "cannot-say":
        return None, f"{UNSAID}: {seen['reason']}"
    if seen["answer"] == "withheld":
        return "gone", f"it is withheld: {seen['reason']}"
    if seen["answer"] == "left-alone":
        return "gone", seen["reason"]
    return _clean(was, seen)


def _clean(was: Mapping[str, Any], seen: Mapping[str, Any]) -> tuple[str, str]:
    before, after = was["current"], seen["current"]
    change = f"{before} became {after}"
    changed = None not in (before, after) and before != after
    if was["action"] in ENDS:
        told = f"{after or ''} {seen['reason']}"
        if _ENDED.search(told) and not _ENDED.search(before or ""):
            return "taken", f"{change}: {seen['reason']}" if changed else seen["reason"]
        return "gone", f"there is nothing to {was['action']} any more: {seen['reason']}"
    if changed and after == was["proposed"]:
        return "taken", f"{change}, as advised"
    costs = was["cost_per_month"], seen["cost_per_month"]
    if changed and None not in costs and costs[1] < costs[0]:  # dearer is not what was advised
        return "taken", change
    return "gone", f"there is nothing to change any more: {seen['reason']}"


def _not_there(was: Mapping[str, Any], world: World) -> tuple[str | None, str]:
    """Say what it means that nobody tells of the object any more."""
    source, action = was["source"], was["action"]
    if silence := _silence(was, world):
        return None, f"{UNSAID}: {silence}"
    if source is not None and source not in world.sources:
        return "gone", f"its source {source} is not configured any more"
    if was["subject"].startswith(_PASSING):
        return "gone", "it is not there any more; such things end or move by themselves"
    if was["subject"].startswith(_TOGETHER):
        return "gone", "what is left of them is not worth it together any more"
    if action not in ENDS:
        return "gone", f"it is not there any more; the advice was to {action} it"
    last_day, until = world.billed.get(was["resource_id"], (None, None))
    if last_day is not None and last_day == until and until > was["advised_at"].date():
        return None, f"{UNSAID}: no source tells of it, but it is charged on {until}"
    return "taken", f"it is not there any more, as advised ({action})"


def _silence(was: Mapping[str, Any], world: World) -> str | None:
    """Return why an object may be there although nobody tells of it; None: it is not."""
    source = was["source"]
    if source is None:
        known = was["kind"] in world.assessed
        return None if known else "nothing of its kind could be looked at"
    if source in world.unseen:
        return f"{source} could not be looked at ({world.unseen[source]})"
    read = world.read.get(source)
    if source in world.sources and (read is None or read <= was["advised_at"]):
        return f"{source} has not been read since it was advised"
    return None
