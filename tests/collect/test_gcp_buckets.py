"""Exported bills in Cloud Storage, as an emulator serves them to Google's own client."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from builders import gcp as party
from builders.gcp import Doorman
from quaestor.collect import gcp, gcp_export
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import IncompleteError
from quaestor.core.sources import GcpExportSource

pytestmark = pytest.mark.real
NOW = datetime(2126, 11, 21, 6)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[party.Server]:
    """The emulator; each test makes a bucket of its own in it."""
    server = party.storage(tmp_path_factory.mktemp("storage"))
    server.start()
    yield server
    server.stop()


@dataclass
class Bucket:
    """A bucket of exports, the source that reads it, and its landing folder."""

    doorman: Doorman
    bucket: Any
    landing: Landing
    said: list[str] = field(default_factory=list)

    def put(self, contents: dict[str, str]) -> None:
        """Write objects."""
        for name, content in contents.items():
            self.bucket.blob(name).upload_from_string(content)

    def source(self, **changes: Any) -> GcpExportSource:
        """The source, as quaestor.yaml would say it."""
        source = GcpExportSource(
            name="gcp", bucket=self.bucket.name, prefix="focus/", endpoint=self.doorman.url
        )
        return msgspec.structs.replace(source, **changes)

    def collect(self, **changes: Any) -> None:
        """Look at the source as the pipeline does."""
        self.doorman.calls.clear()
        source = self.source(**changes)
        gcp_export.collect(source, Config(), self.landing, now=NOW, progress=self.said.append)

    def in_force(self) -> dict[str, str]:
        """What is in force: its place in the bucket, and its text."""
        manifest = self.landing.current()
        return {
            file.scope.removeprefix(f"gs://{self.bucket.name}/"): (
                self.landing.root / file.path
            ).read_text()
            for file in (manifest.files if manifest else ())
        }

    @property
    def downloads(self) -> int:
        """How many objects were asked for, since the look began."""
        return sum("alt=media" in call.path for call in self.doorman.calls)


@pytest.fixture
def exports(
    tmp_path: Path, emulator: party.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bucket]:
    """A bucket with nothing in it; nobody waits long for a fault."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    monkeypatch.setattr(gcp, "PATIENCE", 3.0)
    doorman = Doorman(emulator.port).start()
    client = storage.Client(
        project="p",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": f"http://127.0.0.1:{emulator.port}"},
    )
    bucket = client.create_bucket(f"focus-{uuid.uuid4().hex[:12]}")
    yield Bucket(doorman, bucket, Landing(tmp_path / "landing", "gcp"))
    doorman.stop()


def test_bills_below_the_prefix_land_as_they_are(exports: Bucket):
    """CSV, JSON lines and Parquet below the prefix, byte by byte; other files are left."""
    exports.put(
        {
            "focus/a.csv": "x\n1\n",
            "focus/2026-10/b.jsonl": "{}\n",
            "other/c.csv": "",
            "focus/_SUCCESS": "",
        }
    )
    exports.collect()
    assert exports.in_force() == {"focus/a.csv": "x\n1\n", "focus/2026-10/b.jsonl": "{}\n"}
    assert exports.said[0] == "gcp: 2 files, 2 new or changed, 7 bytes to fetch"


def test_days_asked_for_leave_out_files_of_other_months(exports: Bucket):
    """Where the name tells the month; what is landed of the others stays; the rest is said."""
    names = ("2026-09/a.csv", "year=2026/month=10/b.csv", "bill-20261105.csv", "some.csv")
    exports.put({f"focus/{name}": f"x\n{name}\n" for name in names})
    october = {"since": date(2026, 10, 1), "until": date(2026, 10, 31)}
    exports.collect(**october)
    assert sorted(exports.in_force()) == ["focus/some.csv", "focus/year=2026/month=10/b.csv"]
    assert exports.said[0] == (
        "gcp: 1 file whose name tells no month: read whatever `since` and `until` say"
    )
    exports.collect()
    assert len(exports.in_force()) == 4
    exports.put({"focus/2026-09/a.csv": "x\nnew\n"})
    exports.collect(**october)

    assert exports.in_force()["focus/2026-09/a.csv"] == "x\n2026-09/a.csv\n"
    assert len(exports.in_force()) == 4


def test_a_second_look_downloads_nothing(exports: Bucket):
    """One list tells that every generation is landed."""
    exports.put({"focus/a.csv": "x\n1\n", "focus/b.csv": "x\n2\n"})
    exports.collect()
    assert exports.downloads == 2
    exports.collect()
    assert sum("/o?" in call.path for call in exports.doorman.calls) == 1
    assert exports.downloads == 0


def test_an_object_that_was_overwritten_is_fetched_again(exports: Bucket):
    """A new generation takes the place of the old one; the other file is kept."""
    exports.put({"focus/a.csv": "x\n1\n", "focus/b.csv": "x\n2\n"})
    exports.collect()
    exports.put({"focus/a.csv": "x\n3\n"})
    exports.collect()
    assert exports.downloads == 1
    assert exports.in_force() == {"focus/a.csv": "x\n3\n", "focus/b.csv": "x\n2\n"}


def test_a_download_that_is_damaged_is_not_landed(exports: Bucket):
    """What arrives is held to the check sum that Cloud Storage keeps."""
    exports.put({"focus/a.csv": "x\n1\n"})
    exports.doorman.change = lambda call, answer: (
        answer.replace(b"1", b"7") if "alt=media" in call.path else answer
    )
    with pytest.raises(IncompleteError) as caught:
        exports.collect()
    assert caught.value.what == "what arrives is not what is stored: its check sum differs"
    assert exports.landing.current() is None


def test_a_bucket_without_access_or_bill_is_said(exports: Bucket):
    """Denied, missing, empty: each its sentence, and what is to be done."""
    said = {}
    exports.doorman.fault(403, "forbidden", "no storage.objects.list", when=lambda _: True)
    with pytest.raises(IncompleteError) as caught:
        exports.collect()
    said["denied"] = caught.value.what
    exports.doorman.instead = lambda _: None
    for name, changes in {"empty": {}, "missing": {"bucket": "no-such-bucket"}}.items():
        with pytest.raises(IncompleteError) as caught:
            exports.collect(**changes)
        said[name] = caught.value.what
    assert said["denied"] == "Google Cloud denies it (no storage.objects.list)"
    assert said["empty"] == "there is no bill here"
    assert said["missing"].startswith("there is nothing at this place")


def test_doctor_and_permissions(exports: Bucket):
    """How many files, how much; and two permissions, no more."""
    exports.put({"focus/a.csv": "x\n1\n"})
    assert gcp_export.doctor(exports.source(), Config()).startswith("1 file, 4 bytes, written ")
    told = gcp_export.permissions(exports.source())
    granted = [line[2:] for line in told.splitlines() if line.startswith("- ")]
    assert granted == ["storage.objects.get", "storage.objects.list"]
