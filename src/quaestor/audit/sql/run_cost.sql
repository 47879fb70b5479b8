-- What the window of an audit cost by then, so that a later restatement can be told apart.
--
-- grain     one row per model, team, lifecycle stage, provider and service with a charge
-- money     reporting currency, effective cost; null where any charge of the row has no rate
-- method    the days from $first to $last of the ledger as it is
select
    model, team, lifecycle_stage, provider, service,
    case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost
from ledger.cost
where day between $first and $last
group by all
