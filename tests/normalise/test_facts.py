"""normalise.facts: the vocabulary of governance, of tags and files, in columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders import jobs
from builders.jobs import settled as seen
from builders.rows import insert
from quaestor import normalise
from quaestor.core.config import FilesSource, ModelGovSource
from quaestor.normalise import facts, registry
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

# One text of each kind, and the value that it stands for.
SAID = {
    "text": ("as it stands", "as it stands"),
    "truth": ("Yes", True),
    "count": (" 12 ", 12),
    "number": ("0.25", 0.25),
    "amount": ("1250.10", Decimal("1250.10")),
    "moment": ("2026-11-01T10:00:00+01:00", datetime(2026, 11, 1, 9)),
    "day": ("2027-01-31", date(2027, 1, 31)),
}
RUN = {
    "info": {"run_id": "r1"},
    "inputs": {
        "dataset_inputs": [
            {
                "dataset": {"name": "calls", "digest": "d1"},
                "tags": [{"key": "mlflow.data.context", "value": "training"}],
            }
        ]
    },
}


def tagged(said: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as MLflow's REST API writes them."""
    return [{"key": f"gov.{field}", "value": value} for field, value in said.items()]


def mlflow(folder: Path, *, name: str = "mlflow", **said: Mapping[str, str]) -> Job:
    """A registry with the model churn, its version 7 and one data set, tagged by `said`."""
    run = json.loads(json.dumps(RUN))
    run["inputs"]["dataset_inputs"][0]["tags"] += tagged(said.get("dataset", {}))
    export = {
        "registered_models": [{"name": "churn", "tags": tagged(said.get("model", {}))}],
        "model_versions": [
            {
                "name": "churn",
                "version": "7",
                "run_id": "r1",
                "tags": tagged(said.get("model_version", {})),
            }
        ],
        "runs": [run],
    }
    source = FilesSource(name=name, path=".", schema="mlflow")
    found = {f"{name}.json": json.dumps(export).encode()}
    return jobs.landed(folder, source, found, schema="mlflow")


def gov(folder: Path, said: Any, *, name: str = "gov") -> Job:
    """One model.gov.yaml."""
    text = said if isinstance(said, str) else yaml.safe_dump(said)
    source = ModelGovSource(name=name, path=".")
    return jobs.landed(folder, source, {f"{name}.model.gov.yaml": text.encode()})


def every(kind: str) -> dict[str, str]:
    """One text for every fact of a kind of thing."""
    return {field: SAID[reads][0] for field, reads in facts.VALUES[kind].items()}


def wanted(kind: str) -> dict[str, Any]:
    """What these texts stand for."""
    return {field: SAID[reads][1] for field, reads in facts.VALUES[kind].items()}


def only(warehouse: Warehouse, kind: str, *fields: str) -> dict[str, Any]:
    """The one row of a table of the registry, some columns of it."""
    columns = ", ".join(fields or facts.VALUES[kind])
    [row] = warehouse.records(f"select {columns} from registry.{kind}")
    return row


@pytest.mark.parametrize("kind", ["model", "model_version", "dataset"])
def test_every_word_of_the_vocabulary_is_a_tag(warehouse, tmp_path, kind):
    """`gov.<field>` of MLflow's models, versions and data is the column of that name, typed."""
    assert seen(warehouse, mlflow(tmp_path, **{kind: every(kind)})) == []

    assert only(warehouse, kind) == wanted(kind)


def test_every_word_of_the_vocabulary_is_a_key_of_a_file(warehouse, tmp_path):
    """model.gov.yaml says of models, versions, deployments and data what tags say."""
    plain = {
        kind: {
            field: {"truth": True, "count": 12, "number": 0.25, "amount": "1250.10"}.get(
                reads, SAID[reads][0]
            )
            for field, reads in told.items()
        }
        for kind, told in facts.VALUES.items()
    }
    said = {
        "model": "churn",
        **plain["model"],
        "versions": {"7": {"run_id": "r1", **plain["model_version"]}},
        "deployments": [{"deployment": "api", **plain["deployment"]}],
        "datasets": [{"dataset": "calls", "versions": [7], **plain["dataset"]}],
    }
    assert seen(warehouse, gov(tmp_path, said)) == []

    for kind in facts.VALUES:
        assert only(warehouse, kind) == wanted(kind), kind


