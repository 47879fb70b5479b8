-- The latest audit, in one row; none before the first.
create or replace view audit.latest_run as
select * from audit.run order by audited_at desc, run_id desc limit 1;

-- Advice as it stands: what the ledger advises now, with what the latest audit says became of it.
-- Dismissed advice counts for nothing, and what it was an alternative to counts in its place.
create or replace view audit.standing_recommendation as
with run as (select run_id, audited_at from audit.latest_run),
kept as (
    select k.*, run.audited_at from audit.recommendation as k join run using (run_id)
)
select
    r.* exclude (counted_saving_per_month, stranded_per_month, counts_because, instead_of),
    coalesce(k.state, 'open') as state, k.state_reason, k.first_seen, k.audited_at,
    case
        when k.recommendation is null then r.counted_saving_per_month
        when k.state <> 'dismissed' then k.counted_saving_per_month
    end as counted_saving_per_month,
    case when k.recommendation is null then r.stranded_per_month else k.stranded_per_month end
        as stranded_per_month,
    case when k.recommendation is null then r.counts_because else k.counts_because end
        as counts_because,
    case when k.recommendation is null then r.instead_of else k.instead_of end as instead_of
from ledger.recommendation as r
left join kept as k on k.recommendation = r.recommendation;
