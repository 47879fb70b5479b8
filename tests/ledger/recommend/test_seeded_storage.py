"""Seeded estates of folders and volumes: what is orphaned is found, and that alone."""

from __future__ import annotations

import random  # noqa: TID251 - an estate made up, from a seed
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from builders.advice import PRESENT, advised
from builders.ledgers import a_warehouse
from builders.rows import insert_all
from builders.storage import OLD, SEEN, STORE
from quaestor.warehouse.duckdb import Warehouse

RECALL, PRECISION = 0.99, 0.95  # what is asked of a find on a seeded estate, at least
MODELS = ("churn", "fraud eu", "rank+v2", "llm")
Row = dict[str, Any]
# How somebody may spell the address of a folder, or of something in it.
SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda path: f"{STORE}/{path}",
    lambda path: f"{STORE}/{path}/",
    lambda path: f"s3a://acme-models/{path}",
    lambda path: f"s3n://acme-models//{path}/",
    lambda path: f"{STORE}/{quote(path)}",
    lambda path: f"{STORE}/{path}/data/model.safetensors",
    lambda path: f"https://acme-models.s3.eu-west-1.amazonaws.com/{quote(path)}/model.tar.gz",
    lambda path: f"arn:aws:s3:::acme-models/{path}",
    lambda path: f"dbfs:/mnt/models/{path}/model",
    lambda path: f"mlflow-artifacts:/{path}/artifacts",
)


class Estate:
    """Folders and what refers to them, and which of them are orphaned."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - no secret is made of it
        self.folders: list[Row] = []
        self.versions: list[Row] = []
        self.runs: list[Row] = []
        self.orphans: set[str] = set()

    def folder(
        self, path: str, *, store: str = STORE, orphan: bool = False, **columns: Any
    ) -> None:
        """Put a folder down, untouched for one to 700 days beyond the limit unless told."""
        touched = OLD - timedelta(days=self.chance.randrange(300))
        row: Row = {
            "source": "s3",
            "store": store,
            "folder": path,
            "objects": self.chance.randrange(1, 50),
            "size_gib": self.chance.uniform(0.1, 300),
            "storage_class": self.chance.choice(("STANDARD", "STANDARD_IA", "GLACIER_IR")),
            "last_modified_at": touched,
            "model_objects": self.chance.randrange(1, 4),
            "seen_at": SEEN,
        }
        self.folders.append({**row, **columns})
        if orphan:
            self.orphans.add(f"{store}/{path}")

    def name(self) -> str:
        """A name that nothing else has."""
        return f"{self.chance.getrandbits(128):032x}"

    def version(self, number: int, uri: str | None, **columns: Any) -> None:
        row = {"source": "mlflow", "model": "m", "version": str(number), "lifecycle": "staging"}
        self.versions.append({**row, "artifact_uri": uri, **columns})

    def fill(self) -> None:
        """Referred to in every spelling, runs, new ones, other teams, and orphans of each kind."""
        for number in range(200):
            path = f"{MODELS[number % 4]}/{number}"
            self.folder(path)
            self.version(number, SPELLINGS[number % len(SPELLINGS)](path))
        for number in range(80):  # what a run wrote beside its model, and its own parameters
            run = self.name()
            self.folder(f"mlflow/{number % 5}/{run}/artifacts/checkpoints/{number}")
            uri = f"runs:/{run}/model" if number % 2 else f"{STORE}/params/{number}"
            self.runs.append({"source": "mlflow", "run_id": run, "params": f'{{"out":"{uri}"}}'})
            if not number % 2:
                self.folder(f"params/{number}/shards")
        for number in range(60):
            fresh = SEEN - timedelta(days=self.chance.randrange(30))
            self.folder(f"{MODELS[number % 4]}/new-{number}", last_modified_at=fresh)
            self.folder(f"{MODELS[number % 4]}/read-{number}", last_read_at=fresh)
            self.folder(f"team-{number}/checkpoints", store="s3://other-team")
            self.folder(f"lake/events/{number}", model_objects=0)
        for number in range(150):
            self.folder(f"{MODELS[number % 4]}/{1000 + number}", orphan=True)
            self.folder(f"mlflow/{number % 5}/{self.name()}/artifacts/model", orphan=True)
            self.folder(f"checkpoints/exp {number}/epoch-{number}", orphan=True)
        self.chance.shuffle(self.folders)

    def warehouse(self) -> Warehouse:
        """All of it, loaded."""
        warehouse = a_warehouse()
        insert_all(warehouse, "usage.stored_folder", self.folders)
        insert_all(warehouse, "registry.model_version", self.versions)
        insert_all(warehouse, "registry.run", self.runs)
        return warehouse


def scores(found: set[str], planted: set[str]) -> tuple[float, float]:
    """Return recall and precision."""
    return len(found & planted) / len(planted), len(found & planted) / len(found)


def test_orphaned_folders_are_found_and_no_others():
    """Among 900, however what refers to the others is spelt; another team's are left to it."""
    estate = Estate(seed=7)
    estate.fill()
    rows = advised(estate.warehouse(), "orphan_artifact").values()
    recall, precision = scores(
        {str(row["name"]) for row in rows if row["answer"] == "advise"}, estate.orphans
    )

    assert len(rows) == len(estate.folders), "every folder has an answer"
    assert recall >= RECALL
    assert precision >= PRECISION


