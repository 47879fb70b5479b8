"""Read a deploy's manifests as if they ran already, beside a warehouse that stays as it is.

The loaders that read clusters, SageMaker and `model.gov.yaml` read these files too, so that one
SQL says what a manifest means. They write into a catalogue in memory; what the warehouse says of
the same models is copied there first, and settled anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.deploy import Deployed, DeployKind, DeployObject
from quaestor.normalise import artifacts, manifest_read, registry
from quaestor.normalise import registry_model_gov as model_gov
from quaestor.normalise.manifest_kserve import with_runtimes
from quaestor.warehouse.duckdb import Warehouse, quoted

CATALOG = "quaestor_deploy"
# Each table of the catalogue that counts before the warehouse's, and what tells its rows apart.
KEYS = {
    "registry.model": ("source", "model"),
    "registry.model_version": ("source", "model", "version"),
    "registry.deployment": ("source", "deployment"),
    "registry.dataset": ("source", "run_id", "dataset"),
    "registry.grant": ("source", "subject", "principal", "right"),
    "registry.evidence": ("source", "field"),
}
# Of which source and model a `model.gov.yaml` says all there is to say: `REPLACED` of the
# catalogue, by these columns, in these tables.
REPLACED = f"{CATALOG}.main.replaced"
REPLACED_BY = ("source", "model")
REPLACED_IN = ("registry.model", "registry.model_version", "registry.deployment")
# What a manifest does not tell and the platform does: it stays as it is.
_KEPT = (
    *("region", "resource_id", "created_at", "status", "public_access", "autoscaler"),
    *("min_replicas", "max_replicas", "monitoring", "monitored_at", "monitor_interval_hours"),
    *("monitor_baseline", "drift", "drift_limit", "performance_measured_at"),
)
_NAMES = ("source", "deployment", "kind", "model", "version", "artifact_uri")
_SCHEMAS = ("registry", "usage", "quarantine", "config")
# What sources state of models, and the column that names the model.
_OF_MODELS = {
    "stated_model": "model",
    "stated_model_version": "model",
    "card_section": "model",
    "stated_fact": "subject",
}


@dataclass(frozen=True)
class Read:
    """What a deploy's files say.

    Args:
        deployments: Every deployment, in the order of its objects.
        models: The model of every `model.gov.yaml`, by its place, with each version that it names
            and that is not archived, and each that its deployments serve in the environment asked
            about; a file without either has none.
        blind_spots: What they say in labels or tags and nobody can read.
    """

    deployments: tuple[Deployed, ...]
    models: Mapping[str, tuple[str, tuple[str, ...]]]
    blind_spots: tuple[BlindSpot, ...]


def read(warehouse: Warehouse, objects: Sequence[DeployObject], *, environment: str) -> Read:
    """Fill the catalogue `CATALOG` with what the warehouse would say once all of it runs.

    Args:
        warehouse: A built warehouse; nothing is written to it.
        objects: What the files hold.
        environment: Where it is to run.
    """
    home: str = warehouse.row("select current_database()")[0]
    objects = with_runtimes(objects)
    gov = [one for one in objects if one.gov is not None]
    with _beside(warehouse, home):
        spots = [
            *manifest_read.clusters(warehouse, objects),
            *manifest_read.sagemaker(warehouse, objects),
        ]
        old = _matched(warehouse, home)
        _copy(warehouse, home, [one.gov.model for one in gov if one.gov is not None])
        _state(warehouse, home, gov)
        # Manifests say nothing of models: only files about models make them anew.
        registry.settle(warehouse, registry.GOVERNED if gov else ("deployment",))
        _keep(warehouse, home)
        artifacts.settle(warehouse)
        registry.lend(warehouse)
        _complete(warehouse, home, old, environment)
        deployed = tuple(_deployed(warehouse, home, objects, old))
        return Read(deployed, dict(_models(warehouse, gov, environment)), tuple(spots))


def known_version(warehouse: Warehouse, model: str, version: str) -> bool:
    """Return whether the warehouse, or the deploy itself, knows a model version."""
    found = warehouse.rows(
        f"select 1 from {CATALOG}.registry.model_version where model = $model "
        "and version = $version union all select 1 from registry.model_version "
        "where model = $model and version = $version limit 1",
        {"model": model, "version": version},
    )
    return bool(found)


@contextmanager
def _beside(warehouse: Warehouse, home: str) -> Iterator[None]:
    """Let `registry` and `usage` be empty tables in memory, and `config` the warehouse's own."""
    warehouse.run(f"attach ':memory:' as {CATALOG} (read_write)")
    warehouse.run(f"create table {REPLACED} (source varchar, model varchar)")
    for schema in _SCHEMAS:
        warehouse.run(f"create schema {CATALOG}.{schema}")
    tables = warehouse.rows(
        "select schema_name, table_name from duckdb_tables() where database_name = ? "
        "and schema_name in (select unnest(?::varchar[])) order by all",
        [home, list(_SCHEMAS)],
    )
    for schema, table in tables:
        name = f"{schema}.{quoted(table)}"
        kind, rows = ("view", "") if schema == "config" else ("table", " limit 0")
        warehouse.run(
            f"create {kind} {CATALOG}.{name} as select * from {quoted(home)}.{name}{rows}"
        )
    for schema, table, column, default in warehouse.rows(
        "select schema_name, table_name, column_name, column_default from duckdb_columns() "
        "where database_name = ? and schema_name = 'registry' and column_default is not null",
        [home],
    ):
        warehouse.run(
            f"alter table {CATALOG}.{schema}.{quoted(table)} "
            f"alter column {quoted(column)} set default {default}"
        )
    warehouse.run(f"use {CATALOG}")
    try:
        yield
    finally:
        warehouse.run(f"use {quoted(home)}")


