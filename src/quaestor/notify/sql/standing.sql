-- How many violations an audit has: all, those that fail it, and those of the one before it that
-- are gone.
--
-- grain     one row
-- method    what nobody can answer now may still be there: it is not gone
with standing as (
    select fingerprint, severity from audit.finding where run_id = $run and verdict = 'fail'
),
before as (
    select fingerprint from audit.finding where run_id = $before and verdict = 'fail'
),
undecided as (
    select fingerprint from audit.finding where run_id = $run and verdict in ('unknown', 'error')
)
select
    (select count(*) from standing) as violations,
    (
        select count(*) from standing
        where list_position(['critical', 'high', 'medium', 'low'], severity)
            <= list_position(['critical', 'high', 'medium', 'low'], $fail_on)
    ) as failing,
    (
        select count(*) from before
        where fingerprint not in (from standing select fingerprint union from undecided)
    ) as gone