def test_unattached_volumes_are_found_and_no_others():
    """Among 600 discs and volumes of three clusters, some of them the same thing."""
    chance = random.Random(11)  # noqa: S311 - no secret is made of it
    disks: list[Row] = []
    volumes: list[Row] = []
    looks: list[Row] = []
    planted: set[str] = set()

    def age(days: int) -> datetime:
        return PRESENT - timedelta(days=days)

    for number in range(300):
        kind = ("lost", "used", "new", "unknown", "cluster")[number % 5]
        name = f"vol-{number:x}"
        attached = {"lost": False, "used": True, "new": False, "unknown": None, "cluster": False}
        disk = {"source": "aws", "disk": name, "resource_id": name, "seen_at": PRESENT}
        disk |= {"is_attached": attached[kind], "size_gib": float(chance.randrange(1, 900))}
        disks.append({**disk, "created_at": age(0 if kind == "new" else chance.randrange(2, 400))})
        if kind == "lost":
            planted.add(f"disk/aws/{name}")
        if kind == "cluster":
            row = {"source": "k8s", "cluster": "c0", "volume": f"pv-{number}", "phase": "Bound"}
            row |= {"provider_id": name, "pods": ["p"], "created_at": age(9), "seen_at": PRESENT}
            volumes.append(row)
    for number in range(300):
        kind = ("released", "idle", "mounted", "silent", "young", "nightly")[number % 6]
        name = f"pv-{kind}-{number}"
        row = {"source": "k8s", "cluster": f"c{number % 3}", "volume": name, "namespace": "ml"}
        row |= {"claim": f"claim-{number}", "created_at": age(0 if kind == "young" else 30)}
        row |= {"phase": "Released" if kind in ("released", "young") else "Bound"}
        row |= {"pods": {"mounted": ["p"], "silent": None}.get(kind, []), "seen_at": PRESENT}
        volumes.append(row)
        for days in range(chance.randrange(4, 20)) if kind in ("idle", "nightly") else ():
            look = {"source": "k8s", "thing": f"volume/c{number % 3}/{name}", "look": age(days)}
            is_unused = kind == "idle" or days not in (1, 2, 3)
            looks.append({**look, "seen_at": age(days), "is_unused": is_unused})
        if kind in ("released", "idle"):
            planted.add(f"volume/k8s/c{number % 3}/{name}")
    warehouse = a_warehouse()
    insert_all(warehouse, "usage.disk", disks)
    insert_all(warehouse, "usage.volume", volumes)
    insert_all(warehouse, "usage.look", looks)
    rows = advised(warehouse, "unattached_volume")
    found = {subject for subject, row in rows.items() if row["answer"] == "advise"}
    recall, precision = scores(found, planted)

    assert len(rows) == len(disks) + len(volumes)
    assert recall >= RECALL
    assert precision >= PRECISION
