"""Which clouds and clusters this machine may ask, told by what lies about; nothing is asked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Proposal:
    """Sources that may be added: why, and their lines as quaestor.yaml has them."""

    note: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Cloud:
    """Where a cloud's own tools keep credentials, and what could be read with them."""

    name: str
    variables: tuple[str, ...]  # of which one is enough
    files: tuple[str, ...]  # below the home folder
    folder: tuple[str, str]  # the variable that moves such a folder -> the file in it
    lines: tuple[str, ...]


_CLOUDS = (
    _Cloud(
        "AWS",
        (
            *("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        ),
        (".aws/config", ".aws/credentials"),
        ("AWS_CONFIG_FILE", ""),
        (
            "{name: aws, kind: aws-export, bucket: BUCKET, prefix: exports/}   # Data Exports, CUR",
            "{name: aws-api, kind: aws-cost-explorer}   # without exports; each call is charged",
            "{name: aws-accounts, kind: organizations}   # the names of accounts",
        ),
    ),
    _Cloud(
        "Azure",
        ("AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_SUBSCRIPTION_ID"),
        (".azure/azureProfile.json",),
        ("AZURE_CONFIG_DIR", "azureProfile.json"),
        (
            (
                "{name: azure, kind: azure-export, account_url: 'https://ACCOUNT.blob.core.windows.net',"
                " container: CONTAINER}"
            ),
            "{name: azure-api, kind: azure-cost, scope: /subscriptions/SUBSCRIPTION}",
        ),
    ),
    _Cloud(
        "Google Cloud",
        ("GOOGLE_APPLICATION_CREDENTIALS",),
        (".config/gcloud/application_default_credentials.json",),
        ("CLOUDSDK_CONFIG", "application_default_credentials.json"),
        (
            "{name: gcp, kind: gcp-export, table: PROJECT.DATASET.gcp_billing_export_v1_ACCOUNT}",
            "{name: gcp-prices, kind: gcp-billing}   # projects and list prices",
        ),
    ),
)


def proposals(environment: Mapping[str, str], home: Path) -> list[Proposal]:
    """Return what may be added to the sources: one cloud after the other, then clusters."""
    found = [
        Proposal(
            f"Credentials of {cloud.name} were found. What may be read with them "
            "(`quaestor permissions` says what they must allow):",
            cloud.lines,
        )
        for cloud in _CLOUDS
        if _has(cloud, environment, home)
    ]
    if _kubeconfig(environment, home):
        found.append(
            Proposal(
                "A kubeconfig was found. What runs in its current context, and what ran there hour "
                "by hour; both call the cluster alike (unset, the first says the context's name):",
                (
                    "{name: k8s, kind: kubernetes, cluster: CLUSTER}",
                    "{name: metrics, kind: prometheus, cluster: CLUSTER, url: 'https://SERVER'}",
                ),
            )
        )
    return found


def _has(cloud: _Cloud, environment: Mapping[str, str], home: Path) -> bool:
    variable, name = cloud.folder
    moved = environment.get(variable)
    places: Sequence[Path] = [home / file for file in cloud.files]
    if moved:
        places = [Path(moved, name) if name else Path(moved)]
    return any(environment.get(name) for name in cloud.variables) or any(
        place.is_file() for place in places
    )


def _kubeconfig(environment: Mapping[str, str], home: Path) -> bool:
    named = environment.get("KUBECONFIG", "")
    if named:
        return any(Path(part).is_file() for part in named.split(os.pathsep) if part)
    return (home / ".kube" / "config").is_file()
