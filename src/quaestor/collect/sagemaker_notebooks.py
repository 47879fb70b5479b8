"""Where people work in SageMaker: notebook instances, Studio's apps, and what stops either.

A person's last activity that is the same moment as the last check of an app's health is no
activity: SageMaker sets both when it checks. It is landed, and left to the loader to judge.

Source: Amazon SageMaker API reference, DescribeApp, IdleSettings, DescribeNotebookInstance.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from quaestor.collect import aws
from quaestor.collect.objects import land_objects
from quaestor.collect.sagemaker_region import Object, Region, if_there, kept, pages, told
from quaestor.core.errors import QuaestorError

if TYPE_CHECKING:
    from quaestor.core.landed import LandedFile

ACTIONS = (
    "sagemaker:DescribeApp",
    "sagemaker:DescribeDomain",
    "sagemaker:DescribeNotebookInstance",
    "sagemaker:DescribeSpace",
    "sagemaker:DescribeUserProfile",
    "sagemaker:ListApps",
    "sagemaker:ListNotebookInstances",
)
LISTINGS = ("list_notebook_instances", "list_apps")
# Apps that can stop themselves, and where their settings stand.
_SETTINGS = {"JupyterLab": "JupyterLabAppSettings", "CodeEditor": "CodeEditorAppSettings"}
_NOTEBOOK = (
    *("NotebookInstanceName", "NotebookInstanceArn", "NotebookInstanceStatus", "InstanceType"),
    *("CreationTime", "LastModifiedTime", "NotebookInstanceLifecycleConfigName"),
)
_APP = (
    *("AppArn", "AppType", "AppName", "DomainId", "UserProfileName", "SpaceName", "Status"),
    *("CreationTime", "LastUserActivityTimestamp", "LastHealthCheckTimestamp", "ResourceSpec"),
)


def land_notebooks(region: Region, client: Any) -> list[LandedFile]:
    """Land the notebook instances and the apps of a region; one that is denied is a gap."""
    asked: dict[str, Callable[[Region, Any], list[Object]]] = {
        "notebooks": _notebooks,
        "apps": _apps,
    }
    files = []
    for kind, ask in asked.items():
        region.progress(f"{region.source.name}: {region.name} {kind}")
        try:
            with aws.explained(region.source, region.where("SageMaker")):
                found = ask(region, client)
        except QuaestorError as problem:
            region.missed(kind, problem)
            continue
        region.read += 1
        files.append(land_objects(region.landing, region.name, kind, found))
    return files


def _notebooks(region: Region, client: Any) -> list[Object]:
    def describe(summary: Object) -> Object | None:
        name = told(summary, "NotebookInstanceName")
        answer = if_there(client.describe_notebook_instance, NotebookInstanceName=name)
        if answer is None:
            return None
        tags = region.tags(client, str(told(answer, "NotebookInstanceArn")))
        return {**kept(answer, _NOTEBOOK), "Tags": tags}

    listed = list(pages(client, "list_notebook_instances", "NotebookInstances"))
    found = [one for one in region.in_parallel(describe, listed) if one]
    for one in found:
        region.types |= {str(one["InstanceType"])} if one.get("InstanceType") else set()
    return sorted(found, key=lambda one: str(one["NotebookInstanceArn"]))


def _apps(region: Region, client: Any) -> list[Object]:
    """Return the apps that were not deleted, each with the idle settings that are meant for it."""
    ask: Callable[..., Object] = cache(lambda what, **query: _settings(client, what, **query))

    def describe(summary: Object) -> Object | None:
        owner = {key: summary[key] for key in ("UserProfileName", "SpaceName") if summary.get(key)}
        names = {key: told(summary, key) for key in ("DomainId", "AppType", "AppName")}
        answer = if_there(client.describe_app, **names, **owner)
        if answer is None:
            return None
        app = kept(answer, _APP)
        app["IdleSettings"] = _idle_settings(ask, app)
        app["Tags"] = region.tags(client, str(told(answer, "AppArn")))
        return app

    listed = [one for one in pages(client, "list_apps", "Apps") if one.get("Status") != "Deleted"]
    found = [one for one in region.in_parallel(describe, listed) if one]
    kinds = {str((one.get("ResourceSpec") or {}).get("InstanceType") or "") for one in found}
    region.types |= {kind for kind in kinds if kind.startswith("ml.")}
    return sorted(found, key=lambda one: str(one["AppArn"]))


def _idle_settings(ask: Callable[..., Object], app: Object) -> list[Object] | None:
    """Return the settings of an app's domain, its owner and its space; None: it has no such.

    Of two that say something the later one counts.
    """
    key = _SETTINGS.get(str(app.get("AppType")))
    if key is None:
        return None
    domain, space = str(app["DomainId"]), app.get("SpaceName")
    in_space = ask("describe_space", DomainId=domain, SpaceName=space) if space else {}
    owner = (in_space.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
    owner = owner or app.get("UserProfileName")
    of_user = ask("describe_user_profile", DomainId=domain, UserProfileName=owner) if owner else {}
    said = (
        ask("describe_domain", DomainId=domain).get("DefaultUserSettings"),
        of_user.get("UserSettings"),
        in_space.get("SpaceSettings"),
    )
    return [_idle(each, key) for each in said]


def _idle(settings: Any, key: str) -> Object:
    """Return how an app of a kind stops when it is idle, as some settings say it."""
    of_kind = (settings or {}).get(key) or {}
    found = (of_kind.get("AppLifecycleManagement") or {}).get("IdleSettings") or {}
    return {name: found.get(name) for name in ("LifecycleManagement", "IdleTimeoutInMinutes")}


def _settings(client: Any, what: str, **query: str) -> Object:
    return if_there(getattr(client, what), **query) or {}
