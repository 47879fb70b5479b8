-- What is different since the audit before: three figures of the page of changes.
--
-- grain     one row; none where nothing has been audited, nulls without an audit before
-- money     reporting currency, effective cost; both spans of days as the bill says now
-- method    as in changes/01-verdict.sql and changes/03-key-figures.sql: a violation has begun
--           where it is new, back or no longer waived, and ended where the rule is kept now or
--           its subject is gone
with run as (select * from audit.latest_run),
pair as (
    select run.run_id, run.audited_at, run_before(run.run_id) as before_run_id from run
),
finding as (
    select
        count(*) filter (where f.change in ('new', 'back', 'unwaived')) as begun,
        count(*) filter (where f.change in ('closed', 'gone')) as ended,
        count(*) filter (where f.change = 'waived') as waived
    from finding_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as f
),
advice as (
    select
        count(*) filter (where a.change = 'taken') as taken,
        sum(a.saving_per_month) filter (where a.change = 'taken') as taken_saving
    from advice_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as a
)
select
    pair.audited_at, b.audited_at as previous_audited_at, finding.*, advice.*, c.days,
    c.before_cost, c.after_cost, c.after_cost - c.before_cost as change
from pair
cross join finding
cross join advice
left join audit.run as b on b.run_id = pair.before_run_id
left join audit.comparison as c
    on c.run_id = pair.run_id and c.before_run_id = pair.before_run_id
