"""Show values to people: the filters that every report template has.

None is unknown and reads so, everywhere; ratios become percent here and nowhere else. Money
carries its exact figure in the element's title, so that nothing is lost by rounding.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from markupsafe import Markup, escape

from quaestor.core import words
from quaestor.core.money import amount_text, exact_text, rounded
from quaestor.core.text import brief_digests, printable, shell_word

MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NO-BREAK SPACE}"
UNKNOWN = Markup('<span class="unknown">unknown</span>')
_LONGEST = 500  # letters of a name: no cloud's are longer, and labels of 10 kB hide the rest
_MORE_DIGITS = 6  # of a ratio, which is the outcome of a division: no digit of it is the last
_DIGITS = 60  # more than DECIMAL(38, 20) times any count of rows can need


def shown(value: Any) -> Any:
    r"""Make any value fit to print: None is unknown, and no character of a name can act.

    >>> str(shown(None)), shown("a\u202eb")
    ('<span class="unknown">unknown</span>', 'a\\u202eb')
    >>> len(shown("x" * 10_000))
    500
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, str) and not isinstance(value, Markup):
        if len(value) <= _LONGEST and value.isprintable():
            return value
        text = "\n".join(printable(line) for line in value[: _LONGEST + 1].split("\n"))
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return value


def brief(value: Any) -> Any:
    """Show of each digest in a text its beginning; the whole of it is there on hover.

    >>> str(brief("<b> runs " + "4fd2334b5f3b" * 4))[:58]
    '&lt;b&gt; runs <span class="digest" title="4fd2334b5f3b4fd'
    >>> str(brief("churn")), str(brief(None))
    ('churn', '<span class="unknown">unknown</span>')
    """
    text = escape(shown(value))
    return Markup(brief_digests(text, _digest))  # noqa: S704 - escaped, and digits


def _digest(whole: str, start: str) -> str:
    return f'<span class="digest" title="{whole}">{start}…</span>'


def money(amount: Decimal | None, currency: str, about: str = "") -> Markup:
    """Show an amount: two digits to read, every digit on hover and for programs.

    Args:
        amount: None is unknown.
        currency: Or another unit.
        about: What else to say on hover.

    >>> str(money(Decimal("14.665985"), "USD"))
    '<span class="money" data-exact="14.665985" title="14.665985 USD">14.67</span>'
    """
    if amount is None:
        return UNKNOWN
    exact = exact_text(amount)
    told = escape(f"{exact} {currency}; {about}" if about else f"{exact} {currency}")
    shown = plain_money(amount)
    return Markup(  # noqa: S704 - digits, and what was escaped; Markup.format takes three times as long
        f'<span class="money" data-exact="{exact}" title="{told}">{shown}</span>'
    )


def whole_money(amount: Decimal | None, currency: str) -> Markup:
    """Show an amount to who decides by it: no cents from a thousand on, every digit on hover.

    >>> str(whole_money(Decimal("37766.28"), "USD"))
    '<span class="money" data-exact="37766.28" title="37766.28 USD">37,766</span>'
    """
    if amount is None or abs(amount) < 1000:
        return money(amount, currency)
    exact = exact_text(amount)
    return Markup('<span class="money" data-exact="{}" title="{} {}">{}</span>').format(
        exact, exact, currency, f"{rounded(amount, 0):,f}".replace("-", MINUS)
    )


def plain_money(amount: Decimal | None) -> str:
    """Show an amount where no markup can be: chart labels, titles.

    >>> plain_money(Decimal("1234.5")), plain_money(None)
    ('1,234.50', 'unknown')
    """
    return amount_text(amount).replace("-", MINUS)


