"""Exchange rates: read from a file, and settled on every charge of another currency.

A rate is looked for in the file that `rates:` names, then in the sources of kind `ecb-rates` in
the order of their names. The first of them that knows the currency counts, for all its days: two
origins are never mixed in one currency. Each charge has the newest rate that was in force on its
day, so that a weekend has Friday's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from pathlib import Path

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import ConfigurationError
from quaestor.normalise import ecb
from quaestor.normalise.focus_values import CURRENCIES
from quaestor.warehouse.duckdb import Warehouse

# A rate is DECIMAL(28, 18); ledger/rules.py multiplies by it without losing a digit.
_WHOLE_DIGITS = 10
_FRACTION_DIGITS = 18
FILE = "rates:"  # the origin of what the rates file says; no source can have this name
_OLDEST_DAYS = 7  # a reference rate is set on every working day; Easter has four without
_Rate = tuple[str, date, Decimal]


def read_rates(warehouse: Warehouse, path: Path | None) -> None:
    """Put a rates file into `config.rate`.

    Args:
        warehouse: Where to.
        path: CSV with the columns `date`, `currency` and `rate`: how much of the reporting
            currency one unit of `currency` bought from that day on. Or the table of the European
            Central Bank (CSV or zip), which goes to `focus.reference_rate`. None: no rates.

    Raises:
        ConfigurationError: Not such a file, a rate with more digits than DECIMAL(28, 18) holds,
            or two rates of one currency and day.
    """
    table = _table(path) if path else None
    rates = _rates(path) if path and table is None else []
    replace_table(warehouse, FILE, table or [])
    warehouse.run("delete from config.rate")
    warehouse.run(
        "insert into config.rate select unnest($currencies), unnest($days), unnest($rates)",
        {
            "currencies": [currency for currency, _, _ in rates],
            "days": [day for _, day, _ in rates],
            "rates": [f"{rate:f}" for _, _, rate in rates],  # never a float
        },
    )


def _table(path: Path) -> list[ecb.Rate] | None:
    """Return the rates of a file that is the European Central Bank's table, else None."""
    try:
        content = path.read_bytes()
        header = content.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
        named = header.decode("utf-8", errors="replace").strip().split(",")
        if not content.startswith(b"PK") and not ecb.recognises(named):
            return None
        return ecb.read(content)
    except OSError as problem:
        raise _unreadable(str(problem), str(path)) from None
    except ecb.TableError as problem:
        raise _unreadable(str(problem), str(path)) from None


def replace_table(warehouse: Warehouse, source: str, table: Iterable[ecb.Rate]) -> None:
    """Put a source's reference rates in the place of those it stated before."""
    rates = list(table)
    warehouse.run("delete from focus.reference_rate where source = ?", [source])
    if rates:
        warehouse.run(
            "insert into focus.reference_rate "
            "select $source, unnest($days), unnest($currencies), unnest($rates)",
            {
                "source": source,
                "days": [day for day, _, _ in rates],
                "currencies": [currency for _, currency, _ in rates],
                "rates": [f"{rate:f}" for _, _, rate in rates],  # never a float
            },
        )


def _rates(path: Path) -> list[_Rate]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            if {"date", "currency", "rate"} - set(rows.fieldnames or ()):
                raise _unreadable("it has not the columns date, currency and rate", f"{path}:1")
            return _once(((rows.line_num, row) for row in rows), path)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise _unreadable(str(problem), str(path)) from None


def _once(rows: Iterator[tuple[int, dict[str, str]]], path: Path) -> list[_Rate]:
    """Read every line; refuse a second rate of one currency and day."""
    rates: list[_Rate] = []
    lines: dict[tuple[str, date], int] = {}
    for line, row in rows:
        currency, day, rate = _rate(row, f"{path}:{line}")
        first = lines.setdefault((currency, day), line)
        if first != line:
            raise _unreadable(
                f"{currency} has two rates on {day}, in the lines {first} and {line}",
                f"{path}:{line}",
            )
        rates.append((currency, day, rate))
    return rates


