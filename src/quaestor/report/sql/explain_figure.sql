-- The amounts of figures, as the reports show them, and which of the ledger's lines they are of.
--
-- grain     one row for each figure that there is
-- input     $figures, JSON: id, kind, name, month. The name of a `service_month` is PROVIDER/SERVICE,
--           with %25 and %2F for % and / in the provider's
-- money     reporting currency, effective cost; null where a charge of it has no rate, but of
--           `idle_gpu` a sum of what is priced: hours on no bill have no cost to add.
--           `month_cost` is all cost of the month that has a rate, for a figure to be a share of
-- method    of a model's month and a budget's the ledger's own tables; of the rest the sum of
--           the ledger's lines of that month. Of what lines have in common '' is no name, and
--           null is any; `is_modelled` says whether they name a model
with asked as (
    select unnest(
        json_transform(
            $figures, '[{"id": "VARCHAR", "kind": "VARCHAR", "name": "VARCHAR", "month": "DATE"}]'
        ),
        recursive := true
    )
),
scoped as (
    select
        id, kind, name, month,
        case kind when 'team_month' then name when 'no_team' then '' end as team,
        case kind
            when 'provider_month' then name
            when 'no_provider' then ''
            when 'service_month' then
                replace(replace(split_part(name, '/', 1), '%2F', '/'), '%25', '%')
        end as provider,
        case kind when 'service_month' then substr(name, instr(name, '/') + 1) end as service,
        case kind when 'stage_month' then name when 'no_stage' then '' end as stage,
        case kind when 'unattributed' then 'unattributed' end as cost_kind,
        case kind when 'reaches_model' then true when 'no_model' then false end as is_modelled
    from asked
    where kind not in ('model_month', 'budget', 'idle_gpu')
),
line as (
    select
        date_trunc('month', day)::date as month, coalesce(team, '') as team,
        coalesce(provider, '') as provider, coalesce(service, '') as service,
        coalesce(lifecycle_stage, '') as stage, cost_kind, model is not null as is_modelled,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost,
        sum(effective_cost) as rated_cost
    from ledger.cost
    where date_trunc('month', day)::date in (select month from asked)
    group by all
),
whole as (
    select month, sum(rated_cost) as month_cost
    from line
    group by month
),
summed as (
    select
        s.id, case when count(*) = count(l.cost) then sum(l.cost) end as figure
    from scoped as s
    join line as l
        on l.month = s.month
        and (s.team is null or l.team = s.team)
        and (s.provider is null or l.provider = s.provider)
        and (s.service is null or l.service = s.service)
        and (s.stage is null or l.stage = s.stage)
        and (s.cost_kind is null or l.cost_kind = s.cost_kind)
        and (s.is_modelled is null or l.is_modelled = s.is_modelled)
    group by s.id
),
found as (
    select
        s.id, s.kind, s.name, s.month, f.figure, null as model, s.team, null as environment,
        s.provider, s.service, s.stage, s.cost_kind, s.is_modelled
    from scoped as s
    join summed as f on f.id = s.id
    union all by name
    select a.id, a.kind, a.name, a.month, m.effective_cost as figure, m.model
    from asked as a
    join ledger.model_month as m
        on a.kind = 'model_month' and m.model = a.name and m.month = a.month
    union all by name
    select
        a.id, a.kind, a.name, a.month, b.spent as figure, b.model, b.team, b.environment
    from asked as a
    join ledger.budget as b on a.kind = 'budget' and b.budget = a.name and b.month = a.month
    union all by name
    select a.id, a.kind, a.name, a.month, sum(g.idle_cost) as figure
    from asked as a
    join ledger.gpu_hour as g
        on a.kind = 'idle_gpu' and date_trunc('month', g.day)::date = a.month
    group by all
)
select f.*, w.month_cost
from found as f
left join whole as w on w.month = f.month
order by f.id
