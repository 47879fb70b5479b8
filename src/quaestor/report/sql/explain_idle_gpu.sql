-- What GPUs cost while they did nothing, by model, by who is known to have had them.
--
-- grain     one row for each month, GPU model, kind and team
-- input     $months
-- money     reporting currency, effective cost; a node on no bill has none
-- order     the most money first
select
    strftime(date_trunc('month', day), '%Y-%m') as month, gpu_model, kind, team,
    sum(idle_gpu_hours) as idle_gpu_hours, coalesce(sum(idle_cost), 0) as effective_cost,
    count(*) as lines, count(*) filter (idle_cost is null) as lines_without_rate
from ledger.gpu_hour
where strftime(date_trunc('month', day), '%Y-%m') in (select unnest($months::varchar[]))
group by all
having sum(idle_gpu_hours) > 0 or sum(idle_cost) <> 0
order by month, effective_cost desc, idle_gpu_hours desc, gpu_model, kind, team
