"""What a deploy consists of, as its files say: the objects that the gate is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quaestor.core.documents import Document
from quaestor.core.model_gov import ModelGov


class DeployKind(StrEnum):
    """Which platform or format an object is of."""

    KUBERNETES = "kubernetes"
    SAGEMAKER = "sagemaker"
    MODEL_GOV = "model-gov"

    @property
    def source(self) -> str:
        """Return the source of what only the deploy says; no configured source has that name.

        >>> DeployKind.KUBERNETES.source
        'deploy:kubernetes'
        """
        return f"deploy:{self.value}"


@dataclass(frozen=True)
class DeployObject:
    """One object of a deploy.

    Args:
        kind: What it is of.
        target: The target it came with, as the user wrote it.
        path: Its file; "standard input" for one that was piped in.
        line: Where in the file it begins, the first line being 1.
        value: The object as parsed; labels and annotations as the texts they were written as.
        gov: The file as read and checked, of a `model.gov.yaml`.
        document: The parsed file that `gov` was read from.
    """

    kind: DeployKind
    target: str
    path: str
    line: int
    value: Mapping[str, Any]
    gov: ModelGov | None = None
    document: Document | None = None

    @property
    def place(self) -> str:
        """Return where it stands, as `path:line`."""
        return f"{self.path}:{self.line}"

    def text(self, *keys: str) -> str | None:
        """Return a text inside the object, or None where there is none, or no text."""
        value: Any = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value if isinstance(value, str) and value.strip() else None


@dataclass(frozen=True)
class Deployed:
    """One deployment of a deploy, once its manifest was read.

    Args:
        target: The target it came with, as the user wrote it.
        place: Where its manifest stands, as `path:line`.
        source: The source that lists it today, else `DeployKind.source`.
        deployment: Its name in `registry.deployment`.
        kind: Such as "Deployment" or "sagemaker-endpoint".
        model: The model it serves; None: not said.
        version: Its version; None: not said.
        artifact_uri: What it serves where nobody knows whose that is; else None.
        elsewhere: Several deployments that it may be, by their names; () where that is clear.
        then: Its row of `registry.deployment` once it runs, by column.
        now: The row of what runs today under its name; None: nothing that is known.
    """

    target: str
    place: str
    source: str
    deployment: str
    kind: str
    model: str | None
    version: str | None
    artifact_uri: str | None
    elsewhere: tuple[str, ...]
    then: Mapping[str, Any]
    now: Mapping[str, Any] | None
