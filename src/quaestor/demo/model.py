"""The forty models of the demo estate: data/models.csv, and what follows from a line of it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from quaestor.demo.changes import ROLLED_FROM, ROLLED_MODEL, ROLLED_ON

KEPT_VERSIONS = 3  # older ones were deleted from the registry
# Team -> who trains and registers, who approves.
PEOPLE = {
    "growth": ("ada", "grace"),
    "risk": ("emmy", "sofia"),
    "search": ("alan", "barbara"),
    "supply": ("katherine", "dorothy"),
    "language": ("noam", "margaret"),
    "vision": ("fei", "yann"),
    "platform": ("linus", "radia"),
}
_NEWEST = datetime(2026, 10, 26, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Model:
    """One line of data/models.csv."""

    model: str
    team: str
    tier: int
    versions: int
    production: str
    framework: str
    metric: str
    score: float
    description: str
    intended_use: str
    place: int

    @property
    def is_tuned(self) -> bool:
        """Return whether it was tuned from somebody else's model."""
        return self.framework in ("transformers", "whisper")

    @property
    def kept(self) -> list[int]:
        """Return the versions still in the registry, oldest first."""
        return list(range(max(1, self.versions - KEPT_VERSIONS + 1), self.versions + 1))

    def created(self, version: int) -> datetime:
        """Return when a version was registered: some seven weeks apart, a model its own days."""
        weeks = 7 * (self.versions - version)
        return _NEWEST - timedelta(weeks=weeks, days=self.place * 5 % 37, hours=self.place % 8)

    def digest(self, version: int) -> str:
        """Return the sha256 of a version's artifact."""
        return "sha256:" + sha256(f"{self.model}:{version}".encode()).hexdigest()

    def run_id(self, version: int) -> str:
        """Return the run a version comes from."""
        return sha256(f"run of {self.model}:{version}".encode()).hexdigest()[:32]


def models(now: datetime) -> list[Model]:
    """Return the forty models, each with the version that serves at a time."""
    earlier = {ROLLED_MODEL: ROLLED_FROM} if now.date() <= ROLLED_ON else {}
    path = Path(__file__).parent / "data" / "models.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            Model(
                **{
                    **line,
                    "tier": int(line["tier"]),
                    "versions": int(line["versions"]),
                    "production": earlier.get(line["model"], line["production"]),
                    "score": float(line["score"]),
                    "place": place,
                }  # type: ignore[arg-type] # every other column is a text, as csv gives it
            )
            for place, line in enumerate(csv.DictReader(stream))
        ]


def text(moment: datetime) -> str:
    """Return a time as tags hold it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
