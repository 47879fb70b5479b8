"""Landed files: written once, in force by manifest, and never half."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

from quaestor.collect import files
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, FilesSource
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.landed import Attempt, Gap

NOW = datetime(2026, 11, 21, 6)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """The landing folder of a source, empty."""
    return Landing(tmp_path / "landing", "bill")


def test_the_same_bytes_are_landed_once(landing: Landing):
    """The name tells the hash, and a second landing adds nothing."""
    first = landing.land_bytes(b"abc", "a.csv", "a.csv")
    second = landing.land_bytes(b"abc", "a.csv", "a.csv")

    assert first == second
    assert first.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert [path.name for path in (landing.folder / "files").iterdir()] == [
        f"{first.sha256[:16]}-a.csv"
    ]


def test_a_file_that_cannot_be_read_is_named(landing: Landing, tmp_path: Path):
    """It went away between the look and the copy, or is not ours to read: never a traceback."""
    gone = tmp_path / "gone.csv"

    with pytest.raises(IncompleteError) as caught:
        landing.land_file(gone, scope="gone.csv")

    assert caught.value.as_text() == (
        "error: cannot be read (No such file or directory)\n"
        f"  in:  {gone} (source bill)\n"
        "  fix: Check that it is still there, and its permissions."
    )


def test_a_manifest_is_written_only_when_something_changed(landing: Landing):
    """The newest one is in force, the older ones stay as history."""
    one = landing.land_bytes(b"1", "a.csv", "a.csv")
    two = landing.land_bytes(b"2", "a.csv", "a.csv")
    for landed in ([one], [one], [two]):
        landing.snapshot(landed, kind="files", schema="focus", now=NOW)
    manifest = landing.current()

    assert sorted(path.name for path in (landing.folder / "manifests").iterdir()) == [
        "000001.json",
        "000002.json",
    ]
    assert manifest
    assert manifest.files == (two,)


def test_a_damaged_manifest_is_said_and_not_guessed(landing: Landing):
    """With what to do about it."""
    landing.snapshot([landing.land_bytes(b"1", "a", "a")], kind="files", schema="focus", now=NOW)
    (landing.folder / "manifests" / "000001.json").write_text('{"source": ')
    with pytest.raises(IncompleteError) as caught:
        landing.current()

    assert "the manifest is damaged" in caught.value.what
    assert "Delete it" in str(caught.value.fix)


@pytest.mark.parametrize(
    "name", ["1-copy.json", "copy.json", "12.json", "000002 (1).json", "³.json"]
)
def test_a_stray_file_beside_the_manifests_is_none(landing: Landing, name: str):
    """Only six digits make one: a copy somebody made is not in force."""
    landed = landing.land_bytes(b"1", "a", "a")
    landing.snapshot([landed], kind="files", schema="focus", now=NOW)
    (landing.folder / "manifests" / name).write_text("stray")

    assert landing.snapshot([landed], kind="files", schema="focus", now=NOW) == landing.current()


@pytest.mark.parametrize(
    "text", ['{"attempted_at": "2026-', "", "[]", '{"attempted_at": 7}', "\xff"]
)
def test_a_damaged_attempt_reads_as_a_look_that_failed(landing: Landing, text: str):
    """It is a blind spot until the next collect writes it anew; never a traceback."""
    landing.record(NOW, None)
    path = landing.folder / "attempt.json"
    path.write_bytes(text.encode("latin-1"))
    damaged = landing.last_attempt()
    landing.record(NOW, None)

    assert damaged
    assert damaged.succeeded_at is None
    assert "what was written about it is damaged" in str(damaged.error)
    assert (damaged.where, "quaestor collect" in str(damaged.fix)) == (str(path), True)
    assert landing.last_attempt() == Attempt(attempted_at=NOW, succeeded_at=NOW)


def test_a_look_that_fails_after_a_damaged_attempt_is_recorded(landing: Landing):
    """When all was last well is not known then."""
    landing.folder.mkdir(parents=True)
    (landing.folder / "attempt.json").write_text("{")
    landing.record(NOW, IncompleteError("gone"))

    assert landing.last_attempt() == Attempt(attempted_at=NOW, error="gone")


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("b" * 240 + ".csv", "b" * 196, ".csv"),
        ("ü" * 110 + ".csv.gz", "ü" * 96, ".csv.gz"),
        ("x." + "y" * 240, "x.yyy", "y"),
        ("short.csv", "short", ".csv"),
    ],
)
def test_a_long_name_is_shortened_and_keeps_its_suffix(
    landing: Landing, tmp_path: Path, name: str, start: str, end: str
):
    """File systems take 255 bytes, and the hash stands before the name; the scope stays whole."""
    (tmp_path / name).write_bytes(b"1")
    landed = landing.land_file(tmp_path / name, scope=name)
    kept = Path(landed.path).name.partition("-")[2]

    assert landed.scope == name
    assert (landing.root / landed.path).read_bytes() == b"1"
    assert kept.startswith(start)
    assert kept.endswith(end)
    assert len(kept.encode()) <= 200


def test_a_name_that_is_no_utf_8_can_be_landed(landing: Landing):
    """Its odd bytes are shown as such; the manifest can hold it."""
    landed = landing.land_bytes(b"1", "b\udcff.csv", "b\udcff.csv")
    landing.snapshot([landed], kind="files", schema="focus", now=NOW)

    assert landing.current()
    assert landed.scope == "b\N{REPLACEMENT CHARACTER}.csv"


def test_what_a_killed_run_left_behind_is_cleared_up_after_a_day(landing: Landing):
    """Not before: another run may be writing it."""
    landed = landing.land_bytes(b"1", "a.csv", "a.csv")
    old, young = (landing.folder / "files" / name for name in (".1.part", ".2.part"))
    for path, age in ((old, 2 * 86_400), (young, 60)):
        path.write_text("half")
        os.utime(path, (NOW_SECONDS - age, NOW_SECONDS - age))
    landing.snapshot([landed], kind="files", schema="focus", now=NOW)

    assert (old.exists(), young.exists()) == (False, True)


NOW_SECONDS = 1_795_240_800  # 2026-11-21T06:00:00Z


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("bills", ["bills/a.csv", "bills/deep/b.parquet"]),
        ("bills/", ["bills/a.csv", "bills/deep/b.parquet"]),
        ("bills/a.csv", ["bills/a.csv"]),
        ("bills/*.csv", ["bills/a.csv"]),
        ("bills/**/*.parquet", ["bills/deep/b.parquet"]),
        ("bills/notes.txt", ["bills/notes.txt"]),
    ],
)
def test_a_path_is_a_file_a_folder_or_a_glob(tmp_path: Path, path: str, names: list[str]):
    """A folder gives what looks like a bill; a file asked for by name is taken as it is."""
    for name in ("bills/a.csv", "bills/notes.txt", "bills/deep/b.parquet", "bills/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    config = Config(base=str(tmp_path))
    found = files.found(FilesSource(name="bill", path=path), config)

    assert [found_path.relative_to(tmp_path).as_posix() for found_path in found] == names


def test_a_path_without_files_is_said_with_what_was_looked_for(tmp_path: Path):
    """An empty folder is no clean bill."""
    (tmp_path / "bills").mkdir()
    with pytest.raises(IncompleteError) as caught:
        files.found(FilesSource(name="bill", path="bills"), Config(base=str(tmp_path)))

    assert caught.value.what == "no file found"
    assert ".csv, .csv.gz, .parquet" in str(caught.value.fix)


def names_found(folder: Path, path: str = "bills") -> list[str]:
    """What a source of that path takes, from the folder on."""
    found = files.found(FilesSource(name="bill", path=path), Config(base=str(folder)))
    return [str(one.relative_to(folder)) for one in found]


def a_file(path: Path, content: str = "x") -> Path:
    """A file at that place, with the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_suffixes_are_compared_without_regard_to_case(tmp_path: Path):
    """An exporter that writes B.CSV is read like any other, and `.parq` is Parquet."""
    for name in ("a.csv", "B.CSV", "D.CSV.GZ", "E.Parquet", "f.parq", "G.PARQ", "h.txt"):
        a_file(tmp_path / "bills" / name)

    assert names_found(tmp_path) == [
        f"bills/{name}" for name in ("B.CSV", "D.CSV.GZ", "E.Parquet", "G.PARQ", "a.csv", "f.parq")
    ]


