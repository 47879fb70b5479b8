"""What an hour of one replica costs by list: `config.price`, in the reporting currency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quaestor.core.money import exact_text, rounded
from quaestor.core.text import printable
from quaestor.warehouse.duckdb import Warehouse

_ORIGINS = ("prices", "catalogue", "quaestor", "bill")  # whose price counts first
_BILL = "bill"
_ADD_PRICE = "add it to the file of `prices:`"


@dataclass(frozen=True)
class _Need:
    """What one replica takes. None: not said."""

    instance_type: str | None
    gpu_model: str | None
    gpus: Decimal | None
    cores: Decimal | None
    gib: Decimal | None
    region: str | None
    whole: bool  # a replica has its machine to itself


@dataclass(frozen=True)
class _Price:
    """One row of `config.price`, of on-demand capacity."""

    origin: str
    region: str | None
    instance_type: str | None
    gpu_model: str | None
    gpus: Decimal
    cores: Decimal
    gib: Decimal
    price: Decimal
    currency: str
    priced_on: Any

    def called(self) -> str:
        """Return the price as people check it."""
        name = self.instance_type or self.gpu_model or ("core" if self.cores else "GiB")
        where = f", {self.region}" if self.region else ""
        price = f"{exact_text(self.price)} {self.currency}"
        source = "on the bill" if self.origin == _BILL else "list"
        return printable(f"{name}{where} at {price} an hour, {source} of {self.priced_on}")


# The latest list price of each region, of hours that are on a bill; price, currency and day of
# one charge.
_BILLED = """
select RegionId, ListUnitPrice, BillingCurrency, ChargePeriodStart::date as priced_on
from focus.charge
where ends_with(SkuMeter, ':' || $type) and lower(PricingUnit) in ('hours', 'hour', 'hrs')
    and ListUnitPrice > 0 and ChargeCategory = 'Usage' and BillingCurrency is not null
qualify row_number() over (
    partition by RegionId
    order by SkuMeter like '%Host:%' desc, ChargePeriodStart desc, ListUnitPrice, BillingCurrency
) = 1
order by RegionId nulls last
"""


@dataclass(frozen=True)
class Cost:
    """The cost of something, and how it was worked out; or why it is unknown."""

    amount: Decimal | None
    how: str


class Book:
    """The price book, the rates, and the GPUs of clusters.

    Args:
        warehouse: A built warehouse.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.currency: str = warehouse.row(
            "select coalesce(max(value), 'USD') from config.setting where name = 'currency'"
        )[0]
        rows = warehouse.rows(
            "select origin, region, instance_type, gpu_model, gpus, cores, gib, price, currency, "
            "priced_on from config.price where capacity_type = 'on-demand' and price > 0 "
            "order by all"
        )
        self.prices = [_Price(*row) for row in rows]
        self._rates: dict[str, Decimal | None] = {}

    def rate(self, currency: str) -> Decimal | None:
        """Return the latest rate to the reporting currency, or None where nobody knows one."""
        if currency == self.currency:
            return Decimal(1)
        if currency not in self._rates:
            rows = self._warehouse.rows(
                "select rate from focus.rate_used where currency = ? and rate is not null "
                "order by day desc limit 1",
                [currency],
            )
            self._rates[currency] = rows[0][0] if rows else None
        return self._rates[currency]

    def billed(self, instance_type: str) -> list[_Price]:
        """Return the list prices of an hour of an instance type as bills state them, by region.

        SageMaker writes the type behind the colon of a usage type, such as EU-Host:ml.g5.xlarge;
        what serves counts before what trains.
        """
        rows = self._warehouse.rows(_BILLED, {"type": instance_type})
        none = Decimal(0)
        return [
            _Price(_BILL, region, instance_type, None, none, none, none, price, currency, day)
            for region, price, currency, day in rows
        ]

    def only_gpu(self, cluster: str | None) -> str | None:
        """Return the model of GPU of a cluster (of all, for None) where it has only one."""
        rows = self._warehouse.rows(
            "select distinct gpu_model from usage.node where gpu_model is not null "
            "and ($cluster is null or cluster = $cluster) limit 2",
            {"cluster": cluster},
        )
        return str(rows[0][0]) if len(rows) == 1 else None


def hour_of(book: Book, row: Mapping[str, Any]) -> Cost:
    """Price an hour of one replica of a row of `registry.deployment`.

    A price of the file of `prices:` counts before a catalogue's, both before the shipped list,
    and that before what bills state; one of the same region before others. A replica takes the
    greatest of its shares of a machine's GPUs, cores and memory; of SageMaker it takes the whole.
    Where no machine is named, the cheapest counts that has the GPUs and holds one replica.
    """
    return _hour(book, _need(book, row))


def _need(book: Book, row: Mapping[str, Any]) -> _Need:
    def number(*names: str) -> Decimal | None:
        said = next((row[name] for name in names if row.get(name) is not None), None)
        return None if said is None else Decimal(str(said))

    gpus = number("gpu_request", "gpu_limit")
    model = row.get("gpu_model")
    if gpus and not model and not row.get("instance_type"):
        model = book.only_gpu(row.get("cluster"))
    return _Need(
        instance_type=row.get("instance_type"),
        gpu_model=model,
        gpus=gpus,
        cores=number("cpu_request_cores", "cpu_limit_cores"),
        gib=number("ram_request_gib", "ram_limit_gib"),
        region=row.get("region"),
        whole=row.get("kind") not in ("Deployment", "StatefulSet", "InferenceService"),
    )


