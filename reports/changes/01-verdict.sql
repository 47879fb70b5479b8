-- The latest audit against the one before, in one row.
--
-- grain     one row, with nulls where there is no audit, or only one
-- money     reporting currency, effective cost; charges without a rate (unrated) are not in it
with run as (select * from audit.latest_run),
pair as (
    select run.run_id, run.audited_at, run_before(run.run_id) as before_run_id from run
),
counted as (
    select
        count(*) filter (where f.change in ('new', 'back', 'unwaived')) as begun,
        count(*) filter (where f.change in ('closed', 'gone')) as ended,
        count(*) filter (where f.change = 'waived') as waived
    from finding_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as f
)
select
    pair.*, b.audited_at as before_audited_at, c.days, c.unknown_because, c.before_first,
    c.before_last, c.after_first, c.after_last, c.overlap_days, c.before_cost, c.after_cost,
    c.restated, c.said_cost, c.after_cost - c.before_cost as change,
    c.before_unrated + c.after_unrated as unrated, counted.*
from counted
left join pair on true
left join audit.run as b on b.run_id = pair.before_run_id
left join audit.comparison as c
    on c.run_id = pair.run_id and c.before_run_id = pair.before_run_id
