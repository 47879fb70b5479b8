"""State what tags say beyond a registry's own fields, and make columns of it.

A loader makes the temporary table `governed` of whatever has tags: kind (model, model_version,
deployment, dataset), subject, version (of a dataset its run), tags (a map), and where it landed
(file, sha256, row_number). `state` reads the tags `gov.<field>` of it, `gov_<field>` where a key
may have no dot, by the vocabulary of core/governance.py. When a build settles, `spread` makes one
row of columns of the facts about each thing (`fact_<kind>`): a source's own word wins over a
file's, and of several files that of the source first in alphabetical order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.governance import FACTS, kinds_of
from quaestor.core.reading import READERS
from quaestor.normalise import step
from quaestor.normalise.registry_rows import Unreadable, unreadable_values
from quaestor.warehouse.duckdb import Warehouse, literal, quoted

VALUES: Mapping[str, Mapping[str, str]] = {kind: kinds_of(shape) for kind, shape in FACTS.items()}
"""By kind of thing: field -> `text`, or a key of `core.reading.READERS`."""
# An approval is one statement from one place: registry_model_version.sql takes these with it.
_OF_APPROVAL = ("requested_by", "approver_group", "approvals", "approved_until")
# What nobody but the owner of a deployment can say: no platform knows it. The other facts are a
# platform's to tell, so that a blank of theirs is no omission; a tag that says one counts.
BY_OWNER = (
    *("access_logged", "log_destination", "log_retention_days", "request_timeout_seconds"),
    *("rollout_strategy", "rollout_analysis", "rolls_back", "rollback_to", "rollback_tested_at"),
    *("off_hours_schedule", "monitoring", "monitored_at", "monitor_interval_hours"),
    *("monitor_baseline", "drift", "drift_limit", "incident", "performance_measured_at"),
    *("alert_route", "alert_tested_at", "guardrail", "disclosure", "content_marking"),
)
KEYS = {
    "model": ("source", "model"),
    "model_version": ("source", "model", "version"),
    "deployment": ("source", "deployment"),
    "dataset": ("source", "run_id", "dataset"),
}
_GOVERNED = ("kind", "subject", "version", "tags", "file", "sha256", "row_number")
_SUBJECT = {
    "model": "s.model = f.subject",
    # A card that names no version says of every version what it was made from.
    "model_version": "s.model = f.subject and (s.version = f.version or (f.field in "
    "('base_model_revision', 'base_model_license', 'base_model_source') and exists ("
    "select 1 from registry.stated_model_version as e where e.every_version "
    "and e.source = f.source and e.model = f.subject and e.version = f.version)))",
    "deployment": "s.deployment = f.subject",
    "dataset": "s.dataset = f.subject and s.run_id = f.version",
}
_FIRST = {
    **dict.fromkeys(KEYS, "f.source <> s.source, f.source"),
    "model_version": "f.source <> s.source, f.version <> s.version, f.source",
}
_CALLED = {"model_version": "version"}  # what a kind of thing is called in a sentence


def columns(kind: str) -> list[str]:
    """Return the fields that become columns of a kind of thing by themselves."""
    left_out = _OF_APPROVAL if kind == "model_version" else ()
    return [field for field in VALUES[kind] if field not in left_out]


def govern(warehouse: Warehouse, rows: Iterable[Mapping[str, Any]]) -> None:
    """Make `governed` of rows in Python, each with all of its columns; `tags` are texts by key."""
    told = [
        {**row, "tags": msgspec.json.encode(said).decode()}
        for row in rows
        if (said := _facts(row["kind"], row["tags"]))
    ]
    given = {column: [row[column] for row in told] for column in _GOVERNED}
    step.make(warehouse, "governed", given, query="governed_rows")


def govern_deployments(warehouse: Warehouse, table: str) -> None:
    """Add deployments to `governed`: rows of a temporary table with `tags`, and where they landed.

    Args:
        warehouse: Where to.
        table: As for registry.deployment, and file, sha256, row_number; `tags` is a JSON object.
    """
    warehouse.run(
        "insert into governed by name select 'deployment' as kind, deployment as subject, "
        "try_cast(try_cast(tags as json) as map(varchar, varchar)) as tags, file, sha256, "
        "row_number "
        f"from {table} where tags like '%\"gov%'"
    )


def state(warehouse: Warehouse, source: str, *, from_file: bool = False) -> list[BlindSpot]:
    """State the facts of `governed`; return what of them cannot be read, which goes to quarantine.

    Args:
        warehouse: Where to.
        source: Whose tags they are.
        from_file: Whether they fill the blanks of registries.
    """
    kinds = [(kind, field, value) for kind, told in VALUES.items() for field, value in told.items()]
    step.make(warehouse, "said_fact", {"fields": msgspec.json.encode(kinds).decode()})
    _read(warehouse)
    given = {"source": source, "from_file": from_file}
    select = step.text("stated_fact")
    warehouse.run(f"insert into registry.stated_fact by name {select}", given)
    wrong = warehouse.rows(step.text("unreadable_fact"))
    unreadable = [_unreadable(row, said) for _, _, row, said in wrong]
    kept = [
        (file, sha256, *one.aside())
        for (file, sha256, _, _), one in zip(wrong, unreadable, strict=True)
    ]
    warehouse.run(
        "insert into quarantine.row select ?, unnest(?::varchar[]), unnest(?::varchar[]), "
        "unnest(?::bigint[]), unnest(?::varchar[]), unnest(?::varchar[])",
        [source, *([one[i] for one in kept] for i in range(5))],
    )
    return unreadable_values(source, unreadable)


def state_read(warehouse: Warehouse, source: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """State the facts of a file that was read and checked before.

    Args:
        warehouse: Where to.
        source: The file's source.
        rows: Each with kind, subject, version and what is said (`said`, a Struct's fields).
    """
    facts = [
        {**row, "field": field, "value": _text(row["said"][field]), "said": None}
        for row in rows
        for field in VALUES[row["kind"]]
        if row["said"].get(field) is not None
    ]
    given = {"source": source, "facts": msgspec.json.encode(facts).decode()}
    warehouse.run(f"insert into registry.stated_fact by name {step.text('file_fact')}", given)


def spread(warehouse: Warehouse, kind: str) -> None:
    """Make the temporary table `fact_<kind>`: its keys, and each fact as a column of its type.

    Of datasets it has whatever registries state (`dataset_told`), the facts among it.
    """
    types = warehouse.columns(f"registry.{kind}")
    keys = ", ".join(KEYS[kind])
    spread_out = "".join(
        f", first(value) filter (field = {literal(field)})::{types[field]} as {quoted(field)}"
        for field in columns(kind)
    )
    stated = ", ".join(f"s.{key}" for key in KEYS[kind])
    warehouse.run(
        f"create or replace temp table fact_{kind} as with told as ("
        f"select {stated}, f.field, first(f.value order by {_FIRST[kind]}) as value "
        f"from registry.stated_{kind} as s join registry.stated_fact as f "
        f"on f.kind = {literal(kind)} and {_SUBJECT[kind]} "
        "and (f.source = s.source or (f.from_file and not s.from_file)) group by all) "
        f"select {keys}{spread_out} from told group by {keys}"
    )
    if kind == "dataset":
        stated = "select * from registry.stated_dataset where not from_file"
        warehouse.run(f"create or replace temp table dataset_told as {filled(kind, stated)}")


def filled(kind: str, query: str) -> str:
    """Return a SELECT of what a settling SELECT gives, with the facts as columns.

    Args:
        kind: The kind of thing.
        query: The SELECT. What it has of deployments and datasets itself wins.
    """
    keys = ", ".join(KEYS[kind])
    if kind in ("model", "model_version"):
        said = "".join(f", f.{quoted(field)}" for field in columns(kind))
        chosen = f"s.*{said}"
    else:
        said = ", ".join(
            f"coalesce(s.{quoted(field)}, f.{quoted(field)}) as {quoted(field)}"
            for field in columns(kind)
        )
        chosen = f"s.* replace ({said})"
    return (
        f"select {chosen} from ({query}) as s left join fact_{kind} as f using ({keys}) "
        f"order by {keys}"
    )


def _read(warehouse: Warehouse) -> None:
    """Make `fact_read`: every value that is more than a text, as it reads, or null."""
    said = warehouse.rows("select distinct reads, value from said_fact where reads <> 'text'")
    read = [(reads, value, _value(reads, value)) for reads, value in said]
    warehouse.run(
        "create or replace temp table fact_read as select unnest(?::varchar[]) as reads, "
        "unnest(?::varchar[]) as value, unnest(?::varchar[]) as read",
        [[one[i] for one in read] for i in range(3)],
    )


def _value(reads: str, text: str) -> str | None:
    try:
        return str(READERS[reads].function(text))
    except ValueError:
        return None


def _unreadable(row: int, said: Mapping[str, str]) -> Unreadable:
    kind, subject, version = said["kind"], said["subject"], said["version"]
    name = f"{subject}:{version}" if kind == "model_version" else subject
    return Unreadable(
        row=row,
        subject=f"{_CALLED.get(kind, kind)} {name}",
        field=f"{kind}.{said['field']}",
        key=said["key"],
        value=said["value"],
        wanted=READERS[said["reads"]].wanted,
    )


def _facts(kind: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that say something of the vocabulary; `gov.` is as long as `gov_`."""
    words = VALUES[kind]
    return {
        key: value
        for key, value in tags.items()
        if key.startswith(("gov.", "gov_")) and key[4:] in words
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
