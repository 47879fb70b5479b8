"""Link the figures of a page to where they come from, in the page itself.

A template asks for the anchor of a figure while it is rendered; the page's last section then has
an entry for each figure that was given one. A page may be mailed alone, so nothing of it lies
elsewhere. Entries are bounded per kind, first come first served, because the dearest come first;
every other figure has its id, for `quaestor explain`, in its title.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from quaestor.core.text import shell_word
from quaestor.report.landed import Landed
from quaestor.report.trace import Trace, named_service, traces
from quaestor.warehouse.duckdb import Warehouse

MOST = 50  # entries of one kind on one page
MOST_FILES = 6  # of one entry
MOST_SOURCES = 50  # on one page


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Where one figure comes from, ready for the page.

    Args:
        anchor: Unique in the page.
        kind: One of `trace.KINDS`.
        name: Of the model, team, provider, service, stage or budget, in words; None where a month
            needs none.
        month: Its first day.
        command: What to type for the same, and more, in a terminal; None: nothing can be.
        trace: The lines, the sums and the files.
    """

    anchor: str
    kind: str
    name: str | None
    month: date
    command: str | None
    trace: Trace

    @property
    def files(self) -> Sequence[dict[str, object]]:
        """Return the files that are shown: those with the most charges."""
        known = sorted(self.trace.files, key=lambda row: -(row["charges"] or 0))
        return known[:MOST_FILES]


class Traced:
    """Hand out anchors while a page is rendered, and make its entries afterwards.

    Args:
        warehouse: What the figures are of; it is only read. None: nothing can be traced, and no
            figure gets an anchor.
    """

    def __init__(self, warehouse: Warehouse | None) -> None:
        self._warehouse = warehouse
        self._asked: dict[str, None] = {}
        self._known: dict[str, Trace | None] = {}
        self.landed = Landed(warehouse)

    def anchor(self, name: str | None) -> str | None:
        """Return the anchor of a figure's entry; None where it will have none.

        Args:
            name: The figure's id, as `trace.figure_id` makes it; None: it has none.
        """
        if name is None or self._warehouse is None:
            return None
        if name not in self._asked:
            kinds = Counter(one.partition("/")[0] for one in self._asked)
            if kinds[name.partition("/")[0]] >= MOST:
                return None
            self._asked[name] = None
        return _anchor(name)

    def taken(self) -> list[str]:
        """Return the ids that were asked for since this was last called, in order."""
        names = list(self._asked)
        self._asked = {}
        return names

    def listed(self) -> dict[str, Any]:
        """Return what a page lists of landed files: sources, how many more, and files of each."""
        known = list(self.landed.sources.values())
        return {
            "sources": known[:MOST_SOURCES],
            "more_sources": max(0, len(known) - MOST_SOURCES),
            "most_files": MOST_FILES,
        }

    def entries(self, names: Sequence[str]) -> list[Entry]:
        """Return what is known of figures, all of them with one pass over ledger and bill."""
        new = [name for name in names if name not in self._known]
        if new and self._warehouse is not None:
            found = traces(self._warehouse, new)
            self._known |= {name: found.get(name) for name in new}
        return [_entry(name, self._known.get(name)) for name in names]


def _entry(name: str, found: Trace | None) -> Entry:
    kind, _, rest = name.partition("/")
    named, _, month = rest.rpartition("/")
    return Entry(
        anchor=_anchor(name),
        kind=kind,
        name=(named_service(named) if kind == "service_month" else named) or None,
        month=date.fromisoformat(f"{month}-01"),
        command=command_of(name),
        trace=found or Trace(about=name, figure=None, ledger=(), rated=None),
    )


def _anchor(name: str) -> str:
    return "from-" + hashlib.sha256(name.encode()).hexdigest()[:12]


def command_of(name: str) -> str | None:
    r"""Return what to type to have a figure explained; no name of it can act in a shell.

    Args:
        name: The figure's id.

    Returns:
        The command; None where no program can be handed the name.

    >>> command_of("model_month/churn/2026-11"), command_of("team_month/a; b/2026-11")
    ('quaestor explain model_month/churn/2026-11', "quaestor explain 'team_month/a; b/2026-11'")
    """
    word = shell_word(name)
    return word and f"quaestor explain {word}"
