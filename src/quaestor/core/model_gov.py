"""The shape of `model.gov.yaml`: what a registry cannot say about a model, kept in git.

    model: churn
    owner: team-growth
    risk_tier: 1
    versions:
      "7": {approved_by: ada, approved_at: 2026-11-01T09:00:00Z, approved_digest: "sha256:..."}
    deployments:
      - {deployment: churn-api, version: "7", environment: production, public_access: false}
    datasets:
      - {dataset: calls, versions: ["7"], digest: "sha256:...", owner: data-team, license: internal}
    grants:
      - {principal: ci-promoter, right: promote}

Keys are the columns of `registry.model`, `registry.model_version`, `registry.deployment`,
`registry.dataset` and `registry.grant`; what is left out is not said, and never overwrites what a
registry says. Data are those of the training run that made the versions named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from quaestor.core.documents import Document, convert, parse_document
from quaestor.core.errors import ConfigurationError
from quaestor.core.governance import (
    DatasetFacts,
    Day,
    DeploymentFacts,
    ModelFacts,
    Moment,
    Strict,
    VersionFacts,
    kinds_of,
)
from quaestor.core.reading import READERS

T = TypeVar("T")
Filled = Annotated[str, Meta(pattern=r"\S")]
VersionName = Annotated[str, Meta(pattern=r"\S", description="As the registry spells it.")] | int
Lifecycle = Literal["development", "staging", "production", "archived"]


class Version(VersionFacts, frozen=True, kw_only=True):
    """One version of the model: columns of `registry.model_version`."""

    lifecycle: Lifecycle | None = None
    aliases: tuple[str, ...] = ()
    run_id: str | None = None
    description: str | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    created_by: str | None = None
    approved_by: str | None = None
    approved_at: Moment | None = None
    approved_digest: str | None = None
    artifact_uri: str | None = None
    artifact_digest: str | None = None
    card_uri: str | None = None
    license: str | None = None
    base_model: str | None = None
    rollback_to: VersionName | None = None
    evaluated_at: Moment | None = None
    monitoring: str | None = None
    monitored_at: Moment | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Deployment(DeploymentFacts, frozen=True, kw_only=True):
    """Where a version serves: columns of `registry.deployment`."""

    deployment: Filled
    version: VersionName | None = None
    environment: str | None = None
    artifact_digest: str | None = None
    public_access: bool | None = None
    authentication: str | None = None


class Dataset(DatasetFacts, frozen=True, kw_only=True):
    """What versions were trained on: columns of `registry.dataset`."""

    dataset: Filled
    versions: tuple[VersionName, ...] = ()
    run_id: Filled | None = None
    digest: str | None = None
    source_type: str | None = None
    source_uri: str | None = None
    context: str | None = None


class Grant(Strict, frozen=True, kw_only=True):
    """Who may do what: columns of `registry.grant`. The subject is the model unless named."""

    principal: Filled
    right: Filled
    subject: Filled | None = None
    via: str | None = None


class ModelGov(ModelFacts, frozen=True, kw_only=True):
    """One `model.gov.yaml`: columns of `registry.model`, and what hangs on the model."""

    model: Filled
    owner: str | None = None
    team: str | None = None
    cost_center: str | None = None
    risk_tier: Annotated[int, Meta(ge=1, le=3)] | None = None
    description: str | None = None
    oncall: str | None = None
    intended_use: str | None = None
    business_case: str | None = None
    eu_ai_act_class: str | None = None
    retire_by: Day | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    deployments: tuple[Deployment, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    grants: tuple[Grant, ...] = ()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `model.gov.yaml`, for editors and pre-commit hooks.

    >>> json_schema()["$ref"]
    '#/$defs/ModelGov'
    """
    from quaestor.core.vocabulary import MEANINGS

    schema = msgspec.json.schema(ModelGov)
    shapes = {"model": ModelGov, "model_version": Version, "deployment": Deployment}
    for kind, shape in {**shapes, "dataset": Dataset}.items():
        properties = schema["$defs"][shape.__name__]["properties"]
        for word, meaning in MEANINGS[kind].items():
            properties[word]["description"] = meaning
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "model.gov.yaml",
        **schema,
    }


_FIX = "Correct the value; the JSON Schema of model.gov.yaml says what may stand there."


