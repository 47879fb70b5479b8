"""Land what Kubernetes clusters hold: nodes, pods, volumes, services, manifests, grants.

Every look lists everything, page by page; what has not changed gives the same bytes and no new
manifest. What the account may not list is a gap of its own, and so is a cluster that does not
answer while others do; what was read of them before stays in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import yaml

from quaestor.collect.k8s_api import (
    AbsentError,
    AnswerError,
    Api,
    Cluster,
    ForbiddenError,
    address,
    clusters,
    connected,
)
from quaestor.collect.k8s_kept import RESOURCES, Resource
from quaestor.collect.objects import land_objects
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.landed import Gap, LandedFile
from quaestor.core.progress import counted
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources.kubernetes import KubernetesSource

ACCOUNT = "quaestor"  # the service account, its namespace and its roles


def collect(
    source: KubernetesSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land the objects of every cluster (see `Collector.collect`)."""
    current = landing.current()
    before = {file.scope: file for file in current.files} if current else {}
    files: list[LandedFile] = []
    gaps: list[Gap] = []
    failures: list[IncompleteError] = []
    named = clusters(source, config)
    for cluster in named:
        try:
            with connected(source, config, cluster) as api:
                look = _Look(source, cluster, api, landing, before)
                landed, unseen = look.take(progress)
        except IncompleteError as problem:
            failures.append(problem)
            scope = printable(cluster.name)
            gaps.append(Gap(scope=scope, reason=problem.what, fix=problem.fix))
            files += [file for scope, file in before.items() if _is_of(scope, cluster)]
            continue
        files += landed
        gaps += unseen
    if len(failures) == len(named):
        raise failures[0]
    landing.snapshot(files, kind="kubernetes", schema="kubernetes", now=now)
    if gaps:
        raise PartlyReadError(gaps, where=f"source {source.name}")


def _is_of(scope: str, cluster: Cluster) -> bool:
    return scope.rpartition("/")[0] == cluster.name


@dataclass(frozen=True)
class _Look:
    """One look at one cluster; `before` are the files in force by scope."""

    source: KubernetesSource
    cluster: Cluster
    api: Api
    landing: Landing
    before: Mapping[str, LandedFile]

    def take(self, progress: Callable[[str], None]) -> tuple[list[LandedFile], list[Gap]]:
        """Land every list; return the files in force and what may not be listed."""
        files: list[LandedFile] = []
        gaps: list[Gap] = []
        lists = list(_lists(self.source, self.api))
        for resource, version, namespace in counted(
            lists, progress, lambda one: f"{printable(self.cluster.name)}: {one[0].name}"
        ):
            # A namespace stands behind the kind: a cluster's name may have slashes of its own.
            kind = resource.name + (f"@{namespace}" if namespace else "")
            objects: list[dict[str, Any]] = []
            try:
                if version is not None:
                    objects = self.api.pruned(resource, version, namespace)
            except AbsentError:
                pass  # nobody installed it: there are none, which is worth writing down
            except (ForbiddenError, AnswerError) as problem:
                gaps.append(self._gap(resource, namespace, problem))
                if (scope := f"{self.cluster.name}/{kind}") in self.before:
                    files.append(self.before[scope])
                continue
            files.append(land_objects(self.landing, self.cluster.name, kind, objects))
        return files, gaps

    def _gap(self, resource: Resource, namespace: str | None, problem: Exception) -> Gap:
        """Return what one list hides.

        Raises:
            AnswerError: The cluster itself is ill. One custom resource may fail by itself, with
                the webhook of whoever made it.
        """
        what = resource.name + (f" in {namespace}" if namespace else "")
        scope = f"{printable(self.cluster.name)}: {what}"
        if isinstance(problem, AnswerError):
            if not resource.is_custom:
                raise problem
            return Gap(scope=scope, reason=problem.what, fix=problem.fix)
        fix = f"Apply what `quaestor permissions {self.source.name}` prints"
        if resource.namespaced and not namespace:
            fix += ", or name under `namespaces:` those that the account may read"
        return Gap(scope=scope, reason=f"the cluster forbids to list {what} (403)", fix=f"{fix}.")


