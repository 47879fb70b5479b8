-- Models by the level at which they are run; unknown: it cannot be said.
select coalesce(level::varchar, 'unknown') as level, count(*) as value
from ledger.maturity
where scope = 'model'
group by all
order by all
