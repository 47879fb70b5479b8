"""Exports in S3, as moto serves them to the real boto3: exact, incremental, resumable."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from builders.aws import BUCKET, Aws, Call, Fault
from builders.bills import csv_text
from builders.curs import PLAN, legacy_csv
from quaestor.cli.main import run
from quaestor.collect import aws as aws_module
from quaestor.collect import aws_export
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import IncompleteError, PartlyReadError, QuaestorError
from quaestor.core.sources import AwsExportSource

NOW = datetime(2126, 11, 21, 6)  # long after everything that moto writes
DATA = "focus/acme/data/BILLING_PERIOD="
TOLD = "focus/acme/metadata/BILLING_PERIOD="


@dataclass
class Collected:
    """A source of exports and its landing folder."""

    landing: Landing
    source: AwsExportSource
    said: list[str]

    def collect(self, *, now: datetime = NOW, **changes: Any) -> None:
        """Look at the source as the pipeline does."""
        import msgspec

        source = msgspec.structs.replace(self.source, **changes)
        aws_export.collect(source, Config(), self.landing, now=now, progress=self.said.append)

    def in_force(self) -> dict[str, bytes]:
        """What is in force: its scope, without the bucket, and its bytes."""
        manifest = self.landing.current()
        files = manifest.files if manifest else ()
        return {
            file.scope.removeprefix(f"s3://{BUCKET}/"): (self.landing.root / file.path).read_bytes()
            for file in files
        }


@pytest.fixture
def bill(tmp_path: Path, aws: Aws) -> Collected:
    """The source `aws`: what lies under focus/ in the bucket."""
    source = AwsExportSource(name="aws", bucket=BUCKET, prefix="focus/")
    return Collected(Landing(tmp_path / "landing", "aws"), source, [])


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What botocore would have waited between tries, which nobody waits for."""
    waited: list[float] = []
    clock = SimpleNamespace(sleep=waited.append, time=time.time)
    monkeypatch.setattr("botocore.endpoint.time", clock)
    return waited


def delivery(month: str, *contents: str, execution: str = "") -> dict[str, str | dict[str, Any]]:
    """A Data Export's month: its files, and its manifest, which AWS writes last."""
    folder = f"{execution}/" if execution else ""
    keys = [f"{DATA}{month}/{folder}acme-{n:05d}.csv" for n in range(1, len(contents) + 1)]
    manifest = {
        "exportName": "acme",
        "dataFiles": [f"s3://{BUCKET}/{key}" for key in keys],
    }
    return {
        **dict(zip(keys, contents, strict=True)),
        f"{TOLD}{month}/{folder}acme-Manifest.json": manifest,
    }


def test_what_the_manifests_list_is_in_force(aws: Aws, bill: Collected):
    """The months of a Data Export, and nothing that no manifest lists."""
    aws.put(delivery("2026-09", "a", "b") | delivery("2026-10", "c"))
    aws.put({f"{DATA}2026-10/acme-00002.csv": "of an earlier, longer delivery"})

    bill.collect()

    assert bill.in_force() == {
        f"{DATA}2026-09/acme-00001.csv": b"a",
        f"{DATA}2026-09/acme-00002.csv": b"b",
        f"{DATA}2026-10/acme-00001.csv": b"c",
    }
    manifest = bill.landing.current()
    assert manifest
    assert [file.scope for file in manifest.beside] == [
        f"s3://{BUCKET}/{TOLD}2026-09/acme-Manifest.json",
        f"s3://{BUCKET}/{TOLD}2026-10/acme-Manifest.json",
    ]
    assert bill.said[-1] == "aws: acme-00001.csv (3 of 3)" or "(3 of 3)" in bill.said[-1]


