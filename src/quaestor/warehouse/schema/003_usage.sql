-- What ran. A ratio is in [0, 1]; null is unobserved, never idle. Times are UTC; an hour is named
-- by its start. `labels` and `tags` are JSON objects as text. A `resource_id` or `provider_id` is
-- what a bill calls the thing (focus.charge, ResourceId), so that both can be joined.

-- Clusters, hour by hour: what Prometheus or files tell.
create table if not exists usage.node_hour (
    source varchar not null, cluster varchar not null, node varchar not null,
    hour timestamp not null, provider_id varchar, instance_type varchar, region varchar,
    cpu_cores double, ram_gib double, gpu_model varchar, gpus integer, up_ratio double
);
create table if not exists usage.pod_hour (
    source varchar not null, cluster varchar not null, namespace varchar not null,
    pod varchar not null, node varchar, hour timestamp not null,
    cpu_request_cores double, cpu_used_cores double, ram_request_gib double, ram_used_gib double,
    gpu_request double, gpu_used_ratio double, up_ratio double, labels varchar,
    gpu_tensor_ratio double, gpu_memory_used_gib double, -- tensor cores active; of all its GPUs
    gpu_energy_kwh double,
    network_received_gib double, network_sent_gib double
);
create table if not exists usage.gpu_device_hour (
    source varchar not null, cluster varchar, node varchar not null,
    gpu_uuid varchar not null, gpu_index integer, gpu_model varchar, mig_profile varchar,
    hour timestamp not null,
    namespace varchar, pod varchar, -- null: the exporter does not say whose work it is
    used_ratio double, tensor_ratio double, memory_used_gib double, memory_gib double,
    power_watts double, energy_kwh double,
    observed_ratio double -- the part of the hour for which there are samples
);

