-- Every model that a registry, a bill or a policy knows, and what it has cost since the first bill:
-- in the reporting currency, effective cost; null is unknown.
create or replace view audit.known_model as
with known as (
    select model from registry.model
    union
    select model from registry.model_version
    union
    select model from registry.deployment
    union
    select model from ledger.model_month
    union
    select model from ledger.maturity where scope = 'model'
    union
    select model from audit.standing_recommendation
    union
    select f.model
    from audit.finding as f
    where f.run_id = (select run_id from audit.latest_run)
),
cost as (
    select model, sum(effective_cost) as cost from ledger.model_month group by model
)
select k.model, c.cost
from known as k left join cost as c on c.model = k.model
where k.model is not null;