def test_a_folder_reached_by_a_link_is_searched_once(tmp_path: Path):
    """Whether the path itself is a link or a folder below it; what lies there twice is one."""
    a_file(tmp_path / "elsewhere" / "deep" / "b.csv")
    a_file(tmp_path / "bills" / "own" / "a.csv")
    for link, target in (
        ("bills/linked", "elsewhere"),
        ("bills/again", "elsewhere/deep"),
        ("bills/early", "bills/own"),
        ("bills/own/up", "bills"),
        ("bills/own/out", "."),
        ("elsewhere/deep/back", "elsewhere"),
        ("all", "bills"),
    ):
        (tmp_path / link).symlink_to(tmp_path / target, target_is_directory=True)

    assert names_found(tmp_path) == ["bills/again/b.csv", "bills/own/a.csv"]
    assert names_found(tmp_path, "all") == ["all/again/b.csv", "all/own/a.csv"]


def test_doctor_names_what_looks_like_data_and_is_not_read(tmp_path: Path):
    """A folder of ten workbooks and one bill is not one bill; a read-me is no data."""
    for name in ("a.csv", "b.XLSX", "c.xlsx", "d.tsv", "e.zip", "f.csv.bz2", "README.md", "run.sh"):
        a_file(tmp_path / "bills" / name)
    config = Config(base=str(tmp_path))

    assert files.doctor(FilesSource(name="bill", path="bills"), config) == (
        "1 file, 1 byte; not read: 1 .bz2, 1 .tsv, 2 .xlsx, 1 .zip"
    )
    assert files.doctor(FilesSource(name="bill", path="bills/*.csv"), config) == "1 file, 1 byte"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody who may not read")
