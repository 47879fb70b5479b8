"""Where the values of a SELECT's column come from."""

from __future__ import annotations

import pytest

from quaestor.warehouse.origins import origins

COLUMNS = {"registry.a": {"model": "VARCHAR", "name": "VARCHAR"}, "usage.b": {"model": "VARCHAR"}}


@pytest.mark.parametrize(
    ("sql", "places"),
    [
        ("select model from registry.a", {"registry.a.model"}),
        ("with x as (select name as model from registry.a) select * from x", {"registry.a.name"}),
        (
            "select model from registry.a union all select model from usage.b",
            {"registry.a.model", "usage.b.model"},
        ),
        (
            "select coalesce(a.model, b.model) as model from registry.a left join usage.b on true",
            {"registry.a.model", "usage.b.model"},
        ),
        ("select case when true then max(model) end as model from usage.b", {"usage.b.model"}),
        ("select percent(1) as said, min(model) as model from usage.b", {"usage.b.model"}),
        ("select null as model from usage.b", set()),
        ("select lower(model) as model from registry.a", None),
        ("select 'churn' as model from registry.a", None),
        ("select model || '' as model from registry.a", None),
        ("select unnest(['churn', model]) as model from registry.a", None),
        ("select model from registry.a union all select 'churn'", None),
        ("select name from registry.a", None),
        ("select model from", None),
    ],
)
def test_where_the_values_of_a_column_come_from_is_told_or_not(sql, places):
    """A value of a column that is handed on tells; what is worked out or written does not."""
    assert origins(sql, "model", COLUMNS) == places


def test_a_condition_is_counted_among_the_places():
    """What a `case` looks at may be named, too: looking there as well does no harm."""
    sql = "select case when min(name) = 'x' then max(model) end as model from registry.a"

    assert origins(sql, "model", COLUMNS) == {"registry.a.model", "registry.a.name"}
