"""Read a catalogue file of Kubeflow's Model Registry: YAML, a list of models with their READMEs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quaestor.core.documents import parse_document
from quaestor.core.errors import ConfigurationError
from quaestor.normalise.card import Card, first_text, mappings
from quaestor.normalise.card_markdown import markdown_sections
from quaestor.normalise.kubeflow_values import properties
from quaestor.normalise.registry_rows import text_of

_PLAIN = ("provider", "licenseLink", "libraryName", "maturity", "language", "tasks")


def read_catalog(content: bytes, scope: str) -> list[Card]:
    """Read every model of one catalogue.

    Raises:
        ConfigurationError: Not UTF-8, no valid YAML, or no list of named models.
    """
    try:
        document = parse_document(content.decode("utf-8-sig"), Path(scope))
    except UnicodeDecodeError as problem:
        raise ConfigurationError(
            f"is not UTF-8 (byte {problem.start})", where=scope, fix="Save the file as UTF-8."
        ) from None
    listed = document.value.get("models") if isinstance(document.value, dict) else None
    models = [one for one in mappings(listed) if first_text(one.get("name"))]
    if not models:
        raise ConfigurationError(
            "lists no models under `models:`",
            where=scope,
            fix="Point `path:` at catalogues of Kubeflow's Model Registry.",
        )
    return [
        _card(model, document.line_of(("models", str(number))))
        for number, model in enumerate(models)
    ]


def _card(model: dict[str, Any], line: int) -> Card:
    readme = model.get("readme")
    sections = markdown_sections(readme) if isinstance(readme, str) else []
    artifact: dict[str, Any] = next(iter(mappings(model.get("artifacts"))), {})
    plain = {key: text_of(model[key]) for key in _PLAIN if model.get(key)}
    return Card(
        model=str(first_text(model.get("name"))),
        version=None,
        line=line,
        tags={**plain, **properties(model.get("customProperties"))},
        of_model={
            "description": first_text(model.get("description")),
            "intended_use": dict(reversed(sections)).get("intended_use"),
        },
        of_version={
            "license": first_text(model.get("license")),
            "artifact_uri": first_text(artifact.get("uri")),
        },
        sections=tuple(sections),
    )
