-- Answers of policies in the latest audit, by verdict, severity and family of policies.
--
-- labels    verdict: pass, fail, unknown, error, skip, waived
with latest as (
    select run_id from audit.run order by audited_at desc, run_id desc limit 1
)
select f.verdict, f.severity, f.family, count(*) as value
from audit.finding as f join latest using (run_id)
group by all
order by all