def _rate(row: dict[str, str], where: str) -> _Rate:
    try:
        rate = Decimal(row["rate"])
        if not 0 < rate < 10**_WHOLE_DIGITS:
            raise _unreadable(
                f"{row['rate']} is no rate above zero and below 10^{_WHOLE_DIGITS}", where
            )
        if rate.adjusted() < -_FRACTION_DIGITS or _fraction_digits(rate) > _FRACTION_DIGITS:
            raise _unreadable(
                f"{row['rate']} has more than {_FRACTION_DIGITS} digits after the point", where
            )
        return row["currency"].strip(), date.fromisoformat(row["date"].strip()), rate
    except InvalidOperation:
        raise _unreadable(f"'{row['rate']}' is no number", where) from None
    except (ValueError, AttributeError, TypeError) as problem:
        raise _unreadable(str(problem), where) from None


def _fraction_digits(rate: Decimal) -> int:
    """Count the digits after the point, less the zeros that end them."""
    return len(f"{rate:f}".partition(".")[2].rstrip("0"))


def _unreadable(what: str, where: str) -> ConfigurationError:
    return ConfigurationError(
        f"the exchange rates cannot be read: {what}",
        where=where,
        fix="Write lines such as 2026-10-01,EUR,1.0842 under the header date,currency,rate: "
        "reporting currency per unit of the other one, from that day on. Or name the European "
        "Central Bank's eurofxref-hist.csv or .zip as it was downloaded.",
    )


def settle(warehouse: Warehouse) -> None:
    """Give every charge the newest rate that was in force on its day, or none.

    A reference rate is against the euro; between two other currencies it is the quotient of
    theirs of one day, worked out exactly and rounded to 18 digits after the point, half to even.
    """
    warehouse.run("delete from focus.rate_used")
    warehouse.run(_STATED)
    warehouse.run("create or replace temp table crossed (currency varchar, day date, rate varchar)")
    found = warehouse.rows(_REFERENCES)
    crossed = [(currency, day, _cross(ours, theirs)) for currency, day, theirs, ours in found]
    if crossed:
        warehouse.run(
            "insert into crossed select unnest($currencies), unnest($days), unnest($rates)",
            {
                "currencies": [currency for currency, _, _ in crossed],
                "days": [day for _, day, _ in crossed],
                "rates": [None if rate is None else f"{rate:f}" for _, _, rate in crossed],
            },
        )
    warehouse.run(
        "update focus.rate_used as u set rate = c.rate::decimal(28, 18) from crossed as c "
        "where c.currency = u.currency and c.day = u.day"
    )
    warehouse.run(_UPDATE)


def _cross(ours: Decimal, theirs: Decimal) -> Decimal | None:
    """Return the reporting currency per unit of another one; None: no rate could hold it.

    >>> _cross(Decimal("1.0842"), Decimal("11.6543"))
    Decimal('0.093030040414267695')
    """
    with localcontext(prec=60):
        rate = (ours / theirs).quantize(Decimal(1).scaleb(-_FRACTION_DIGITS), ROUND_HALF_EVEN)
    return rate if 0 < rate < 10**_WHOLE_DIGITS else None


