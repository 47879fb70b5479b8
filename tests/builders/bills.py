"""Builders: a bill on disk, landed and loaded into a warehouse of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from quaestor.collect import files
from quaestor.collect.landing import Landing
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config, FilesSource
from quaestor.normalise import bill as bills
from quaestor.normalise import currency
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.errors import UnreadableError

NOW = datetime(2026, 11, 21, 6)
CHARGE = {
    "BilledCost": "1.5",
    "EffectiveCost": "1.5",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ChargePeriodEnd": "2026-10-06T00:00:00Z",
    "BillingCurrency": "USD",
    "ProviderName": "AWS",
}


def csv_text(*charges: Mapping[str, str], delimiter: str = ",") -> str:
    """A FOCUS export with these charges; what one does not say is as in CHARGE, of its own day."""
    rows = [{**CHARGE, **_of_a_day(charge), **charge} for charge in charges]
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _of_a_day(charge: Mapping[str, str]) -> dict[str, str]:
    """Let a charge that says when it begins end a day later."""
    try:
        start = datetime.fromisoformat(charge["ChargePeriodStart"])
        return {"ChargePeriodEnd": (start + timedelta(days=1)).isoformat()}
    except (KeyError, ValueError, OverflowError):  # it says nothing, or what is no time
        return {}


@dataclass
class Bill:
    """A folder of exports, a landing folder and a warehouse, loaded on demand."""

    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    warehouse: Warehouse = field(default_factory=lambda: Warehouse(":memory:"))

    def maps(self, mapping: Mapping[str, Any]) -> None:
        """Let the source map columns, as `mapping:` of quaestor.yaml does."""
        source = {"name": "bill", "path": "bills", "mapping": mapping}
        self.options["mapping"] = msgspec.convert(source, FilesSource).mapping

    def write(self, name: str, content: str | bytes) -> None:
        """Put a file into the folder of exports."""
        (self.folder / "bills").mkdir(exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        (self.folder / "bills" / name).write_bytes(data)

    def load(self) -> list[BlindSpot]:
        """Collect and load as the pipeline does; return what could not be seen."""
        source = FilesSource(name="bill", path="bills", **self.options)
        config = Config(sources=(source,), base=str(self.folder))
        landing = Landing(self.folder / "landing", source.name)
        files.collect(source, config, landing, now=NOW, progress=lambda _: None)
        manifest = landing.current()
        assert manifest
        self.warehouse.run("insert or replace into config.setting values ('currency', 'USD')")
        history = landing.departed()
        job = Job(source, manifest, landing.root, "USD", lambda _: None, history=history)
        try:
            return self._load(job)
        except UnreadableError:
            return self._load(replace(job, careful=True))

    def _load(self, job: Job) -> list[BlindSpot]:
        with self.warehouse.transaction():
            spots = bills.load(self.warehouse, job)
            currency.settle(self.warehouse)
        return spots

    def values(self, columns: str) -> list[tuple[object, ...]]:
        """Return columns of the loaded charges in the order of files and rows."""
        return self.warehouse.rows(
            f"select {columns} from focus.charge order by x_file, x_row, BilledCost desc"
        )

    def quarantined(self) -> Sequence[tuple[object, ...]]:
        """Return row number and reason of what is in quarantine."""
        return self.warehouse.rows("select row_number, reason from quarantine.row order by all")
