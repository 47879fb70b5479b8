-- Whether everything that was landed is accounted for, in one row.
--
-- grain     one row
-- money     none: amounts of several currencies are not added
select
    count(*) filter (files_refused = 0 or rows_landed > 0 or charges > 0) as lines,
    count(*) filter (
        rows_difference <> 0 or billed_difference <> 0 or effective_difference <> 0
    ) as wrong_lines,
    count(distinct source) as sources,
    count(distinct currency) as currencies,
    coalesce(sum(rows_landed), 0)::bigint as rows_landed,
    coalesce(sum(rows_loaded), 0)::bigint as rows_loaded,
    coalesce(sum(rows_left_out), 0)::bigint as rows_left_out,
    coalesce(sum(rows_quarantined), 0)::bigint as rows_quarantined,
    coalesce(sum(rows_difference), 0)::bigint as rows_difference,
    coalesce(sum(charges), 0)::bigint as charges,
    coalesce(sum(files_refused), 0)::bigint as files_refused,
    count(*) filter (
        (billed_cost is not null and billed_difference is null)
        or (effective_cost is not null and effective_difference is null)
    ) as unstated_lines
from ledger.reconciliation
