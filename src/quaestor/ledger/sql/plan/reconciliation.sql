-- What the landed files claim to cost, what of it waits in quarantine, and what was charged.
--
-- grain     one row per source, billing period, billing account, sub account and currency, as
--           far as a row names them; files refused whole are a row per source without any
-- money     DECIMAL(38, 20), in the row's currency; a cost is NULL where no file states it, and
--           so is its difference: what is not stated cannot be held against anything
-- method    focus.control holds the claims, read from the files by a SELECT of their own, and
--           which of them count where two files are views of one bill;
--           focus.charge holds what became of them. difference = landed - quarantined - charged,
--           and a charge that no file claims is a difference too. Names are compared without
--           regard to case and outer blanks. rows_difference = landed - loaded - left out -
--           quarantined: of rows that became several charges each is counted once
-- source    focus.control, focus.charge, quarantine.row
-- rows from focus.control, focus.charge, quarantine.row
with claimed as (
    select
        source, billing_period_start, billing_account_id, sub_account_id, currency, true as claims,
        rows_landed, rows_left_out, rows_quarantined,
        case when counts_billed then landed_billed_cost end as landed_billed_cost,
        case when counts_billed then quarantined_billed_cost end as quarantined_billed_cost,
        case when counts_effective then landed_effective_cost end as landed_effective_cost,
        case when counts_effective then quarantined_effective_cost end as quarantined_effective_cost
    from focus.control
),
-- By file first: what a file has one charge a row of need not be counted row by row.
charged_by_file as (
    select
        x_source as source, x_file_sha256 as sha256, BillingPeriodStart as billing_period_start,
        BillingAccountId as billing_account_id, SubAccountId as sub_account_id,
        BillingCurrency as currency, count(*) as charges,
        sum(BilledCost) as billed_cost, sum(EffectiveCost) as effective_cost
    from focus.charge
    group by all
),
charged as (
    select
        c.source, c.billing_period_start, c.billing_account_id, c.sub_account_id, c.currency,
        c.charges, c.billed_cost, c.effective_cost,
        case when f.charges is not distinct from f.rows_loaded then c.charges end as rows_loaded
    from charged_by_file as c
    left join focus.file as f on f.source = c.source and f.sha256 = c.sha256
),
split as (
    select
        c.x_source as source, c.BillingPeriodStart as billing_period_start,
        c.BillingAccountId as billing_account_id, c.SubAccountId as sub_account_id,
        c.BillingCurrency as currency, count(distinct c.x_file_sha256 || ' ' || c.x_row) as rows_loaded
    from focus.charge as c
    join focus.file as f
        on f.source = c.x_source and f.sha256 = c.x_file_sha256 and f.charges <> f.rows_loaded
    group by all
),
refused as (
    select source, count(distinct file_sha256) as files_refused
    from quarantine.row where row_number is null group by all
),
line as (
    select
        source, billing_period_start, billing_account_id, sub_account_id, currency, claims,
        rows_landed, null::bigint as rows_loaded, rows_left_out, rows_quarantined,
        null::bigint as charges, null::bigint as files_refused,
        landed_billed_cost, quarantined_billed_cost, null::decimal(38, 20) as billed_cost,
        landed_effective_cost, quarantined_effective_cost, null::decimal(38, 20) as effective_cost
    from claimed
    union all
    select
        source, billing_period_start, billing_account_id, sub_account_id, currency, null,
        null, rows_loaded, null, null, charges, null, null, null, billed_cost, null, null,
        effective_cost
    from charged
    union all
    select
        source, billing_period_start, billing_account_id, sub_account_id, currency, null,
        null, rows_loaded, null, null, null, null, null, null, null, null, null, null
    from split
    union all
    select
        source, null, null, null, null, null, null, null, null, null, null, files_refused,
        null, null, null, null, null, null
    from refused
),
summed as (
    select
        source, billing_period_start, min(nullif(trim(billing_account_id), '')) as billing_account,
        min(nullif(trim(sub_account_id), '')) as sub_account,
        min(nullif(trim(currency), '')) as billed_in,
        bool_or(claims) is true as claims,
        coalesce(sum(rows_landed), 0)::bigint as rows_landed,
        coalesce(sum(rows_loaded), 0)::bigint as rows_loaded,
        coalesce(sum(rows_left_out), 0)::bigint as rows_left_out,
        coalesce(sum(rows_quarantined), 0)::bigint as rows_quarantined,
        coalesce(sum(charges), 0)::bigint as charges,
        coalesce(sum(files_refused), 0)::bigint as files_refused,
        sum(landed_billed_cost) as landed_billed, sum(quarantined_billed_cost) as waiting_billed,
        sum(billed_cost) as billed,
        sum(landed_effective_cost) as landed_effective,
        sum(quarantined_effective_cost) as waiting_effective,
        sum(effective_cost) as effective
    from line
    group by
        source, billing_period_start, lower(nullif(trim(billing_account_id), '')),
        lower(nullif(trim(sub_account_id), '')), lower(nullif(trim(currency), ''))
)
select
    source, billing_period_start, billing_account as billing_account_id,
    sub_account as sub_account_id, billed_in as currency,
    rows_landed, rows_loaded, rows_left_out, rows_quarantined,
    rows_landed - rows_loaded - rows_left_out - rows_quarantined as rows_difference,
    charges, files_refused,
    landed_billed as landed_billed_cost, waiting_billed as quarantined_billed_cost,
    billed as billed_cost,
    case
        when landed_billed is not null
            then landed_billed - coalesce(waiting_billed, 0) - coalesce(billed, 0)
        when not claims then -billed
    end as billed_difference,
    landed_effective as landed_effective_cost, waiting_effective as quarantined_effective_cost,
    effective as effective_cost,
    case
        when landed_effective is not null
            then landed_effective - coalesce(waiting_effective, 0) - coalesce(effective, 0)
        when not claims then -effective
    end as effective_difference
from summed
