"""Workbenches and compute instances, in our words: machines, owners, and what stops them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from builders import azure_ml as build
from builders.jobs import landed, lines, settled
from quaestor.collect import azure_ml_fields
from quaestor.core.sources import AzureMlSource, VertexSource
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)
NAME = "projects/acme-ml/locations/us-central1-a/instances/ada"


def workbench(metadata: dict[str, str], **setup: Any) -> dict[str, Any]:
    """An instance of Workbench as it is landed."""
    machine = {"machineType": "n1-standard-8", "metadata": metadata, **setup}
    return {"name": NAME, "state": "ACTIVE", "creator": "ada@acme.example", "gceSetup": machine}


def of_vertex(warehouse: Warehouse, folder: Path, *instances: dict[str, Any]) -> None:
    """Load instances of Workbench."""
    source = VertexSource(name="vertex", project="acme-ml", locations=("us-central1",))
    files = {"acme-ml/workbenches": lines(instances)}
    settled(warehouse, landed(folder, source, files, now=NOW))


def test_a_workbench_is_its_machine(warehouse, tmp_path):
    """The bill names the virtual machine, which is called as the instance is."""
    gpus = [{"type": "NVIDIA_TESLA_T4", "coreCount": "2"}]
    of_vertex(warehouse, tmp_path, workbench({}, acceleratorConfigs=gpus))

    assert warehouse.records(
        'select notebook, kind, "user", resource_id, region, instance_type, gpus, gpu_model, '
        "status, last_activity_at, seen_at from usage.notebook"
    ) == [
        {
            "notebook": NAME,
            "kind": "vertex-workbench",
            "user": "ada@acme.example",
            "resource_id": "//compute.googleapis.com/projects/acme-ml/zones/us-central1-a"
            "/instances/ada",
            "region": "us-central1",
            "instance_type": "n1-standard-8",
            "gpus": 2,
            "gpu_model": "NVIDIA_TESLA_T4",
            "status": "running",
            "last_activity_at": None,
            "seen_at": NOW,
        }
    ]


@pytest.mark.parametrize(
    ("metadata", "stops"),
    [
        ({"idle-timeout-seconds": "3600"}, (True, 60)),
        ({}, (True, 180)),
        ({"idle-timeout-seconds": ""}, (False, None)),
        ({"idle-timeout-seconds": "0"}, (False, None)),
    ],
)
def test_a_workbench_stops_after_three_hours_unless_told(warehouse, tmp_path, metadata, stops):
    """Google's default, another time, or never."""
    of_vertex(warehouse, tmp_path, workbench(metadata))

    assert warehouse.rows("select has_idle_stop, idle_stop_minutes from usage.notebook") == [stops]


@pytest.mark.parametrize(
    ("inside", "stops"),
    [
        ({"idleTimeBeforeShutdown": "PT1H30M"}, (True, 90)),
        ({"idleTimeBeforeShutdown": None}, (False, None)),
        ({"lastOperation": None}, (None, None)),
    ],
)
def test_a_compute_instance_is_a_notebook_and_a_cluster_is_none(warehouse, tmp_path, inside, stops):
    """One without idle time never stops, if that was asked; a cluster is nobody's desk."""
    started = {"operationName": "Start", "operationTime": "2026-11-20T08:00:00Z"}
    machine = {
        "vmSize": "STANDARD_NC24ADS_A100_V4",
        "state": "Running",
        "lastOperation": started,
        "personalComputeInstanceSettings": {"assignedUser": {"objectId": "u-1"}},
        **inside,
    }
    told = build.compute("ada", computeType="ComputeInstance", properties=machine)
    source = AzureMlSource(
        name="ml", subscription=build.SUBSCRIPTION, resource_group="ML", workspace="acme"
    )
    files = {
        "acme/computes": lines(azure_ml_fields.compute(one) for one in (told, build.compute())),
        "acme/sizes": lines(azure_ml_fields.size(one) for one in build.SIZES),
    }
    settled(warehouse, landed(tmp_path, source, files, now=NOW))

    assert warehouse.rows(
        'select notebook, kind, "user", status, gpus, resource_id, has_idle_stop, '
        "idle_stop_minutes from usage.notebook"
    ) == [
        (
            *("ada", "azure-compute-instance", "u-1", "running", 1),
            *(f"{build.WORKSPACE}/computes/ada".lower(), *stops),
        )
    ]
