"""normalise.registry_kubeflow: Kubeflow's Model Registry in the form of all registries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from builders.kubeflow import Registry, a_registry, resource, serving, text
from builders.registries import collect, load, loaded
from builders.rows import insert
from quaestor.core.errors import PartlyReadError
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry with two models, on pages of two."""
    with serving(a_registry()) as answering:
        yield answering


def keys(registry: Registry) -> str:
    """The source as in quaestor.yaml."""
    return f"kind: kubeflow, url: '{registry.url}'"


def test_a_metric_that_no_machine_holds_is_none(registry, tmp_path):
    """Nor does it hide the others."""
    huge = {"id": "9", "artifactType": "metric", "name": "huge", "value": 10**400}
    registry.lists["model_versions/11/artifacts"].append(huge)
    with loaded(tmp_path, keys(registry)) as (warehouse, spots):
        found = warehouse.rows("select metrics from registry.model_version where version = 'v1'")

    assert spots == []
    assert ('{"auc":0.9}',) in found


def test_models_and_versions_arrive_in_the_one_form(registry, tmp_path):
    """Fields, typed properties, gov tags, the artifact's address, digest and run, metrics."""
    with loaded(tmp_path, keys(registry)) as (warehouse, spots):
        [model] = warehouse.records("select * from registry.model where model = 'churn'")
        [version] = warehouse.records(
            "select * from registry.model_version where model = 'churn' and version = 'v1'"
        )
        sections = warehouse.rows(
            "select model, version, section, content from registry.card_section"
        )

    assert spots == []
    assert {key: value for key, value in model.items() if value is not None} == {
        "source": "registry",
        "model": "churn",
        "owner": "team-growth",
        "risk_tier": 1,
        "description": "Who will leave?",
        "created_at": datetime(2026, 9, 21, 14, 13, 20, 124000),
        "updated_at": datetime(2026, 9, 21, 14, 13, 20, 124000),
        "tags": '{"gov.owner":"not this","gov.risk_tier":"1","gpu":"true"}',
    }
    assert {key: value for key, value in version.items() if value not in (None, [])} == {
        "source": "registry",
        "model": "churn",
        "version": "v1",
        "run_id": "run-7",
        "created_at": datetime(2026, 9, 21, 14, 13, 20, 134000),
        "updated_at": datetime(2026, 9, 21, 14, 13, 20, 134000),
        "created_by": "ada",
        "approved_by": "grace",
        "artifact_uri": "oci://quay.example/churn@sha256:" + "ab" * 32,
        "artifact_digest": "sha256:" + "ab" * 32,
        "license": "mit",
        "metrics": '{"auc":0.9}',
        "risk_tier": 1,
        "tags": '{"gov.approved_by":"grace","gov.license":"mit"}',
    }
    assert sections == [
        ("churn", None, "description", "Who?"),
        ("churn", None, "limitations", "Few calls"),
    ]


def test_a_lifecycle_is_said_or_unknown(registry, tmp_path):
    """Archived with its model; served and nothing said is unknown, never `development`."""
    with loaded(tmp_path, keys(registry)) as (warehouse, _):
        lifecycles = warehouse.rows(
            "select model[:5], version, lifecycle from registry.model_version order by all"
        )

    assert lifecycles == [
        ("<img ", "v1", "archived"),
        ("churn", "v1", None),
        ("churn", "v2", "archived"),
        ("churn", "v3", "development"),
        ("churn", "v4", None),
    ]


def test_what_serves_is_a_deployment(registry, tmp_path):
    """By version; without one it is the newest, as the API defines; undeployed ones are none."""
    with loaded(tmp_path, keys(registry)) as (warehouse, _):
        rows = warehouse.rows(
            """
            select deployment, model, version, environment, kind, status, tags
            from registry.deployment order by deployment
            """
        )

    assert rows == [
        (
            *("production/churn-api", "churn", "v1", "production", "InferenceService"),
            *("DEPLOYED", '{"runtime":"vllm"}'),
        ),
        (
            *("production/newest", "churn", "v4", "production", "InferenceService"),
            *("DEPLOYED", '{"runtime":null}'),
        ),
    ]


def test_data_belongs_to_the_run_that_made_the_version(registry, tmp_path):
    """Deleted data sets are none."""
    with loaded(tmp_path, keys(registry)) as (warehouse, _):
        rows = warehouse.rows(
            "select run_id, dataset, digest, source_type, source_uri, context from registry.dataset"
        )

    assert rows == [("run-7", "calls", "c0ffee", "s3", "s3://lake/calls", None)]


