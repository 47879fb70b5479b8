-- How far the figures of this page can be trusted, each from the page that shows it in full.
--
-- grain     one row
-- money     none but unattributed: reporting currency, effective cost of the latest month
-- method    reconciliation as in reconciliation/01-verdict.sql; the forecast's error is that of
--           its method on the last four weeks; questions are those of the latest audit
with period as (
    select date_trunc('month', max(day))::date as month from ledger.cost
),
bill as (
    select
        count(*) filter (files_refused = 0 or rows_landed > 0 or charges > 0) as lines,
        count(*) filter (
            rows_difference <> 0 or billed_difference <> 0 or effective_difference <> 0
        ) as wrong_lines,
        coalesce(sum(rows_quarantined), 0)::bigint as rows_quarantined,
        coalesce(sum(files_refused), 0)::bigint as files_refused
    from ledger.reconciliation
),
nameless as (
    select
        case when count(*) filter (where c.cost_kind = 'unattributed') = 0 then 0
            else sum(c.effective_cost) filter (where c.cost_kind = 'unattributed') end
            as unattributed
    from ledger.cost as c join period as p on date_trunc('month', c.day) = p.month
),
expected as (
    select f.backtest_error_ratio
    from ledger.forecast as f join period as p on f.month = p.month
    where f.scope = 'total' and f.day is null
),
run as (select run_id from audit.latest_run),
asked as (
    select
        count(*) filter (where f.verdict <> 'skip') as evaluated,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered
    from audit.finding as f join run using (run_id)
),
looked as (
    select count(*) as objects, count(*) filter (where answer = 'cannot-say') as cannot_say
    from ledger.assessment
),
blind as (
    select count(*) as blind_spots from audit.blind_spot
)
select
    period.month, bill.*, nameless.unattributed, expected.backtest_error_ratio,
    run.run_id, asked.*, looked.*, blind.blind_spots, covered.model_ratio, covered.team_ratio
from period cross join bill cross join nameless cross join asked cross join looked
cross join blind
left join expected on true
left join run on true
left join ledger.coverage as covered on covered.month = period.month
