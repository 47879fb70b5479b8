"""What the formats of a gate tell of the policies that were asked, and of where models stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quaestor.audit.params import settled
from quaestor.audit.policies import Policy, framework_title
from quaestor.core.config import Config, FilesSource, Source
from quaestor.core.finding import Finding
from quaestor.core.rule import Rule
from quaestor.core.verdict import Verdict
from quaestor.warehouse.duckdb import Warehouse

_MODEL = "registry.model"
_OF_SCHEMA = {"mlflow": "mlflow", "mlflow-export": "mlflow", "kubeflow-catalog": "kubeflow"}
_TOLD = (Verdict.FAIL, Verdict.WAIVED, Verdict.UNKNOWN, Verdict.ERROR)


def beside(
    warehouse: Warehouse,
    config: Config,
    findings: Iterable[Finding],
    *,
    policies: Sequence[Policy],
    params: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return what formats tell beside the verdict, as arguments of `RunSummary`.

    Args:
        warehouse: The one that was judged.
        config: Names the sources.
        findings: What was found.
        policies: Those that were asked.
        params: What the user set for them, by policy id.
    """
    return {
        "rules": rules_of(policies, params),
        "registries": {source.name: _kind(source) for source in config.sources},
        "places": model_places(warehouse, findings),
    }


def _kind(source: Source) -> str:
    """Return what a source is, in the words of a policy's commands: mlflow, model-gov, ..."""
    if isinstance(source, FilesSource):
        return _OF_SCHEMA.get(source.schema or "", "files")
    return str(source.__struct_config__.tag).removesuffix("-registry")


def rules_of(
    policies: Sequence[Policy], params: Mapping[str, Mapping[str, Any]]
) -> tuple[Rule, ...]:
    """Return the policies as formats tell them, by id.

    Args:
        policies: Those that were asked.
        params: What the user set, by policy id; the rest is at its default.
    """
    return tuple(
        _rule(policy, params.get(policy.id, {}))
        for policy in sorted(policies, key=lambda one: one.id)
    )


def _rule(policy: Policy, chosen: Mapping[str, Any]) -> Rule:
    says = policy.says
    texts = (("when", says.when), ("require", says.require), ("sql", says.sql))
    return Rule(
        id=policy.id,
        title=says.title,
        family=policy.family,
        severity=says.severity,
        blocking=policy.blocking,
        subject=says.subject,
        source=says.source,
        why=says.why,
        remedy=says.remedy.text,
        commands=tuple((one.registry, one.run) for one in says.remedy.commands),
        frameworks=tuple((framework_title(ref.pack), ref.ref) for ref in says.frameworks),
        texts=tuple((key, text) for key, text in texts if text is not None),
        params=settled(policy.id, says.params, chosen, "params", policy.by_tier).told(),
    )


def model_places(warehouse: Warehouse, findings: Iterable[Finding]) -> dict[tuple[str, str], str]:
    """Return the file and line that state each model with something to tell, where one does.

    A `model.gov.yaml` comes before a model card.
    """
    models = {one.model for one in findings if one.verdict in _TOLD and one.model is not None}
    rows = warehouse.rows(
        "select model, first(definition order by definition not like '%model.gov.yaml:%', source) "
        "from registry.model where definition is not null and model in (select unnest(?)) "
        "group by model",
        [sorted(models)],
    )
    return {(_MODEL, model): definition for model, definition in rows}
