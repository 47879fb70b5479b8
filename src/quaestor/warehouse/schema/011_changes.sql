-- What is otherwise in one audit than in another: `quaestor diff`, and the page of changes.

-- The audit before a run; null where there is none. By each audit's neighbour: to hold every audit
-- against every other takes minutes where a year of them was recorded hour by hour.
create or replace macro run_before(a_run) as (
    select neighbour.before_run_id
    from (
        select run_id, lag(run_id) over (order by audited_at, run_id) as before_run_id
        from audit.run
    ) as neighbour
    where neighbour.run_id = a_run
);

-- Findings that are otherwise in the later of two runs, by fingerprint.
--   rule added, rule removed  the rule was asked in one of them only: neither new nor closed
--   new, back                 violated now and not before; back: a still earlier run had it too
--   closed, gone              violated before; now the rule is kept, or the subject is there no more
--   waived, unwaived          accepted by a waiver now; or active again without one
--   unanswered, answered      nobody can tell now; or nobody could before, and the rule is kept
--   severity                  violated in both, and it matters more or less
create or replace macro finding_changes(before_run, after_run) as table
with one as (
    select * from audit.finding where run_id = before_run
),
other as (
    select * from audit.finding where run_id = after_run
),
was_asked as (
    select policy, severity, blocking, parameters from audit.policy where run_id = before_run
),
is_asked as (
    select policy, severity, blocking, parameters from audit.policy where run_id = after_run
),
ruled as (
    select
        coalesce(a.policy, b.policy) as policy,
        a.policy is not null as asked_before, b.policy is not null as asked_now,
        a.policy is not null and b.policy is not null and (
            a.severity <> b.severity or a.blocking <> b.blocking or a.parameters <> b.parameters
        ) as rule_changed
    from was_asked as a
    full join is_asked as b on b.policy = a.policy
),
earlier as (
    select distinct f.fingerprint
    from audit.finding as f
    join audit.run as r on r.run_id = f.run_id
    join audit.run as own on own.run_id = before_run
    where f.verdict in ('fail', 'waived')
        and (r.audited_at, r.run_id) < (own.audited_at, own.run_id)
),
paired as (
    select
        coalesce(b.fingerprint, a.fingerprint) as fingerprint,
        coalesce(b.policy, a.policy) as policy, coalesce(b.title, a.title) as title,
        coalesce(b.source, a.source) as source, coalesce(b.subject, a.subject) as subject,
        coalesce(b.model, a.model) as model, coalesce(b.blocking, a.blocking) as blocking,
        a.severity as severity_before, b.severity as severity_now,
        a.verdict as verdict_before, b.verdict as verdict_now,
        case when b.fingerprint is null then a.reason else b.reason end as reason,
        case when b.verdict in ('fail', 'waived') then b.at_stake_per_month
            else a.at_stake_per_month end as at_stake_per_month,
        case when b.verdict in ('pass', 'skip') or b.fingerprint is null then a.first_seen
            else b.first_seen end as first_seen,
        b.waiver
    from one as a
    full join other as b on b.fingerprint = a.fingerprint
    where a.verdict is distinct from b.verdict or a.severity <> b.severity
),
told as (
    select
        p.*, coalesce(r.rule_changed, false) as rule_changed,
        case
            when not r.asked_before and p.verdict_now in ('fail', 'waived', 'unknown', 'error')
                then 'rule added'
            when not r.asked_now and p.verdict_before in ('fail', 'waived', 'unknown', 'error')
                then 'rule removed'
            when not r.asked_before or not r.asked_now then null
            when p.verdict_now = 'fail' and p.verdict_before = 'waived' then 'unwaived'
            when p.verdict_now = 'fail' and p.verdict_before = 'fail' then 'severity'
            when p.verdict_now = 'fail' and e.fingerprint is not null
                and p.verdict_before in ('pass', 'skip') then 'back'
            when p.verdict_now = 'fail' then 'new'
            when p.verdict_now = 'waived' and p.verdict_before is distinct from 'waived'
                then 'waived'
            when p.verdict_now in ('unknown', 'error')
                and coalesce(p.verdict_before, '') not in ('unknown', 'error') then 'unanswered'
            when p.verdict_before in ('fail', 'waived') and p.verdict_now is null then 'gone'
            when p.verdict_before in ('fail', 'waived') and p.verdict_now in ('pass', 'skip')
                then 'closed'
            when p.verdict_before in ('unknown', 'error') and p.verdict_now = 'pass'
                then 'answered'
        end as change
    from paired as p
    join ruled as r on r.policy = p.policy
    left join earlier as e on e.fingerprint = p.fingerprint
)
select
    change, coalesce(severity_now, severity_before) as severity, policy, title, source, subject,
    model, severity_before, verdict_before, verdict_now, reason, at_stake_per_month, first_seen,
    waiver, blocking, rule_changed, fingerprint