def read_model_gov(content: bytes, path: Path) -> tuple[ModelGov, Document]:
    """Read and check one file.

    Args:
        content: Its bytes.
        path: Where it came from; complaints name it.

    Returns:
        The file, its times as ISO 8601 in UTC without zone, and the document that knows on
        which line each part stands.

    Raises:
        ConfigurationError: Not UTF-8, no YAML, an unknown key, or a value of a wrong type.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ConfigurationError(
            f"is not UTF-8 (byte {problem.start})", where=str(path), fix="Save the file as UTF-8."
        ) from None
    document = parse_document(text, path)
    value = _with_texts_for_times(document.value)
    versions = value.pop("versions", None) if isinstance(value, dict) else None
    head = convert(document, ModelGov, value, fix=_FIX)
    whole = msgspec.structs.replace(
        _checked(head, document),
        versions=dict(_versions(document, versions)),
        deployments=_listed(document, "deployments", head.deployments),
        datasets=_listed(document, "datasets", head.datasets),
        grants=_listed(document, "grants", head.grants),
    )
    _insist_on_runs(whole.datasets, document)
    return whole, document


def _listed(document: Document, key: str, listed: tuple[T, ...]) -> tuple[T, ...]:
    """Check the entries of a list, each as a document of its own that knows its lines."""
    return tuple(
        _checked(one, _part(document, (key, str(number)), None))
        for number, one in enumerate(listed)
    )


def _insist_on_runs(datasets: tuple[Dataset, ...], document: Document) -> None:
    """Refuse data that nothing was trained on: nobody would be told of them."""
    for number, one in enumerate(datasets):
        if not one.versions and not one.run_id:
            line = document.line_of(("datasets", str(number)))
            raise ConfigurationError(
                f"the dataset '{one.dataset}' names neither `versions` nor `run_id`",
                where=f"{document.path}:{line} (datasets)",
                fix='Name the versions that it trained, such as `versions: ["7"]`.',
            )


def _versions(document: Document, versions: Any) -> Iterator[tuple[str, Version]]:
    """Read each version as a document of its own, so that a complaint names its very line."""
    if versions is None:
        return
    if not isinstance(versions, Mapping):
        raise ConfigurationError(
            "'versions' is no mapping of version to what is said of it",
            where=f"{document.path}:{document.line_of(('versions',))}",
            fix='Write `versions: {"7": {approved_by: ...}}`.',
        )
    for key, value in versions.items():
        name = str(key)
        if isinstance(key, bool) or not isinstance(key, str | int) or not name.strip():
            raise ConfigurationError(
                f"the version {key!r} is no text",
                where=f"{document.path}:{document.line_of(('versions', name))}",
                fix='Put it in quotes, such as "1.10": YAML would read a number and lose digits.',
            )
        part = _part(document, ("versions", name), value)
        yield name, _checked(convert(part, Version, value or {}, fix=_FIX), part)


def _part(document: Document, place: tuple[str, ...], value: Any) -> Document:
    depth = len(place)
    lines = {part[depth:]: line for part, line in document.lines.items() if part[:depth] == place}
    return Document(document.path, value, lines)


def _with_texts_for_times(value: Any) -> Any:
    """Undo YAML's own reading of dates, which would refuse them where a text is meant."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _with_texts_for_times(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_texts_for_times(item) for item in value]
    return value


def _checked(struct: T, document: Document) -> T:
    """Check what must be more than a text or a number of any size; blank texts are not said."""
    assert isinstance(struct, Struct)  # noqa: S101 - every caller passes one
    changes: dict[str, Any] = {}
    for name, kind in kinds_of(type(struct)).items():
        value = getattr(struct, name)
        if value is None or isinstance(value, bool):
            continue
        if isinstance(value, str) and not value.strip():
            changes[name] = None
        elif kind in _DATED:
            changes[name] = _value(name, kind, str(value), document)
        elif kind != "text":
            _value(name, kind, str(value), document)
    return msgspec.structs.replace(struct, **changes)


_DATED = {
    "day": ("no date", "Write it as 2026-11-21."),
    "moment": ("no ISO 8601 time", "Write it as 2026-11-21T06:00:00Z."),
}


def _value(name: str, kind: str, text: str, document: Document) -> str | int:
    reader = READERS[kind]
    try:
        return reader.function(text)
    except ValueError:
        otherwise = (f"not {reader.wanted}", "Correct it, or leave the key out.")
        what, fix = _DATED.get(kind, otherwise)
        raise ConfigurationError(
            f"'{text[:60]}' is {what}",
            where=f"{document.path}:{document.line_of((name,))} ({name})",
            fix=fix,
        ) from None