def _matched(warehouse: Warehouse, home: str) -> dict[tuple[str, str], _Old]:
    """Find what of the deploy runs today, and call it as its source does.

    A manifest does not name its cluster, and often no namespace: its kind and name, and the
    namespace where it has one, have to say which it is.

    Returns:
        For each deployment, by its (new) source and name: what runs today.
    """
    news = warehouse.rows(
        "select source, deployment, kind from registry.stated_deployment "
        "order by namespace is null, source, deployment"
    )
    found: dict[tuple[str, str], _Old] = {}
    for source, deployment, kind in news:
        name = deployment.removeprefix(f"{manifest_read.HERE}/")
        candidates = warehouse.rows(
            f"select source, deployment, cluster, namespace "
            f"from {quoted(home)}.registry.deployment where kind = ? and "
            "(deployment = ? or ends_with(deployment, '/' || ?)) order by all",
            [kind, name, name],
        )
        is_clear = len(candidates) == 1 and candidates[0][:2] not in found
        now = candidates[0] if is_clear else (source, name, None, None)
        _rename(warehouse, (source, deployment), now)
        others = () if is_clear else tuple(row[1] for row in candidates)
        found[now[0], now[1]] = _Old((source, deployment), others)
    return found


@dataclass(frozen=True)
class _Old:
    """As what a manifest was read, and what of several it may be that runs today."""

    was: tuple[str, str]
    elsewhere: tuple[str, ...]


def _rename(
    warehouse: Warehouse, was: tuple[str, str], now: tuple[str, str, str | None, str | None]
) -> None:
    source, deployment, cluster, namespace = now
    warehouse.run(
        "update registry.stated_deployment set source = ?, deployment = ?, cluster = ?, "
        "namespace = coalesce(namespace, ?) where source = ? and deployment = ?",
        [source, deployment, cluster, namespace, *was],
    )
    warehouse.run(
        "update registry.stated_fact set source = ?, subject = ? "
        "where kind = 'deployment' and source = ? and subject = ?",
        [source, deployment, *was],
    )


# Models that a deploy is about: by name, as SageMaker spells it too, or by the artifact.
_MODELS = """
create or replace temp table deploy_model as
select distinct m.model
from (
    select model from {there}.model
    union select model from {there}.model_version
    union select unnest($named::varchar[])
) as m
where m.model in (select unnest($named::varchar[]))
    or lower(split_part(m.model, '/', -1)) in (
        select lower(split_part(model, '/', -1)) from registry.stated_deployment
        where model is not null
    )
    or m.model in (
        select v.model from {there}.model_version as v
        join registry.stated_deployment as d on d.artifact_uri = v.artifact_uri
    )
"""


def _copy(warehouse: Warehouse, home: str, named: Sequence[str]) -> None:
    """Copy what the sources state of the models in `named`; of others, know their names."""
    there = f"{quoted(home)}.registry"
    warehouse.run(_MODELS.format(there=there), {"named": list(named)})
    warehouse.run(f"insert into registry.stated_evidence select * from {there}.stated_evidence")
    warehouse.run(
        f"insert into registry.stated_fact select * from {there}.stated_fact "
        "where kind = 'deployment' and from_file "
        "and subject in (select deployment from registry.stated_deployment)"
    )
    if not named:
        return
    for table, column in _OF_MODELS.items():
        warehouse.run(
            f"insert into registry.{table} select * from {there}.{table} "
            f"where {column} in (select model from deploy_model)"
            + (" and kind in ('model', 'model_version')" if table == "stated_fact" else "")
        )
    of_runs = "run_id in (select run_id from registry.stated_model_version)"
    of_files = "from_file and model in (select model from deploy_model)"  # often without a run
    for table, wanted in (("run", of_runs), ("stated_dataset", f"{of_runs} or {of_files}")):
        warehouse.run(f"insert into registry.{table} select * from {there}.{table} where {wanted}")


