"""What a finding rests on: rows by its subject's name, when they were read, landed files."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from builders.rows import insert
from quaestor.core.finding import Finding, fingerprint_of
from quaestor.core.landed import LandedFile
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.explain import bases_of, explain
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.state import note_landed, remember

AT = "2026-11-21T06:00:00"
SEEN = "2026-11-20"


@pytest.fixture
def warehouse(tmp_path):
    """An empty warehouse."""
    with Warehouse(tmp_path / "quaestor.duckdb") as opened:
        yield opened


def read(warehouse, source, *scopes):
    """A source was read and these files of it landed."""
    remember(warehouse, f"collected_at:{source}", AT)
    files = [
        LandedFile(scope=scope, path=f"{source}/{n}", sha256=f"{n:02d}" * 32, size=7)
        for n, scope in enumerate(scopes)
    ]
    note_landed(warehouse, source, files)


def a_finding(subject, *, family="deployment", source=None, model=None, **evidence):
    return Finding(
        policy="p",
        title="The rule, kept",
        family=family,
        source=source,
        subject=subject,
        model=model,
        severity=Severity.HIGH,
        verdict=Verdict.FAIL,
        reason="it is not kept",
        at_stake_per_month=None,
        evidence=evidence,
        blocking=True,
        fingerprint=fingerprint_of("p", source, subject),
        remedy="Mend it.",
        why="It matters.",
    )


def basis(warehouse, finding):
    """What one finding rests on."""
    return bases_of(warehouse, [finding])[finding.fingerprint]


# Table, row, the subject's name as policies make it, and what of the row says which one it is.
ROWS = {
    "deployment": (
        "registry.deployment",
        {"deployment": "api", "model": "churn", "public_access": True, "tags": "{}"},
        "api",
        {"deployment": "api", "model": "churn"},
    ),
    "dataset": (
        "registry.dataset",
        {"run_id": "r1", "dataset": "clients", "digest": "d1", "license": "MIT", "owner": "o"},
        "clients",
        {"dataset": "clients", "run_id": "r1", "digest": "d1"},
    ),
    "a dataset that a policy names so": (
        "registry.dataset",
        {"run_id": "r1", "dataset": "clients", "source_uri": "s3://u:p@h"},
        "dataset clients",
        {"dataset": "clients", "run_id": "r1"},
    ),
    "store": (
        "registry.store",
        {"store": "s3://bucket", "encrypted": False},
        "s3://bucket",
        {"store": "s3://bucket"},
    ),
    "waiver": (
        "registry.waiver",
        {"waiver": "W-1", "policy": "p", "subject": "api", "reason": "because"},
        "W-1",
        {"waiver": "W-1", "policy": "p", "subject": "api"},
    ),
    "run": (
        "registry.run",
        {"run_id": "r1", "status": "FINISHED", "params": '{"password": "x"}'},
        "r1",
        {"run_id": "r1", "status": "FINISHED"},
    ),
    "a run that a policy names so": (
        "registry.run",
        {"run_id": "r1", "params": '{"password": "x"}'},
        "run r1",
        {"run_id": "r1"},
    ),
    "grant": (
        "registry.grant",
        {"subject": "churn", "principal": "user:a", "right": "promote"},
        "churn user:a promote",
        {"subject": "churn", "principal": "user:a", "right": "promote"},
    ),
    "whoever has grants": (
        "registry.grant",
        {"subject": "churn", "principal": "user:a", "right": "promote"},
        "churn user:a",
        {"subject": "churn", "principal": "user:a", "right": "promote"},
    ),
    "endpoint": (
        "usage.endpoint",
        {"endpoint": "api", "model": "churn", "instances": 2, "seen_at": SEEN},
        "api",
        {"endpoint": "api", "model": "churn", "seen_at": f"{SEEN} 00:00:00"},
    ),
    "job": (
        "usage.gpu_job",
        {"job": "j-1", "state": "running", "time_limit_hours": 3.5, "labels": "{}"},
        "j-1",
        {"job": "j-1", "state": "running"},
    ),
    "pod": (
        "usage.pod",
        {"cluster": "prod", "namespace": "ml", "pod": "nb-0", "gpu_request": 1, "seen_at": SEEN},
        "prod/ml/nb-0",
        {"cluster": "prod", "namespace": "ml", "pod": "nb-0", "seen_at": f"{SEEN} 00:00:00"},
    ),
    "node": (
        "usage.node",
        {"cluster": "prod", "node": "n1", "gpus": 4, "seen_at": SEEN},
        "prod/n1",
        {"cluster": "prod", "node": "n1", "seen_at": f"{SEEN} 00:00:00"},
    ),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_finding_shows_the_row_with_its_key_its_source_and_its_file(warehouse, kind):
    """Of every kind of subject; what no evidence names is not shown, be it a secret."""
    table, row, subject, key = ROWS[kind]
    insert(warehouse, table, source="outside", **row)
    read(warehouse, "outside", "export.json")

    found = basis(warehouse, a_finding(subject, source="outside"))

    assert found.registered == ({"table": table, "source": "outside", **key},)
    assert found.collected_at == datetime(2026, 11, 21, 6)
    assert found.files == (
        {
            "source": "outside",
            "scope": "export.json",
            "file": "outside/0",
            "sha256": "00" * 32,
            "charges": None,
        },
    )


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("deployment", "public_access", True),
        ("dataset", "license", "MIT"),
        ("store", "encrypted", False),
        ("waiver", "reason", "because"),
        ("endpoint", "instances", 2),
        ("job", "time_limit_hours", Decimal("3.5")),
        ("pod", "gpu_request", 1),
    ],
)
def test_the_columns_that_the_evidence_names_are_shown(warehouse, kind, column, value):
    """As they are registered, whatever the evidence said when it was judged."""
    table, row, subject, _ = ROWS[kind]
    insert(warehouse, table, source="outside", **row)

    [shown] = basis(warehouse, a_finding(subject, **{column: None, "other": 1})).registered

    assert (shown[column], "other" in shown) == (value, False)


def test_a_finding_of_one_source_does_not_show_the_rows_of_another(warehouse):
    """Two platforms may have an endpoint of the same name."""
    for source in ("k8s", "vertex"):
        insert(warehouse, "registry.deployment", source=source, deployment="api")

    told = basis(warehouse, a_finding("api", source="vertex")).registered
    of_any = basis(warehouse, a_finding("api")).registered

    assert [row["source"] for row in told] == ["vertex"]
    assert [row["source"] for row in of_any] == ["k8s", "vertex"]


def test_requests_are_summed_whoever_counted_them(warehouse):
    """Hours are many: how many, from when to when, and what they come to."""
    for hour in ("2026-11-20 01:00", "2026-11-20 02:00"):
        row = {"source": "prom", "endpoint": "api", "hour": hour, "requests": 5}
        insert(warehouse, "usage.endpoint_hour", **row)

    [row] = basis(warehouse, a_finding("api", source="k8s")).registered

    assert (row["table"], row["rows"], row["requests"]) == ("usage.endpoint_hour", 2, 10)
    assert (row["first_hour"], row["last_hour"]) == ("2026-11-20 01:00:00", "2026-11-20 02:00:00")


def test_a_source_shows_what_landed_and_what_it_could_not_show(warehouse):
    """A finding about a source or its collector: files, their size, and blind spots."""
    read(warehouse, "aws", "a.csv", "b.csv")
    spot = {"stage": "collect", "source": "aws", "scope": "2026-10", "reason": "denied"}
    insert(warehouse, "audit.blind_spot", **spot, seen_at=AT)

    found = basis(warehouse, a_finding("aws", source="aws", family="cost"))

    assert [row["table"] for row in found.registered] == ["audit.blind_spot", "meta.landed_file"]
    assert (found.registered[0]["reason"], found.registered[1]["files"]) == ("denied", 2)
    assert [row["file"] for row in found.files] == ["aws/0", "aws/1"]


def test_rights_in_a_thing_are_shown_to_findings_about_access_alone(warehouse):
    """They are no rows of the model's own, but what `public-registry` judges."""
    insert(
        warehouse,
        "registry.grant",
        source="reg",
        subject="churn",
        principal="*",
        right="read",
    )

    about_access = basis(warehouse, a_finding("churn", family="access")).registered
    about_cost = basis(warehouse, a_finding("churn", family="cost")).registered

    assert [row["principal"] for row in about_access] == ["*"]
    assert about_cost == ()


