"""Amazon Web Services: exports in S3, Cost Explorer, Organizations."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from quaestor.core.sources.common import BillSchema, Currency, Named


class AwsAccess(Named, frozen=True, kw_only=True):
    """Who asks AWS, and where; unset, boto3 finds credentials and region as it always does."""

    profile: str | None = None
    region: str | None = None
    role_arn: str | None = None  # assumed first, with `external_id` where it is set
    external_id: str | None = None
    endpoint_url: str | None = None  # an S3-compatible store, a proxy, a VPC endpoint


class AwsBill(AwsAccess, frozen=True, kw_only=True):
    """A bill that AWS keeps; the keys of `common.Bill` (a struct has one line of ancestors)."""

    schema: BillSchema | None = None
    billing_currency: Currency | None = None
    since: date | None = None
    until: date | None = None


class AwsExportSource(AwsBill, frozen=True, kw_only=True, tag_field="kind", tag="aws-export"):
    """A Data Export or Cost and Usage Report in S3: FOCUS, CUR 2.0 or legacy CUR."""

    bucket: str
    prefix: str = ""


class AwsCostExplorerSource(
    AwsBill, frozen=True, kw_only=True, tag_field="kind", tag="aws-cost-explorer"
):
    """Cost Explorer, for accounts without exports. AWS charges for each call."""

    tag: str | None = None  # a cost allocation tag to group by beside the service
    months: int = 3  # how far back, where `since` does not say


class SageMakerSource(AwsAccess, frozen=True, kw_only=True, tag_field="kind", tag="sagemaker"):
    """What ran in SageMaker: training, processing and transform jobs, endpoints and their hours."""

    regions: tuple[str, ...] = ()  # unset: `region`, or the one that boto3 finds
    since: date | None = None
    until: date | None = None
    months: int = 3  # how far back, where `since` does not say


class AwsOrganizationsSource(
    AwsAccess, frozen=True, kw_only=True, tag_field="kind", tag="organizations"
):
    """The names of the organisation's accounts."""


class SageMakerRegistrySource(
    AwsAccess, frozen=True, kw_only=True, tag_field="kind", tag="sagemaker-registry"
):
    """SageMaker's Model Registry: model packages, model cards, and who may touch them."""

    regions: tuple[str, ...] = ()  # unset: `region:`, or the one boto3 finds


class AwsStorageSource(AwsAccess, frozen=True, kw_only=True, tag_field="kind", tag="aws-storage"):
    """Discs, their snapshots and images by region, and the folders of buckets."""

    regions: tuple[str, ...] = ()  # unset: `region:`, or the one boto3 finds
    # Names, or name/prefix; unset: those that the registries which were collected name.
    buckets: tuple[str, ...] = ()
    depth: Annotated[int, Meta(ge=1, le=32)] = 8  # levels of folders that are told apart