def test_a_second_look_downloads_nothing(aws: Aws, bill: Collected):
    """Not a byte, not even a manifest, and no new manifest of ours."""
    aws.put(delivery("2026-09", "a", "b") | delivery("2026-10", "c"))
    bill.collect()
    assert len(aws.downloads) == 5
    aws.calls.clear()

    bill.collect()

    assert aws.downloads == []
    assert len(list((bill.landing.folder / "manifests").iterdir())) == 1


def test_only_what_was_restated_is_fetched(aws: Aws, bill: Collected):
    """An overwritten month brings its manifest and the file whose ETag is new."""
    aws.put(delivery("2026-09", "a", "b") | delivery("2026-10", "c"))
    bill.collect()
    aws.put(delivery("2026-09", "a", "b, restated"))

    bill.collect()

    assert aws.downloads == [f"{DATA}2026-09/acme-00002.csv"]  # the manifest says the same
    assert bill.in_force()[f"{DATA}2026-09/acme-00002.csv"] == b"b, restated"


def test_the_newest_delivery_is_in_force_where_all_are_kept(aws: Aws, bill: Collected):
    """In the place of the one before, so that the ledger replaces it."""
    aws.put(delivery("2026-10", "first", "more", execution="2026-10-01T00:00:00.000Z-11"))
    bill.collect()
    aws.put(delivery("2026-10", "second", execution="2026-10-02T00:00:00.000Z-22"))

    bill.collect()

    assert bill.in_force() == {f"{DATA}2026-10/acme-00001.csv": b"second"}


@pytest.mark.parametrize("execution", ["", "20261002T000000Z"])
@pytest.mark.parametrize("ending", ["csv.gz", "parquet"])
def test_legacy_reports_are_read_by_their_manifest(
    aws: Aws, bill: Collected, execution: str, ending: str
):
    """Versions in folders of their assembly or overwritten, gzip and Parquet; no status file."""
    root = "focus/cur/20261001-20261101/"
    old = {f"{root}20261001T000000Z/cur-1.{ending}": b"old"}
    if ending == "parquet":
        key = "focus/cur/cur/year=2026/month=10/cur-00001.snappy.parquet"
    else:
        key = f"{root}{execution}{'/' * bool(execution)}cur-1.csv.gz"
    manifest = {
        "assemblyId": execution,
        "compression": "GZIP",
        "reportKeys": [key],
        "billingPeriod": {"start": "20261001T000000.000Z", "end": "20261101T000000.000Z"},
    }
    told = {f"{root}cur-Manifest.json": manifest}
    if execution:
        told[f"{root}{execution}/cur-Manifest.json"] = manifest
    status = {"focus/cur/cur/cost_and_usage_data_status/cur.parquet": b"status"}
    aws.put(old | {key: b"new"} | told | status)

    bill.collect()

    assert list(bill.in_force().values()) == [b"new"]
    assert f"/{execution}/" not in next(iter(bill.in_force())) or not execution


