"""Land what Vertex AI ran and knows: jobs, endpoints and their hours, the Model Registry, grants.

How Google is asked: `vertex_rest.py`; what becomes of a part that is denied: `cloud_ml.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from quaestor.collect import (
    gcp,
    vertex_hours,
    vertex_jobs,
    vertex_notebooks,
    vertex_registry,
    vertex_rest,
)
from quaestor.collect.cloud_ml import Part, land_parts
from quaestor.core.errors import PartlyReadError

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.collect.vertex_rest import Google
    from quaestor.core.config import Config
    from quaestor.core.sources import VertexSource

_REGISTRY = ("models", "model-versions", "evaluations")


def collect(
    source: VertexSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every part that can be read (see `Collector.collect`)."""
    del config  # an API needs no base folder
    with vertex_rest.opened(source) as google:
        _first_question(google)
        parts = _parts(google, landing, now, progress)
        files, gaps = land_parts(landing, parts, lambda what: progress(f"{source.name}: {what}"))
    landing.snapshot(files, kind="vertex", schema="vertex", now=now)
    if gaps:
        raise PartlyReadError(gaps, where=f"{google.place} (source {source.name})")


def doctor(source: VertexSource, config: Config) -> str:
    """Count the models and endpoints that can be seen (see `Collector.doctor`)."""
    del config
    told = []
    with vertex_rest.opened(source) as google:
        for location in source.locations:
            for what in ("models", "endpoints"):
                found = sum(1 for _ in google.items(google.vertex(location, what), what))
                told.append(f"{found:,} {what[:-1] if found == 1 else what}")
            told[-2:] = [f"{location}: {told[-2]}, {told[-1]}"]
        found = vertex_notebooks.count(google)
        told.append(f"{found:,} instance{'s' if found != 1 else ''} of Workbench")
    return "; ".join(told)


def permissions(source: VertexSource) -> str:
    """Return a role for the project (see `Collector.permissions`)."""
    return f"""\
# Reads what Vertex AI ran and knows, and who may use it; no data, no artifact, no secret.
# Save as role.yaml:
#    gcloud iam roles create quaestorVertexReader --project={source.project} --file=role.yaml
#    gcloud projects add-iam-policy-binding {source.project} \\
#      --member=serviceAccount:YOUR-ACCOUNT \\
#      --role=projects/{source.project}/roles/quaestorVertexReader
# Grants that folders or the organisation hand down are not in the project's policy; state those
# that matter under `grants:` in model.gov.yaml.
title: Quaestor Vertex AI reader
description: Lists jobs, endpoints, notebooks, models, metrics, and the project's policy.
stage: GA
includedPermissions:
- aiplatform.batchPredictionJobs.list
- aiplatform.customJobs.list
- aiplatform.endpoints.list
- aiplatform.hyperparameterTuningJobs.list
- aiplatform.modelEvaluations.list
- aiplatform.models.get
- aiplatform.models.list
- aiplatform.pipelineJobs.list
- aiplatform.trainingPipelines.list
- iam.roles.get
- monitoring.timeSeries.list
- notebooks.instances.list
- resourcemanager.projects.getIamPolicy"""


def _first_question(google: Google) -> None:
    """Ask one small question, so that a wrong address or no sign-in shows at once.

    Raises:
        QuaestorError: Google cannot be reached or does not know us; a refusal is no reason yet.
    """
    from google.api_core.exceptions import Forbidden

    address = google.vertex(google.source.locations[0], "models")
    with gcp.explained(google.source, google.place):
        try:
            google.answer("GET", address, params={"pageSize": "1"})
        except Forbidden:
            return


def _parts(
    google: Google, landing: Landing, now: datetime, progress: Callable[[str], None]
) -> Iterator[Part]:
    """Yield what is asked for, location by location, then of the project."""
    project = google.source.project
    for location in google.source.locations:
        place, at = f"{project}/{location}", (google, landing, location)
        for kind in vertex_jobs.KINDS:
            yield Part(place, (kind,), partial(vertex_jobs.land, *at, kind, now))
        yield Part(place, ("endpoints",), partial(vertex_registry.endpoints, *at))
        yield Part(place, _REGISTRY, partial(vertex_registry.models, *at, progress))
    notebooks = partial(vertex_notebooks.land, google, landing)
    yield Part(project, (vertex_notebooks.KIND,), notebooks)
    yield Part(project, ("hours",), partial(vertex_hours.land, google, landing, now))
    grants = partial(vertex_registry.grants, google, landing)
    yield Part(project, ("bindings", "roles"), grants)
