-- Answers of policies in the latest audit, by verdict, severity and family of policies.
--
-- labels    verdict: pass, fail, unknown, error, skip, waived
with latest as (
    select run_id from audit.latest_run
)
select f.verdict, f.severity, f.family, count(*) as value
from audit.finding as f join latest using (run_id)
group by all
order by all
