-- The latest audit in figures, each beside the audit before.
--
-- grain     one row; none where nothing has been audited
-- money     the currency of each run; cost is that of the 30 days before the audit, as it was then,
--           without charges that had no rate (is_partial). Savings are a month of 730 hours;
--           ending is what jobs that ran then cost, apart from saving as they may end by themselves.
--           No open advice saves nothing; open advice of which none has a price, nobody knows what
with run as (
    select *, row_number() over (order by audited_at desc, run_id desc) as place from audit.run
),
cost as (
    select
        run.place, w.currency, w.first_day, w.last_day, w.billed_days,
        sum(c.effective_cost) as cost,
        sum(c.effective_cost) filter (where c.model is not null) as model_cost,
        count(*) > count(c.effective_cost) as is_partial
    from run
    join audit.run_window as w using (run_id)
    left join audit.run_cost as c using (run_id)
    where run.place <= 2
    group by all
),
advice as (
    select
        run.place,
        case when count(*) filter (where r.state in ('open', 'reopened')) = 0 then 0
            else sum(r.counted_saving_per_month) filter (
                where r.state in ('open', 'reopened') and not r.may_end
            )
        end as saving,
        sum(r.counted_saving_per_month) filter (
            where r.state in ('open', 'reopened') and r.may_end
        ) as ending,
        sum(r.realised_per_month) filter (where r.state = 'taken') as realised,
        count(*) filter (where r.state = 'taken') as taken
    from run join audit.recommendation as r using (run_id)
    where run.place <= 2
    group by run.place
)
select
    run.audited_at, run.failed, run.unanswered, run.blind_spots,
    earlier.audited_at as previous_audited_at, earlier.failed as previous_failed,
    earlier.unanswered as previous_unanswered, earlier.blind_spots as previous_blind_spots,
    c.currency, c.cost, c.model_cost, c.is_partial, c.first_day, c.last_day, c.billed_days,
    cc.currency as previous_currency, cc.cost as previous_cost,
    cc.model_cost as previous_model_cost,
    case when a.place is null then 0 else a.saving end as saving, a.ending,
    coalesce(a.taken, 0) as taken, a.realised,
    case when aa.place is null then 0 else aa.saving end as previous_saving
from run
left join run as earlier on earlier.place = 2
left join cost as c on c.place = 1
left join cost as cc on cc.place = 2
left join advice as a on a.place = 1
left join advice as aa on aa.place = 2
where run.place = 1
