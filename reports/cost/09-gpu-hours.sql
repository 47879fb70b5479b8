-- What the paid GPU-hours of the latest month did, by GPU model and team.
--
-- grain     one row per GPU model and team, of the latest month with GPU-hours; `model_*` are of
--           all teams. A model with and without its maker's name is one ("NVIDIA L4", "L4")
-- money     reporting currency, effective cost; null: the node is on no bill. `cost` is that of the
--           GPUs, held_cost and idle_cost make it up; host_cost is that of the machine's cores and
--           memory, where it is told apart. uncounted_cost is what of both is billed on days whose
--           hours nobody tells: it is in the cost, and not in the price of an hour; nor are
--           unpriced_gpu_hours, what is paid for and nobody knows the cost of
-- hours     used, reserved (held by a workload beyond what it used), stalled (work ran, the GPU did
--           next to nothing), idle (unscheduled ones included) and unobserved add up to the paid
--           hours; unobserved is never idle. `used` is never more than the hours that work held:
--           the little that idle and stalled GPUs were in use counts once. Unused commitments
--           are no hours of a machine
with period as (
    select
        date_trunc('month', max(g.day))::date as month, max(g.day) as last_day,
        any_value(m.last_day) as billed_day
    from ledger.gpu_hour as g, ledger.latest_month as m
),
line as (
    select
        * replace (
            coalesce(
                max(gpu_model) filter (starts_with(gpu_model, 'NVIDIA '))
                    over (partition by regexp_replace(gpu_model, '^NVIDIA ', '')),
                gpu_model
            ) as gpu_model
        ),
        -- what is neither idle nor stalled nor unobserved: some work held it
        greatest(
            gpu_hours::decimal(28, 9) - idle_gpu_hours::decimal(28, 9)
            - coalesce(stalled_gpu_hours, 0)::decimal(28, 9)
            - unobserved_gpu_hours::decimal(28, 9),
            0
        ) as held_hours
    from ledger.gpu_hour
),
held as (
    select
        p.month, p.last_day, p.billed_day, g.gpu_model, g.team,
        concat_ws(' · ', coalesce(g.gpu_model, 'GPU model unknown'), coalesce(g.team, 'nobody'))
            as label,
        sum(g.gpu_hours) as gpu_hours,
        sum(least(g.used_gpu_hours::decimal(28, 9), g.held_hours))::double as used_gpu_hours,
        sum(g.held_hours - least(g.used_gpu_hours::decimal(28, 9), g.held_hours))::double
            as reserved_gpu_hours,
        sum(coalesce(g.stalled_gpu_hours, 0)) as stalled_gpu_hours,
        sum(g.idle_gpu_hours) as idle_gpu_hours,
        sum(g.unobserved_gpu_hours) as unobserved_gpu_hours,
        sum(g.cost) as cost, sum(g.idle_cost) as idle_cost, sum(g.host_cost) as host_cost,
        sum(g.cost - coalesce(g.idle_cost, 0)) as held_cost,
        sum(g.cost + coalesce(g.host_cost, 0)) filter (where g.gpu_hours = 0) as uncounted_cost,
        coalesce(sum(g.gpu_hours) filter (where g.cost is null), 0) as unpriced_gpu_hours
    from line as g, period as p
    where date_trunc('month', g.day) = p.month and coalesce(g.kind, '') <> 'commitment'
    group by all
),
by_model as (
    select
        gpu_model, coalesce(gpu_model, 'GPU model unknown') as model_label,
        sum(gpu_hours) as model_hours, sum(held_cost) as model_held_cost,
        sum(idle_cost) as model_idle_cost, sum(host_cost) as model_host_cost,
        sum(coalesce(cost, 0) + coalesce(host_cost, 0))
            filter (cost is not null or host_cost is not null) as model_cost,
        sum(uncounted_cost) as model_uncounted_cost,
        sum(gpu_hours) - sum(unpriced_gpu_hours) as model_priced_hours
    from held
    group by gpu_model
)
select
    h.*, m.* exclude (gpu_model, model_priced_hours),
    round(
        (m.model_cost - coalesce(m.model_uncounted_cost, 0))::double
        / nullif(m.model_priced_hours, 0),
        6
    )::decimal(38, 6) as model_hour_cost,
    row_number() over (partition by h.gpu_model order by h.gpu_hours desc, h.team) = 1
        as is_first_of_model
from held as h
join by_model as m on m.gpu_model is not distinct from h.gpu_model
order by h.idle_cost desc nulls last, h.idle_gpu_hours desc, h.gpu_model, h.team
