"""Land cost from Azure's Cost Management API: actual and amortised cost, month by month.

A month is fetched anew until it was fetched once after the month that followed it: by then it is
closed, and corrections are in. From then on it is kept as it was landed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from quaestor.collect import azure, azure_details, azure_query
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.landed import LandedFile
from quaestor.core.period import Window, month_after
from quaestor.core.progress import counted

if TYPE_CHECKING:
    from azure.mgmt.costmanagement import CostManagementClient

    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources import AzureCostSource

DATASETS = ("ActualCost", "AmortizedCost")
_MISSING = "`scope:`, and `method:` (offers without an agreement answer `query` only)"
_REPORTS_AT_ONCE = 4  # each is waited for; the query API counts calls, and is asked one by one


def collect(
    source: AzureCostSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land the months that can still change (see `Collector.collect`)."""
    del config  # an address needs no base folder
    window = Window(source.since, source.until)
    with _client(source, progress) as client:
        look = _Look(source, client, landing, now)
        months = window.months(now, back=source.months)
        kept = [file for month in look.landed_months() - set(months) for file in look.of(month)]
        kept += [file for month in months if look.is_final(month) for file in look.of(month)]
        wanted = [(m, dataset) for m in months if not look.is_final(m) for dataset in DATASETS]
        fetched = look.fetch_all(wanted, progress)
    files = [*kept, *fetched]
    if not files:
        raise IncompleteError(
            "Azure has no cost in any of these months",
            where=look.where,
            fix="Check `scope:` and `since:`, or ask for more `months:`.",
        )
    landing.snapshot(files, kind="azure-cost", schema="bill", now=now)


def doctor(source: AzureCostSource, config: Config) -> str:
    """Say what this month costs so far (see `Collector.doctor`)."""
    del config
    with (
        _client(source, lambda _: None) as client,
        azure.explained(source, _address(source), _MISSING),
    ):
        told = azure_query.month_to_date(client, _scope(source))
    return f"reachable; this month so far: {', '.join(told) or 'no cost'}"


def permissions(source: AzureCostSource) -> str:
    """Return a role that reads cost (see `Collector.permissions`)."""
    scope = _scope(source)
    grantable = scope.lower().startswith(("/subscriptions/", "/providers/microsoft.management/"))
    role = {
        "Name": "Quaestor cost reader",
        "IsCustom": True,
        "Description": (
            f"Reads cost at {scope}. The built-in role Cost Management Reader includes it. At a "
            "billing account, assign Billing account reader (or Enrollment reader) instead."
        ),
        "Actions": [
            "Microsoft.CostManagement/*/read",
            "Microsoft.Consumption/*/read",
            "Microsoft.Billing/billingPeriods/read",
            "Microsoft.Billing/billingProperty/read",
            "Microsoft.Resources/subscriptions/read",
        ],
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [scope if grantable else "/subscriptions/YOUR-SUBSCRIPTION-ID"],
    }
    return json.dumps(role, indent=2)


def _scope(source: AzureCostSource) -> str:
    return "/" + source.scope.strip("/")


def _address(source: AzureCostSource) -> str:
    """Return what is asked, as it may be shown."""
    return f"{urlsplit(source.endpoint).hostname}{_scope(source)}"


@contextmanager
def _client(
    source: AzureCostSource, progress: Callable[[str], None]
) -> Iterator[CostManagementClient]:
    """Open the client at the configured endpoint, of whichever cloud that is."""
    endpoint = source.endpoint.rstrip("/")
    if urlsplit(endpoint).scheme != "https" or not urlsplit(endpoint).hostname:
        raise ConfigurationError(
            "`endpoint:` is no https:// address",
            where=f"source {source.name}",
            fix="Leave it out, or name your cloud's, such as https://management.usgovcloudapi.net.",
        )
    try:
        from azure.mgmt.costmanagement import CostManagementClient
    except ImportError:
        raise azure.not_installed("azure-mgmt-costmanagement", source.name) from None
    with CostManagementClient(
        azure.credential(source.name),
        base_url=endpoint,
        credential_scopes=[f"{endpoint}/.default"],
        retry_policy=azure.patience(progress),
    ) as client:
        yield client


