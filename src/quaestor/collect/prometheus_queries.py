"""What a server is asked: one PromQL expression for each fact, evaluated at the end of each hour.

Every expression looks back over the hour that ends, so that with a step of an hour each sample
counts once, and leaves one series for each pod, node, GPU or endpoint. Counters
go through `increase` or `rate`, which see a restart; gauges are averaged over the samples that
are there, so that silence is no zero.

Source: cAdvisor, docs/storage/prometheus.md; kube-state-metrics, docs/metrics; NVIDIA
dcgm-exporter, etc/default-counters.csv and etc/dcp-metrics-included.csv; vLLM, "Production
metrics"; Text Generation Inference, "Metrics"; Triton Inference Server, "Metrics"; KServe,
"Prometheus metrics".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass

CONTAINER = ('container!=""', 'container!="POD"', 'pod!=""')  # "" and POD: sums, the sandbox
_INTERFACE = ('interface!="lo"', 'pod!=""')  # the machine's own have no pod
_GPUS = ".*_com_(gpu|mig_.*|gpu_shared)"  # nvidia_com_gpu, amd_com_gpu, nvidia_com_mig_1g_5gb
_RESOURCES = f'resource=~"cpu|memory|{_GPUS}"'
# A GPU, and whose work it does, in every spelling that exporters and relabelling have.
_DEVICE = (
    "node,kubernetes_node,Hostname,instance,gpu,UUID,modelName,GPU_I_ID,GPU_I_PROFILE,"
    "namespace,pod,container,exported_namespace,exported_pod"
)
_SERVING = "namespace,pod,instance,model_name,model"
# By what two readings of one counter differ: two jobs, the kubelet's two paths, two Prometheuses.
_READ_BY = "job,service,metrics_path,prometheus,prometheus_replica,replica"
_NODE_LABELS = (
    "label_node_kubernetes_io_instance_type,label_beta_kubernetes_io_instance_type,"
    "label_topology_kubernetes_io_region,label_failure_domain_beta_kubernetes_io_region,"
    "label_nvidia_com_gpu_product,label_nvidia_com_gpu_count"
)
# What tells a pod's labels apart from those of the exporter that speaks of it.
_EXPORTERS = "instance,job,uid,endpoint,service,container,prometheus,prometheus_replica,replica"
ENGINE, PERCENT = "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_GPU_UTIL"
# How each server of models counts: requests, failed ones, tokens in and out, time to answer.
_SERVERS: dict[str, dict[str, tuple[str, ...]]] = {
    "vllm": {
        "endpoint_requests": ("vllm:request_success_total",),
        "endpoint_input_tokens": ("vllm:prompt_tokens_total",),
        "endpoint_output_tokens": ("vllm:generation_tokens_total",),
        "endpoint_latency": ("vllm:e2e_request_latency_seconds_bucket",),
    },
    "tgi": {
        "endpoint_requests": ("tgi_request_count",),
        "endpoint_errors": ("tgi_request_failure",),
        "endpoint_input_tokens": ("tgi_request_input_length_sum",),
        "endpoint_output_tokens": ("tgi_request_generated_tokens_sum",),
        "endpoint_latency": ("tgi_request_duration_bucket",),
    },
    "triton": {
        "endpoint_requests": ("nv_inference_request_success", "nv_inference_request_failure"),
        "endpoint_errors": ("nv_inference_request_failure",),
    },
    "kserve": {
        "endpoint_requests": ("request_predict_seconds_count",),
        "endpoint_latency": ("request_predict_seconds_bucket",),
    },
}
# The facts of each cluster, and the metrics that tell them: any of the list will do.
CLUSTER_METRICS = {
    "pod_cpu": ("container_cpu_usage_seconds_total",),
    "pod_ram": ("container_memory_working_set_bytes",),
    "pod_received": ("container_network_receive_bytes_total",),
    "pod_sent": ("container_network_transmit_bytes_total",),
    "pod_requests": ("kube_pod_container_resource_requests",),
    "pod_active": ("kube_pod_status_phase",),
    "pod_info": ("kube_pod_info",),
    "pod_labels": ("kube_pod_labels",),
    "node_capacity": ("kube_node_status_capacity",),
    "node_info": ("kube_node_info",),
    "node_labels": ("kube_node_labels",),
}
GPU_METRICS = {
    "gpu_used": (ENGINE, PERCENT),
    "gpu_tensor": ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",),
    "gpu_memory_used": ("DCGM_FI_DEV_FB_USED",),
    "gpu_memory": ("DCGM_FI_DEV_FB_TOTAL", "DCGM_FI_DEV_FB_FREE"),
    "gpu_power": ("DCGM_FI_DEV_POWER_USAGE",),
    "gpu_energy": ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",),
}
_RESERVED = "DCGM_FI_DEV_FB_RESERVED"
FACTS = {**CLUSTER_METRICS, **GPU_METRICS}
# What no figure is made of: a cluster that does not measure it is healthy.
OPTIONAL = (
    *("pod_received", "pod_sent", "node_labels", "gpu_tensor", "gpu_memory_used", "gpu_memory"),
    *("gpu_power", "gpu_energy"),
)
METRICS = frozenset(
    [
        *(name for names in FACTS.values() for name in names),
        *(name for each in _SERVERS.values() for names in each.values() for name in names),
        _RESERVED,
    ]
)


@dataclass(frozen=True)
class Cluster:
    """Which series are a cluster's, and which metrics the server has.

    Args:
        label: The label that says the cluster, where a server has several.
        name: What it says.
        metrics: The names that exist; None where the server does not tell.
    """

    label: str | None
    name: str
    metrics: Collection[str] | None = None

    def has(self, metric: str) -> bool:
        """Return whether it is worth asking for a metric."""
        return self.metrics is None or metric in self.metrics

    def series(self, metric: str = "", *matchers: str) -> str:
        """Return the selector of a metric's series in this cluster."""
        if self.label:
            matchers = (f"{self.label}={json.dumps(self.name, ensure_ascii=False)}", *matchers)
        return f"{metric}{{{','.join(matchers)}}}"

    def grown(self, metric: str, *matchers: str) -> str:
        """Return the last hour of counters, from its first instant to its last."""
        return self.series(metric, *matchers) + "[1h]"

    def hour(self, metric: str, *matchers: str) -> str:
        """Return the last hour of gauges, where a sample on the hour counts once."""
        return self.series(metric, *matchers) + "[59m59s999ms]"