def test_evidence_says_what_the_registry_can_supply(registry, tmp_path):
    """Natively, by tag, or not at all; what may not be listed is not supplied."""
    registry.instead["inference_services"] = [(403, "{}")]
    registry.instead["model_versions/11/artifacts"] = [(403, "{}")]
    with pytest.raises(PartlyReadError):
        collect(tmp_path, keys(registry))
    fields = (
        *("model.owner", "model.cost_center", "model_version.approved_by", "card_section"),
        *("model_version.artifact_uri", "dataset", "deployment", "run", "grant"),
    )
    asked = f"select field, via from registry.evidence where field in {fields} order by field"
    with Warehouse(":memory:") as warehouse:
        load(warehouse, tmp_path, keys(registry))
        without = dict(warehouse.rows(asked))
    registry.instead.clear()
    with loaded(tmp_path, keys(registry)) as (warehouse, _):
        whole = dict(warehouse.rows(asked))

    common = {
        "card_section": "native",
        "grant": None,
        "model.cost_center": "tag",
        "model.owner": "native",
        "model_version.approved_by": "tag",
        "run": None,
    }
    nothing = dict.fromkeys(("dataset", "deployment", "model_version.artifact_uri"))
    assert without == common | nothing
    assert whole == common | dict.fromkeys(nothing, "native")


def test_objects_of_another_shape_are_kept_aside(registry, tmp_path):
    """Named with their line and counted; the others are there."""
    registry.lists["registered_models"].append({"id": "9", "name": None})
    registry.lists["model_versions"] += [
        resource(91, "v9", registeredModelId="77"),
        resource(92, "v1", registeredModelId="1"),
        {"id": "93", "name": "v9", "registeredModelId": "1", "createTimeSinceEpoch": "soon"},
        {"name": "no id"},
    ]
    with loaded(tmp_path, keys(registry)) as (warehouse, spots):
        [(models, versions)] = warehouse.rows(
            """
            select (select count(*) from registry.model), count(*) from registry.model_version
            """
        )
        kept = [reason for (reason,) in warehouse.rows("select reason from quarantine.row")]

    assert (models, versions) == (2, 6)
    assert any("names a model that is not there" in reason for reason in kept)
    assert any("v1 stands twice" in reason for reason in kept)
    assert any("is 'soon', not a time" in reason for reason in kept)
    assert len(kept) == 5
    assert any(
        spot.startswith("model_version.created_at: 1 value cannot be read") for spot in spots
    )
    assert len(spots) == 3


def test_an_empty_registry_is_told(tmp_path):
    """An account without permissions sees an empty list, not a refusal."""
    empty = Registry(lists={key: [] for key in a_registry().lists})
    with serving(empty), loaded(tmp_path, keys(empty)) as (_, spots):
        assert spots == ["all: the registry shows no model"]


def test_a_deployment_is_joined_to_the_bill(registry, tmp_path):
    """Its pods bear its name, run on a node, and the node is a charge's resource."""
    moment = datetime(2026, 10, 5, 6)
    hour = {"source": "k8s", "cluster": "prod", "node": "n1", "hour": moment}
    with loaded(tmp_path, keys(registry)) as (warehouse, _):
        insert(
            warehouse,
            "usage.pod_hour",
            **hour,
            namespace="production",
            pod="churn-api-1",
            labels='{"serving.kserve.io/inferenceservice":"churn-api"}',
        )
        insert(warehouse, "usage.node_hour", **hour, provider_id="i-0ab")
        insert(
            warehouse,
            "focus.charge",
            **dict.fromkeys(("BillingPeriodStart", "ChargePeriodStart"), moment),
            **dict.fromkeys(("BilledCost", "EffectiveCost"), Decimal("1.5")),
            **dict.fromkeys(("x_source", "x_file", "x_file_sha256"), "bill"),
            ResourceId="i-0ab",
            x_row=1,
        )
        joined = warehouse.rows(
            """
            select d.model, d.version, p.pod, c.EffectiveCost
            from registry.deployment as d
            join usage.pod_hour as p
                on d.deployment = p.namespace || '/'
                    || (p.labels::json ->> 'serving.kserve.io/inferenceservice')
            join usage.node_hour as n
                on (n.cluster, n.node, n.hour) = (p.cluster, p.node, p.hour)
            join focus.charge as c on c.ResourceId = n.provider_id
            """
        )

    assert joined == [("churn", "v1", "churn-api-1", Decimal("1.5"))]


def test_properties_are_facts_of_models_versions_and_what_serves_them(registry, tmp_path):
    """In the words of the vocabulary; one that cannot be read is named by its version."""
    lists = registry.lists
    lists["registered_models"][0]["customProperties"]["gov.task"] = text("ranking")
    version = lists["model_versions"][0]
    version["customProperties"] = {"gov.seed": text("4"), "gov.approvals": text("two")}
    for service in lists["inference_services"]:
        service["customProperties"] = {"gov.guardrail": text("ours")}
    with loaded(tmp_path, keys(registry)) as (warehouse, spots):
        tasks = warehouse.rows("select model, task from registry.model where task is not null")
        [(name, seed)] = warehouse.rows(
            "select version, seed from registry.model_version where seed is not null"
        )
        guarded = warehouse.rows("select distinct guardrail from registry.deployment")
        [(file, raw)] = warehouse.rows(
            "select file, raw ->> '$.subject' from quarantine.row where raw like '%approvals%'"
        )

    assert (tasks, seed, guarded) == ([("churn", "ranking")], "4", [("ours",)])
    assert raw == f"version churn:{name}"
    assert any("gov.approvals is 'two', not a whole number" in told for told in map(str, spots))
    assert file
