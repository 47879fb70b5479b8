-- The ten categories with their estimates, formulas and inputs.
--
-- grain     one row per category, then their sum
-- money     reporting currency, a month; null: it cannot be said
select
    category, position, title as label, low, base, high, formula, reason,
    from_json(inputs, '[{
        "name": "VARCHAR", "value": "DOUBLE", "unit": "VARCHAR", "source": "VARCHAR"
    }]') as inputs,
    coalesce(low, 0) as sure, coalesce(base - low, 0) as likely, coalesce(high - base, 0) as possible
from ledger.cost_of_no_mlops
where model is null
order by position
