"""Where the policies and reports that ship with Quaestor lie.

In a checkout they are the top-level folders; in an installed package they are packed
beside the code. The checkout wins, because an editable install would keep stale copies.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """Return the folder `policies` or `reports`.

    Raises:
        FileNotFoundError: The package was built without it.
    """
    checkout = _PACKAGE.parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    packed = _PACKAGE / "_shipped" / name
    if packed.is_dir():
        return packed
    raise FileNotFoundError(f"{name}/ is neither in the checkout nor in the package")
