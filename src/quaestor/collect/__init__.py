"""Fetch from the outside world and land files. Nothing here reads the warehouse.

To add a source: write `collect/<name>.py` with `collect`, `doctor` and `permissions`, then add
one line to COLLECTORS. The modules are imported only when asked for, so that nobody needs
boto3 to read an Azure bill.
"""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from quaestor.core.errors import IncompleteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config, Source

COLLECTORS = {
    "aws-cost-explorer": "quaestor.collect.aws_cost_explorer",
    "aws-export": "quaestor.collect.aws_export",
    "organizations": "quaestor.collect.aws_organizations",
    "aws-storage": "quaestor.collect.aws_storage",
    "azure-cost": "quaestor.collect.azure_cost",
    "azure-export": "quaestor.collect.azure_export",
    "azure-ml": "quaestor.collect.azure_ml",
    "ecb-rates": "quaestor.collect.ecb_rates",
    "files": "quaestor.collect.files",
    "gcp-billing": "quaestor.collect.gcp_billing",
    "gcp-export": "quaestor.collect.gcp_export",
    "kubernetes": "quaestor.collect.k8s",
    "kubeflow": "quaestor.collect.kubeflow",
    "mlflow": "quaestor.collect.mlflow",
    "model-cards": "quaestor.collect.model_cards",
    "model-gov": "quaestor.collect.model_gov",
    "prometheus": "quaestor.collect.prometheus",
    "sagemaker": "quaestor.collect.sagemaker",
    "ray": "quaestor.collect.ray",
    "slurm": "quaestor.collect.slurm",
    "sagemaker-registry": "quaestor.collect.sagemaker_registry",
    "vertex": "quaestor.collect.vertex",
}


class Collector(Protocol):
    """What every module in COLLECTORS offers."""

    def collect(
        self,
        source: Source,
        config: Config,
        landing: Landing,
        *,
        now: datetime,
        progress: Callable[[str], None],
    ) -> None:
        """Land what the source has now, and close it with `landing.snapshot`.

        A source that has `since` and `until` (bills of the clouds) is asked for the billing
        periods with a day between them, both included (`core.period.Window`); those outside
        keep the files that were in force. `collect --since --until` has replaced both keys of
        `source` before it comes here; a source without them is read whole.

        Raises:
            QuaestorError: The source cannot be read; what was landed before stays in force.
        """

    def doctor(self, source: Source, config: Config) -> str:
        """Say in one line how the source is: reachable, allowed, how much it holds.

        Raises:
            QuaestorError: It cannot be read, with the remedy.
        """

    def permissions(self, source: Source) -> str:
        """Return the least that the account which collects must be allowed, ready to be applied.

        An IAM policy, an Azure role, a Google Cloud role; a sentence where no cloud is asked.
        It asks nobody, so that it can be printed before anything is set up.
        """


def collector(kind: str) -> Collector:
    """Return the module that reads sources of a kind."""
    return cast("Collector", importlib.import_module(COLLECTORS[kind]))


@contextmanager
def of_bounded_depth(source: str) -> Iterator[None]:
    """Let an answer that is nested without end be one that cannot be read, whatever reads it.

    Raises:
        IncompleteError: There was such an answer.
    """
    try:
        yield
    except RecursionError:
        raise IncompleteError(
            "what answers is nested too deeply to be read",
            where=f"source {source}",
            fix="Check the address of the source; something else may answer there.",
        ) from None
