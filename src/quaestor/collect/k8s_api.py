"""Talk to the API servers of Kubernetes: sign in, list page by page, and explain what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from quaestor import __version__
from quaestor.collect.k8s_kept import Resource, kept
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.network import network_reason
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.config import Config
    from quaestor.core.sources.kubernetes import KubernetesSource

PAGE = 500  # what kubectl asks for, too
# A list that expires while it is read is read again; the last time in one answer.
LIMITS = (PAGE, PAGE, None)
PATIENCE = (5, 60)  # seconds to connect, and between two bytes
_SIGN_IN = (
    "Sign in again (a kubeconfig's token or plug-in may have expired), or correct `context:` "
    "and `kubeconfig:`."
)


class ForbiddenError(Exception):
    """The account may not list this."""


class AbsentError(Exception):
    """The server does not have this resource."""


class AnswerError(IncompleteError):
    """The server answers a question, and with an error of its own."""


class _ExpiredError(Exception):
    """The list changed too much since its first page (410)."""


@dataclass(frozen=True)
class Cluster:
    """One cluster to ask.

    Args:
        name: What it is called in tables.
        context: The context of the kubeconfig; None in a pod of the cluster itself.
    """

    name: str
    context: str | None


def clusters(source: KubernetesSource, config: Config) -> list[Cluster]:
    """Return the clusters that a source names.

    Raises:
        ConfigurationError: The kubeconfig, or a context that it does not have.
    """
    where = f"source {source.name}"
    if source.contexts and (source.context or source.cluster):
        raise ConfigurationError(
            "`contexts:` stands beside `context:` or `cluster:`",
            where=where,
            fix="Keep one of them; `contexts: {prod-eu: eu}` names clusters, too.",
        )
    if not source.contexts and _is_in_pod(source):
        return [Cluster(source.cluster or source.name, None)]
    known, current = _contexts(source, config)
    chosen = source.contexts or [source.context or current]
    names = source.contexts if isinstance(source.contexts, dict) else {}
    if absent := [context for context in chosen if context not in known]:
        raise ConfigurationError(
            f"the kubeconfig has no context '{printable(absent[0])}'",
            where=where,
            fix=f"Choose from {', '.join(map(printable, sorted(known))) or 'none: it is empty'}.",
        )
    found = [
        Cluster(names.get(context) or source.cluster or known[context], context)
        for context in dict.fromkeys(chosen)
    ]
    if len({cluster.name for cluster in found}) < len(found):
        raise ConfigurationError(
            "two contexts are of one cluster, or of clusters of one name",
            where=where,
            fix="Name each cluster: `contexts: {context: name, ...}`.",
        )
    return found


def _is_in_pod(source: KubernetesSource) -> bool:
    chosen = source.context or source.kubeconfig or os.environ.get("KUBECONFIG")
    return not chosen and "KUBERNETES_SERVICE_HOST" in os.environ


def _kubeconfig(source: KubernetesSource, config: Config) -> str:
    if source.kubeconfig:
        return str(config.resolve(str(Path(source.kubeconfig).expanduser())))
    return os.environ.get("KUBECONFIG") or "~/.kube/config"


def _contexts(source: KubernetesSource, config: Config) -> tuple[dict[str, str], str]:
    """Return the cluster's name of each context, and the current context ("": none)."""
    with _kubeconfig_errors(source, config) as kube_config:
        merged = kube_config.kube_config.KubeConfigMerger(_kubeconfig(source, config)).config
        if merged is None:
            raise kube_config.ConfigException("there is none")
        content = merged.value
        contexts = {one["name"]: one["context"]["cluster"] for one in content["contexts"] or ()}
        return contexts, content.get("current-context") or ""


@contextmanager
def _kubeconfig_errors(source: KubernetesSource, config: Config) -> Iterator[Any]:
    where = f"source {source.name}"
    try:
        from kubernetes import config as kube_config
        from yaml import YAMLError
    except ImportError:
        raise ConfigurationError(
            "Kubernetes' client is not installed",
            where=where,
            fix="pip install 'quaestor[kubernetes]'",
        ) from None
    try:
        yield kube_config
    except (kube_config.ConfigException, YAMLError, OSError, KeyError, TypeError) as problem:
        raise ConfigurationError(
            f"the kubeconfig cannot be used ({printable(problem)[:200]})",
            where=f"{_kubeconfig(source, config)} ({where})",
            fix="Check it with `kubectl config view`, or name another one with `kubeconfig:`.",
        ) from None


@contextmanager
def connected(source: KubernetesSource, config: Config, cluster: Cluster) -> Iterator[Api]:
    """Open a client of a cluster.

    Raises:
        ConfigurationError: The client is not installed, or the kubeconfig cannot be used.
    """
    with _kubeconfig_errors(source, config) as kube_config:
        from kubernetes import client
        from urllib3 import Retry

        settings = client.Configuration()
        settings.retries = Retry(
            total=4,
            connect=1,
            backoff_factor=0.5,
            status_forcelist=(429, 500, 502, 503, 504),
            raise_on_status=False,
        )
        if cluster.context is None:
            kube_config.load_incluster_config(client_configuration=settings)
        else:
            kube_config.load_kube_config(
                config_file=_kubeconfig(source, config),
                context=cluster.context,
                client_configuration=settings,
                persist_config=False,
            )
        api = client.ApiClient(settings)
        api.user_agent = f"quaestor/{__version__}"
    try:
        yield Api(api, f"cluster {printable(cluster.name)} (source {source.name})")
    finally:
        api.rest_client.pool_manager.clear()


