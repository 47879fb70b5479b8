-- What open advice would save a month, by its kind and by how sure it is; alternatives count once.
--
-- money     reporting currency; absent where no advice of the kind has a price
-- labels    may_end: the cost of a job that runs now, which may end by itself
select r.kind, r.confidence, r.may_end::varchar as may_end, s.value as currency, sum(r.counted_saving_per_month) as value
from audit.standing_recommendation as r
join config.setting as s on s.name = 'currency'
where r.state in ('open', 'reopened')
group by all
order by all
