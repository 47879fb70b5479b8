"""A document per report for programs: held to the schema that is published beside it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from builders.forms import HOSTILE, VERDICT, a_report, listed, sections_of, written
from quaestor.report.forms.json import SCHEMA_FILE
from quaestor.warehouse.ask import ask

REPORTS = Path(__file__).resolve().parents[3] / "reports"


@pytest.fixture
def checked():
    """Read a document, and hold it to the published schema."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    def check(path):
        value = json.loads(path.read_text(encoding="utf-8"))
        validator.validate(value)
        return value

    return check


def test_every_report_keeps_the_schema_and_every_digit(estate, tmp_path, checked):
    """Each section with all its rows; decimals are text, so sums are the ledger's, exactly."""
    compared = 0
    for path in written(estate, "json", tmp_path):
        found = {one["name"]: one for one in checked(path)["sections"]}
        for name, sql in sections_of(REPORTS, path.stem).items():
            answer = ask(estate, sql)

            assert [one["name"] for one in found[name]["columns"]] == list(answer.names)
            assert len(found[name]["rows"]) == len(answer.rows)
            for place, column in enumerate(found[name]["columns"]):
                if column["type"].startswith("DECIMAL"):
                    texts = [row[column["name"]] for row in found[name]["rows"]]
                    cells = [None if one is None else Decimal(one) for one in texts]
                    assert cells == [row[place] for row in answer.rows]
                    compared += len(cells)

    assert compared > 500


def test_the_document_says_what_the_page_says_first(estate, tmp_path, checked):
    """Verdict, key figures, blind spots, the data's age, and units."""
    [path] = written(estate, "json", tmp_path, names=("cost",))
    value = checked(path)
    teams = next(one for one in value["sections"] if one["name"] == "teams")
    columns = {one["name"]: one for one in teams["columns"]}

    assert value["verdict"].startswith("30,887.31 EUR (without 1 charge of 1,205 CHF)")
    assert value["key_figures"][1]["label"] == "Reaches a model"
    assert (value["blind_spots"], value["currency"]) == (4, "EUR")
    assert (value["rendered_at"], value["built_at"]) == (
        "2026-11-21T06:30:00Z",
        "2026-11-21T03:05:00Z",
    )
    assert (teams["title"], columns["cost"]["unit"]) == ("By team", "EUR")


def test_a_name_comes_back_as_it_is_and_acts_nowhere(an_estate, tmp_path, checked):
    """The text is ASCII without markup; a parser gives back every character."""
    definitions = a_report(tmp_path, {"01-verdict": (listed(), VERDICT)})
    [path] = written(an_estate.warehouse, "json", tmp_path, definitions=definitions)
    text = path.read_text(encoding="ascii")

    assert [row["name"] for row in checked(path)["sections"][0]["rows"]] == list(HOSTILE)
    assert not set(text) & set("<>&\x00\x1b")


def test_an_empty_warehouse_keeps_the_schema(an_estate, tmp_path, checked):
    """Unknown is null: when the data were built, and up to when they are billed."""
    an_estate.settle()
    for path in written(an_estate.warehouse, "json", tmp_path):
        value = checked(path)

        assert (value["built_at"], value["last_day"]) == (None, None)


def test_a_second_run_gives_the_same_bytes(estate, tmp_path):
    """In place of the first ones."""
    names = ("cost", "reconciliation")
    runs = [
        [path.read_bytes() for path in written(estate, "json", tmp_path, names=names)]
        for _ in range(2)
    ]

    assert runs[0] == runs[1]
    assert list(tmp_path.glob(".*")) == []
