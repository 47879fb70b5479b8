"""Land where people work in Vertex AI: the project's instances of Workbench, in every zone.

They are another API of Google's (notebooks.googleapis.com). Where that is switched off there are
none; of an instance's metadata only the time after which it stops when idle is landed.

Source: Notebooks API v2 REST reference, projects.locations.instances.list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from quaestor.collect import gcp
from quaestor.collect.objects import land_objects
from quaestor.collect.vertex_fields import only
from quaestor.core.errors import IncompleteError

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.collect.vertex_rest import Google
    from quaestor.core.landed import LandedFile

KIND = "workbenches"
_OFF = "SERVICE_DISABLED"
_WHAT = ("name", "state", "createTime", "creator", "instanceOwners", "labels")


def land(google: Google, landing: Landing) -> list[LandedFile]:
    """Return the file of the project's instances.

    Raises:
        QuaestorError: The list cannot be read to its end, or a zone does not answer.
    """
    found = [google.taken(_instance, one) for one in _listed(google)]
    ordered = sorted(found, key=lambda one: str(one.get("name")))
    return [land_objects(landing, google.source.project, KIND, ordered)]


def count(google: Google) -> int:
    """Return how many instances can be seen."""
    return sum(1 for _ in _listed(google))


def _listed(google: Google) -> Iterator[Mapping[str, Any]]:
    """Yield every instance, page by page."""
    project = google.source.project
    address = google.address("notebooks", f"v2/projects/{project}/locations/-/instances")
    first = _first_page(google, address)
    yield from first.get("instances") or ()
    if token := first.get("nextPageToken"):
        yield from google.items(address, "instances", pageToken=token)


def _first_page(google: Google, address: str) -> Mapping[str, Any]:
    """Return the first page, an empty one where the API is switched off.

    Raises:
        QuaestorError: It is denied, or a zone does not answer, which is no empty one.
    """
    from google.api_core.exceptions import Forbidden

    with gcp.explained(google.source, google.place):
        try:
            first = google.answer("GET", address, params={"pageSize": "100"})
        except Forbidden as problem:
            if _reason(problem) == _OFF:
                return {}
            raise
    if silent := first.get("unreachable"):
        raise IncompleteError(
            f"zones do not tell their instances of Workbench: {', '.join(map(str, silent))}",
            where=f"{google.place} (source {google.source.name})",
            fix="Run again later; what was landed before stays in force.",
        )
    return first


def _reason(problem: Any) -> str | None:
    found: str | None = problem.reason  # of google.rpc.ErrorInfo
    return found


def _instance(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is landed of an instance; its metadata may hold a secret."""
    setup = told.get("gceSetup") or {}
    idle = only(setup.get("metadata") or {}, "idle-timeout-seconds")
    machine = only(setup, "machineType", "acceleratorConfigs")
    return {**only(told, *_WHAT), "gceSetup": {**machine, "metadata": idle}}
