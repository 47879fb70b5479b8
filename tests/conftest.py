"""What all tests share: the real parties, or the reason why they are not there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parent.parent
REFERENCE = CHECKOUT.parent / "shared"
collect_ignore = ["bench", "set_up.py"]  # programs, not tests

# The same examples in every run, and a busy machine is no failure.
settings.register_profile("quaestor", deadline=None, derandomize=True)
settings.load_profile("quaestor")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten: look at the difference before you commit it."""
    parser.addoption("--accept", action="store_true", help="Rewrite tests/golden from this run.")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds pyproject.toml."""
    return CHECKOUT


@pytest.fixture(scope="session")
def reference() -> Path:
    """The reference data beside the project, for tests marked `thirdparty`."""
    if not (REFERENCE / "data").is_dir():
        pytest.skip("no reference data beside the checkout")
    return REFERENCE / "data"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for playwright's `executable_path`."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return _missing("Chromium")


@pytest.fixture(scope="session")
def mlflow_program() -> str:
    """The path of the program `mlflow` in its own environment (full MLflow, with the server)."""
    path = CHECKOUT / ".parties" / "mlflow" / "bin" / "mlflow"
    return str(path) if path.is_file() else _missing("MLflow")


def _missing(party: str) -> str:
    if os.environ.get("CI") == "true" or os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail(f"{party} is missing; tests/set_up.py installs it")
    pytest.skip(f"{party} is missing; `make test` installs it")
