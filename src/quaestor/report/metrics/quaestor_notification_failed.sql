-- Whether a notifier could not be told of the latest audit.
with latest as (
    select run_id from audit.run order by audited_at desc, run_id desc limit 1
)
select n.notifier, n.kind, (n.outcome = 'failed')::integer as value
from audit.notification as n join latest using (run_id)
order by n.notifier
