-- What a version cost in its life is the sum of its parts. No tolerance.
-- rows from ledger.version_cost
select
    model, model_version, lifetime_cost, data_cost, training_cost, evaluation_cost, storage_cost,
    inference_cost, idle_cost, other_cost
from ledger.version_cost
where lifetime_cost is distinct from
    data_cost + training_cost + evaluation_cost + storage_cost + inference_cost + idle_cost
    + other_cost
order by model, model_version
