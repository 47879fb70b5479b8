-- What the window of an audit cost by then, so that a later restatement can be told apart.
--
-- grain     one row per model, team, lifecycle stage, provider and service with a charge
-- money     reporting currency, effective cost; null where no charge of the row has a rate
-- method    the days from $first to $last of the ledger as it is
select
    model, team, lifecycle_stage, provider, service,
    sum(effective_cost) as effective_cost,
    coalesce(sum(charges) filter (where effective_cost is null), 0)::bigint as unrated_charges
from ledger.cost
where day between $first and $last
group by all
