"""Google Cloud where nobody listens: known within seconds, whichever API is asked."""

from __future__ import annotations

import time

import pytest

from quaestor.collect import collector
from quaestor.core.config import Config
from quaestor.core.errors import IncompleteError
from quaestor.core.sources import GcpBillingSource, GcpExportSource

NOBODY = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    "source",
    [
        GcpExportSource(name="gcp", table="acme.billing.export", endpoint=NOBODY),
        GcpExportSource(name="gcp", bucket="acme-billing", endpoint=NOBODY),
        GcpBillingSource(name="gcp", endpoint=NOBODY),
    ],
    ids=["table", "bucket", "billing"],
)
def test_an_address_where_nobody_listens_is_known_within_seconds(
    source: GcpExportSource | GcpBillingSource,
):
    """A wrong endpoint, or no way out of the network, is no reason to be silent for long."""
    module = collector(str(source.__struct_config__.tag))
    began = time.monotonic()
    with pytest.raises(IncompleteError, match=r"cannot be reached \(connection refused\)"):
        module.doctor(source, Config())

    assert time.monotonic() - began < 6