def percent(ratio: float | Decimal | None, digits: int = 1) -> Markup:
    r"""Show a ratio as percent, more digits of it on hover and for programs.

    One that is no number, or has no end, as a division by zero leaves it, is unknown.

    >>> str(percent(0.1234)), str(percent(1))
    ('<data value="12.34" title="12.34 %">12.3\xa0%</data>', '100.0\xa0%')
    """
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    exact = exact_text(rounded(Decimal(str(ratio)) * 100, _MORE_DIGITS))
    return _with_exact(exact, " %", plain_percent(ratio, digits))


def plain_percent(ratio: float | Decimal | None, digits: int = 1) -> str:
    r"""Show a ratio where no markup can be; a share that is not nothing never reads as nothing.

    >>> plain_percent(0.1234), plain_percent(0.0002), plain_percent(0.99996), plain_percent(None)
    ('12.3\xa0%', '<\xa00.1\xa0%', '>\xa099.9\xa0%', 'unknown')
    """
    if ratio is None or not math.isfinite(ratio):
        return "unknown"
    step = Decimal(1).scaleb(-digits)
    value = (Decimal(str(ratio)) * 100).quantize(step, rounding=ROUND_HALF_UP)
    if value == 0 and ratio != 0:
        bound = f"<{NARROW}" if ratio > 0 else f">{NARROW}{MINUS}"
        return f"{bound}{step}{NARROW}%"
    if value == 100 and ratio < 1:
        return f">{NARROW}{100 - step}{NARROW}%"
    return f"{value:,}{NARROW}%".replace("-", MINUS)


