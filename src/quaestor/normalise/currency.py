"""Exchange rates: read from a file, and settled on every charge of another currency."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse

# A rate is DECIMAL(28, 18); ledger/rules.py multiplies by it without losing a digit.
_WHOLE_DIGITS = 10
_FRACTION_DIGITS = 18
_Rate = tuple[str, date, Decimal]


def read_rates(warehouse: Warehouse, path: Path | None) -> None:
    """Put a rates file into `config.rate`.

    Args:
        warehouse: Where to.
        path: CSV with the columns `date`, `currency` and `rate`: how much of the reporting
            currency one unit of `currency` bought from that day on; None: no rates.

    Raises:
        ConfigurationError: Not such a file, a rate with more digits than DECIMAL(28, 18) holds,
            or two rates of one currency and day.
    """
    rates = _rates(path) if path else []
    warehouse.run("delete from config.rate")
    warehouse.run(
        "insert into config.rate select unnest($currencies), unnest($days), unnest($rates)",
        {
            "currencies": [currency for currency, _, _ in rates],
            "days": [day for _, day, _ in rates],
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
        "reporting currency per unit of the other one, from that day on.",
    )


def settle(warehouse: Warehouse) -> None:
    """Give every charge the newest rate that was in force on its day, or none."""
    warehouse.run(
        """
        create or replace temp table rate_of_day as
        select c.currency, c.day, case when c.currency = s.value then 1 else r.rate end as rate
        from (
            select distinct BillingCurrency as currency, ChargePeriodStart::date as day
            from focus.charge
            where BillingCurrency is distinct from
                (select value from config.setting where name = 'currency')
                or x_billing_currency_rate is distinct from 1
        ) as c
        cross join (select value from config.setting where name = 'currency') as s
        asof left join config.rate as r on r.currency = c.currency and r.valid_from <= c.day
        """
    )
    warehouse.run(
        """
        update focus.charge set x_billing_currency_rate = rate_of_day.rate
        from rate_of_day
        where rate_of_day.currency is not distinct from BillingCurrency
            and rate_of_day.day = ChargePeriodStart::date
            and x_billing_currency_rate is distinct from rate_of_day.rate
        """
    )


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return the money that has no rate, by source, currency and month.

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
    return [
        BlindSpot(
            source=source,
            scope=f"currency {currency or '(none)'}",
            period=month,
            reason=(
                f"there is no rate from {currency} into the reporting currency"
                if currency
                else "the bill names no currency"
            ),
            fix=(
                f"Add {currency} to the file that `rates:` names."
                if currency
                else "Set `billing_currency:` on the source."
            ),
            rows=rows,
            amount=amount,
            currency=currency,
        )
        for source, currency, month, rows, amount in found
    ]