@pytest.mark.parametrize(
    ("field", "value", "is_not"),
    [
        ("affects_people", "maybe", "true or false"),
        ("business_value_per_month", "1e30", "an amount, such as 1250.00"),
        ("business_value_per_month", "12,50", "an amount, such as 1250.00"),
        ("validated_at", "last May", "an ISO 8601 time, such as 2026-11-21T06:00:00Z"),
        ("primary_metric_threshold", "nan", "a number, such as 0.83"),
    ],
)
def test_what_cannot_be_read_is_told_and_kept_aside(warehouse, tmp_path, field, value, is_not):
    """The column stays empty; the gate finds the model's name in the quarantine."""
    said = {field: value, "task": "ranking"}
    spots = seen(warehouse, mlflow(tmp_path, model=said))

    reason = f"model churn: the value of gov.{field} is '{value}', not {is_not}"
    assert spots == [(f"model.{field}", f"1 value cannot be read; the first: {reason}")]
    assert only(warehouse, "model", field, "task") == {field: None, "task": "ranking"}
    [row] = warehouse.rows("select source, file, row_number, reason, raw from quarantine.row")
    assert row[:4] == ("mlflow", "mlflow.json", 1, reason)
    assert json.loads(row[4]) == {
        "subject": "model churn",
        "key": f"gov.{field}",
        "value": value,
    }


def test_a_count_of_a_version_is_no_fraction_and_not_negative(warehouse, tmp_path):
    """3.7 issues would be 4 to a cast; the whole version is named."""
    said = {"scan_issues": "3.7", "approvals": "-1", "evaluation_rows": "9" * 11}
    spots = seen(warehouse, mlflow(tmp_path, model_version=said))

    assert [scope for scope, _ in spots] == [
        "model_version.approvals",
        "model_version.evaluation_rows",
        "model_version.scan_issues",
    ]
    assert {f"{raw['subject']}" for raw in quarantined(warehouse)} == {"version churn:7"}
    assert set(only(warehouse, "model_version", *said).values()) == {None}


def quarantined(warehouse: Warehouse) -> list[dict[str, str]]:
    """What lies in quarantine, as it was."""
    return [json.loads(raw) for (raw,) in warehouse.rows("select raw from quarantine.row")]


def test_a_registrys_own_word_wins_field_by_field(warehouse, tmp_path):
    """The registry has the task, the file the rest; the file's own task does not count."""
    seen(warehouse, mlflow(tmp_path, model={"task": "ranking", "data_class": " "}))
    file = {"model": "churn", "task": "spam", "data_class": "internal", "supplier": "none"}
    seen(warehouse, gov(tmp_path, file))

    assert warehouse.rows("select source, task, data_class, supplier from registry.model") == [
        ("mlflow", "ranking", "internal", "none")
    ]


def test_of_two_files_the_first_source_speaks(warehouse, tmp_path):
    """Field by field, in alphabetical order of the sources."""
    seen(warehouse, mlflow(tmp_path))
    seen(warehouse, gov(tmp_path, {"model": "churn", "task": "b", "supplier": "b"}, name="gov-b"))
    seen(warehouse, gov(tmp_path, {"model": "churn", "task": "a"}, name="gov-a"))

    assert only(warehouse, "model", "task", "supplier") == {"task": "a", "supplier": "b"}


@pytest.mark.parametrize(
    ("tags", "wanted_approval"),
    [
        ({}, ("grace", 2, "board", date(2027, 1, 31), "alan")),
        ({"requested_by": "ada"}, (None, None, None, None, "ada")),
        ({"approved_by": "emmy"}, ("emmy", None, None, None, None)),
    ],
)
def test_an_approval_is_one_statement_from_one_place(warehouse, tmp_path, tags, wanted_approval):
    """Nobody's group, number or end stands beside another's name."""
    seen(warehouse, mlflow(tmp_path, model_version=tags))
    said = "{approved_by: grace, approvals: 2, approver_group: board, approved_until: 2027-01-31, "
    seen(
        warehouse,
        gov(tmp_path, f"model: churn\nversions:\n  7: {said}requested_by: alan, seed: 4}}"),
    )

    assert warehouse.rows(
        "select approved_by, approvals, approver_group, approved_until, requested_by "
        "from registry.model_version"
    ) == [wanted_approval]
    assert only(warehouse, "model_version", "seed") == {"seed": "4"}


