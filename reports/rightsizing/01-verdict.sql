-- What all advice comes to, and the one that saves most.
--
-- grain     one row
-- money     reporting currency, a month of 730 hours; saving counts alternatives once, and is
--           apart from what jobs cost that may end by themselves (ending). Cost is
--           that of the latest whole month, or of the running one where no month is whole
with advice as (
    select
        count(*) as advised,
        sum(counted_saving_per_month) filter (where not may_end) as saving,
        sum(counted_saving_per_month) filter (where may_end) as ending,
        count(*) filter (where counted_saving_per_month > 0 and not may_end) as saving_advised,
        count(*) filter (where counted_saving_per_month > 0 and may_end) as ending_advised,
        count(*) filter (where saving_per_month is null) as unpriced
    from audit.standing_recommendation
    where state <> 'dismissed'
),
best as (
    select name, kind, action, proposed, may_end, counted_saving_per_month as best_saving
    from audit.standing_recommendation
    where state <> 'dismissed' and counted_saving_per_month > 0
    order by counted_saving_per_month desc, kind, subject limit 1
),
looked as (
    select
        count(*) as objects, count(*) filter (where answer = 'cannot-say') as cannot_say,
        count(distinct kind) as kinds
    from ledger.assessment
),
period as (
    select effective_cost as cost, month from ledger.coverage
    where month = coalesce(
        (select max(month) from ledger.model_month where complete),
        (select max(month) from ledger.coverage)
    )
)
select advice.*, best.*, looked.*, period.*
from advice cross join looked left join best on true left join period on true
