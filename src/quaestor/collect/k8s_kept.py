"""What is asked of a Kubernetes cluster, and what of each answer is kept.

An object is pruned before it is landed: only what stands in a shape here is written down. So no
value of an environment variable, argument, secret, probe header, managed field or copy of a
manifest in an annotation ever reaches the disk, and what changes by the minute (heartbeats,
resource versions) does not make an unchanged cluster look new. Of environment variables the names
of those are kept whose plain text is a secret by its name or its form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quaestor.core.plain_secrets import plain_secrets

Shape = Mapping[str, Any] | Callable[[Any], Any]
OTHERS = "*"  # the shape of every key that has none of its own
# Annotations that normalise reads; others may hold anything, such as a manifest with its secrets.
_ANNOTATION = re.compile(
    r"gov\..+|model|model[._-](name|version)|serving\.kserve\.io/(deploymentMode|autoscalerClass)"
    r"|(scheduling\.)?volcano\.sh/queue-name|kueue\.x-k8s\.io/queue-name"
    r"|service\.(beta\.)?kubernetes\.io/[\w-]*(internal|scheme|load-balancer-type)"
    r"|container\.googleapis\.com/instance_id|(networking\.gke\.io|cloud\.google\.com)/load-balancer-type"
    # What sizes or moves pods by itself, or says that nothing may.
    r"|vpa(Updates|ObservedContainers)|goldilocks\.fairwinds\.com/[\w-]+"
    r"|autoscaling\.keda\.sh/paused[\w-]*|autoscaling\.knative\.dev/(min|max)-?[sS]cale"
    r"|cluster-autoscaler\.kubernetes\.io/safe-to-evict|karpenter\.sh/do-not-(disrupt|evict)"
)


def kept(value: Any, shape: Shape) -> Any:
    """Return what a shape keeps of a value; a list keeps it of each of its items.

    >>> kept({"spec": {"image": "x", "env": [{"value": "s3cret"}]}}, {"spec": {"image": _whole}})
    {'spec': {'image': 'x'}}
    """
    if callable(shape):
        return shape(value)
    if isinstance(value, list):
        return [kept(item, shape) for item in value]
    if not isinstance(value, dict):
        return None
    others = shape.get(OTHERS)
    pruned = {
        key: kept(item, inner)
        for key, item in value.items()
        if (inner := shape.get(key, others)) is not None
    }
    return {key: item for key, item in pruned.items() if item is not None}


def _whole(value: Any) -> Any:
    return value


def _there(value: Any) -> Any:
    """Keep that it is there, and nothing of it."""
    return [{} for _ in value] if isinstance(value, list) else {}


def _annotations(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    return {key: text for key, text in value.items() if _ANNOTATION.fullmatch(key)}


def _address(value: Any) -> Any:
    """Keep an address without its query, where a signature may stand, or a password."""
    text = re.split(r"[?#]", value, maxsplit=1)[0] if isinstance(value, str) else None
    return text and re.sub(r"(?<=://)[^/@]*@", "", text)


def _of(*names: str, **shapes: Shape) -> dict[str, Shape]:
    """Return a shape that keeps these keys whole, and those with a shape by it."""
    return {**dict.fromkeys(names, _whole), **shapes}


_METADATA = _of(
    *("name", "namespace", "uid", "labels", "creationTimestamp"),
    annotations=_annotations,
    ownerReferences=_of("apiVersion", "kind", "name", "uid", "controller"),
)
_RESOURCES = _of("requests", "limits")
_CONTAINER = _of(
    *("name", "image", "restartPolicy"),
    resources=_RESOURCES,
    readinessProbe=_there,
    livenessProbe=_there,
)
_USER = ("runAsNonRoot", "runAsUser")
_SECURITY = _of(*_USER, "privileged", "readOnlyRootFilesystem")
_SERVING_CONTAINER = {**_CONTAINER, "securityContext": _SECURITY, "env": plain_secrets}
_PLACED = _of(
    *("serviceAccountName", "nodeSelector"),
    securityContext=_of(*_USER),
    topologySpreadConstraints=_of("topologyKey", "whenUnsatisfiable", "minDomains"),
    affinity=_of(podAntiAffinity=_whole),
    containers=_SERVING_CONTAINER,
    initContainers=_SERVING_CONTAINER,
)
_POD_SPEC = _of(
    *("nodeName", "serviceAccountName", "overhead"),
    resources=_RESOURCES,
    containers=_CONTAINER,
    initContainers=_CONTAINER,
    resourceClaims=_there,
    volumes=_of("name", persistentVolumeClaim=_of("claimName"), ephemeral=_there),
)
_METRIC = _of(metric=_of("name"))
_SCALED = _of(
    *("scaleTargetRef", "minReplicas", "maxReplicas", "minReplicaCount", "maxReplicaCount"),
    "targetCPUUtilizationPercentage",
    metrics=_of(
        "type",
        resource=_of("name"),
        containerResource=_of("name"),
        pods=_METRIC,
        object=_METRIC,
        external=_METRIC,
    ),
    triggers=_of("type"),  # their metadata say where to ask, and as whom
)
_ENDED = _of(terminated=_of("finishedAt", "reason"))
_RAN = _of("name", "imageID", "restartCount", state=_ENDED, lastState=_ENDED)
_ANALYSIS = _of(templates=_of("templateName"))
_WORKLOAD = _of(
    metadata=_METADATA,
    spec=_of(
        "replicas",
        template={"metadata": _METADATA, "spec": {**_POD_SPEC, **_PLACED}},
        strategy=_of(
            "type",
            canary=_of("maxSurge", analysis=_ANALYSIS, steps=_of("setWeight", analysis=_ANALYSIS)),
            blueGreen=_of(
                "activeService", prePromotionAnalysis=_ANALYSIS, postPromotionAnalysis=_ANALYSIS
            ),
        ),
        updateStrategy=_of("type"),
        workloadRef=_of("kind", "name"),
    ),
    status=_of("replicas", "readyReplicas"),
)
_MODEL_SERVER = _of(
    *("image", "runtime"),
    storageUri=_address,
    storage=_of("path"),
    modelFormat=_of("name", "version"),
    resources=_RESOURCES,
    readinessProbe=_there,
    livenessProbe=_there,
    securityContext=_SECURITY,
    env=plain_secrets,
)
_NAMED = _of(metadata=_METADATA)
_QUEUED = _of(metadata=_METADATA, spec=_of("queue", "queueName"))
_RULES = _of("rules", metadata=_METADATA)
_BINDING = _of("roleRef", "subjects", metadata=_METADATA)


@dataclass(frozen=True)
class Resource:
    """One kind of thing that a cluster lists.

    Args:
        plural: Its name in addresses.
        group: Its API group, "" for the core.
        version: The version to ask for where the server does not say which ones it has.
        shape: What is kept of each object.
        namespaced: Whether each belongs to a namespace.
    """

    plural: str
    group: str
    version: str
    shape: Shape
    namespaced: bool = True

    @property
    def name(self) -> str:
        """Return its name in scopes, as kubectl takes it: `pods`, `jobs.batch.volcano.sh`."""
        return f"{self.plural}.{self.group}" if self.is_custom else self.plural

    @property
    def is_custom(self) -> bool:
        """Return whether it is no part of Kubernetes itself."""
        return self.group not in _BUILT_IN


_RBAC = "rbac.authorization.k8s.io"
_BUILT_IN = ("", "apps", "autoscaling", "batch", "discovery.k8s.io", _RBAC)

RESOURCES = (
    Resource(
        "nodes", "", "v1",
        _of(metadata=_METADATA, spec=_of("providerID"), status=_of("capacity")),
        namespaced=False,
    ),
    Resource(
        "pods", "", "v1",
        _of(
            metadata=_METADATA,
            spec=_POD_SPEC,
            status=_of(
                *("phase", "startTime"), containerStatuses=_RAN, initContainerStatuses=_RAN
            ),
        ),
    ),
    Resource(
        "persistentvolumes", "", "v1",
        _of(
            metadata=_METADATA,
            spec=_of(
                *("capacity", "storageClassName"),
                claimRef=_of("namespace", "name"),
                csi=_of("driver", "volumeHandle"),
                awsElasticBlockStore=_of("volumeID"),
                gcePersistentDisk=_of("pdName"),
                azureDisk=_of("diskURI"),
            ),
            status=_of("phase", "lastPhaseTransitionTime"),
        ),
        namespaced=False,
    ),
    Resource(
        "persistentvolumeclaims", "", "v1",
        _of(
            metadata=_METADATA,
            spec=_of("volumeName", "storageClassName"),
            status=_of("phase", "capacity"),
        ),
    ),
    Resource(
        "services", "", "v1",
        _of(
            metadata=_METADATA,
            spec=_of("type", "selector", "loadBalancerClass", "loadBalancerSourceRanges"),
            status=_of(loadBalancer=_of(ingress=_of("ip", "hostname"))),
        ),
    ),
    Resource(
        "endpointslices", "discovery.k8s.io", "v1",
        _of(
            metadata=_METADATA,
            endpoints=_of("addresses", conditions=_of("ready"), targetRef=_of("uid")),
        ),
    ),
    Resource("deployments", "apps", "v1", _WORKLOAD),
    Resource("statefulsets", "apps", "v1", _WORKLOAD),
    Resource("daemonsets", "apps", "v1", _NAMED),
    Resource("replicasets", "apps", "v1", _NAMED),
    Resource("jobs", "batch", "v1", _NAMED),
    Resource("cronjobs", "batch", "v1", _NAMED),
    Resource(
        "horizontalpodautoscalers", "autoscaling", "v2", _of(metadata=_METADATA, spec=_SCALED)
    ),
    Resource("roles", _RBAC, "v1", _RULES),
    Resource("rolebindings", _RBAC, "v1", _BINDING),
    Resource("clusterroles", _RBAC, "v1", _RULES, namespaced=False),
    Resource("clusterrolebindings", _RBAC, "v1", _BINDING, namespaced=False),
    Resource(
        "inferenceservices", "serving.kserve.io", "v1beta1",
        _of(
            metadata=_METADATA,
            spec=_of(
                predictor={
                    **_of("minReplicas", "maxReplicas", "canaryTrafficPercent", "timeout"),
                    **_PLACED,
                    OTHERS: _MODEL_SERVER,
                }
            ),
            status=_of(conditions=_of("type", "status")),
        ),
    ),
    Resource("services", "serving.knative.dev", "v1", _NAMED),
    Resource("scaledobjects", "keda.sh", "v1alpha1", _of(metadata=_METADATA, spec=_SCALED)),
    Resource(
        "verticalpodautoscalers", "autoscaling.k8s.io", "v1",
        _of(
            metadata=_METADATA,
            spec=_of(
                targetRef=_of("kind", "name"),
                updatePolicy=_of("updateMode"),
                resourcePolicy=_of(
                    containerPolicies=_of("containerName", "mode", "controlledResources")
                ),
            ),
        ),
    ),
    Resource("rayclusters", "ray.io", "v1", _NAMED),
    Resource("rayjobs", "ray.io", "v1", _NAMED),
    Resource("rayservices", "ray.io", "v1", _NAMED),
    *(
        Resource(plural, "kubeflow.org", "v1", _NAMED)
        for plural in ("pytorchjobs", "tfjobs", "mpijobs", "xgboostjobs", "jaxjobs", "notebooks")
    ),
    Resource("trainjobs", "trainer.kubeflow.org", "v1alpha1", _NAMED),
    Resource("jobsets", "jobset.x-k8s.io", "v1alpha2", _NAMED),
    Resource("workloads", "kueue.x-k8s.io", "v1beta1", _QUEUED),
    Resource("jobs", "batch.volcano.sh", "v1alpha1", _QUEUED),
    Resource("rollouts", "argoproj.io", "v1alpha1", _WORKLOAD),
    Resource("workflows", "argoproj.io", "v1alpha1", _NAMED),
    Resource("cronworkflows", "argoproj.io", "v1alpha1", _NAMED),
)  # fmt: skip
