"""The formats of bills, and which of them a file is.

To add a format: write a module with a FORMAT here, its two SELECTs in `sql/`, and one line in
FORMATS. They are asked in this order; the first that recognises a header has it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from quaestor.core.sources import BillSource
from quaestor.normalise.format import Format
from quaestor.normalise.landed_file import RefusedError

FORMATS = {
    "cur": "quaestor.normalise.formats.cur",
    "cost-explorer": "quaestor.normalise.formats.cost_explorer",
    "focus": "quaestor.normalise.formats.focus",
    "mapped": "quaestor.normalise.formats.mapped",  # recognises nothing: a source states it
    "gcp-export": "quaestor.normalise.formats.gcp_export",
    "oci-cost": "quaestor.normalise.formats.oci_cost",
    "azure-query": "quaestor.normalise.formats.azure_query",
    "azure-cost": "quaestor.normalise.formats.azure_cost",
}
_ALIASES = {"cur2": "cur"}


def named(name: str) -> Format:
    """Return the format that `schema:` names."""
    module = importlib.import_module(FORMATS[_ALIASES.get(name, name)])
    found: Format = module.FORMAT
    return found


def of(source: BillSource, header: Sequence[str]) -> Format:
    """Return the format of a file: the source's own words, else what the header says.

    Raises:
        RefusedError: No format is stated, and none recognises the header.
    """
    if mapping := getattr(source, "mapping", None):
        from quaestor.normalise.formats import mapped

        return mapped.of(mapping, getattr(source, "leave_out", None) or {})
    if source.schema is not None:
        return named(source.schema)
    for name in FORMATS:
        if (found := named(name)).recognises(header):
            return found
    raise RefusedError(
        f"no bill that is known has these columns: {', '.join(header[:6])}"
        f"{', ...' if len(header) > 6 else ''}",
        fix="Set `schema:` on the source to force a format, or `mapping:` to say which column is "
        "what; nothing is lost, the file is kept, landed and unread.",
    )


def is_known(source: BillSource, header: Sequence[str]) -> bool:
    """Say whether a header is one that this source's files may have."""
    try:
        found = of(source, header)
    except RefusedError:
        return False
    if found.match is not None:
        return found.recognises(header)
    spelt = {found.spelling(name) for name in header}
    return bool(spelt & {found.spelling(name) for name in found.required})