def test_a_version_and_a_deployment_have_the_tier_of_their_model(warehouse, tmp_path):
    """A cluster serves a registry's model: the strictest of the name counts."""
    model = {"risk_tier": "2", "is_generative": "true", "affects_people": "no", "data_class": "x"}
    seen(warehouse, mlflow(tmp_path, model={**model, "eu_ai_act_class": "high"}))
    insert(warehouse, "registry.stated_deployment", source="k8s", deployment="api", model="churn")
    insert(warehouse, "registry.stated_deployment", source="k8s", deployment="b", model="other")
    insert(
        warehouse,
        "registry.stated_model",
        source="other",
        model="churn",
        risk_tier=1,
        from_file=False,
    )
    normalise.settle(warehouse)

    assert warehouse.rows(
        "select risk_tier, is_generative, affects_people, eu_ai_act_class "
        "from registry.model_version"
    ) == [(2, True, False, "high")]
    assert warehouse.rows(
        "select deployment, risk_tier, is_generative, eu_ai_act_class, data_class "
        "from registry.deployment order by deployment"
    ) == [("api", 1, True, "high", "x"), ("b", None, None, None, None)]


def test_a_platforms_word_wins_over_a_tag_and_a_tag_over_a_file(warehouse, tmp_path):
    """And a file's deployment of the same name is no second deployment."""
    insert(
        warehouse, "registry.stated_deployment", source="k8s", deployment="api", tls=True
    )  # fmt: skip
    for field, value in (("tls", "false"), ("guardrail", "ours")):
        insert(
            warehouse,
            "registry.stated_fact",
            source="k8s",
            kind="deployment",
            subject="api",
            field=field,
            value=value,
            from_file=False,
        )
    said = {"guardrail": "file", "tls": False, "disclosure": "banner", "version": 7}
    seen(
        warehouse, gov(tmp_path, {"model": "churn", "deployments": [{"deployment": "api", **said}]})
    )

    assert warehouse.rows(
        "select source, model, version, tls, guardrail, disclosure from registry.deployment"
    ) == [("k8s", "churn", "7", True, "ours", "banner")]


DATA = """\
model: churn
datasets:
  - {dataset: calls, versions: [7], digest: "sha256:1", owner: data-team, context: training}
  - {dataset: mails, run_id: r1, source_uri: "s3://lake/mails"}
"""


def test_a_file_names_the_data_of_a_registrys_version(warehouse, tmp_path):
    """It fills what the registry leaves blank, and adds what it does not record at all."""
    seen(warehouse, mlflow(tmp_path, dataset={"license": "mit"}))
    warehouse.run("update registry.stated_dataset set digest = null")
    seen(warehouse, gov(tmp_path, DATA))

    assert warehouse.rows(
        "select source, run_id, dataset, digest, owner, license, source_uri "
        "from registry.dataset order by dataset"
    ) == [
        ("mlflow", "r1", "calls", "sha256:1", "data-team", "mit", None),
        ("mlflow", "r1", "mails", None, None, None, "s3://lake/mails"),
    ]


def test_data_of_a_version_without_a_run_are_not_lost(warehouse, tmp_path):
    """Their run is called <model>:<version>; one of a version that nobody knows is the file's."""
    insert(
        warehouse,
        "registry.stated_model_version",
        source="aws",
        model="churn",
        version="7",
        from_file=False,
    )
    seen(warehouse, gov(tmp_path, DATA.replace("[7]", "[7, 8]")))

    assert warehouse.rows(
        "select source, run_id, dataset, digest from registry.dataset order by all"
    ) == [
        ("aws", "churn:7", "calls", "sha256:1"),
        ("gov", "churn:8", "calls", "sha256:1"),
        ("gov", "r1", "mails", None),
    ]


