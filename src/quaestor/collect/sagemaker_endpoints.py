"""Endpoints of SageMaker as they are: variants, the models behind them, images, tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from quaestor.collect import aws
from quaestor.collect.objects import land_objects
from quaestor.collect.sagemaker_jobs import types_in
from quaestor.collect.sagemaker_region import Object, Region, if_there, kept, pages, told
from quaestor.core.errors import QuaestorError

if TYPE_CHECKING:
    from quaestor.core.landed import LandedFile

KIND = "endpoints"
_VARIANTS = ("ProductionVariants", "ShadowProductionVariants")
_KEEP = (
    *("EndpointName", "EndpointArn", "EndpointConfigName", "EndpointStatus", "FailureReason"),
    *("CreationTime", "LastModifiedTime", "MetricsConfig", *_VARIANTS),
)
# What an answer may leave out is landed even so: an older look did not ask for it.
_CONFIG = ("KmsKeyId", "DataCaptureConfig", "EnableNetworkIsolation", "VpcConfig")
_MODEL = ("EnableNetworkIsolation", "VpcConfig")
_CONTAINER = ("Image", "Mode", "ModelDataUrl", "ModelDataSource", "ModelPackageName")
_COMPONENT = ("InferenceComponentName", "VariantName", "InferenceComponentStatus", "RuntimeConfig")


def land_endpoints(region: Region, client: Any) -> tuple[list[LandedFile], list[Object]]:
    """Land every endpoint; return the file and what it holds."""
    held = region.objects(region.held.get(f"{region.name}/{KIND}"))
    before = {str(one["EndpointArn"]): one for one in held}
    region.progress(f"{region.source.name}: {region.name} {KIND}")
    try:
        with aws.explained(region.source, region.where("SageMaker")):
            listed = list(pages(client, "list_endpoints", "Endpoints"))

            def describe(summary: Object) -> Object | None:
                return _endpoint(client, region, summary, before)

            found = [one for one in region.in_parallel(describe, listed) if one]
    except QuaestorError as problem:
        region.missed(KIND, problem)
        return [], []
    region.read += 1
    endpoints = sorted(found, key=lambda one: str(one["EndpointArn"]))
    for endpoint in endpoints:
        for variant in variants_of(endpoint):
            region.types |= set(types_in(variant))
    return [land_objects(region.landing, region.name, KIND, endpoints)], endpoints


def variants_of(endpoint: Object) -> Iterator[Object]:
    """Yield the variants of an endpoint as its configuration has them, shadows included."""
    config = endpoint.get("EndpointConfig") or endpoint  # it was deleted: the endpoint's own words
    for name in _VARIANTS:
        yield from config.get(name) or ()


def _endpoint(
    client: Any, region: Region, summary: Object, before: dict[str, Object]
) -> Object | None:
    """Describe one endpoint, its configuration and models: these cannot be changed."""
    answer = if_there(client.describe_endpoint, EndpointName=told(summary, "EndpointName"))
    if answer is None:
        return None
    endpoint = kept(answer, _KEEP)
    endpoint["IsAsynchronous"] = bool(answer.get("AsyncInferenceConfig"))
    same = before.get(str(told(answer, "EndpointArn")))
    tags = region.tags(client, answer["EndpointArn"])
    endpoint["Tags"] = (same or {}).get("Tags") if tags is None else tags
    endpoint["LastDeploymentConfig"] = answer.get("LastDeploymentConfig")
    if same and same.get("EndpointConfigName") == endpoint.get("EndpointConfigName"):
        endpoint["EndpointConfig"] = _if_whole(same.get("EndpointConfig"), _CONFIG)
        models = same.get("Models") or {}
        endpoint["Models"] = {name: one for name, one in models.items() if _if_whole(one, _MODEL)}
    endpoint["EndpointConfig"] = endpoint.get("EndpointConfig") or _config(client, answer)
    variants = list(variants_of(endpoint))
    endpoint["Components"] = (
        _components(client, str(answer["EndpointName"]))
        if any(not variant.get("ModelName") for variant in variants)
        else []
    )
    serving = [variant.get("ModelName") for variant in variants]
    serving += [one.get("ModelName") for one in endpoint["Components"]]
    known = endpoint.get("Models") or {}
    names = sorted({str(name) for name in serving if name})
    endpoint["Models"] = {name: known.get(name) or _model(client, name) for name in names}
    return endpoint


def _config(client: Any, endpoint: Object) -> Object | None:
    name = endpoint.get("EndpointConfigName")
    answer = if_there(client.describe_endpoint_config, EndpointConfigName=name) if name else None
    if not answer:
        return None
    said = {name: answer.get(name) for name in _CONFIG}
    return {**kept(answer, ("CreationTime", "ExecutionRoleArn", *_VARIANTS)), **said}


def _if_whole(landed: Object | None, names: tuple[str, ...]) -> Object | None:
    """Return what was landed before, if that look knew to ask for all of it."""
    return landed if landed and all(name in landed for name in names) else None


def _components(client: Any, endpoint: str) -> list[Object]:
    """Return the inference components of an endpoint whose variants have no model themselves."""
    key = "InferenceComponents"
    listed = pages(client, "list_inference_components", key, EndpointNameEquals=endpoint)
    found = []
    for name in sorted(str(one["InferenceComponentName"]) for one in listed):
        answer = if_there(client.describe_inference_component, InferenceComponentName=name)
        if answer:
            said = answer.get("Specification") or {}
            container = said.get("Container") or {}
            component = kept(answer, _COMPONENT)
            component |= {"ModelName": said.get("ModelName")}
            component |= {"ModelDataUrl": container.get("ArtifactUrl")}
            component |= {"Image": (container.get("DeployedImage") or {}).get("SpecifiedImage")}
            found.append(component)
    return found


def _model(client: Any, name: str) -> Object | None:
    """Return a model: containers without environments, identity, network; None: it was deleted."""
    answer = if_there(client.describe_model, ModelName=name)
    if answer is None:
        return None
    primary = answer.get("PrimaryContainer")
    containers = [primary] if primary else answer.get("Containers") or []
    said = {name: answer.get(name) for name in _MODEL}
    parts = {"Containers": [kept(one, _CONTAINER) for one in containers], **said}
    return {**parts, **kept(answer, ("ExecutionRoleArn",))}
