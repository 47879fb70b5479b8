-- What it costs, in the reporting currency unless the name says billing_. A part of a split is
-- [from_ratio, upto_ratio) of its origin, so that the parts of one origin make it up exactly
-- (005_words.sql). Owner columns: team, model, model_version, environment, lifecycle_stage.

-- What a build has to do anew: days whose bill or usage changed, and the months they lie in.
create table if not exists ledger.stale_day (
    day date primary key,
    billed boolean not null -- the bill of that day changed, not only what is known beside it
);
create table if not exists ledger.stale_month (month date primary key);
-- What the last build read, so that the next one sees what changed (ledger/stale.py).
create table if not exists ledger.day_state (
    kind varchar not null, day date not null, -- charge, node_hour, pod_hour, ...
    fingerprint varchar not null,
    primary key (kind, day)
);
create table if not exists ledger.row_state (
    kind varchar not null, fingerprint hugeint not null, -- node, pod, gpu_job, ...
    first_day date, last_day date -- of which days it tells; null: of any
);

-- Attribution: whose is it.
create table if not exists ledger.tag_set (
    tags varchar primary key, team varchar, model varchar, model_version varchar,
    environment varchar, lifecycle_stage varchar,
    pairs map(varchar, varchar), -- every tag, its key in lower case
    endpoint varchar -- of the workspace that Azure bills it under (its own tag, azuremlendpoint)
);
create table if not exists ledger.label_set (
    labels varchar primary key, team varchar, model varchar, model_version varchar,
    environment varchar, lifecycle_stage varchar,
    pairs map(varchar, varchar) -- every label, its key in lower case
);
-- The bill by day and charge line: the one cube that everything later is made from.
create table if not exists ledger.charge_day (
    day date not null, source varchar not null, provider varchar, service varchar,
    sub_account varchar, region varchar, resource_id varchar, charge_category varchar,
    tags varchar,
    facts varchar, -- JSON of the other columns that `attribution:` and `shared:` match on
    billing_currency varchar, rate decimal(28, 18), -- reporting currency per unit of it
    billing_billed_cost decimal(38, 20) not null, billing_effective_cost decimal(38, 20) not null,
    billing_list_cost decimal(38, 20), billing_contracted_cost decimal(38, 20), -- null: not stated
    charges bigint not null,
    is_transfer boolean not null -- of data; a node's is divided by what its pods sent
);
-- What a bill's resources are: a training job, an endpoint, a node of a cluster, a volume.
create table if not exists ledger.lineage (
    resource_id varchar primary key, -- as a bill spells it
    kind varchar not null, -- node, volume, load-balancer, training-job, endpoint, deployment, store
    source varchar not null, -- who tells: the name of a usage or registry source
    name varchar not null, -- what that source calls it: a job, an endpoint, a volume
    cluster varchar,
    split_key varchar, -- of what ledger.resource_share divides: machine, volume, load balancer
    team varchar, model varchar, model_version varchar, environment varchar,
    lifecycle_stage varchar, run_id varchar,
    version_since date -- the day from which model_version is known to be meant; null: always
);
-- The bill after tags, labels, lineage, rules and clusters, before `shared:`.
create table if not exists ledger.part (
    day date not null, source varchar not null, provider varchar, service varchar,
    sub_account varchar, region varchar, resource_id varchar, charge_category varchar,
    tags varchar, facts varchar,
    team varchar, model varchar, model_version varchar, environment varchar,
    lifecycle_stage varchar,
    cluster varchar, allocated_to varchar, -- namespace/workload, or idle/gpu; null: not split
    allocated_ratio decimal(19, 18) not null, -- of its origin; 1: not split
    cost_kind varchar not null, rule varchar not null,
    billing_currency varchar,
    billing_billed_cost decimal(38, 20) not null, billing_effective_cost decimal(38, 20) not null,
    billed_cost decimal(38, 20), effective_cost decimal(38, 20),
    list_cost decimal(38, 20), contracted_cost decimal(38, 20),
    charges bigint not null, -- whole charges: of a split line with its first part
    is_transfer boolean not null
);
-- Over whom `shared:` divides, month by month.
create table if not exists ledger.shared_share (
    month date not null, rule varchar not null, -- the name in `shared:`
    team varchar, model varchar, model_version varchar, environment varchar,
    quantity decimal(38, 9) not null, driver varchar not null, -- even, cost, fixed, requests, ...
    from_ratio decimal(19, 18) not null, upto_ratio decimal(19, 18) not null
);
create table if not exists ledger.cost (
    day date not null, source varchar not null, provider varchar, service varchar,
    sub_account varchar, resource_id varchar, charge_category varchar,
    team varchar, model varchar, model_version varchar, environment varchar,
    lifecycle_stage varchar,
    cost_kind varchar not null, -- direct, shared, idle, overhead, unattributed
    rule varchar not null, -- what decided: tag, label, lineage:<kind>, rule:<name>, shared:<name>
    billing_currency varchar,
    billing_billed_cost decimal(38, 20) not null, billing_effective_cost decimal(38, 20) not null,
    billed_cost decimal(38, 20), effective_cost decimal(38, 20), -- null: no rate
    list_cost decimal(38, 20), contracted_cost decimal(38, 20), -- null: not billed, or no rate
    charges bigint not null,
    region varchar, cluster varchar, allocated_to varchar,
    allocated_ratio decimal(19, 18) not null default 1 -- of its charge line; 1: not split
);
-- ledger.cost of models, without what only a bill needs to know.
create table if not exists ledger.model_day (
    day date not null, model varchar not null, model_version varchar, team varchar,
    lifecycle_stage varchar, cost_kind varchar not null,
    kept varchar, -- run: in ledger.run_day too; storage: of a store; idle: nobody used it
    billed_cost decimal(38, 20), effective_cost decimal(38, 20)
);
create table if not exists ledger.model_month (
    month date not null, model varchar not null, team varchar,
    billed_cost decimal(38, 20), effective_cost decimal(38, 20),
    data_cost decimal(38, 20), training_cost decimal(38, 20), evaluation_cost decimal(38, 20),
    inference_cost decimal(38, 20), experimentation_cost decimal(38, 20),
    platform_cost decimal(38, 20), unstaged_cost decimal(38, 20),
    shared_ratio double, idle_ratio double,
    previous_effective_cost decimal(38, 20), change_ratio double, -- month over month; null: first
    days integer not null, complete boolean not null, -- every day of the month is billed
    shared_cost decimal(38, 20), idle_cost decimal(38, 20)
);
create table if not exists ledger.coverage (
    month date not null, effective_cost decimal(38, 20), to_a_model decimal(38, 20),
    to_a_team decimal(38, 20), unattributed decimal(38, 20),
    model_ratio double, team_ratio double
);

