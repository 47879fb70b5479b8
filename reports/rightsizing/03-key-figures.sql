-- The figures of the first screen, beside the audit before where there was one.
--
-- grain     one row
-- money     reporting currency, a month of 730 hours; ending is what jobs that run now cost, apart
--           from saving because they may end by themselves
with run as (
    select *, row_number() over (order by audited_at desc, run_id desc) as place from audit.run
),
before as (
    select
        run.audited_at, count(*) as advised,
        sum(r.counted_saving_per_month) filter (where not r.may_end) as saving
    from run join audit.recommendation as r using (run_id)
    where run.place = 2 and r.state in ('open', 'reopened')
    group by run.audited_at
),
kept as (
    select
        count(*) filter (where r.state = 'taken') as taken,
        sum(r.realised_per_month) filter (where r.state = 'taken') as realised,
        sum(r.realised_low) filter (where r.state = 'taken') as realised_low,
        sum(r.realised_high) filter (where r.state = 'taken') as realised_high,
        count(*) filter (where r.state = 'taken' and r.realised_per_month is null) as unmeasured,
        count(*) filter (where r.state = 'dismissed') as dismissed
    from run join audit.recommendation as r using (run_id)
    where run.place = 1
),
now as (
    select
        count(*) as advised,
        sum(counted_saving_per_month) filter (where not may_end) as saving,
        sum(counted_saving_per_month) filter (where may_end) as ending,
        sum(counted_saving_per_month) filter (where confidence = 'high' and not may_end)
            as sure_saving,
        sum(stranded_per_month) as stranded
    from audit.standing_recommendation
    where state <> 'dismissed'
),
looked as (
    select
        count(*) as objects, count(*) filter (where answer = 'clean') as clean,
        count(*) filter (where answer = 'cannot-say') as cannot_say,
        count(*) filter (where answer = 'withheld') as withheld,
        count(*) filter (where answer = 'left-alone') as left_alone
    from ledger.assessment
)
select
    now.*, looked.*, kept.*, before.audited_at as previous_audited_at,
    before.saving as previous_saving, before.advised as previous_advised
from now cross join looked cross join kept left join before on true
