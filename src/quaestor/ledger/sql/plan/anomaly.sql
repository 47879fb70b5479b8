-- Why an unusual day cost more or less: effects that add up to the change, and what changed most.
--
-- grain     one row per unusual day (ledger.unusual_day)
-- money     reporting currency, effective cost
-- method    the day is held against its baseline day, as ledger.effect says. Effects are NULL beyond
--           the 100 largest changes
-- rows from ledger.unusual_day
select
    u.scope, u.subject, u.day, u.cost, u.expected, u.change, u.change_ratio,
    e.price_effect, e.volume_effect, e.mix_effect, e.efficiency_effect, e.version_effect,
    e.service, e.resource_id, e.team, e.model, u.baseline_day, e.unmeasured_effect, e.sku_id
from ledger.unusual_day as u
left join ledger.effect as e on e.scope = u.scope and e.subject = u.subject and e.day = u.day
