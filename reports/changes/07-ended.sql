-- Findings that are no more as they were at the audit before, rule by rule.
--
-- grain     one row per change and rule; without an audit before none
-- money     at stake a month of those whose amount is known, reporting currency
with run as (select * from audit.latest_run),
pair as (
    select run.run_id, run_before(run.run_id) as before_run_id from run
),
told as (
    select f.*,
        list_position(['closed', 'gone', 'answered', 'waived', 'rule removed'], f.change)
            as position
    from finding_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as f
)
select
    change, policy, title, min(severity) as severity, count(*) as findings,
    list(subject order by at_stake_per_month desc nulls last, subject)[:6] as subjects,
    sum(at_stake_per_month) as at_stake_per_month, bool_or(rule_changed) as rule_changed,
    sum(count(*)) over (partition by change) as of_change
from told
where position is not null
group by change, position, policy, title
order by
    position, list_position(['critical', 'high', 'medium', 'low'], min(severity)), findings desc,
    policy
