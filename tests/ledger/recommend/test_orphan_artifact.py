"""Artifacts that no registry refers to: found however an address is spelt, and never guessed."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from builders.advice import PRESENT, advised, billed
from builders.ledgers import a_warehouse
from builders.rows import insert
from builders.storage import OLD, SEEN, STORE, a_folder, a_version
from quaestor.warehouse.duckdb import Warehouse

RUN = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def answers(
    warehouse: Warehouse, text: str = "advice: {least_saving: 0}"
) -> dict[str, dict[str, object]]:
    """What is said of each folder, by its name below the bucket."""
    rows = advised(warehouse, "orphan_artifact", text).values()
    return {str(row["name"]).removeprefix(f"{STORE}/"): row for row in rows}


def test_an_unknown_checkpoint_is_advised_to_go_and_a_registered_one_is_not():
    """With its cost by the bucket's rate, the risk, and a command that shows before it deletes."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7/model.tar.gz")
    a_folder(warehouse, "churn/7")
    a_folder(warehouse, "churn/lost run's")
    bucket = {"ConsumedUnit": "GB-Mo", "ConsumedQuantity": "1"}
    billed(warehouse, "acme-models", "0.05", **bucket)
    found = answers(warehouse)
    orphan = found["churn/lost run's"]

    assert found["churn/7"]["answer"] == "clean"
    assert found["churn/7"]["reason"] == "churn:7 refers to what lies in it"
    assert (orphan["answer"], orphan["action"], orphan["confidence"]) == (
        *("advise", "delete", "medium"),
    )
    assert orphan["reason"] == (
        "no registry refers to it, and it was last changed on 2025-09-27, 400 days ago"
    )
    assert (orphan["saving_per_month"], orphan["saving_basis"]) == (
        *(Decimal("0.5"), "effective rate"),
    )
    assert orphan["command"] == (
        "aws s3 rm 's3://acme-models/churn/lost run'\"'\"'s/' --recursive "
        "--dryrun # then without --dryrun"
    )
    assert "Nobody says when it was last read." in str(orphan["risk"])
    assert json.loads(str(orphan["evidence"]))["taken_for_a_models_by"] == "beside"


def test_what_a_gib_costs_is_read_in_any_unit_of_volume_and_time():
    """The same bytes at the same price, however their bill counts them."""
    warehouse = a_warehouse()
    quantities = {
        "GB-Mo": "1",
        "gibibyte month": "1",
        "gibibyte-seconds": "2628000",
        "byte-seconds": str(2628000 * 2**30),
        "Byte-Hrs": str(730 * 2**30),
        "GB-Hours": "730",
        "mebibyte month": "1024",
        "tebibyte hour": str(730 / 1024),
        "GB-Months": "1",
        "GiB-Months": "1",
        "GiB Month": "1",
        "Gibibyte months": "1",
        "GB-Mos": "1",
        "1 GB/Month": "1",
        "100 GB/Month": "0.01",
        "GB-Hrs": "730",
        "GB Hour": "730",
        "gigabyte-hours": "730",
        "GB-Days": str(730 / 24),
        "TB-Months": str(1 / 1024),
        "MB-Month": "1024",
        "By.s": str(2628000 * 2**30),
        "GiBy.mo": "1",
        "Byte-Seconds": str(2628000 * 2**30),
    }
    for number, (unit, quantity) in enumerate(quantities.items()):
        a_folder(warehouse, "lost", store=f"s3://bucket-{number}")
        columns = {"ConsumedUnit": unit, "ConsumedQuantity": quantity}
        billed(warehouse, f"bucket-{number}", "0.05", **columns)
    answers(warehouse)

    assert warehouse.rows(
        "select count(*), min(round(cost_per_gib_month, 6)), max(round(cost_per_gib_month, 6)) "
        "from ledger.storage_rate where basis = 'effective rate' and tier is null"
    ) == [(len(quantities), Decimal("0.05"), Decimal("0.05"))]


