"""Notebooks that run while nobody works on them; what nobody says is no idleness."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from builders.advice import PRESENT, advised, billed
from builders.ledgers import a_warehouse
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:app/d-1/lab/JupyterLab/default"
APP = "d-1/space/lab/JupyterLab/default"
WORKBENCH = "projects/acme/locations/europe-west1-b/instances/o'hare"
AZURE = (
    "/subscriptions/s1/resourcegroups/ml/providers/microsoft.machinelearningservices"
    "/workspaces/team-ws/computes/ada"
)


def notebook(warehouse: Warehouse, name: str = APP, **columns: object) -> None:
    """A running app with a GPU, started 30 days ago, that nothing stops."""
    told = {
        "source": "sm",
        "notebook": name,
        "kind": "sagemaker-app",
        "resource_id": ARN if name == APP else name,
        "region": "eu-west-1",
        "instance_type": "ml.g5.xlarge",
        "gpus": 1,
        "status": "running",
        "started_at": PRESENT - timedelta(days=30),
        "has_idle_stop": False,
        "seen_at": PRESENT,
        **columns,
    }
    insert(warehouse, "usage.notebook", **told)


def ago(**time: float) -> object:
    """A time before the present."""
    return PRESENT - timedelta(**time)


def test_a_notebook_that_nobody_worked_on_for_two_weeks_is_advised_to_stop():
    """Even one that should stop by itself: it did not."""
    warehouse = a_warehouse()
    notebook(warehouse, last_activity_at=ago(days=20), has_idle_stop=True)
    billed(warehouse, ARN, "24")
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "stop", "high")
    assert one["reason"] == "nobody has worked on it for 20 days"
    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal(730), "bill")
    assert (one["saves_on"], one["inside"]) == (ARN, None)
    assert one["command"] == (
        "aws sagemaker delete-app --domain-id d-1 --space-name lab --app-type JupyterLab "
        "--app-name default --region eu-west-1"
    )


def test_a_figure_that_is_no_ratio_is_not_told_as_one():
    """Nor does it fail the build of a ledger; a minute is one."""
    warehouse = a_warehouse()
    at_work = {"cpu_used_ratio": 0.9, "gpu_used_ratio": float("nan")}
    notebook(warehouse, "strange", **at_work)
    notebook(warehouse, "without", **{**at_work, "gpus": 0})
    notebook(warehouse, "minute", last_activity_at=ago(minutes=1))
    rows = advised(warehouse, "idle_notebook").values()

    assert {row["name"]: row["reason"] for row in rows} == {
        "strange": "it is at work: its processor to 90 %",
        "without": "it is at work: its processor to 90 %",
        "minute": "somebody worked on it 1 minute before it was looked at",
    }


def test_one_that_nothing_stops_and_that_is_idle_gets_an_idle_shutdown():
    """The saving is the part of its time for which it has been idle, no more."""
    warehouse = a_warehouse()
    notebook(
        warehouse,
        last_activity_at=ago(hours=13),
        started_at=ago(hours=24),
        gpu_used_ratio=0.01,
        cpu_used_ratio=0.05,
    )
    billed(warehouse, ARN, "24")
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "auto-stop", "high")
    assert one["reason"] == (
        "nothing stops it, and nobody has worked on it for 13 hours and it does next to nothing"
    )
    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal(365), "effective rate")
    assert one["command"] == (
        "aws sagemaker update-domain --domain-id d-1 --default-user-settings "
        """'{"JupyterLabAppSettings":{"AppLifecycleManagement":{"IdleSettings":"""
        """{"LifecycleManagement":"ENABLED","IdleTimeoutInMinutes":60}}}}' --region eu-west-1"""
    )


@pytest.mark.parametrize(
    ("columns", "answer", "reason"),
    [
        ({"status": "stopped"}, "clean", "it is stopped"),
        ({"status": "updating"}, "cannot-say", "its status is updating"),
        (
            {"last_activity_at": ago(days=20), "gpu_used_ratio": 0.9, "cpu_used_ratio": 0.05},
            "clean",
            "it is at work: its GPUs are used to 90 % and its processor to 5 %",
        ),
        (
            {"last_activity_at": ago(days=20), "started_at": ago(minutes=30)},
            "clean",
            "somebody worked on it 30 minutes before it was looked at",
        ),
        (
            {"last_activity_at": ago(days=2), "has_idle_stop": True, "idle_stop_minutes": 180},
            "clean",
            "it stops by itself after 180 idle minutes",
        ),
        ({}, "cannot-say", "nobody says when somebody last worked on it, or how busy it is"),
        (
            {"last_activity_at": ago(days=2), "has_idle_stop": None},
            "cannot-say",
            "nobody says whether it stops by itself",
        ),
        (
            {"last_activity_at": ago(hours=5)},
            "cannot-say",
            "nobody has worked on it for 5 hours, and nobody says how busy it is",
        ),
        (
            {"gpu_used_ratio": float("nan"), "cpu_used_ratio": 0.05},
            "cannot-say",
            "nobody says when somebody last worked on it, or how busy it is",
        ),
    ],
)
def test_work_and_silence_are_no_idleness(columns, answer, reason):
    """Each with what is known of it, or missing."""
    warehouse = a_warehouse()
    notebook(warehouse, **columns)
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["answer"], one["reason"], one["saving_per_month"]) == (answer, reason, None)


