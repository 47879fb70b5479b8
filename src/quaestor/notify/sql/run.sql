-- The latest audit, and the one that a notifier was told about before it.
--
-- grain     one row; none where nothing was audited
-- method    before: what the notifier was last told of, so that one whose messages failed hears of
--           all that changed meanwhile; of one that was never told, the audit before it was asked
with latest as (
    select * from audit.latest_run
),
earlier as (
    select r.run_id, r.audited_at, r.exit_code, coalesce(n.outcome, 'not asked') as outcome
    from audit.run as r
    join latest as l on r.audited_at < l.audited_at
    left join audit.notification as n on n.run_id = r.run_id and n.notifier = $notifier
),
failed as (
    select min(audited_at) as since from earlier where outcome = 'failed'
),
before as (
    select e.run_id, e.audited_at, e.exit_code
    from earlier as e cross join failed as f
    where
        e.outcome in ('sent', 'not needed')
        or e.audited_at < coalesce(f.since, 'infinity'::timestamp)
    order by e.outcome in ('sent', 'not needed') desc, e.audited_at desc, e.run_id desc
    limit 1
)
select
    l.run_id, l.audited_at, l.quaestor_version, l.fail_on, l.exit_code, l.failed, l.unanswered,
    l.blind_spots, b.run_id as before_run_id, b.exit_code as before_exit_code,
    b.audited_at as before_audited_at, n.outcome as told_outcome, n.sent_at as told_at
from latest as l
left join before as b on true
left join audit.notification as n on n.run_id = l.run_id and n.notifier = $notifier
