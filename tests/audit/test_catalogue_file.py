"""`policies/catalogue.json`: what the shipped policies say, read beforehand, and no more."""

from __future__ import annotations

import shutil

import pytest

from quaestor.audit import catalogue
from quaestor.audit.catalogue import NAME, judged_of, says_of
from quaestor.audit.catalogue_text import catalogue_text
from quaestor.audit.compile import texts_of
from quaestor.audit.policies import load_policies, policy_files
from quaestor.audit.policy_file import PolicyFile
from quaestor.core.documents import convert, read_document
from quaestor.core.shipped import shipped
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.sandbox import Sandbox

FOLDER = shipped("policies")


def test_the_catalogue_is_up_to_date():
    """It is written by `quaestor policy docs`; outdated, the gate takes twice as long."""
    assert (FOLDER / NAME).read_text() == catalogue_text(load_policies([FOLDER]))


def test_it_says_what_the_files_say():
    """Each shipped policy is the same, read beforehand or now."""
    for path in policy_files(FOLDER):
        assert says_of(path) == convert(read_document(path), PolicyFile)


def test_it_judges_as_the_sandbox_does():
    """Tables, parameters, patterns and all: what was judged beforehand is judged the same now."""
    texts = [text for policy in load_policies([FOLDER]) for text in texts_of(policy)]
    with Warehouse(":memory:") as warehouse, Sandbox(warehouse) as sandbox:
        judged = sandbox.judge(texts)

    assert [judged_of(sql, bare=bare) for sql, bare in texts] == judged


def test_one_changed_byte_is_read_anew(tmp_path):
    """A copy is the same policy; a copy that was touched is another."""
    path = tmp_path / "ownership" / "model-without-owner.yaml"
    path.parent.mkdir()
    shutil.copy(FOLDER / "ownership" / path.name, path)
    assert says_of(path) is not None

    path.write_text(path.read_text().replace("severity: high", "severity: low"))

    assert says_of(path) is None
    [policy] = load_policies([tmp_path])
    assert policy.says.severity.value == "low"


def test_an_expression_that_ships_is_no_select_that_ships():
    """What was judged to stand in brackets was not judged to stand alone, nor the other way."""
    for policy in load_policies([FOLDER]):
        for sql, bare in texts_of(policy):
            assert judged_of(sql, bare=not bare) is None
            assert judged_of(sql + " ", bare=bare) is None


@pytest.fixture
def without_catalogue(monkeypatch):
    """A package that has no catalogue."""
    monkeypatch.setattr(catalogue, "_catalogue", catalogue.Catalogue)


def test_without_it_all_is_read(without_catalogue):
    """It is an economy: the policies are there without it."""
    assert [says_of(path) for path in policy_files(FOLDER)] == [None] * len(policy_files(FOLDER))
    assert len(load_policies([FOLDER])) == len(policy_files(FOLDER))
