"""A registry with 10,000 versions of one model, on a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from builders.mlflow import MlflowServer, seed
from builders.parties import free_port

pytestmark = pytest.mark.real
PROGRAM = """
import pathlib, sys
from quaestor.cli.main import run
codes = [run([verb, "--config", sys.argv[1]]) for verb in ("collect", "build")]
# Not getrusage: what the parent held when it forked counts there.
status = pathlib.Path("/proc/self/status").read_text()
print(codes, status.partition("VmHWM:")[2].split()[0])
"""


def test_ten_thousand_versions_of_one_model_are_all_there(mlflow_program, tmp_path):
    """Every page is followed, none is lost, and a gigabyte is never needed."""
    seed(str(Path(mlflow_program).with_name("python")), tmp_path, 1, 10_000)
    server = MlflowServer(mlflow_program, tmp_path, free_port())
    server.start()
    config = tmp_path / "quaestor.yaml"
    config.write_text(f"sources: [{{name: registry, kind: mlflow, uri: '{server.uri}'}}]")
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(config)], capture_output=True, text=True, check=True
        )
    finally:
        server.stop()
    codes, kilobytes = done.stdout.splitlines()[-1].rsplit(" ", 1)

    assert codes == "[0, 0]", done.stderr
    assert int(kilobytes) < 1 << 20
    from quaestor.warehouse.duckdb import Warehouse

    with Warehouse(tmp_path / "quaestor.duckdb", read_only=True) as warehouse:
        [counted] = warehouse.rows(
            """
            select count(*), count(distinct version), count(license),
                count(*) filter (lifecycle = 'production')
            from registry.model_version
            """
        )
    assert counted == (10_000, 10_000, 10_000, 1)
    [landed] = (tmp_path / "landing/registry/files").glob("*registry.json")
    assert len(json.loads(landed.read_bytes())["model_versions"]) == 10_000
