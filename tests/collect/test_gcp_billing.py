"""The Cloud Billing API, as a gRPC server with Google's own message classes speaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quaestor import pipeline
from quaestor.collect import gcp_billing
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.sources import GcpBillingSource
from quaestor.warehouse.duckdb import Warehouse

pytestmark = pytest.mark.real
NOW = datetime(2026, 11, 21, 6)


@dataclass
class Billing:
    """The API: one account with one project, one service with one SKU on two pages."""

    port: int = 0
    nanos: int = 673_385_123
    since: str = "2026-10-01T00:00:00Z"
    denied: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, request: Any, context: Any) -> Any:
        """Answer one question."""
        import google.cloud.billing_v1 as v1
        import grpc

        self.asked.append(method)
        if self.denied:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "The caller does not have permission")
        if method == "ListBillingAccounts":
            account = v1.BillingAccount(
                name="billingAccounts/01AB23-CD45EF", display_name="Acme", open_=True
            )
            return v1.ListBillingAccountsResponse(billing_accounts=[account])
        if method == "ListProjectBillingInfo":
            project = v1.ProjectBillingInfo(project_id="acme-ml", billing_enabled=True)
            return v1.ListProjectBillingInfoResponse(project_billing_info=[project])
        if method == "ListServices":
            service = v1.Service(
                name="services/6F81", service_id="6F81", display_name="Compute Engine"
            )
            return v1.ListServicesResponse(services=[service])
        if not request.page_token:
            return v1.ListSkusResponse(next_page_token="2")  # noqa: S106 - a page
        price = {"currencyCode": "USD", "units": "3", "nanos": self.nanos}
        tiers = {"usageUnit": "h", "tieredRates": [{"startUsageAmount": 0, "unitPrice": price}]}
        sku = {
            "skuId": "0001",
            "description": "Nvidia A100",
            "category": {"usageType": "OnDemand"},
            "serviceRegions": ["us-central1", "eu-west4"],
            "pricingInfo": [{"effectiveTime": self.since, "pricingExpression": tiers}],
        }
        return v1.ListSkusResponse.from_json(json.dumps({"skus": [sku]}))


@pytest.fixture
def billing() -> Iterator[Billing]:
    """The API on a free port."""
    import google.cloud.billing_v1 as v1
    import grpc

    api = Billing()

    class Handler(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> Any:
            method = handler_call_details.method.rpartition("/")[2]
            return grpc.unary_unary_rpc_method_handler(
                lambda request, context: api.answer(method, request, context),
                request_deserializer=getattr(v1, f"{method}Request").deserialize,
                response_serializer=lambda reply: type(reply).serialize(reply),
            )

    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Handler(),))
    api.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield api
    server.stop(None).wait()


@pytest.fixture
def config(tmp_path: Path, billing: Billing) -> Config:
    """One source, the API."""
    source = GcpBillingSource(
        name="gcp",
        services=("Compute Engine",),
        endpoint=f"http://127.0.0.1:{billing.port}",
    )
    return Config(sources=(source,), base=str(tmp_path))


def collect(config: Config, now: datetime = NOW) -> Landing:
    """Look at the source as the pipeline does."""
    landing = Landing(config.resolve(config.landing), "gcp")
    gcp_billing.collect(config.sources[0], config, landing, now=now, progress=lambda _: None)
    return landing


def ask(config: Config, sql: str) -> list[tuple[Any, ...]]:
    """Build, and ask the warehouse."""
    path = config.resolve(config.warehouse)
    pipeline.build(config, path, now=NOW, progress=lambda _: None)
    with Warehouse(path, read_only=True) as warehouse:
        return warehouse.rows(sql)


def test_accounts_and_projects_are_known(config: Config):
    """A project belongs to the billing account that pays for it."""
    collect(config)
    assert ask(
        config,
        "select account_id, account_name, account_type, parent_id, status from focus.account "
        "order by account_id",
    ) == [
        ("01AB23-CD45EF", "Acme", "Billing account", None, "open"),
        ("acme-ml", None, "Project", "01AB23-CD45EF", "billed"),
    ]


def test_prices_are_exact_and_have_their_days(config: Config, billing: Billing):
    """Units and nanos give nine digits; a new price stands beside the old one."""
    collect(config)
    billing.nanos, billing.since = 5, "2026-11-22T00:00:00Z"
    collect(config, NOW + timedelta(days=2))
    assert ask(
        config,
        "select region, list_unit_price, unit, valid_from, fetched_at from focus.price "
        "order by region, valid_from",
    ) == [
        (region, price, "h", since, fetched)
        for region in ("eu-west4", "us-central1")
        for price, since, fetched in (
            (Decimal("3.673385123"), datetime(2026, 10, 1), NOW),
            (Decimal("3.000000005"), datetime(2026, 11, 22), NOW + timedelta(days=2)),
        )
    ]


def test_a_catalogue_that_has_not_changed_lands_nothing(config: Config):
    """The manifest of the first look stays."""
    first = collect(config).current()
    assert collect(config, NOW + timedelta(days=1)).current() == first


def test_what_is_wrong_is_said(config: Config, billing: Billing):
    """A service that does not exist, and an account that may not ask."""
    import msgspec

    landing = Landing(config.resolve(config.landing), "gcp")
    wrong = msgspec.structs.replace(config.sources[0], services=("Vertex",))
    with pytest.raises(ConfigurationError) as unknown:
        gcp_billing.collect(wrong, config, landing, now=NOW, progress=lambda _: None)
    assert unknown.value.what == "Google Cloud has no service 'Vertex'"
    billing.denied = True
    with pytest.raises(IncompleteError) as denied:
        collect(config)
    assert denied.value.what == "Google Cloud denies it (The caller does not have permission)"
    assert landing.current() is None


def test_doctor_and_permissions(config: Config):
    """How many accounts can be seen; the least that must be allowed."""
    assert gcp_billing.doctor(config.sources[0], config) == "1 billing account visible"
    told = gcp_billing.permissions(config.sources[0])
    assert [line[2:] for line in told.splitlines() if line.startswith("- ")] == [
        "billing.accounts.get",
        "billing.accounts.list",
        "billing.resourceAssociations.list",
    ]
