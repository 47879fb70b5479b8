"""Answers that are nested a hundred thousand times, which end a JSON reader's stack."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from quaestor.cli.main import run

DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where every question gets such an answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(DEEP)))
            self.end_headers()
            self.wfile.write(DEEP)

        def do_POST(self) -> None:
            """Answer it as any other question."""
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    "keys",
    [
        "kind: mlflow, uri: '{url}'",
        "kind: kubeflow, url: '{url}'",
        "kind: prometheus, url: '{url}', cluster: prod",
        "kind: ray, url: '{url}'",
        "kind: vertex, project: p, locations: [us-central1], endpoint: '{url}'",
        "kind: sagemaker, regions: [us-east-1], endpoint_url: '{url}'",
        "kind: sagemaker-registry, regions: [us-east-1], endpoint_url: '{url}'",
        "kind: aws-storage, regions: [us-east-1], buckets: [b], endpoint_url: '{url}'",
    ],
)
def test_an_answer_without_end_is_incomplete_and_no_crash(url, keys, tmp_path, monkeypatch, capsys):
    """Exit code 3 of collect and of doctor, for that source alone: the others are read."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    (tmp_path / "bill.csv").write_text("BilledCost\n1\n")
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: deep, {keys.format(url=url)}}}, "
        "{name: bill, kind: files, path: bill.csv}]"
    )
    monkeypatch.chdir(tmp_path)
    codes = [run(["collect"]), run(["doctor"])]

    assert codes == [3, 3]
    told = capsys.readouterr()
    assert "1 of 2 sources collected" in told.out + told.err
    assert "source deep" in told.err
