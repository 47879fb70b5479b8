-- What was spent on each day under each heading that is planned for.
--
-- grain     one row per day, scope and subject with a charge: all of it ('total'), each team,
--           model, environment and service, and each budget
-- money     reporting currency, effective cost; NULL where any charge of the row has no rate
-- method    a budget holds the charges of its team, model and environment; what it does not name
--           it does not ask. A budget of a team (model, environment) that `names:` renames is the
--           new one's. Charges that name no team are in no team's row
-- source    FinOps Framework, "Budgeting" and "Forecasting" capabilities
with line as (
    select
        day, team, model, environment, service,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost
    from ledger.cost
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
        and day >= (select min(month) from ledger.stale_month)
    group by all
),
budget as (
    select
        b.budget, coalesce(t.new, b.team) as team, coalesce(m.new, b.model) as model,
        coalesce(e.new, b.environment) as environment
    from config.budget as b
    left join config.renaming as t on t.field = 'team' and t.old = b.team
    left join config.renaming as m on m.field = 'model' and m.old = b.model
    left join config.renaming as e on e.field = 'environment' and e.old = b.environment
),
headed as (
    select day, 'total' as scope, 'total' as subject, cost from line
    union all
    select day, 'team' as scope, team as subject, cost from line where team is not null
    union all
    select day, 'model' as scope, model as subject, cost from line where model is not null
    union all
    select day, 'environment' as scope, environment as subject, cost
    from line where environment is not null
    union all
    select day, 'service' as scope, service as subject, cost from line where service is not null
    union all
    select l.day, 'budget' as scope, b.budget as subject, l.cost
    from line as l
    join budget as b
        on (b.team is null or l.team = b.team)
        and (b.model is null or l.model = b.model)
        and (b.environment is null or l.environment = b.environment)
)
select
    day, scope, subject, case when count(*) = count(cost) then sum(cost) end as cost
from headed
group by day, scope, subject
