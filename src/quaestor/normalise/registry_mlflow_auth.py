"""Who may do what in an MLflow registry: what its auth app answered, and Databricks' lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from quaestor.core.errors import IncompleteError

FILE = "permissions.json"
WORKSPACE = "default"  # where models are that name no workspace
# What Databricks' levels are in our words; who may move a version to production may promote.
_DATABRICKS = {
    "CAN_READ": "read",
    "CAN_EDIT": "edit",
    "CAN_MANAGE_STAGING_VERSIONS": "edit",
    "CAN_MANAGE_PRODUCTION_VERSIONS": "promote",
    "CAN_MANAGE": "manage",
}


class RolePermission(Struct, frozen=True):
    """One line of a role."""

    resource_type: str
    resource_pattern: str
    permission: str


class Role(Struct, frozen=True):
    """A role, as the auth app writes it."""

    name: str
    workspace: str = WORKSPACE
    permissions: tuple[RolePermission, ...] = ()


class User(Struct, frozen=True):
    """A user and every role assigned."""

    username: str
    is_admin: bool = False
    roles: tuple[Role, ...] = ()


class Permissions(Struct, frozen=True):
    """One landed file: users, and what those have to whom nobody gave anything."""

    users: tuple[User, ...]
    default_of_members: str | None = None  # of those with a role in the workspace
    default_of_others: str | None = None


def read_permissions(path: Path, scope: str) -> list[dict[str, Any]]:
    """Return the users for sql/mlflow_grant.sql.

    Raises:
        IncompleteError: It is no such file.
    """
    try:
        told = msgspec.json.decode(path.read_bytes(), type=Permissions)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise IncompleteError(
            f"is no list of an MLflow server's users ({problem})",
            where=scope,
            fix="Collect it again.",
        ) from None
    return [_user(user, told) for user in told.users]


def _user(user: User, told: Permissions) -> dict[str, Any]:
    here = [role for role in user.roles if role.workspace == WORKSPACE]
    return {
        "username": user.username,
        "is_admin": user.is_admin,
        "default_permission": told.default_of_members if here else told.default_of_others,
        "permissions": [
            {**msgspec.structs.asdict(line), "role": role.name}
            for role in here
            for line in role.permissions
        ],
    }


class Entry(Struct, frozen=True):
    """One line of Databricks' access control list."""

    user_name: str | None = None
    group_name: str | None = None
    service_principal_name: str | None = None
    all_permissions: tuple[dict[str, Any], ...] = ()


def databricks_grants(model: str, entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    """Return rows for sql/model_gov_grant.sql of one model's access control list."""
    return [
        {
            "subject": model,
            "principal": principal,
            "right": _DATABRICKS.get(level, level.lower()),
            "via": f"{level}{', inherited' if line.get('inherited') else ''}",
        }
        for entry in entries
        if (principal := _principal(entry))
        for line in entry.all_permissions
        if isinstance(level := line.get("permission_level"), str)
    ]


def _principal(entry: Entry) -> str | None:
    for kind, name in (
        ("user", entry.user_name),
        ("group", entry.group_name),
        ("service-account", entry.service_principal_name),
    ):
        if name:
            return f"{kind}:{name}"
    return None