def test_files_named_after_the_model_come_alone(warehouse):
    """Of a folder with a file for each model, its own; also of those that fill blanks."""
    insert(warehouse, "registry.model", source="reg", model="churn")
    insert(
        warehouse,
        "registry.stated_fact",
        source="gov",
        kind="model",
        subject="churn",
        field="task",
        value="x",
        from_file=True,
    )
    read(warehouse, "reg", "export.json")
    read(warehouse, "gov", "gov/churn/model.gov.yaml", "gov/fraud/model.gov.yaml")

    found = basis(warehouse, a_finding("churn", source="reg", model="churn"))

    assert [row["scope"] for row in found.files] == ["gov/churn/model.gov.yaml", "export.json"]


def test_of_many_rows_and_files_some_are_shown_and_all_are_counted(warehouse):
    """The latest run of a data set first: it is the one that is judged."""
    for number in range(7):
        row = {"source": "reg", "dataset": "clients", "run_id": f"r{number}"}
        insert(warehouse, "registry.dataset", **row)
    read(warehouse, "reg", *(f"{number:02d}.json" for number in range(12)))

    said = explain(warehouse, "clients")

    assert [row["run_id"] for row in said.registered] == ["r6", "r5", "r4", "r3", "r2"]
    assert (said.more, len(said.files), said.file_count) == (2, 10, 12)
    assert said.read == {"reg": datetime(2026, 11, 21, 6)}


def test_a_row_that_is_gone_is_not_made_up(warehouse):
    """Neither rows nor files, and nothing of another name."""
    insert(warehouse, "registry.deployment", source="k8s", deployment="api-2")

    found = basis(warehouse, a_finding("api", source="k8s"))

    assert (found.registered, found.files, found.collected_at) == ((), (), None)
