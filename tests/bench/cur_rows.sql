-- A Cost and Usage Report (CUR 2.0) of $rows lines, the same every time: one month of usage on
-- demand, under a Savings Plan and under reservations, with fees, negations, credits and tax.
--
-- grain     one row per line item
-- money     DOUBLE, as AWS exports it
with numbered as (
    -- Every tenth line is negated by the one after it.
    select i, i - (i % 10 = 8)::integer as item, hash(i) % 10 as luck
    from range($rows) as numbers(i)
),
line as (
    select *,
        item % 977 as machine, item % 31 as account,
        timestamp '2026-10-01' + to_hours((item % 744)::integer) as hour
    from numbered
),
typed as (
    select *,
        case
            when i % 10 < 7 then 'Usage'
            when i % 10 = 7 then 'SavingsPlanCoveredUsage'
            when i % 10 = 8 then 'SavingsPlanNegation'
            when luck < 5 then 'DiscountedUsage'
            when luck < 7 then 'SavingsPlanRecurringFee'
            when luck < 8 then 'RIFee'
            when luck < 9 then 'Credit'
            else 'Tax'
        end as kind,
        round(0.0001 + (machine * 7919 % 100000) / 3e5, 10) as price,
        ['AmazonEC2', 'AmazonSageMaker', 'AmazonS3', 'AWSDataTransfer', 'AmazonBedrock'][
            (machine % 5 + 1)::integer
        ] as product
    from line
)
select
    'identity-' || i as identity_line_item_id,
    strftime(hour, '%Y-%m-%dT%H:00:00Z/') || strftime(hour + interval 1 hour, '%Y-%m-%dT%H:00:00Z')
        as identity_time_interval,
    '' as bill_invoice_id, 'Amazon Web Services, Inc.' as bill_invoicing_entity,
    'AWS' as bill_billing_entity, 'Anniversary' as bill_bill_type,
    '100000000001' as bill_payer_account_id,
    timestamp '2026-10-01' as bill_billing_period_start_date,
    timestamp '2026-11-01' as bill_billing_period_end_date,
    (200000000000 + account)::varchar as line_item_usage_account_id,
    'account-' || account as line_item_usage_account_name,
    kind as line_item_line_item_type, hour as line_item_usage_start_date,
    hour + interval 1 hour as line_item_usage_end_date, product as line_item_product_code,
    'USE1-BoxUsage:g5.' || machine % 8 || 'xlarge' as line_item_usage_type,
    'RunInstances' as line_item_operation, 'us-east-1a' as line_item_availability_zone,
    'arn:aws:ec2:us-east-1:200000000000:instance/i-' || lpad(hex(machine), 17, '0')
        as line_item_resource_id,
    1.0 as line_item_usage_amount, 'USD' as line_item_currency_code,
    price as line_item_unblended_rate,
    case kind
        when 'SavingsPlanNegation' then -price when 'Credit' then -price / 4
        when 'DiscountedUsage' then 0 else price
    end as line_item_unblended_cost,
    case kind
        when 'SavingsPlanNegation' then -price when 'Credit' then -price / 4
        when 'DiscountedUsage' then 0 else price
    end as line_item_blended_cost,
    '$' || price || ' per On Demand g5 Instance Hour' as line_item_line_item_description,
    case when kind in ('Credit', 'Tax') then null else price end as pricing_public_on_demand_rate,
    case when kind in ('Credit', 'Tax') then null else price end as pricing_public_on_demand_cost,
    case when kind in ('Usage', 'SavingsPlanCoveredUsage') then 'OnDemand' end as pricing_term,
    'Hrs' as pricing_unit, 'RATE' || machine % 300 || '.JRTCKXETXF.6YS6EN2CT7' as pricing_rate_code,
    'SKU' || machine % 300 as product_sku, 'us-east-1' as product_region_code,
    'g5.' || machine % 8 || 'xlarge' as product_instance_type,
    'Compute Instance' as product_product_family,
    case when kind like 'SavingsPlan%' then 'arn:aws:savingsplans::100000000001:savingsplan/sp-1' end
        as savings_plan_savings_plan_a_r_n,
    case when kind = 'SavingsPlanCoveredUsage' then price * 0.7 end
        as savings_plan_savings_plan_effective_cost,
    case when kind = 'SavingsPlanRecurringFee' then price end
        as savings_plan_total_commitment_to_date,
    case when kind = 'SavingsPlanRecurringFee' then price * 0.9 end
        as savings_plan_used_commitment,
    case when kind in ('DiscountedUsage', 'RIFee')
        then 'arn:aws:ec2:us-east-1:200000000000:reserved-instances/ri-1' end
        as reservation_reservation_a_r_n,
    case when kind = 'DiscountedUsage' then price * 0.6 end as reservation_effective_cost,
    case when kind = 'RIFee' then 0.0 end as reservation_unused_amortized_upfront_fee_for_billing_period,
    case when kind = 'RIFee' then price * 0.1 end as reservation_unused_recurring_fee,
    map {
        'user_team': 'team-' || machine % 12, 'user_model': 'model-' || machine % 40,
        'user_environment': ['production', 'staging'][(machine % 2 + 1)::integer]
    } as resource_tags
from typed
order by i
