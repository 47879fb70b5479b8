-- Over whom each `shared:` rule divides what it matches, month by month.
--
-- grain     one row per month, rule and model (with its team) or team
-- method    by: even         who has cost of its own in the month, each as much as the other
--               cost         effective cost of its own above zero
--               fixed        `shares:`
--               requests, tokens, execution_seconds
--                            of usage.endpoint_hour; the last is instances x 3600 x the ratio to
--                            which the GPU, or the processor where there is none, was busy
--               gpu_hours    of ledger.pod_day
--               storage      GiB of usage.volume, by its labels
--           cost of its own is what no `shared:` rule matches. A rule of which nobody has a share
--           in a month divides nothing then, and the cost stays what it was
-- rounding  quantities to a billionth, ratios to 18 digits; largest first, so that what is cut off
--           is added to the smallest
-- source    FinOps Framework, "Allocation" capability, shared cost
-- rows from config.shared_rule
with own as (
    select
        date_trunc('month', day)::date as month, team, model,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost
    from ledger.shared_match
    where shared_rule is null and coalesce(model, team) is not null
        and date_trunc('month', day)::date in (select month from ledger.stale_month)
        and day >= (select min(month) from ledger.stale_month)
    group by all
),
-- A model's team is the one that pays most for it.
model_team as (
    select month, model, arg_max(team, (coalesce(cost, 0), team)) as team
    from own where model is not null and team is not null group by month, model
),
endpoint_month as (
    select
        h.source, h.endpoint, date_trunc('month', h.hour)::date as month,
        -- What no hour can have is left out: NaN, below nothing, more than money can be split by.
        sum(case when h.requests between 0 and 1e8 then h.requests::decimal(18, 9) end)
            as requests,
        sum(case when h.tokens between 0 and 1e14 then h.tokens::decimal(18, 3) end) as tokens,
        sum(case when h.seconds between 0 and 1e8 then h.seconds::decimal(18, 9) end)
            as execution_seconds
    from (
        select
            source, endpoint, hour, requests,
            coalesce(input_tokens, 0) + coalesce(output_tokens, 0) as tokens,
            coalesce(instances, 1) * coalesce(gpu_used_ratio, cpu_used_ratio) * 3600 as seconds
        from usage.endpoint_hour
    ) as h
    where date_trunc('month', h.hour)::date in (select month from ledger.stale_month)
        and h.hour >= (select min(month) from ledger.stale_month)
    group by all
),
served as (
    select
        m.month, coalesce(r.new, e.model) as model, sum(m.requests) as requests,
        sum(m.tokens) as tokens, sum(m.execution_seconds) as execution_seconds
    from endpoint_month as m
    join usage.endpoint as e on e.source = m.source and e.endpoint = m.endpoint
    left join config.renaming as r on r.field = 'model' and r.old = e.model
    where e.model is not null
    group by all
),
measured as (
    select month, model, 'requests' as driver, requests as quantity from served
    union all
    select month, model, 'tokens', tokens from served
    union all
    select month, model, 'execution_seconds', execution_seconds from served
),
pod_month as (
    select
        date_trunc('month', day)::date as month, team, model,
        sum(gpu_hours::decimal(18, 9)) as quantity
    from ledger.pod_day
    where cost_kind in ('direct', 'unattributed')
        and date_trunc('month', day)::date in (select month from ledger.stale_month)
        and day >= (select min(month) from ledger.stale_month)
    group by all
),
stored as (
    select l.team, l.model, sum(v.capacity_gib::decimal(18, 9)) as quantity
    from usage.volume as v
    join ledger.label_set as l on l.labels = v.labels
    group by all
),
-- What each driver says of whom, as (month, team, model); a team's is the sum over its models.
told as (
    select month, team, model, 'cost' as driver, cost::decimal(38, 9) as quantity from own
    union all
    select distinct o.month, case when o.model is null then o.team else t.team end, o.model, 'even',
        1::decimal(38, 9)
    from own as o left join model_team as t on t.month = o.month and t.model = o.model
    union all
    select m.month, t.team, m.model, m.driver, m.quantity::decimal(38, 9)
    from measured as m left join model_team as t on t.month = m.month and t.model = m.model
    union all
    select month, team, model, 'gpu_hours', quantity::decimal(38, 9) from pod_month
    union all
    select m.month, s.team, s.model, 'storage', s.quantity::decimal(38, 9)
    from ledger.stale_month as m cross join stored as s
),
among_models as (
    select r.rule, r.driver, t.month, t.team, t.model, sum(t.quantity) as quantity
    from config.shared_rule as r
    join told as t on t.driver = r.driver
    where r.among = 'model' and t.model is not null
    group by all
),
-- Teams that are even are all with cost of their own, also beside one that pays more for a model.
told_of_teams as (
    select month, team, driver, quantity from told where driver <> 'even'
    union all
    select distinct month, team, 'even', 1::decimal(38, 9) from own
),
among_teams as (
    select
        r.rule, r.driver, t.month, t.team, null::varchar as model, sum(t.quantity) as quantity
    from config.shared_rule as r
    join told_of_teams as t on t.driver = r.driver
    where r.among = 'team' and t.team is not null
    group by r.rule, r.driver, t.month, t.team
),
fixed as (
    select
        r.rule, r.driver, m.month,
        case when r.among = 'team' then f.name else t.team end as team,
        case when r.among = 'model' then f.name end as model,
        f.share::decimal(38, 9) as quantity
    from config.shared_rule as r
    join config.fixed_share as f on f.rule = r.rule
    cross join ledger.stale_month as m
    left join model_team as t on t.month = m.month and t.model = f.name and r.among = 'model'
    where r.driver = 'fixed'
),
owed as (
    select month, rule, driver, team, model, quantity from among_models where quantity > 0
    union all
    select month, rule, driver, team, model, quantity from among_teams where quantity > 0
    union all
    select month, rule, driver, team, model, quantity from fixed where quantity > 0
),
summed as (
    select
        month, rule, driver, team, model, quantity,
        sum(quantity) over (
            partition by month, rule order by quantity desc, model, team
            rows between unbounded preceding and current row
        ) as upto,
        sum(quantity) over (partition by month, rule) as whole
    from owed
)
select
    month, rule, team, model, null::varchar as model_version, null::varchar as environment,
    quantity::decimal(38, 9) as quantity, driver,
    share_ratio(upto - quantity, whole)::decimal(19, 18) as from_ratio,
    share_ratio(upto, whole)::decimal(19, 18) as upto_ratio
from summed
where month in (select month from ledger.stale_month)
