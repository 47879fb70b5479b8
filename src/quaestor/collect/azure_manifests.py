"""Which files of Azure's cost exports are in force: the newest whole delivery of each period.

    <root>/<export>/20261001-20261031/[<time>/][<run id>/]part_0_0001.csv[.gz], ...parquet
    <root>/<export>/20261001-20261031/[<time>/][<run id>/]manifest.json
    <root>/<export>/20261001-20261031/<export>_<id>.csv        exports of the first generation

Every delivery states its whole period anew, so that reading all files counts it several times.
Files outside of such a layout are all in force. The layout is the same in Blob storage and in a
folder that was copied from it.

Source: Microsoft, "Create and manage Cost Management exports", sections on file partitioning,
overwriting and the manifest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby

import msgspec

from quaestor.collect.manifests import READ, Listed
from quaestor.core.landed import Gap

BILLS = ("ActualCost", "AmortizedCost", "FocusCost", "Usage")
_SETTLED = timedelta(hours=1)  # data newer than its manifest for longer was copied, not exported
_WAIT = "Wait until the export is written, then collect again; the last whole delivery is kept."
_PLACE = re.compile(
    r"(?:(?P<export>.*)/)?(?P<first>\d{8})-(?P<last>\d{8})/(?:(?P<run>.+)/)?(?P<name>[^/]+)"
)
_PART = re.compile(r"part_\d+_\d+\..+", re.IGNORECASE)
_ID = re.compile(r"_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\.)", re.IGNORECASE)


class _Blob(msgspec.Struct, rename="camel"):
    blob_name: str
    byte_count: int | None = None


class _ExportConfig(msgspec.Struct, rename="camel"):
    type: str | None = None
    resource_id: str | None = None


class _Told(msgspec.Struct, rename="camel"):
    blobs: list[_Blob]
    blob_count: int | None = None
    export_config: _ExportConfig | None = None


@dataclass(frozen=True, order=True)
class Period:
    """The days of one export that each of its deliveries states anew."""

    export: str  # the folder of the export
    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def folder(self) -> str:
        """Return its folder, with the slash."""
        return f"{self.export}/{self.first:%Y%m%d}-{self.last:%Y%m%d}/".lstrip("/")

    def overlaps(self, other: Period) -> bool:
        """Return whether both have a day in common."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Place:
    """Where a file of an export stands."""

    period: Period
    run: str  # folders of the delivery below the period's; empty where each overwrites the last
    name: str


@dataclass(frozen=True)
class Delivery:
    """What of a period is in force.

    Args:
        period: Which period.
        files: The files, each with its scope: where it stands, whatever the delivery is called.
        manifest: What said so, where the export writes one.
        dataset: As Azure calls it (ActualCost, FocusCost); None where nothing says it.
        billed: The subscription or billing account it bills, where the manifest says it.
        gap: Why this is not the newest delivery, or why there is none.
    """

    period: Period
    files: tuple[tuple[Listed, str], ...] = ()
    manifest: Listed | None = None
    dataset: str | None = None
    billed: str | None = None
    gap: Gap | None = None


@dataclass
class _Run:
    files: list[Listed] = field(default_factory=list)
    manifest: Listed | None = None

    @property
    def age(self) -> tuple[datetime, str]:
        """Return what the newest has most of."""
        newest = self.manifest or max(self.files, key=lambda one: one.modified)
        return newest.modified, newest.key


def place_of(key: str) -> Place | None:
    """Return where in an export a file stands, None where its path is none of an export.

    >>> place = place_of("daily/focus/20261001-20261031/202611010310/7f-a1/part_0_0001.csv")
    >>> place.period.export, str(place.period), place.run, place.name
    ('daily/focus', '2026-10', '202611010310/7f-a1', 'part_0_0001.csv')
    """
    match = _PLACE.fullmatch(key)
    if match is None:
        return None
    try:
        first, last = (date.fromisoformat(match[name]) for name in ("first", "last"))
    except ValueError:
        return None
    period = Period(match["export"] or "", first, last)
    return Place(period, match["run"] or "", match["name"])


def by_period(listing: Iterable[Listed]) -> Iterator[tuple[Period | None, list[Listed]]]:
    """Take files in the order of their keys, and give those of a period as soon as it is whole.

    None stands for files of no export.
    """

    def period(listed: Listed) -> Period | None:
        place = place_of(listed.key)
        return place.period if place else None

    for key, files in groupby(listing, key=period):
        yield key, list(files)


def in_force(
    period: Period, files: list[Listed], read: Callable[[Listed], bytes], now: datetime | None
) -> Delivery:
    """Return the newest delivery of a period that is whole.

    Args:
        period: Which period.
        files: All that lies in its folder.
        read: Gives a manifest's bytes.
        now: The clock; None: data newer than its manifest is no sign of anything.
    """
    trouble: _Trouble | None = None
    for run in sorted(_runs(files), key=lambda run: run.age, reverse=True):
        try:
            found = _whole(period, run, read, now)
        except _Trouble as problem:
            trouble = trouble or problem
            continue
        return replace(found, gap=_gap(period, trouble)) if trouble else found
    return Delivery(period, gap=_gap(period, trouble) if trouble else None)


class _Trouble(Exception):  # noqa: N818 - it does not leave this module
    """Why a delivery cannot be in force, and what to do."""

    def __init__(self, reason: str, fix: str = _WAIT) -> None:
        super().__init__(reason)
        self.fix = fix


