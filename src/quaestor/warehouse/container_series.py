"""Number what samples of containers are about: samples are told apart by a number, not five names.

A number stands for a source, cluster, namespace, pod and container (`usage.container_series`). To
group tens of millions of samples by their names takes many times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quaestor.warehouse.duckdb import Warehouse

TABLE = "usage.container_sample"

_NAMES = "source, cluster, namespace, pod, container"


def insert(warehouse: Warehouse, samples: str) -> None:
    """Insert samples, each with the number of what it is about.

    Args:
        warehouse: Where to.
        samples: SELECT of the columns of `usage.container_sample`, less `series`.
    """
    warehouse.run(f"create or replace temp view numbered as {samples}")
    warehouse.run(
        f"""
        insert into usage.container_series
        select
            (select coalesce(max(series), 0) from usage.container_series)
                + row_number() over (order by {_NAMES}),
            {_NAMES}
        from (select distinct {_NAMES} from numbered)
        anti join usage.container_series using ({_NAMES})
        """
    )
    warehouse.run(
        f"insert into {TABLE} by name "
        f"select * from numbered join usage.container_series using ({_NAMES})"
    )
    warehouse.run("drop view numbered")
