-- The amounts of figures, as the reports show them, and which of the ledger's lines they are of.
--
-- grain     one row for each figure that there is
-- input     $figures, JSON: id, kind, name, month
-- money     reporting currency, effective cost; null where a charge of it has no rate, but of
--           `idle_gpu` a sum of what is priced: hours on no bill have no cost to add
-- method    of a model's month and a budget's the ledger's own tables; of the rest the sum of
--           the ledger's lines of that month
with asked as (
    select unnest(
        json_transform(
            $figures, '[{"id": "VARCHAR", "kind": "VARCHAR", "name": "VARCHAR", "month": "DATE"}]'
        ),
        recursive := true
    )
),
line as (
    select
        date_trunc('month', day)::date as month, team, provider, lifecycle_stage, cost_kind,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost
    from ledger.cost
    where date_trunc('month', day)::date in (select month from asked)
    group by all
),
summed as (
    select
        a.id, case when count(*) = count(l.cost) then sum(l.cost) end as figure
    from asked as a
    join line as l
        on l.month = a.month
        and case a.kind
            when 'month' then true
            when 'unattributed' then l.cost_kind = 'unattributed'
            when 'team_month' then l.team = a.name
            when 'provider_month' then l.provider = a.name
            when 'stage_month' then l.lifecycle_stage = a.name
            else false
        end
    group by a.id
)
select
    a.id, a.kind, a.name, a.month, s.figure,
    null as model,
    case when a.kind = 'team_month' then a.name end as team,
    null as environment,
    case when a.kind = 'provider_month' then a.name end as provider,
    case when a.kind = 'stage_month' then a.name end as stage,
    case when a.kind = 'unattributed' then 'unattributed' end as cost_kind
from asked as a join summed as s on s.id = a.id
union all
select
    a.id, a.kind, a.name, a.month, m.effective_cost, m.model, null, null, null, null, null
from asked as a
join ledger.model_month as m
    on a.kind = 'model_month' and m.model = a.name and m.month = a.month
union all
select
    a.id, a.kind, a.name, a.month, b.spent, b.model, b.team, b.environment, null, null, null
from asked as a
join ledger.budget as b on a.kind = 'budget' and b.budget = a.name and b.month = a.month
union all
select
    a.id, a.kind, a.name, a.month, sum(g.idle_cost), null, null, null, null, null, null
from asked as a
join ledger.gpu_hour as g
    on a.kind = 'idle_gpu' and date_trunc('month', g.day)::date = a.month
group by all
order by id
