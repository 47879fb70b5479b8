"""Prometheus, and whatever speaks its API: Thanos, Mimir, VictoriaMetrics."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quaestor.core.sources.common import Named


class PrometheusSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="prometheus"):
    """One cluster's metrics, hour by hour."""

    url: str  # as Grafana has it: https://mimir.acme.example/prometheus
    cluster: Annotated[str, Meta(min_length=1)]  # what `cluster` is called in usage.*
    # For a server of several clusters: the label that holds `cluster` on every series.
    cluster_label: Annotated[str, Meta(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")] | None = None
    # How far back hours go, where `since` does not say; 0: only sizes of containers are asked for.
    days: Annotated[int, Meta(ge=0, le=3660)] = 30
    since: date | None = None
    until: date | None = None
    # How far back advice on the size of containers looks; 0: it is not asked for.
    container_days: Annotated[int, Meta(ge=0, le=92)] = 14
    # Of what they used of CPU; simple advice needs 95, others 66 and 96, or 90.
    container_percentiles: tuple[Literal[66, 90, 95, 96], ...] = (95,)
    token: str | None = None  # sent as a bearer token
    token_file: str | None = None  # the same from a file, such as a service account's
    username: str | None = None
    password: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)  # such as X-Scope-OrgID
    ca_file: str | None = None  # whom to trust, instead of the machine's list
    cert_file: str | None = None  # a client's certificate and key, for mutual TLS
    key_file: str | None = None

    @property
    def asks_hours(self) -> bool:
        """Return whether hours are asked for, and not sizes of containers alone."""
        return bool(self.days or self.since)
