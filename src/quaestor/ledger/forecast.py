"""What the bill will come to: `ledger.forecast`, by series and month, from complete days.

The total, every budget, and the most expensive of each of the teams, models and environments
are forecast (`TOP` of each, by cost of the last 28 complete days); the rest is left out, and a
reader sees that from `ledger.spend_day`. A day that is still being delivered
(`ledger.billed_day`) is not looked at: it is forecast like the days after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from quaestor.core.money import rounded
from quaestor.core.progress import counted
from quaestor.ledger.forecast_model import SURE, WEEK, Outlook, outlook
from quaestor.warehouse.duckdb import Warehouse

TOP = 10  # of each scope
LOOK_BACK = 365  # days that a series is told from
_UNBILLED = 0.1  # of the days of a series that may be on no bill
_RANKED = f"""
with recent as (
    select scope, subject, sum(cost) as cost, count(*) - count(cost) as unknown
    from ledger.spend_day
    where day > $last - 28 and day <= $last and scope in ('team', 'model', 'environment')
    group by all
),
ranked as (
    select
        scope, subject, unknown,
        row_number() over (partition by scope order by cost desc nulls last, subject) as place
    from recent where cost <> 0
)
select 'total' as scope, 'total' as subject
union all
select 'budget', budget from config.budget
union all
select scope, subject from ranked where place <= {TOP} and unknown = 0
order by scope, subject
"""
_SPENT = """
select day, cost from ledger.spend_day
where scope = ? and subject = ? and day > ? order by day
"""


@dataclass(frozen=True)
class Bill:
    """The days that can be relied on: the first and last of them, and those without a charge."""

    first: date
    last: date
    holes: frozenset[date]


@dataclass(frozen=True)
class Past:
    """What a subject cost.

    Args:
        days: Each complete day from its first on; those on no bill are filled in.
        billed: The complete days that are on a bill.
        late: The days after, as far as they are billed; None is not known.
    """

    days: dict[date, Decimal]
    billed: dict[date, Decimal]
    late: dict[date, Decimal | None]

    def at_least(self, first: date, last: date) -> Decimal | None:
        """Return what days ahead cost at least: what is billed of them. None: there are credits."""
        if any(cost < 0 for cost in self.days.values()):
            return None
        return sum(
            (cost or Decimal(0) for day, cost in self.late.items() if first <= day <= last),
            Decimal(0),
        )


def build(warehouse: Warehouse, progress: Callable[[str], None]) -> None:
    """Fill `ledger.forecast` from `ledger.spend_day` and `ledger.billed_day`.

    Runs inside the caller's transaction. Series that are equal (a team and its budget) are
    forecast once.
    """
    warehouse.run("delete from ledger.forecast")
    bill = _bill(warehouse)
    if bill is None:
        return
    known: dict[tuple[Decimal, ...], Outlook | None] = {}
    series = warehouse.rows(_RANKED, {"last": bill.last})
    for scope, subject in counted(series, progress, lambda one: f"forecast: {' '.join(one)}"):
        past = _spent(warehouse, scope, subject, bill)
        if past is None:
            continue
        values = tuple(past.days.values())
        if values not in known:
            known[values] = outlook(list(map(float, values)), _days_ahead(bill.last))
        if (told := known[values]) is not None:
            _write(warehouse, scope, subject, list(_lines(told, past, bill.last)), told)


def _bill(warehouse: Warehouse) -> Bill | None:
    """Return the span of complete days; None where there are none, or too many have no charge."""
    days = [
        day
        for (day,) in warehouse.rows("select day from ledger.billed_day where complete order by 1")
    ]
    if not days:
        return None
    last = days[-1]
    first = max(days[0], last - timedelta(days=LOOK_BACK - 1))
    billed = {day for day in days if day >= first}
    holes = frozenset(_span(first, last)) - billed
    if len(holes) > _UNBILLED * ((last - first).days + 1):
        return None
    return Bill(first, last, holes)


def _spent(warehouse: Warehouse, scope: str, subject: str, bill: Bill) -> Past | None:
    """Return what each day cost from the subject's first on; None where a day's is not known.

    A day without a charge of the subject costs nothing. A day that is on no bill at all is
    taken to be like the same weekday before it.
    """
    before = bill.first - timedelta(days=1)
    billed = dict(warehouse.rows(_SPENT, [scope, subject, before]))
    late = {day: billed.pop(day) for day in list(billed) if day > bill.last}
    if any(cost is None for cost in billed.values()):
        return None
    days: dict[date, Decimal] = {}
    for day in _span(min(billed, default=bill.first), bill.last):
        like = days.get(day - timedelta(days=WEEK), Decimal(0))
        days[day] = like if day in bill.holes else billed.get(day, Decimal(0))
    return Past(days, {day: cost for day, cost in billed.items() if day not in bill.holes}, late)


@dataclass(frozen=True)
class Line:
    """One row of the forecast; `day` is None for a whole month."""

    month: date
    day: date | None
    expected: Decimal
    low: Decimal | None
    high: Decimal | None


def _lines(told: Outlook, past: Past, last: date) -> Iterator[Line]:
    """Yield each day ahead, and each month with what is already spent of it."""
    ahead = [last + timedelta(days=step + 1) for step in range(len(told.expected))]
    for step, day in enumerate(ahead):
        floor = past.at_least(day, day)
        yield _line(told, (step, step + 1), Decimal(0), floor, (day.replace(day=1), day))
    for month in sorted({day.replace(day=1) for day in ahead}):
        steps = [step for step, day in enumerate(ahead) if day.replace(day=1) == month]
        already = sum((cost for day, cost in past.billed.items() if day >= month), Decimal(0))
        floor = past.at_least(ahead[steps[0]], ahead[steps[-1]])
        yield _line(told, (steps[0], steps[-1] + 1), already, floor, (month, None))


def _line(
    told: Outlook,
    steps: tuple[int, int],
    already: Decimal,
    floor: Decimal | None,
    when: tuple[date, date | None],
) -> Line:
    expected, half = told.total(*steps), told.half_width(*steps)

    def money(amount: float) -> Decimal:
        exact = Decimal(amount)
        cut = rounded(exact, 2 if abs(exact) >= 1 else 6)
        return already + (cut if floor is None else max(cut, floor))

    return Line(
        month=when[0],
        day=when[1],
        expected=money(expected),
        low=None if half is None else money(expected - half),
        high=None if half is None else money(expected + half),
    )


def _write(
    warehouse: Warehouse, scope: str, subject: str, lines: Sequence[Line], told: Outlook
) -> None:
    def texts(column: str) -> list[str | None]:
        values = [getattr(line, column) for line in lines]
        return [None if value is None else str(value) for value in values]

    columns = ("month", "day", "expected", "low", "high")
    warehouse.run(
        """
        insert into ledger.forecast
        with line as (
            select
                unnest($month::date[]) as month, unnest($day::date[]) as day,
                unnest($expected::decimal(38, 20)[]) as expected,
                unnest($low::decimal(38, 20)[]) as low, unnest($high::decimal(38, 20)[]) as high
        )
        select
            $scope, $subject, month, day, expected, low, high, $sure, $method, $trained_days,
            $error, $backtest_days
        from line order by month, day nulls last
        """,
        {column: texts(column) for column in columns}
        | {
            "scope": scope,
            "subject": subject,
            "sure": SURE,
            "method": told.method,
            "trained_days": told.trained_days,
            "error": told.error_ratio,
            "backtest_days": told.backtest_days,
        },
    )


def _days_ahead(last: date) -> int:
    """Return how many days there are to the end of the month after the next complete one's.

    >>> _days_ahead(date(2026, 11, 20)), _days_ahead(date(2026, 10, 31))
    (41, 61)
    """
    month = (last + timedelta(days=1)).replace(day=1)
    for _ in range(2):
        month = (month + timedelta(days=31)).replace(day=1)
    return (month - last).days - 1


def _span(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=step) for step in range((last - first).days + 1))
