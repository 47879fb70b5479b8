"""Land the billing export of Google Cloud: a table of BigQuery, or files in Cloud Storage.

The table is read by partition (`gcp_tables.py`), the files by generation (`gcp_buckets.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from quaestor.core.errors import ConfigurationError, IncompleteError

if TYPE_CHECKING:
    from quaestor.collect.gcp_buckets import Bucket
    from quaestor.collect.gcp_tables import Table
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.sources import GcpExportSource


def collect(
    source: GcpExportSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land what is new or has changed (see `Collector.collect`)."""
    del config  # a table needs no base folder
    place = _place(source)
    files, beside = place.land(landing, progress)
    if not files:
        raise IncompleteError(
            "there is no bill here",
            where=f"{place.address} (source {source.name})",
            fix="Correct `table:`, `bucket:`, `prefix:`, `since:` or `until:`; a new export is "
            "empty for some hours.",
        )
    landing.snapshot(files, kind="gcp-export", schema="bill", now=now, beside=beside)


def doctor(source: GcpExportSource, config: Config) -> str:
    """Say how much is there, and how new it is (see `Collector.doctor`)."""
    del config
    return _place(source).state()


def permissions(source: GcpExportSource) -> str:
    """Return roles for one table, or for one bucket (see `Collector.permissions`)."""
    if source.table and not source.bucket:
        return _table_roles(source)
    if source.bucket and not source.table:
        return _bucket_role(source)
    return f"{_bucket_role(source)}\n---\n{_table_roles(source)}"


def _place(source: GcpExportSource) -> Table | Bucket:
    """Return what is read.

    Raises:
        QuaestorError: The source names no place or two, or no sign-in.
    """
    if fault := source.fault():
        raise ConfigurationError(fault.what, where=f"source {source.name}", fix=fault.fix)
    if source.bucket:
        from quaestor.collect.gcp_buckets import Bucket

        return Bucket.opened(source)
    from quaestor.collect.gcp_tables import Table

    return Table.opened(source)


def _table_roles(source: GcpExportSource) -> str:
    table = source.table or "YOUR-PROJECT.YOUR_DATASET.YOUR_TABLE"
    project, _, rest = table.partition(".")
    dataset = rest.partition(".")[0] or "YOUR_DATASET"
    pays = source.project or project
    return f"""\
# 1. Reads the export, and nothing else. Save as reader.yaml:
#    gcloud iam roles create quaestorBillingReader --project={project} --file=reader.yaml
#    and grant it on the dataset alone (BigQuery):
#    grant `projects/{project}/roles/quaestorBillingReader` on schema `{project}.{dataset}`
#    to "serviceAccount:YOUR-ACCOUNT";
title: Quaestor billing export reader
description: Reads the rows, the size and the partitions of the billing export.
stage: GA
includedPermissions:
- bigquery.tables.get
- bigquery.tables.getData
- bigquery.tables.list
---
# 2. May run the queries, at the cost of the project {pays}. Save as querier.yaml:
#    gcloud iam roles create quaestorQuerier --project={pays} --file=querier.yaml
#    gcloud projects add-iam-policy-binding {pays} \\
#      --member=serviceAccount:YOUR-ACCOUNT --role=projects/{pays}/roles/quaestorQuerier
title: Quaestor querier
description: Runs queries; what they may read, another role says.
stage: GA
includedPermissions:
- bigquery.jobs.create"""


def _bucket_role(source: GcpExportSource) -> str:
    bucket = source.bucket or "YOUR-BUCKET"
    project = source.project or "YOUR-PROJECT"
    return f"""\
# Reads one bucket, and nothing else. Save as role.yaml:
#    gcloud iam roles create quaestorBucketReader --project={project} --file=role.yaml
#    gcloud storage buckets add-iam-policy-binding gs://{bucket} \\
#      --member=serviceAccount:YOUR-ACCOUNT --role=projects/{project}/roles/quaestorBucketReader
title: Quaestor bucket reader
description: Lists and reads the exported bills.
stage: GA
includedPermissions:
- storage.objects.get
- storage.objects.list"""