def test_a_folder_without_manifests_is_read_whole(aws: Aws, bill: Collected):
    """Files that somebody put there; what is no bill is not taken."""
    aws.put({"focus/a.csv": "a", "focus/b/c.parquet": "c", "focus/readme.txt": "no"})
    aws.put({"focus-old/d.csv": "another folder", "focus/empty/": ""})

    bill.collect(prefix="focus")

    assert bill.in_force() == {"focus/a.csv": b"a", "focus/b/c.parquet": b"c"}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (
            {f"{TOLD}2026-10/acme-Manifest.json": None},
            "it is half written: its manifest is missing",
        ),
        (
            {f"{DATA}2026-10/acme-00002.csv": None},
            f"it is half written: {DATA}2026-10/acme-00002.csv is listed and not there",
        ),
        (
            {f"{TOLD}2026-10/acme-Manifest.json": '{"dataFiles": ["s3://acm'},
            "its manifest cannot be read",
        ),
        (
            {f"{TOLD}2026-10/acme-Manifest.json": {"dataFiles": []}},
            "its manifest lists no file",
        ),
    ],
    ids=["no manifest", "a file is missing", "half a manifest", "an empty manifest"],
)
def test_a_month_half_written_stays_as_it_was(aws: Aws, bill: Collected, broken, reason):
    """The other month moves on, and the gap is told by itself."""
    aws.put(delivery("2026-09", "a") | delivery("2026-10", "b", "c"))
    bill.collect()
    before = bill.in_force()
    aws.put(delivery("2026-09", "a, restated") | delivery("2026-10", "b, restated", "c"))
    aws.delete(*(key for key, content in broken.items() if content is None))
    aws.put({key: content for key, content in broken.items() if content is not None})

    with pytest.raises(PartlyReadError) as caught:
        bill.collect()

    assert bill.in_force() == before | {f"{DATA}2026-09/acme-00001.csv": b"a, restated"}
    (gap,) = caught.value.gaps
    assert (gap.scope, gap.period, gap.reason) == (
        f"s3://{BUCKET}/focus/acme",
        "2026-10",
        reason,
    )
    aws.put(delivery("2026-10", "b, restated", "c"))
    bill.collect()
    assert bill.in_force()[f"{DATA}2026-10/acme-00001.csv"] == b"b, restated"


def test_a_first_delivery_half_written_is_no_bill(aws: Aws, bill: Collected):
    """Nothing is in force yet, and nothing is guessed."""
    parts = delivery("2026-10", "b", "c")
    parts.popitem()
    aws.put(parts)

    with pytest.raises(PartlyReadError, match="its manifest is missing"):
        bill.collect()

    assert bill.in_force() == {}


def test_a_month_that_is_being_written_stays_as_it_was(aws: Aws, bill: Collected):
    """A file of the last hour is newer than its manifest; an hour later it is what it is."""
    aws.put(delivery("2026-10", "b"))
    bill.collect()
    s3 = aws.s3()
    manifest = f"{TOLD}2026-10/acme-Manifest.json"
    written = s3.head_object(Bucket=BUCKET, Key=manifest)["LastModified"]
    while s3.head_object(Bucket=BUCKET, Key=manifest)["LastModified"] == written:
        aws.put({manifest: delivery("2026-10", "b")[manifest]})
    written = s3.head_object(Bucket=BUCKET, Key=manifest)["LastModified"]
    key = f"{DATA}2026-10/acme-00001.csv"
    while s3.head_object(Bucket=BUCKET, Key=key)["LastModified"] <= written:
        aws.put({key: "c"})
    soon = written.astimezone(UTC).replace(tzinfo=None) + timedelta(minutes=5)

    with pytest.raises(PartlyReadError, match="it is being written"):
        bill.collect(now=soon)
    assert bill.in_force() == {key: b"b"}

    bill.collect(now=soon + timedelta(hours=2))
    assert bill.in_force() == {key: b"c"}


def test_zip_is_told_with_its_remedy(aws: Aws, bill: Collected):
    """A report compressed as ZIP cannot be read; nobody takes that for an empty bill."""
    root = "focus/cur/20261001-20261101/"
    manifest = {"reportKeys": [f"{root}cur-1.csv.zip"]}
    aws.put({f"{root}cur-1.csv.zip": b"PK", f"{root}cur-Manifest.json": manifest})

    with pytest.raises(PartlyReadError) as caught:
        bill.collect()

    assert caught.value.what == "2026-10: its files end in .zip, which is not read"
    assert caught.value.fix == "Set the export's compression to GZIP or Parquet."


