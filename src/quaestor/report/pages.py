"""Reports of many pages: one for each row of the report's `page.sql`, such as one per model.

The report's name is the key: a column of that name is in `page.sql` and in the query of each
section, which runs once for all pages. They lie in a folder of that name and an s, each under
a name that no file system takes for another's, beside a list of what was written: by it the
page of a model that is gone is known from a file of the reader's own, which is never removed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.core.whole_file import unwritable, write_whole
from quaestor.warehouse.duckdb import Warehouse

MOST = 1000  # pages of one report that are written unasked: 60 MB, and some ten seconds
Row = Mapping[str, Any]

_WRITTEN = ".pages.sha256"  # as `sha256sum --check` reads it
_LINE = re.compile(r"^([0-9a-f]{64})  ([a-z0-9][a-z0-9_-]*\.html)$", re.MULTILINE)
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
# What Windows keeps for itself, and what looks like a slug with a digest.
_TAKEN = re.compile(r"con|prn|aux|nul|(com|lpt)\d|.*-[0-9a-f]{12}")


@dataclass(frozen=True)
class Pages:
    """The pages of one report.

    Args:
        key: The column that tells them apart: the report's name.
        rows: What `page.sql` says of each, in its order.
        all: How many there are, those included that are not to be written.
    """

    key: str
    rows: tuple[Row, ...]
    all: int

    @property
    def folder(self) -> str:
        """The folder they lie in, below that of the reports."""
        return f"{self.key}s"

    @property
    def places(self) -> dict[str, str]:
        """Where the page of each key lies, relative to the reports."""
        return {row[self.key]: f"{self.folder}/{file_name(row[self.key])}" for row in self.rows}


def find_pages(warehouse: Warehouse, key: str, sql: Path, only: str | None) -> Pages:
    """Return which pages a report has: the first `MOST` rows of its `page.sql`, or the one named.

    Raises:
        ConfigurationError: There is none of that name.
    """
    rows = warehouse.records(sql.read_text(encoding="utf-8"))
    if only is None:
        return Pages(key, tuple(rows[:MOST]), len(rows))
    chosen = tuple(row for row in rows if row[key] == only)
    if not chosen:
        known = [row[key] for row in rows]
        none = f"There are {len(known):,}: `quaestor query` finds them in registry and ledger."
        raise ConfigurationError(
            f"there is no {key} '{only}'",
            where=f"--{key}",
            fix=did_you_mean(only, known, otherwise=none),
        )
    return Pages(key, chosen, len(rows))


def by_page(rows: Iterable[Row], key: str, sql: Path) -> dict[str, list[Row]]:
    """Part the rows of a section by the page they belong to, in their order.

    Raises:
        ConfigurationError: The query has no such column.
    """
    parted: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if key not in row:
            raise ConfigurationError(
                f"the query has no column '{key}', which tells whose page a row is for",
                where=str(sql),
                fix=f"Select {key} in it, or move the section to another report.",
            )
        parted[row[key]].append(row)
    return parted


def file_name(name: str) -> str:
    r"""Name a page's file: the name itself where every file system can hold it, and no other.

    Of any other name it is what can be read of it, with twelve digits of its SHA-256: names
    that differ in case or in signs alone stay apart, and none leads out of the folder.

    >>> file_name("churn"), file_name("Churn")
    ('churn.html', 'churn-2b58f5107fd0.html')
    >>> file_name("../../etc/passwd"), file_name("\u202e")
    ('etc-passwd-3754d6cb3a38.html', 'page-3b9e50315ad5.html')
    """
    if _PLAIN.fullmatch(name) and not _TAKEN.fullmatch(name):
        return f"{name}.html"
    plain = unicodedata.normalize("NFKD", name[:200]).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "page"
    return f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:12]}.html"


def write_pages(folder: Path, pages: Iterable[tuple[str, str]], *, are_all: bool) -> None:
    """Write pages one by one as they come, each whole.

    Args:
        folder: Where to; it is made if need be.
        pages: File name and text.
        are_all: Pages written before that are not among these are of what is gone: they are
            removed, unless somebody has changed them since.

    Raises:
        IncompleteError: The folder cannot be written to.
    """
    before = _listed(folder)
    now: dict[str, str] = {}
    for name, text in pages:
        if not now:
            _make(folder)
        write_whole(folder / name, text)
        now[name] = hashlib.sha256(text.encode()).hexdigest()
    if are_all:
        _remove(folder, {name: before[name] for name in before.keys() - now.keys()})
    if now or before:
        listed = now if are_all else before | now
        lines = (f"{digest}  {name}\n" for name, digest in sorted(listed.items()))
        write_whole(folder / _WRITTEN, "".join(lines))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise unwritable(folder, problem.strerror) from None


def _listed(folder: Path) -> dict[str, str]:
    """Return which pages were written here before, and their digests."""
    path = folder / _WRITTEN
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")
    return {name: digest for digest, name in _LINE.findall(text)}


def _remove(folder: Path, written: Mapping[str, str]) -> None:
    for name, digest in written.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            continue
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                path.unlink()
        except OSError as problem:
            raise unwritable(path, problem.strerror) from None
