-- The five changes that save most, and what all of them come to.
--
-- grain     one row per change
-- money     reporting currency, a month of 730 hours; `counted` is its part of the total, so that
--           two changes to one machine count once. Of all open advice, saving is what lasts and
--           ending what jobs that run now cost
with open as (
    select * from audit.standing_recommendation where state <> 'dismissed'
),
whole as (
    select
        count(*) as advised,
        sum(counted_saving_per_month) filter (where not may_end) as saving,
        sum(counted_saving_per_month) filter (where may_end) as ending
    from open
)
select
    r.recommendation, r.kind, r.name, r.action, r.current, r.proposed, r.reason, r.confidence,
    r.risk, r.team, r.model, r.may_end, r.counted_saving_per_month as counted,
    w.advised, w.saving, w.ending
from open as r cross join whole as w
where r.counted_saving_per_month > 0
order by r.counted_saving_per_month desc, r.kind, r.subject
limit 5
