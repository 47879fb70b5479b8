-- What each kind of advice came to: how many objects got which answer, and what counts.
--
-- grain     one row per kind that looked at anything
-- money     reporting currency a month of 730 hours. saving_per_month is what each advice saves by
--           itself, and counts alternatives twice; counted_saving_per_month adds up to the total
-- rows from ledger.assessment
with answered as (
    select
        kind,
        count(*) filter (answer = 'advise')::integer as advised,
        count(*) filter (answer = 'clean')::integer as clean,
        count(*) filter (answer = 'cannot-say')::integer as cannot_say,
        count(*) filter (answer = 'withheld')::integer as withheld,
        count(*) filter (answer = 'left-alone')::integer as left_alone
    from ledger.assessment
    group by kind
),
saved as (
    select
        kind, sum(saving_per_month)::decimal(38, 20) as saving_per_month,
        sum(counted_saving_per_month)::decimal(38, 20) as counted_saving_per_month,
        sum(stranded_per_month)::decimal(38, 20) as stranded_per_month,
        count(*) filter (counts_because = 'unpriced')::integer as unpriced
    from ledger.recommendation
    group by kind
)
select
    a.kind, a.advised, a.clean, a.cannot_say, a.withheld, a.left_alone,
    s.saving_per_month, s.counted_saving_per_month, s.stranded_per_month,
    coalesce(s.unpriced, 0)::integer as unpriced
from answered as a
left join saved as s on s.kind = a.kind