-- Clusters, as they were when they were looked at.
create table if not exists usage.node (
    source varchar not null, cluster varchar not null, node varchar not null,
    provider_id varchar, instance_type varchar, region varchar, zone varchar,
    resource_id varchar, -- a bill's ResourceId is this, or ends with it behind a slash
    capacity_type varchar, -- on-demand, spot, reserved, capacity-block; null: nobody says
    cpu_cores double, ram_gib double,
    gpu_model varchar, gpus integer, gpu_memory_gib double, -- physical GPUs; memory of one
    gpu_sharing varchar, gpu_replicas integer, -- mig, time-slicing, mps; how many share a GPU
    gpu_resources varchar, -- what pods can ask for: {"nvidia.com/mig-1g.5gb": 7}
    labels varchar, created_at timestamp, seen_at timestamp not null,
    primary key (source, cluster, node)
);
create table if not exists usage.pod (
    source varchar not null, cluster varchar not null, namespace varchar not null,
    pod varchar not null, uid varchar, node varchar,
    owner_kind varchar, owner varchar, -- the outermost: Deployment, RayCluster, Workflow, ...
    service_account varchar, queue varchar, -- of Kueue, Volcano
    phase varchar, cpu_request_cores double, cpu_limit_cores double,
    ram_request_gib double, ram_limit_gib double,
    gpu_resource varchar, gpu_request double, -- nvidia.com/gpu, nvidia.com/mig-1g.5gb, ...
    resource_claims integer, -- its devices by claims (DRA); how many GPUs each is, nobody says
    images varchar[], image_digests varchar[], labels varchar,
    created_at timestamp, started_at timestamp, ended_at timestamp, seen_at timestamp not null,
    primary key (source, cluster, namespace, pod)
);
-- What runs in pods, one by one, with what each asks for.
create table if not exists usage.container (
    source varchar not null, cluster varchar not null, namespace varchar not null,
    pod varchar not null, container varchar not null,
    owner_kind varchar, owner varchar, -- of its pod
    cpu_request_cores double, cpu_limit_cores double, -- null: none, where limits are listed
    ram_request_gib double, ram_limit_gib double,
    restarts integer, oom_killed_at timestamp, oom_limit_gib double, -- the limit it was killed at
    annotations varchar, -- JSON, of the pod and of its owner: those that forbid or guide advice
    seen_at timestamp not null,
    primary key (source, cluster, namespace, pod, container)
);
-- HorizontalPodAutoscaler, KEDA's ScaledObject, VerticalPodAutoscaler.
create table if not exists usage.autoscaler (
    source varchar not null, cluster varchar not null, namespace varchar not null,
    kind varchar not null, -- hpa, keda, vpa
    autoscaler varchar not null, target_kind varchar, target varchar,
    metrics varchar[], -- cpu, memory, or the names of others; of a vpa: what it controls
    mode varchar, -- of a vpa: Off, Initial, Recreate, InPlaceOrRecreate, Auto
    min_replicas integer, max_replicas integer, seen_at timestamp not null,
    primary key (source, cluster, namespace, kind, autoscaler)
);
-- What samples are about: they are told apart by this number, as five names take longer.
create table if not exists usage.container_series (
    series integer primary key, source varchar not null, cluster varchar not null,
    namespace varchar not null, pod varchar not null, container varchar not null
);
-- What containers used, sample by sample: files.
create table if not exists usage.container_sample (
    source varchar not null, cluster varchar not null, namespace varchar not null,
    workload varchar, -- null: as usage.container says
    pod varchar not null, container varchar not null, sampled_at timestamp not null,
    cpu_used_cores double, ram_used_gib double,
    series integer not null -- the number in usage.container_series
);
-- The same as a metrics server sums it up; columns as in ledger.container_span.
create table if not exists usage.container_use (
    source varchar not null, cluster varchar not null, namespace varchar not null,
    pod varchar not null, container varchar not null,
    span varchar not null, -- all, trained, held-out
    since timestamp not null, until timestamp not null, samples bigint not null,
    cpu_p66_cores double, cpu_p90_cores double, cpu_p95_cores double, cpu_p96_cores double,
    cpu_p99_cores double, cpu_max_cores double, ram_p99_gib double, ram_max_gib double,
    primary key (source, cluster, namespace, pod, container, span)
);
create table if not exists usage.volume (
    source varchar not null, cluster varchar not null, volume varchar not null,
    namespace varchar, claim varchar, storage_class varchar, capacity_gib double,
    provider_id varchar, phase varchar, pods varchar[], -- that mount it; empty: none does
    labels varchar, created_at timestamp, seen_at timestamp not null,
    phase_since timestamp, -- null: nobody says (before Kubernetes 1.28)
    primary key (source, cluster, volume)
);
create table if not exists usage.load_balancer (
    source varchar not null, cluster varchar not null, namespace varchar not null,
    service varchar not null, address varchar, -- IP or host name, what a bill or DNS calls it
    is_internal boolean, selector varchar, endpoints integer, -- pods behind it that are ready
    labels varchar, created_at timestamp, seen_at timestamp not null,
    primary key (source, cluster, namespace, service)
);
-- What nothing used when its source was looked at, look by look over a month: load balancers and
-- volumes of clusters, discs.
create table if not exists usage.look (
    source varchar not null, look timestamp not null, -- when the source was asked
    thing varchar not null, -- load-balancer/<cluster>/...; '': the look itself
    seen_at timestamp not null, -- earlier than the look, where that part of it got no answer
    is_unused boolean, -- null: nobody said
    primary key (source, look, thing)
);

-- GPU work elsewhere: Slurm, SageMaker, Vertex AI, Azure ML, Ray, files.
create table if not exists usage.gpu_job (
    source varchar not null, job varchar not null,
    name varchar, "user" varchar, team varchar,
    gpu_model varchar, gpus double, -- of all its machines; a share of one is below 1
    started_at timestamp, ended_at timestamp, -- null: never started; still running, or unknown
    state varchar, -- completed, failed, cancelled, running, pending; null: unknown
    gpu_hours double, -- gpus x hours up to the end, or up to `seen_at` while it runs
    gpu_util_ratio double, labels varchar,
    kind varchar, -- slurm, training-job, processing-job, custom-job, ray-job, ...
    model varchar, model_version varchar, run_id varchar,
    instance_type varchar, instances integer, cpus double, ram_gib double,
    resource_id varchar, sub_account varchar, region varchar, queue varchar,
    submitted_at timestamp, attempt integer, exit_code varchar, reason varchar,
    seen_at timestamp, -- when the source was asked
    capacity_type varchar, -- on-demand, spot, reserved
    billed_gpu_hours double, -- gpus x what is billed, where the platform says it: spot costs less
    kept_warm_gpu_hours double, -- billed while its machines waited for another job
    volume_gib double, -- of all its machines
    artifact_uri varchar, -- what it wrote, where its model is known by that alone
    util_samples integer, -- how many of gpu_sample its gpu_util_ratio is the mean of; null: none
    time_limit_hours double, -- after which its platform stops it; null: none, or nobody says
    cost_limit decimal(38, 20), -- that stops it, reporting currency
    energy_kwh double,
    is_checkpointed boolean -- it writes what it can go on from; null: nobody says
);
create table if not exists usage.gpu_sample (
    source varchar not null, host varchar not null, gpu_uuid varchar, gpu_index integer,
    gpu_model varchar, sampled_at timestamp not null,
    gpu_util_ratio double, memory_used_gib double, memory_gib double, power_watts double,
    job varchar, "user" varchar
);

