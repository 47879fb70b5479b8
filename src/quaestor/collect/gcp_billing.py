"""Land what the Cloud Billing API knows: billing accounts, their projects, and list prices.

Prices are landed as CSV, one file for each service and look, every number as the API gave it. A
catalogue that has not changed lands nothing; one that has stands beside the older ones, whose
prices were true in their days.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from quaestor.collect import gcp
from quaestor.core.errors import ConfigurationError
from quaestor.core.landed import LandedFile

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources import GcpBillingSource

_PLACE = "cloudbilling.googleapis.com"
_ACCOUNTS = ("provider", "account_id", "account_name", "account_type", "parent_id", "status")
_PRICES = (
    *("sku_id", "service", "description", "regions", "usage_type", "unit", "currency"),
    *("effective_time", "tier_start", "units", "nanos"),
)


def collect(
    source: GcpBillingSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land accounts and prices (see `Collector.collect`)."""
    del config  # an API needs no base folder
    accounts, catalogue = _clients(source)
    version = now.isoformat()
    current = landing.current()
    files = [file for file in current.files if "/skus/" in file.scope] if current else []
    with gcp.explained(source, _PLACE):
        rows = sorted(_account_rows(source, accounts))
        progress(f"{source.name}: {len(rows):,} billing accounts and projects")
        files.append(
            landing.land_blocks(
                [_csv(_ACCOUNTS, rows)], "accounts.csv", f"{_PLACE}/billingAccounts", version
            )
        )
        for service in _services(source, catalogue):
            prices = sorted(_price_rows(source, catalogue, service))
            progress(f"{source.name}: {len(prices):,} prices of {service.display_name}")
            scope = f"{_PLACE}/{service.name}/skus/{version}"
            name = f"prices-{service.service_id}.csv"
            landed = landing.land_blocks([_csv(_PRICES, prices)], name, scope, version)
            if landed.sha256 not in {file.sha256 for file in files}:
                files.append(landed)
    landing.snapshot(
        _as_they_were(files, current.files if current else ()),
        kind="gcp-billing",
        schema="gcp-billing",
        now=now,
    )


def _as_they_were(
    files: Iterable[LandedFile], before: Iterable[LandedFile]
) -> Iterator[LandedFile]:
    """Yield files; one that was in force with the same content, as it was written down then."""
    told = {file.sha256: file for file in before}
    for file in files:
        yield told.get(file.sha256, file)


def doctor(source: GcpBillingSource, config: Config) -> str:
    """Count the billing accounts that can be seen (see `Collector.doctor`)."""
    del config
    accounts, _ = _clients(source)
    with gcp.explained(source, _PLACE):
        names = [account.name for account in _accounts(source, accounts)]
    return f"{len(names):,} billing account{'s' if len(names) != 1 else ''} visible"


def permissions(source: GcpBillingSource) -> str:
    """Return a role for billing accounts (see `Collector.permissions`)."""
    account = (source.billing_accounts or ("YOUR-BILLING-ACCOUNT",))[0]
    return f"""\
# Reads the names of billing accounts and which projects they pay for. Save as role.yaml:
#    gcloud iam roles create quaestorBillingViewer --organization=YOUR-ORGANIZATION \\
#      --file=role.yaml
#    gcloud billing accounts add-iam-policy-binding {account} \\
#      --member=serviceAccount:YOUR-ACCOUNT \\
#      --role=organizations/YOUR-ORGANIZATION/roles/quaestorBillingViewer
# The price catalogue is public: it needs the Cloud Billing API enabled, and no permission.
title: Quaestor billing viewer
description: Lists billing accounts and the projects that they pay for.
stage: GA
includedPermissions:
- billing.accounts.get
- billing.accounts.list
- billing.resourceAssociations.list"""


