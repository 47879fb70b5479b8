"""Builders: Azure as a test needs it: an identity, a container of exports, Cost Management."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from azure.storage.blob import ContainerClient

from builders.parties import Certificate, Server, WireMock
from quaestor import collect
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, Source
from quaestor.core.landed import LandedFile

ACCOUNT = "devstoreaccount1"  # Azurite's own, with the key that its manual prints
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SCOPE = "/subscriptions/0f5a1c2e-7b64-4f0e-9a51-3c1d2e4f5a6b"
NOW = datetime(2126, 11, 21, 6)  # later than any file of a test run


def token(audience: str, lasts: int = 3600) -> str:
    """A token as Microsoft Entra issues it, signed by nobody."""
    begins = int(time.time()) - 60
    claims = {
        "aud": audience,
        "iss": "https://sts.windows-ppe.net/0f5a1c2e-7b64-4f0e-9a51-3c1d2e4f5a6b/",
        "iat": begins,
        "nbf": begins,
        "exp": begins + lasts,
    }
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*texts, b"c2lnbmVk"]).decode()


def give_identity(
    wiremock: WireMock, certificate: Certificate, setenv: Callable[[str, str], None]
) -> None:
    """Let this machine have a managed identity, and trust the test certificate."""
    setenv("REQUESTS_CA_BUNDLE", str(certificate.pem))
    setenv("IDENTITY_ENDPOINT", f"{wiremock.plain_url}/msi/token")
    setenv("IDENTITY_HEADER", "of-no-worth")
    answer = {
        "access_token": token("https://storage.azure.com"),
        "expires_on": str(int(time.time()) + 3600),
        "token_type": "Bearer",
    }
    wiremock.answer("GET", "/msi/token", {"jsonBody": answer, "transformers": []})


@dataclass
class Container:
    """A container of exports on Azurite."""

    server: Server
    name: str
    client: ContainerClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = ContainerClient(self.account_url, self.name, credential=KEY)
        self.client.create_container()

    @property
    def account_url(self) -> str:
        """Return the address of the account."""
        return f"https://127.0.0.1:{self.server.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        """Return what the portal shows under Access keys."""
        return (
            f"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint={self.account_url};"
        )

    def write(self, name: str, content: str | bytes) -> None:
        """Write a blob, or overwrite it."""
        self.client.upload_blob(name, content, overwrite=True)

    def deliver(
        self,
        folder: str,
        files: Mapping[str, str | bytes],
        dataset: str = "FocusCost",
        *,
        scope: str = SCOPE,
        **manifest: Any,
    ) -> None:
        """Write a delivery as Cost Management does: the files, and the manifest last."""
        for name, content in files.items():
            self.write(f"{folder}/{name}", content)
        self.write(
            f"{folder}/manifest.json", manifest_text(folder, files, dataset, scope, manifest)
        )


def manifest_text(
    folder: str,
    files: Mapping[str, str | bytes],
    dataset: str,
    scope: str = SCOPE,
    other: Mapping[str, Any] | None = None,
) -> str:
    """The manifest of a delivery, with the fields that Microsoft documents."""
    name = folder.split("/")[-3] if folder.count("/") > 1 else folder
    sizes = {file: len(content) for file, content in files.items()}
    told = {
        "manifestVersion": "2024-04-01",
        "byteCount": sum(sizes.values()),
        "blobCount": len(files),
        "dataRowCount": 1,
        "exportConfig": {
            "exportName": name,
            "resourceId": f"{scope}/providers/Microsoft.CostManagement/exports/{name}",
            "dataVersion": "1.2-preview",
            "apiVersion": "2023-07-01-preview",
            "type": dataset,
            "timeFrame": "MonthToDate",
            "granularity": "Daily",
        },
        "deliveryConfig": {
            "partitionData": True,
            "dataOverwriteBehavior": "CreateNewReport",
            "fileFormat": "Csv",
            "compressionMode": "None",
        },
        "runInfo": {
            "executionType": "Scheduled",
            "runId": folder.rpartition("/")[2],
            "startDate": "2026-10-01T00:00:00",
            "endDate": "2026-10-31T00:00:00",
        },
        "blobs": [
            {"blobName": f"{folder}/{file}", "byteCount": size, "dataRowCount": 1}
            for file, size in sizes.items()
        ],
        **(other or {}),
    }
    return json.dumps(told)


@dataclass
class Look:
    """A source, its landing folder, and what collecting it said."""

    source: Source
    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def landing(self) -> Landing:
        """Return its landing folder."""
        return Landing(self.folder / "landing", self.source.name)

    def collect(self, now: datetime = NOW) -> None:
        """Collect it once."""
        module = collect.collector(str(self.source.__struct_config__.tag))
        module.collect(self.source, Config(), self.landing, now=now, progress=self.said.append)

    def files(self) -> dict[str, str]:
        """Return what is in force: the end of each scope, and the text."""
        manifest = self.landing.current()
        return {_short(file): self.read(file) for file in manifest.files} if manifest else {}

    def read(self, file: LandedFile) -> str:
        """Return a landed file's text."""
        return (self.landing.root / file.path).read_bytes().decode()


def _short(file: LandedFile) -> str:
    return "/".join(file.scope.split("/")[5:])
