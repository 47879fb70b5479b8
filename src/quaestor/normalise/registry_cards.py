"""Load what stands in model cards and ML-BOMs: like model.gov.yaml they fill registries' blanks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import ConfigurationError
from quaestor.core.landed import LandedFile
from quaestor.normalise import facts
from quaestor.normalise.card import Card, content_of
from quaestor.normalise.card_catalog import read_catalog
from quaestor.normalise.card_cyclonedx import read_cyclonedx
from quaestor.normalise.card_markdown import read_markdown
from quaestor.normalise.card_toolkit import read_toolkit
from quaestor.normalise.job import Job
from quaestor.normalise.registry import columns_of, forget, state_evidence
from quaestor.normalise.registry_rows import Rows, Stated, Unreadable, model_row, version_row
from quaestor.normalise.registry_stated import (
    doubled,
    take_in,
    unreadable_file,
    write,
)
from quaestor.warehouse.duckdb import Warehouse

UNVERSIONED = "main"  # what a card that names no version is about, where nobody knows versions
# What is said of one version and of no other; a card of every version cannot say it.
_OF_ONE_VERSION = (
    *("approved_by", "approved_at", "approved_digest", "artifact_digest", "lifecycle"),
    *("evaluated_at", "rollback_to"),
)
# Columns that no card says: runs and aliases are the registry's own.
_NOT_SAID = {
    *("model.catalog", "model.schema", "model.created_at", "model.updated_at"),
    *("model_version.run_id", "model_version.aliases"),
    *("model_version.created_at", "model_version.updated_at"),
}
Reader = Callable[[bytes, str], list[Card]]
READERS: Mapping[str, Reader] = {"cyclonedx": read_cyclonedx, "kubeflow-catalog": read_catalog}


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the cards said before (see `normalise.Loader`).

    A file that cannot be read is put into quarantine whole and told; the others count.
    """
    source = job.source.name
    forget(warehouse, source)
    rows = Rows()
    spots: list[BlindSpot] = []
    for file in job.manifest.files:
        job.progress(f"{source}: {file.scope}")
        read = READERS.get(job.manifest.schema) or _by_name(file)
        try:
            cards = read(content_of(job.path(file), file.scope), file.scope)
        except ConfigurationError as problem:
            spots.append(unreadable_file(warehouse, source, file, problem))
            continue
        new = _rows(cards, file, {row["model"] for row in rows.models})
        spots += doubled(source, file, take_in(warehouse, source, file, rows, new))
    unread = write(warehouse, source, rows, from_file=True)
    unread += facts.state(warehouse, source, from_file=True)
    state_evidence(warehouse, source, supplied(warehouse))
    return [*unread, *spots]


def supplied(warehouse: Warehouse) -> dict[str, str]:
    """Return what cards can say: of models and versions, and their sections."""
    tables = ("model", "model_version", "card_section")
    fields = [
        *tables,
        *(f"{table}.{column}" for table in tables for column in columns_of(warehouse, table)),
    ]
    return dict.fromkeys((field for field in fields if field not in _NOT_SAID), "file")


def _by_name(file: LandedFile) -> Reader:
    return read_toolkit if file.scope.lower().endswith((".json", ".json.gz")) else read_markdown


def _rows(cards: list[Card], file: LandedFile, models: set[str]) -> Rows:
    """Return one file's rows; of several cards of a model the first one describes the model."""
    rows = Rows()
    for position, card in enumerate(cards, 1):
        place = f"{file.scope}:{card.line}"
        if card.model not in models:
            models.add(card.model)
            stated = Stated(position, card.tags, card.of_model)
            model = model_row(card.model, stated, rows.unreadable)
            rows.models.append({**model, "definition": place})
        rows.versions.append(_version(card, position, place, rows.unreadable))
        rows.sections += [
            {
                "model": card.model,
                "version": card.version,
                "section": section,
                "content": content,
                "card_uri": place,
            }
            for section, content in card.sections
        ]
    return rows


def _version(card: Card, position: int, place: str, unreadable: list[Unreadable]) -> dict[str, Any]:
    said = {"card_uri": place, **{name: text for name, text in card.of_version.items() if text}}
    tags = dict(card.tags)
    if card.version is None:
        for column in _OF_ONE_VERSION:
            said.pop(column, None)
            if value := tags.pop(f"gov.{column}", ""):
                unreadable.append(_unbound(card, position, column, value))
    if "gov.card_uri" in tags:
        del said["card_uri"]
    return version_row(
        card.model,
        card.version or UNVERSIONED,
        Stated(position, tags, said),
        unreadable,
        metrics=card.metrics,
        every_version=card.version is None,
        otherwise=None,
    )


def _unbound(card: Card, position: int, column: str, value: str) -> Unreadable:
    return Unreadable(
        row=position,
        subject=f"card of {card.model}",
        field=f"model_version.{column}",
        key=f"gov.{column}",
        value=value,
        wanted="",
        problem="which is said of one version, and the card names none",
        fix="Name the version in the card (gov.version), or say it in the registry.",
    )
