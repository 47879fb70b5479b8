"""Which environment variables of a manifest hold a secret in plain text: their names, no values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# A variable's name, cut at its underscores, or the form of what it holds.
_NAME = re.compile(
    r"(.*_)?(password|passwd|passphrase|pwd|secret|token|credentials?|apikey"
    r"|(api|access|private|secret|account|encryption|signing)_?key)"
)
_FORM = re.compile(
    r"(AKIA|ASIA)[A-Z0-9]{16}|(hf|gh[pousr]|glpat|sk|xox[abprs])[-_][\w-]{16,}"
    r"|[a-z0-9+]+://[^/\s:@]*:[^/\s@]+@.*|-----BEGIN [A-Z ]*PRIVATE KEY-----.*",
    re.DOTALL,
)


def plain_secrets(environment: Any) -> dict[str, list[str]]:
    """Return, of a container's `env`, the names of variables that hold a secret themselves.

    Args:
        environment: A list of variables as Kubernetes writes them; anything else holds none.

    Returns:
        The names under `secrets`, which is what takes the place of `env`.

    >>> plain_secrets([{"name": "HF_TOKEN", "value": "x"}, {"name": "MAX_TOKENS", "value": "9"}])
    {'secrets': ['HF_TOKEN']}
    >>> plain_secrets([{"name": "DB", "value": "postgres://ada:pw@db/x"}, {"name": "TOKEN"}])
    {'secrets': ['DB']}
    """
    listed = environment if isinstance(environment, list) else []
    told = [one for one in listed if isinstance(one, Mapping) and one.get("name")]
    return {"secrets": [str(one["name"]) for one in told if _is_secret(one)]}


def without_values(manifest: Any) -> Any:
    """Return a manifest with `plain_secrets` in the place of every `env`.

    >>> without_values({"containers": [{"env": [{"name": "API_KEY", "value": "x"}]}]})
    {'containers': [{'env': {'secrets': ['API_KEY']}}]}
    """
    if isinstance(manifest, Mapping):
        return {
            key: plain_secrets(item) if key == "env" else without_values(item)
            for key, item in manifest.items()
        }
    if isinstance(manifest, list):
        return [without_values(item) for item in manifest]
    return manifest


def _is_secret(variable: Mapping[str, Any]) -> bool:
    text = str(variable.get("value") or "").strip()
    if not text or text.startswith("$("):  # another variable's value, perhaps a secret's
        return False
    name = str(variable["name"]).lower().replace("-", "_")
    return bool(_NAME.fullmatch(name) or _FORM.fullmatch(text))
