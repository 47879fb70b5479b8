"""Kubernetes clusters: what runs in them, who may change it, and where models serve."""

from __future__ import annotations

from quaestor.core.sources.common import Named


class KubernetesSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="kubernetes"):
    """One cluster, or several contexts of a kubeconfig.

    Unset, it is the kubeconfig's current context; in a pod without kubeconfig, the pod's cluster.
    """

    context: str | None = None
    cluster: str | None = None  # what to call it; unset, as the context does
    contexts: tuple[str, ...] | dict[str, str] = ()  # [a, b], or {a: what to call its cluster}
    kubeconfig: str | None = None  # a path; unset, KUBECONFIG or ~/.kube/config
    namespaces: tuple[str, ...] = ()  # for an account that may not list all of them
    model_namespaces: tuple[str, ...] = ()  # whose grants count, besides those where models serve
