-- Advice that stands otherwise than at the audit before, what was taken first.
--
-- grain     one row per piece of advice; without an audit before none
-- money     a month of 730 hours, reporting currency; realised: on the bill, with an interval that
--           holds the truth 80 times of 100; null: not known
with run as (select * from audit.latest_run),
pair as (
    select run.run_id, run_before(run.run_id) as before_run_id from run
),
told as (
    select a.*,
        list_position(
            ['taken', 'measured', 'new', 'reopened', 'dismissed', 'gone'], a.change
        ) as position
    from advice_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as a
    where exists (select 1 from pair where before_run_id is not null)
)
select
    *, count(*) over (partition by change) as of_change,
    row_number() over (
        partition by change
        order by coalesce(realised_per_month, saving_per_month) desc nulls last, kind, subject
    ) as place
from told
qualify place <= 50
order by position, place
