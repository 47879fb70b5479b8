"""The formats of bills, and which of them a file is.

To add a format: write a module with a FORMAT here, its two SELECTs in `sql/`, and one line in
FORMATS. They are asked in this order; the first that recognises a header has it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from quaestor.core.focus import COLUMNS
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
    if near := _nearest(header):
        form, missing = near
        raise RefusedError(
            f"it looks like {form.title}, and has no column {' and no '.join(missing)}",
            fix=f"{form.fix}; or set `mapping:` to say which column is what. The file is kept, "
            "landed and unread.",
        )
    raise RefusedError(
        f"no bill that is known has these columns: {', '.join(header[:6])}"
        f"{', ...' if len(header) > 6 else ''}",
        fix="Set `schema:` on the source to force a format, or `mapping:` to say which column is "
        "what; nothing is lost, the file is kept, landed and unread.",
    )


def _nearest(header: Sequence[str]) -> tuple[Format, list[str]] | None:
    """Return the format that knows most of a header's columns, and which of its own it lacks.

    None where no format knows three of them and half of all: then it is another thing.
    """
    found: list[tuple[int, int, Format, list[str]]] = []
    for name in FORMATS:
        form = named(name)
        spelt = {form.spelling(column) for column in header}
        columns = [*form.columns, *(COLUMNS if form.keeps_unknown else ())]
        written = {form.spelling(column): column for column in columns}
        common = len(spelt & {*written, *(outer for outer, _ in form.inside.values())})
        absent = [sorted(signature - spelt) for signature in form.signatures]
        if absent and common >= max(3, len(spelt) / 2):
            missing = min(absent, key=lambda names: (len(names), [n not in written for n in names]))
            told = [written.get(name, name) for name in missing]
            found.append((common, -len(missing), form, told))
    if not found:
        return None
    _, _, form, missing = max(found, key=lambda one: one[:2])
    return form, missing


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
