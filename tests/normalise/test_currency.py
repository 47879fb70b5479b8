"""Exchange rates: read exactly, or refused with the line."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from quaestor.core.errors import ConfigurationError
from quaestor.normalise import ecb
from quaestor.normalise.currency import blind_spots, read_rates, replace_table, settle
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.errors import OutOfRangeError


@pytest.fixture
def rates(tmp_path: Path):
    """Read lines of rates as a file has them below its header."""

    def read(*lines: str) -> list[Decimal]:
        path = tmp_path / "rates.csv"
        path.write_text("\n".join(["date,currency,rate", *lines, ""]))
        with Warehouse(":memory:") as warehouse:
            read_rates(warehouse, path)
            found = warehouse.rows("select rate from config.rate order by valid_from, currency")
        return [rate for (rate,) in found]

    return read


@pytest.mark.parametrize(
    "rate",
    [
        "0.000000004",
        "1E-18",
        "9999999999.999999999999999999",
        "1.5",
        "4e-9",
        "1.50000000000000000000",
    ],
)
def test_a_rate_is_read_to_its_last_digit(rates, rate: str):
    """18 digits after the point and 10 before it; zeros at the end are no digits."""
    assert rates(f"2026-10-01,EUR,{rate}") == [Decimal(rate)]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("2026-10-02,EUR,0.0000000000000000001", "more than 18 digits after the point"),
        ("2026-10-02,EUR,1.0000000000000000001", "more than 18 digits after the point"),
        ("2026-10-02,EUR,1E-999999999", "more than 18 digits after the point"),
        ("2026-10-02,EUR,10000000000", "10000000000 is no rate above zero and below 10^10"),
        ("2026-10-02,EUR,1E+999999999", "is no rate above zero and below 10^10"),
        ("2026-10-02,EUR,0", "0 is no rate above zero"),
        ("2026-10-02,EUR,-1", "-1 is no rate above zero"),
        ("2026-10-02,EUR,inf", "inf is no rate above zero"),
        ("2026-10-02,EUR,nan", "'nan' is no number"),
        ("2026-10-02,EUR,one", "'one' is no number"),
        ("2026-10-02,EUR,", "'' is no number"),
        ("2026-10-02,EUR", "cannot be read"),
        ("2.10.2026,EUR,1", "Invalid isoformat"),
    ],
)
def test_a_rate_that_cannot_be_held_is_refused_with_its_line(rates, line: str, what: str):
    """Never cut short: a rate of zero would make a bill free."""
    with pytest.raises(ConfigurationError) as caught:
        rates("2026-10-01,EUR,1", line)

    assert what in caught.value.what
    assert str(caught.value.where).endswith("rates.csv:3")
    assert "reporting currency per unit" in str(caught.value.fix)


def test_two_rates_for_one_currency_and_day_are_refused_with_both_lines(rates):
    """The order of lines in a file decides no figure; another day or currency is another rate."""
    with pytest.raises(ConfigurationError) as caught:
        rates(
            "2026-10-01,EUR,1.1", "2026-10-01,NOK,0.1", "2026-10-02,EUR,1.2", " 2026-10-01,EUR ,1.3"
        )

    assert "EUR has two rates on 2026-10-01, in the lines 2 and 5" in caught.value.what
    assert str(caught.value.where).endswith("rates.csv:5")


def test_unrated_money_beyond_what_money_can_hold_is_said():
    """Not a traceback: a sum of the blind spot's amounts is a figure as well."""
    with Warehouse(":memory:") as warehouse:
        warehouse.run(
            """
            insert into focus.charge by name
            select 6e17 as BilledCost, 1 as EffectiveCost, 'EUR' as BillingCurrency,
                timestamp '2026-10-01' as BillingPeriodStart,
                timestamp '2026-10-01' as ChargePeriodStart, 'bill' as x_source, 'a' as x_file,
                '00' as x_file_sha256, n as x_row
            from range(2) as number(n)
            """
        )
        with pytest.raises(OutOfRangeError) as caught:
            blind_spots(warehouse)

    assert "larger than its type can hold" in caught.value.what
    assert "18 digits before the point" in str(caught.value.fix)


DAYS = """Date,USD,NOK,TRY,ISK,
2026-10-09,1.0842,11.6543,40.1234,N/A,
2026-10-08,1.0850,11.7000,N/A,140.5,
2026-10-01,1.0800,11.5,39.9,140,
"""