def test_what_is_no_volume_kept_for_a_time_is_no_storage():
    """Transfer, requests, hours and bandwidth say nothing of what a GiB costs to be kept."""
    warehouse = a_warehouse()
    units = ("GB", "Requests", "Hours", "Months", "1 Month", "10K", "Gbps-Months", "Lambda-GB", "s")
    for number, unit in enumerate(units):
        a_folder(warehouse, "lost", store=f"s3://bucket-{number}")
        columns = {"ConsumedUnit": unit, "ConsumedQuantity": "1"}
        billed(warehouse, f"bucket-{number}", "0.05", **columns)
    answers(warehouse)

    assert (
        warehouse.rows("select store from ledger.storage_rate where basis = 'effective rate'") == []
    )


# An address as somebody wrote it, and the folder that it is of, below the bucket.
SPELT = (
    ("s3a://acme-models/a1/7/", "a1/7"),
    ("s3://acme-models/a2/7/data/model.pkl", "a2/7/data"),
    ("s3://acme-models/a3/7", "a3/7/data/shards"),
    ("s3://acme-models//a4//7", "a4/7"),
    ("s3://acme-models/a%205/7", "a 5/7"),
    ("s3://acme-models/a 6/7", "a 6/7"),
    ("https://acme-models.s3.eu-west-1.amazonaws.com/a7/7/m.pt", "a7/7"),
    ("https://s3.eu-west-1.amazonaws.com/acme-models/a8/7/m.pt", "a8/7"),
    ("arn:aws:s3:::acme-models/a9/7", "a9/7"),
    ("s3://acme-models/a10/7/m.pt?versionId=3sL4kqt", "a10/7"),
    ("mlflow-artifacts:/11/abc/artifacts/model", "mlflow/11/abc/artifacts/model/data"),
    ("mlflow-artifacts://tracking.acme/12/abc/artifacts/model", "12/abc"),
    ("dbfs:/mnt/models/a13/7/model", "a13/7/model"),
    ("dbfs:/Volumes/main/ml/weights/a14/7", "a14/7/shard"),
    ("/dbfs/mnt/models/a15/7/model", "a15/7/model"),
    (f"runs:/{RUN}/model", f"mlflow/16/{RUN}/artifacts/model"),
    ("models:/m-0a1b2c3d4e5f60718293", "17/models/m-0a1b2c3d4e5f60718293/artifacts"),
)


def test_an_address_is_met_however_it_is_spelt():
    """By scheme, encoding, slashes, host, mount, run or logged model; above it and below."""
    warehouse = a_warehouse()
    for number, (uri, folder) in enumerate(SPELT):
        a_version(warehouse, str(number), uri)
        a_folder(warehouse, folder)
        a_folder(warehouse, f"models/{number}/{folder}x")
    found = {name: row["answer"] for name, row in answers(warehouse).items()}

    assert {folder: found[folder] for _, folder in SPELT} == {
        folder: "clean" for _, folder in SPELT
    }
    elsewhere = {found[f"models/{number}/{SPELT[number][1]}x"] for number in range(10)}
    assert elsewhere == {"advise"}, "the same path below another folder is another"


def test_whatever_a_registry_says_anywhere_counts():
    """Runs, their parameters and tags, deployments, datasets and models refer to artifacts too."""
    warehouse = a_warehouse()
    place = "s3://acme-models/b"
    run = {"source": "mlflow", "run_id": "r1"}
    insert(warehouse, "registry.run", **run, params=json.dumps({"out": f"{place}1/7"}))
    tags = json.dumps({"all": "[s3://a/b, s3a://acme-models/b2/7]"})
    insert(warehouse, "registry.run", source="mlflow", run_id="r2", tags=tags)
    served = {"source": "k8s", "deployment": "d", "artifact_uri": f"{place}3/7/m"}
    insert(warehouse, "registry.deployment", **served, tags=json.dumps({"ckpt": f"{place}4/7"}))
    insert(warehouse, "registry.dataset", **run, dataset="d", source_uri=f"{place}5/7/x.csv")
    escaped = '{"root": "s3:\\/\\/acme-models\\/b6\\/7"}'
    insert(warehouse, "registry.model", source="mlflow", model="m", tags=escaped)
    for number in range(1, 8):
        a_folder(warehouse, f"b{number}/7")
    found = {name: row["answer"] for name, row in answers(warehouse).items()}

    assert found == {**{f"b{number}/7": "clean" for number in range(1, 7)}, "b7/7": "advise"}


