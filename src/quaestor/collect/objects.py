"""Land what an API answered: JSON objects, one a line, the same bytes for the same answers.

`normalise/landed_objects.py` reads them; the scope `<place>/<kind>` says what they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from quaestor.collect.cleared import cleared

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile


def land_objects(
    landing: Landing, place: str, kind: str, objects: Iterable[Any], *, version: str | None = None
) -> LandedFile:
    """Write objects as they come, keys in order; the caller brings them in an order that stays.

    Addresses in them lose what is a credential (`cleared`).

    Args:
        landing: The source's landing folder.
        place: Where they are from: a context, a region, an account.
        kind: What they are, one word for the loader's SELECTs: `pods`, `training-jobs`.
        objects: What JSON can hold, and dates.
        version: What makes a second look needless (see `Landing.known`), if anything does.
    """
    lines = (cleared(msgspec.json.encode(one, order="sorted")) + b"\n" for one in objects)
    name, scope = f"{kind}.jsonl", f"{place}/{kind}"
    if version is not None:
        return landing.land_blocks(lines, name, scope, version)
    return landing.land_bytes(b"".join(lines), name, scope)


def landed_objects(landing: Landing, file: LandedFile) -> list[dict[str, Any]] | None:
    """Return what a landed file holds; None where it is gone or damaged: it is asked for again."""
    try:
        lines = (landing.root / file.path).read_bytes().splitlines()
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
    except (OSError, msgspec.MsgspecError):
        return None
