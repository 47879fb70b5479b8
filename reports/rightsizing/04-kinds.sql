-- What each kind of advice would save, by how sure it is.
--
-- grain     one row per kind that advises something
-- money     reporting currency a month, counted: the parts add up to the total
select
    kind, count(*) as advised, bool_or(may_end) as may_end,
    sum(counted_saving_per_month) as saving,
    coalesce(sum(greatest(counted_saving_per_month, 0)) filter (where confidence = 'high'), 0)
        as high,
    coalesce(sum(greatest(counted_saving_per_month, 0)) filter (where confidence = 'medium'), 0)
        as medium,
    coalesce(sum(greatest(counted_saving_per_month, 0)) filter (where confidence = 'low'), 0)
        as low,
    count(*) filter (where saving_per_month is null) as unpriced,
    count(*) filter (where counts_because in ('alternative', 'inside')) as not_counted
from audit.standing_recommendation
where state <> 'dismissed'
group by kind
order by may_end, saving desc nulls last, kind
