"""Which landed files stand behind findings, advice and whole sections of a page.

All of them are read once for all pages, because a page may have thousands of findings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from quaestor.core.text import shell_word
from quaestor.report.explain_rows import words_of_scope
from quaestor.warehouse.duckdb import Warehouse, literal

Row = dict[str, Any]
MOST_FILES = 3  # of one finding or piece of advice
_PLAIN = re.compile(r"[\w.-]+", re.ASCII)  # means nothing in a shell, nor in SQL
_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source's landed files in force.

    Args:
        name: The source's.
        collected_at: When it was last read well, UTC; None: not known.
        files: All of them: source, scope, file, sha256.
    """

    name: str
    collected_at: datetime | None
    files: Sequence[Row]

    @property
    def command(self) -> str | None:
        """Return what to type to have all of its files listed; None: no shell can be told so."""
        query = f"from meta.landed_file where source = {literal(self.name)}"
        word = f'"{query}"' if _PLAIN.fullmatch(self.name) else shell_word(query)
        return word and f"quaestor query {word}"


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The landed files that one finding or piece of advice rests on.

    Args:
        files: The first of them: source, file, sha256.
        more: How many there are beside those.
    """

    files: Sequence[Row]
    more: int


class Landed:
    """Look up landed files; a source is read when first asked for.

    Args:
        warehouse: Whose files; it is only read. None: none is known.
    """

    def __init__(self, warehouse: Warehouse | None) -> None:
        self._warehouse = warehouse
        self._named: dict[str, dict[str, list[Row]]] = {}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Return each source that has landed files, by its name, in order."""
        rows: dict[str, list[Row]] = {}
        read: dict[str, datetime | None] = {}
        for row in self._rows("landed_files"):
            read[row["source"]] = row.pop("collected_at")
            rows.setdefault(row["source"], []).append(row)
        return {
            name: Source(name=name, collected_at=read[name], files=files)
            for name, files in rows.items()
        }

    def of_finding(self, source: str | None, *names: str | None) -> Behind | None:
        """Return the files of a source that have one of the names in their path, else all of it.

        `quaestor explain` says the same of a finding's own source. None: no source is named, or
        it has no landed file.
        """
        found = self.sources.get(source or "")
        if found is None:
            return None
        by_word = self._by_word(found)
        wanted = [file for name in names if name for file in by_word.get(name, ())]
        files = list({file["file"]: file for file in wanted}.values()) or found.files
        return _behind(files)

    def of_advice(self, recommendation: str) -> Behind | None:
        """Return the files of the bill that advice rests on; None: its resource is on no bill."""
        files = self._of_advice.get(recommendation)
        return None if files is None else _behind(files)

    @cached_property
    def _of_advice(self) -> Mapping[str, list[Row]]:
        files: dict[str, list[Row]] = {}
        for row in self._rows("advice_files"):
            files.setdefault(row.pop("recommendation"), []).append(row)
        return files

    def _by_word(self, source: Source) -> dict[str, list[Row]]:
        if source.name not in self._named:
            by_word: dict[str, list[Row]] = {}
            for file in source.files:
                for word in words_of_scope(file["scope"]):
                    by_word.setdefault(word, []).append(file)
            self._named[source.name] = by_word
        return self._named[source.name]

    def _rows(self, sql: str) -> list[Row]:
        if self._warehouse is None:
            return []
        return self._warehouse.records((_SQL / f"explain_{sql}.sql").read_text(encoding="utf-8"))


def _behind(files: Sequence[Row]) -> Behind:
    return Behind(files=files[:MOST_FILES], more=max(0, len(files) - MOST_FILES))
