"""Discs, snapshots and folders of buckets, as moto lists them to the real boto3, and loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from builders.aws import Aws, Fault
from builders.bills import NOW
from quaestor.collect import aws_storage
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, parse_config
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.sources import AwsStorageSource
from quaestor.normalise import loader
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

SOURCE = AwsStorageSource(
    name="store", regions=("us-east-1",), buckets=("acme-models", "acme-data/churn")
)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "store")


@pytest.fixture
def account(aws: Aws) -> dict[str, str]:
    """Two discs, one of them gone again, three snapshots, an image, two buckets; ids by name."""
    ec2 = boto3.client("ec2")
    ids = {}
    for name in ("there", "gone"):
        tags = [{"ResourceType": "volume", "Tags": [{"Key": "team", "Value": "nlp"}]}]
        disk = ec2.create_volume(
            AvailabilityZone="us-east-1a", Size=100, VolumeType="gp3", TagSpecifications=tags
        )
        ids[name] = disk["VolumeId"]
        ids[f"snap-{name}"] = ec2.create_snapshot(VolumeId=disk["VolumeId"])["SnapshotId"]
    ids["image"] = ec2.register_image(Name="train")["ImageId"]
    (image,) = ec2.describe_images(ImageIds=[ids["image"]])["Images"]
    ids["snap-image"] = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    ec2.delete_volume(VolumeId=ids["gone"])
    s3 = boto3.client("s3")
    for bucket in ("acme-models", "acme-data"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="acme-models", VersioningConfiguration={"Status": "Enabled"})
    for bucket, key, size in (
        ("acme-models", "churn/7/model.tar.gz", 2048),
        ("acme-models", "churn/7/notes.txt", 1024),
        ("acme-models", "churn/a b/c/d/e/f/g/h/i/j.ckpt", 10),
        ("acme-models", "churn/empty/", 0),
        ("acme-models", "top.csv", 1),
        ("acme-data", "churn/raw/x.csv", 5),
        ("acme-data", "other/x.csv", 5),
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x" * size)
    s3.put_object(
        Bucket="acme-models", Key="churn/7/old.pt", Body=b"x" * 1024, StorageClass="GLACIER_IR"
    )
    aws.calls.clear()
    return ids


def collect(
    landing: Landing, source: AwsStorageSource = SOURCE, config: Config | None = None
) -> None:
    aws_storage.collect(source, config or Config(), landing, now=NOW, progress=lambda _: None)


def loaded(landing: Landing) -> Warehouse:
    """A warehouse with what is in force."""
    warehouse = Warehouse(":memory:")
    manifest = landing.current()
    assert manifest
    job = Job(
        source=SOURCE,
        manifest=manifest,
        landing=landing.root,
        currency="USD",
        progress=lambda _: None,
    )
    assert loader(manifest.schema).load(warehouse, job) == []
    return warehouse


def listings(aws: Aws) -> list[str]:
    """The buckets that were listed; one object is asked for first, to see who answers."""
    whole = [call for call in aws.calls if call.is_listing and "max-keys=1" not in call.query]
    return [call.path.strip("/") for call in whole]


def test_discs_and_snapshots_are_loaded_with_what_needs_them(account, landing):
    """Whether a disc is attached; whether a snapshot's disc is gone, and which image holds it."""
    collect(landing)
    warehouse = loaded(landing)

    assert warehouse.rows(
        "select disk, resource_id, region, kind, size_gib, is_attached, tags, seen_at "
        "from usage.disk"
    ) == [
        (
            account["there"],
            account["there"],
            "us-east-1",
            "gp3",
            100.0,
            False,
            '{"team":"nlp"}',
            NOW,
        )
    ]
    found = warehouse.rows(
        "select snapshot, disk, image, is_disk_gone, is_image_known from usage.snapshot"
    )
    held = {row[0]: row[2] for row in found}
    assert {row[0]: row[1:] for row in found if row[1] in account.values()} == {
        account["snap-there"]: (account["there"], None, False, True),
        account["snap-gone"]: (account["gone"], None, True, True),
    }
    assert held[account["snap-image"]] == account["image"]


