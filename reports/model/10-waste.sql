-- What each model paid for without use: idle GPUs, work that came to nothing, versions nobody needs.
--
-- grain     one row per model and kind of waste that was looked for; idle and stalled GPUs of the
--           latest whole month, training of the model's whole life, versions as they are now
-- money     reporting currency; null: not known. Kinds overlap, so they are not added up
-- method    answer: waste, none, or unknown; nobody looked at what has no row
with period as (
    select coalesce(max(month) filter (where complete), max(month)) as month
    from ledger.model_month
),
gpu as (
    select
        g.model, p.month, sum(g.gpu_hours) as hours, sum(g.idle_gpu_hours) as idle_hours,
        sum(g.stalled_gpu_hours) as stalled_hours,
        case when count(*) = count(g.cost) then sum(g.idle_cost) end as idle_cost,
        case when count(*) = count(g.cost) then sum(g.stalled_cost) end as stalled_cost,
        sum(g.unobserved_gpu_hours) as unseen_hours
    from ledger.gpu_hour as g join period as p on date_trunc('month', g.day) = p.month
    where g.model is not null
    group by g.model, p.month
),
training as (
    select
        model, sum(runs) as runs, sum(failed_runs) as failed_runs,
        coalesce(sum(unpriced_runs) filter (where lifetime_cost is null), 0) as unpriced_runs,
        case when count(*) = count(lifetime_cost) then sum(superseded_cost) end as superseded_cost
    from ledger.version_cost group by model
),
looked as (
    select
        model, kind,
        count(*) filter (where answer in ('advise', 'withheld')) as wasted,
        count(*) filter (where answer = 'cannot-say') as unknown,
        count(*) as objects,
        sum(saving_per_month) filter (where answer = 'advise') as cost,
        array_to_string(list(distinct name order by name)
            filter (where answer in ('advise', 'withheld')), ', ') as names,
        any_value(reason order by name) filter (where answer = 'cannot-say') as why_unknown
    from ledger.assessment
    where model is not null and kind in (
        'zombie_version', 'superseded_version', 'duplicate_version', 'idle_endpoint'
    )
    group by model, kind
)
select
    model, 1 as place, 'Idle GPUs' as label, month, idle_cost as cost,
    format('{:,}', round(idle_hours)::bigint) || ' of '
    || format('{:,}', round(hours)::bigint) || ' paid hours did nothing' as what,
    case when idle_hours > 0 then 'waste' when unseen_hours > 0 then 'unknown' else 'none' end
        as answer
from gpu where hours > 0
union all
select
    model, 2, 'Stalled GPUs', month, stalled_cost,
    format('{:,}', round(stalled_hours)::bigint) || ' hours of work with the GPU under 5 % in use', 'waste'
from gpu where stalled_hours > 0
union all
select
    model, 3, 'Failed and superseded training', null, superseded_cost,
    runs || ' runs, ' || failed_runs || ' failed'
    || case when unpriced_runs > 0 then ', ' || unpriced_runs || ' without a known cost' else ''
    end,
    case
        when failed_runs > 0 or superseded_cost > 0 then 'waste'
        when unpriced_runs > 0 then 'unknown' else 'none'
    end
from training where runs > 0
union all
select
    model, array_position([
        'idle_endpoint', 'zombie_version', 'superseded_version', 'duplicate_version'
    ], kind) + 3,
    case kind
        when 'idle_endpoint' then 'Endpoints that nobody calls'
        when 'zombie_version' then 'Zombie versions, deployed and all but never called'
        when 'superseded_version' then 'Superseded versions that are still deployed'
        else 'The same artifact kept or served twice'
    end,
    null, cost,
    case
        when wasted > 0 then names
        when unknown > 0 then unknown || ' of ' || objects || ' cannot be said: ' || why_unknown
        else objects || ' looked at'
    end,
    case when wasted > 0 then 'waste' when unknown > 0 then 'unknown' else 'none' end
from looked
order by 1, 2