@dataclass(frozen=True)
class Api:
    """The API server of one cluster, and how to ask it so that every fault gets its sentence."""

    client: Any
    where: str

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Ask one question.

        Raises:
            ForbiddenError: The account may not.
            AbsentError: There is no such thing.
            IncompleteError: No answer, or one that is not Kubernetes'.
        """
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "application/json", **self.client.default_headers}
        self.client.update_params_for_auth(headers, [], ["BearerToken"])
        try:
            body = self.client.request(
                "GET",
                self.client.configuration.host + path,
                query_params=list(query.items()),
                headers=headers,
                _request_timeout=PATIENCE,
            ).data
        except ApiException as problem:
            raise self._explanation(problem) from None
        except (HTTPError, OSError) as problem:
            raise self._unreachable(problem) from None
        return self._object(body)

    def _object(self, body: Any) -> dict[str, Any]:
        try:
            answer = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise self._no_kubernetes("a page, no JSON") from None
        return answer

    def served(self) -> dict[str, str] | None:
        """Return the API groups that the server has, each with its preferred version.

        None where it does not say.
        """
        try:
            answer = self.get("/apis")
        except (ForbiddenError, AbsentError):
            return None
        try:
            preferred = {one["name"]: one["preferredVersion"] for one in answer["groups"]}
            return {"": "v1"} | {name: one["version"] for name, one in preferred.items()}
        except (KeyError, TypeError):
            raise self._no_kubernetes("no list of API groups") from None

    def pruned(
        self, resource: Resource, version: str, namespace: str | None = None
    ) -> list[dict[str, Any]]:
        """List all objects of a resource, of one namespace or all, each as it is kept.

        Raises:
            ForbiddenError: The account may not.
            AbsentError: The server does not have this resource.
            IncompleteError: No answer, or one that is not Kubernetes'.
        """
        path = address(resource, version, namespace)
        for limit in LIMITS:
            try:
                objects = [
                    kept(one, resource.shape)
                    for page in self._pages(path, limit)
                    for one in page["items"]
                ]
            except _ExpiredError:
                continue
            return sorted(objects, key=_place)
        raise IncompleteError(
            f"the list of {resource.name} expires again and again while it is read (410)",
            where=self.where,
            fix="Run again when less is going on in the cluster.",
        )

    def _pages(self, path: str, limit: int | None) -> Iterator[dict[str, Any]]:
        """Yield the pages of one list, all of them of one resource version."""
        query: dict[str, Any] = {} if limit is None else {"limit": limit}
        first = None
        while True:
            page = self.get(path, **query)
            about = page.get("metadata")
            items = page.get("items")
            if not isinstance(about, dict) or not isinstance(items, list):
                raise self._no_kubernetes("no list")
            if not all(isinstance(one, dict) for one in items):
                raise self._no_kubernetes("a list of no objects")
            revision = about.get("resourceVersion")
            if first not in (None, revision):
                raise _ExpiredError
            yield page
            first = revision
            if not about.get("continue"):
                return
            if query.get("continue") == about["continue"]:
                raise _ExpiredError  # the same page again would have no end
            query["continue"] = about["continue"]

    def _no_kubernetes(self, what: str) -> IncompleteError:
        return IncompleteError(
            f"what answers does not speak Kubernetes' API ({what})",
            where=self.where,
            fix="Check the cluster's `server:` in the kubeconfig; a login page or a proxy may be "
            "in between.",
        )

    def _explanation(self, problem: Any) -> Exception:
        status = problem.status
        if status in (403, 404, 410):
            return {403: ForbiddenError(), 404: AbsentError(), 410: _ExpiredError()}[status]
        if not status:
            return self._unreachable(problem)
        if status == 401:
            return IncompleteError(
                "the cluster does not know us (401 not signed in)",
                where=self.where,
                fix=_SIGN_IN,
            )
        return AnswerError(
            f"the cluster answers with an error ({status} {printable(problem.reason)[:200]})",
            where=self.where,
            fix="Look at the API server, then run again; what was read before stays in force.",
        )

    def _unreachable(self, problem: object) -> IncompleteError:
        return IncompleteError(
            f"the cluster cannot be reached ({network_reason(problem)})",
            where=self.where,
            fix="Check the cluster's `server:` in the kubeconfig, and the way to it; what was "
            "read before stays in force.",
        )


def address(resource: Resource, version: str, namespace: str | None) -> str:
    """Return the path of a list.

    >>> from quaestor.collect.k8s_kept import RESOURCES
    >>> address(next(one for one in RESOURCES if one.plural == "pods"), "v1", "ml")
    '/api/v1/namespaces/ml/pods'
    """
    root = f"/apis/{resource.group}" if resource.group else "/api"
    of = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    return f"{root}/{version}{of}/{resource.plural}"


def _place(one: dict[str, Any]) -> tuple[str, str]:
    about = one.get("metadata") or {}
    return str(about.get("namespace", "")), str(about.get("name", ""))