def test_only_the_months_asked_for_are_looked_at(aws: Aws, bill: Collected):
    """Whole months; what was landed of others stays in force."""
    aws.put(delivery("2026-08", "a") | delivery("2026-09", "b") | delivery("2026-10", "c"))

    bill.collect(since=date(2026, 9, 30))
    assert list(bill.in_force().values()) == [b"b", b"c"]
    assert not [key for key in aws.downloads if "2026-08" in key]

    aws.put(delivery("2026-10", "c, restated") | delivery("2026-09", "b, restated"))
    bill.collect(until=date(2026, 9, 15))
    assert list(bill.in_force().values()) == [b"a", b"b, restated", b"c"]

    with pytest.raises(IncompleteError, match="no bill here in the days asked for"):
        Collected(Landing(bill.landing.root, "other"), bill.source, []).collect(
            until=date(2020, 1, 1)
        )


def test_a_month_that_left_the_bucket_leaves_force(aws: Aws, bill: Collected):
    """Its charges stay in the warehouse, as with any file that left (normalise/in_force.py)."""
    aws.put(delivery("2026-09", "a") | delivery("2026-10", "b"))
    bill.collect()
    aws.delete(*delivery("2026-09", "a"))

    bill.collect()

    assert list(bill.in_force().values()) == [b"b"]
    assert [file.scope for file in bill.landing.departed()] == [
        f"s3://{BUCKET}/{DATA}2026-09/acme-00001.csv"
    ]


def test_what_changes_between_list_and_download_is_looked_at_again(aws: Aws, bill: Collected):
    """The object is asked for by the ETag that was listed; the second look sees the new one."""
    aws.put(delivery("2026-10", "old"))
    key = f"{DATA}2026-10/acme-00001.csv"
    aws.before = _once(
        lambda call: call.is_download and call.path.endswith(key),
        lambda: aws.s3().put_object(Bucket=BUCKET, Key=key, Body="new"),
    )

    bill.collect()

    assert bill.in_force() == {key: b"new"}


def test_what_changes_at_every_look_stays_as_it_was(aws: Aws, bill: Collected):
    """The other month is landed, and the gap is told."""
    aws.put(delivery("2026-09", "a") | delivery("2026-10", "b", "c"))
    bill.collect()
    aws.put(delivery("2026-09", "a, restated") | delivery("2026-10", "b", "c, restated"))
    aws.faults.append(
        Fault(lambda call: call.path.endswith("2026-10/acme-00002.csv"), 412, "PreconditionFailed")
    )

    with pytest.raises(PartlyReadError, match="2026-10: it was rewritten while it was read"):
        bill.collect()

    assert list(bill.in_force().values()) == [b"a, restated", b"b", b"c"]


def test_an_object_larger_than_a_block_is_whole(aws: Aws, bill: Collected):
    """Five MiB and a bit, byte for byte."""
    content = bytes(range(256)) * 20_481
    aws.put({"focus/large.csv": content})

    bill.collect()

    assert bill.in_force() == {"focus/large.csv": content}


def test_a_download_that_breaks_off_goes_on_where_it_stopped(aws: Aws, bill: Collected):
    """Byte for byte, and what had arrived is not asked for again."""
    content = bytes(range(256)) * 9_000
    aws.put({"focus/large.csv": content})
    aws.breaks = 2

    bill.collect()

    assert bill.in_force() == {"focus/large.csv": content}
    assert len(aws.downloads) == 3


def test_a_download_that_always_breaks_off_is_explained(aws: Aws, bill: Collected):
    """Not without end."""
    aws.put({"focus/large.csv": bytes(range(256)) * 9_000})
    aws.breaks = 10**6

    with pytest.raises(IncompleteError) as caught:
        bill.collect()

    assert caught.value.what == "AWS cannot be reached (the connection broke)"
    assert len(aws.downloads) < 20


REFUSALS = [
    ("ExpiredToken", 400, "the AWS credentials have expired", "Sign in again"),
    ("AccessDenied", 403, "AWS denies ListObjectsV2", "quaestor permissions aws"),
    ("InvalidAccessKeyId", 403, "AWS does not know these credentials", "Check AWS_PROFILE"),
    ("InternalWhatever", 418, "AWS answers ListObjectsV2 with InternalWhatever (no)", "later"),
]


