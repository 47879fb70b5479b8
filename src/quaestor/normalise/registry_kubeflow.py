"""Load Kubeflow's Model Registry: models, versions, their artifacts, and what serves them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise import facts, step
from quaestor.normalise.card import number as number_of
from quaestor.normalise.card_markdown import markdown_sections
from quaestor.normalise.job import Job
from quaestor.normalise.kubeflow_values import properties
from quaestor.normalise.landed_objects import LANDED, read_objects
from quaestor.normalise.quarantine import blind_spots
from quaestor.normalise.registry import columns_of, fill, forget, quarantine, state_evidence
from quaestor.normalise.registry_rows import (
    Rows,
    Stated,
    Text,
    filled,
    model_row,
    version_row,
)
from quaestor.normalise.registry_stated import write
from quaestor.warehouse.duckdb import Warehouse

T = TypeVar("T", bound=Struct)
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")
# What the registry has fields for; every other column of a model or version is a tag gov.<column>.
NATIVE = {
    "model": {"model", "owner", "description", "created_at", "updated_at", "tags"},
    "model_version": {
        *("model", "version", "lifecycle", "description", "created_at", "updated_at"),
        *("created_by", "license", "tags"),
    },
    "deployment": {
        *("deployment", "model", "version", "environment", "kind", "status", "created_at", "tags"),
    },
    "dataset": {"run_id", "dataset", "digest", "source_type", "source_uri"},
    "card_section": {"model", "section", "content"},
}
OF_ARTIFACTS = ("run_id", "artifact_uri", "artifact_digest", "metrics")
# Aliases and names of Unity Catalog are not there, nor the file that defines a model.
NOT_SUPPLIED = {"model.catalog", "model.schema", "model.definition", "model_version.aliases"}


class Resource(Struct, frozen=True, rename="camel"):
    """What all have."""

    id: str | int
    name: str
    description: str | None = None
    custom_properties: dict[str, Any] = msgspec.field(default_factory=dict)
    create_time_since_epoch: Text = None
    last_update_time_since_epoch: Text = None
    state: str | None = None

    def stated(self, number: int, tags: dict[str, str], said: dict[str, str | None]) -> Stated:
        """Return it in the one form of all registries."""
        return Stated(
            number,
            tags,
            {"description": self.description, **said},
            self.create_time_since_epoch,
            self.last_update_time_since_epoch,
            "createTimeSinceEpoch",
            "lastUpdateTimeSinceEpoch",
        )


class Model(Resource, frozen=True):
    """A registered model."""

    owner: str | None = None
    license: str | None = None
    readme: str | None = None


class Version(Resource, frozen=True, kw_only=True):
    """A version of one model."""

    registered_model_id: str | int
    author: str | None = None


class Artifact(Struct, frozen=True, rename="camel"):
    """What belongs to a version: the model's files, a data set, a metric, a parameter."""

    model_version_id: str | int
    artifact_type: str = "model-artifact"
    name: str | None = None
    uri: str | None = None
    state: str | None = None
    value: Any = None
    model_source_class: str | None = None
    model_source_id: str | None = None
    custom_properties: dict[str, Any] = msgspec.field(default_factory=dict)


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the registry said before (see `normalise.Loader`)."""
    source = job.source.name
    forget(warehouse, source)
    read_objects(warehouse, job)
    step.make(warehouse, "kubeflow_deployment", {"source": source})
    step.fill(warehouse, "registry.stated_deployment", source, "kubeflow_deployment")
    rows = _rows(warehouse, source)
    told = blind_spots(warehouse, source, job.manifest.files)
    _place(warehouse, job, rows)
    spots = write(warehouse, source, rows)
    fill(warehouse, "stated_dataset", "kubeflow_dataset", {"source": source})
    facts.govern_deployments(warehouse, "kubeflow_deployment")
    spots += facts.state(warehouse, source)
    kinds = {file.scope.rpartition("/")[2] for file in job.manifest.files}
    state_evidence(warehouse, source, supplied(warehouse, kinds))
    if not rows.models:
        spots.append(_empty(source))
    return [*spots, *told]


def supplied(warehouse: Warehouse, kinds: set[str]) -> dict[str, str]:
    """Return how the registry supplies each field.

    Args:
        warehouse: Knows the columns.
        kinds: What was landed; what an account may not list is not supplied.
    """
    tables = ["model", "model_version", "card_section"]
    tables += ["dataset"] if "artifacts" in kinds else []
    tables += ["deployment"] if {"inference_services", "serving_environments"} <= kinds else []
    via = dict.fromkeys(tables, "native")
    for table in tables:
        native = {f"{table}.{column}": "native" for column in NATIVE[table]}
        governed = table in ("model", "model_version")
        tagged = columns_of(warehouse, table) if governed else []
        tagged += facts.BY_OWNER if table == "deployment" else ()
        via |= {f"{table}.{column}": "tag" for column in tagged} | native
    if "artifacts" in kinds:
        via |= {f"model_version.{column}": "native" for column in OF_ARTIFACTS}
    else:
        via = {field: how for field, how in via.items() if field not in _ARTIFACT_FIELDS}
    return {field: how for field, how in via.items() if field not in NOT_SUPPLIED}


_ARTIFACT_FIELDS = {f"model_version.{column}" for column in OF_ARTIFACTS}


def _rows(warehouse: Warehouse, source: str) -> Rows:
    rows = Rows()
    models: dict[str, Model] = {}
    seen: set[tuple[str, ...]] = set()
    for number, model in _objects(warehouse, source, "registered_models", Model):
        if (model.name,) in seen:
            _aside(warehouse, source, "registered_models", number, f"{model.name} stands twice")
            continue
        seen.add((model.name,))
        models[str(model.id)] = model
        tags = properties(model.custom_properties)
        stated = model.stated(number, tags, {"owner": model.owner})
        rows.models.append(model_row(model.name, stated, rows.unreadable))
        rows.sections += [
            {"model": model.name, "section": section, "content": content}
            for section, content in markdown_sections(model.readme or "")
        ]
    artifacts: dict[str, list[Artifact]] = defaultdict(list)
    for _, artifact in _objects(warehouse, source, "artifacts", Artifact):
        artifacts[str(artifact.model_version_id)].append(artifact)
    deployed = "select model, version from registry.stated_deployment where source = ?"
    served = set(warehouse.rows(deployed, [source]))
    for number, version in _objects(warehouse, source, "model_versions", Version):
        parent = models.get(str(version.registered_model_id))
        known = parent is not None and (parent.name, version.name) in seen
        if parent is None or known:
            why = f"{version.name} stands twice" if known else "names a model that is not there"
            _aside(warehouse, source, "model_versions", number, why)
            continue
        seen.add((parent.name, version.name))
        row = _version(version, parent, artifacts[str(version.id)], number, rows)
        if (parent.name, version.name) in served:
            row["otherwise"] = None  # something serves it: nobody knows that it is in development
        rows.versions.append(row)
    return rows


def _version(
    version: Version, model: Model, artifacts: list[Artifact], number: int, rows: Rows
) -> dict[str, Any]:
    kept = [one for one in artifacts if one.state not in ("MARKED_FOR_DELETION", "DELETED")]
    files = [one for one in kept if one.artifact_type == "model-artifact"]
    first = files[0] if files else Artifact(model_version_id=version.id)
    both = {**properties(first.custom_properties), **properties(version.custom_properties)}
    tags = dict(sorted(both.items()))
    digest = _DIGEST.search(first.uri or "")
    said = {
        "created_by": version.author,
        "artifact_uri": first.uri,
        "artifact_digest": digest[1] if digest else None,
        "license": None if filled(tags.get("gov.license")) else model.license,
    }
    by_run = "run" in (first.model_source_class or "").lower()
    archived = "ARCHIVED" in (version.state, model.state)
    return version_row(
        model.name,
        version.name,
        version.stated(number, tags, said),
        rows.unreadable,
        stage="archived" if archived else None,
        run_id=filled(first.model_source_id) if by_run else None,
        metrics={
            one.name: value
            for one in kept
            if one.artifact_type == "metric"
            and one.name
            and (value := number_of(one.value)) is not None
        },
    )


def _place(warehouse: Warehouse, job: Job, rows: Rows) -> None:
    """Note in which file each row stands, and set aside what of it could not be read."""
    files = {file.scope.rpartition("/")[2]: file for file in job.manifest.files}
    for kind, table, placed in (
        ("registered_models", "model", rows.models),
        ("model_versions", "model_version", rows.versions),
    ):
        if file := files.get(kind):
            for row in placed:
                row |= {"file": file.path, "sha256": file.sha256}
            unread = (u.aside() for u in rows.unreadable if u.field.startswith(f"{table}."))
            quarantine(warehouse, job.source.name, file, unread)


def _objects(
    warehouse: Warehouse, source: str, kind: str, shape: type[T]
) -> Iterator[tuple[int, T]]:
    """Yield the objects of a kind with their lines; those of another shape go to quarantine."""
    found = warehouse.rows(
        f"select row_number, object::varchar from {LANDED} where kind = ? order by row_number",
        [kind],
    )
    for number, text in found:
        try:
            yield number, msgspec.json.decode(text, type=shape)
        except msgspec.ValidationError as problem:
            _aside(warehouse, source, kind, number, str(problem))


def _aside(warehouse: Warehouse, source: str, kind: str, number: int, reason: str) -> None:
    warehouse.run(
        f"""
        insert into quarantine.row
        select ?, file, sha256, row_number, ?, object::varchar
        from {LANDED} where kind = ? and row_number = ?
        """,
        [source, reason, kind, number],
    )


def _empty(source: str) -> BlindSpot:
    return BlindSpot(
        source=source,
        scope="all",
        reason="the registry shows no model",
        fix="Let the account that reads see the models; if there are none, remove the source.",
    )
