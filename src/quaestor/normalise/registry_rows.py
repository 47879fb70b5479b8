"""What a registry states, as rows for `sql/stated_*.sql`: one form, whoever states it.

Readers of MLflow, Kubeflow and model cards make such rows. `said` is what is said by column,
whether the registry has a field for it or a tag `gov.<column>`; values that are more than a text
are read here, exactly or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.reading import Reader
from quaestor.normalise.registry_values import MODEL_VALUES, VERSION_VALUES, milliseconds

Text = str | int | float | bool | None
Aside = tuple[int | None, str, str | None]  # row number, reason, as it was: for the quarantine
PREFIX = "gov."
OTHER_KEYS = {"fin.cost_center": "cost_center"}  # also known under another name


@dataclass(frozen=True)
class Unreadable:
    """A value that is not what its column needs; the column stays empty.

    Args:
        row: Place of the model, version or run in its list, the first is 1.
        subject: `model churn`, `version churn:7`, `run 4f...`.
        field: The column, such as `model.risk_tier`.
        key: What the value was called where it stands: the tag, or the registry's own field.
        value: The value as it stands.
        wanted: What it should have been.
        problem: Why it does not count, where that is not its form.
        fix: How that is mended.
    """

    row: int
    subject: str
    field: str
    key: str
    value: str
    wanted: str
    problem: str = ""
    fix: str = ""

    @property
    def reason(self) -> str:
        """Return the sentence for the quarantine and the blind spot."""
        problem = self.problem or f"not {self.wanted}"
        return f"{self.subject}: the value of {self.key} is '{self.value[:80]}', {problem}"

    def aside(self) -> Aside:
        """Return it as the quarantine keeps it."""
        raw = {"subject": self.subject, "key": self.key, "value": self.value}
        return self.row, self.reason, msgspec.json.encode(raw).decode()


@dataclass
class Rows:
    """What one file says, as rows for the SELECTs in sql/."""

    models: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    grants: list[dict[str, Any]] = field(default_factory=list)
    sections: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    def add(self, new: Rows) -> list[Aside]:
        """Add one file's rows; what stands twice is returned for the quarantine.

        The first one counts, with its grants and sections.
        """
        aside = [
            *_add(self.models, new.models, ("model",)),
            *_add(self.versions, new.versions, ("model", "version")),
            *_add(self.runs, new.runs, ("run_id",)),
        ]
        self.unreadable += new.unreadable
        self.grants += new.grants
        self.sections += new.sections
        return aside


@dataclass(frozen=True)
class Stated:
    """A model or a version, before its values are read.

    Args:
        number: Its place in its list, the first is 1.
        tags: As they stand; `gov.<column>` among them counts as said.
        said: What the registry's own fields say, by column; they win over tags.
        created: Milliseconds since 1970, as they stand; `updated` the same.
        created_key: What the registry calls that field; `updated_key` the same.
    """

    number: int
    tags: Mapping[str, str]
    said: Mapping[str, str | None] = field(default_factory=dict)
    created: Text = None
    updated: Text = None
    created_key: str = "creation_timestamp"
    updated_key: str = "last_updated_timestamp"

    def all_said(self) -> dict[str, str]:
        """Return what is said, blanks left out."""
        native = {column: value for column, value in self.said.items() if filled(value)}
        return {**governance(self.tags), **native}  # type: ignore[dict-item] # filled: no None


def model_row(model: str, stated: Stated, unreadable: list[Unreadable]) -> dict[str, Any]:
    """Return a row for sql/stated_model.sql."""
    said = stated.all_said()
    take = reader("model", f"model {model}", stated.number, unreadable)
    return {
        "row": stated.number,
        "model": model,
        "created_ms": take("created_at", stated.created_key, stated.created),
        "updated_ms": take("updated_at", stated.updated_key, stated.updated),
        "said": said,
        **_values(MODEL_VALUES, said, take),
        "tags": stated.tags,
    }


def version_row(
    model: str, version: str, stated: Stated, unreadable: list[Unreadable], **more: Any
) -> dict[str, Any]:
    """Return a row for sql/stated_model_version.sql.

    Args:
        model: Its model.
        version: As the registry spells it.
        stated: What is said of it.
        unreadable: Gets what cannot be read.
        more: `aliases`, `stage`, `run_id`, `metrics`, `every_version`; `otherwise`, the
            lifecycle where nothing says one (development unless given).
    """
    said = stated.all_said()
    take = reader("model_version", f"version {model}:{version}", stated.number, unreadable)
    values = _values(VERSION_VALUES, said, take)
    return {
        "row": stated.number,
        "model": model,
        "version": version,
        "created_ms": take("created_at", stated.created_key, stated.created),
        "updated_ms": take("updated_at", stated.updated_key, stated.updated),
        "said": said,
        **values,
        "lifecycle_unreadable": "lifecycle" in said and values["lifecycle"] is None,
        "tags": stated.tags,
        "otherwise": "development",
        **more,
    }


def filled(text: str | None) -> str | None:
    r"""Return a text as it stands, or None where it is blank.

    >>> filled(" a "), filled(" \t")
    (' a ', None)
    """
    return text if text and text.strip() else None


def text_of(value: Any) -> str:
    """Return any JSON value as the text of a tag.

    >>> text_of("a"), text_of(None), text_of(True), text_of([1])
    ('a', '', 'true', '[1]')
    """
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def governance(tags: Mapping[str, str]) -> dict[str, str]:
    """Return what gov.* tags say, by column; blank is not said, and gov. wins over fin."""
    other = {column: tags.get(key, "") for key, column in OTHER_KEYS.items()}
    ours = {
        key.removeprefix(PREFIX): value for key, value in tags.items() if key.startswith(PREFIX)
    }
    said = {key: value for key, value in other.items() if value.strip()}
    return said | {key: value for key, value in ours.items() if value.strip()}


def reader(table: str, subject: str, row: int, unreadable: list[Unreadable]) -> Any:
    """Return a function that reads one value of a row and notes what it cannot read."""

    def take(column: str, key: str, value: Text, read: Reader = milliseconds) -> Any:
        if value is None or value == "":
            return None
        try:
            return read.function(str(value))
        except ValueError:
            name = f"{table}.{column}"
            unreadable.append(Unreadable(row, subject, name, key, str(value), read.wanted))
            return None

    return take


def unreadable_values(source: str, values: list[Unreadable]) -> list[BlindSpot]:
    """Return one blind spot for each field that some tag or time could not fill."""
    by_field: dict[str, list[Unreadable]] = {}
    for value in values:
        by_field.setdefault(value.field, []).append(value)
    return [
        BlindSpot(
            source=source,
            scope=field,
            reason=f"{len(found):,} value{'s' if len(found) > 1 else ''} cannot be read; "
            f"the first: {found[0].reason}",
            fix=found[0].fix or f"Set it to {found[0].wanted}.",
            rows=len(found),
        )
        for field, found in sorted(by_field.items())
    ]


def _values(readers: Mapping[str, Reader], said: Mapping[str, str], take: Any) -> dict[str, Any]:
    return {
        column: take(column, f"{PREFIX}{column}", said.get(column), reader)
        for column, reader in readers.items()
    }


def _add(
    known: list[dict[str, Any]], added: Iterable[dict[str, Any]], key: tuple[str, ...]
) -> list[Aside]:
    aside: list[Aside] = []
    seen = {tuple(row[part] for part in key) for row in known}
    for row in added:
        name = tuple(row[part] for part in key)
        if name in seen:
            reason = f"{':'.join(name)} stands twice in the registry's files"
            aside.append((row["row"], reason, msgspec.json.encode(row).decode()))
        else:
            seen.add(name)
            known.append(row)
    return aside