def test_a_folder_that_may_not_be_read_is_said():
    """Skipping it in silence would make its money vanish."""
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    (top / "closed").mkdir(mode=0o700)
    (top / "a.csv").write_text("x")
    os.seteuid(65534)
    try:
        with pytest.raises(IncompleteError) as caught:
            files.found(FilesSource(name="bill", path=str(top)), Config())
    finally:
        os.seteuid(0)
        shutil.rmtree(top)

    assert caught.value.what == "a folder cannot be read (Permission denied)"
    assert str(caught.value.where).endswith("closed")


def test_a_part_that_could_not_be_read_is_remembered_as_such(landing: Landing):
    """The build tells each gap by itself; the last time that all was well stays."""
    gap = Gap(scope="s3://acme/focus", period="2026-10", reason="it is half written", fix="Wait.")
    landing.record(NOW, None)

    landing.record(datetime(2026, 11, 22), PartlyReadError([gap], where="source bill"))

    assert landing.last_attempt() == Attempt(
        attempted_at=datetime(2026, 11, 22),
        succeeded_at=NOW,
        error="2026-10: it is half written",
        where="source bill",
        fix="Wait.",
        gaps=(gap,),
    )


def test_what_was_fetched_is_known_until_it_is_damaged(landing: Landing):
    """In force, beside what is in force, or of a look that was cut short, even mid-line."""
    bill = landing.land_blocks([b"a"], "a.csv", "s3://acme/a.csv", "v1")
    beside = landing.land_blocks([b"{}"], "m.json", "s3://acme/m.json", "v1")
    landing.snapshot([bill], kind="aws-export", schema="bill", now=NOW, beside=[beside])
    (landing.folder / "unfinished.jsonl").write_bytes(b'{"scope":"s3://ac')
    cut = landing.land_blocks([b"b"], "b.csv", "s3://acme/b.csv", "v1")

    assert set(landing.known().values()) == {bill, beside, cut}
    (landing.root / cut.path).write_bytes(b"")
    (landing.root / bill.path).unlink()
    assert set(landing.known().values()) == {beside}


def test_earlier_looks_say_what_was_there_when(landing: Landing):
    """Of each quarter of a day the last; of what is in force each later day it was found so."""
    for day, hour, text in ((1, 0, "a"), (1, 3, "b"), (1, 9, "c"), (2, 9, "d")):
        at = datetime(2026, 11, day, hour)
        file = landing.land_bytes(text.encode(), "pods.jsonl", "prod/pods")
        landing.snapshot([file], kind="kubernetes", schema="kubernetes", now=at)
        landing.record(at, None)
    for day, hour in ((2, 20), (3, 1), (3, 2), (5, 1)):
        landing.record(datetime(2026, 11, day, hour), None)
    landing.record(datetime(2026, 11, 6), IncompleteError("gone", where="x", fix="y"))

    assert [(at.day, at.hour, (landing.root / found.files[0].path).read_text())
            for at, found in landing.looks()] == [
        (5, 1, "d"), (3, 1, "d"), (2, 9, "d"), (1, 9, "c"), (1, 3, "b"),
    ]  # fmt: skip


def test_looks_of_more_than_a_month_ago_say_nothing(landing: Landing):
    """They are not read again; the days of a new answer are counted from its first."""
    for at, text in ((datetime(2026, 9, 1), "a"), (datetime(2026, 11, 1), "b")):
        file = landing.land_bytes(text.encode(), "pods.jsonl", "prod/pods")
        landing.snapshot([file], kind="kubernetes", schema="kubernetes", now=at)
        landing.record(at, None)

    assert [at for at, _ in landing.looks()] == [datetime(2026, 11, 1)]