def _gap(period: Period, trouble: _Trouble) -> Gap:
    scope = period.export or "the export"
    return Gap(scope=scope, period=str(period), reason=str(trouble), fix=trouble.fix)


def _runs(files: list[Listed]) -> list[_Run]:
    """Tell a period's deliveries apart."""
    runs: dict[tuple[str, str], _Run] = defaultdict(_Run)
    manifests = {
        place.run for one in files if (place := place_of(one.key)) and _is_manifest(place.name)
    }
    for listed in files:
        place = place_of(listed.key)
        if place is None:
            continue
        single = place.run not in manifests and not _PART.fullmatch(place.name)
        if _is_manifest(place.name):
            runs[place.run, ""].manifest = listed
        elif place.name.lower().endswith((*READ, ".zip")):
            runs[place.run, place.name if single else ""].files.append(listed)
    return list(runs.values())


def _is_manifest(name: str) -> bool:
    return name.lower() in ("manifest.json", "_manifest.json")


def _whole(
    period: Period, run: _Run, read: Callable[[Listed], bytes], now: datetime | None
) -> Delivery:
    """Return what a delivery puts in force.

    Raises:
        _Trouble: It is not whole.
    """
    if run.manifest is None:
        partitioned = any(_PART.fullmatch(one.key.rpartition("/")[2]) for one in run.files)
        if partitioned:
            raise _Trouble("it is half written: its manifest is missing")
        _check_read(run.files)
        return Delivery(period, tuple((one, _scope(one, period, None)) for one in run.files))
    told = _told(read(run.manifest))
    config = told.export_config or _ExportConfig()
    billed = (config.resource_id or "").lower().partition("/providers/microsoft.costmanagement/")
    files = _listed(told, run)
    if config.type in BILLS or config.type is None:
        _check_read(files)
        _check_settled(files, run.manifest, now)
    return Delivery(
        period,
        tuple((one, _scope(one, period, config.type)) for one in files),
        run.manifest,
        config.type,
        billed[0] if billed[1] else None,
    )


def _told(content: bytes) -> _Told:
    try:
        told = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=_Told)
    except msgspec.MsgspecError:
        raise _Trouble("its manifest cannot be read") from None
    if told.blob_count is not None and told.blob_count != len(told.blobs):
        raise _Trouble(
            f"its manifest counts {told.blob_count:,d} files and lists {len(told.blobs):,d}"
        )
    return told


def _listed(told: _Told, run: _Run) -> list[Listed]:
    """Return the files that a manifest lists.

    Raises:
        _Trouble: One is not there, or not all of it.
    """
    there = {one.key.rpartition("/")[2]: one for one in run.files}
    found: list[Listed] = []
    for blob in told.blobs:
        name = blob.blob_name.replace("\\", "/").rpartition("/")[2]
        if name not in there:
            raise _Trouble(f"it is half written: {name} is listed and not there")
        listed = there[name]
        # What a compressed file's count of bytes means is not written down anywhere.
        exact = not name.lower().endswith(".gz")
        if exact and blob.byte_count is not None and listed.size < blob.byte_count:
            raise _Trouble(
                f"it is half written: {name} has {listed.size:,d} of {blob.byte_count:,d} bytes"
            )
        found.append(listed)
    return found


def _check_read(files: list[Listed]) -> None:
    if unread := [one.key for one in files if not one.key.lower().endswith(READ)]:
        raise _Trouble(
            f"its files end in .{unread[0].rpartition('.')[2]}, which is not read",
            "Set the export's compression to gzip, or its format to Parquet.",
        )


def _check_settled(files: list[Listed], manifest: Listed, now: datetime | None) -> None:
    changed = max((one.modified for one in files), default=manifest.modified)
    if now and changed > manifest.modified and now - changed < _SETTLED:
        raise _Trouble("it is being written: a file is newer than its manifest")


def _scope(listed: Listed, period: Period, dataset: str | None) -> str:
    """Return where a file stands, whatever its delivery is called; and what it is a file of."""
    name = _ID.sub("", listed.key.rpartition("/")[2])
    return f"{period.folder}{dataset}/{name}" if dataset else f"{period.folder}{name}"


def conflicts(deliveries: Iterable[Delivery]) -> Iterator[tuple[Delivery, Gap]]:
    """Yield deliveries that would count what another one counts already, and why.

    Two ranges of days of one export that overlap; a FocusCost export beside one of actual or
    amortised cost of the same subscription or account.
    """
    held: list[Delivery] = []
    for one in sorted(deliveries, key=_precedence, reverse=True):
        for other in held:
            if reason := _conflict(one, other):
                fix = "Let `prefix:` name one of them, or move the other away."
                scope, period = one.period.export or "the export", str(one.period)
                yield one, Gap(scope=scope, period=period, reason=reason, fix=fix)
                break
        else:
            held.append(one)


def _precedence(delivery: Delivery) -> tuple[bool, list[datetime], Period]:
    newest = sorted((one.modified for one, _ in delivery.files), reverse=True)[:1]
    return delivery.dataset == "FocusCost", newest, delivery.period


def _conflict(one: Delivery, other: Delivery) -> str | None:
    if not one.period.overlaps(other.period):
        return None
    if one.period.export == other.period.export:
        return f"the days {other.period.folder.rstrip('/').rpartition('/')[2]} overlap with it"
    focus = [delivery.dataset == "FocusCost" for delivery in (one, other)]
    if one.billed and one.billed == other.billed and focus[0] != focus[1]:
        return f"{other.period.export} ({other.dataset}) bills the same already"
    return None