def test_loading_and_settling_again_changes_nothing(warehouse, tmp_path):
    """The same tables, row by row; and nothing is left when the sources are gone."""
    said = {kind: every(kind) for kind in ("model", "model_version", "dataset")}
    said["model"]["validated_at"] = "never"
    sources = (
        mlflow(tmp_path, **said),
        gov(tmp_path, DATA + "deployments: [{deployment: api, tls: true}]\n"),
    )
    tables = (*(f"registry.{table}" for table in registry.GOVERNED), "registry.stated_fact")
    tables += ("registry.evidence", "quarantine.row")
    found = []
    for _ in range(2):
        for source in sources:
            seen(warehouse, source)
        with warehouse.transaction():
            normalise.settle(warehouse)
            normalise.settle(warehouse)
        found.append([warehouse.rows(f"select * from {table} order by all") for table in tables])
    assert found[0] == found[1]

    for name in ("mlflow", "gov"):
        registry.forget(warehouse, name)
    normalise.settle(warehouse)
    assert [warehouse.rows(f"from {table}") for table in tables] == [[] for _ in tables]


def test_a_card_of_every_version_says_what_all_were_made_from(warehouse, tmp_path):
    """The base model's revision is every version's; who signed is said of one version."""
    seen(warehouse, mlflow(tmp_path))
    card = (
        "---\ngov.base_model_revision: abc\ngov.base_model_source: hub\ngov.signed_by: ada\n---\n"
    )
    source = FilesSource(name="cards", path=".", schema="model-cards")
    found = {"churn/README.md": card.encode()}
    seen(warehouse, jobs.landed(tmp_path, source, found, schema="model-cards"))

    assert only(
        warehouse,
        "model_version",
        "source",
        "base_model_revision",
        "base_model_source",
        "signed_by",
    ) == {
        "source": "mlflow",
        "base_model_revision": "abc",
        "base_model_source": "hub",
        "signed_by": None,
    }


def test_a_hostile_value_is_a_text(warehouse, tmp_path):
    """Quotes, HTML and line breaks are kept as they stand, and judged by nobody here."""
    value = "'; drop table registry.model; --\n<script>🦊"
    assert seen(warehouse, mlflow(tmp_path, model={"overseers": value})) == []

    assert only(warehouse, "model", "overseers") == {"overseers": value}


def test_files_lend_columns_of_data_only_where_data_are_listed(warehouse, tmp_path):
    """Who lists no data cannot be blamed for a digest; a platform's blank is no file's omission."""
    registry.state_evidence(warehouse, "vertex", {"dataset": "native", "dataset.dataset": "native"})
    registry.state_evidence(warehouse, "aws", {"model": "native", "deployment": "native"})
    seen(warehouse, gov(tmp_path, DATA))

    assert warehouse.rows(
        "select source, supplied, via from registry.evidence where field = 'dataset.digest' "
        "order by source"
    ) == [("aws", False, None), ("gov", True, "file"), ("vertex", True, "file")]
    assert warehouse.rows(
        "select source from registry.evidence where field = 'deployment.public_access' and supplied"
    ) == [("gov",)]
    assert warehouse.rows(
        "select source from registry.evidence where field = 'dataset' and supplied"
    ) == [("gov",), ("vertex",)]


def test_what_is_a_models_is_supplied_where_the_model_is(warehouse):
    """A deployment's tier comes of any registry's model, a version's of its own."""
    registry.state_evidence(warehouse, "k8s", {"deployment": "native"})
    registry.state_evidence(
        warehouse, "mlflow", {"model_version": "native", "model.risk_tier": "tag"}
    )
    registry.settle(warehouse)

    assert warehouse.rows(
        "select source, field, via from registry.evidence "
        "where field in ('deployment.risk_tier', 'model_version.risk_tier') order by all"
    ) == [
        ("k8s", "deployment.risk_tier", "tag"),
        ("k8s", "model_version.risk_tier", None),
        ("mlflow", "deployment.risk_tier", None),
        ("mlflow", "model_version.risk_tier", "tag"),
    ]