-- Allocation: who used the clusters.
-- What one GPU, one core and one GiB cost against each other, with where that is from.
create table if not exists ledger.unit_weight (
    gpu_model varchar primary key, -- '' for machines without GPUs
    core_weight decimal(18, 9) not null, gib_weight decimal(18, 9) not null,
    gpu_weight decimal(18, 9) not null, -- of one whole GPU; all three in one and the same unit
    price_source varchar not null, priced_on date
);
-- The machines of clusters by day, with what they could give.
create table if not exists ledger.node_day (
    day date not null, source varchar not null, cluster varchar not null, node varchar not null,
    machine varchar, -- usage.node_hour, provider_id; null: nobody tells
    instance_type varchar, region varchar, capacity_type varchar, -- on-demand, spot, ...
    gpu_model varchar, -- as its source calls it, else as the price book calls it
    hours decimal(38, 9) not null, -- that it was up
    core_hours decimal(38, 9), gib_hours decimal(38, 9), gpu_hours decimal(38, 9), -- it could give
    cores decimal(18, 9), gib decimal(18, 9), gpus decimal(18, 9), -- least in any hour it was up
    hours_seen bigint not null, -- bit h: it was told of in hour h of the day
    is_up_known boolean not null, -- its source tells when it was up
    is_even boolean not null -- one machine and one row per hour
);
-- What pods hold of GPUs that are cut or shared, where a list of pods tells; in physical GPUs.
create table if not exists ledger.pod_gpu (
    cluster varchar not null, namespace varchar not null, pod varchar not null, gpus double not null
);
-- Hours in which pods held more together than their node has, and what each is scaled by.
create table if not exists ledger.full_hour (
    day date not null, hour timestamp not null, cluster varchar not null, node varchar not null,
    core_fit double not null, gib_fit double not null, gpu_fit double not null
);
-- What pods asked for and used, by day; the one pass over usage.pod_hour.
create table if not exists ledger.pod_use (
    day date not null, source varchar not null, cluster varchar not null,
    node varchar, machine varchar, -- null: not placed; its node has no machine
    is_placed boolean not null, -- the node was there in these hours
    namespace varchar not null, pod varchar not null, labels varchar,
    hours_seen bigint not null, samples bigint not null,
    core_hours decimal(38, 9) not null, gib_hours decimal(38, 9) not null,
    gpu_hours decimal(38, 9) not null, -- max(request, usage), requested GPUs
    held_core_hours decimal(38, 9) not null, held_gib_hours decimal(38, 9) not null,
    held_gpu_hours decimal(38, 9) not null, -- the same, scaled down to what the node has
    used_core_hours decimal(38, 9), used_gib_hours decimal(38, 9), used_gpu_hours decimal(38, 9),
    cpu_told bigint not null, ram_told bigint not null, gpu_told bigint not null, -- hours with
    cpu_observed bigint not null, ram_observed bigint not null, -- any figure; with usage
    gpu_unobserved bigint not null, -- hours in which it held GPUs and nobody saw what they did
    network_gib decimal(38, 9) -- sent; null: unknown
);
-- Pods whose devices come by resource claims, so that nobody tells how many GPUs they hold.
create table if not exists ledger.pod_claim (
    day date not null, cluster varchar not null, node varchar not null,
    namespace varchar not null, pod varchar not null
);
create table if not exists ledger.machine_day (
    day date not null, machine varchar not null, -- usage.node_hour, provider_id
    cost decimal(38, 20), -- effective; null: a charge of it has no rate
    price_source varchar, -- bill; else the price book's entry, and then no charge stands behind it
    capacity_type varchar, -- on-demand, spot, ...; null: nobody says
    transfer_cost decimal(38, 20) -- of `cost`, for data; divided by what pods sent, not by `part`
);
create table if not exists ledger.pod_day (
    day date not null, cluster varchar not null, node varchar not null, machine varchar,
    namespace varchar, pod varchar, -- null: idle capacity
    resource varchar, -- of idle capacity: cpu, ram, gpu
    team varchar, model varchar, model_version varchar, environment varchar,
    lifecycle_stage varchar,
    cost_kind varchar not null, -- direct, unattributed, idle, overhead
    rule varchar not null,
    core_hours double not null, used_core_hours double, gib_hours double not null,
    used_gib_hours double, gpu_hours double not null, used_gpu_hours double, -- null: unobserved
    part decimal(38, 9) not null, -- of the node's hours of the day, weighted; sums to them
    gpu_part decimal(38, 9) not null, -- of it, for GPUs
    used_part decimal(38, 9), -- of it, by what was used instead of max(request, usage)
    cost decimal(38, 20), used_cost decimal(38, 20), -- null: the node has no price
    price_source varchar,
    allocated_to varchar not null, -- namespace/workload, idle/cpu, idle/ram, idle/gpu, unobserved
    capacity_type varchar, gpu_model varchar,
    from_ratio decimal(19, 18), upto_ratio decimal(19, 18), -- of the machine's day
    network_gib double -- sent; null: unknown
);
-- How much of what it held each team's work used, month by month.
create table if not exists ledger.efficiency (
    month date not null, cluster varchar not null,
    namespace varchar, -- null: capacity that no pod held
    team varchar, model varchar,
    cost_kind varchar not null, -- direct, overhead, unattributed; idle: no pod held it
    core_hours decimal(38, 9) not null, gib_hours decimal(38, 9) not null,
    gpu_hours decimal(38, 9) not null, -- max(request, usage), requested GPUs
    cpu_ratio double, ram_ratio double, gpu_ratio double, -- used of these; null: unobserved
    cost decimal(38, 20), -- allocated; null: a node has no price
    observed_cost decimal(38, 20), -- of it, of days of pods that were observed throughout
    used_cost decimal(38, 20), -- of observed_cost, for what was used
    idle_cost decimal(38, 20), -- the rest of observed_cost; null: unobserved
    efficiency_ratio double -- used_cost of observed_cost: resources weighted by what they cost
);
-- How what a lineage names is divided, day by day; network/<machine>: its data transfer.
create table if not exists ledger.resource_share (
    day date not null, split_key varchar not null, cluster varchar not null,
    allocated_to varchar not null, -- namespace/workload, idle/cpu, idle/ram, idle/gpu, unmounted
    team varchar, model varchar, model_version varchar, environment varchar,
    lifecycle_stage varchar,
    cost_kind varchar not null, rule varchar not null,
    from_ratio decimal(19, 18) not null, upto_ratio decimal(19, 18) not null
);