def gpu_samples(
    warehouse: Warehouse, host: str, ratios: list[float], *, until: datetime = PRESENT
) -> None:
    """One of a GPU an hour, the last one at `until`."""
    for number, ratio in enumerate(reversed(ratios)):
        at = until - timedelta(hours=number)
        told = {"source": "gpus", "host": host, "gpu_index": 0, "sampled_at": at}
        insert(warehouse, "usage.gpu_sample", **told, gpu_util_ratio=ratio)


@pytest.mark.parametrize("host", [ARN, APP, "lab-1"])
def test_one_whose_gpus_calculate_is_at_work_though_nobody_looks_at_it(host):
    """Samples of its machine count where its platform tells nothing of its GPUs."""
    warehouse = a_warehouse()
    resource = "arn:aws:sagemaker:eu-west-1:123456789012:notebook-instance/lab-1"
    resource_id = resource if host == "lab-1" else ARN
    notebook(warehouse, resource_id=resource_id, last_activity_at=ago(days=20))
    gpu_samples(warehouse, host, [0.5] * 48)
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["answer"], one["saving_per_month"]) == ("clean", None)
    assert one["reason"] == (
        "it is at work: the busiest of its GPUs is used to 50 % at the 95th percentile of "
        "samples of 7 days"
    )


@pytest.mark.parametrize(
    ("ratios", "confidence", "reason"),
    [
        ([0.01] * 48, "high", ", and its GPUs do next to nothing: at most 1 %"),
        ([0.01] * 47 + [0.6], "low", ", but its GPUs were used now and then, up to 60 %"),
    ],
)
def test_what_its_gpus_did_says_how_sure_a_stop_is(ratios, confidence, reason):
    """Idle ones confirm it; a busy hour among them makes it a guess, and the reason says so."""
    warehouse = a_warehouse()
    notebook(warehouse, last_activity_at=ago(days=20))
    gpu_samples(warehouse, APP, ratios)
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "stop", confidence)
    assert one["reason"] == f"nobody has worked on it for 20 days{reason}"


@pytest.mark.parametrize(
    ("host", "ratio", "until"),
    [
        ("default", 0.5, PRESENT),  # two notebooks end with this name
        (APP, 0.5, PRESENT - timedelta(days=8)),  # of the week before
        (APP, 0.01, PRESENT - timedelta(days=2)),  # silent since
        (APP, float("nan"), PRESENT),
    ],
)
def test_samples_of_another_of_old_or_of_nothing_say_nothing(host, ratio, until):
    """Whose they are, that they are recent and that they are a ratio has to be certain."""
    warehouse = a_warehouse()
    notebook(warehouse, last_activity_at=ago(days=20))
    notebook(warehouse, "d-2/space/lab/JupyterLab/default", status="stopped")
    gpu_samples(warehouse, host, [ratio] * 24, until=until)
    found = {one["name"]: one for one in advised(warehouse, "idle_notebook").values()}

    assert found[APP]["reason"] == "nobody has worked on it for 20 days"
    assert "Nobody tells whether its GPUs calculate something." in found[APP]["risk"]


def test_samples_of_gpus_and_an_idle_processor_make_an_idle_notebook():
    """What its platform tells of its processor, and samples of its GPUs, go together."""
    warehouse = a_warehouse()
    notebook(warehouse, last_activity_at=ago(hours=13), cpu_used_ratio=0.05)
    gpu_samples(warehouse, APP, [0.01] * 48)
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["action"], one["confidence"]) == ("auto-stop", "high")


def test_minutes_after_which_it_stops_say_that_it_stops():
    """Where its source tells the minutes and nothing else."""
    warehouse = a_warehouse()
    told = {"has_idle_stop": None, "idle_stop_minutes": 120}
    notebook(warehouse, **told, last_activity_at=ago(hours=13))
    notebook(warehouse, "busy", **told, gpu_used_ratio=0.5, last_activity_at=ago(hours=13))
    rows = advised(warehouse, "idle_notebook").values()

    assert {row["name"]: row["reason"] for row in rows} == {
        APP: "it stops by itself after 120 idle minutes",
        "busy": "it is at work: its GPUs are used to 50 %; "
        "it stops by itself after 120 idle minutes",
    }


