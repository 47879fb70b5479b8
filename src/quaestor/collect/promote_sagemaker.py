"""Approve a model package in SageMaker's registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from quaestor.collect import aws
from quaestor.collect.promote import Moved, Promotion
from quaestor.collect.sagemaker_registry import regions_of
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.core.sources.aws import SageMakerRegistrySource

_STATUS = {"production": "Approved", "archived": "Rejected"}
_MOST_PROPERTIES, _MOST_CHARACTERS = 50, 256  # of CustomerMetadataProperties, and of a value


def promote(source: SageMakerRegistrySource, promotion: Promotion, *, dry_run: bool) -> Moved:
    """Set ModelApprovalStatus, and the verdict as CustomerMetadataProperties, in one call."""
    name = f"{printable(promotion.model)}:{printable(promotion.version)}"
    status = _STATUS.get(promotion.stage)
    if status is None or promotion.alias is not None:
        raise ConfigurationError(
            f"SageMaker's registry has no {'aliases' if promotion.alias else promotion.stage}",
            where="--alias" if promotion.alias else "--to",
            fix=f"Write --to {' or --to '.join(_STATUS)}, without --alias: they set "
            "ModelApprovalStatus.",
        )
    found = list(_found(source, promotion))
    if len(found) != 1:
        raise IncompleteError(
            f"the registry has {len(found)} packages {name}",
            where=f"source {source.name}",
            fix="Collect again; name the region in the source where several have it.",
        )
    client, package = found[0]
    _check_unchanged(package, promotion, name)
    before = str(package["ModelApprovalStatus"])
    if before == status:
        return Moved(f"{name} is {status} already", changed=False)
    if not dry_run:
        with aws.explained(source, "SageMaker"):
            client.update_model_package(
                ModelPackageArn=package["ModelPackageArn"],
                ModelApprovalStatus=status,
                ApprovalDescription=_described(promotion),
                CustomerMetadataProperties=_properties(package, promotion),
            )
    return Moved(f"{name}: from {before} to {status}", changed=True)


def _found(
    source: SageMakerRegistrySource, promotion: Promotion
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the packages that are meant, each with the client of its region.

    A model that two regions have is called <region>/<group> (sql/sagemaker_registry_name.sql).
    """
    for one in regions_of(source):
        group = promotion.model.removeprefix(f"{one.region}/")
        with aws.explained(one, f"SageMaker in {one.region}"):
            client = aws.client(one, "sagemaker")
            for arn in _named(client, group, promotion.version):
                yield client, client.describe_model_package(ModelPackageName=arn)


def _named(client: Any, group: str, version: str) -> list[str]:
    """Return the ARNs of a version of a group; none where a region has no such group."""
    from botocore.exceptions import ClientError

    pages = client.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    try:
        return [
            str(summary["ModelPackageArn"])
            for page in pages
            for summary in page["ModelPackageSummaryList"]
            if str(summary.get("ModelPackageVersion")) == version
        ]
    except ClientError as problem:
        if aws.code_of(problem) in ("ValidationException", "ResourceNotFound"):
            return []
        raise


def _check_unchanged(package: dict[str, Any], promotion: Promotion, name: str) -> None:
    modified, judged = package.get("LastModifiedTime"), promotion.updated_at
    if modified is None or judged is None:
        return
    if abs((aws.moment(modified) - judged).total_seconds()) >= 1:
        raise IncompleteError(
            f"{name} was changed after it was judged",
            where=str(package["ModelPackageArn"]),
            fix="Run it again: what stands there now is then judged.",
        )


def _described(promotion: Promotion) -> str:
    told = ", ".join(
        f"{key.removeprefix('quaestor.')} {value}" for key, value in promotion.verdict.items()
    )
    return f"quaestor: {told}"[:1024]


def _properties(package: dict[str, Any], promotion: Promotion) -> dict[str, str]:
    """Return what the package has, and the verdict as far as there is room for it."""
    kept = dict(package.get("CustomerMetadataProperties") or {})
    for key, value in promotion.verdict.items():
        if key in kept or len(kept) < _MOST_PROPERTIES:
            kept[key] = value[:_MOST_CHARACTERS]
    return kept
