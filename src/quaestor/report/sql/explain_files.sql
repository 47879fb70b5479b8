-- The landed files that hold the charges behind figures, with their hashes.
--
-- grain     one row for each figure and file
-- input     $figures, JSON: id, month, and what their lines have in common: '' is no name
-- method    all charges of what was divided and that a line of the figure is part of, and of the
--           rest those of the figure's owner
with figure as (
    select unnest(
        json_transform($figures, '[{
            "id": "VARCHAR", "month": "DATE", "model": "VARCHAR", "team": "VARCHAR",
            "environment": "VARCHAR", "provider": "VARCHAR", "service": "VARCHAR",
            "stage": "VARCHAR", "cost_kind": "VARCHAR", "is_modelled": "BOOLEAN"
        }]'),
        recursive := true
    )
),
split_cell as materialized (
    select distinct
        day, source, provider, service, sub_account, region, resource_id, charge_category,
        billing_currency
    from ledger.cost
    where
        date_trunc('month', day)::date in (select month from figure)
        and (allocated_to is not null or cost_kind = 'shared')
),
split_line as (
    select distinct
        date_trunc('month', l.day)::date as month, l.day, l.source, l.provider, l.service,
        l.sub_account, l.region, l.resource_id, l.charge_category, l.billing_currency, l.team,
        l.model, l.environment, l.lifecycle_stage, l.cost_kind
    from ledger.cost as l
    join split_cell as s
        on s.day = l.day and s.source = l.source
        and s.provider is not distinct from l.provider
        and s.service is not distinct from l.service
        and s.sub_account is not distinct from l.sub_account
        and s.region is not distinct from l.region
        and s.resource_id is not distinct from l.resource_id
        and s.charge_category is not distinct from l.charge_category
        and s.billing_currency is not distinct from l.billing_currency
),
charge as (
    select
        date_trunc('month', r.ChargePeriodStart)::date as month,
        s.day, s.source, s.provider as split_provider, s.service as split_service, s.sub_account,
        s.region, s.resource_id, s.charge_category, s.billing_currency,
        r.provider, r.ServiceName as service, r.team, r.model, r.environment, r.lifecycle_stage, r.cost_kind,
        r.x_source, r.x_file, r.x_file_sha256, count(*) as charges
    from ledger.ruled_charge as r
    left join split_cell as s
        on s.day = r.ChargePeriodStart::date and s.source = r.x_source
        and s.provider is not distinct from r.provider
        and s.service is not distinct from r.ServiceName
        and s.sub_account is not distinct from r.SubAccountId
        and s.region is not distinct from r.RegionId
        and s.resource_id is not distinct from r.ResourceId
        and s.charge_category is not distinct from r.ChargeCategory
        and s.billing_currency is not distinct from r.BillingCurrency
    where date_trunc('month', r.ChargePeriodStart)::date in (select month from figure)
    group by all
),
whole as (
    select f.id, c.x_source, c.x_file, c.x_file_sha256, c.charges
    from figure as f
    join charge as c
        on c.day is null and c.month = f.month
        and (f.is_modelled is null or (c.model is not null) = f.is_modelled)
        and (f.model is null or c.model = f.model)
        and (f.team is null or coalesce(c.team, '') = f.team)
        and (f.environment is null or c.environment = f.environment)
        and (f.provider is null or coalesce(c.provider, '') = f.provider)
        and (f.service is null or coalesce(c.service, '') = f.service)
        and (f.stage is null or coalesce(c.lifecycle_stage, '') = f.stage)
        and (f.cost_kind is null or c.cost_kind = f.cost_kind)
),
part_of as (
    select distinct
        f.id, l.day, l.source, l.provider, l.service, l.sub_account, l.region, l.resource_id,
        l.charge_category, l.billing_currency
    from figure as f
    join split_line as l
        on l.month = f.month
        and (f.is_modelled is null or (l.model is not null) = f.is_modelled)
        and (f.model is null or l.model = f.model)
        and (f.team is null or coalesce(l.team, '') = f.team)
        and (f.environment is null or l.environment = f.environment)
        and (f.provider is null or coalesce(l.provider, '') = f.provider)
        and (f.service is null or coalesce(l.service, '') = f.service)
        and (f.stage is null or coalesce(l.lifecycle_stage, '') = f.stage)
        and (f.cost_kind is null or l.cost_kind = f.cost_kind)
),
part as (
    select p.id, c.x_source, c.x_file, c.x_file_sha256, c.charges
    from part_of as p
    join charge as c
        on c.day = p.day and c.source = p.source
        and c.split_provider is not distinct from p.provider
        and c.split_service is not distinct from p.service
        and c.sub_account is not distinct from p.sub_account
        and c.region is not distinct from p.region
        and c.resource_id is not distinct from p.resource_id
        and c.charge_category is not distinct from p.charge_category
        and c.billing_currency is not distinct from p.billing_currency
),
held as (
    select id, x_source, x_file, x_file_sha256, sum(charges)::bigint as charges
    from (select * from whole union all select * from part)
    group by id, x_source, x_file, x_file_sha256
)
select
    h.id, h.x_source as source, h.x_file as file, h.x_file_sha256 as sha256, h.charges,
    f.rows_landed, f.rows_quarantined
from held as h
left join focus.file as f on f.source = h.x_source and f.sha256 = h.x_file_sha256
order by h.id, source, file, sha256