-- GPUs.
-- Where GPU-hours come from, day by day, before they are priced. Hours have 9 digits after the
-- point; observed ones are those of which we can tell what they did, and of them unscheduled,
-- idle and stalled ones exclude one another.
create table if not exists ledger.gpu_cluster_day (
    day date not null, source varchar not null, cluster varchar not null, node varchar not null,
    machine varchar, gpu_model varchar, capacity_type varchar,
    team varchar, model varchar, model_version varchar,
    hours decimal(38, 9) not null, observed_hours decimal(38, 9) not null,
    used_hours decimal(38, 9) not null, unscheduled_hours decimal(38, 9) not null,
    idle_hours decimal(38, 9) not null, stalled_hours decimal(38, 9) not null
);
create table if not exists ledger.gpu_sample_day (
    day date not null, source varchar not null, host varchar not null, gpu_model varchar,
    job varchar, -- null: nobody's, or nobody says
    hours decimal(38, 9) not null, observed_hours decimal(38, 9) not null,
    used_hours decimal(38, 9) not null, low_hours decimal(38, 9) not null -- under 0.05
);
create table if not exists ledger.gpu_job_day (
    day date not null, source varchar not null, cluster varchar not null, node varchar not null,
    machine varchar, gpu_model varchar, kind varchar not null, capacity_type varchar,
    team varchar, model varchar, model_version varchar,
    is_failed boolean, -- null: nobody says how it ended
    gpu_ratio decimal(19, 18), -- of what its machines cost; null: not known
    hours decimal(38, 9) not null, observed_hours decimal(38, 9) not null,
    used_hours decimal(38, 9) not null, stalled_hours decimal(38, 9) not null
);
create table if not exists ledger.gpu_endpoint_day (
    day date not null, source varchar not null, cluster varchar not null, node varchar not null,
    machine varchar, gpu_model varchar, model varchar, model_version varchar,
    hours decimal(38, 9) not null, observed_hours decimal(38, 9) not null,
    used_hours decimal(38, 9) not null, idle_hours decimal(38, 9) not null
);
-- Machines with GPUs as only a bill tells of them, and commitments to them that stood unused.
create table if not exists ledger.gpu_instance_day (
    day date not null, source varchar not null, sub_account varchar, region varchar,
    resource_id varchar, instance_type varchar, gpu_model varchar,
    is_unused boolean not null, -- a commitment or a reservation that nothing ran on
    capacity_type varchar,
    gpu_ratio decimal(19, 18), -- of what the machine costs; null: not known
    hours decimal(38, 9) not null,
    effective_cost decimal(38, 20) -- null: a charge has no rate
);
create table if not exists ledger.gpu_hour (
    day date not null, source varchar not null, cluster varchar not null, node varchar not null,
    provider_id varchar, gpu_model varchar, team varchar, model varchar, model_version varchar,
    kind varchar, -- cluster, slurm, training-job, endpoint, instance, ...
    capacity_type varchar, -- on-demand, spot, reserved; null: nobody says
    price_source varchar,
    gpu_hours double not null, observed_gpu_hours double not null, used_gpu_hours double not null,
    idle_gpu_hours double not null, unobserved_gpu_hours double not null,
    failed_gpu_hours double, -- null: this source does not tell how the work ended
    unscheduled_gpu_hours double, -- nobody asked for them; of the idle ones
    stalled_gpu_hours double, -- work ran on them, the GPU did next to nothing
    cost decimal(38, 20), -- null: the node is on no bill, and so are the costs that follow
    host_cost decimal(38, 20), -- of its cores and memory; null: not told apart, it is in `cost`
    idle_cost decimal(38, 20), unscheduled_cost decimal(38, 20), stalled_cost decimal(38, 20),
    failed_cost decimal(38, 20), unobserved_cost decimal(38, 20) -- of `cost`
);
-- Where the money for GPUs goes; the steps of one row's scope add up to its `paid`.
create table if not exists ledger.gpu_waterfall (
    month date not null, source varchar not null, cluster varchar not null, gpu_model varchar,
    position integer not null,
    step varchar not null, -- paid, commitment_unused, host, unscheduled, idle, stalled, failed,
                           -- unobserved, productive
    gpu_hours double, cost decimal(38, 20)
);

