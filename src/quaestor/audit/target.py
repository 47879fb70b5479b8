"""What the gate is asked about: `model:version` or `model@alias`, found in the registries.

And what the registries are worth today: which could not be seen, and how old their word is.

What a registry's source could not show is missing evidence

- for every target, where nobody knows what it hid: the source itself (a blind spot with the
  scope "all"), or a whole file of it (a row of quarantine.row without a row_number);
- for one target, where it hid something of that model or version: a value that could not be
  read, or a second statement of it (a row of quarantine.row whose `raw` names it).

A value of another model hides nothing of this one, and does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.core.text import printable
from quaestor.warehouse.duckdb import Warehouse

_EVERYTHING = "all"
_UNREAD = """
    with kept as (
        select source, reason, case when json_valid(raw) then raw::json end as said
        from quarantine.row where row_number is not null
    )
    select distinct source, reason from kept
    where said ->> '$.subject' in ('model ' || $model, 'version ' || $model || ':' || $version)
        or (
            said ->> '$.model' = $model
            and coalesce(said ->> '$.version', $version) = $version
        )
    order by all
"""


class Asked(Struct, frozen=True):
    """One target as the user wrote it.

    Args:
        text: As written.
        model: The model's name.
        version: Its version, or None where an alias is given.
        alias: A name that the registry points at a version, or None.
    """

    text: str
    model: str
    version: str | None
    alias: str | None


class Registries(Struct, frozen=True):
    """What is known about the registries behind a gate.

    Args:
        collected_at: When the one looked at longest ago was last read well; None: not known.
        blind_spots: What of them could not be seen, or not lately enough, and may matter to any
            target.
        parts: What else of their models and versions could not be read: what none has may be there,
            and what was read earlier may be another by now.
    """

    collected_at: datetime | None
    blind_spots: tuple[BlindSpot, ...]
    parts: tuple[BlindSpot, ...] = ()


def parse(text: str) -> Asked:
    """Read one target.

    Raises:
        ConfigurationError: Neither `model:version` nor `model@alias`.

    >>> parse("churn:7").version, parse("churn@champion").alias
    ('7', 'champion')
    """
    for mark in ":@":
        model, found, name = text.rpartition(mark)
        if found and model.strip() and name.strip():
            version, alias = (name, None) if mark == ":" else (None, name)
            return Asked(text, model, version, alias)
    raise ConfigurationError(
        f"'{printable(text)}' names no model version",
        where="TARGET",
        fix="Write MODEL:VERSION, such as churn:7, or MODEL@ALIAS, such as churn@champion.",
    )


def find(warehouse: Warehouse, asked: Asked) -> str | None:
    """Return the version that a target means, or None where no registry has it.

    Raises:
        ConfigurationError: Two registries point the alias at different versions.
    """
    if asked.version is not None:
        found = warehouse.rows(
            "select 1 from registry.model_version where model = ? and version = ? limit 1",
            [asked.model, asked.version],
        )
        return asked.version if found else None
    rows = warehouse.rows(
        "select distinct version from registry.model_version "
        "where model = ? and list_contains(aliases, ?) order by version",
        [asked.model, asked.alias],
    )
    if len(rows) > 1:
        versions = ", ".join(printable(version) for (version,) in rows)
        raise ConfigurationError(
            f"the alias points at several versions: {versions}",
            where=printable(asked.text),
            fix="Name the version, such as churn:7.",
        )
    return str(rows[0][0]) if rows else None


def suggestion(warehouse: Warehouse, asked: Asked) -> str:
    """Return what may have been meant by a target that no registry has."""
    rows = warehouse.rows(
        "select version, aliases from registry.model_version where model = ? "
        "order by created_at desc nulls last, version desc",
        [asked.model],
    )
    if rows:
        known = [str(version) for version, _ in rows]
        known += [f"@{alias}" for _, aliases in rows for alias in aliases or ()]
        shown = ", ".join(printable(name) for name in known[:8])
        more = f" and {len(known) - 8} more" if len(known) > 8 else ""
        return f"The registries have {shown}{more} of {printable(asked.model)}."
    models = [printable(m) for (m,) in warehouse.rows("select distinct model from registry.model")]
    otherwise = (
        f"The registries have {len(models):,} models; collect first if it is new (--collect)."
    )
    return did_you_mean(asked.model, models, otherwise=otherwise, form="{}", most=3)


def registries(
    warehouse: Warehouse,
    *,
    named: Sequence[str],
    others: Collection[str],
    now: datetime,
    max_age: timedelta | None = None,
) -> Registries:
    """Say how much the registries' word is worth.

    Args:
        warehouse: A built warehouse.
        named: The sources that the configuration says are registries; () where it is not known.
        others: The sources that the configuration says are none. Any other counts.
        now: The clock, UTC.
        max_age: From which age on a registry's word is too old; one from the future is of no
            known age, and missing. None: age does not matter.
    """
    collected = _collected(warehouse, others)
    spots = _failed(warehouse, others)
    told = {spot.source for spot in spots if spot.scope == _EVERYTHING}
    for name in sorted({*named, *collected} - told):
        when = collected.get(name)
        spot = _too_old(name, when, now, max_age) if when else _never_read(warehouse, name)
        spots += [spot] if spot else []
    seen = [collected.get(name) for name in {*named, *collected}]
    known = [when for when in seen if when is not None]
    oldest = min(known) if known and len(known) == len(seen) else None
    if max_age is not None and not seen and not spots:
        spots = [_unread("the registry", "nobody knows when it was read")]
    return Registries(oldest, tuple(spots), tuple(_unread_parts(warehouse, others)))


def _unread_parts(warehouse: Warehouse, others: Collection[str]) -> Iterator[BlindSpot]:
    """Yield the lists of models or versions that a registry did not give at the last look."""
    rows = warehouse.records(
        "select source, scope, period, reason, fix from audit.blind_spot where stage = 'collect' "
        "and regexp_matches(scope, '(models|versions|packages)$') order by all"
    )
    yield from (BlindSpot(**row) for row in rows if row["source"] not in others)


def _collected(warehouse: Warehouse, others: Collection[str]) -> dict[str, datetime]:
    rows = warehouse.rows(
        "select name, value::timestamp from meta.property where name like 'collected_at:%'"
    )
    when = {name.partition(":")[2]: at for name, at in rows}
    return {name: at for name, at in when.items() if name not in others}


def unread_of(
    warehouse: Warehouse,
    model: str,
    version: str,
    others: Collection[str],
    parts: Sequence[BlindSpot] = (),
) -> tuple[BlindSpot, ...]:
    """Return what the registries say of a model or version and nobody could read.

    Where a registry that told of the version did not give its list this time, that is among it.

    Args:
        warehouse: A built warehouse.
        model: The model.
        version: Its version.
        others: The sources that the configuration says are no registries.
        parts: What of the registries could not be read (`Registries.parts`).
    """
    rows = warehouse.rows(_UNREAD, {"model": model, "version": version})
    unread = (
        BlindSpot(
            source=source,
            scope=f"{model}:{version}",
            reason=reason,
            fix=f"Mend it in {source} and collect again (--collect).",
        )
        for source, reason in rows
        if source not in others
    )
    return (*unread, *_old(warehouse, (model, version), parts))


def _old(
    warehouse: Warehouse, target: tuple[str, str], parts: Sequence[BlindSpot]
) -> tuple[BlindSpot, ...]:
    if not parts:
        return ()
    rows = warehouse.rows(
        "select distinct source from registry.model_version where model = ? and version = ?", target
    )
    return tuple(part for part in parts if (part.source,) in rows)


def _failed(warehouse: Warehouse, others: Collection[str]) -> list[BlindSpot]:
    rows = warehouse.records(
        "select source, scope, period, reason, fix from audit.blind_spot where scope = ? "
        "order by all",
        [_EVERYTHING],
    )
    spots = [BlindSpot(**row) for row in rows]
    files = warehouse.rows(
        "select source, list({'file': file, 'reason': reason} order by file, reason) "
        "from quarantine.row where row_number is null group by source order by source"
    )
    for source, unread in files:
        spots += _unread_files(warehouse, source, unread)
    return [spot for spot in spots if spot.source not in others]


def _unread_files(
    warehouse: Warehouse, source: str, unread: Sequence[Mapping[str, str]]
) -> list[BlindSpot]:
    """Return a blind spot for every file of a source that is in quarantine as a whole.

    The loader's own words name the file as its owner knows it, and the way out; a spot about
    counted rows is none about a file. Where there are fewer of them than files in quarantine, the
    quarantine speaks.
    """
    told = warehouse.records(
        "select source, scope, period, reason, fix from audit.blind_spot "
        "where stage = 'normalise' and source = ? and scope <> ? and rows is null order by all",
        [source, _EVERYTHING],
    )
    if len(told) >= len(unread):
        return [BlindSpot(**row) for row in told]
    return [
        BlindSpot(
            source=source,
            scope=each["file"],
            reason=f"the file cannot be read: {each['reason']}",
            fix="Mend the file and collect again (--collect).",
        )
        for each in unread
    ]


def _never_read(warehouse: Warehouse, name: str) -> BlindSpot:
    """Say that a registry was never read, and what a look at it met that was not in vain."""
    met = warehouse.rows(
        "select reason, fix from audit.blind_spot where stage = 'collect' and source = ? "
        "order by all limit 1",
        [name],
    )
    if met:
        reason, fix = met[0]
        return _unread(name, f"it was never read as a whole: {reason}", fix=fix)
    return _unread(name, "it was never read into this warehouse")


def _too_old(
    name: str, when: datetime, now: datetime, max_age: timedelta | None
) -> BlindSpot | None:
    if max_age is not None and when > now:
        return _unread(
            name,
            f"it was last read at {when:%Y-%m-%d %H:%M:%S} UTC, which is yet to come: a clock is "
            "wrong, so its age is unknown",
            fix="Set the clocks of the machines right (or --now), then collect again (--collect).",
        )
    if max_age is not None and now - when > max_age:
        hours = (now - when).total_seconds() / 3600
        most = max_age.total_seconds() / 3600
        return _unread(name, f"it was last read {hours:,.0f} hours ago, --max-age is {most:g}")
    return None


def _unread(
    name: str, reason: str, fix: str = "Run `quaestor audit` first, or add --collect."
) -> BlindSpot:
    return BlindSpot(source=name, scope=_EVERYTHING, reason=reason, fix=fix)
