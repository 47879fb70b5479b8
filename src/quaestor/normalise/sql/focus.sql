-- A FOCUS export as it was landed becomes charges: every column of FOCUS 1.0 to 1.4, unknown
-- ones kept as x_.
--
-- grain     one row per row of the export
-- money     DECIMAL(38, 20); billed, effective, list and contracted as the provider states them
-- method    `landed` holds the columns, typed (normalise/conform.py); a bill that names no
--           currency takes the one its source states, else none. The rate of another currency
--           than the reporting one is settled after all bills are in (normalise/currency.py)
-- source    FOCUS 1.4, Cost and Usage dataset
select
    landed.* replace (coalesce(landed.BillingCurrency, $stated_currency) as BillingCurrency),
    $source as x_source,
    $file as x_file,
    $sha256 as x_file_sha256,
    case when coalesce(landed.BillingCurrency, $stated_currency) = $currency then 1
    end as x_billing_currency_rate
from landed
