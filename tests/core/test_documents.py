"""YAML that people write: lines are known, and nothing in it is executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from quaestor.core.documents import parse_document, parse_documents, read_document
from quaestor.core.errors import ConfigurationError

HERE = Path("a.yaml")


def test_every_part_knows_its_line():
    """A complaint points to the nearest part that stands in the file."""
    document = parse_document("a:\n  - b: 1\n    c: 2\n", HERE)

    assert document.value == {"a": [{"b": 1, "c": 2}]}
    assert document.line_of(("a", "0", "c")) == 3
    assert document.line_of(("a", "0", "unwritten")) == 2
    assert document.line_of(("elsewhere",)) == 1


def test_an_empty_document_is_nothing():
    """Comments alone are no document, and no error."""
    assert parse_document("# only words\n", HERE).value is None


@pytest.mark.parametrize(
    "text", ["a: !!python/object/apply:os.system ['true']", "a: !unknown 1", "a: *nowhere"]
)
def test_tags_and_strangers_are_refused(text: str):
    """A document is data: no Python objects, no tags of other tools."""
    with pytest.raises(ConfigurationError) as caught:
        parse_document(text, HERE)

    assert caught.value.where == "a.yaml:1"


def test_a_key_that_stands_twice_deep_down_is_found():
    """YAML would keep the last one, silently."""
    with pytest.raises(ConfigurationError) as caught:
        parse_document("a:\n  - b:\n      c: 1\n      c: 2\n", HERE)

    assert caught.value.where == "a.yaml:4"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: &x [1]\nb: *x", "an alias (*name) is used"),
        ("a: &x\n  b: *x", "an alias (*name) is used"),
        ("day: 2027-13-01", "holds a value that cannot be read: month must be in 1..12"),
        ("[" * 5000 + "]" * 5000, "is nested too deeply"),
    ],
)
def test_a_document_that_repeats_itself_or_cannot_be_built_is_refused(text: str, what: str):
    """No document can make the reader run on, or end in a traceback."""
    with pytest.raises(ConfigurationError) as caught:
        parse_document(text, Path("a.yaml"))

    assert caught.value.what.startswith(what)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "- " * 100_000, "? " * 100_000, "[" * 50_000 + "]" * 50_000],
)
def test_levels_without_end_are_refused_and_crash_nothing(text: str):
    """The parser in C would die of them, without a word and without a sound exit code."""
    for parse in (parse_document, parse_documents):
        with pytest.raises(ConfigurationError, match="is nested too deeply"):
            parse(text, HERE)


def test_a_long_document_of_few_levels_is_read():
    """Whatever stands in it: what is bounded is its depth."""
    long = parse_document("- {a: '[', b: [1, 2]}\n" * 3_000, HERE)

    assert len(long.value) == 3_000


def test_a_folder_is_no_document(tmp_path: Path):
    """The advice is to name a file, not to save a folder as UTF-8."""
    with pytest.raises(ConfigurationError, match="is a folder, not a file") as caught:
        read_document(tmp_path, absent="Make it.")

    assert caught.value.fix == "Name the file."
