-- Every waiver of the latest audit, what it came to, and the violations that it covers.
--
-- grain     one row per waiver and violation that it waives; a waiver without one has one row,
--           whose `title` and the columns after it are null
-- money     reporting currency, a month; null: unknown
-- order     waivers by their state, those first that ask for something to be done, then by their
--           last day; violations by severity, then by what they put at stake
with run as (select * from audit.latest_run),
waived as (
    select f.* from audit.finding as f join run using (run_id) where f.verdict = 'waived'
)
select
    w.waiver, w.state, w.policy as covers_policy, w.subject as covers_subject, w.waived,
    w.lapsed, w.days_left, w.expires, w.approved_at, w.approved_by, w.requested_by, w.ticket,
    w.reason, w.compensating_control, w.place, w.note,
    f.title, f.policy, f.severity, f.source, f.subject, f.at_stake_per_month, f.fingerprint
from audit.waiver as w
join run using (run_id)
left join waived as f on f.waiver = w.waiver
order by
    array_position(['lapsed', 'ending soon', 'stale', 'not yet in force', 'in force'], w.state),
    w.expires, w.waiver,
    array_position(['critical', 'high', 'medium', 'low'], f.severity),
    f.at_stake_per_month desc nulls last, f.policy, f.subject, f.source
