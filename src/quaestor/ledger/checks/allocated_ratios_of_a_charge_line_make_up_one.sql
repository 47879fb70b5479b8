-- The ratios written on the parts of a charge line add up to 1 (FOCUS 1.3, AllocatedRatio).
-- rows from ledger.part
select
    day, source, resource_id, charge_category, service, billing_currency, count(*) as parts,
    sum(allocated_ratio) as made_up
from ledger.part
where allocated_to is not null
    and date_trunc('month', day)::date in (select month from ledger.stale_month)
group by
    day, source, provider, service, sub_account, region, resource_id, charge_category, tags, facts,
    billing_currency, is_transfer
having sum(allocated_ratio) <> 1
order by 1, 2, 3