def test_folders_are_summed_up_by_class_and_name_no_object(account, landing):
    """As deep as is asked, below a prefix where one is named; a folder's mark is no object."""
    collect(landing)
    rows = loaded(landing).rows(
        "select store, folder, storage_class, objects, round(size_gib * 1073741824)::bigint, "
        "model_objects, is_versioned, seen_at from usage.stored_folder order by all"
    )

    data, models = "s3://acme-data", "s3://acme-models"
    deep = "churn/a b/c/d/e/f/g/h"
    assert rows == [
        (data, "churn/raw", "STANDARD", 1, 5, 0, False, NOW),
        (models, "", "STANDARD", 1, 1, 0, True, NOW),
        (models, "churn/7", "GLACIER_IR", 1, 1024, 1, True, NOW),
        (models, "churn/7", "STANDARD", 2, 3072, 1, True, NOW),
        (models, deep, "STANDARD", 1, 10, 1, True, NOW),
    ]
    texts = [path.read_text() for path in (landing.folder / "files").iterdir()]
    assert not any("notes.txt" in text for text in texts), "no object is named"


def test_a_bucket_is_listed_once_a_day(account, landing, aws):
    """Every listing costs money; a look that was cut short goes on where it stopped."""
    collect(landing)
    assert sorted(listings(aws)) == ["acme-data", "acme-models"]
    aws.calls.clear()
    collect(landing)

    assert listings(aws) == []
    assert len(loaded(landing).rows("select 1 from usage.stored_folder")) == 5


def test_what_is_denied_is_told_and_what_was_known_of_it_stays(account, landing, aws):
    """One bucket of two, and the images: a gap each, and the rest is landed."""
    collect(landing)
    denied = ("acme-data",)
    aws.faults.append(
        Fault(lambda call: call.path.strip("/") in denied and call.is_listing, 403, "AccessDenied")
    )
    deeper = AwsStorageSource(
        name="store", regions=("us-east-1",), buckets=("acme-models", "acme-data/churn"), depth=2
    )
    with pytest.raises(PartlyReadError) as told:
        collect(landing, deeper)

    assert [(gap.scope, gap.reason) for gap in told.value.gaps] == [
        ("acme-data/churn/folders", "AWS denies ListObjectsV2")
    ]
    assert "quaestor permissions store" in str(told.value.gaps[0].fix)
    folders = loaded(landing).rows("select store, folder from usage.stored_folder order by all")
    assert ("s3://acme-data", "churn/raw") in folders
    assert ("s3://acme-models", "churn/a b") in folders, "two levels deep now"


def test_where_nothing_can_be_read_nothing_is_believed_gone(account, landing, aws):
    """The look fails, and what was landed stays in force."""
    collect(landing)
    before = landing.current()
    aws.faults.append(Fault(lambda _: True, 403, "AccessDenied"))
    with pytest.raises(IncompleteError):
        collect(landing, AwsStorageSource(name="store", regions=("us-east-1",), buckets=("x-y",)))

    assert landing.current() == before


def test_without_buckets_those_that_registries_name_are_listed(account, landing, aws, tmp_path):
    """What another source landed of a registry; a bill's buckets are nobody's artifacts."""
    text = (
        "sources:\n"
        "  - {name: reg, kind: files, path: reg, schema: mlflow-export}\n"
        "  - {name: bill, kind: files, path: bill.csv}\n"
    )
    config = parse_config(text, tmp_path, {})
    for name, said in (("reg", b'{"u": "s3a://acme-models/x"}'), ("bill", b"s3://acme-data/y")):
        other = Landing(landing.root, name)
        file = other.land_bytes(said, "model.json", "model.json")
        other.snapshot([file], kind="files", schema="mlflow-export", now=NOW)
    source = AwsStorageSource(name="store", regions=("us-east-1",))
    collect(landing, source, config)
    assert listings(aws) == ["acme-models"]

    with pytest.raises(PartlyReadError) as told:
        collect(Landing(tmp_path / "elsewhere", "store"), source, Config())
    assert [gap.scope for gap in told.value.gaps] == ["folders"]


def test_doctor_counts_and_permissions_read_no_object(account, aws):
    """One line, and an IAM policy that names the buckets."""
    assert aws_storage.doctor(SOURCE, Config()) == ("us-east-1: 1 disc; 2 buckets may be listed")
    policy = json.loads(aws_storage.permissions(SOURCE))
    statements: dict[str, Any] = {one["Sid"]: one for one in policy["Statement"]}
    assert statements["ListBuckets"]["Resource"] == [
        "arn:aws:s3:::acme-models",
        "arn:aws:s3:::acme-data",
    ]
    actions = {action for one in statements.values() for action in one["Action"]}
    assert not any(action.endswith("GetObject") for action in actions)
