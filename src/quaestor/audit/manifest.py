"""Recognise what a deploy's files hold, by their content: the targets of the gate beside names.

Kubernetes manifests (several documents, and lists of them), the request that makes a SageMaker
endpoint configuration, and `model.gov.yaml`. What is something else is left out; a file that is
asked about by name and holds nothing of these is an error, and so is an empty folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quaestor.core.deploy import DeployKind, DeployObject
from quaestor.core.documents import Document, parse_documents
from quaestor.core.errors import (
    ConfigurationError,
    IncompleteError,
    NothingEvaluatedError,
    QuaestorError,
)
from quaestor.core.model_gov import ModelGov, read_model_gov
from quaestor.core.text import printable, size_text

MOST_BYTES = 2 * 1024**2
STANDARD_INPUT = "standard input"
# What says something about what will serve, by kind and API group.
RESOURCES = frozenset(
    (
        ("Deployment", "apps"),
        ("StatefulSet", "apps"),
        ("InferenceService", "serving.kserve.io"),
        ("ServingRuntime", "serving.kserve.io"),
        ("ClusterServingRuntime", "serving.kserve.io"),
        ("HorizontalPodAutoscaler", "autoscaling"),
        ("ScaledObject", "keda.sh"),
        ("Service", ""),
    )
)
# What may serve a model too, and this gate cannot read: those of the first group always do, those
# of the second where they say so (gov.model).
_UNREAD_SERVERS = frozenset(
    (
        ("LLMInferenceService", "serving.kserve.io"),
        ("InferenceGraph", "serving.kserve.io"),
        ("SeldonDeployment", "machinelearning.seldon.io"),
        ("RayService", "ray.io"),
    )
)
_UNREAD_WORKLOADS = frozenset(
    (
        ("Rollout", "argoproj.io"),
        ("Service", "serving.knative.dev"),
        ("DaemonSet", "apps"),
        ("ReplicaSet", "apps"),
        ("Pod", ""),
    )
)
SERVING = ("Deployment", "StatefulSet", "InferenceService")
_SUFFIXES = (".yaml", ".yml", ".json")
# Without one of these a file is none of ours, and need not be parsed.
_SIGNS = re.compile(
    rb"apiVersion|ProductionVariants|ModelName|EndpointConfigName"
    rb"|^[\s{\xef\xbb\xbf-]*[\"']?model[\"']?\s*:",
    re.MULTILINE,
)
_GOV_KEYS = frozenset(ModelGov.__struct_fields__)
_LABELS = (
    ("metadata", "labels"),
    ("metadata", "annotations"),
    ("spec", "template", "metadata", "labels"),
    ("spec", "template", "metadata", "annotations"),
)
_KINDS = (
    "a Kubernetes Deployment, StatefulSet or InferenceService, the configuration of a SageMaker "
    "endpoint (ProductionVariants), or a model.gov.yaml"
)


@dataclass(frozen=True)
class Deploy:
    """What was found in the files asked about.

    Args:
        objects: In the order asked, files of a folder by name.
        ignored: How many files of folders hold nothing for the gate.
        charts: The folders of Helm charts, whose templates are no manifests yet.
        problems: One for each target that holds nothing that the gate judges, and for each
            object that serves a model in a way that it cannot read.
    """

    objects: tuple[DeployObject, ...]
    ignored: int
    charts: tuple[str, ...]
    problems: tuple[QuaestorError, ...] = ()


def read_deploy(targets: Sequence[tuple[str, bytes | None]]) -> Deploy:
    """Read every file that targets name.

    Args:
        targets: Each as the user wrote it, with what was piped in where that is the target.

    Raises:
        ConfigurationError: A file cannot be read, is too large, or no valid YAML.
    """
    objects: list[DeployObject] = []
    problems: list[QuaestorError] = []
    ignored = 0
    charts: list[str] = []
    for target, piped in targets:
        if piped is None and Path(target).is_dir():
            files, others, unrendered = _files(Path(target))
            per_file = [list(_in_folder(target, path)) for path in files]
            charts += unrendered
            ignored += others + sum(not each for each in per_file)
            found = [one for each in per_file for one in each]
            problems += _problems(found, target, unrendered)
        else:
            path = STANDARD_INPUT if piped is not None else target
            content = piped if piped is not None else _content(Path(target))
            if len(content) > MOST_BYTES:
                raise _too_large(path)
            found = list(_objects(target, path, content))
            problems += _problems(found, path, (), is_empty=not content.strip())
        objects += (one for one in found if not _is_unread(one))
    return Deploy(tuple(_once(objects)), ignored, tuple(charts), tuple(problems))


def _in_folder(target: str, path: Path) -> Iterator[DeployObject]:
    """Yield the objects of a file that nobody named; data of models lie beside manifests."""
    content = _content(path)
    if len(content) > MOST_BYTES and path.suffix.lower() != ".json":
        raise _too_large(str(path))
    if len(content) <= MOST_BYTES and _SIGNS.search(content):
        yield from _objects(target, str(path), content)


def _content(path: Path) -> bytes:
    """Return the bytes of a file, and of one that is too large enough to see that it is."""
    try:
        with path.open("rb") as file:  # not its size: a pipe has none
            return file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise _unreadable(problem, path) from None


def _unreadable(problem: OSError, path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"the file cannot be read ({problem.strerror})",
        where=printable(path),
        fix="Check the path and its permissions.",
    )


def _raise(problem: OSError) -> None:
    """Refuse a folder that cannot be listed: what it holds may be what should be judged."""
    raise _unreadable(problem, Path(problem.filename))


def _too_large(path: str) -> ConfigurationError:
    return ConfigurationError(
        f"the file is too large: {size_text(MOST_BYTES)} are read",
        where=printable(path),
        fix="Ask about the manifests of one deploy only.",
    )


def _files(folder: Path) -> tuple[list[Path], int, list[str]]:
    """Return the files that may hold something, how many others there are, and Helm charts."""
    found: list[Path] = []
    others = 0
    charts: list[str] = []
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if "Chart.yaml" in names and "templates" in folders:
            folders.remove("templates")
            charts.append(place)
        for name in names:
            if name.lower().endswith(_SUFFIXES):
                found.append(Path(place, name))
            else:
                others += 1
    return sorted(found), others, charts


def _problems(
    found: Sequence[DeployObject], where: str, charts: Sequence[str], *, is_empty: bool = False
) -> Iterator[QuaestorError]:
    """Yield what the gate cannot read of a target, or that there is nothing for it."""
    for one in filter(_is_unread, found):
        yield IncompleteError(
            f"{one.text('kind')} {printable(one.text('metadata', 'name'))} serves a model, and "
            "the gate cannot read such an object",
            where=printable(one.place),
            fix="Ask about the model version by its name as well, and leave this object out.",
        )
    if any(is_target(one) or _is_unread(one) for one in found):
        return
    chart = f"`helm template {printable(charts[0])} | quaestor gate -`" if charts else ""
    yield NothingEvaluatedError(
        "the target is empty" if is_empty else "nothing there is a target of the gate",
        where=printable(where),
        fix=f"Render the chart first: {chart}." if charts else f"Give {_KINDS}.",
    )


def _group_of(one: DeployObject) -> tuple[str | None, str]:
    return one.text("kind"), (one.text("apiVersion") or "").rpartition("/")[0]


def _is_unread(one: DeployObject) -> bool:
    if one.kind is not DeployKind.KUBERNETES or _group_of(one) not in _UNREAD_WORKLOADS:
        return one.kind is DeployKind.KUBERNETES and _group_of(one) in _UNREAD_SERVERS
    return any(one.text(*place, "gov.model") for place in _LABELS)


def is_target(one: DeployObject) -> bool:
    """Return whether an object is one the gate judges, and not one that only goes with it."""
    if one.kind is DeployKind.KUBERNETES:
        return one.value.get("kind") in SERVING
    return one.kind is DeployKind.MODEL_GOV or "ProductionVariants" in one.value


def _objects(target: str, path: str, content: bytes) -> Iterator[DeployObject]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ConfigurationError(
            f"is not UTF-8 (byte {problem.start})",
            where=printable(path),
            fix="Save the file as UTF-8.",
        ) from None
    documents = parse_documents(text, Path(path))
    for document in documents:
        for part, value in _parts(document):
            one = DeployObject(DeployKind.KUBERNETES, target, path, document.line_of(part), value)
            if recognised := _recognised(one, document, part):
                yield recognised
            elif _is_model_gov(value, Path(path).name):
                if len(documents) > 1:
                    raise ConfigurationError(
                        "a model.gov.yaml stands beside other documents",
                        where=printable(one.place),
                        fix="Give each model a file of its own.",
                    )
                gov, whole = read_model_gov(content, Path(path))
                line = whole.line_of(("model",))
                kind = DeployKind.MODEL_GOV
                yield replace(one, kind=kind, line=line, gov=gov, document=whole)


def _parts(document: Document) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the objects of a document: itself, or the items of a list."""
    value = document.value
    start: tuple[str, ...] = ()
    if isinstance(value, Mapping) and str(value.get("kind", "")).endswith("List"):
        value, start = value.get("items"), ("items",)
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    for number, item in enumerate(items):
        part = (*start, str(number)) if isinstance(value, list) else start
        if isinstance(item, Mapping):
            yield part, item