@pytest.mark.parametrize(("code", "status", "what", "fix"), REFUSALS)
def test_a_refusal_in_the_middle_of_paging_is_explained(
    aws: Aws, bill: Collected, code: str, status: int, what: str, fix: str
):
    """What is in force stays; the error names what, where and the remedy, and no secret."""
    aws.put(delivery("2026-09", "a"))
    bill.collect()
    aws.put({f"focus/acme/more/{n:04d}.csv": "x" for n in range(4)})
    aws.page = 2
    aws.faults.append(Fault(lambda call: call.is_listing, status, code, after=2))

    with pytest.raises(IncompleteError) as caught:
        bill.collect()

    assert what in caught.value.what
    assert caught.value.where == f"s3://{BUCKET}/focus/ (source aws)"
    assert fix in (caught.value.fix or "")
    assert "s3cr3t" not in caught.value.as_text()
    assert list(bill.in_force().values()) == [b"a"]


def test_what_had_arrived_when_the_credentials_expired_is_kept(aws: Aws, bill: Collected):
    """A look with new ones fetches the rest."""
    aws.put(delivery("2026-10", *(f"part {n}" for n in range(30))))
    parts = lambda call: call.is_download and "/data/" in call.path  # noqa: E731 - one condition
    aws.faults.append(Fault(parts, 400, "ExpiredToken", after=9))

    with pytest.raises(IncompleteError, match="the AWS credentials have expired"):
        bill.collect()
    assert bill.landing.current() is None
    arrived = [one for one in bill.landing.known().values() if "/data/" in one.scope]
    assert 0 < len(arrived) < 10
    aws.faults.clear()
    aws.calls.clear()
    bill.collect()

    assert len(bill.in_force()) == 30
    assert len(aws.downloads) == 30 - len(arrived)


def test_the_printed_policy_is_enough_and_no_more(aws: Aws, bill: Collected, monkeypatch):
    """Where IAM is enforced, its holder can collect this folder, and nothing else."""
    aws.put(delivery("2026-10", "a") | {"other/a.csv": "a"})
    iam = boto3.client("iam")
    iam.create_user(UserName="quaestor")
    iam.put_user_policy(
        UserName="quaestor",
        PolicyName="quaestor",
        PolicyDocument=aws_export.permissions(bill.source),
    )
    key = iam.create_access_key(UserName="quaestor")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    aws.post("/moto-api/reset-auth", 0)
    try:
        bill.collect()
        with pytest.raises(ClientError, match="AccessDenied"):
            aws.s3().get_object(Bucket=BUCKET, Key="other/a.csv")
        with pytest.raises(ClientError, match="AccessDenied"):
            aws.s3().delete_object(Bucket=BUCKET, Key=f"{DATA}2026-10/acme-00001.csv")
    finally:
        aws.post("/moto-api/reset-auth", 10**9)

    assert list(bill.in_force().values()) == [b"a"]


def test_downloads_begin_while_the_bucket_is_being_listed(aws: Aws, bill: Collected):
    """A legacy month is fetched as soon as the listing has left it."""
    months = {}
    for month in range(1, 9):
        root = f"focus/cur/2026{month:02d}01-2026{month + 1:02d}01/"
        months[f"{root}cur-1.csv.gz"] = str(month)
        months[f"{root}cur-Manifest.json"] = {"reportKeys": [f"{root}cur-1.csv.gz"]}
    aws.put(months)
    aws.page = 3

    bill.collect()

    assert len(bill.in_force()) == 8
    listings = [number for number, call in enumerate(aws.calls) if call.is_listing]
    downloads = [number for number, call in enumerate(aws.calls) if call.is_download]
    assert min(downloads) < max(listings)


def _once(meant, act):
    """Do something at the first call that is meant, and never again."""
    done: list[Call] = []

    def before(call: Call) -> None:
        if not done and meant(call):
            done.append(call)
            act()

    return before


