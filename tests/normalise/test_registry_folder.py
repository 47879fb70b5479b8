"""normalise.registry_folder: what mlflow-export-import wrote, of either kind of server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders.registries import loaded

KEYS = "kind: files, schema: mlflow-export, path: export"
SYSTEM = {"package_version": "1.2.0", "mlflow_tracking_uri": "http://127.0.0.1:5020"}


def write(folder: Path, name: str, **mlflow: Any) -> None:
    """Write one file of an export."""
    path = folder / "export" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"system": SYSTEM, "info": {}, "mlflow": mlflow}))


def a_version(number: str, **more: Any) -> dict[str, Any]:
    """A version as every release writes it."""
    return {
        "name": "churn",
        "version": number,
        "creation_timestamp": 1_672_601_487_749,
        "current_stage": "None",
        "_run_artifact_uri": "not a column",
        **more,
    }


def oss(folder: Path) -> None:
    """Open source MLflow: a model's tags as pairs, a version's as a mapping, `latest_versions`."""
    write(
        folder,
        "models/churn/model.json",
        registered_model={
            "name": "churn",
            "creation_timestamp": 1_672_601_487_738,
            "description": "Who will leave?",
            "tags": [{"key": "gov.owner", "value": "team-growth"}],
            "aliases": {"champion": "2"},
            "latest_versions": [
                a_version("1", current_stage="Archived", tags={"gov.license": "mit"}),
                a_version("2", run_id="r1", aliases=["champion"]),
            ],
        },
    )
    write(
        folder,
        "experiments/1/r1/run.json",
        info={"run_id": "r1", "experiment_id": "1", "user_id": "ada", "status": "FINISHED"},
        params={"depth": "5"},
        metrics={
            "auc": [
                {"value": 0.8, "timestamp": 2, "step": 0},
                {"value": 0.9, "timestamp": 1, "step": 1},
            ],
            "diverged": [{"value": "NaN", "timestamp": 1, "step": 0}],
            "never": [],
        },
        tags={"mlflow.source.git.commit": "d38984e"},
        inputs={
            "dataset_inputs": [
                {
                    "tags": [{"key": "mlflow.data.context", "value": "training"}],
                    "dataset": {"name": "calls", "digest": "c0ffee", "source": '{"uri": "s3://l"}'},
                }
            ]
        },
    )
    # Beside them: what is no model and no run, and artifacts of any name.
    write(folder, "models/models.json", models=["churn"])
    write(folder, "experiments/1/experiment.json", experiment={"experiment_id": "1"})
    (folder / "export/experiments/1/r1/artifacts/model").mkdir(parents=True)
    (folder / "export/experiments/1/r1/artifacts/model/model.json").write_text("[1]")


def test_an_export_is_read_as_the_registry_would_be(tmp_path):
    """The latest value of each metric, lineage down to the data, alias and stage."""
    oss(tmp_path)
    with loaded(tmp_path, KEYS) as (warehouse, spots):
        models = warehouse.rows("select model, owner, description from registry.model")
        versions = warehouse.rows(
            """
            select version, lifecycle, aliases, license, run_id, metrics
            from registry.model_version order by version
            """
        )
        runs = warehouse.rows("select run_id, git_commit, params, started_by from registry.run")
        data = warehouse.rows("select dataset, digest, source_uri, context from registry.dataset")
        [grants] = warehouse.rows("select supplied from registry.evidence where field = 'grant'")

    assert spots == []
    assert models == [("churn", "team-growth", "Who will leave?")]
    assert versions == [
        ("1", "archived", [], "mit", None, None),
        ("2", "production", ["champion"], None, "r1", '{"auc":0.9,"diverged":null}'),
    ]
    assert runs == [("r1", "d38984e", '{"depth":"5"}', "ada")]
    assert data == [("calls", "c0ffee", "s3://l", "training")]
    assert grants == (False,)  # open source exports hold no permissions


def test_access_lists_count_where_every_model_has_one(tmp_path):
    """Users, groups and service principals, by Databricks' levels."""
    listed = [
        {"user_name": "ada", "all_permissions": [{"permission_level": "CAN_READ"}]},
        {
            "group_name": "<b>ops",
            "all_permissions": [
                {"permission_level": "CAN_MANAGE_PRODUCTION_VERSIONS", "inherited": True}
            ],
        },
        {
            "service_principal_name": "0b1c",
            "all_permissions": [{"permission_level": "CAN_MANAGE_STAGING_VERSIONS"}],
        },
        {"all_permissions": [{"permission_level": "CAN_MANAGE"}]},
    ]
    given = {"permissions": {"access_control_list": listed}}
    write(tmp_path, "a/model.json", registered_model={"name": "a", "permissions": given})
    asked = "select supplied from registry.evidence where field = 'grant'"
    with loaded(tmp_path, KEYS) as (warehouse, _):
        grants = warehouse.rows(
            'select subject, principal, "right", via from registry."grant" order by principal'
        )
        [(whole,)] = warehouse.rows(asked)
    write(tmp_path, "b/model.json", registered_model={"name": "b"})
    with loaded(tmp_path, KEYS) as (warehouse, _):
        [(partly,)] = warehouse.rows(asked)

    assert grants == [
        ("a", "group:<b>ops", "promote", "CAN_MANAGE_PRODUCTION_VERSIONS, inherited"),
        ("a", "service-account:0b1c", "edit", "CAN_MANAGE_STAGING_VERSIONS"),
        ("a", "user:ada", "read", "CAN_READ"),
    ]
    assert (whole, partly) == (True, False)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"mlflow": {}}',
        b'{"mlflow": {"experiment": {}}}',
        b'{"mlflow": {"registered_model": {}}}',
        b'{"mlflow": {"registered_model": {"name": "x", "versions": [1]}}}',
        b'{"mlflow": {"registered_model": {"name": "x", "tags": 1}}}',
        b'{"mlflow": {"registered_model": {"name": "x", "versions": 3}}}',
        b'{"mlflow": {"registered_model": {"name": "x", "aliases": 3}}}',
        b'{"mlflow": {"registered_model": {"name": "x", "permissions": 3}}}',
        b'{"mlflow": {"info": {}}}',
        b'{"mlflow": {"info": {"run_id": "r"}, "metrics": {"auc": 1}}}',
        b'{"mlflow": {"info": {"run_id": "r"}, "inputs": 3}}',
        b'{"mlflow": ' + b'{"a":' * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_file_of_another_shape_hides_no_other(tmp_path, content):
    """Kept aside with the reason and told; the rest of the export counts."""
    oss(tmp_path)
    (tmp_path / "export/zz").mkdir()
    (tmp_path / "export/zz/model.json").write_bytes(content)
    with loaded(tmp_path, KEYS) as (warehouse, spots):
        [(versions,)] = warehouse.rows("select count(*) from registry.model_version")
        [(reason, number)] = warehouse.rows("select reason, row_number from quarantine.row")

    assert versions == 2
    assert reason.startswith("is no model and no run of mlflow-export-import")
    assert number is None
    assert [spot.partition(":")[0] for spot in spots] == ["export/zz/model.json"]


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["main.ml.churn", "dev.ml.fraud"], [("dev", "ml"), ("main", "ml")]),
        (["main.ml.churn", "fraud"], [(None, None), (None, None)]),
        (["resnet.v1"], [(None, None)]),
        (["a.b.c.d"], [(None, None)]),
        (["a..c"], [(None, None)]),
    ],
)
def test_names_of_unity_catalog_are_known_by_their_kind(tmp_path, names, parts):
    """Every name has three parts there; one registry with other names is none of it."""
    for name in names:
        write(tmp_path, f"{name}/model.json", registered_model={"name": name})
    with loaded(tmp_path, KEYS) as (warehouse, _):
        rows = warehouse.rows('select catalog, "schema" from registry.model order by model')

    assert rows == parts


