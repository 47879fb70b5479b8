-- How advice stood, audit by audit, wherever that changed.
select a.audited_at, r.state, r.state_reason, r.saving_per_month
from audit.recommendation as r
join audit.run as a using (run_id)
where r.recommendation = $recommendation
qualify (r.state, r.state_reason) is distinct from
    lag((r.state, r.state_reason)) over (order by a.audited_at, r.run_id)
order by a.audited_at, r.run_id
