-- The landed files that hold the charges behind a figure, with their hashes.
--
-- method    all charges of what was divided, and of the rest those of the figure's owner
with cell as (
    select
        day, source, provider, service, sub_account, region, resource_id, charge_category,
        billing_currency, bool_or(allocated_to is not null or cost_kind = 'shared') as is_split
    from ledger.cost
    where date_trunc('month', day)::date = $month::date
        and ($model::varchar is null or model = $model)
        and ($team::varchar is null or team = $team)
        and ($environment::varchar is null or environment = $environment)
    group by all
)
select
    c.x_source as source, c.x_file as file, c.x_file_sha256 as sha256,
    count(*) as charges, f.rows_landed, f.rows_quarantined
from ledger.ruled_charge as c
join cell as e
    on e.day = c.ChargePeriodStart::date and e.source = c.x_source
    and e.provider is not distinct from c.provider
    and e.service is not distinct from c.ServiceName
    and e.sub_account is not distinct from c.SubAccountId
    and e.region is not distinct from c.RegionId
    and e.resource_id is not distinct from c.ResourceId
    and e.charge_category is not distinct from c.ChargeCategory
    and e.billing_currency is not distinct from c.BillingCurrency
left join focus.file as f on f.source = c.x_source and f.sha256 = c.x_file_sha256
where e.is_split
    or (
        ($model::varchar is null or c.model = $model)
        and ($team::varchar is null or c.team = $team)
        and ($environment::varchar is null or c.environment = $environment)
    )
group by all
order by source, file, sha256
