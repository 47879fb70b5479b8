-- How advice on sizes would have done on days that it had not seen.
--
-- grain     one row per kind and what it sizes
-- method    a violation is a held-out interval above what was advised. Spared of the oracle: what the
--           advice spares of what somebody who knew these days would have spared; of advice that is
--           given, and of the same unit throughout
select
    kind, what, count(*) as subjects, count(*) filter (where is_withheld) as withheld,
    sum(intervals) as intervals, sum(violations) as violations,
    case when count(*) = count(violations)
        then sum(violations)::double / nullif(sum(intervals), 0) end as violated_ratio,
    max(expected_ratio) as expected_ratio,
    case when sum(oracle_saved_ratio * current) > 0
        then coalesce(sum(saved_ratio * current) filter (where not is_withheld), 0)
            / sum(oracle_saved_ratio * current) end as of_oracle_ratio
from ledger.backtest
group by kind, what
order by kind, what
