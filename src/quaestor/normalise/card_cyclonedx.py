"""Read CycloneDX documents with models in them (ML-BOM, 1.5 and later): JSON.

A component of type `machine-learning-model` is a version of a model. Its hash is the artifact's
digest, its licences, ancestors and model card are what their names say, and properties named
`gov.<column>` count as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.normalise.card import Card, first_text, json_object, mappings, number
from quaestor.normalise.registry_rows import text_of

MODEL = "machine-learning-model"
# The strongest first; those that collide are no proof of which bytes were meant.
_ALGORITHMS = ("SHA-256", "SHA-512", "SHA-384", "SHA3-256", "SHA3-512", "BLAKE2b-256", "BLAKE3")
_HEX = re.compile(r"[0-9a-fA-F]{32,128}")
_CONSIDERATIONS = {
    "users": "intended_users",
    "useCases": "intended_use",
    "technicalLimitations": "limitations",
    "performanceTradeoffs": "limitations",
    "ethicalConsiderations": "ethics",
    "environmentalConsiderations": "environment",
    "fairnessAssessments": "bias",
}


def read_cyclonedx(content: bytes, scope: str) -> list[Card]:
    """Read every model of one document.

    Raises:
        ConfigurationError: No JSON object, no CycloneDX document, or one without a model.
    """
    told = json_object(content, scope)
    if told.get("bomFormat") != "CycloneDX":
        raise ConfigurationError(
            "is no CycloneDX document (`bomFormat` does not say so)",
            where=scope,
            fix="Write the ML-BOM as CycloneDX JSON, or take the file out of `path:`.",
        )
    metadata = told.get("metadata")
    top = metadata.get("component") if isinstance(metadata, dict) else None
    found = [
        _card(component)
        for component in _components([*mappings(top), *mappings(told.get("components"))])
        if component.get("type") == MODEL and first_text(component.get("name"))
    ]
    if not found:
        raise ConfigurationError(
            f"holds no component of type {MODEL}",
            where=scope,
            fix="Point `path:` at the BOMs of models.",
        )
    return found


def _components(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield components and those within them."""
    pending = list(reversed(listed))
    while pending:
        component = pending.pop()
        yield component
        pending += reversed(mappings(component.get("components")))


def _card(component: dict[str, Any]) -> Card:
    tags = {
        str(one["name"]): text_of(one.get("value"))
        for one in mappings(component.get("properties"))
        if isinstance(one.get("name"), str)
    }
    group, name = first_text(component.get("group")), first_text(component.get("name"))
    listed = component.get("modelCard")
    card: dict[str, Any] = listed if isinstance(listed, dict) else {}
    sections = _sections(component, card)
    return Card(
        model=tags.get("gov.model") or (f"{group}/{name}" if group else str(name)),
        version=first_text(tags.get("gov.version"), component.get("version")),
        tags=tags,
        of_model={
            "description": first_text(component.get("description")),
            "intended_use": dict(sections).get("intended_use"),
        },
        of_version={
            "artifact_digest": _digest(component),
            "license": _license(component),
            "base_model": _ancestors(component),
            "card_uri": _reference(component, "model-card"),
            "artifact_uri": _reference(component, "distribution"),
            "created_by": first_text(component.get("author"), component.get("publisher")),
        },
        metrics=_metrics(card),
        sections=tuple(sections),
    )


def _digest(component: dict[str, Any]) -> str | None:
    by_algorithm = {
        str(one.get("alg")): str(one.get("content", "")).lower()
        for one in mappings(component.get("hashes"))
    }
    for algorithm in _ALGORITHMS:
        if _HEX.fullmatch(value := by_algorithm.get(algorithm, "")):
            return f"{re.sub('^sha-', 'sha', algorithm.lower())}:{value}"
    return None


def _license(component: dict[str, Any]) -> str | None:
    """Return SPDX ids, an expression, or names; several all apply."""
    found = []
    for one in mappings(component.get("licenses")):
        named = one.get("license")
        known: dict[str, Any] = named if isinstance(named, dict) else {}
        found.append(first_text(one.get("expression"), known.get("id"), known.get("name")))
    return " AND ".join(text for text in found if text) or None


def _ancestors(component: dict[str, Any]) -> str | None:
    pedigree = component.get("pedigree")
    listed = mappings(pedigree.get("ancestors")) if isinstance(pedigree, dict) else []
    names = []
    for one in listed:
        group, name, version = (first_text(one.get(key)) for key in ("group", "name", "version"))
        if name:
            names.append(f"{f'{group}/' if group else ''}{name}{f'@{version}' if version else ''}")
    return ", ".join(names) or None


def _reference(component: dict[str, Any], kind: str) -> str | None:
    found = (
        first_text(one.get("url"))
        for one in mappings(component.get("externalReferences"))
        if one.get("type") == kind
    )
    return next((url for url in found if url), None)


def _sections(component: dict[str, Any], card: dict[str, Any]) -> list[tuple[str, str]]:
    merged: dict[str, list[str]] = {}

    def say(subject: str, text: str | None) -> None:
        if text:
            merged.setdefault(subject, []).append(text)

    say("description", first_text(component.get("description")))
    given = card.get("considerations")
    considered: dict[str, Any] = given if isinstance(given, dict) else {}
    for key, subject in _CONSIDERATIONS.items():
        listed = considered.get(key)
        for one in listed if isinstance(listed, list) else [listed]:
            say(subject, _words(one))
    given = card.get("modelParameters")
    parameters: dict[str, Any] = given if isinstance(given, dict) else {}
    for one in mappings(parameters.get("datasets")):
        say("training_data", _words(one))
    for one in mappings(_analysis(card).get("performanceMetrics")):
        name, value, part = (first_text(one.get(key)) for key in ("type", "value", "slice"))
        say("evaluation", f"{name} {value}{f' ({part})' if part else ''}")
    return [(subject, "\n".join(texts)) for subject, texts in merged.items()]


def _words(value: Any) -> str | None:
    """Return every text of a value on one line; images and codes of it are left out."""
    if isinstance(value, dict):
        kept = (item for key, item in value.items() if key not in ("bom-ref", "content", "type"))
        return "; ".join(text for item in kept if (text := _words(item))) or None
    if isinstance(value, list):
        return "; ".join(text for item in value if (text := _words(item))) or None
    return first_text(value)


def _analysis(card: dict[str, Any]) -> dict[str, Any]:
    given = card.get("quantitativeAnalysis")
    return given if isinstance(given, dict) else {}


def _metrics(card: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in mappings(_analysis(card).get("performanceMetrics")):
        name, value, part = first_text(one.get("type")), number(one.get("value")), one.get("slice")
        if name and value is not None:
            found[f"{name} ({part})" if part else name] = value
    return found
