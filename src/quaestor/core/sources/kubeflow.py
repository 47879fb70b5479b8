"""Kubeflow's Model Registry."""

from __future__ import annotations

from quaestor.core.sources.common import Named


class KubeflowSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="kubeflow"):
    """A Model Registry of Kubeflow, by its REST API."""

    url: str
    token: str | None = None  # a bearer token, better as ${NAME} than written here