def test_a_name_that_begins_alike_is_another():
    """churn/70 is not churn/7, and a whole bucket that is named protects nothing in it."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7", tags='{"root": "s3://acme-models"}')
    a_folder(warehouse, "churn/70")

    assert answers(warehouse)["churn/70"]["answer"] == "advise"


def test_what_holds_something_kept_is_kept():
    """Whoever deletes a folder by hand deletes what lies in it."""
    warehouse = a_warehouse()
    insert(warehouse, "registry.run", source="mlflow", run_id=RUN)
    a_folder(warehouse, f"mlflow/1/{RUN}/artifacts")
    a_folder(warehouse, "mlflow/1")
    found = answers(warehouse)

    assert found["mlflow/1"]["reason"] == f"run {RUN} refers to what lies in it"


def test_what_was_touched_lately_is_clean():
    """A change or a read within thirty days, and the newest of a row of numbered checkpoints."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7")
    a_folder(warehouse, "churn/changed", last_modified_at=SEEN - timedelta(days=29))
    a_folder(warehouse, "churn/read", last_read_at=SEEN - timedelta(days=2))
    a_folder(warehouse, "churn/llm/checkpoint-100")
    a_folder(warehouse, "churn/llm/checkpoint-900", last_modified_at=SEEN - timedelta(days=1))
    a_folder(warehouse, "churn/done/checkpoint-100")
    reasons = {name: row["reason"] for name, row in answers(warehouse).items()}

    assert reasons == {
        "churn/changed": "changed or read on 2026-10-03, less than 30 days ago",
        "churn/read": "changed or read on 2026-10-30, less than 30 days ago",
        "churn/llm/checkpoint-100": "the newest of its row was changed or read on 2026-10-31, "
        "less than 30 days ago",
        "churn/llm/checkpoint-900": "changed or read on 2026-10-31, less than 30 days ago",
        "churn/done/checkpoint-100": "no registry refers to it, and it was last changed on "
        "2025-09-27, 400 days ago",
    }


def test_the_day_of_a_checkpoint_is_its_own_and_that_of_its_row_is_told_beside_it():
    """The reason says no other day of its last change than the evidence does."""
    warehouse = a_warehouse()
    for number, days in ((1000, 60), (2000, 50)):
        at = SEEN - timedelta(days=days)
        a_folder(warehouse, f"lost/checkpoint-{number}", last_modified_at=at)
    a_version(warehouse, "7", f"{STORE}/churn/7/model.tar.gz")
    found = answers(warehouse)
    changed = {days: (SEEN - timedelta(days=days)).date() for days in (60, 50)}

    assert found["lost/checkpoint-1000"]["reason"] == (
        f"no registry refers to it, and it was last changed on {changed[60]}, 60 days ago; "
        f"the newest of its row on {changed[50]}"
    )
    assert found["lost/checkpoint-2000"]["reason"] == (
        f"no registry refers to it, and it was last changed on {changed[50]}, 50 days ago"
    )


