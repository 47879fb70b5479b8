-- The figure that stands for each page.
--
-- grain     one row per report that has one; what is unknown is null
-- money     reporting currency, each as on its page
-- method    amount, or count of a whole; as in the section of key figures of each page
with period as (
    select date_trunc('month', max(day))::date as month from ledger.cost
),
run as (
    select *, row_number() over (order by audited_at desc, run_id desc) as place from audit.run
),
finding as (
    select f.model, f.verdict, f.blocking
    from audit.finding as f join run using (run_id)
    where run.place = 1
),
cost as (
    select sum(c.effective_cost) as cost
    from ledger.cost as c join period as p on date_trunc('month', c.day) = p.month
),
saving as (
    select sum(counted_saving_per_month) filter (where not may_end) as saving
    from audit.standing_recommendation where state <> 'dismissed'
),
pair as (
    select run_id, run_before(run_id) as before_run_id from run where place = 1
),
begun as (
    select
        case when (select before_run_id from pair) is not null then
            count(*) filter (where f.change in ('new', 'back', 'unwaived'))
        end as begun
    from finding_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as f
),
stopped as (
    select
        count(distinct model) filter (where verdict <> 'skip') as models,
        count(distinct model) filter (where verdict = 'fail' and blocking) as stopped
    from finding
),
held as (
    select
        count(*) as lines,
        count(*) filter (
            rows_difference <> 0 or billed_difference <> 0 or effective_difference <> 0
        ) as wrong_lines
    from ledger.reconciliation
    where files_refused = 0 or rows_landed > 0 or charges > 0
)
select
    'executive' as report, 'models that must not run' as label, null::decimal(38, 20) as amount,
    case when models > 0 then stopped end as count, models as whole
from stopped
union all
select
    'cost', 'in the latest month' || case when u.unrated is not null then ', without charges that '
        || 'have no exchange rate' else '' end,
    cost.cost, null, null
from cost cross join ledger.latest_unrated as u
union all
select 'rightsizing', 'could be saved a month', saving, null, null from saving
union all
select
    'compliance', 'violations', null, (select failed from run where place = 1), null
union all
select 'changes', 'violations began', null, begun, null from begun
union all
select 'maturity', 'level of the organisation', null, max(level), 4
from ledger.maturity where scope = 'organisation'
union all
select 'cost-of-no-mlops', 'a month, the likely estimate', max(base), null, null
from ledger.cost_of_no_mlops where category = 'total' and model is null
union all
select 'model', 'known to a registry, a bill or a policy', null, count(*), null
from audit.known_model
union all
select
    'reconciliation', 'lines that do not add up', null,
    case when lines > 0 then wrong_lines end, lines
from held
order by report