def _state(warehouse: Warehouse, home: str, gov: Sequence[DeployObject]) -> None:
    """Let each `model.gov.yaml` take the place of what one said of its model before."""
    for one in gov:
        if one.gov is None or one.document is None:
            continue
        model = one.gov.model
        # Model cards are files too; only these files state deployments.
        rows = warehouse.rows(
            f"select distinct m.source from {quoted(home)}.registry.stated_model as m "
            f"join {quoted(home)}.registry.stated_evidence as e on e.source = m.source "
            "and e.field = 'deployment' and e.via = 'file' "
            "where m.model = ? and m.from_file order by m.source",
            [model],
        )
        source = rows[0][0] if rows else DeployKind.MODEL_GOV.source
        warehouse.run(f"insert into {REPLACED} values (?, ?)", [source, model])
        for table in ("stated_model", "stated_model_version", "stated_dataset"):
            warehouse.run(
                f"delete from registry.{table} where source = ? and model = ? and from_file",
                [source, model],
            )
        warehouse.run(
            "delete from registry.stated_fact where source = ? and subject = ? and from_file",
            [source, model],
        )
        model_gov.write(warehouse, source, one.gov, one.document)
        if not rows:
            warehouse.run("delete from registry.stated_evidence where source = ?", [source])
            registry.state_evidence(warehouse, source, model_gov.supplied(warehouse))


def _keep(warehouse: Warehouse, home: str) -> None:
    """Keep what is registered and no source states piece by piece."""
    for table, key in (("model", "model"), ("model_version", "model, version")):
        warehouse.run(
            f"insert into registry.{table} by name "
            f"select * from {quoted(home)}.registry.{table} "
            "where model in (select model from deploy_model) "
            f"and (source, {key}) not in (select (source, {key}) from registry.{table}) "
            f"and (source, model) not in (select (source, model) from {REPLACED})"
        )


def _complete(
    warehouse: Warehouse, home: str, old: Mapping[tuple[str, str], _Old], environment: str
) -> None:
    """Say where it is to run, and what of it stays as it is."""
    for source, deployment in old:
        warehouse.run(
            "update registry.deployment set environment = ?, status = null, "
            "image_digests = coalesce(image_digests, case when len(images) > 0 and "
            "len(images) = len(list_filter(images, lambda one: contains(one, '@sha256:'))) "
            "then list_transform(images, lambda one: split_part(one, '@', -1)) end) "
            "where source = ? and deployment = ?",
            [environment, source, deployment],
        )
    kept = ", ".join(f"{column} = coalesce(n.{column}, o.{column})" for column in _KEPT)
    warehouse.run(
        f"update registry.deployment as n set {kept} "
        f"from {quoted(home)}.registry.deployment as o "
        "where o.source = n.source and o.deployment = n.deployment"
    )


def _deployed(
    warehouse: Warehouse,
    home: str,
    objects: Sequence[DeployObject],
    old: Mapping[tuple[str, str], _Old],
) -> list[Deployed]:
    """Return the deployments in the order of their manifests."""
    select = "select * from {} where source = ? and deployment = ?"
    found = []
    for key, now in old.items():
        one = _object_of(objects, now.was)
        [then] = warehouse.records(select.format("registry.deployment"), key)
        rows = warehouse.records(select.format(f"{quoted(home)}.registry.deployment"), key)
        named = {name: then[name] for name in _NAMES}
        deployed = Deployed(
            target=one.target,
            place=one.place,
            elsewhere=now.elsewhere,
            then=then,
            now=rows[0] if rows else None,
            **named,
        )
        place = next(number for number, each in enumerate(objects) if each is one)
        found.append((place, deployed.deployment, deployed))
    return [deployed for *_, deployed in sorted(found, key=lambda each: each[:2])]


def _object_of(objects: Sequence[DeployObject], was: tuple[str, str]) -> DeployObject:
    """Return the object that a deployment was read from: its name ends as the object's does."""
    source, deployment = was
    parts = deployment.split("/")
    for one in objects:
        if one.kind.source != source:
            continue
        if one.kind is DeployKind.SAGEMAKER:
            names = (one.text("EndpointConfigName"), one.text("EndpointName"))
            if "ProductionVariants" in one.value and parts[0] in names:
                return one
        elif (one.text("kind"), one.text("metadata", "name")) == tuple(parts[-2:]):
            namespace = one.text("metadata", "namespace")
            if namespace == (parts[1] if len(parts) > 3 else None):
                return one
    return next(one for one in objects if one.kind.source == source)


def _models(
    warehouse: Warehouse, gov: Sequence[DeployObject], environment: str
) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """Yield what each `model.gov.yaml` asks about; what serves counts though it be archived."""
    elsewhere = {"production", "staging", "development"} - {environment}
    for one in gov:
        if one.gov is None:
            continue
        archived = {
            version
            for (version,) in warehouse.rows(
                "select version from registry.model_version "
                "where model = ? and lifecycle = 'archived'",
                [one.gov.model],
            )
        }
        serving = (
            str(each.version)
            for each in one.gov.deployments
            if each.version and each.environment not in elsewhere
        )
        versions = (name for name in one.gov.versions if name not in archived)
        yield one.place, (one.gov.model, tuple(dict.fromkeys((*versions, *serving))))
