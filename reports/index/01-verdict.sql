-- The latest audit beside the one before: what it came to, and whether that is more or less.
--
-- grain     one row; none where nothing has been audited
with run as (
    select
        *, row_number() over (order by audited_at desc, run_id desc) as place,
        count(*) over () as audits, min(audited_at) over () as first_audited_at
    from audit.run
)
select
    run.audits, run.first_audited_at, run.audited_at, run.failed, run.unanswered, run.exit_code,
    run.fail_on, earlier.audited_at as previous_audited_at, earlier.failed as previous_failed
from run left join run as earlier on earlier.place = 2
where run.place = 1