def questions(cluster: Cluster) -> dict[str, str]:
    """Return the expressions to be asked, by the kind of fact that they tell."""
    asked = dict(_pods(cluster)) | dict(_nodes(cluster)) | dict(_gpus(cluster))
    return asked | dict(_endpoints(cluster))


def _growth(labels: str) -> str:
    """Return what counters grew by, added up; what is scraped twice counts once."""
    return f"max by ({labels}) (sum by ({labels},{_READ_BY}) (increase(%s)))"


def _pods(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield cAdvisor's and kube-state-metrics' facts of pods.

    A container that restarts is a series of its own: rates add up, sizes do not.
    """
    pod, whole = "namespace,pod", "namespace,pod,container"
    shapes: dict[str, tuple[str, tuple[str, ...]]] = {
        # Not rate(): of a part of an hour, VictoriaMetrics's is per second of that part.
        "pod_cpu": (f"{_growth(pod)} / 3600", CONTAINER),
        "pod_ram": (f"sum by ({pod}) (max by ({whole}) (avg_over_time(%s)))", CONTAINER),
        "pod_received": (_growth(pod), _INTERFACE),
        "pod_sent": (_growth(pod), _INTERFACE),
        "pod_requests": (
            f"sum by ({pod},node,resource) (max by ({whole},node,resource) (avg_over_time(%s)))",
            (_RESOURCES,),
        ),
        "pod_active": (f"sum by ({pod}) (sum_over_time(%s))", (_ACTIVE,)),
        "pod_info": (f"sum by ({pod},{_PLACED}) (count_over_time(%s))", ()),
        "pod_labels": (f"max without ({_EXPORTERS}) (last_over_time(%s))", ()),
    }
    for kind, (shape, matchers) in shapes.items():
        (metric,) = CLUSTER_METRICS[kind]
        grows = "increase(" in shape
        if cluster.has(metric):
            samples = cluster.grown if grows else cluster.hour
            yield kind, shape % samples(metric, *matchers)


_PLACED = "node,host_network,created_by_kind,created_by_name"
_ACTIVE = 'phase=~"Pending|Running"'  # a pod that has ended holds nothing, though it is listed


def _nodes(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield kube-state-metrics' facts of nodes; a machine is paid for the most that it had."""
    capacity, info, labels = (
        name
        for kind in ("node_capacity", "node_info", "node_labels")
        for name in CLUSTER_METRICS[kind]
    )
    if cluster.has(capacity):
        most = cluster.hour(capacity, _RESOURCES)
        yield "node_capacity", f"max by (node,resource) (max_over_time({most}))"
        least = cluster.hour(capacity, f'resource=~"{_GPUS}"')
        yield "node_least_gpus", f"min by (node,resource) (min_over_time({least}))"
    if cluster.has(info):
        yield "node_info", f"sum by (node,provider_id) (count_over_time({cluster.hour(info)}))"
    if cluster.has(labels):
        yield (
            "node_labels",
            f"max by (node,{_NODE_LABELS}) (last_over_time({cluster.hour(labels)}))",
        )


def _gpus(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield DCGM's facts of GPUs: ratios, MiB, watts, millijoules."""

    def mean(name: str, scale: str = "") -> str:
        return f"avg by ({_DEVICE}) (avg_over_time({cluster.hour(name)}){scale})"

    def samples(name: str) -> str:
        return f"sum by ({_DEVICE}) (count_over_time({cluster.hour(name)}))"

    total, free = GPU_METRICS["gpu_memory"]
    (used,) = GPU_METRICS["gpu_memory_used"]
    engine, percent = cluster.has(ENGINE), cluster.has(PERCENT)
    ways = [mean(ENGINE)] * engine + [mean(PERCENT, " / 100")] * percent
    counts = [samples(ENGINE)] * engine + [samples(PERCENT)] * percent
    if ways:
        yield "gpu_used", " or ".join(ways)
        yield "gpu_samples", " or ".join(counts)
    for kind in ("gpu_tensor", "gpu_memory_used", "gpu_power"):
        for name in filter(cluster.has, GPU_METRICS[kind]):
            yield kind, mean(name)
    parts = [used, free] + [_RESERVED] * (cluster.metrics is not None and cluster.has(_RESERVED))
    memory = [mean(total)] * cluster.has(total)
    memory += [" + ".join(map(mean, parts))] * (cluster.has(used) and cluster.has(free))
    if memory:
        yield "gpu_memory", " or ".join(f"({one})" for one in memory)
    for name in filter(cluster.has, GPU_METRICS["gpu_energy"]):
        yield "gpu_energy", _growth(_DEVICE) % cluster.grown(name)


def _endpoints(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield what servers of models count, all servers in one expression for each fact."""
    for kind in dict.fromkeys(kind for each in _SERVERS.values() for kind in each):
        ways = [
            f'label_replace({_counted(cluster, kind, name)}, "server", "{server}", "", "")'
            for server, each in _SERVERS.items()
            if (name := _present(cluster, each.get(kind, ())))
        ]
        if ways:
            yield kind, " or ".join(ways)


def _present(cluster: Cluster, names: Collection[str]) -> tuple[str, ...]:
    return tuple(filter(cluster.has, names))


def _counted(cluster: Cluster, kind: str, names: tuple[str, ...]) -> str:
    if kind == "endpoint_latency":
        (name,) = names
        buckets = f"sum by (le,namespace,model_name,model) (rate({cluster.grown(name)}))"
        return f"histogram_quantile(0.95, {buckets}) * 1000"
    each = [_growth(_SERVING) % cluster.grown(name) for name in names]
    first = each[0]
    return first if len(each) == 1 else f"({first} + ({each[1]} or {first} * 0))"
