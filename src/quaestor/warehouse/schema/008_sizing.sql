-- How containers used what they asked for, what they ought to ask for, and whether advice of their
-- first days held in their last ones. A pod's owner is its workload: Deployment, StatefulSet, ...

create table if not exists ledger.container_span (
    source varchar not null, cluster varchar not null, namespace varchar not null,
    pod varchar not null, container varchar not null,
    owner_kind varchar, owner varchar, -- null: nobody says
    span varchar not null, -- all, trained (the days before the held-out ones), held-out
    since timestamp not null, until timestamp not null, samples bigint not null,
    cpu_p66_cores double, cpu_p90_cores double, cpu_p95_cores double, cpu_p96_cores double,
    cpu_p99_cores double, cpu_max_cores double, -- of samples: only of all
    ram_p99_gib double, -- null: it has samples, which are looked at one by one
    ram_max_gib double,
    is_sampled boolean not null -- by usage.container_sample
);
create table if not exists ledger.container_request (
    cluster varchar not null, namespace varchar not null,
    owner_kind varchar, owner varchar not null, -- of a pod that nobody owns, itself
    container varchar not null,
    span varchar not null, -- what it is worked out from, as in container_span
    strategy varchar not null, pods bigint not null,
    since timestamp not null, until timestamp not null, samples bigint not null,
    is_enough boolean not null, -- points and hours for advice
    cpu_request_cores double, -- null here: nobody tells what it used
    cpu_limit_cores double, -- null: no limit
    ram_request_gib double, ram_limit_gib double,
    cpu_least_cores double, cpu_most_cores double, -- within these, what is asked for may stay
    ram_least_gib double, ram_most_gib double,
    cpu_needed_cores double, ram_needed_gib double, -- without margins: what an oracle would advise
    cpu_p66_cores double, cpu_p95_cores double, cpu_p99_cores double, cpu_max_cores double,
    ram_max_gib double, oom_limit_gib double
);
create table if not exists ledger.backtest (
    kind varchar not null, subject varchar not null,
    trained_from timestamp not null, trained_until timestamp not null, -- and held out up to:
    held_out_until timestamp not null,
    what varchar not null, -- cpu, cpu-limit, memory, gpu-memory, gpu, instances, requests
    current double, advised double not null, -- in the unit of what is advised
    needed double, -- by the held-out days themselves; an oracle's advice
    intervals bigint not null,
    violations bigint, -- held-out ones above what was advised; null: estimated from quantiles
    violated_ratio double,
    expected_ratio double not null, -- of these, what the advice leaves above it by design
    saved_ratio double, oracle_saved_ratio double, -- of current; what advice and oracle spare
    is_withheld boolean not null
);

-- Which part of a container's samples lie above a figure, from their quantiles: between two of them
-- in proportion, and below the lowest not less than it says.
create or replace macro ratio_above(figure, p66, p90, p95, p96, p99, most) as
    case
        when most is null then null
        when figure >= most then 0
        when figure >= p99 then 0.01 * (most - figure) / (most - p99)
        when figure >= p96 then 0.01 + 0.03 * (p99 - figure) / (p99 - p96)
        when figure >= p95 then 0.04 + 0.01 * (p96 - figure) / (p96 - p95)
        when figure >= p90 then 0.05 + 0.05 * (p95 - figure) / (p95 - p90)
        when figure >= p66 then 0.10 + 0.24 * (p90 - figure) / (p90 - p66)
        when p66 is not null then 0.34 + 0.66 * (p66 - figure) / p66
        when p99 is not null then 1
    end::double;
-- Cores and GiB as Kubernetes writes them, rounded up to 1 m and 1 MiB. What is less than a
-- millionth of either comes of binary fractions.
create or replace macro cores_up(figure) as ceil(round(figure * 1000, 6)) / 1000;
create or replace macro gib_up(figure) as ceil(round(figure * 1024, 6)) / 1024;

-- What cores and memory of each workload's pods cost, by the last days of its cluster.
create table if not exists ledger.workload_rate (
    cluster varchar not null, namespace varchar not null, owner_kind varchar,
    owner varchar not null, -- of a pod that nobody owns, itself
    days integer not null, pod_hours_per_month double not null, -- of all its pods
    core_hour_cost double, gib_hour_cost double, -- null: no price; a rate, from which estimates are
    price_source varchar, -- bill; else the price book of one of its machines
    committed_ratio double, -- of its machines' cost, covered by commitments
    machine varchar, -- null: several
    resource_id varchar, -- of this machine on the bill
    team varchar, model varchar, model_version varchar, environment varchar -- null: several, none
);
