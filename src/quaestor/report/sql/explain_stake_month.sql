-- The month that money at stake is taken from: the latest one that is billed in full.
--
-- method    the latest month at all while none is complete, as policies have it
select coalesce(max(month) filter (complete), max(month)) as month from ledger.model_month
