-- Of which objects nothing can be said, or nothing is wanted, and why.
--
-- grain     one row per answer, kind and reason
-- money     reporting currency, what the objects cost a month where that is known of all of them
select
    answer, kind, reason, count(*) as objects,
    list_sort(list(name))[:8] as names,
    case when count(*) = count(cost_per_month) then sum(cost_per_month) end as cost
from ledger.assessment
where answer in ('cannot-say', 'withheld', 'left-alone')
group by answer, kind, reason
order by answer, cost desc nulls last, objects desc, kind, reason