-- Where models answer.
create table if not exists usage.endpoint (
    source varchar not null, endpoint varchar not null,
    kind varchar, -- sagemaker, vertex, azure-ml, kserve, ...
    model varchar, model_version varchar, resource_id varchar, sub_account varchar, region varchar,
    instance_type varchar, instances integer, gpu_model varchar, gpus double, -- of all instances
    status varchar, created_at timestamp, updated_at timestamp, tags varchar,
    seen_at timestamp not null,
    primary key (source, endpoint)
);
create table if not exists usage.endpoint_hour (
    source varchar not null, endpoint varchar not null, hour timestamp not null,
    requests double, input_tokens double, output_tokens double, instances double,
    errors double, gpu_used_ratio double, cpu_used_ratio double,
    latency_p95_ms double, tags varchar,
    variant varchar -- of an endpoint that has several; a row is then of one variant
);

-- Where people work: SageMaker notebooks and Studio apps, Vertex AI Workbench, compute instances.
create table if not exists usage.notebook (
    source varchar not null, notebook varchar not null,
    kind varchar, -- sagemaker-notebook, sagemaker-app, vertex-workbench, azure-compute-instance
    "user" varchar, resource_id varchar, sub_account varchar, region varchar,
    instance_type varchar, gpu_model varchar, gpus double,
    status varchar, -- running, stopped; as its platform says otherwise
    created_at timestamp, started_at timestamp,
    last_activity_at timestamp, -- of a kernel or a person; null: nobody says
    idle_stop_minutes integer, -- after which its platform stops it; null: none, or unknown
    has_idle_stop boolean, -- its platform stops it when it is idle; null: nobody says
    gpu_used_ratio double, cpu_used_ratio double, -- over the hour before it was seen
    tags varchar, seen_at timestamp not null,
    primary key (source, notebook)
);
-- Discs, their snapshots, and what lies in buckets.
create table if not exists usage.disk (
    source varchar not null, disk varchar not null, resource_id varchar, sub_account varchar,
    region varchar, kind varchar, -- gp3, pd-ssd, Premium_LRS
    size_gib double, attached_to varchar, is_attached boolean, -- null: nobody says
    detached_at timestamp, created_at timestamp, tags varchar, seen_at timestamp not null,
    primary key (source, disk)
);
create table if not exists usage.snapshot (
    source varchar not null, snapshot varchar not null, resource_id varchar, sub_account varchar,
    region varchar, size_gib double, disk varchar, -- that it is of
    image varchar, -- a machine image that needs it
    created_at timestamp, tags varchar, seen_at timestamp not null,
    is_disk_gone boolean, -- null: nobody says; then by the discs that the source tells of
    is_image_known boolean, -- false: images were not listed; null: they were, or nobody asks
    primary key (source, snapshot)
);
-- What lies in a bucket, summed up by folder: a checkpoint or an artifact is a folder.
create table if not exists usage.stored_folder (
    source varchar not null, store varchar not null, -- as in registry.store: s3://bucket
    folder varchar not null, -- below it, without a slash at either end; '' is the top
    objects bigint not null, size_gib double not null,
    storage_class varchar not null, -- STANDARD, GLACIER_IR, NEARLINE, Cool, ...
    first_modified_at timestamp, last_modified_at timestamp,
    last_read_at timestamp, -- null: nobody says
    seen_at timestamp not null,
    is_versioned boolean, -- the bucket keeps what is deleted; null: nobody says
    model_objects bigint, -- named as a model's files are: .safetensors, .ckpt; null: nobody says
    primary key (source, store, folder, storage_class)
);
