"""The gate inside a cluster: a ValidatingAdmissionPolicy that knows the approved digests.

A workload that names a model must name the digest of its artifact, and that digest must be one
the last audit would let run, of that very model and version. The API server decides by itself:
no webhook, no network call. Kubernetes 1.30 and later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from quaestor.core.errors import IncompleteError, NothingEvaluatedError, QuaestorError
from quaestor.core.verdict import Severity
from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).parent / "sql" / "admission.sql"
_MOST_BYTES = 1_000_000  # of a ConfigMap; the API server takes 1 MiB with all that surrounds them
_RESOURCES = (
    ("apps", "v1", ("deployments", "statefulsets")),
    ("serving.kserve.io", "v1beta1", ("inferenceservices",)),
)
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")  # of a ConfigMap
_EXEMPT = ("kube-system", "kube-public", "kube-node-lease")
# Labels and annotations of the object and of its pods, one map after the other.
_PLACES = (
    "["
    "has(object.metadata.labels) ? object.metadata.labels : {}, "
    "has(object.metadata.annotations) ? object.metadata.annotations : {}, "
    "has(object.spec.template) && has(object.spec.template.metadata) "
    "&& has(object.spec.template.metadata.labels) ? object.spec.template.metadata.labels : {}, "
    "has(object.spec.template) && has(object.spec.template.metadata) "
    "&& has(object.spec.template.metadata.annotations) "
    "? object.spec.template.metadata.annotations : {}"
    "]"
)
_DIGESTS = (
    "variables.places.filter(p, 'gov.artifact_digest' in p)"
    ".map(p, p['gov.artifact_digest'].replace(':', '-'))"
)
_APPROVED = "variables.digests.all(d, d in params.data)"
_OF_ITS_MODEL = (
    "variables.places.filter(p, 'gov.model' in p && 'gov.model_version' in p).all(p, "
    "variables.digests.all(d, d in params.data && params.data[d].split('\\n')"
    ".exists(v, v == p['gov.model'] + ':' + p['gov.model_version'])))"
)


@dataclass(frozen=True)
class Version:
    """A production version, and which policies stand against it."""

    source: str
    model: str
    version: str
    digest: str | None
    judged: int
    against: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return it as a target of the gate is written."""
        return f"{self.model}:{self.version}"

    @property
    def objection(self) -> str | None:
        """Return why it is not approved, or None."""
        if self.against:
            return ", ".join(self.against)
        if not self.judged:
            return "the last audit has no verdict on it"
        if not self.digest:
            return "its registry names no artifact_digest"
        return None if _KEY.fullmatch(_key(self.digest)) else "its digest is no word with digits"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the policy is to be called and where it applies.

    Args:
        name: Of policy, binding and ConfigMap.
        namespace: Of the ConfigMap that holds the digests.
        actions: What a violation comes to: Deny, Warn, Audit.
        namespace_label: Only namespaces with this label, `key=value`; None: all but the cluster's.
    """

    name: str
    namespace: str
    actions: tuple[str, ...]
    namespace_label: str | None


def production_versions(warehouse: Warehouse, fail_on: Severity) -> tuple[Version, ...]:
    """Return every production version with what the last audit has against it.

    Raises:
        IncompleteError: No audit is recorded.
        NothingEvaluatedError: No registry has a production version.
    """
    last = warehouse.rows("select run_id from audit.run order by audited_at desc, run_id limit 1")
    if not last:
        raise IncompleteError(
            "no audit is recorded, so nobody knows which versions may run",
            where=str(warehouse.path),
            fix="Run `quaestor audit` first.",
        )
    severities = [one.value for one in Severity if one.rank <= fail_on.rank]
    rows = warehouse.rows(
        _SQL.read_text(encoding="utf-8"), {"run_id": last[0][0], "severities": severities}
    )
    if not rows:
        raise NothingEvaluatedError(
            "no registry has a production version",
            where=str(warehouse.path),
            fix="Promote one (`quaestor promote`), collect and audit again.",
        )
    return tuple(
        Version(source, model, version, digest, judged, tuple(against))
        for source, model, version, digest, judged, against in rows
    )


def admission(versions: Sequence[Version], wanted: Wanted) -> str:
    """Return policy, parameter and binding as YAML for `kubectl apply`.

    Raises:
        NothingEvaluatedError: No version is approved: the policy would refuse every model.
        QuaestorError: More digests than a ConfigMap holds.
    """
    approved: dict[str, list[str]] = {}
    for one in versions:
        if one.objection is None and one.digest:
            named = approved.setdefault(_key(one.digest), [])
            if one.name not in named:
                named.append(one.name)
    if not approved:
        raise NothingEvaluatedError(
            "no production version is approved; the policy would refuse every model",
            where="audit.finding of the last audit",
            fix="Mend what stands against them (`quaestor gate MODEL:VERSION`), and audit again.",
        )
    data = {digest: "\n".join(sorted(named)) for digest, named in sorted(approved.items())}
    size = sum(len(digest.encode()) + len(named.encode()) for digest, named in data.items())
    if size > _MOST_BYTES:
        raise QuaestorError(
            f"{len(data):,} digests are {size:,} bytes, and a ConfigMap holds a million",
            where="registry.model_version",
            fix="Archive versions that no longer serve.",
        )
    documents = (_parameter(data, wanted), _policy(wanted), _binding(wanted))
    return yaml.safe_dump_all(documents, sort_keys=False, width=100, allow_unicode=True)


def _key(digest: str) -> str:
    """Return a digest as the key of a ConfigMap, which takes no colon.

    >>> _key("sha256:4f1c")
    'sha256-4f1c'
    """
    return digest.strip().replace(":", "-")


def _parameter(data: Mapping[str, str], wanted: Wanted) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": wanted.name,
            "namespace": wanted.namespace,
            "labels": {"app.kubernetes.io/managed-by": "quaestor"},
        },
        "data": dict(data),
    }


_NAMES_A_MODEL = f"{_PLACES}.exists(p, 'gov.model' in p)"
_VALIDATIONS = (
    (
        "variables.digests.size() > 0",
        (
            "a workload that names a model (gov.model) must name the digest of its artifact in the "
            "annotation gov.artifact_digest"
        ),
    ),
    (_APPROVED, "the artifact's digest is not one that the last audit approved"),
    (
        _OF_ITS_MODEL,
        (
            "the artifact's digest is approved for another model or version than gov.model and "
            "gov.model_version say"
        ),
    ),
)


def _policy(wanted: Wanted) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": wanted.name},
        "spec": {
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [group],
                        "apiVersions": [version],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": list(resources),
                    }
                    for group, version, resources in _RESOURCES
                ]
            },
            "matchConditions": [{"name": "names-a-model", "expression": _NAMES_A_MODEL}],
            "variables": [
                {"name": "places", "expression": _PLACES},
                {"name": "digests", "expression": _DIGESTS},
            ],
            "validations": [
                {"expression": expression, "message": message, "reason": "Forbidden"}
                for expression, message in _VALIDATIONS
            ],
        },
    }


def _binding(wanted: Wanted) -> dict[str, Any]:
    if wanted.namespace_label is None:
        selector: dict[str, Any] = {
            "matchExpressions": [
                {
                    "key": "kubernetes.io/metadata.name",
                    "operator": "NotIn",
                    "values": list(_EXEMPT),
                }
            ]
        }
    else:
        key, _, value = wanted.namespace_label.partition("=")
        selector = {"matchLabels": {key: value}}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": wanted.name},
        "spec": {
            "policyName": wanted.name,
            "paramRef": {
                "name": wanted.name,
                "namespace": wanted.namespace,
                "parameterNotFoundAction": "Deny",
            },
            "validationActions": list(wanted.actions),
            "matchResources": {"namespaceSelector": selector},
        },
    }