-- Economics.
-- Every version of every model, by the names that the ledger uses.
create table if not exists ledger.known_version (
    model varchar not null, version varchar not null, run_id varchar, created_at timestamp
);
-- How the day of a machine that jobs ran on (Slurm, Azure ML compute) is divided among them;
-- columns as in ledger.resource_share, of which it becomes a part.
create table if not exists ledger.run_share (
    day date not null, split_key varchar not null, -- usage.gpu_job, resource_id
    cluster varchar not null, -- the source that tells of the jobs
    allocated_to varchar not null, -- job/source/job, idle/gpu, unknown
    team varchar, model varchar, model_version varchar, environment varchar,
    lifecycle_stage varchar,
    cost_kind varchar not null, rule varchar not null,
    from_ratio decimal(19, 18) not null, upto_ratio decimal(19, 18) not null
);
-- What each run and job cost, day by day: what of the bill is theirs.
create table if not exists ledger.run_day (
    day date not null, source varchar not null, -- who tells of the job; '' of a run in pods
    run varchar not null, -- the job, or the run that the label of a pod names
    via varchar not null, -- own: charges of its own; machine, pods: parts of somebody's
    cost decimal(38, 20), -- null: a charge has no rate
    billing_effective_cost decimal(38, 20), billing_currency varchar
);
create table if not exists ledger.run_cost (
    source varchar not null, run varchar not null, -- registry.run's run_id, else the job
    kind varchar, name varchar, team varchar, model varchar, model_version varchar,
    state varchar, started_at timestamp, ended_at timestamp,
    gpu_hours double, cost decimal(38, 20), cost_source varchar, -- bill, or how it was priced
    dataset_digest varchar, superseded boolean -- true: no version came of it
);
create table if not exists ledger.version_cost (
    model varchar not null, model_version varchar not null,
    data_cost decimal(38, 20), training_cost decimal(38, 20), winning_run_cost decimal(38, 20),
    evaluation_cost decimal(38, 20), storage_cost decimal(38, 20), inference_cost decimal(38, 20),
    idle_cost decimal(38, 20), other_cost decimal(38, 20), lifetime_cost decimal(38, 20),
    runs integer, failed_runs integer, rework_ratio double,
    first_day date, last_day date,
    known_cost decimal(38, 20), -- what is known of it, where lifetime_cost is not
    unpriced_runs integer, -- runs whose cost nobody knows
    superseded_cost decimal(38, 20) -- of training_cost, runs that no version came of
);
-- What endpoints answered, with the time it took.
create table if not exists ledger.endpoint_month (
    month date not null, source varchar not null, endpoint varchar not null, variant varchar,
    requests decimal(38, 9), input_tokens decimal(38, 9), output_tokens decimal(38, 9),
    seconds decimal(38, 9), -- busy ones of its instances; null: an hour does not tell
    waited_seconds decimal(38, 9) -- requests x the 95th percentile of their latency
);
create table if not exists ledger.unit_cost (
    period date not null, -- the month
    model varchar not null, model_version varchar, -- null: all versions
    unit varchar not null, -- 1k_requests, 1m_tokens, 1m_input_tokens, training_run, gpu_hour, ...
    basis varchar not null, -- allocated, used
    quantity double not null, cost decimal(38, 20), unit_cost decimal(38, 20),
    driver_spread double, -- seconds per request, dearest version over cheapest
    warning varchar
);
create table if not exists ledger.token_cost (
    month date not null, source varchar not null, provider varchar, model_id varchar,
    team varchar, model varchar, direction varchar, -- input, output, cached-input, ...
    tokens decimal(38, 9), billing_currency varchar, pricing_currency varchar, -- such as credits
    billing_effective_cost decimal(38, 20), effective_cost decimal(38, 20),
    cost_per_1m_tokens decimal(38, 20),
    pricing_currency_cost decimal(38, 20) -- in pricing_currency, which may be no money: credits
);