from told
where change is not null;

-- Rules that are otherwise in the later of two runs.
create or replace macro rule_changes(before_run, after_run) as table
with was_asked as (
    select * from audit.policy where run_id = before_run
),
is_asked as (
    select * from audit.policy where run_id = after_run
)
select
    case when a.policy is null then 'added' when b.policy is null then 'removed'
        else 'changed' end as change,
    coalesce(b.policy, a.policy) as policy, coalesce(b.title, a.title) as title,
    a.severity as severity_before, b.severity as severity_now,
    a.blocking as blocking_before, b.blocking as blocking_now,
    a.parameters as parameters_before, b.parameters as parameters_now
from was_asked as a
full join is_asked as b on b.policy = a.policy
where a.policy is null or b.policy is null or a.severity <> b.severity
    or a.blocking <> b.blocking or a.parameters <> b.parameters;

-- Advice that stands otherwise in the later of two runs.
--   new, reopened, dismissed, gone  as the later run says
--   taken                           followed since
--   measured                        taken before, and its saving is known since
create or replace macro advice_changes(before_run, after_run) as table
with one as (
    select * from audit.recommendation where run_id = before_run
),
other as (
    select * from audit.recommendation where run_id = after_run
),
told as (
    select
        b.*, a.state as state_before, a.realised_per_month as realised_before,
        case
            when b.state = 'taken' and a.state is distinct from 'taken' then 'taken'
            when b.state = 'taken' and a.realised_per_month is null
                and b.realised_per_month is not null then 'measured'
            when b.state = a.state then null
            when a.state is null and b.state = 'open' then 'new'
            when b.state = 'open' then 'reopened'
            else b.state
        end as change
    from other as b
    left join one as a on a.recommendation = b.recommendation
)
select
    change, recommendation, kind, subject, name, action, current, proposed, model, team, state,
    state_before, state_reason, state_since, saving_per_month, counted_saving_per_month,
    realised_per_month, realised_low, realised_high, realised_how
from told
where change is not null;

-- Blind spots that one of two runs has and the other has not.
create or replace macro blind_spot_changes(before_run, after_run) as table
with one as (
    select distinct source, scope, period, reason, fix
    from audit.run_blind_spot where run_id = before_run
),
other as (
    select distinct source, scope, period, reason, fix
    from audit.run_blind_spot where run_id = after_run
)
select
    case when a.source is null then 'new' else 'gone' end as change,
    coalesce(b.source, a.source) as source, coalesce(b.scope, a.scope) as scope,
    coalesce(b.period, a.period) as period, coalesce(b.reason, a.reason) as reason,
    coalesce(b.fix, a.fix) as fix
from one as a
full join other as b
    on b.source = a.source and b.scope = a.scope and b.reason = a.reason
    and b.period is not distinct from a.period
where a.source is null or b.source is null;

-- The latest audit against the one before it: the windows that are compared.
create table if not exists audit.comparison (
    run_id varchar primary key, before_run_id varchar not null,
    days integer, -- that each window has; null: nothing can be compared
    unknown_because varchar, -- why not
    before_first date, before_last date, after_first date, after_last date,
    overlap_days integer, -- days that are in both
    currency varchar, currency_before varchar,
    said_cost decimal(38, 20), -- what the audit before said of its window; null: not kept, or
    -- of other days than are compared
    restated decimal(38, 20), -- what the bill says of the same days now, less that
    before_cost decimal(38, 20), after_cost decimal(38, 20), -- what the bill says now
    after_said_cost decimal(38, 20), -- what the later audit said of its window by then
    before_unrated bigint, after_unrated bigint -- charges without a rate, in no cost
);
-- ... and what each of its subjects cost in both.
create table if not exists audit.cost_change (
    run_id varchar not null,
    scope varchar not null, -- total, model, team, service; no model, no team, no service
    subject varchar not null,
    said_cost decimal(38, 20), restated decimal(38, 20),
    before_cost decimal(38, 20), after_cost decimal(38, 20), change decimal(38, 20), -- null: no rate
    price_effect decimal(38, 20), volume_effect decimal(38, 20), mix_effect decimal(38, 20),
    efficiency_effect decimal(38, 20), version_effect decimal(38, 20),
    unmeasured_effect decimal(38, 20), -- they add up to the change
    service varchar, resource_id varchar, team varchar, model varchar, sku_id varchar -- most
);