def number(value: float | None, digits: int = 0) -> Markup:
    """Show a count or a measure with thousands apart; what rounding hides is there on hover.

    >>> str(number(12345)), str(number(1.25, 1))
    ('12,345', '<data value="1.25" title="1.25">1.3</data>')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    exact = Decimal(str(value))
    text = f"{rounded(exact, digits):,f}".replace("-", MINUS)
    return _with_exact(exact_text(exact), "", text)


def _with_exact(exact: str, unit: str, text: str) -> Markup:
    """Return a text with its exact figure, unless the text says it already."""
    said = text.replace(",", "").replace(MINUS, "-").removesuffix(f"{NARROW}%")
    if "." in said:
        said = said.rstrip("0").rstrip(".")
    if said == exact:
        return Markup("{}").format(text)
    return Markup('<data value="{}" title="{}{}">{}</data>').format(exact, exact, unit, text)


def link(name: str, places: Mapping[str, str]) -> Any:
    """Show a name as a link to its page, where it has one; else, where others have, how to make it.

    >>> places = {"a<b": "models/a-b.html"}
    >>> str(link("a<b", places)), link("churn", {})
    ('<a href="models/a-b.html">a&lt;b</a>', 'churn')
    >>> str(link("churn", places))
    '<span title="quaestor report --model churn">churn</span>'
    """
    if name not in places:
        word = shell_word(name) if places and isinstance(name, str) else None
        if word is None:
            return name
        told = f"quaestor report --model {word}"
        return Markup('<span title="{}">{}</span>').format(told, shown(name))
    return Markup('<a href="{}">{}</a>').format(places[name], shown(name))


def kind(name: str) -> str:
    """Name a kind of advice in words.

    >>> kind("idle_gpu"), kind("container_size")
    ('idle GPU', 'container size')
    """
    words = name.replace("-", "_").split("_")
    return " ".join(word.upper() if word in ("gpu", "cpu") else word for word in words)


def evidence(told: str | None) -> list[tuple[str, Any]]:
    """Return what a finding was judged by, name by name; None is unknown.

    >>> evidence('{"tls": true, "owner": null, "days": 1.50}')
    [('tls', 'true'), ('owner', None), ('days', '1.50')]
    >>> evidence(None)
    []
    """
    known = json.loads(told or "{}", parse_float=str)
    return [
        (name.replace("_", " "), None if value is None else _worded(value))
        for name, value in known.items()
    ]


def _worded(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_worded(one) for one in value) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def rule(name: str) -> str:
    """Say in words what decided whose a ledger line is.

    >>> rule("idle + tag"), rule("lineage:endpoint + rule:gpu")
    ('idle capacity, tags', 'the endpoint it is known as, rule gpu')
    >>> rule("shared:lake"), rule("unattributed")
    ('shared by lake', 'nobody is known')
    """
    return ", ".join(_rule_part(part) for part in name.split(" + "))


def _rule_part(part: str) -> str:
    kind, _, named = part.partition(":")
    if named:
        words = {"lineage": "the {} it is known as", "rule": "rule {}", "shared": "shared by {}"}
        return words.get(kind, f"{kind} {{}}").format(named)
    words = {
        "tag": "tags",
        "label": "labels of its pods",
        "idle": "idle capacity",
        "registry": "who registered the model",
        "unattributed": "nobody is known",
    }
    return words.get(part, part)


def month(day: date | None) -> str:
    """Name a month in full.

    >>> month(date(2026, 11, 1))
    'November 2026'
    """
    return "unknown" if day is None else words.month(day)


def month_name(day: date) -> str:
    """Name a month without its year.

    >>> month_name(date(2026, 11, 1))
    'November'
    """
    return words.MONTHS[day.month - 1]


def short_month(day: date) -> str:
    """Name a month on an axis.

    >>> short_month(date(2026, 11, 1))
    'Nov 26'
    """
    return f"{words.MONTHS[day.month - 1][:3]} {day.year % 100:02}"


def day(moment: date | None) -> str:
    """Name a day.

    >>> day(date(2026, 11, 3)), day(None)
    ('3 Nov 2026', 'unknown')
    """
    if moment is None:
        return "unknown"
    return f"{moment.day} {words.MONTHS[moment.month - 1][:3]} {moment.year}"


def instant(moment: datetime | None) -> str:
    """Name a minute, in UTC.

    >>> instant(datetime(2026, 11, 3, 6, 5))
    '3 Nov 2026, 06:05 UTC'
    """
    return "unknown" if moment is None else f"{day(moment)}, {moment:%H:%M} UTC"


def age(moment: datetime | None, now: datetime) -> str:
    """Say how long ago something was, in its largest fitting unit.

    >>> age(datetime(2026, 11, 20, 6), datetime(2026, 11, 21, 7))
    '25 hours'
    """
    if moment is None:
        return "unknown"
    seconds = int((now - moment).total_seconds())
    if seconds < 0:
        return "less than a minute"
    for size, name, at_least in ((86400, "day", 2), (3600, "hour", 2), (60, "minute", 1)):
        if seconds >= size * at_least:
            return words.plural(seconds // size, name)
    return "less than a minute"


def total(rows: Iterable[Mapping[str, Any]], column: str) -> Any:
    """Add up a column exactly, without its unknowns; None where nothing is known.

    >>> total([{"cost": Decimal("1.10")}, {"cost": None}], "cost")
    Decimal('1.10')
    """
    known = [row[column] for row in rows if row[column] is not None]
    if not known:
        return None
    with localcontext() as context:
        context.prec = _DIGITS
        return sum(known[1:], known[0])


def ratio(part: Any, whole: Any) -> float | None:
    """Divide, unknown where either is unknown or the whole is nothing.

    >>> ratio(Decimal(1), Decimal(4)), ratio(1, 0)
    (0.25, None)
    """
    if part is None or not whole:
        return None
    return float(part / whole)


def change(current: Any, before: Any) -> float | None:
    """Return the change as a ratio of what was before.

    >>> change(Decimal(11), Decimal(10)), change(Decimal(11), None)
    (0.1, None)
    """
    if current is None or before is None or before <= 0:
        return None
    return float((current - before) / before)


def short(text: str, limit: int) -> str:
    """Cut a text to what a chart has room for; the whole is in the tooltip and the table.

    >>> short("a-very-long-name", 8), short("a b", 8)
    ('a-very-…', 'a b')
    """
    clean = printable(" ".join(text.split()))
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"