@pytest.mark.thirdparty
def test_a_databricks_export_is_read(tmp_path, reference):
    """mlflow/mlflow-export-import, samples/databricks: two models, three versions, two runs."""
    keys = f"kind: files, schema: mlflow-export, path: '{reference}/registry/mlflow'"
    with loaded(tmp_path, keys) as (warehouse, spots):
        versions = warehouse.rows(
            """
            select model, version, lifecycle, metrics from registry.model_version
            order by model, version
            """
        )
        runs = warehouse.rows("select run_id, status from registry.run order by run_id")
        grants = warehouse.rows(
            """
            select subject, list_sort(list(distinct "right")), count(*)
            from registry."grant" group by subject order by subject
            """
        )

    assert versions == [
        ("Keras_Mnist", "1", "development", None),
        (
            *("Keras_Mnist", "2", "development"),
            '{"my_acc":0.9729999899864197,"my_loss":0.08887006342411041}',
        ),
        (
            *("Sklearn_Wine_ws", "1", "production"),
            '{"r2":0.1553172302194683,"rmse":0.7986004372118107}',
        ),
    ]
    assert runs == [
        ("851de1f466304650a77c949f5d386d9f", "FINISHED"),
        ("a17f0abf5d46464d899f0ffcebbdb7a8", "FINISHED"),
    ]
    assert grants == [("Keras_Mnist", ["manage"], 3), ("Sklearn_Wine_ws", ["manage"], 3)]
    assert spots == [  # its manifest says so: failed_runs is 1
        "run: the registry does not show the runs of 1 version; the first: Keras_Mnist:1"
    ]