def test_a_minute_of_throttling_is_outlasted(aws: Aws, bill: Collected, waits: list[float]):
    """Slow down, says S3; botocore does, and then goes on."""
    aws.put(delivery("2026-10", "a"))
    aws.faults.append(Fault(lambda call: sum(waits) < 60, 503, "SlowDown"))  # noqa: ARG005 - whoever calls

    bill.collect()

    assert list(bill.in_force().values()) == [b"a"]
    assert sum(waits) >= 60


def test_throttling_without_end_is_explained(aws: Aws, bill: Collected, monkeypatch):
    """How long we try is the user's to say, as for every program that uses boto3."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    aws.put(delivery("2026-10", "a"))
    aws.faults.append(Fault(lambda call: call.is_listing, 503, "SlowDown"))

    with pytest.raises(IncompleteError, match="asks us to slow down, even after many tries"):
        bill.collect()

    assert len(aws.calls) == 4  # two clients, each of which tried twice


def test_a_server_that_is_not_there_is_known_at_once(bill: Collected, waits: list[float]):
    """Patience is for who answers."""
    with pytest.raises(IncompleteError, match="AWS cannot be reached"):
        bill.collect(endpoint_url="http://127.0.0.1:1")

    assert len(waits) == aws_module.HASTY - 1


def test_a_bucket_in_another_region_is_told_with_its_name(aws: Aws, bill: Collected):
    """`region:` is what the redirect says."""
    aws.put(delivery("2026-10", "a"))
    headers = (("x-amz-bucket-region", "eu-west-1"),)
    aws.faults.append(
        Fault(lambda call: bool(call.method), 301, "PermanentRedirect", headers=headers)
    )

    with pytest.raises(IncompleteError) as caught:
        bill.collect()

    assert caught.value.as_text() == (
        "error: the bucket is in another region, eu-west-1\n"
        f"  in:  s3://{BUCKET}/focus/ (source aws)\n"
        "  fix: Set `region: eu-west-1` on the source."
    )


def test_a_bucket_that_is_not_there_is_told(bill: Collected):
    """So is one that is empty where we look."""
    with pytest.raises(IncompleteError, match="there is no such bucket"):
        bill.collect(bucket="acme-biling")


def test_an_empty_folder_is_no_free_month(aws: Aws, bill: Collected):
    """Nothing found is not nothing spent."""
    aws.put({"other/a.csv": "a"})

    with pytest.raises(IncompleteError) as caught:
        bill.collect()

    assert caught.value.as_text() == (
        "error: there is no bill here\n"
        f"  in:  s3://{BUCKET}/focus/ (source aws)\n"
        "  fix: Correct `bucket:`, `prefix:` or `since:`; .csv, .csv.gz and .parquet are read."
    )


def test_a_missing_profile_and_missing_credentials_are_told(bill: Collected, monkeypatch):
    """Before anything is asked."""
    with pytest.raises(QuaestorError, match="there is no AWS profile 'acme'"):
        bill.collect(profile="acme")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(IncompleteError, match="there are no AWS credentials"):
        bill.collect()
    with pytest.raises(IncompleteError, match="there are no AWS credentials"):
        bill.collect(role_arn="arn:aws:iam::222222222222:role/finops")


def test_a_server_that_is_down_is_told_without_its_address(bill: Collected, monkeypatch):
    """An address may hold a secret."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(IncompleteError) as caught:
        bill.collect(endpoint_url="http://ada:s3cr3t@127.0.0.1:1")

    assert caught.value.what == "AWS cannot be reached (no connection)"
    assert "s3cr3t" not in caught.value.as_text()
    with pytest.raises(QuaestorError, match="is no http:// or https:// address") as caught:
        bill.collect(endpoint_url="ada:s3cr3t@nowhere")
    assert "s3cr3t" not in caught.value.as_text()
    with pytest.raises(IncompleteError, match="Invalid bucket name"):
        bill.collect(bucket="no such/bucket")