-- Plans.
-- Which days of the bill can be relied on: the last ones are often still being delivered.
create table if not exists ledger.billed_day (
    day date primary key, charges bigint not null,
    complete boolean not null -- false: the last day of a bill, or one with far fewer charges
);
-- What was spent on each day under each heading that is planned for.
create table if not exists ledger.spend_day (
    day date not null, scope varchar not null, -- total, team, model, environment, service, budget
    subject varchar not null, cost decimal(38, 20) -- effective; null: a charge has no rate
);
create table if not exists ledger.budget (
    month date not null, budget varchar not null, team varchar, model varchar,
    environment varchar, amount decimal(38, 20) not null, spent decimal(38, 20), -- null: no rate
    overspent decimal(38, 20), spent_ratio double, days integer not null,
    forecast_cost decimal(38, 20), forecast_low decimal(38, 20), forecast_high decimal(38, 20),
    status varchar -- ok, warning (80 % spent or expected above), breach; null: not known
);
create table if not exists ledger.forecast (
    scope varchar not null, subject varchar not null, -- total, team, model, environment; its name
    month date not null, day date, -- null: the whole month
    expected decimal(38, 20) not null, low decimal(38, 20), high decimal(38, 20),
    interval_ratio double, -- how sure: 0.8
    method varchar not null, trained_days integer not null,
    backtest_error_ratio double, backtest_days integer -- null: too short a past
);
-- Days that cost far more or less than the same weekday of the weeks before.
create table if not exists ledger.unusual_day (
    scope varchar not null, subject varchar not null, day date not null,
    baseline_day date not null, -- the day with the median cost of those weekdays
    cost decimal(38, 20) not null, expected decimal(38, 20) not null, -- what that day cost
    change decimal(38, 20) not null, change_ratio double, -- null: from nothing
    spread decimal(38, 20) not null, -- median distance of the days before from their weekdays'
    place bigint not null -- by the size of the change, 1 is the largest
);
-- What each SKU cost and how much of it was used, by who owns it.
create table if not exists ledger.sku_day (
    day date not null, service varchar, resource_id varchar, team varchar, model varchar,
    model_version varchar, sku_id varchar, unit varchar,
    cost decimal(38, 9), -- effective; null: no rate
    quantity decimal(38, 9) -- null: not stated
);
-- What is held against what it cost before, and on which days.
create table if not exists ledger.compared (
    scope varchar not null, subject varchar not null, day date not null,
    change decimal(38, 20) not null
);
create table if not exists ledger.compared_day (
    scope varchar not null, subject varchar not null, day date not null,
    charged_on date not null, is_now boolean not null
);
-- Why: the effects add up to the change.
create table if not exists ledger.effect (
    scope varchar not null, subject varchar not null, day date not null,
    change decimal(38, 20) not null, price_effect decimal(38, 20) not null,
    volume_effect decimal(38, 20) not null, mix_effect decimal(38, 20) not null,
    efficiency_effect decimal(38, 20) not null, version_effect decimal(38, 20) not null,
    unmeasured_effect decimal(38, 20) not null, -- of charges that state no quantity
    service varchar, resource_id varchar, team varchar, model varchar, sku_id varchar -- most
);
create table if not exists ledger.anomaly (
    scope varchar not null, subject varchar not null, day date not null,
    cost decimal(38, 20) not null, expected decimal(38, 20) not null,
    change decimal(38, 20) not null, change_ratio double,
    price_effect decimal(38, 20), volume_effect decimal(38, 20), mix_effect decimal(38, 20),
    efficiency_effect decimal(38, 20), version_effect decimal(38, 20),
    service varchar, resource_id varchar, team varchar, model varchar,
    baseline_day date not null, -- the day it is held against
    unmeasured_effect decimal(38, 20), -- of charges that state no quantity
    sku_id varchar -- what changed most, like service, resource, team and model
);
create table if not exists ledger.commitment (
    month date not null, source varchar not null, provider varchar,
    commitment_id varchar, -- null: what runs without any
    category varchar, type varchar, name varchar, billing_currency varchar not null,
    committed_cost decimal(38, 20), used_cost decimal(38, 20), unused_cost decimal(38, 20),
    utilization_ratio double, eligible_cost decimal(38, 20), coverage_ratio double,
    first_day date, last_day date, -- on which charges of it were billed
    purchased_cost decimal(38, 20), -- billed for buying it
    ends date, -- the last day of a term that was bought at once; null: no such purchase
    coverage_basis varchar, -- contracted, effective: at which cost coverage is measured
    unclear_cost decimal(38, 20) -- effective cost of use that is not said to be used or unused
);
-- Whether the bill adds up: what files claim, what waits in quarantine, what was charged.
-- A cost is NULL where no file states it; difference = landed - quarantined - charged.
create table if not exists ledger.reconciliation (
    source varchar not null, billing_period_start timestamp, billing_account_id varchar,
    sub_account_id varchar, currency varchar,
    rows_landed bigint not null, rows_loaded bigint not null, rows_left_out bigint not null,
    rows_quarantined bigint not null, rows_difference bigint not null,
    charges bigint not null, files_refused bigint not null,
    landed_billed_cost decimal(38, 20), quarantined_billed_cost decimal(38, 20),
    billed_cost decimal(38, 20), billed_difference decimal(38, 20),
    landed_effective_cost decimal(38, 20), quarantined_effective_cost decimal(38, 20),
    effective_cost decimal(38, 20), effective_difference decimal(38, 20)
);

