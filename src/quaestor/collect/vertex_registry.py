"""Land Vertex AI's Model Registry and endpoints, and who may use them by the project's policy.

Evaluations are asked for versions that somebody may use: those with an alias, which the default
version always has. What folders and the organisation grant is inherited, and stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from quaestor.collect import gcp
from quaestor.collect import vertex_fields as fields
from quaestor.collect.objects import land_objects

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.collect.vertex_rest import Google
    from quaestor.core.landed import LandedFile

_SAID = ("bindings", "version")
_RIGHTS = ("aiplatform.", "resourcemanager.projects.setIamPolicy")


def endpoints(google: Google, landing: Landing, location: str) -> list[LandedFile]:
    """Return the file of a location's endpoints."""
    listed = google.items(google.vertex(location, "endpoints"), "endpoints")
    found = [google.taken(fields.endpoint, one) for one in listed]
    return [_landed(google, landing, location, "endpoints", found)]


def models(
    google: Google, landing: Landing, location: str, progress: Callable[[str], None]
) -> list[LandedFile]:
    """Return the files of a location's models, their versions, and what evaluations say."""
    address = google.vertex(location, "models")
    found = [google.taken(fields.model, one) for one in google.items(address, "models")]
    names = sorted(_resource(one) for one in found)
    listed = gcp.in_threads(
        names,
        lambda name: list(google.items(_within(google, location, name, ":listVersions"), "models")),
        progress,
        lambda name: f"{google.source.name}: versions of {name}",
    )
    versions = [google.taken(fields.model, one) for some in listed for one in some]
    used = sorted(
        f"{_resource(one)}@{one.get('versionId')}" for one in versions if one.get("versionAliases")
    )
    evaluated = gcp.in_threads(
        used,
        lambda name: _evaluations(google, location, name),
        progress,
        lambda name: f"{google.source.name}: evaluations of {name}",
    )
    return [
        _landed(google, landing, location, "models", found),
        _landed(google, landing, location, "model-versions", versions),
        _landed(google, landing, location, "evaluations", [e for some in evaluated for e in some]),
    ]


def grants(google: Google, landing: Landing) -> list[LandedFile]:
    """Return the files of the project's policy, and of what its roles permit."""
    project = google.source.project
    address = google.address("cloudresourcemanager", f"v1/projects/{project}:getIamPolicy")
    asked = {"options": {"requestedPolicyVersion": 3}}
    policy = fields.only(google.ask("POST", address, json=asked), *_SAID)
    bindings = google.taken(
        lambda told: [fields.only(one, "role", "members", "condition") for one in told],
        policy.get("bindings") or [],
    )
    names = sorted({str(one.get("role")) for one in bindings})
    roles = gcp.in_threads(
        names, lambda name: _role(google, name), lambda _: None, lambda name: name
    )
    return [
        land_objects(landing, project, "bindings", sorted(bindings, key=_text)),
        land_objects(landing, project, "roles", sorted(roles, key=_text)),
    ]


def _role(google: Google, name: str) -> dict[str, Any]:
    """Return what a role permits of what is Vertex AI's; nothing of one that is kept from us."""
    from google.api_core.exceptions import Forbidden, NotFound

    with gcp.explained(google.source, google.place):
        try:
            told = google.answer("GET", google.address("iam", f"v1/{name}"))
        except (Forbidden, NotFound):
            return {"name": name}
    permitted = [str(one) for one in told.get("includedPermissions") or ()]
    ours = sorted(one for one in permitted if one.startswith(_RIGHTS))
    return {"name": name, "includedPermissions": ours}


def _evaluations(google: Google, location: str, version: str) -> list[dict[str, Any]]:
    address = _within(google, location, version, "/evaluations")
    return [
        {**google.taken(fields.evaluation, one), "modelVersion": version}
        for one in google.items(address, "modelEvaluations")
    ]


def _within(google: Google, location: str, name: str, what: str) -> str:
    """Return the address of something of a model, which may name the project by its number."""
    return google.vertex(location, f"models/{name.rpartition('/')[2]}{what}")


def _resource(model: dict[str, Any]) -> str:
    """Return a model's name without a version."""
    return str(model.get("name")).partition("@")[0]


def _landed(
    google: Google, landing: Landing, location: str, kind: str, found: list[dict[str, Any]]
) -> LandedFile:
    place = f"{google.source.project}/{location}"
    return land_objects(landing, place, kind, sorted(found, key=_text))


def _text(one: dict[str, Any]) -> str:
    """Return what an order that stays goes by."""
    parts = ("name", "modelVersion", "versionId", "role", "condition", "members")
    return "\n".join(str(one.get(part)) for part in parts)