def test_a_role_is_assumed(aws: Aws, bill: Collected):
    """What is there for the role's account is read with the role's credentials."""
    aws.put(delivery("2026-10", "a"))

    bill.collect(role_arn="arn:aws:iam::123456789012:role/finops", external_id="acme")

    assert list(bill.in_force().values()) == [b"a"]
    assert aws.calls[0].method == "POST"  # to STS


def test_a_run_that_was_killed_fetches_only_what_is_missing(aws: Aws, bill: Collected, tmp_path):
    """Killed with -9 in the middle of the downloads; what had arrived is not fetched again."""
    aws.put(delivery("2026-10", *(f"part {n}" for n in range(12))))
    slow = threading.Event()
    aws.before = lambda call: slow.wait(60) if call.path.endswith("acme-00012.csv") else None
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: aws, kind: aws-export, bucket: {BUCKET}, prefix: focus/}}]"
    )
    program = subprocess.Popen(
        [sys.executable, "-m", "quaestor", "collect", "--now", f"{NOW}"], cwd=tmp_path
    )
    journal = bill.landing.folder / "unfinished.jsonl"
    while not (
        journal.is_file() and journal.read_bytes().count(b"part") >= 0 and _lines(journal) > 11
    ):
        assert program.poll() is None, "it ended before it was killed"
        time.sleep(0.02)
    program.kill()
    program.wait()
    slow.set()
    aws.before = None
    assert bill.landing.current() is None
    aws.calls.clear()

    bill.collect()

    assert len(bill.in_force()) == 12
    assert aws.downloads == [f"{DATA}2026-10/acme-00012.csv"]


def _lines(journal: Path) -> int:
    return sum(1 for line in journal.read_bytes().splitlines() if line)


def test_doctor_says_how_much_is_there(aws: Aws, bill: Collected):
    """Files in force, their size, the months and how fresh they are; and what is wrong."""
    aws.put(delivery("2026-09", "a" * 1024**2) | delivery("2026-10", "b"))
    told = aws_export.doctor(bill.source, Config())
    assert re.fullmatch(
        r"2 files, 1\.0 MiB, 2026-09 to 2026-10, written 20\d\d-\d\d-\d\d \d\d:\d\d", told
    )
    assert not bill.landing.folder.exists()

    aws.delete(f"{DATA}2026-10/acme-00001.csv")
    with pytest.raises(PartlyReadError) as caught:
        aws_export.doctor(bill.source, Config())
    assert caught.value.read.startswith("1 file, 1.0 MiB, 2026-09, written")
    assert caught.value.what == (
        f"2026-10: it is half written: {DATA}2026-10/acme-00001.csv is listed and not there"
    )


