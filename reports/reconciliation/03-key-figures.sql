-- What became of every row that was landed.
--
-- grain     one row
-- money     none; the share of the latest month's cost that reaches a model is ledger.coverage's
select
    coalesce(sum(rows_landed), 0)::bigint as rows_landed,
    coalesce(sum(rows_loaded), 0)::bigint as rows_loaded,
    coalesce(sum(charges), 0)::bigint as charges,
    coalesce(sum(rows_left_out), 0)::bigint as rows_left_out,
    coalesce(sum(rows_quarantined), 0)::bigint as rows_quarantined,
    coalesce(sum(files_refused), 0)::bigint as files_refused,
    count(*) filter (
        rows_difference <> 0 or billed_difference <> 0 or effective_difference <> 0
    ) as wrong_lines,
    count(*) filter (files_refused = 0 or rows_landed > 0 or charges > 0) as lines,
    (select max(month) from ledger.coverage) as month,
    (
        select model_ratio from ledger.coverage
        where month = (select max(month) from ledger.coverage)
    ) as model_ratio
from ledger.reconciliation
