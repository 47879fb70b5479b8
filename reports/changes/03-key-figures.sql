-- The figures of the first screen, each beside the audit before.
--
-- grain     one row; none with fewer than two audits
-- money     reporting currency; a month is 730 hours
with run as (
    select *, row_number() over (order by audited_at desc, run_id desc) as place from audit.run
),
pair as (
    select b.run_id as before_run_id, a.run_id, a.unanswered, b.unanswered as unanswered_before
    from run as a join run as b on b.place = 2
    where a.place = 1
),
finding as (
    select
        count(*) filter (where f.change in ('new', 'back', 'unwaived')) as begun,
        count(*) filter (
            where f.change in ('new', 'back', 'unwaived') and f.severity in ('critical', 'high')
        ) as grave,
        count(*) filter (where f.change in ('closed', 'gone')) as ended,
        count(*) filter (where f.change = 'closed') as kept
    from finding_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as f
),
advice as (
    select
        count(*) filter (where a.change = 'taken') as taken,
        count(*) filter (where a.change = 'new') as advised,
        sum(a.saving_per_month) filter (where a.change = 'taken') as taken_saving,
        sum(a.realised_per_month) filter (where a.change in ('taken', 'measured')) as realised
    from advice_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as a
),
reach as (
    select
        r.run_id,
        sum(r.effective_cost) filter (where r.model is not null)::double
            / nullif(sum(r.effective_cost), 0)::double as model_ratio
    from audit.run_cost as r group by r.run_id
)
select
    pair.*, finding.*, advice.*, c.days, c.before_cost, c.after_cost,
    c.after_cost - c.before_cost as change, c.restated, c.said_cost,
    n.model_ratio, o.model_ratio as model_ratio_before
from pair
cross join finding
cross join advice
left join audit.comparison as c on c.run_id = pair.run_id and c.before_run_id = pair.before_run_id
left join reach as n on n.run_id = pair.run_id
left join reach as o on o.run_id = pair.before_run_id
