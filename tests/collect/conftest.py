"""AWS as moto plays it, one server for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from builders.aws import Aws


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Aws]:
    """A moto server on a free port."""
    server = Aws()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def aws(aws_server: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path_factory) -> Aws:
    """The server with nothing in it, and credentials that it takes."""
    nowhere = str(tmp_path_factory.mktemp("aws") / "none")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-the-tests",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": aws_server.url,
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"):
        monkeypatch.delenv(name, raising=False)
    aws_server.forget()
    return aws_server
