-- How many violations an audit has: all, those that fail it, and those of the one before it that
-- are gone.
--
-- grain     one row
with standing as (
    select fingerprint, severity from audit.finding where run_id = $run and verdict = 'fail'
),
before as (
    select fingerprint from audit.finding where run_id = $before and verdict = 'fail'
)
select
    (select count(*) from standing) as violations,
    (
        select count(*) from standing
        where list_position(['critical', 'high', 'medium', 'low'], severity)
            <= list_position(['critical', 'high', 'medium', 'low'], $fail_on)
    ) as failing,
    (
        select count(*) from before left join standing using (fingerprint)
        where standing.fingerprint is null
    ) as gone
