"""Ask an MLflow server's auth app who may do what.

Two questions for everybody (roles by name, users with all that their roles give), and one or two
for what those may do to whom nobody gave anything: that default is in the server's own settings,
and only shows as somebody's effective permission. A server without the auth app answers 404.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from quaestor.core.landed import Gap

ROLES = "/api/3.0/mlflow/roles/list"  # answers only the server's administrators
USERS = "/api/2.0/mlflow/users/list"
EFFECTIVE = "/api/3.0/mlflow/users/permissions/get"
MODELS = "registered_model"
_LEVELS = ("READ", "USE", "EDIT", "MANAGE")
_WORKSPACE = "default"


class _RefusedError(Exception):
    """The auth app runs and does not tell us."""


def ask_grants(scope: str) -> dict[str, Any] | Gap | None:
    """Return users and defaults as they land, or why they cannot be had; None: no auth app.

    Args:
        scope: The server's address, whose credentials the environment holds.
    """
    try:
        if _ask(scope, ROLES) is None:
            return None
        users = sorted(_users(_ask(scope, USERS)), key=lambda user: str(user["username"]))
        members = [user for user in users if user["roles"] and not user["is_admin"]]
        others = [user for user in users if not user["roles"] and not user["is_admin"]]
        return {
            "users": users,
            "default_of_members": _default(scope, members),
            "default_of_others": _default(scope, others),
        }
    except _RefusedError as problem:
        return Gap(
            scope="grant",
            reason=f"who may do what is not shown ({problem})",
            fix="Let the account that reads be an administrator of the server; only those see "
            "every user's permissions. Until then nobody can say who may move production.",
        )


def _ask(scope: str, path: str, **query: str) -> Any:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        credentials = get_default_host_creds(scope)  # type: ignore[no-untyped-call] # MLflow's own
        reply = http_request(  # type: ignore[no-untyped-call] # MLflow's own
            credentials, path, "GET", params=query
        )
    except MlflowException as problem:
        raise _RefusedError("no answer in time" if "imeout" in str(problem) else "no answer") from (
            None
        )
    if reply.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return None
    if reply.status_code != HTTPStatus.OK:
        raise _RefusedError(f"{reply.status_code} {reply.reason}")
    try:
        return reply.json()
    except (ValueError, RecursionError):
        if path == ROLES:
            return None  # a page for people, as servers behind a portal answer what they lack
        raise _RefusedError("the answer is no JSON") from None


def _users(answer: Any) -> Iterable[dict[str, Any]]:
    """Yield what counts of each user; ids and descriptions stay where they are.

    Raises:
        _RefusedError: The answer has another shape, as one of another release may.
    """
    try:
        for user in answer["users"]:
            roles = [
                {
                    "name": str(role["name"]),
                    "workspace": str(role.get("workspace") or _WORKSPACE),
                    "permissions": sorted(
                        (
                            {
                                key: str(line[key])
                                for key in ("resource_type", "resource_pattern", "permission")
                            }
                            for line in role["permissions"]
                        ),
                        key=str,
                    ),
                }
                for role in user["roles"]
            ]
            yield {
                "username": str(user["username"]),
                "is_admin": bool(user["is_admin"]),
                "roles": sorted(roles, key=str),
            }
    except (KeyError, TypeError, AttributeError):
        raise _RefusedError("the answer has a shape that this release does not know") from None


def _default(scope: str, users: Iterable[Mapping[str, Any]]) -> str | None:
    """Return what these users have on models that no role of theirs names.

    The server tells the higher of the default and a user's own permission on every model, so the
    one with the least of it is asked; a default below that adds nothing for anybody.
    """
    levels = [(level, user["username"]) for user in users if (level := _on_every_model(user)) >= 0]
    if not levels:
        return None
    lowest, username = min(levels)
    answer = _ask(scope, EFFECTIVE, username=username, resource_type=MODELS, resource_id="*")
    told = answer.get("permission") if isinstance(answer, dict) else None
    if told not in _LEVELS:
        return None
    return str(told) if _LEVELS.index(told) + 1 > lowest else None


def _on_every_model(user: Mapping[str, Any]) -> int:
    """Return the level of a user's own permission on all models; -1: denied."""
    given = [
        line["permission"]
        for role in user["roles"]
        for line in role["permissions"]
        if line["resource_pattern"] == "*" and line["resource_type"] in (MODELS, "workspace")
    ]
    if "DENY" in given:
        return -1
    return max((_LEVELS.index(one) + 1 for one in given if one in _LEVELS), default=0)
