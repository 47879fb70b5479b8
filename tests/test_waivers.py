"""The scheduled audit: waivers are read first, held against what is found, and written down."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import yaml

from quaestor import pipeline
from quaestor.core.config import read_config
from quaestor.core.errors import ConfigurationError
from quaestor.core.waivers import WaiverState
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)
POLICY = """
title: Every model has an accountable owner
severity: high
subject: registry.model
require: has_text(owner)
reason: "{model} has no owner"
gate: {ci: block}
why: Because somebody has to answer.
remedy: {text: "Set the tag."}
source: House rule
"""
WAIVER = {
    "id": "churn-owner",
    "policy": "model-without-owner",
    "subject": "churn",
    "reason": "The team is being split until the end of the year.",
    "ticket": "GOV-4711",
    "requested_by": "ada",
    "approved_by": "grace",
    "approved_at": date(2026, 11, 10),
    "expires": date(2026, 12, 4),
    "compensating_control": "The head of the department answers for it.",
}


class Estate:
    """Two models without an owner, and a folder of waivers."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("churn", "fraud"):
            self.write(f"models/{name}/model.gov.yaml", f"model: {name}\n")
        self.write("policies/ownership/model-without-owner.yaml", POLICY)
        self.write(
            "quaestor.yaml",
            "sources: [{name: models, kind: model-gov, path: models}]\npolicies: [policies/]\n",
        )

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def waive(self, name="w", **changes):
        self.write(f"waivers/{name}.yaml", yaml.safe_dump(WAIVER | changes, sort_keys=False))

    @property
    def config(self):
        return read_config(self.folder / "quaestor.yaml", {})

    def audit(self, now=NOW):
        return pipeline.audit(
            self.config, self.folder / "quaestor.duckdb", now=now, progress=lambda _: None
        ).summary

    def rows(self, sql):
        with Warehouse(self.folder / "quaestor.duckdb", read_only=True) as warehouse:
            return warehouse.rows(sql)


@pytest.fixture
def estate(tmp_path):
    """An estate to audit."""
    return Estate(tmp_path)


def test_what_is_waived_is_recorded_with_its_waiver(estate):
    """One of two violations is accepted; the run, its findings and its waivers say so."""
    estate.waive()
    estate.waive("x", id="unused", subject="ranking", expires=date(2026, 12, 10))
    summary = estate.audit()

    assert summary.decision.exit_code == 1
    assert [one.subject for one in summary.decision.failing] == ["fraud"]
    assert [(use.waiver.id, use.state) for use in summary.waivers] == [
        ("churn-owner", WaiverState.ENDING),
        ("unused", WaiverState.STALE),
    ]
    assert estate.rows("select subject, verdict, waiver from audit.finding order by subject") == [
        ("churn", "waived", "churn-owner"),
        ("fraud", "fail", None),
    ]
    assert estate.rows(
        "select waiver, state, waived, days_left, expires, place from audit.waiver order by all"
    ) == [
        ("churn-owner", "ending soon", 1, 13, date(2026, 12, 4), "waivers/w.yaml:1"),
        ("unused", "stale", 0, 19, date(2026, 12, 10), "waivers/x.yaml:1"),
    ]


def test_policies_can_judge_the_waivers(estate):
    """They stand in registry.waiver with the file as their source; a removed one is gone."""
    estate.waive()
    estate.waive("x", id="other", policy="gone")
    estate.audit()
    wanted = "select source, waiver, policy, expires, severity from registry.waiver order by all"

    assert estate.rows(wanted) == [
        ("waivers/w.yaml", "churn-owner", "model-without-owner", date(2026, 12, 4), "high"),
        ("waivers/x.yaml", "other", "gone", date(2026, 12, 4), None),
    ]
    (estate.folder / "waivers" / "w.yaml").unlink()
    estate.audit()
    assert [row[1] for row in estate.rows(wanted)] == ["other"]


def test_a_violation_keeps_its_first_day_through_a_waiver(estate):
    """Accepted for a time is not mended: it was there all along."""
    estate.audit()
    estate.waive()
    estate.audit(datetime(2026, 11, 22, 6))
    summary = estate.audit(datetime(2026, 12, 5, 6))
    [churn] = [one for one in summary.findings if one.subject == "churn"]

    assert (churn.first_seen, churn.waiver) == (NOW, None)
    assert churn.reason == "churn has no owner; waiver churn-owner lapsed on 2026-12-04"


def test_a_malformed_waiver_stops_the_audit_before_it_looks_anywhere(estate):
    """Exit code 2, and nothing is landed or built for a verdict that cannot be given."""
    estate.waive(approved_by="ada")
    with pytest.raises(ConfigurationError) as problem:
        estate.audit()

    assert (problem.value.exit_code, problem.value.where) == (
        2,
        f"{estate.folder}/waivers/w.yaml:7",
    )
    assert not (estate.folder / "landing").exists()
    assert not (estate.folder / "quaestor.duckdb").exists()


def test_waivers_may_lie_elsewhere(estate):
    """`waivers:` names the folder, relative to the configuration."""
    estate.waive()
    (estate.folder / "waivers").rename(estate.folder / "exemptions")
    assert not estate.audit().waivers

    text = (estate.folder / "quaestor.yaml").read_text()
    estate.write("quaestor.yaml", f"{text}waivers: exemptions\n")
    assert [use.waiver.place for use in estate.audit().waivers] == ["exemptions/w.yaml:1"]