def _clients(source: GcpBillingSource) -> tuple[Any, Any]:
    """Return the clients for accounts and for the catalogue."""
    found = gcp.credentials(source)
    try:
        import grpc
        from google.cloud import billing_v1
        from google.cloud.billing_v1.services.cloud_billing.transports import (
            CloudBillingGrpcTransport,
        )
        from google.cloud.billing_v1.services.cloud_catalog.transports import (
            CloudCatalogGrpcTransport,
        )
    except ImportError:
        raise gcp.not_installed(source) from None
    if source.endpoint and source.endpoint.startswith("http://"):
        address = source.endpoint.removeprefix("http://").rstrip("/")
        return (
            billing_v1.CloudBillingClient(
                transport=CloudBillingGrpcTransport(channel=grpc.insecure_channel(address))
            ),
            billing_v1.CloudCatalogClient(
                transport=CloudCatalogGrpcTransport(channel=grpc.insecure_channel(address))
            ),
        )
    address = (source.endpoint or "").removeprefix("https://").rstrip("/")
    options = {"api_endpoint": address} if address else None
    return (
        billing_v1.CloudBillingClient(credentials=found, client_options=options),
        billing_v1.CloudCatalogClient(credentials=found, client_options=options),
    )


def _first_patience() -> dict[str, Any]:
    return {**gcp.first_question(), "timeout": gcp.WAIT}  # gRPC knows at once if nobody listens


def _patience() -> dict[str, Any]:
    from google.api_core import exceptions, retry

    passing = retry.if_exception_type(
        exceptions.ServiceUnavailable, exceptions.TooManyRequests, exceptions.DeadlineExceeded
    )
    return {
        "retry": retry.Retry(predicate=passing, maximum=20, timeout=gcp.PATIENCE),
        "timeout": gcp.WAIT,
    }


def _accounts(source: GcpBillingSource, client: Any) -> Iterator[Any]:
    if not source.billing_accounts:
        yield from client.list_billing_accounts(**_first_patience())
    for name in source.billing_accounts:
        full = f"billingAccounts/{name.removeprefix('billingAccounts/')}"
        yield client.get_billing_account(name=full, **_first_patience())


def _account_rows(source: GcpBillingSource, client: Any) -> Iterator[tuple[str, ...]]:
    """Yield a line for each billing account, and for each project that it pays for."""
    for account in _accounts(source, client):
        number = account.name.removeprefix("billingAccounts/")
        parent = account.master_billing_account.removeprefix("billingAccounts/")
        status = "open" if account.open_ else "closed"
        name = account.display_name
        yield "Google Cloud", number, name, "Billing account", parent, status
        for project in client.list_project_billing_info(name=account.name, **_patience()):
            status = "billed" if project.billing_enabled else "not billed"
            yield "Google Cloud", project.project_id, "", "Project", number, status


def _services(source: GcpBillingSource, client: Any) -> list[Any]:
    wanted = {name.casefold() for name in source.services}
    found = [
        service
        for service in client.list_services(**_patience())
        if service.display_name.casefold() in wanted
    ]
    known = {service.display_name.casefold() for service in found}
    if missing := sorted(name for name in source.services if name.casefold() not in known):
        raise ConfigurationError(
            f"Google Cloud has no service '{missing[0]}'",
            where=f"source {source.name}",
            fix="Write `services:` as the price catalogue calls them, such as Compute Engine.",
        )
    return found


def _price_rows(source: GcpBillingSource, client: Any, service: Any) -> Iterator[tuple[str, ...]]:
    """Yield a line for each tier of each price of each SKU."""
    from google.cloud import billing_v1

    asked = billing_v1.ListSkusRequest(parent=service.name, currency_code=source.currency)
    for sku in client.list_skus(request=asked, **_patience()):
        for price in sku.pricing_info:
            expression = price.pricing_expression
            since = price.effective_time.isoformat() if price.effective_time else ""
            for tier in expression.tiered_rates:
                money = tier.unit_price
                yield (
                    *(sku.sku_id, service.display_name, sku.description),
                    *(json.dumps(sorted(sku.service_regions)), sku.category.usage_type),
                    *(expression.usage_unit, money.currency_code, since),
                    f"{Decimal(repr(tier.start_usage_amount)):f}",
                    *(str(money.units), str(money.nanos)),
                )


def _csv(header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(header)
    lines.writerows(rows)
    return text.getvalue().encode()