@dataclass
class _Look:
    """One look at a scope."""

    source: AzureCostSource
    client: CostManagementClient
    landing: Landing
    now: datetime

    def __post_init__(self) -> None:
        current = self.landing.current()
        self.before = current.files if current else ()
        self.known = self.landing.known()
        self.stamp = f"{self.now:%Y-%m-%dT%H}"  # what was fetched within the hour is new
        self.where = f"{_address(self.source)} (source {self.source.name})"

    def place(self, month: date, dataset: str = "") -> str:
        """Return the scope of a month's files."""
        dataset = f"{dataset}/" if dataset else ""
        return f"https://{_address(self.source)}/{month:%Y-%m}/{dataset}"

    def landed_months(self) -> set[date]:
        """Return the months that are in force."""
        begins = f"https://{_address(self.source)}/"
        rest = [file.scope.removeprefix(begins) for file in self.before]
        return {date.fromisoformat(f"{text[:7]}-01") for text in rest if text[4:5] == "-"}

    def of(self, month: date) -> list[LandedFile]:
        """Return the files in force of a month."""
        return [file for file in self.before if file.scope.startswith(self.place(month))]

    def is_final(self, month: date) -> bool:
        """Return whether a month was fetched when nothing in it could change any more."""
        settled = f"{month_after(month, 2):%Y-%m-%dT%H}"
        return all((file.version or "") >= settled for file in self.of(month)) and bool(
            self.of(month)
        )

    def fetch_all(
        self, wanted: list[tuple[date, str]], progress: Callable[[str], None]
    ) -> list[LandedFile]:
        """Return the files of months, fetched unless that was done within the hour."""
        name = self.source.name
        if self.source.method == "query":
            named = counted(wanted, progress, lambda one: f"{name}: {one[0]:%Y-%m} {one[1]}")
            return [file for one in named for file in self._fetch(*one)]
        with ThreadPoolExecutor(_REPORTS_AT_ONCE) as pool:
            coming = [
                (f"{m:%Y-%m} {which}", pool.submit(self._fetch, m, which)) for m, which in wanted
            ]
            try:
                arriving = counted(coming, progress, lambda one: f"{name}: {one[0]}")
                return [file for _, future in arriving for file in future.result()]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _fetch(self, month: date, dataset: str) -> list[LandedFile]:
        place = self.place(month, dataset)
        have = self._fetched(place)
        if have is not None:
            return have
        where = f"{_address(self.source)}, {month:%Y-%m} {dataset}"
        with azure.explained(self.source, where, _MISSING):
            where = f"{where} (source {self.source.name})"
            if self.source.method == "query":
                return self._query(month, dataset, place, where)
            return self._details(month, dataset, place, where)

    def _query(self, month: date, dataset: str, place: str, where: str) -> list[LandedFile]:
        content = azure_query.as_csv(self.client, _scope(self.source), month, dataset, where)
        if content is None:
            return []
        name = f"{month:%Y-%m}-{dataset}.csv"
        return [self.landing.land_blocks([content], name, f"{place}0.csv", f"{self.stamp}/1")]

    def _details(self, month: date, dataset: str, place: str, where: str) -> list[LandedFile]:
        scope = _scope(self.source)
        parts = azure_details.report(self.client, scope, month, dataset, self.now, where)
        landed = []
        for number, part in enumerate(parts):
            name = f"{month:%Y-%m}-{dataset}-{number}{part.ending}"
            with part.blocks() as blocks:
                landed.append(
                    self.landing.land_blocks(
                        blocks, name, f"{place}{number}.csv", f"{self.stamp}/{len(parts)}"
                    )
                )
        return landed

    def _fetched(self, place: str) -> list[LandedFile] | None:
        """Return what a look within this hour landed, if that was all there is."""
        found = [
            file
            for (scope, version), file in self.known.items()
            if scope.startswith(place) and version.startswith(f"{self.stamp}/")
        ]
        whole = found and len(found) == int((found[0].version or "").rpartition("/")[2])
        return found if whole else None
