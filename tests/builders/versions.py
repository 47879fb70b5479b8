"""Versions of models that are registered, deployed at endpoints, and called or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from builders.advice import PRESENT
from builders.rows import insert_all
from quaestor.warehouse.duckdb import Warehouse

LONG_AGO = datetime(2026, 1, 1)


class Estate:
    """Rows of versions, deployments and endpoints, put into a warehouse at once."""

    def __init__(self) -> None:
        """Start without any."""
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}
        self.deployments: list[dict[str, Any]] = []
        self.endpoints: list[dict[str, Any]] = []
        self.called: list[tuple[str, str | None, str, int]] = []

    def version(self, model: str, version: str, **columns: Any) -> None:
        """Register a version, or say more of it."""
        known = self.versions.setdefault(
            (model, version), {"source": "ml", "model": model, "version": version}
        )
        known |= columns

    def deploy(
        self,
        model: str,
        version: str,
        place: str,
        *,
        calls: str | None = "0",
        days: int = 23,
        **columns: Any,
    ) -> None:
        """Deploy a version at an endpoint of its own; calls of an hour are SQL, None is silence."""
        self.version(model, version)
        told = {
            "source": "sm",
            "environment": "production",
            "resource_id": f"arn:{place}",
            "created_at": LONG_AGO,
            "kind": "sagemaker",
            **columns,
        }
        self.deployments.append({**told, "deployment": place, "model": model, "version": version})
        self.endpoint(place, region=told.get("region"), kind=told["kind"])
        if calls is not None:
            self.called.append((place, None, calls, days))

    def endpoint(self, name: str, **columns: Any) -> None:
        """List an endpoint."""
        self.endpoints.append(
            {
                "source": "sm",
                "endpoint": name,
                "kind": "sagemaker",
                "resource_id": f"arn:{name}",
                "instances": 1,
                "instance_type": "ml.g5.xlarge",
                "status": "InService",
                "created_at": LONG_AGO,
                "seen_at": PRESENT,
                **columns,
            }
        )

    def hours(self, endpoint: str, calls: str, days: int = 23, variant: str | None = None) -> None:
        """Tell of the hours of the last days."""
        self.called.append((endpoint, variant, calls, days))

    def write(self, warehouse: Warehouse) -> None:
        """Put all of it into a warehouse."""
        insert_all(warehouse, "registry.model_version", list(self.versions.values()))
        insert_all(warehouse, "registry.deployment", self.deployments)
        insert_all(warehouse, "usage.endpoint", self.endpoints)
        for calls, some in self._by_calls():
            warehouse.run(
                "insert into usage.endpoint_hour "
                "(source, endpoint, variant, hour, requests, instances) "
                f"select 'sm', e.endpoint, e.variant, h.hour, {calls}, 1 "
                "from (select unnest($1) as endpoint, unnest($2) as variant, unnest($3) as days) "
                "as e, generate_series($4::timestamp, $5::timestamp, interval 1 hour) as h(hour) "
                "where h.hour > $5::timestamp - to_days(e.days::integer)",
                [
                    [endpoint for endpoint, _, _ in some],
                    [variant for _, variant, _ in some],
                    [days for _, _, days in some],
                    PRESENT - timedelta(days=23),
                    PRESENT,
                ],
            )

    def _by_calls(self) -> Iterator[tuple[str, list[tuple[str, str | None, int]]]]:
        groups: dict[str, list[tuple[str, str | None, int]]] = {}
        for endpoint, variant, calls, days in self.called:
            groups.setdefault(calls, []).append((endpoint, variant, days))
        yield from groups.items()


def answers(warehouse: Warehouse, kind: str) -> Mapping[str, dict[str, Any]]:
    """The assessments of a kind by their name."""
    rows = warehouse.records("select * from ledger.assessment where kind = ?", [kind])
    return {row["name"]: row for row in rows}