@dataclass
class Charges:
    """A warehouse with charges of these currencies and days, and its rates."""

    reporting: str = "USD"
    warehouse: Warehouse = field(default_factory=lambda: Warehouse(":memory:"))

    def charge(self, currency: str | None, day: str, cost: str = "1") -> None:
        self.warehouse.run(
            """
            insert into focus.charge by name
            select $cost::decimal(38, 20) as BilledCost, $cost::decimal(38, 20) as EffectiveCost,
                $currency as BillingCurrency, $day::timestamp as BillingPeriodStart,
                $day::timestamp as ChargePeriodStart, 'bill' as x_source, 'a' as x_file,
                '00' as x_file_sha256, 1 as x_row
            """,
            {"cost": cost, "currency": currency, "day": day},
        )

    def rates(self) -> dict[tuple[str | None, str], Decimal | None]:
        """Settle, and return the rate on each charge."""
        self.warehouse.run(
            "insert or replace into config.setting values ('currency', ?)", [self.reporting]
        )
        settle(self.warehouse)
        found = self.warehouse.rows(
            "select BillingCurrency, strftime(ChargePeriodStart, '%m-%d'), x_billing_currency_rate "
            "from focus.charge order by all"
        )
        return {(currency, day): rate for currency, day, rate in found}


@pytest.fixture
def charges() -> Charges:
    """Nothing charged yet."""
    return Charges()


def eighteen(fraction: Fraction) -> Decimal:
    """A fraction, worked out and rounded half to even by hand."""
    return Decimal(round(fraction * 10**18)).scaleb(-18)


def zipped(text: str, name: str = "eurofxref-hist.csv") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "content", [DAYS.encode(), b"\xef\xbb\xbf" + DAYS.encode(), DAYS.replace("\n", "\r\n").encode()]
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_ecb_table_is_read_as_downloaded(
    charges: Charges, tmp_path: Path, content: bytes, packed: bool
):
    """Wide, euro as base, N/A, a comma at the end; CSV or the zip it comes in."""
    path = tmp_path / "eurofxref-hist"
    path.write_bytes(zipped(content.decode()) if packed else content)
    read_rates(charges.warehouse, path)
    for currency in ("EUR", "USD", "NOK", "GBP"):
        charges.charge(currency, "2026-10-09")

    assert charges.rates() == {
        ("EUR", "10-09"): Decimal("1.0842"),
        ("GBP", "10-09"): None,
        ("NOK", "10-09"): eighteen(Fraction("1.0842") / Fraction("11.6543")),
        ("USD", "10-09"): Decimal(1),
    }


def test_a_weekend_has_the_rate_of_the_last_day_before_it(charges: Charges, tmp_path: Path):
    """And a day without a quotation has the last one with; before the first there is none."""
    (tmp_path / "rates").write_text(DAYS)
    read_rates(charges.warehouse, tmp_path / "rates")
    for day in ("2026-09-30", "2026-10-01", "2026-10-11"):
        charges.charge("EUR", day)
    for currency in ("TRY", "ISK"):
        charges.charge(currency, "2026-10-11")
    charges.charge("TRY", "2026-10-08")

    assert charges.rates() == {
        ("EUR", "09-30"): None,
        ("EUR", "10-01"): Decimal("1.08"),
        ("EUR", "10-11"): Decimal("1.0842"),
        ("ISK", "10-11"): eighteen(Fraction("1.085") / Fraction("140.5")),
        ("TRY", "10-08"): eighteen(Fraction("1.08") / Fraction("39.9")),
        ("TRY", "10-11"): eighteen(Fraction("1.0842") / Fraction("40.1234")),
    }


def test_the_reporting_currency_may_be_any_of_the_table(charges: Charges, tmp_path: Path):
    """Into euros the quotient of one; into kroner the quotient of two of the same day."""
    (tmp_path / "rates").write_text(DAYS)
    read_rates(charges.warehouse, tmp_path / "rates")
    charges.charge("USD", "2026-10-09")
    charges.reporting = "EUR"
    assert charges.rates() == {("USD", "10-09"): eighteen(1 / Fraction("1.0842"))}
    charges.reporting = "NOK"
    assert charges.rates() == {("USD", "10-09"): eighteen(Fraction("11.6543") / Fraction("1.0842"))}
    charges.reporting = "USD"

    assert charges.rates() == {("USD", "10-09"): Decimal(1)}