# Which rate is in force for each day and currency of the bills. The first origin that knows the
# currency has it; a reference rate needs one of the reporting currency on the same day.
_STATED = f"""
insert into focus.rate_used by name
with reporting as (select value from config.setting where name = 'currency'),
charged as (
    select distinct BillingCurrency as currency, ChargePeriodStart::date as day
    from focus.charge, reporting
    where BillingCurrency is not null and BillingCurrency <> value
),
reference as (
    select theirs.source, theirs.currency, theirs.day
    from focus.reference_rate as theirs
    join focus.reference_rate as ours using (source, day)
    join reporting on ours.currency = value
    where theirs.currency in (select currency from charged)
),
origin as (
    select currency, arg_min(origin, place) as origin from (
        select distinct currency, '{FILE}' as origin, '' as place from config.rate
        union all
        select distinct currency, source, case when source = '{FILE}' then '' else source end
        from reference
    ) group by currency
),
stated as (
    select currency, valid_from as rate_day, '{FILE}' as origin, rate, false as daily
    from config.rate
    union all
    select currency, day, source, null::decimal(28, 18), true from reference
),
known as (
    select s.* from stated as s join origin as o on o.currency = s.currency and o.origin = s.origin
)
select c.currency, c.day, k.origin, k.rate_day, k.rate, k.daily
from charged as c asof left join known as k on k.currency = c.currency and k.rate_day <= c.day
"""
_REFERENCES = """
select u.currency, u.day, theirs.per_euro, ours.per_euro
from focus.rate_used as u
join config.setting as s on s.name = 'currency'
join focus.reference_rate as theirs
    on theirs.source = u.origin and theirs.day = u.rate_day and theirs.currency = u.currency
join focus.reference_rate as ours
    on ours.source = u.origin and ours.day = u.rate_day and ours.currency = s.value
where u.daily
order by all
"""
_UPDATE = """
update focus.charge set x_billing_currency_rate = wanted.rate
from (
    select currency, day, rate from focus.rate_used
    union all
    select distinct BillingCurrency, ChargePeriodStart::date,
        case when BillingCurrency = s.value then 1 end
    from focus.charge, config.setting as s
    where s.name = 'currency' and x_billing_currency_rate is distinct from
        case when BillingCurrency = s.value then 1 end
        and (BillingCurrency is null or BillingCurrency = s.value)
) as wanted
where wanted.currency is not distinct from BillingCurrency
    and wanted.day = ChargePeriodStart::date
    and x_billing_currency_rate is distinct from wanted.rate
"""


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return the money that has no rate, or an old one, by source, currency and month.

    Raises:
        OutOfRangeError: One of these sums is larger than money can be.
    """
    found = warehouse.rows(
        """
        select x_source, BillingCurrency, strftime(ChargePeriodStart, '%Y-%m'), count(*),
            sum(BilledCost)
        from focus.charge where x_billing_currency_rate is null group by all order by all
        """
    )
    return [_unrated(*row) for row in found] + [_aged(*row) for row in warehouse.rows(_AGED)]


_AGED = f"""
select c.x_source, u.currency, strftime(u.day, '%Y-%m'), count(*), sum(c.BilledCost),
    max(u.day - u.rate_day), max(u.rate_day)
from focus.rate_used as u
join focus.charge as c on c.BillingCurrency = u.currency and c.ChargePeriodStart::date = u.day
where u.daily and u.rate is not null and u.day - u.rate_day > {_OLDEST_DAYS}
group by all order by all
"""


def _unrated(
    source: str, currency: str | None, month: str, rows: int, amount: Decimal
) -> BlindSpot:
    return BlindSpot(
        source=source,
        scope=f"currency {currency or '(none)'}",
        period=month,
        reason=(
            f"there is no rate from {currency} into the reporting currency"
            if currency
            else "the bill names no currency"
        ),
        fix=_find_a_rate(currency) if currency else "Set `billing_currency:` on the source.",
        rows=rows,
        amount=amount,
        currency=currency,
    )


def _find_a_rate(currency: str) -> str:
    if currency not in CURRENCIES:
        return (
            f"{currency} is no code of ISO 4217: ask who issues the bill what one is worth, and "
            f"add {currency} to the file that `rates:` names."
        )
    return (
        f"Add {currency} to the file that `rates:` names, or let a source of kind ecb-rates "
        "collect the European Central Bank's table."
    )


def _aged(
    source: str, currency: str, month: str, rows: int, amount: Decimal, days: int, newest: date
) -> BlindSpot:
    return BlindSpot(
        source=source,
        scope=f"currency {currency}",
        period=month,
        reason=f"{currency} is converted at rates up to {days} days old; the newest before it is "
        f"of {newest}",
        fix="Collect the exchange rates again, or download a newer table.",
        rows=rows,
        amount=amount,
        currency=currency,
    )
