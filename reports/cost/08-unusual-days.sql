-- The days that cost far more or less than they were expected to, and why.
--
-- grain     one row per unusual day of a model, and of a team or service where no model explains
--           it; the 20 largest changes
-- money     reporting currency, effective cost; the effects add up to the change
-- method    ledger.anomaly
with told as (
    select
        *, count(*) over () as days,
        row_number() over (order by abs(change) desc, day desc, scope, subject) as place
    from ledger.anomaly
    where scope = 'model' or (scope in ('team', 'service') and model is null)
)
select
    scope, subject, day, baseline_day, cost, expected, change, change_ratio, price_effect,
    volume_effect, mix_effect, efficiency_effect, version_effect, unmeasured_effect, service,
    resource_id, sku_id, team, model, days,
    subject || ', ' || day(day) || ' ' || strftime(day, '%b') as label
from told
where place <= 20
order by place
