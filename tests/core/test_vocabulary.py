"""core.vocabulary: every word of governance is explained, and the example says them rightly."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import yaml

from quaestor.core.governance import FACTS, kinds_of
from quaestor.core.model_gov import json_schema, read_model_gov
from quaestor.core.reading import READERS
from quaestor.core.vocabulary import MEANINGS, reference
from quaestor.warehouse.duckdb import Warehouse


def test_every_word_is_explained_and_no_other():
    """A new field needs a meaning; one that is gone leaves none behind."""
    assert {kind: set(told) for kind, told in MEANINGS.items()} == {
        kind: set(kinds_of(shape)) for kind, shape in FACTS.items()
    }


def test_every_word_is_a_column_of_its_type():
    """The vocabulary and the tables that policies read are one."""
    wanted = {"text": "VARCHAR", "truth": "BOOLEAN", "number": "DOUBLE", "moment": "TIMESTAMP"}
    wanted |= {"day": "DATE", "amount": "DECIMAL(38,20)"}
    with Warehouse(":memory:") as warehouse:
        for kind, shape in FACTS.items():
            columns = warehouse.columns(f"registry.{kind}")
            for field, reads in kinds_of(shape).items():
                types = ("INTEGER", "BIGINT") if reads == "count" else (wanted[reads],)
                assert columns[field] in types, f"{kind}.{field}"


def test_every_kind_of_value_has_a_reader():
    """None is read as a text by accident."""
    found = {reads for shape in FACTS.values() for reads in kinds_of(shape).values()}

    assert found - set(READERS) == {"text"}


def test_the_reference_is_up_to_date(checkout: Path, request):
    """`examples/governance/README.md` ends with what `reference()` says; --accept rewrites it."""
    path = checkout / "examples" / "governance" / "README.md"
    text = path.read_text(encoding="utf-8")
    head, mark, _ = text.partition("## Of a model\n")
    if request.config.getoption("--accept"):
        path.write_text(head + reference(), encoding="utf-8")
    assert mark
    assert path.read_text(encoding="utf-8") == head + reference()


def test_the_example_is_valid(checkout: Path):
    """By the reader and by the JSON Schema, whose words have meanings."""
    path = checkout / "examples" / "governance" / "model.gov.yaml"
    gov, _ = read_model_gov(path.read_bytes(), path)
    schema = json_schema()
    plain = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - texts only

    assert (gov.model, gov.datasets[0].versions, gov.versions["7"].seed) == ("churn", ("7",), 42)
    properties = schema["$defs"]["Dataset"]["properties"]
    assert properties["quality_status"]["description"] == "passed or failed"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(plain) <= set(schema["$defs"]["ModelGov"]["properties"])
