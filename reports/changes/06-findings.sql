-- Findings that are worse than at the audit before, worst first; 07-ended.sql has the others.
--
-- grain     one row per finding; without an audit before none
-- money     at stake a month, reporting currency; null: not known
with run as (select * from audit.latest_run),
pair as (
    select run.run_id, run_before(run.run_id) as before_run_id from run
),
told as (
    select f.*,
        list_position(
            ['new', 'back', 'unwaived', 'severity', 'rule added', 'unanswered'], f.change
        ) as position
    from finding_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as f
)
select
    *, count(*) over (partition by change) as of_change,
    row_number() over (
        partition by change
        order by list_position(['critical', 'high', 'medium', 'low'], severity),
            at_stake_per_month desc nulls last, policy, source nulls last, subject
    ) as place
from told
where position is not null and (select before_run_id from pair) is not null
qualify place <= 25
order by position, place