def test_one_without_gpus_is_judged_by_its_processor_alone():
    """Without a start or a last activity nobody can say what part of its cost would go."""
    warehouse = a_warehouse()
    notebook(warehouse, gpus=0, cpu_used_ratio=0.02, started_at=None)
    billed(warehouse, ARN, "24")
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["action"], one["confidence"], one["saving_per_month"]) == (
        *("auto-stop", "medium", None),
    )


def test_a_day_without_anybody_counts_where_nobody_says_how_busy_it_is():
    """With less confidence: a calculation may run with nobody at the screen."""
    warehouse = a_warehouse()
    notebook(warehouse, last_activity_at=ago(days=3))
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["action"], one["confidence"]) == ("auto-stop", "medium")
    assert one["risk"] == "A calculation without anybody at the screen may still run."


def test_every_platform_has_its_own_commands():
    """To stop it, and to let it stop by itself."""
    warehouse = a_warehouse()
    for kind, name, more in (
        ("sagemaker-notebook", "ada", {}),
        ("vertex-workbench", WORKBENCH, {}),
        ("azure-compute-instance", "ada", {"source": "ml", "resource_id": AZURE}),
    ):
        notebook(warehouse, name, kind=kind, last_activity_at=ago(days=20), **more)
    for kind, name, more in (
        ("vertex-workbench", f"{WORKBENCH}2", {}),
        ("azure-compute-instance", "bob", {"source": "ml", "resource_id": AZURE}),
    ):
        notebook(warehouse, name, kind=kind, last_activity_at=ago(days=3), **more)
    found = advised(warehouse, "idle_notebook")

    assert {one["subject"].partition("/")[2]: one["command"] for one in found.values()} == {
        "sm/ada": "aws sagemaker stop-notebook-instance --notebook-instance-name ada "
        "--region eu-west-1",
        f"sm/{WORKBENCH}": """gcloud workbench instances stop 'o'"'"'hare' --project=acme """
        "--location=europe-west1-b",
        "ml/ada": "az ml compute stop --name ada --workspace-name team-ws --resource-group ml",
        f"sm/{WORKBENCH}2": """gcloud workbench instances update 'o'"'"'hare2' """
        "--metadata=idle-timeout-seconds=3600 --project=acme --location=europe-west1-b",
        "ml/bob": f"az rest --method post --url '{AZURE}/updateIdleShutdownSetting"
        """?api-version=2024-10-01' --body '{"idleTimeBeforeShutdown":"PT60M"}'""",
    }


def test_azure_bills_a_compute_instance_in_letters_of_either_case():
    """The money is found all the same."""
    warehouse = a_warehouse()
    kind = "azure-compute-instance"
    notebook(warehouse, "ada", kind=kind, resource_id=AZURE, last_activity_at=ago(days=20))
    billed(warehouse, AZURE.replace("resourcegroups", "resourceGroups"), "24")
    (one,) = advised(warehouse, "idle_notebook").values()

    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal(730), "bill")


PRICES = """provider,region,instance_type,gpu_model,gpus,cores,gib,price,currency,priced_on
AWS,us-east-1,ml.g5.xlarge,A10G,1,4,16,1.4,USD,2026-01-01
AWS,eu-west-1,ml.g5.xlarge,A10G,1,4,16,1.5,USD,2026-01-01
AWS,us-east-1,ml.g5.2xlarge,A10G,1,8,32,1.0,USD,2026-01-01
GCP,,own-standard-4,,0,4,15,0.2,USD,2026-01-01
"""


def test_what_is_on_no_bill_costs_what_the_list_says(tmp_path):
    """Its own region's price, else another's; never that of a machine without its GPUs."""
    warehouse = a_warehouse()
    told = {"last_activity_at": ago(days=20)}
    notebook(warehouse, **told)
    notebook(warehouse, "elsewhere", **told, region="eu-north-1")
    notebook(warehouse, "unlisted", **told, instance_type="ml.p9.xlarge")
    notebook(warehouse, "bare", **told, instance_type="own-standard-4")
    notebook(warehouse, "cpu", **told, instance_type="own-standard-4", gpus=0)
    notebook(warehouse, "billed", **told)
    billed(warehouse, "billed", "24")
    (tmp_path / "prices.csv").write_text(PRICES)
    rows = advised(warehouse, "idle_notebook", f"prices: {tmp_path / 'prices.csv'}").values()

    assert {row["name"]: (row["saving_per_month"], row["saving_basis"]) for row in rows} == {
        APP: (Decimal(1095), "list"),
        "elsewhere": (Decimal(1022), "list"),
        "unlisted": (None, None),
        "bare": (None, None),
        "cpu": (Decimal(146), "list"),
        "billed": (Decimal(730), "bill"),
    }
