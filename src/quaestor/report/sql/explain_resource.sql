-- The charges of a resource in the days that its rate is from: the ten kinds that cost most.
--
-- money     effective cost in the reporting currency; null where a charge has no rate
-- method    the rate is of usage: purchases, tax and credits are shown and are not in it
select
    c.ServiceName as service, c.ChargeCategory as charge_category,
    c.PricingCategory as pricing, c.CommitmentDiscountStatus as commitment,
    c.ChargeDescription as description,
    case when count(*) = count(c.x_billing_currency_rate)
        then sum(money_at_rate(c.EffectiveCost, c.x_billing_currency_rate)) end as effective_cost,
    count(*) as charges,
    arg_max(
        'charge/' || c.x_file_sha256[:12] || '/' || c.x_row,
        (abs(c.EffectiveCost), c.x_file_sha256, c.x_row)
    ) as charge
from focus.charge as c
join ledger.resource_rate as r on r.resource_id = c.ResourceId
where c.ResourceId = $resource
    and c.ChargePeriodStart >= r.first_day and c.ChargePeriodStart < r.last_day + interval 1 day
group by all
order by effective_cost desc nulls last, charge
limit 10
