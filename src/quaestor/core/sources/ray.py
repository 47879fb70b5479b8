"""Ray: the job records of its dashboard."""

from __future__ import annotations

from quaestor.core.sources.common import Named


class RaySource(Named, frozen=True, kw_only=True, tag_field="kind", tag="ray"):
    """Jobs of a Ray cluster: asked of its dashboard, or files of what it answered."""

    url: str | None = None  # http://head:8265
    path: str | None = None  # files of GET /api/jobs/, instead
    token: str | None = None  # a bearer token, better as ${NAME} than written here