def _recognised(
    one: DeployObject, document: Document, part: tuple[str, ...]
) -> DeployObject | None:
    if one.text("kind") and one.text("apiVersion"):
        told = replace(one, value=_with_texts(one.value, document, part))
        return told if _group_of(one) in RESOURCES or _is_unread(told) else None
    value = one.value
    if (
        isinstance(value.get("ProductionVariants"), list)
        or (one.text("ModelName") and {"PrimaryContainer", "Containers"} & set(value))
        or (one.text("EndpointName") and one.text("EndpointConfigName"))
    ):
        return replace(one, kind=DeployKind.SAGEMAKER)
    return None


def _is_model_gov(value: Mapping[str, Any], name: str) -> bool:
    """Return whether a file is called `model.gov.yaml`, or most keys are those of one.

    A slip in a key is told then, and does not make the file something else.
    """
    if f".{name}".endswith(".model.gov.yaml"):
        return True
    known = sum(str(key) in _GOV_KEYS for key in value)
    return "model" in value and 2 * known > len(value)


def _with_texts(
    value: Mapping[str, Any], document: Document, part: tuple[str, ...]
) -> Mapping[str, Any]:
    """Give labels the texts that were written: YAML takes the version 1.10 for the number 1.1."""
    for keys in _LABELS:
        place = value
        for key in keys:
            place = place.get(key) if isinstance(place, dict) else None  # type: ignore[assignment] # until it is no dict
        if isinstance(place, dict):
            for name in place:
                written = document.texts.get((*part, *keys, str(name)))
                place[name] = written if place[name] is not None else None
    return value


