-- The charges of the bill behind a figure, by resource: the ten that cost most.
--
-- money     `effective_cost` is what of it the figure has, in the reporting currency, NULL where a
--           charge has no rate; `resource_cost` is all of it, where it was divided;
--           `billing_effective_cost` is as billed
-- method    a cell is what the ledger's lines and the bill's are both told by: day, source,
--           provider, service, account, region, resource, category and currency.
--           `total_*` count every resource, the ones past the tenth included;
--           `charge` names the dearest charge of each, for `quaestor explain charge/...`
with owed as (
    select
        *,
        coalesce(
            ($model::varchar is null or model = $model)
            and ($is_modelled::boolean is null or (model is not null) = $is_modelled)
            and ($team::varchar is null or coalesce(team, '') = $team)
            and ($environment::varchar is null or environment = $environment)
            and ($provider::varchar is null or coalesce(provider, '') = $provider)
            and ($service::varchar is null or coalesce(service, '') = $service)
            and ($stage::varchar is null or coalesce(lifecycle_stage, '') = $stage)
            and ($cost_kind::varchar is null or cost_kind = $cost_kind), false
        ) as is_mine,
        allocated_to is not null or cost_kind = 'shared' as is_split
    from ledger.cost
    where date_trunc('month', day)::date = $month::date
),
cell as (
    select
        day, source, provider, service, sub_account, region, resource_id, charge_category,
        billing_currency, bool_or(is_mine and is_split) as is_split
    from owed
    group by all
    having bool_or(is_mine)
),
charge as (
    select
        r.provider, r.ServiceName as service, r.ResourceId as resource_id,
        r.ChargeCategory as charge_category, r.BillingCurrency as billing_currency,
        case when not c.is_split then r.rule end as rule_key,
        case when count(*) = count(r.effective_cost) then sum(r.effective_cost) end
            as resource_cost,
        count(*) as charges,
        arg_max(
            'charge/' || x_file_sha256[:12] || '/' || x_row,
            (abs(EffectiveCost), x_file_sha256, x_row)
        ) as charge
    from ledger.ruled_charge as r
    join cell as c
        on c.day = r.ChargePeriodStart::date and c.source = r.x_source
        and c.provider is not distinct from r.provider
        and c.service is not distinct from r.ServiceName
        and c.sub_account is not distinct from r.SubAccountId
        and c.region is not distinct from r.RegionId
        and c.resource_id is not distinct from r.ResourceId
        and c.charge_category is not distinct from r.ChargeCategory
        and c.billing_currency is not distinct from r.BillingCurrency
    where
        c.is_split
        or (
            ($model::varchar is null or r.model = $model)
            and ($is_modelled::boolean is null or (r.model is not null) = $is_modelled)
            and ($team::varchar is null or coalesce(r.team, '') = $team)
            and ($environment::varchar is null or r.environment = $environment)
            and ($provider::varchar is null or coalesce(r.provider, '') = $provider)
            and ($service::varchar is null or coalesce(r.ServiceName, '') = $service)
            and ($stage::varchar is null or coalesce(r.lifecycle_stage, '') = $stage)
            and ($cost_kind::varchar is null or r.cost_kind = $cost_kind)
        )
    group by all
),
resource as (
    select
        provider, service, resource_id, charge_category, rule, billing_currency, is_split,
        case when not is_split then rule end as rule_key,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
        sum(billing_effective_cost) as billing_effective_cost
    from owed
    where is_mine
    group by all
)
select
    r.provider, r.service, r.resource_id, r.charge_category, r.rule, r.billing_currency,
    r.effective_cost, r.billing_effective_cost,
    case when r.is_split then c.resource_cost end as resource_cost,
    coalesce(c.charges, 0) as charges, c.charge,
    count(*) over () as total_resources,
    (select coalesce(sum(charges), 0) from charge) as total_charges
from resource as r
left join charge as c
    on c.provider is not distinct from r.provider
    and c.service is not distinct from r.service
    and c.resource_id is not distinct from r.resource_id
    and c.charge_category is not distinct from r.charge_category
    and c.billing_currency is not distinct from r.billing_currency
    and c.rule_key is not distinct from r.rule_key
order by
    abs(r.effective_cost) desc nulls last, abs(r.billing_effective_cost) desc, c.charge, r.rule
limit 10
