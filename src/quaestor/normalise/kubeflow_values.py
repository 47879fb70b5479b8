"""Values of Kubeflow's Model Registry: typed properties as the texts of tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quaestor.normalise.registry_rows import text_of

_TYPED = ("string_value", "int_value", "double_value", "bool_value", "struct_value", "proto_value")


def properties(values: Any) -> dict[str, str]:
    """Return `customProperties` as texts; what is no typed value stays as it stands.

    >>> properties({"a": {"metadataType": "MetadataStringValue", "string_value": "x"}, "b": 1})
    {'a': 'x', 'b': '1'}
    """
    if not isinstance(values, Mapping):
        return {}
    return {str(key): text_of(_value(value)) for key, value in sorted(values.items())}


def _value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return next((value[kind] for kind in _TYPED if kind in value), dict(value))