def test_what_may_be_anothers_is_not_judged():
    """A bucket that no registry refers to, and folders that nothing says are a model's."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7")
    a_folder(warehouse, "weights/old", store="s3://acme-other")
    a_folder(warehouse, "events/2024/10", model_objects=0)
    a_folder(warehouse, "churn/undated", last_modified_at=None)
    found = advised(warehouse, "orphan_artifact")
    reasons = {row["name"]: (row["answer"], row["reason"]) for row in found.values()}

    assert reasons["s3://acme-other/weights/old"] == (
        "cannot-say",
        "no registry refers to anything in its bucket, which may be another's",
    )
    assert reasons[f"{STORE}/events/2024/10"][0] == "cannot-say"
    assert reasons[f"{STORE}/churn/undated"] == (
        "cannot-say",
        "nobody says when it was last changed",
    )


def test_how_sure_we_are_depends_on_what_is_known():
    """Read long ago: high; reads unknown: medium; nothing registered beside it: low."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7")
    a_folder(warehouse, "churn/read", last_read_at=OLD)
    a_folder(warehouse, "churn/lost")
    a_folder(warehouse, "team-b/out", model_objects=2)
    a_folder(warehouse, "checkpoints/a", model_objects=None)
    found = answers(warehouse)

    assert {name: row["confidence"] for name, row in found.items()} == {
        "churn/read": "high",
        "churn/lost": "medium",
        "team-b/out": "low",
        "checkpoints/a": "low",
    }


def test_a_bucket_that_keeps_versions_is_told_of():
    """Deleting alone saves nothing there."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7")
    insert(warehouse, "registry.store", source="sm", store=STORE, versioned=True)
    a_folder(warehouse, "churn/lost")

    assert "noncurrent versions" in str(answers(warehouse)["churn/lost"]["risk"])


def test_every_cloud_has_its_command():
    """Met by its own spelling; where other folders lie in it, its own objects alone are deleted."""
    warehouse = a_warehouse()
    for store in (STORE, "gs://acme-models", "azure://acmeml/models"):
        a_version(warehouse, store, f"{store}/churn/7")
        a_folder(warehouse, "churn/lost", store=store)
    a_folder(warehouse, "churn/lost/new", last_modified_at=SEEN)
    found = {row["name"]: row["command"] for row in advised(warehouse, "orphan_artifact").values()}

    assert {name: command for name, command in found.items() if command} == {
        f"{STORE}/churn/lost": "aws s3 rm s3://acme-models/churn/lost/ --recursive "
        "--exclude '*/*' --dryrun # then without --dryrun",
        "gs://acme-models/churn/lost": "gcloud storage ls --recursive "
        "gs://acme-models/churn/lost/ # then gcloud storage rm --recursive",
        "azure://acmeml/models/churn/lost": "az storage blob delete-batch --account-name acmeml "
        "--source models --pattern 'churn/lost/*' --dryrun # then without --dryrun",
    }


def test_without_a_bill_the_list_says_what_it_costs():
    """Ten GiB of S3's class for daily use; of an unknown class there is no sum."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7")
    a_folder(warehouse, "churn/lost")
    a_folder(warehouse, "churn/odd", storage_class="OUTPOSTS")
    found = answers(warehouse)

    assert (found["churn/lost"]["saving_per_month"], found["churn/lost"]["saving_basis"]) == (
        *(Decimal("0.23"), "list"),
    )
    assert (found["churn/odd"]["answer"], found["churn/odd"]["saving_per_month"]) == (
        *("advise", None),
    )


def test_two_classes_of_one_folder_are_one_folder():
    """And the days can be set."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7")
    a_folder(warehouse, "churn/lost", last_modified_at=SEEN - timedelta(days=10))
    a_folder(
        warehouse, "churn/lost", storage_class="GLACIER", last_modified_at=SEEN - timedelta(days=9)
    )
    found = answers(warehouse, "advice: {least_saving: 0, params: {orphan_artifact: {days: 7}}}")[
        "churn/lost"
    ]

    assert found["answer"] == "advise"
    assert found["current"] == "6 objects, 20.0 GiB, GLACIER, STANDARD"
    assert found["saving_per_month"] == Decimal("0.266")


def test_present_is_the_day_of_the_listing():
    """A listing of last year is judged by its own day, not by the bill's."""
    warehouse = a_warehouse()
    a_version(warehouse, "7", f"{STORE}/churn/7")
    a_folder(warehouse, "churn/lost", seen_at=OLD + timedelta(days=20))
    billed(warehouse, "x", "1")

    assert OLD + timedelta(days=100) < PRESENT
    assert answers(warehouse)["churn/lost"]["answer"] == "clean"
