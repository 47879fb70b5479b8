"""Where people work in SageMaker: landed by the real boto3, loaded, and what is denied."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from builders.aws import Aws, Fault
from builders.sagemaker_work import NOW, REGION, a_studio, arn, collect, load
from quaestor.collect import sagemaker
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import PartlyReadError
from quaestor.core.sources import SageMakerSource
from quaestor.warehouse.duckdb import Warehouse

SOURCE = SageMakerSource(name="sm", regions=(REGION,))
APP = "d-1/space/lab/JupyterLab/default"


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "sm")


def found(landing: Landing) -> dict[str, dict[str, object]]:
    """What is loaded of the notebooks in force, by name."""
    warehouse = Warehouse(":memory:")
    load(warehouse, landing)
    return {row["notebook"]: row for row in warehouse.records("select * from usage.notebook")}


def test_notebooks_and_apps_are_loaded_with_what_stops_them(aws: Aws, landing: Landing):
    """The app as its domain says; of the notebook instance nobody knows who worked on it when."""
    a_studio(aws)
    collect(landing)
    books = found(landing)

    assert sorted(books) == [APP, "old-book"]
    app, book = books[APP], books["old-book"]
    assert (app["kind"], app["status"], app["resource_id"], app["instance_type"]) == (
        *("sagemaker-app", "running", arn("app", "d-1/lab"), "ml.g4dn.xlarge"),
    )
    assert (app["has_idle_stop"], app["idle_stop_minutes"]) == (True, 180)
    assert app["last_activity_at"] == NOW - timedelta(days=2)
    assert (book["kind"], book["has_idle_stop"], book["last_activity_at"]) == (
        *("sagemaker-notebook", False, None),
    )
    assert app["gpus"] == 1


def test_a_check_of_health_is_no_activity(aws: Aws, landing: Landing):
    """SageMaker sets both at one moment, whether anybody worked or not."""
    a_studio(aws, health=NOW, LastUserActivityTimestamp=NOW)
    collect(landing)

    assert found(landing)[APP]["last_activity_at"] is None


def test_an_owner_overrides_the_domain(aws: Aws, landing: Landing):
    """Who switched it off for oneself is not stopped."""
    a_studio(aws)
    off = {"IdleSettings": {"LifecycleManagement": "DISABLED"}}
    lab = {"JupyterLabAppSettings": {"AppLifecycleManagement": off}}
    aws.replies["DescribeUserProfile"] = lambda _: {"UserSettings": lab}
    collect(landing)

    app = found(landing)[APP]
    assert (app["has_idle_stop"], app["idle_stop_minutes"]) == (False, None)


def test_apps_that_are_denied_are_a_gap_and_the_notebooks_are_landed(aws: Aws, landing: Landing):
    """The rest of the region is there, and doctor says what is missing."""
    a_studio(aws)
    denied = Fault(lambda call: call.target.endswith(".ListApps"), 403, "AccessDeniedException")
    aws.faults.append(denied)
    with pytest.raises(PartlyReadError) as caught:
        collect(landing)

    assert [gap.scope for gap in caught.value.gaps] == [f"{REGION}/apps"]
    assert sorted(found(landing)) == ["old-book"]
    assert sagemaker.doctor(SOURCE, Config()) == (
        "us-east-1: 0 endpoints, jobs listed, notebooks and apps denied"
    )
