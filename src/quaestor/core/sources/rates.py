"""Exchange rates."""

from __future__ import annotations

from quaestor.core.sources.common import Named


class EcbRatesSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="ecb-rates"):
    """The European Central Bank's daily reference rates, since 1999."""

    url: str = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