def test_the_audit_of_an_export_gives_the_total_of_the_bill(
    aws: Aws, tmp_path: Path, monkeypatch, capsys
):
    """From S3 to the ledger, restated once: the sum is that of the delivery in force."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: aws, kind: aws-export, bucket: {BUCKET}, prefix: focus/}}]"
    )
    first = csv_text({"BilledCost": "1.6823086974"}, {"BilledCost": "-0.08"})
    aws.put(delivery("2026-10", first, execution="1"))
    sums = "select x_source, BillingPeriodStart, sum(BilledCost) from focus.charge group by all"

    assert run(["audit", "--now", f"{NOW}"]) in (0, 1)
    capsys.readouterr()
    assert run(["query", sums, "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith(",1.6023086974")

    aws.put(delivery("2026-10", csv_text({"BilledCost": "2.5"}), execution="2"))
    assert run(["audit", "--now", f"{NOW}"]) in (0, 1)
    capsys.readouterr()
    assert run(["query", sums, "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith(",2.5")


def test_a_legacy_report_and_the_names_of_its_accounts_make_one_bill(
    aws: Aws, tmp_path: Path, monkeypatch, capsys
):
    """A Savings Plan's fee, what it covers and its negation; and who the account is."""
    monkeypatch.chdir(tmp_path)
    organizations = boto3.Session().client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(AccountName="research", Email="r@acme.example")
    account = made["CreateAccountStatus"]["AccountId"]
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: aws, kind: aws-export, bucket: {BUCKET}, prefix: cur/}}, "
        "{name: org, kind: organizations}]"
    )
    covered = {"line_item_unblended_cost": "4", "savings_plan_savings_plan_effective_cost": "3"}
    kinds = {
        "Usage": {"line_item_unblended_cost": "1.5"},
        "SavingsPlanCoveredUsage": covered,
        "SavingsPlanNegation": {"line_item_unblended_cost": "-4"},
        "SavingsPlanRecurringFee": {
            "line_item_unblended_cost": "3",
            "savings_plan_total_commitment_to_date": "3",
            "savings_plan_used_commitment": "3",
        },
    }
    lines = [
        {"line_item_line_item_type": kind, "line_item_usage_account_id": account}
        | ({"savings_plan_savings_plan_a_r_n": PLAN} if "Plan" in kind else {})
        | line
        for kind, line in kinds.items()
    ]
    root = "cur/acme/20261001-20261101/"
    key = f"{root}20261102T000000Z/acme-1.csv.gz"
    manifest = {"reportKeys": [key]}
    aws.put(
        {key: gzip.compress(legacy_csv(*lines).encode()), f"{root}acme-Manifest.json": manifest}
    )

    assert run(["audit", "--now", f"{NOW}", "--on-missing", "warn"]) in (0, 1)
    capsys.readouterr()
    sums = "select SubAccountName, sum(BilledCost), sum(EffectiveCost) from focus.charge group by 1"
    assert run(["query", sums, "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["research,4.5,4.5"]


def test_the_command_line_asks_for_some_days(aws: Aws, tmp_path: Path, monkeypatch):
    """--since and --until for one look, whatever the configuration says."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: aws, kind: aws-export, bucket: {BUCKET}, since: 2026-10-01}}]"
    )
    aws.put(delivery("2026-08", "a") | delivery("2026-09", "b") | delivery("2026-10", "c"))

    assert run(["collect", "--since", "2026-09-30", "--until", "2026-09-30"]) == 0

    assert aws.downloads == [f"{TOLD}2026-09/acme-Manifest.json", f"{DATA}2026-09/acme-00001.csv"]


def test_a_gap_is_a_blind_spot_of_its_own(aws: Aws, tmp_path: Path, monkeypatch, capsys):
    """Exit code 3, with the month and the remedy."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: aws, kind: aws-export, bucket: {BUCKET}, prefix: focus/}}]"
    )
    broken = delivery("2026-10", "b")
    broken.popitem()
    aws.put(delivery("2026-09", csv_text({})) | broken)

    assert run(["collect", "--now", f"{NOW}"]) == 3
    assert run(["build", "--now", f"{NOW}"]) == 3
    said = capsys.readouterr().err
    assert (
        f"blind spot: aws, s3://{BUCKET}/focus/acme, 2026-10: "
        "it is half written: its manifest is missing" in said
    )


@pytest.mark.parametrize("prefix", ["focus/", "focus", ""])
def test_the_policy_is_for_this_folder_alone(prefix: str):
    """Two actions, no wildcard among them, on one bucket and one folder of it."""
    source = AwsExportSource(name="aws", bucket=BUCKET, prefix=prefix)
    folder = "focus/" if prefix else ""

    policy = json.loads(aws_export.permissions(source))

    assert [(one["Action"], one["Resource"]) for one in policy["Statement"]] == [
        ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}"),
        ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/{folder}*"),
    ]
    condition = policy["Statement"][0].get("Condition")
    assert condition == ({"StringLike": {"s3:prefix": "focus/*"}} if folder else None)
