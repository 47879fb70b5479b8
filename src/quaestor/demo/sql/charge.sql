-- The bills of the three clouds, in the words of FOCUS 1.3.
--
-- grain     one row per charge
-- money     USD, ten digits after the point. On demand: billed = effective = contracted price.
--           The p4d nodes are covered by a savings plan: billed 0, effective at the plan's rate;
--           the plan's fee is billed and its effective cost is 0; what no node used of it is an
--           unused charge, so that both bases come to the same total. Planted: one service is
--           cheaper from a day on
-- method    usage from estate.usage; once a month tax, credits, support and one correction
-- source    FOCUS 1.3, Cost and Usage dataset; invented amounts
with priced as (
    select
        k.*, u.* exclude (kind),
        k.kind = 'ec2-p4d.24xlarge' as is_covered,
        round(k.list_price * (1 - case
            when k.service = $cheaper_service and u.starts_at >= $cheaper_from::timestamp
                then $cheaper_discount::decimal(8, 4)
            else k.discount
        end), 8)::decimal(18, 8) as contracted_price,
        case when u.model = $rolled_model and u.starts_at < $rolled_on::timestamp
            then $rolled_from else v.production end as version
    from estate.usage as u
    join estate.kind as k on k.kind = u.kind
    left join estate.model as v on v.model = u.model
),
used as (
    select
        cloud, account, region as RegionId, category as ServiceCategory, service as ServiceName,
        subcategory as ServiceSubcategory, publisher as PublisherName,
        'Usage' as ChargeCategory, null as ChargeClass, 'Usage-Based' as ChargeFrequency,
        description as ChargeDescription, starts_at as ChargePeriodStart,
        ends_at as ChargePeriodEnd,
        case when is_covered then 'Committed' else 'Standard' end as PricingCategory,
        quantity as PricingQuantity, unit as PricingUnit,
        quantity as ConsumedQuantity, unit as ConsumedUnit,
        list_price as ListUnitPrice, contracted_price as ContractedUnitPrice,
        (quantity * list_price)::decimal(28, 10) as ListCost,
        (quantity * contracted_price)::decimal(28, 10) as ContractedCost,
        case when is_covered then 0 else quantity * contracted_price end::decimal(28, 10)
            as BilledCost,
        case when is_covered then quantity * $plan_rate::decimal(18, 8)
            else quantity * contracted_price end::decimal(28, 10) as EffectiveCost,
        case when is_covered then 'Used' end as CommitmentDiscountStatus,
        coalesce(resource_id, nullif(replace(replace(replace(replace(
            priced.resource_id_pattern,
            '{name}', coalesce(name, '')), '{account}', account), '{region}', region),
            '{hash}', substr(md5(coalesce(name, '')), 1, 16)
        ), '')) as ResourceId,
        name as ResourceName,
        case when name is not null then resource_type end as ResourceType,
        sku as SkuId, sku || '.JRTCKXETXF' as SkuPriceId, meter as SkuMeter,
        team, model, case when model is not null then version end as model_version, environment,
        stage
    from priced
),
day as (
    select unnest(generate_series($first_day::date, $last_day::date, interval 1 day))::date as day
),
plan as (
    select
        d.day, 24 * $plan_per_hour::decimal(18, 8) as fee,
        (select sum(EffectiveCost) from used
            where CommitmentDiscountStatus = 'Used' and ChargePeriodStart::date = d.day) as used_cost
    from day as d
),
planned as (
    select
        'aws' as cloud, '210000000011' as account, 'eu-west-1' as RegionId,
        'Compute' as ServiceCategory, 'Savings Plans for AWS Compute usage' as ServiceName,
        'Other (Compute)' as ServiceSubcategory, 'Amazon Web Services' as PublisherName,
        part.category as ChargeCategory, part.frequency as ChargeFrequency,
        part.description as ChargeDescription, day::timestamp as ChargePeriodStart,
        (day + interval 1 day)::timestamp as ChargePeriodEnd,
        case when part.is_fee then 'Standard' else 'Committed' end as PricingCategory,
        24 as PricingQuantity, 'Hours' as PricingUnit,
        case when part.is_fee then $plan_per_hour::decimal(18, 8) end as ListUnitPrice,
        case when part.is_fee then $plan_per_hour::decimal(18, 8) end as ContractedUnitPrice,
        'SPCOMPUTE1Y' as SkuId, 'SPCOMPUTE1Y.NOUPFRONT' as SkuPriceId,
        case when part.is_fee then fee else 0 end::decimal(28, 10) as ListCost,
        case when part.is_fee then fee else 0 end::decimal(28, 10) as ContractedCost,
        case when part.is_fee then fee else 0 end::decimal(28, 10) as BilledCost,
        case when part.is_fee then 0 else fee - used_cost end::decimal(28, 10) as EffectiveCost,
        case when not part.is_fee then 'Unused' end as CommitmentDiscountStatus,
        $plan as ResourceId, 'ml-compute-2026' as ResourceName, 'Savings Plan' as ResourceType,
        'platform' as team, 'production' as environment, 'platform' as stage
    from plan
    cross join (values
        (true, 'Purchase', 'Recurring', '1 year no upfront Compute Savings Plan'),
        (false, 'Usage', 'Usage-Based', 'Unused commitment of the Compute Savings Plan')
    ) as part (is_fee, category, frequency, description)
),
month as (
    select distinct date_trunc('month', day)::timestamp as month from day
),
once as (
    select
        o.* exclude (amount, whole_month, sku),
        m.month as ChargePeriodStart,
        case when o.whole_month then m.month + interval 1 month else m.month + interval 1 day end
            as ChargePeriodEnd,
        amount::decimal(28, 10) as ListCost, amount::decimal(28, 10) as ContractedCost,
        amount::decimal(28, 10) as BilledCost, amount::decimal(28, 10) as EffectiveCost,
        o.sku as SkuId, o.sku as SkuPriceId,
        case when o.sku is not null then 'Standard' end as PricingCategory,
        case when o.sku is not null then 1 end as PricingQuantity,
        case when o.sku is not null then 'Months' end as PricingUnit,
        case when o.sku is not null then 1 end as ConsumedQuantity,
        case when o.sku is not null then 'Months' end as ConsumedUnit,
        case when o.sku is not null then amount end as ListUnitPrice,
        case when o.sku is not null then amount end as ContractedUnitPrice
    from month as m
    cross join (values
        ('aws', '210000000012', 'Tax', null, 'One-Time', 'AWS Marketplace', 'Other',
            'Other (Other)', 'Amazon Web Services', 'VAT on marketplace purchases', 1284.55, true,
            null),
        ('aws', '210000000011', 'Credit', null, 'One-Time', 'Amazon Elastic Compute Cloud',
            'Compute', 'Virtual Machines', 'Amazon Web Services',
            'Migration Acceleration Program credit', -2500, false, null),
        ('aws', '210000000011', 'Usage', null, 'Recurring', 'AWS Support (Business)',
            'Management and Governance', 'Support', 'Amazon Web Services',
            'AWS Support (Business), monthly charge', 5120.40, true, 'SUPPORTBUSINESS'),
        ('aws', '210000000012', 'Usage', 'Correction', 'One-Time',
            'Amazon Simple Storage Service', 'Storage', 'Object Storage', 'Amazon Web Services',
            'Correction of storage billed twice', -184.37, false, null),
        ('azure', '11111111-aaaa-4aaa-8aaa-000000000002', 'Usage', 'Correction', 'One-Time',
            'Azure OpenAI', 'AI and Machine Learning', 'Generative AI', 'Microsoft',
            'Correction of output tokens metered twice', -96.20, false, null),
        ('gcp', 'acme-ml-prod', 'Credit', null, 'One-Time', 'Vertex AI',
            'AI and Machine Learning', 'AI Platforms', 'Google', 'Promotional credit', -1200, false,
            null),
        ('gcp', 'acme-ml-prod', 'Tax', null, 'One-Time', 'Invoice', 'Other', 'Other (Other)',
            'Google', 'Tax', 412.08, true, null)
    ) as o (cloud, account, ChargeCategory, ChargeClass, ChargeFrequency, ServiceName,
        ServiceCategory, ServiceSubcategory, PublisherName, ChargeDescription, amount, whole_month,
        sku)
    where m.month + interval 1 month <= $last_day::date + interval 1 day
        and (o.ChargeClass is null or month(m.month) = 10)
),
charge as (
    select *, CommitmentDiscountStatus is not null or ChargeCategory = 'Purchase' as is_plan
    from (
        select * from used
        union all by name
        select * from planned
        union all by name
        select * from once
    )
)
select
    c.* exclude (account, is_plan, team, model, model_version, environment, stage),
    c.team, c.model, c.model_version, c.environment, c.stage,
    a.payer as BillingAccountId, a.payer_name as BillingAccountName,
    case a.cloud when 'aws' then 'Management Account' when 'azure' then 'Billing Account'
        else 'Billing Account' end as BillingAccountType,
    'USD' as BillingCurrency, 'USD' as PricingCurrency,
    date_trunc('month', c.ChargePeriodStart)::timestamp as BillingPeriodStart,
    (date_trunc('month', c.ChargePeriodStart) + interval 1 month)::timestamp as BillingPeriodEnd,
    c.account as SubAccountId, a.account_name as SubAccountName,
    case a.cloud when 'aws' then 'Member Account' when 'azure' then 'Subscription'
        else 'Project' end as SubAccountType,
    a.provider as ProviderName, a.provider as ServiceProviderName, a.provider as HostProviderName,
    a.issuer as InvoiceIssuerName,
    case when date_trunc('month', c.ChargePeriodStart) < date_trunc('month', $last_day::date)
        then upper(a.cloud) || '-' || strftime(c.ChargePeriodStart, '%Y%m') end as InvoiceId,
    case when is_plan then 'Spend' end as CommitmentDiscountCategory,
    case when is_plan then $plan end as CommitmentDiscountId,
    case when is_plan then 'ml-compute-2026' end as CommitmentDiscountName,
    case when is_plan then 'Compute Savings Plan' end as CommitmentDiscountType,
    case when is_plan then c.BilledCost + c.EffectiveCost end as CommitmentDiscountQuantity,
    case when is_plan then 'USD' end as CommitmentDiscountUnit,
    c.ContractedUnitPrice as PricingCurrencyContractedUnitPrice,
    c.EffectiveCost as PricingCurrencyEffectiveCost,
    c.ListUnitPrice as PricingCurrencyListUnitPrice,
    null::varchar as AvailabilityZone, null::varchar as CapacityReservationId,
    null::varchar as CapacityReservationStatus, null::varchar as SkuPriceDetails,
    case c.RegionId when 'eu-west-1' then 'EU (Ireland)' when 'westeurope' then 'West Europe'
        when 'swedencentral' then 'Sweden Central' when 'europe-west1' then 'Belgium'
        when 'europe-west4' then 'Netherlands' when 'eu' then 'EU (multi-region)' end as RegionName
from charge as c
join estate.account as a on a.account = c.account and a.cloud = c.cloud
order by cloud, ChargePeriodStart, ServiceName, ResourceId, SkuId, ChargeDescription
