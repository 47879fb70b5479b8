-- Whether a notifier could not be told of the latest audit.
with latest as (
    select run_id from audit.latest_run
)
select n.notifier, n.kind, (n.outcome = 'failed')::integer as value
from audit.notification as n join latest using (run_id)
order by n.notifier