def test_an_old_reference_rate_is_told_and_one_stated_from_a_day_on_is_not(
    charges: Charges, tmp_path: Path
):
    """A table of working days that ends long before the charge is out of date."""
    (tmp_path / "ecb").write_text(DAYS)
    read_rates(charges.warehouse, tmp_path / "ecb")
    charges.charge("EUR", "2026-10-16", "2")
    charges.charge("EUR", "2026-10-17", "3")
    charges.charge("EUR", "2026-10-20", "5")
    charges.rates()
    [spot] = blind_spots(charges.warehouse)
    assert (spot.scope, spot.period, spot.rows, spot.amount, spot.currency) == (
        *("currency EUR", "2026-10", 2, 8, "EUR"),
    )
    assert "up to 11 days old; the newest before it is of 2026-10-09" in spot.reason
    (tmp_path / "own").write_text("date,currency,rate\n2026-01-01,EUR,1.1\n")
    read_rates(charges.warehouse, tmp_path / "own")

    assert set(charges.rates().values()) == {Decimal("1.1")}
    assert blind_spots(charges.warehouse) == []


def test_a_rates_file_wins_over_the_ecb_currency_by_currency(charges: Charges, tmp_path: Path):
    """What somebody wrote down counts, also on days before it; other currencies are the ECB's."""
    (tmp_path / "own").write_text("date,currency,rate\n2026-10-05,EUR,1.5\n")
    read_rates(charges.warehouse, tmp_path / "own")
    replace_table(charges.warehouse, "ecb", ecb.read(DAYS.encode()))
    for day in ("2026-10-02", "2026-10-09"):
        charges.charge("EUR", day)
        charges.charge("NOK", day)

    assert charges.rates() == {
        ("EUR", "10-02"): None,
        ("EUR", "10-09"): Decimal("1.5"),
        ("NOK", "10-02"): eighteen(Fraction("1.08") / Fraction("11.5")),
        ("NOK", "10-09"): eighteen(Fraction("1.0842") / Fraction("11.6543")),
    }
    assert charges.warehouse.rows(
        "select currency, origin from focus.rate_used where day = '2026-10-09' order by all"
    ) == [("EUR", "rates:"), ("NOK", "ecb")]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (DAYS.encode()[:40], "line 2: it is cut short"),
        (DAYS.replace("10-08", "10-09").encode(), "line 3: 2026-10-09 stands in line 2 already"),
        (DAYS.replace("1.0850", "-1").encode(), "line 3: USD '-1' is no rate"),
        (DAYS.replace("1.0850", "1,085").encode(), "line 3: it has more values"),
        (DAYS.replace("1.0850", "0").encode(), "line 3: USD '0' is no rate"),
        (DAYS.replace("2026-10-08", "8.10.").encode(), "line 3: '8.10.' is no day"),
        (b"PK\x03\x04 nonsense", "it is no readable archive"),
        (zipped(DAYS)[:-40], "it is no readable archive"),
        (zipped(DAYS, "readme.txt"), "the archive holds 0 CSV files"),
        (zipped("a,b\n1,2\n"), "line 1: the header is not Date and codes of currencies"),
        (zipped("0" * ((1 << 26) + 1)), "larger than 64 MiB"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(
    charges: Charges, tmp_path: Path, content: bytes, what: str
):
    """With the line; half a table or a wrong rate would be a wrong bill."""
    (tmp_path / "rates").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_rates(charges.warehouse, tmp_path / "rates")

    assert what in caught.value.what


def test_the_table_of_one_day_is_read_too(charges: Charges, tmp_path: Path):
    """Its day is written with the name of the month, and blanks stand after commas."""
    (tmp_path / "rates").write_text("Date, USD, NOK, \n9 October 2026, 1.0842, 11.6543, \n")
    read_rates(charges.warehouse, tmp_path / "rates")
    charges.charge("EUR", "2026-10-09")

    assert charges.rates() == {("EUR", "10-09"): Decimal("1.0842")}


def test_a_rate_too_small_to_be_held_is_none(charges: Charges, tmp_path: Path):
    """Never zero: a bill would be free."""
    (tmp_path / "rates").write_text("Date,USD,AAA,\n2026-10-09,0.000000000000000001,9999999999,\n")
    read_rates(charges.warehouse, tmp_path / "rates")
    charges.charge("AAA", "2026-10-09")

    assert charges.rates() == {("AAA", "10-09"): None}
    assert "there is no rate from AAA" in blind_spots(charges.warehouse)[0].reason


def test_a_code_that_is_no_currency_is_told_as_such(charges: Charges):
    """No table of rates will ever have MC: who issues the bill has to say what it is."""
    charges.charge("MC", "2026-10-09")
    charges.rates()

    [spot] = blind_spots(charges.warehouse)
    assert spot.fix.startswith("MC is no code of ISO 4217: ask who issues the bill")
