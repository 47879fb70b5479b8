"""The tree: what lies at the top, what is said about paths, what goes into the package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
FIXED = {"pyproject.toml", "README.md", "src", "policies", "reports", "tests", "examples"}
BESIDES = {"LICENSE", "CHANGELOG.md", "Makefile", ".gitignore", ".ci", ".github"}
# Where GitHub and pre-commit look for them.
BESIDES |= {"action.yml", ".pre-commit-hooks.yaml"}
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "policies/README.md",
    "examples/README.md",
    "examples/ci/README.md",
    "examples/deploy/README.md",
)
FOLDERS = r"src|policies|reports|tests|examples|\.ci|\.github"
SHIPPED = ("src", "policies", "reports", "examples", "README.md", "CHANGELOG.md", "action.yml")
SOMEBODYS = re.compile(r"(?<![\w./])/(?:work|root|home|Users|mnt)/\w|\.\./shared")


def test_the_top_level_is_the_agreed_list():
    """A new file at the top is a decision, not an accident."""
    ignored = {
        line.strip("/")
        for line in (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()
        if line.endswith("/")
    }
    names = {path.name for path in CHECKOUT.iterdir()} - ignored - {".git"}

    assert names == FIXED | BESIDES


def test_documents_name_paths_that_exist():
    """A document that names a file that is gone is worse than none."""
    wrong = []
    for document in DOCUMENTS:
        text = (CHECKOUT / document).read_text(encoding="utf-8")
        for path in re.findall(rf"(?<![\w./-])(?:{FOLDERS})/[\w./-]*\w/?", text):
            after = text[text.index(path) + len(path) :][:1]
            if after not in ("<", "*", "{") and not (CHECKOUT / path).exists():
                wrong.append(f"{document}: {path}")

    assert wrong == []


def test_the_product_names_nobodys_machine():
    """No absolute path of a developer's machine, no data that does not ship."""
    wrong = [
        f"{path.relative_to(CHECKOUT)}: {match.group()}"
        for place in SHIPPED
        for path in [CHECKOUT / place, *(CHECKOUT / place).rglob("*")]
        if path.is_file() and "__pycache__" not in path.parts
        if (match := SOMEBODYS.search(path.read_text(encoding="utf-8", errors="replace")))
    ]

    assert wrong == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The package, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as opened:
        opened.extractall(folder / "installed")
        return opened


def files(folder: Path, prefix: str) -> set[str]:
    return {
        prefix + str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_code_policies_and_reports(wheel: zipfile.ZipFile):
    """Every file that the product reads, and nothing else."""
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert packed == (
        files(CHECKOUT / "src" / "quaestor", "quaestor/")
        | files(CHECKOUT / "policies", "quaestor/_shipped/policies/")
        | files(CHECKOUT / "reports", "quaestor/_shipped/reports/")
    )


def test_the_wheel_works_without_the_checkout(wheel: zipfile.ZipFile, tmp_path: Path):
    """Installed elsewhere, the program finds the policies that came with it."""
    installed = Path(str(wheel.filename)).parent / "installed"
    result = subprocess.run(
        [sys.executable, "-m", "quaestor", "policy", "list"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    for policy in (CHECKOUT / "policies").glob("*/*.cases.yaml"):
        assert policy.name.removesuffix(".cases.yaml") in result.stdout
