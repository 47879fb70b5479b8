"""Which files of an AWS export are in force: what the newest manifest of each period lists.

    <export>/data/BILLING_PERIOD=2026-10/[<execution>/]<name>-00001.csv.gz       Data Exports
    <export>/metadata/BILLING_PERIOD=2026-10/[<execution>/]<name>-Manifest.json
    <report>/20261001-20261101/[<assembly>/]<name>-1.csv.gz                      legacy CUR
    <report>/20261001-20261101/[<assembly>/]<name>-Manifest.json
    <report>/<name>/year=2026/month=10/<name>-00001.snappy.parquet               the same, Parquet

Every delivery states the whole month anew, under the same names or in a folder of its own, so
that reading all files counts a month several times. Files outside of such a layout are all in
force. The layout is the same in S3 and in a folder that was copied from it.

Source: AWS Data Exports user guide, "Understanding export delivery"; AWS Cost and Usage Reports
user guide, "Understanding your report versions".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from quaestor.core.landed import Gap
from quaestor.core.period import Window, month_after

READ = (".csv", ".csv.gz", ".parquet", ".parq")  # how files end that are read
MANIFEST = "-manifest.json"
_STATUS = "cost_and_usage_data_status"  # beside legacy Parquet, for Athena; no bill
_SETTLED = timedelta(hours=1)  # data newer than its manifest for longer was copied, not exported
_WAIT = (
    "Wait until the export is written, then collect again; what was landed before stays in force."
)
_LAYOUTS = (
    re.compile(
        r"(?P<root>(?:.*/)?)(?P<part>data|metadata)/BILLING_PERIOD=(?P<year>\d{4})-(?P<month>\d\d)/"
        r"(?:(?P<execution>.+)/)?(?P<name>[^/]+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<root>(?:.*/)?)(?P<part>(?P<year>\d{4})(?P<month>\d\d)01-\d{6}01)/"
        r"(?:(?P<execution>.+)/)?(?P<name>[^/]+)"
    ),
    re.compile(
        r"(?P<root>(?:.*/)?)(?P<part>[^/]+)/year=(?P<year>\d{4})/month=(?P<month>\d\d?)/"
        r"(?P<execution>)(?P<name>[^/]+)"
    ),
)


@dataclass(frozen=True)
class Listed:
    """A file as its store lists it: an object's key, or a path with slashes."""

    key: str
    size: int
    version: str
    modified: datetime  # UTC, without zone


@dataclass(frozen=True, order=True)
class Period:
    """One billing period of one export."""

    root: str  # the folder of the export, with its slash
    start: date

    def __str__(self) -> str:
        return f"{self.start:%Y-%m}"

    @property
    def last(self) -> date:
        """Return its last day."""
        return month_after(self.start) - timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """Where a file of an export stands."""

    period: Period
    part: str  # the folder below the export: data, metadata, a range of days, the report's name
    execution: str  # of exports that keep every delivery: the delivery's own folder, else empty
    name: str


def place_of(key: str) -> Place | None:
    """Return where in an export a file stands, None where its path is none of an export.

    >>> place = place_of("cur/main/data/BILLING_PERIOD=2026-10/7f/main-1.csv.gz")
    >>> place.period.root, str(place.period), place.execution, place.name
    ('cur/main/', '2026-10', '7f', 'main-1.csv.gz')
    """
    for layout in _LAYOUTS:
        if match := layout.fullmatch(key):
            try:
                start = date(int(match["year"]), int(match["month"]), 1)
            except ValueError:
                continue
            period = Period(match["root"], start)
            return Place(period, match["part"], match["execution"] or "", match["name"])
    return None


def lasting(key: str) -> str:
    """Return a key without the delivery's own folder, so that the next one has the same.

    >>> lasting("cur/main/20261001-20261101/7f-a1/main-1.csv.gz")
    'cur/main/20261001-20261101/main-1.csv.gz'
    """
    place = place_of(key)
    if place is None or not place.execution:
        return key
    return key.removesuffix(f"{place.execution}/{place.name}") + place.name


