"""Load `model.gov.yaml`: models, versions, deployments, data, grants, and what they can supply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.documents import Document
from quaestor.core.errors import ConfigurationError, QuaestorError
from quaestor.core.landed import LandedFile
from quaestor.core.model_gov import Dataset, Deployment, ModelGov, read_model_gov
from quaestor.normalise import facts
from quaestor.normalise.job import Job
from quaestor.normalise.registry import columns_of, fill, forget, quarantine, state_evidence
from quaestor.warehouse.duckdb import Warehouse

TABLES = ("model", "model_version", "deployment", "dataset", "grant")
_LISTS = ("versions", "deployments", "datasets", "grants")


@dataclass
class _Stated:
    """What the files read so far say, and in which file each model and deployment stands."""

    files: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    datasets: list[dict[str, Any]] = field(default_factory=list)
    grants: list[dict[str, Any]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    models_in: dict[str, str] = field(default_factory=dict)
    deployments_in: dict[str, str] = field(default_factory=dict)


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the files said before (see `normalise.Loader`).

    A file with a mistake is put into quarantine whole and told as a blind spot; the others
    count.
    """
    source = job.source.name
    forget(warehouse, source)
    stated = _Stated()
    spots: list[BlindSpot] = []
    for file in job.manifest.files:
        job.progress(f"{source}: {file.scope}")
        content = job.path(file).read_bytes()
        try:
            _add(stated, *read_model_gov(content, Path(file.scope)))
        except ConfigurationError as problem:
            reason = f"{problem.where}: {problem.what}"
            text = content.decode("utf-8", errors="backslashreplace")
            quarantine(warehouse, source, file, [(None, reason, text)])
            spots.append(_blind_spot(source, file, problem))
    _write(warehouse, source, stated)
    state_evidence(warehouse, source, supplied(warehouse))
    return spots


def write(warehouse: Warehouse, source: str, gov: ModelGov, document: Document) -> None:
    """Add what one file says, once it was read and checked, to what its source states."""
    stated = _Stated()
    _add(stated, gov, document)
    _write(warehouse, source, stated)


def _write(warehouse: Warehouse, source: str, stated: _Stated) -> None:
    for table, query, name, rows in (
        ("stated_model", "model_gov_model", "files", stated.files),
        ("stated_model_version", "model_gov_model_version", "versions", stated.versions),
        ("stated_deployment", "model_gov_deployment", "deployments", stated.deployments),
        ("stated_dataset", "model_gov_dataset", "datasets", stated.datasets),
        ("grant", "model_gov_grant", "grants", stated.grants),
    ):
        fill(warehouse, table, query, {"source": source, name: rows})
    facts.state_read(warehouse, source, stated.facts)


def supplied(warehouse: Warehouse) -> dict[str, str]:
    """Return the fields that the files can supply: what they may state, and no run."""
    said: dict[str, Iterable[str]] = {table: columns_of(warehouse, table) for table in TABLES}
    said["model"] = [name for name in said["model"] if name not in ("catalog", "schema")]
    said["deployment"] = ("model", *Deployment.__struct_fields__)
    said["dataset"] = Dataset.__struct_fields__
    known = {f"{table}.{name}" for table in TABLES for name in columns_of(warehouse, table)}
    fields = {f"{table}.{name}" for table, names in said.items() for name in names} & known
    return dict.fromkeys(sorted({*fields, *TABLES}), "file")


def _add(stated: _Stated, gov: ModelGov, document: Document) -> None:
    """Add what one file says, or nothing of it.

    Raises:
        ConfigurationError: Another file describes the same model or deployment.
    """
    place = f"{document.path}:{document.line_of(('model',))}"
    _once(gov.model, "model", place, stated.models_in)
    deployments: dict[str, str] = {}
    for number, each in enumerate(gov.deployments):
        line = f"{document.path}:{document.line_of(('deployments', str(number)))}"
        _once(each.deployment, "deployment", line, stated.deployments_in, deployments)
        deployments[each.deployment] = line
    stated.models_in[gov.model] = place
    stated.deployments_in |= deployments
    head = _plain(gov, without=_LISTS)
    stated.files.append({**head, "definition": place})
    stated.versions += [
        {"model": gov.model, "version": name, **_plain(version)}
        for name, version in gov.versions.items()
    ]
    stated.deployments += [{"model": gov.model, **_plain(each)} for each in gov.deployments]
    stated.datasets += [{"model": gov.model, **_plain(each)} for each in gov.datasets]
    stated.grants += [{**_plain(each), "subject": each.subject or gov.model} for each in gov.grants]
    stated.facts += _facts(gov)


def _facts(gov: ModelGov) -> Iterator[dict[str, Any]]:
    """Yield what the file says beyond a registry's own fields; data have it in their own row."""
    asdict = msgspec.structs.asdict
    yield {"kind": "model", "subject": gov.model, "version": None, "said": asdict(gov)}
    for name, version in gov.versions.items():
        said = asdict(version)
        yield {"kind": "model_version", "subject": gov.model, "version": name, "said": said}
    for each in gov.deployments:
        said = asdict(each)
        yield {"kind": "deployment", "subject": each.deployment, "version": None, "said": said}


def _once(name: str, kind: str, place: str, *known: Mapping[str, str]) -> None:
    for places in known:
        if name in places:
            raise ConfigurationError(
                f"the {kind} '{name}' is described in {places[name]} too",
                where=place,
                fix=f"Keep one description of each {kind} in a source; the first one counts.",
            )


def _plain(struct: msgspec.Struct, without: Iterable[str] = ()) -> dict[str, Any]:
    """Return a Struct as a row: version names, which may be numbers in YAML, as text."""
    return {
        name: _named(name, value)
        for name, value in msgspec.structs.asdict(struct).items()
        if name not in without
    }


def _named(name: str, value: Any) -> Any:
    if name == "versions":
        return [str(one) for one in value]
    return str(value) if name in ("version", "rollback_to") and value is not None else value


def _blind_spot(source: str, file: LandedFile, problem: QuaestorError) -> BlindSpot:
    return BlindSpot(
        source=source,
        scope=file.scope,
        reason=f"the file cannot be read: {problem.what} ({problem.where})",
        fix=problem.fix,
    )
