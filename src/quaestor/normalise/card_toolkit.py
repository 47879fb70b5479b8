"""Read a card of TensorFlow's Model Card Toolkit: JSON, its schema 0.0.2."""

from __future__ import annotations

from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.normalise.card import Card, first_text, flat, json_object, mappings, number

# Where a list of {"description": ...} or {"name": ...} stands -> what it is about.
_CONSIDERATIONS = {
    "users": "intended_users",
    "use_cases": "intended_use",
    "limitations": "limitations",
    "tradeoffs": "limitations",
    "ethical_considerations": "ethics",
}


def read_toolkit(content: bytes, scope: str) -> list[Card]:
    """Read one card.

    Raises:
        ConfigurationError: No JSON object, or none with `model_details` and a name in it.
    """
    told = json_object(content, scope)
    details = _mapping(told.get("model_details"))
    name = first_text(details.get("name"))
    if name is None:
        raise ConfigurationError(
            "is no model card: `model_details` and its `name` are not there",
            where=scope,
            fix="Write it with the Model Card Toolkit, or take the file out of `path:`.",
        )
    version = _mapping(details.get("version"))
    sections = _sections(told)
    texts = dict(reversed(sections))
    plain = {key: value for key, value in details.items() if not isinstance(value, list | dict)}
    return [
        Card(
            model=name,
            version=first_text(version.get("name")),
            tags=flat(plain),
            of_model={
                "description": first_text(details.get("overview")),
                "intended_use": texts.get("intended_use"),
                "owner": _owners(details),
            },
            of_version={
                "license": _licenses(details),
                "artifact_uri": first_text(details.get("path")),
            },
            metrics=_metrics(told),
            sections=tuple(sections),
        )
    ]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _licenses(details: dict[str, Any]) -> str | None:
    names = [
        first_text(one.get("identifier"), one.get("custom_text"))
        for one in _list(details, "licenses")
    ]
    return ", ".join(name for name in names if name) or None


def _owners(details: dict[str, Any]) -> str | None:
    names = [first_text(one.get("name"), one.get("contact")) for one in _list(details, "owners")]
    return ", ".join(name for name in names if name) or None


def _list(told: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return mappings(told.get(key))


def _sections(told: dict[str, Any]) -> list[tuple[str, str]]:
    details, considered = (_mapping(told.get(key)) for key in ("model_details", "considerations"))
    found = [
        ("description", first_text(details.get("overview"))),
        ("documentation", first_text(details.get("documentation"))),
    ]
    for key, subject in _CONSIDERATIONS.items():
        for one in _list(considered, key):
            parts = (one.get("name"), one.get("description"), one.get("mitigation_strategy"))
            found.append((subject, ": ".join(text for part in parts if (text := first_text(part)))))
    for one in _list(_mapping(told.get("model_parameters")), "data"):
        parts = (one.get("name"), one.get("link"), one.get("description"))
        found.append(("training_data", ": ".join(t for part in parts if (t := first_text(part)))))
    for one in _list(_mapping(told.get("quantitative_analysis")), "performance_metrics"):
        name, value, part = (first_text(one.get(key)) for key in ("type", "value", "slice"))
        found.append(("evaluation", f"{name} {value}{f' ({part})' if part else ''}"))
    merged: dict[str, list[str]] = {}
    for subject, text in found:
        if text:
            merged.setdefault(subject, []).append(text)
    return [(subject, "\n".join(texts)) for subject, texts in merged.items()]


def _metrics(told: dict[str, Any]) -> dict[str, float]:
    """Return the metrics; one of a slice names it, save the slice of all."""
    found: dict[str, float] = {}
    for one in _list(_mapping(told.get("quantitative_analysis")), "performance_metrics"):
        name, value, part = first_text(one.get("type")), number(one.get("value")), one.get("slice")
        if name and value is not None:
            whole = not part or str(part).lower() in ("all", "overall")
            found[name if whole else f"{name} ({part})"] = value
    return found
