"""Read Kubeflow's Model Registry through its REST API, v1alpha3.

Models, versions, the artifacts of each version, and what serves them. Artifacts name no version,
so that each version is asked for its own, a few at a time. What cannot be listed is a gap, and
stays as it was read before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from quaestor.collect.kubeflow_api import MissingError, RefusedError, server
from quaestor.collect.objects import land_objects
from quaestor.core.errors import PartlyReadError
from quaestor.core.landed import Gap

if TYPE_CHECKING:
    from quaestor.collect.kubeflow_api import Api
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources import KubeflowSource

AT_ONCE = 8  # questions about artifacts
_SERVING = ("inference_services", "serving_environments")
_PERMISSIONS = """\
# A role in the registry's namespace that lets the token's account reach the registry's service,
# where the registry stands behind kube-rbac-proxy. It reads and writes nothing else.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: quaestor-model-registry-reader
rules:
  - apiGroups: [""]
    resources: ["services"]
    resourceNames: ["model-registry-service"]
    verbs: ["get"]
"""


def collect(
    source: KubeflowSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land models, versions, artifacts and what serves them (see `Collector.collect`)."""
    del config  # an address needs no base folder
    api = server(source.url, source.token, source.name)
    api.ask("registered_models", {"pageSize": "1"}, attempts=1)
    landed: list[LandedFile] = []
    gaps: list[Gap] = []

    def land(kind: str, objects: Iterable[dict[str, Any]]) -> None:
        distinct = {_by_id(one): one for one in objects}  # pages overlap while somebody registers
        listed = (distinct[key] for key in sorted(distinct))
        landed.append(land_objects(landing, api.url, kind, listed))

    models = list(api.pages("registered_models"))
    land("registered_models", models)
    progress(f"{len(models):,} models")
    versions = list(api.pages("model_versions"))
    land("model_versions", versions)
    progress(f"{len(versions):,} model versions")
    for kind in ("artifacts", *_SERVING):
        try:
            of_versions = kind == "artifacts"
            land(kind, _artifacts(api, versions, progress) if of_versions else api.pages(kind))
        except (RefusedError, MissingError) as problem:
            gaps.append(Gap(scope=kind, reason=problem.what, fix=problem.fix))
            landed += _as_before(landing, f"{api.url}/{kind}")
    landing.snapshot(landed, kind="kubeflow", schema="kubeflow", now=now)
    if gaps:
        raise PartlyReadError(gaps, where=api.where)


def doctor(source: KubeflowSource, config: Config) -> str:
    """Count the models, and look whether the other lists open too (see `Collector.doctor`)."""
    del config
    api = server(source.url, source.token, source.name)
    api.ask("registered_models", {"pageSize": "1"}, attempts=1)
    models = sum(1 for _ in api.pages("registered_models"))
    told = f"Model Registry v1alpha3, {models:,} model{'s' if models != 1 else ''} visible"
    gaps = []
    for kind in ("model_versions", *_SERVING):
        try:
            api.ask(kind, {"pageSize": "1"})
        except (RefusedError, MissingError) as problem:
            gaps.append(Gap(scope=kind, reason=problem.what, fix=problem.fix))
    if gaps:
        raise PartlyReadError(gaps, where=api.where, read=told)
    return told


def permissions(source: KubeflowSource) -> str:
    """Return a role that lets the account reach the registry (see `Collector.permissions`)."""
    del source
    return _PERMISSIONS


def _artifacts(
    api: Api, versions: list[dict[str, Any]], progress: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Return the artifacts of every version, each with the version's id."""

    def ask(version: dict[str, Any]) -> list[dict[str, Any]]:
        number = str(version.get("id", ""))
        if not number.isdigit():
            return []  # goes to quarantine when it is loaded
        found = api.pages(f"model_versions/{number}/artifacts")
        return [{**artifact, "modelVersionId": number} for artifact in found]

    listed: list[dict[str, Any]] = []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for done, found in enumerate(threads.map(ask, versions), 1):
            listed += found
            if done % 500 == 0:
                progress(f"artifacts of {done:,} of {len(versions):,} versions")
    return listed


def _by_id(one: dict[str, Any]) -> tuple[str, int, str]:
    number = str(one.get("id", ""))
    return str(one.get("modelVersionId", "")), len(number), number


def _as_before(landing: Landing, scope: str) -> list[LandedFile]:
    current = landing.current()
    return [file for file in current.files if file.scope == scope] if current else []