@dataclass
class Exports:
    """Takes listed files page by page, and gives those in force as soon as that is known.

    Args:
        read: Gives a manifest's bytes.
        window: The days asked for.
        now: The clock; None: data newer than its manifest is no sign of anything.
        visible: Keys begin with this; a manifest that stands elsewhere cannot be missed. None:
            a period without manifest is half written only where its export has others.
    """

    read: Callable[[Listed], bytes]
    window: Window
    now: datetime | None = None
    visible: str | None = None
    gaps: dict[Period, Gap] = field(default_factory=dict)
    manifests: list[Listed] = field(default_factory=list)  # those that decided
    outside: set[Period] = field(default_factory=set)  # not in the window
    _files: dict[str, Listed] = field(default_factory=dict)
    _data: dict[Period, list[Listed]] = field(default_factory=lambda: defaultdict(list))
    _told: dict[Period, list[Listed]] = field(default_factory=lambda: defaultdict(list))
    _decided: set[Period] = field(default_factory=set)

    def add(self, page: Iterable[Listed]) -> Iterator[Listed]:
        """Take files in the order of their keys; yield those of periods that are complete."""
        last = ""
        for listed in page:
            last = listed.key
            self._files[last] = listed
            place = place_of(last)
            if place is None:
                continue
            if last.lower().endswith(MANIFEST):
                self._told[place.period].append(listed)
            elif last.lower().endswith((*READ, ".zip")):
                self._data[place.period].append(listed)
        for period in [period for period in self._told if period not in self._decided]:
            newest = _newest(self._told[period])
            folder = lasting(newest.key).rpartition("/")[0]
            if last.startswith(folder) or last < folder:
                continue  # a newer manifest may follow
            yield from self._decide(period, newest, whole=False)

    def close(self) -> Iterator[Listed]:
        """Yield the rest of the files in force; `gaps` and `outside` are complete afterwards."""
        for period in sorted(set(self._told) - self._decided):
            yield from self._decide(period, _newest(self._told[period]), whole=True)
        roots = {period.root for period in self._told}
        for key, listed in self._files.items():
            if place_of(key) is None and key.lower().endswith(READ) and _STATUS not in key:
                yield listed
        for period in sorted(set(self._data) - self._decided):
            yield from self._without_manifest(period, roots)

    def _decide(self, period: Period, manifest: Listed, *, whole: bool) -> Iterator[Listed]:
        """Yield a period's files, or note why it has none; unless `whole`, later is possible."""
        if not self.window.holds(period.start, period.last):
            self.outside.add(period)
            self._decided.add(period)
            return
        names = _listed_by(self.read(manifest))
        keys = [_found_as(name, period, manifest) for name in names or ()]
        absent = [key for key in keys if key not in self._files]
        if absent and not whole:
            return
        self._decided.add(period)
        if reason := self._trouble(names, keys, absent, manifest):
            self._note(period, *reason)
            return
        self.manifests.append(manifest)
        yield from (self._files[key] for key in dict.fromkeys(keys))

    def _trouble(
        self, names: list[str] | None, keys: list[str], absent: list[str], manifest: Listed
    ) -> tuple[str, str] | None:
        """Say why a manifest's files cannot be in force, and what to do; None: they can."""
        if names is None:
            return "its manifest cannot be read", _WAIT
        if not names:
            return "its manifest lists no file", _WAIT
        if absent:
            more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
            return f"it is half written: {absent[0]}{more} is listed and not there", _WAIT
        if unread := [key for key in keys if not key.lower().endswith(READ)]:
            ending = unread[0].rpartition(".")[2]
            return f"its files end in .{ending}, which is not read", (
                "Set the export's compression to GZIP or Parquet."
            )
        changed = max(self._files[key].modified for key in keys)
        if self.now and changed > manifest.modified and self.now - changed < _SETTLED:
            return "it is being written: a file is newer than its manifest", _WAIT
        return None

    def _without_manifest(self, period: Period, roots: set[str]) -> Iterator[Listed]:
        data = self._data[period]
        places = [place for one in data if (place := place_of(one.key))]
        names = [(place.part, place.name) for place in places]
        if not self.window.holds(period.start, period.last):
            self.outside.add(period)
        elif period.root in roots or any(self._is_expected(place) for place in places):
            self._note(
                period,
                "it is half written: its manifest is missing",
                f"{_WAIT} Where a manifest exists, let `prefix:` or `path:` hold it.",
            )
        elif len(set(names)) < len(names):
            self._note(
                period,
                "several deliveries of it lie here, and no manifest says which is in force",
                "Keep the manifests with the files (the folder metadata/), or the newest only.",
            )
        else:
            yield from (one for one in data if one.key.lower().endswith(READ))

    def _is_expected(self, place: Place) -> bool:
        """Say whether a manifest of a place would be seen if there were one."""
        if self.visible is None:
            return False
        if place.part.lower() == "data":
            return f"{place.period.root}metadata/".startswith(self.visible)
        dated = re.fullmatch(r"\d{6}01-\d{6}01", place.part)
        return bool(dated) and f"{place.period.root}{place.part}/".startswith(self.visible)

    def _note(self, period: Period, reason: str, fix: str) -> None:
        scope = period.root.rstrip("/") or "the export"
        self.gaps[period] = Gap(scope=scope, period=str(period), reason=reason, fix=fix)


def _newest(manifests: list[Listed]) -> Listed:
    """Return the manifest written last; of one moment, that of the period's own folder."""

    def age(listed: Listed) -> tuple[datetime, bool, str]:
        place = place_of(listed.key)
        execution = place.execution if place else ""
        return listed.modified, not execution, execution

    return max(manifests, key=age)


def _listed_by(content: bytes) -> list[str] | None:
    """Return what a manifest lists, as it names it; None where it is no manifest of AWS."""
    try:
        told: Any = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
    names = told.get("dataFiles", told.get("reportKeys")) if isinstance(told, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return names


def _found_as(name: str, period: Period, manifest: Listed) -> str:
    """Return the key of a listed file: below the export's folder, wherever that lies now."""
    key = re.sub(r"^s3://[^/]+/", "", name).lstrip("/")
    if place := place_of(key):
        return period.root + key.removeprefix(place.period.root)
    return f"{manifest.key.rpartition('/')[0]}/{key.rpartition('/')[2]}"
