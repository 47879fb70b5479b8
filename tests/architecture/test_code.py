"""What every module promises. Docstrings, types and broad `except` are ruff's and mypy's part."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SRC = CHECKOUT / "src" / "quaestor"
MODULE_LINES = 400
FUNCTION_LINES = 40
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}
# Imported names that are chance itself. (A process id or a hash is neither.)
CHANCE = {"random", "secrets", "uuid"}
SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b(?P<codes>[^#]*)(?P<rest>.*)")


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Yield each module of the product: name, text, tree."""
    for path in sorted(SRC.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        yield str(path.relative_to(SRC)), text, ast.parse(text)


def test_a_module_has_one_subject():
    """Up to 400 lines; what is longer has two subjects."""
    long = {
        name: lines for name, text, _ in modules() if (lines := text.count("\n")) > MODULE_LINES
    }

    assert long == {}


def test_a_function_fits_on_a_screen():
    """Up to 40 lines, docstring included."""
    long = {
        f"{name}:{node.name}": lines
        for name, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    }

    assert long == {}


def test_only_the_command_line_reads_the_clock():
    """The clock is an argument, so that the same inputs give the same bytes."""
    wrong = [
        f"{name}:{node.lineno}"
        for name, _, tree in modules()
        if not name.startswith("cli/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (ast.unparse(node.value).rpartition(".")[2], node.attr) in CLOCKS
    ]

    assert wrong == []


def test_nothing_is_left_to_chance():
    """No random numbers and no random names in the product."""
    wrong = [
        f"{name}:{node.lineno}"
        for name, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {
            alias.name.partition(".")[0] for alias in node.names if isinstance(node, ast.Import)
        }.union({(getattr(node, "module", None) or "").partition(".")[0]})
        & CHANCE
    ]

    assert wrong == []


def test_one_place_catches_everything():
    """A bug of ours ends in cli/main.py as exit code 70, never as a verdict."""
    wrong = [
        f"{name}:{node.lineno}"
        for name, _, tree in modules()
        if name != "cli/main.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) == "Exception")
    ]

    assert wrong == []


def test_base_exceptions_are_always_raised_again():
    """Cleaning up after Ctrl-C is fine, swallowing it is not."""
    wrong = [
        f"{name}:{node.lineno}"
        for name, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and node.type is not None
        and "BaseException" in ast.unparse(node.type)
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]

    assert wrong == []


def test_what_is_silenced_says_why():
    """A lint or type complaint that is silenced carries its reason on the same line."""
    wrong = []
    for path in [*SRC.rglob("*.py"), *(CHECKOUT / "tests").rglob("*.py")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            match = SILENCED.search(line)
            if match and '"' not in match["codes"] + match["rest"]:
                codes = re.sub(
                    r"^(:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*|\[[a-z-, ]+\])", "", match["codes"]
                )
                if not re.search(r"[a-z]{2,}", codes + match["rest"]):
                    wrong.append(f"{path.relative_to(CHECKOUT)}:{number}")

    assert wrong == []


def test_nothing_is_left_for_later():
    """What is not done is an issue, not a comment."""
    later = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    wrong = [name for name, text, _ in modules() if later.search(text)]

    assert wrong == []
