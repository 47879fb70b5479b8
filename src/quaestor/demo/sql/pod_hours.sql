-- What the pods of the GPU cluster asked for and used, hour by hour.
--
-- grain     one row per pod and hour
-- method    office: busy by day, half by night; flat: as busy always; both with variation from a
--           hash. What serves used as much as the samples of its containers tell (container_use.sql).
--           Training pods are new each Monday; in the hours of a registered run (as
--           demo/model.py has them) a training pod is that run's and labelled with it. Planted faults: the pods of one node do
--           nothing for a week, and the GPU exporter of another is silent for two days, so that
--           its ratios are null: unobserved, never idle
-- source    invented
with hour as (
    select unnest(generate_series(
        $first_day::timestamp, $last_day::timestamp + interval 23 hour, interval 1 hour
    )) as hour
),
placed as (
    select *, row_number() over () - 1 as place from estate.model
),
version as (
    select model, place, versions, unnest(generate_series(greatest(1, versions - 2), versions)) as version
    from placed
),
run as (
    select
        model, substr(sha256('run of ' || model || ':' || version), 1, 32) as run_id,
        timestamp '2026-10-26 08:00' - to_days((49 * (versions - version) + place * 5 % 37)::integer)
            - to_hours(place % 8) as ended_at,
        ended_at - to_hours(3 + place % 5) as started_at
    from version
),
served as (
    select
        workload, date_trunc('hour', sampled_at) as hour,
        sum(cpu_used_cores::decimal(18, 4)) / count(*) as cores,
        sum(ram_used_gib::decimal(18, 4)) / count(*) as gib
    from estate.container_use
    group by workload, date_trunc('hour', sampled_at)
),
worked as (
    select
        w.*, h.hour, r.run_id, s.cores, s.gib,
        vary(w.pod || h.hour) as chance,
        w.node = $idle_node and h.hour >= $idle_from::timestamp as is_idle,
        w.node = $silent_node and h.hour >= $silent_from::timestamp
            and h.hour < $silent_until::timestamp as is_silent,
        case when w.shape = 'office' and hour(h.hour) not between 6 and 21 then 0.5 else 1.0 end
            as load
    from estate.workload as w
    cross join hour as h
    left join served as s
        on w.namespace = 'serve' and s.workload = w.pod and s.hour = h.hour
    left join run as r
        on w.namespace = 'train' and r.model = w.model and h.hour >= r.started_at
        and h.hour < r.ended_at
)
select
    'prod-eu' as cluster, namespace,
    pod || '-' || substr(md5(
        pod || case when shape = 'flat' then coalesce(run_id, date_trunc('week', hour)::varchar)
            else '' end
    ), 1, 5) as pod,
    node, hour,
    cpu::double as cpu_request_cores,
    round(coalesce(
        cores, cpu * load * case when is_idle then 0.02 else 0.6 + chance / 5 end
    ), 3)::double as cpu_used_cores,
    ram::double as ram_request_gib,
    round(coalesce(
        gib, ram * case when is_idle then 0.3 else 0.7 + chance / 5 end
    ), 3)::double as ram_used_gib,
    gpu_request::double as gpu_request,
    case when is_silent then null when is_idle then round(chance / 50, 4)
        else round(least(used_ratio * load * (0.95 + chance / 10), 1), 4) end::double
        as gpu_used_ratio,
    1.0::double as up_ratio,
    case when run_id is null then to_json({'team': team, 'model': model, 'app': pod})
        else to_json({'team': team, 'model': model, 'app': pod, 'mlflow_run_id': run_id})
    end::varchar as labels
from worked
order by hour, node, pod
