"""Which files' charges count: those a source lists now, and what only older files know.

- A file whose place holds another content now is replaced whole.
- A file that left gives up the billing periods that files in force cover, and keeps the rest,
  so that an exporter that prunes old months loses nobody's history.
- A file that comes back, or whose source has other options now, is read anew; so is one that
  left, as long as it is landed, so that no ledger is of two readings.
- The same bytes count once: where two sources list them, the first that loaded them keeps them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.landed import LandedFile
from quaestor.warehouse.duckdb import Warehouse

_HELD = "select sha256 from focus.file where source = $source"


def held(warehouse: Warehouse, source: str) -> set[str]:
    """Return the sha256 of the files whose charges a source has, in force or not."""
    return {digest for (digest,) in warehouse.rows(_HELD, {"source": source})}


def drop_stale(warehouse: Warehouse, source: str, in_force: Collection[str], read_as: str) -> None:
    """Drop files in force that were read under other options, or gave up some of their charges.

    They gave up periods while they were out of force; or rows to files that are no longer there.
    """
    found = warehouse.rows(
        """
        select f.sha256 from focus.file as f
        left join focus.file_period as p using (source, sha256)
        left join focus.dataset as d using (source, sha256)
        where f.source = $source and f.sha256 in (select unnest($in_force::varchar[]))
        group by f.sha256, f.charges, f.read_as, d.gave_way_to
        having f.read_as <> $read_as or coalesce(sum(p.charges), 0) <> f.charges
            or not list_has_all($in_force::varchar[], coalesce(d.gave_way_to, []))
        """,
        {"source": source, "in_force": sorted(in_force), "read_as": read_as},
    )
    drop(warehouse, source, [digest for (digest,) in found])


def stale(warehouse: Warehouse, source: str, read_as: str) -> set[str]:
    """Return the sha256 of files that were read under other options, or by another release."""
    found = warehouse.rows(
        "select sha256 from focus.file where source = ? and read_as <> ?", [source, read_as]
    )
    return {digest for (digest,) in found}


def rename(warehouse: Warehouse, source: str, in_force: Mapping[str, LandedFile]) -> None:
    """Let charges point at the file's present name where only that has changed."""
    for digest, path in warehouse.rows(
        "select sha256, file from focus.file where source = ?", [source]
    ):
        file = in_force.get(digest)
        if file is None or file.path == path:
            continue
        given = {"source": source, "digest": digest, "path": file.path, "scope": file.scope}
        warehouse.run(
            "update focus.file set file = $path, scope = $scope "
            "where source = $source and sha256 = $digest",
            given,
        )
        given.pop("scope")
        warehouse.run(
            "update focus.charge set x_file = $path "
            "where x_source = $source and x_file_sha256 = $digest",
            given,
        )


def take_over(
    warehouse: Warehouse, source: str, file: LandedFile, elsewhere: Mapping[str, str]
) -> BlindSpot | None:
    """Take a file over from a source that lists it no more; tell where one still does."""
    owners = warehouse.rows(
        "select source from focus.file where sha256 = ? and source <> ?", [file.sha256, source]
    )
    for (owner,) in owners:
        if elsewhere.get(file.sha256) == owner:
            return BlindSpot(
                source=source,
                scope=file.scope,
                reason=f"the same file is loaded by the source {owner}; it is counted once, there",
                fix="List each file in one source only.",
            )
        drop(warehouse, owner, [file.sha256])
    return None


def drop_replaced(warehouse: Warehouse, source: str, in_force: Mapping[str, LandedFile]) -> None:
    """Drop files whose place holds another content now, once that content is loaded."""
    loaded = held(warehouse, source) & set(in_force)
    found = warehouse.rows(
        "select sha256 from focus.file where source = $source "
        "and scope in (select unnest($scopes::varchar[])) "
        "and sha256 not in (select unnest($in_force::varchar[]))",
        {
            "source": source,
            "scopes": sorted(in_force[digest].scope for digest in loaded),
            "in_force": sorted(in_force),
        },
    )
    drop(warehouse, source, [digest for (digest,) in found])


def give_up(warehouse: Warehouse, source: str, in_force: Collection[str]) -> None:
    """Drop the periods of files no longer in force that files in force cover."""
    warehouse.run(
        """
        create or replace temp table given_up as
        select sha256, billing_period_start from focus.file_period
        where source = $source and sha256 not in (select unnest($in_force::varchar[]))
            and billing_period_start in (
                select billing_period_start from focus.file_period
                where source = $source and sha256 in (select unnest($in_force::varchar[]))
            )
        """,
        {"source": source, "in_force": sorted(in_force)},
    )
    given = {"source": source}
    warehouse.run(
        """
        delete from focus.charge where x_source = $source and exists (
            from given_up where sha256 = x_file_sha256
                and billing_period_start = BillingPeriodStart
        )
        """,
        given,
    )
    for table in ("focus.file_period", "focus.control"):
        warehouse.run(
            f"delete from {table} where source = $source "
            "and (sha256, billing_period_start) in (from given_up)",
            given,
        )
    empty = warehouse.rows(
        f"{_HELD} and sha256 in (select sha256 from given_up) "
        "and sha256 not in (select sha256 from focus.file_period where source = $source)",
        given,
    )
    drop(warehouse, source, [digest for (digest,) in empty])


def drop(warehouse: Warehouse, source: str, digests: list[str]) -> None:
    """Drop files and all that they gave."""
    if not digests:
        return
    given = {"source": source, "digests": digests}
    for table, owner, digest in (
        ("focus.charge", "x_source", "x_file_sha256"),
        ("focus.file_period", "source", "sha256"),
        ("focus.control", "source", "sha256"),
        ("focus.dataset", "source", "sha256"),
        ("focus.file", "source", "sha256"),
        ("quarantine.row", "source", "file_sha256"),
        ("quarantine.value", "source", "file_sha256"),
    ):
        warehouse.run(
            f"delete from {table} where {owner} = $source "
            f"and {digest} in (select unnest($digests::varchar[]))",
            given,
        )