def _hour(book: Book, need: _Need) -> Cost:
    """Price an hour of one replica, in the reporting currency."""
    if need.instance_type:
        machines = [one for one in book.prices if one.instance_type == need.instance_type]
        if not machines and need.whole:
            machines = book.billed(need.instance_type)
        if not machines:
            return Cost(
                None,
                f"no price is known of {printable(need.instance_type)}: {_ADD_PRICE}",
            )
        return _share(book, _best(machines, need.region), need)
    if need.whole:
        return Cost(None, "it names no instance type")
    if need.gpus:
        return _gpu_hour(book, need)
    if need.cores is None or need.gib is None:
        said = [name for name, of in (("CPU", need.cores), ("memory", need.gib)) if of is None]
        return Cost(None, f"its containers do not say how much {' and '.join(said)} they need")
    return _parts(book, need, None)


def _gpu_hour(book: Book, need: _Need) -> Cost:
    if not need.gpu_model:
        return Cost(
            None,
            "it asks for GPUs and nobody says of which model: name it in a nodeSelector",
        )
    model = _listed_model(need.gpu_model, {one.gpu_model for one in book.prices if one.gpu_model})
    machines = [one for one in book.prices if one.instance_type and one.gpu_model == model]
    shares = [(one, _share(book, one, need)) for one in _each(_first(machines), need.region)]
    known = [
        (need.region is not None and one.region != need.region, cost.amount, cost.how)
        for one, cost in shares
        if cost.amount is not None
    ]
    if model and known:
        _, amount, how = min(known)
        return Cost(amount, how)
    by_parts = _parts(book, need, model)
    if by_parts.amount is None and shares:
        return Cost(None, f"no machine with {printable(model)} in the list holds one replica")
    return by_parts


def _first(prices: Iterable[_Price]) -> list[_Price]:
    """Return the prices of the origin that counts first."""
    found = list(prices)
    best = min((_ORIGINS.index(one.origin) for one in found), default=0)
    return [one for one in found if _ORIGINS.index(one.origin) == best]


def _best(prices: Iterable[_Price], region: str | None) -> _Price:
    """Return the price that counts of one machine: of its region, then the latest."""
    return min(
        _first(prices),
        key=lambda one: (one.region != region, -one.priced_on.toordinal(), one.price),
    )


def _each(prices: Iterable[_Price], region: str | None) -> list[_Price]:
    """Return the price that counts of each machine."""
    machines: dict[str | None, list[_Price]] = {}
    for one in prices:
        machines.setdefault(one.instance_type, []).append(one)
    return [_best(own, region) for own in machines.values()]


def _share(book: Book, machine: _Price, need: _Need) -> Cost:
    """Price the part of a machine that one replica takes."""
    share = Decimal(1)
    if not need.whole:
        pairs = ((need.gpus, machine.gpus), (need.cores, machine.cores), (need.gib, machine.gib))
        asked = [(of, whole) for of, whole in pairs if of]
        if not asked:
            return Cost(None, "its containers ask for no CPU, memory or GPU")
        if any(of > whole for of, whole in asked):
            return Cost(None, f"{printable(machine.instance_type)} does not hold one replica")
        share = max(of / whole for of, whole in asked)
    part = "" if share == 1 else f"{rounded(100 * share, 1)} % of "
    return _converted(book, [(machine, share)], f"{part}{machine.called()}")


def _parts(book: Book, need: _Need, model: str | None) -> Cost:
    """Price a replica by its GPUs, cores and memory, each by itself."""
    total: list[tuple[_Price, Decimal]] = []
    wanted = (("gpus", need.gpus), ("cores", need.cores), ("gib", need.gib))
    for unit, count in wanted:
        if not count:
            continue
        own = [
            one
            for one in book.prices
            if one.instance_type is None
            and getattr(one, unit) > 0
            and one.gpu_model in ((model,) if unit == "gpus" else (model, None))
        ]
        if not own:
            called = need.gpu_model if unit == "gpus" else "a core" if unit == "cores" else "a GiB"
            return Cost(None, f"no price is known of {printable(called)}: {_ADD_PRICE}")
        own.sort(key=lambda one: one.gpu_model is None)
        best = _best([one for one in own if one.gpu_model == own[0].gpu_model], need.region)
        total.append((best, count / getattr(best, unit)))
    words = " + ".join(f"{exact_text(count)} x {one.called()}" for one, count in total)
    return _converted(book, total, f"({words})" if len(total) > 1 else words)


def _converted(book: Book, parts: Sequence[tuple[_Price, Decimal]], how: str) -> Cost:
    total = Decimal(0)
    for one, count in parts:
        rate = book.rate(one.currency)
        if rate is None:
            return Cost(None, f"no rate is known from {one.currency} to {book.currency}")
        total += one.price * count * rate
    return Cost(total, how)


def _listed_model(called: str, listed: Iterable[str]) -> str | None:
    """Return which model of the price book a cluster's name for a GPU is.

    It has the model's words, and its size of memory if it names one; else the smallest size.
    """
    words = _words(called)
    found = []
    for name in listed:
        own = _words(name)
        sizes = {word for word in own if re.fullmatch(r"\d+gb", word)}
        told = {word for word in words if re.fullmatch(r"\d+gb", word)}
        if own - sizes <= words and (not sizes or not told or sizes <= told):
            size = int(min(sizes).removesuffix("gb")) if sizes else 0
            found.append((-len(own - sizes), size, name))
    return min(found)[2] if found else None


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", name.lower())) - {""}
