-- The counted savings of all kinds are those of all advice, and every advice is counted.
-- rows from ledger.recommendation, ledger.saving
with kinds as (
    select sum(advised) as advised, sum(counted_saving_per_month) as saving from ledger.saving
),
advice as (
    select count(*) as advised, sum(counted_saving_per_month) as saving from ledger.recommendation
)
select k.advised, a.advised as rows, k.saving, a.saving as counted
from kinds as k
cross join advice as a
where coalesce(k.advised, 0) <> a.advised or k.saving is distinct from a.saving
