-- The pod hours of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py).
--           What is not there is null: an exporter that was silent leaves gpu_used_ratio null
--           (unobserved), never zero. Ratios lie in [0, 1]; DCGM reports percent, and a
--           percentage that nobody divided by 100 is refused rather than guessed at. A pod
--           without a node was not placed yet
-- source    usage.pod_hour, warehouse/schema/001_tables.sql; DCGM_FI_DEV_GPU_UTIL, "GPU
--           utilization (in %)", NVIDIA/dcgm-exporter, etc/default-counters.csv
with typed as (
    select
        file_row, raw, cluster, namespace, pod, node, as_time(hour) as hour,
        as_number(cpu_request_cores)::double as cpu_request_cores,
        as_number(cpu_used_cores)::double as cpu_used_cores,
        as_number(ram_request_gib)::double as ram_request_gib,
        as_number(ram_used_gib)::double as ram_used_gib,
        as_number(gpu_request)::double as gpu_request,
        as_number(gpu_used_ratio)::double as gpu_used_ratio,
        as_number(up_ratio)::double as up_ratio,
        labels,
        as_number(gpu_tensor_ratio)::double as gpu_tensor_ratio,
        as_number(gpu_memory_used_gib)::double as gpu_memory_used_gib,
        as_number(gpu_energy_kwh)::double as gpu_energy_kwh,
        as_number(network_received_gib)::double as network_received_gib,
        as_number(network_sent_gib)::double as network_sent_gib,
        concat_ws('; ',
            case when cluster is null then 'cluster is empty' end,
            case when namespace is null then 'namespace is empty' end,
            case when pod is null then 'pod is empty' end,
            case when hour is null then 'hour is empty' end,
            no_hour('hour', hour),
            no_quantity('cpu_request_cores', cpu_request_cores),
            no_quantity('cpu_used_cores', cpu_used_cores),
            no_quantity('ram_request_gib', ram_request_gib),
            no_quantity('ram_used_gib', ram_used_gib),
            no_quantity('gpu_request', gpu_request),
            no_ratio('gpu_used_ratio', gpu_used_ratio),
            no_ratio('up_ratio', up_ratio),
            no_ratio('gpu_tensor_ratio', gpu_tensor_ratio),
            no_quantity('gpu_memory_used_gib', gpu_memory_used_gib),
            no_quantity('gpu_energy_kwh', gpu_energy_kwh),
            no_quantity('network_received_gib', network_received_gib),
            no_quantity('network_sent_gib', network_sent_gib),
            case when labels is not null and not is_json_object(labels)
                then 'labels is no JSON object' end
        ) as reasons
    from landed
)
select
    cluster, namespace, pod, node, hour, cpu_request_cores, cpu_used_cores, ram_request_gib,
    ram_used_gib, gpu_request, gpu_used_ratio, up_ratio, labels, gpu_tensor_ratio,
    gpu_memory_used_gib, gpu_energy_kwh, network_received_gib, network_sent_gib, file_row, raw,
    nullif(reasons, '') as refused
from typed
