"""normalise.registry_mlflow: what an MLflow registry says, in our words, and never a guess."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from builders import jobs
from builders.jobs import settled as seen
from quaestor.core.config import FilesSource
from quaestor.normalise import registry
from quaestor.normalise.job import Job

CREATED = 1_790_000_000_123  # 2026-09-21 14:13:20.123 UTC


def landed(folder: Path, *files: bytes | dict[str, Any]) -> Job:
    """A source `registry` with these files in force."""
    found = {
        f"{number}.json": one if isinstance(one, bytes) else json.dumps(one).encode()
        for number, one in enumerate(files)
    }
    source = FilesSource(name="registry", path=".", schema="mlflow")
    return jobs.landed(folder, source, found, schema="mlflow")


def tags(**values: str) -> list[dict[str, str]]:
    """Tags as the REST API writes them; `gov_owner` stands for `gov.owner`."""
    return [{"key": key.replace("_", ".", 1), "value": value} for key, value in values.items()]


def a_model(name: str = "churn", **values: Any) -> dict[str, Any]:
    return {"name": name, "creation_timestamp": CREATED, **values}


def a_version(version: str = "7", **values: Any) -> dict[str, Any]:
    return {"name": "churn", "version": version, **values}


def an_export(
    models: list[Any] | None = None, versions: list[Any] | None = None, runs: list[Any] = ()
) -> dict[str, Any]:
    return {
        "registered_models": [a_model()] if models is None else models,
        "model_versions": [] if versions is None else versions,
        "runs": list(runs),
    }


def test_a_models_gov_tags_are_its_columns(warehouse, tmp_path):
    """One vocabulary: gov.<column>, and fin.cost_center, which finance teams use already."""
    said = tags(
        gov_owner="team-growth",
        gov_team="growth",
        fin_cost_center="4711",
        gov_risk_tier="1",
        gov_oncall="pager-growth",
        gov_intended_use="Rank letters",
        gov_business_case="BC-1",
        gov_eu_ai_act_class="high",
        gov_retire_by="2028-01-31",
    )
    model = a_model(description="Who will leave?", tags=said, last_updated_timestamp=CREATED + 1)

    assert seen(warehouse, landed(tmp_path, an_export([model]))) == []
    assert warehouse.records(
        "select source, model, owner, team, cost_center, risk_tier, description, oncall, "
        "intended_use, business_case, eu_ai_act_class, retire_by, created_at, updated_at "
        "from registry.model"
    ) == [
        {
            "source": "registry",
            "model": "churn",
            "owner": "team-growth",
            "team": "growth",
            "cost_center": "4711",
            "risk_tier": 1,
            "description": "Who will leave?",
            "oncall": "pager-growth",
            "intended_use": "Rank letters",
            "business_case": "BC-1",
            "eu_ai_act_class": "high",
            "retire_by": date(2028, 1, 31),
            "created_at": datetime(2026, 9, 21, 14, 13, 20, 123000),
            "updated_at": datetime(2026, 9, 21, 14, 13, 20, 124000),
        }
    ]


def test_a_version_brings_its_run_its_data_and_its_approval(warehouse, tmp_path):
    """Lineage: version, run, git commit, dataset; and who approved which bytes when."""
    version = a_version(
        run_id="r1",
        user_id="ada",
        source="s3://models/churn/7",
        tags=tags(
            gov_approved_by="grace",
            gov_approved_at="2026-11-01T10:00:00+01:00",
            gov_approved_digest="sha256:1",
            gov_artifact_digest="sha256:1",
        ),
    )
    run = {
        "info": {"run_id": "r1", "user_id": "ada", "start_time": str(CREATED)},
        "data": {
            "metrics": [{"key": "auc", "value": 0.91}, {"key": "loss", "value": "NaN"}],
            "params": [{"key": "depth", "value": "3"}],
            "tags": [{"key": "mlflow.source.git.commit", "value": "4f1c"}],
        },
        "inputs": {
            "dataset_inputs": [
                {
                    "tags": [{"key": "mlflow.data.context", "value": "training"}],
                    "dataset": {"name": "calls", "digest": "d1", "source": '{"uri":"s3://lake"}'},
                }
            ]
        },
    }

    assert seen(warehouse, landed(tmp_path, an_export(versions=[version], runs=[run]))) == []
    assert warehouse.row(
        """
        select approved_by, approved_at, approved_digest = artifact_digest, created_by,
            artifact_uri, metrics
        from registry.model_version
        """
    ) == (
        "grace",
        datetime(2026, 11, 1, 9),
        True,
        "ada",
        "s3://models/churn/7",
        '{"auc":0.91,"loss":null}',
    )
    assert warehouse.row(
        "select run_id, started_by, git_commit, params, year(started_at) from registry.run"
    ) == ("r1", "ada", "4f1c", '{"depth":"3"}', 2026)
    assert warehouse.rows(
        "select run_id, dataset, digest, source_type, source_uri, context from registry.dataset"
    ) == [("r1", "calls", "d1", None, "s3://lake", "training")]


@pytest.mark.parametrize(
    ("version", "lifecycle"),
    [
        ({}, "development"),
        ({"current_stage": "None"}, "development"),
        ({"current_stage": "Production"}, "production"),
        ({"current_stage": "Archived"}, "archived"),
        ({"current_stage": "Archived", "aliases": ["challenger"]}, "staging"),
        ({"aliases": ["Champion"]}, "production"),
        ({"aliases": ["candidate", "prod"]}, "production"),
        ({"aliases": ["archived"]}, "archived"),
        ({"aliases": ["blue"]}, "development"),
        ({"aliases": ["champion"], "tags": tags(gov_lifecycle="Staging")}, "staging"),
        ({"aliases": ["champion"], "tags": tags(gov_lifecycle="live!")}, None),
    ],
)
def test_a_lifecycle_has_one_word(warehouse, tmp_path, version, lifecycle):
    """The tag speaks before the alias, the alias before the stage; unreadable is unknown."""
    seen(warehouse, landed(tmp_path, an_export(versions=[a_version(**version)])))

    assert warehouse.rows("select lifecycle from registry.model_version") == [(lifecycle,)]


def test_an_alias_of_the_model_reaches_its_version(warehouse, tmp_path):
    """MLflow keeps aliases with the model; a policy asks the version."""
    model = a_model(aliases=[{"alias": "champion", "version": 7}])
    export = an_export([model], [a_version("6"), a_version("7", aliases=["blue"])])
    seen(warehouse, landed(tmp_path, export))

    assert warehouse.rows("select version, aliases, lifecycle from registry.model_version") == [
        ("6", [], "development"),
        ("7", ["blue", "champion"], "production"),
    ]


def test_an_unreadable_tag_is_told_and_never_guessed(warehouse, tmp_path):
    """`high` is no tier and `yesterday` no time: empty column, quarantine, blind spot."""
    model = a_model(tags=tags(gov_risk_tier="high"))
    version = a_version(tags=tags(gov_approved_at="yesterday", gov_approved_by="grace"))

    spots = seen(warehouse, landed(tmp_path, an_export([model], [version])))
    first = "1 value cannot be read; the first: "
    wanted = "not an ISO 8601 time, such as 2026-11-21T06:00:00Z"

    assert [(scope, reason.removeprefix(first)) for scope, reason in spots] == [
        ("model.risk_tier", "model churn: the value of gov.risk_tier is 'high', not 1, 2 or 3"),
        (
            "model_version.approved_at",
            f"version churn:7: the value of gov.approved_at is 'yesterday', {wanted}",
        ),
    ]
    assert warehouse.row("select risk_tier from registry.model") == (None,)
    assert warehouse.row("select approved_by, approved_at from registry.model_version") == (
        "grace",
        None,
    )
    assert warehouse.rows("select row_number, raw from quarantine.row order by raw") == [
        (1, '{"subject":"model churn","key":"gov.risk_tier","value":"high"}'),
        (1, '{"subject":"version churn:7","key":"gov.approved_at","value":"yesterday"}'),
    ]


@pytest.mark.parametrize("stamp", ["soon", -1, 10**18, 1.5, True])
def test_a_time_that_is_none_is_unknown(warehouse, tmp_path, stamp):
    """Milliseconds since 1970, up to the year 9999; anything else is told."""
    spots = seen(warehouse, landed(tmp_path, an_export([a_model(creation_timestamp=stamp)])))

    assert [scope for scope, _ in spots] == ["model.created_at"]
    assert warehouse.row("select created_at from registry.model") == (None,)


def test_hostile_texts_are_kept_as_they_are(warehouse, tmp_path):
    """Tags are data: ten kilobytes, emoji, HTML, SQL, a NUL; a blank one fills no column."""
    texts = {
        "long": "x" * 10_240,
        "emoji": "🤖 ünïcode",
        "html": "<script>alert(1)</script>",
        "sql": "'; drop table registry.model; --",
        "nul": "a\x00b",
        "gov.owner": " \t ",
        "gov.team": "<b>growth</b>",
    }
    name = "main.ml.<i>churn</i>"
    model = a_model(name, tags=[{"key": key, "value": value} for key, value in texts.items()])
    seen(warehouse, landed(tmp_path, an_export([model])))

    [(model_name, owner, team, kept)] = warehouse.rows(
        "select model, owner, team, tags from registry.model"
    )
    assert (model_name, owner, team, json.loads(kept)) == (name, None, "<b>growth</b>", texts)


def test_a_run_that_is_not_shown_is_a_blind_spot(warehouse, tmp_path):
    """A version whose run was deleted or hidden has no lineage that we could look at."""
    export = an_export(versions=[a_version("1", run_id="gone"), a_version("2", run_id=" ")])

    assert seen(warehouse, landed(tmp_path, export)) == [
        (
            "run",
            "the registry does not show the runs of 1 version; the first: churn:1",
        )
    ]


def test_an_empty_registry_is_not_read_as_clean(warehouse, tmp_path):
    """An account that may see nothing gets an empty list; that is told."""
    assert seen(warehouse, landed(tmp_path, an_export([]))) == [
        ("all", "the registry shows no model")
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Input data was truncated"),
        (b'{"registered_models": [{"name": "chu', "Input data was truncated"),
        (b"<html>Sign in</html>", "JSON is malformed"),
        (b"\xff\xfe{\x00", "JSON is malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "missing required field `registered_models`"),
        (b'{"registered_models": [{"name": 3}]}', "Expected `str`, got `int`"),
        (b'{"registered_models": [], "runs": [{"info": {"run_id": "\xff"}}]}', "'utf-8' codec"),
    ],
)
def test_a_file_that_is_no_export_is_told_and_hides_no_other(warehouse, tmp_path, content, why):
    """Cut, HTML, UTF-16 or another shape: one blind spot with the remedy; the rest counts."""
    [(scope, reason)] = seen(warehouse, landed(tmp_path, content, an_export()))

    assert scope == "0.json"
    assert reason.startswith("the file cannot be read: it is no export of an MLflow registry")
    assert why in reason
    assert warehouse.rows("select file, row_number from quarantine.row") == [("0.json", None)]
    assert warehouse.rows("select model from registry.model") == [("churn",)]


def test_what_stands_twice_counts_once_and_is_told(warehouse, tmp_path):
    """Two exports of one registry in a folder: the first speaks, the second is kept aside."""
    first = an_export([a_model(description="old")], [a_version()])
    second = an_export([a_model(description="new")], [a_version()])

    assert seen(warehouse, landed(tmp_path, first, second)) == [
        ("1.json", "2 models, versions or runs stand twice; the first one counts")
    ]
    assert warehouse.rows("select description from registry.model") == [("old",)]
    assert warehouse.rows("select reason from quarantine.row order by reason") == [
        ("churn stands twice in the registry's files",),
        ("churn:7 stands twice in the registry's files",),
    ]


def test_loading_again_replaces_what_was_said(warehouse, tmp_path):
    """A model deleted at the registry is gone; nothing doubles."""
    seen(warehouse, landed(tmp_path, an_export([a_model("a"), a_model("b")], [a_version()])))
    seen(warehouse, landed(tmp_path, an_export([a_model("b", tags=tags(gov_risk_tier="9"))])))
    seen(warehouse, landed(tmp_path, an_export([a_model("b")])))

    assert warehouse.rows("select model from registry.model") == [("b",)]
    assert warehouse.rows("from registry.model_version") == []
    assert warehouse.rows("from quarantine.row") == []


def test_every_field_says_whether_mlflow_can_supply_it(warehouse, tmp_path):
    """A blank is a violation only where the registry could have been told."""
    seen(warehouse, landed(tmp_path, an_export()))
    how = dict(warehouse.rows("select field, via from registry.evidence where supplied"))
    fields = {field for (field,) in warehouse.rows("select field from registry.evidence")}
    columns = {
        f"{table}.{column}"
        for table in registry.SUBJECTS
        for column in warehouse.columns(f"registry.{table}")
        if column != "source"
    }

    assert fields == columns | set(registry.SUBJECTS)
    assert {
        field: how.get(field)
        for field in (
            "model.description",
            "model.owner",
            "model_version.approved_digest",
            "model_version.aliases",
            "run.git_commit",
            "dataset.digest",
            "run",
            "grant",
            "deployment",
            "deployment.public_access",
        )
    } == {
        "model.description": "native",
        "model.owner": "tag",
        "model_version.approved_digest": "tag",
        "model_version.aliases": "native",
        "run.git_commit": "tag",
        "dataset.digest": "native",
        "run": "native",
        "grant": None,
        "deployment": None,
        "deployment.public_access": None,
    }


def logged(path: str, inputs: str | None, when: str = "2026-09-01") -> dict[str, Any]:
    """What a run notes of a model it logged."""
    signature = {"signature": {"inputs": inputs, "outputs": "[]"}} if inputs else {}
    return {"artifact_path": path, "utc_time_created": when, **signature}


@pytest.mark.parametrize(
    ("history", "said", "inputs"),
    [
        ([logged("model", "a")], {}, "a"),
        ([logged("elsewhere", "a")], {}, "a"),
        ([logged("model", "a"), logged("other", "b")], {}, "a"),
        ([logged("model", "a"), logged("model", "b", "2026-09-02")], {}, "b"),
        ([logged("one", "a"), logged("other", "b")], {}, None),
        ([logged("model", None)], {}, None),
        ([logged("model", "a")], {"gov_signature": '{"inputs": "said"}'}, "said"),
        ("no json", {}, None),
        ({"artifact_path": "model"}, {}, None),
    ],
)
def test_a_signature_is_the_one_that_the_run_logged(warehouse, tmp_path, history, said, inputs):
    """Of several models of a run, the one whose path the version has; a tag goes before."""
    text = history if isinstance(history, str) else json.dumps(history)
    run = {
        "info": {"run_id": "r1"},
        "data": {"tags": [{"key": "mlflow.log-model.history", "value": text}]},
    }
    version = a_version(run_id="r1", source="mlflow-artifacts:/1/r1/model", tags=tags(**said))
    assert seen(warehouse, landed(tmp_path, an_export(None, [version], [run]))) == []

    [(found,)] = warehouse.rows("select signature ->> '$.inputs' from registry.model_version")
    assert found == inputs
