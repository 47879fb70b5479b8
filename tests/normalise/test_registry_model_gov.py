"""normalise.registry_model_gov: what a registry cannot say, kept in git, and what it fills."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from builders import jobs
from builders.jobs import settled as seen
from builders.rows import insert
from quaestor.core.config import ModelGovSource
from quaestor.normalise.job import Job

CHURN = """\
model: churn
owner: team-growth
risk_tier: 1
retire_by: 2028-01-31
tags: {region: eu}
versions:
  7:
    lifecycle: production
    approved_by: grace
    approved_at: 2026-11-01T10:00:00+01:00
    approved_digest: "sha256:1"
    aliases: [blue]
    rollback_to: 6
    metrics: {auc: 0.9}
deployments:
  - {deployment: churn-api, version: 7, environment: production, public_access: false}
grants:
  - {principal: ci, right: promote, via: role/ci}
  - {subject: registry, principal: ada, right: write}
"""


def landed(folder: Path, *files: str | bytes) -> Job:
    """A source `gov` with these files in force; the first is called 0.model.gov.yaml."""
    found = {
        f"{number}.model.gov.yaml": one if isinstance(one, bytes) else one.encode()
        for number, one in enumerate(files)
    }
    return jobs.landed(folder, ModelGovSource(name="gov", path="."), found)


def test_a_model_kept_in_git_stands_by_itself(warehouse, tmp_path):
    """No registry knows it: its row has the file's source, and says where it is defined."""
    assert seen(warehouse, landed(tmp_path, CHURN)) == []
    assert warehouse.rows(
        "select source, model, owner, risk_tier, retire_by, tags, definition from registry.model"
    ) == [
        (
            "gov",
            "churn",
            "team-growth",
            1,
            date(2028, 1, 31),
            '{"region":"eu"}',
            "0.model.gov.yaml:1",
        )
    ]
    assert warehouse.rows(
        """
        select version, lifecycle, approved_by, approved_at, approved_digest, aliases, rollback_to,
            metrics
        from registry.model_version
        """
    ) == [
        (
            "7",
            "production",
            "grace",
            datetime(2026, 11, 1, 9),
            "sha256:1",
            ["blue"],
            "6",
            '{"auc":0.9}',
        )
    ]


def test_what_defines_a_model_is_its_file_before_its_card(warehouse, tmp_path):
    """Alerts lie on the line of model.gov.yaml, though the cards' source comes first."""
    for source, line in (("reg", None), ("cards", "README.md:1")):
        row = {"source": source, "definition": line, "from_file": line is not None}
        insert(warehouse, "registry.stated_model", model="churn", **row)
    seen(warehouse, landed(tmp_path, CHURN))

    assert warehouse.rows("select source, definition from registry.model") == [
        ("reg", "0.model.gov.yaml:1")
    ]


def test_deployments_and_grants_come_from_files(warehouse, tmp_path):
    """What MLflow has no field for; a grant is on the model unless it names another subject."""
    seen(warehouse, landed(tmp_path, CHURN))

    assert warehouse.rows(
        "select source, deployment, model, version, environment, artifact_digest, public_access, "
        "authentication from registry.deployment"
    ) == [("gov", "churn-api", "churn", "7", "production", None, False, None)]
    assert warehouse.rows('from registry."grant"') == [
        ("gov", "churn", "ci", "promote", "role/ci"),
        ("gov", "registry", "ada", "write", None),
    ]


def test_a_lifecycle_that_nobody_names_is_unknown(warehouse, tmp_path):
    """Unlike MLflow's, a version in a file does not start anywhere."""
    seen(warehouse, landed(tmp_path, 'model: churn\nversions: {"1": {}}\n'))

    assert warehouse.rows("select lifecycle from registry.model_version") == [(None,)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("model: a\nownr: b\n", "unknown key 'ownr' (0.model.gov.yaml:2 (ownr))"),
        (b"\xff\xfem", "is not UTF-8 (byte 0) (0.model.gov.yaml)"),
        ("", "the key 'model' is missing (0.model.gov.yaml:1)"),
        ("model: [", "is no valid YAML"),
    ],
)
def test_a_bad_file_hides_one_model_only(warehouse, tmp_path, content, reason):
    """It goes to quarantine whole, with the line; the other files count."""
    [(scope, told)] = seen(warehouse, landed(tmp_path, content, CHURN))

    assert (scope, reason in told) == ("0.model.gov.yaml", True), told
    assert warehouse.rows("select model from registry.model") == [("churn",)]
    [(file, row, kept)] = warehouse.rows("select file, row_number, reason from quarantine.row")
    assert (file, row) == ("0.model.gov.yaml", None)
    assert kept.startswith("0.model.gov.yaml")


@pytest.mark.parametrize(
    ("second", "what"),
    [
        ("model: churn\n", "the model 'churn' is described in 0.model.gov.yaml:1 too"),
        (
            "model: other\ndeployments: [{deployment: churn-api}]\n",
            "the deployment 'churn-api' is described in 0.model.gov.yaml:16 too",
        ),
        (
            "model: other\ndeployments:\n - {deployment: x}\n - {deployment: x}\n",
            "the deployment 'x' is described in 1.model.gov.yaml:3 too",
        ),
    ],
)
def test_two_descriptions_of_one_thing_are_not_mixed(warehouse, tmp_path, second, what):
    """The first file counts whole, the second not at all, and it is said."""
    [(scope, reason)] = seen(warehouse, landed(tmp_path, CHURN, second))

    assert (scope, what in reason) == ("1.model.gov.yaml", True), reason
    assert warehouse.rows("select model from registry.model") == [("churn",)]
    assert warehouse.rows("select deployment from registry.deployment") == [("churn-api",)]


def test_a_mended_file_leaves_no_trace(warehouse, tmp_path):
    """Quarantine, grants and versions of the last look are gone."""
    seen(warehouse, landed(tmp_path, CHURN, "model: ["))
    seen(warehouse, landed(tmp_path, "model: churn\n"))

    assert warehouse.rows("from quarantine.row") == []
    assert warehouse.rows('from registry."grant"') == []
    assert warehouse.rows("from registry.model_version") == []


def test_files_supply_every_column_and_no_run(warehouse, tmp_path):
    """Evidence of a source of files."""
    seen(warehouse, landed(tmp_path, CHURN))

    assert warehouse.rows(
        """
        select via, list_sort(list(distinct split_part(field, '.', 1)))
        from registry.evidence where source = 'gov' group by via order by via
        """
    ) == [
        ("file", ["dataset", "deployment", "grant", "model", "model_version"]),
        (None, ["card_section", "deployment", "model", "run", "store"]),
    ]