def _once(objects: Iterable[DeployObject]) -> Iterator[DeployObject]:
    """Yield the objects, refusing two of one name: nobody could tell which one will run.

    Raises:
        ConfigurationError: An object stands twice, or has no name.
    """
    seen: dict[tuple[str | None, ...], DeployObject] = {}
    for one in objects:
        name = name_of(one)
        if not any(name[1:2] if one.kind is DeployKind.KUBERNETES else name[1:]):
            raise ConfigurationError(
                f"{printable(name[0])} has no name",
                where=printable(one.place),
                fix="Write metadata.name, or EndpointConfigName.",
            )
        first = seen.setdefault(name, one)
        if first is not one:
            raise ConfigurationError(
                f"{printable(' '.join(part for part in name if part))} stands twice",
                where=f"{printable(first.place)} and {printable(one.place)}",
                fix="Remove one of the two, or ask about each by itself.",
            )
        yield one


def name_of(one: DeployObject) -> tuple[str | None, ...]:
    """Return what tells an object from the others of its kind."""
    if one.kind is DeployKind.KUBERNETES:
        return one.text("kind"), one.text("metadata", "name"), one.text("metadata", "namespace")
    if one.gov is not None:
        return "model.gov.yaml of", one.gov.model
    names = ("EndpointName", "EndpointConfigName", "ModelName")
    return "the SageMaker request", *(one.text(name) for name in names)