def _lists(source: KubernetesSource, api: Api) -> Iterator[tuple[Resource, str | None, str | None]]:
    """Yield what is to be listed: resource, version, namespace (None: all of them).

    No version: the server has no such group, such as Ray's or Kueue's where nobody installed them.
    """
    served = api.served()
    for resource in RESOURCES:
        version = resource.version if served is None else served.get(resource.group)
        if resource.namespaced and source.namespaces:
            for namespace in sorted(set(source.namespaces)):
                yield resource, version, namespace
        else:
            yield resource, version, None


def doctor(source: KubernetesSource, config: Config) -> str:
    """Say each cluster's version, its nodes, and what is forbidden (see `Collector.doctor`)."""
    told = []
    for cluster in clusters(source, config):
        with connected(source, config, cluster) as api:
            told.append(f"{printable(cluster.name)}: {_described(source, api)}")
    return "; ".join(told)


def _described(source: KubernetesSource, api: Api) -> str:
    said = [f"Kubernetes {printable(api.get('/version').get('gitVersion', 'of unknown version'))}"]
    unseen: dict[str, list[str]] = {"forbidden": [], "in error": []}
    asked = 0
    for resource, version, namespace in _lists(source, api):
        if version is None:
            continue
        asked += 1
        what = resource.name + (f" in {namespace}" if namespace else "")
        try:
            page = api.get(address(resource, version, namespace), limit=1)
        except AbsentError:
            continue
        except ForbiddenError:
            unseen["forbidden"].append(what)
            continue
        except AnswerError:
            if not resource.is_custom:
                raise
            unseen["in error"].append(what)
            continue
        if resource.name == "nodes":
            said.append(_count(page))
    if len(unseen["forbidden"]) == asked:
        raise IncompleteError(
            "the cluster answers, and forbids everything that is asked of it (403)",
            where=api.where,
            fix=f"Apply what `quaestor permissions {source.name}` prints.",
        )
    said += [f"{how}: {', '.join(found)}" for how, found in unseen.items() if found]
    return ", ".join(said)


def _count(page: dict[str, Any]) -> str:
    rest = (page.get("metadata") or {}).get("remainingItemCount") or 0
    nodes = len(page.get("items") or ()) + rest
    return f"{nodes:,} node{'s' if nodes != 1 else ''}"


def permissions(source: KubernetesSource) -> str:
    """Return manifests of an account that may list and nothing else (see `Collector`)."""
    of_cluster = [one for one in RESOURCES if not one.namespaced]
    inside = [one for one in RESOURCES if one.namespaced]
    manifests: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ACCOUNT}},
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": ACCOUNT, "namespace": ACCOUNT},
        },
    ]
    if source.namespaces:
        manifests += [
            _role(ACCOUNT, of_cluster),
            _binding(ACCOUNT),
            _role(f"{ACCOUNT}-namespace", inside),
            *(_binding(f"{ACCOUNT}-namespace", one) for one in sorted(set(source.namespaces))),
        ]
    else:
        manifests += [_role(ACCOUNT, [*of_cluster, *inside]), _binding(ACCOUNT)]
    text: str = yaml.safe_dump_all(manifests, sort_keys=False, explicit_start=True)
    return (
        "# kubectl apply -f <this file>; for a person or a group, change the bindings' subjects.\n"
        + text.rstrip()
    )


def _role(name: str, resources: list[Resource]) -> dict[str, Any]:
    groups: dict[str, list[str]] = {}
    for one in resources:
        groups.setdefault(one.group, []).append(one.plural)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {"apiGroups": [group], "resources": plurals, "verbs": ["list"]}
            for group, plurals in groups.items()
        ],
    }


def _binding(role: str, namespace: str | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": role, **({"namespace": namespace} if namespace else {})},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": role,
        },
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": ACCOUNT}],
    }
