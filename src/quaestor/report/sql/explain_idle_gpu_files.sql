-- The landed files behind the cost of idle GPUs: the bills of their machines, and who saw them idle.
--
-- grain     one row for each month and file; of a bill with the charges of the machines
-- input     $months
-- method    a machine's charges are those of its resource (ledger.lineage, else its own name). Of
--           the sources that tell of hours the files in force that are named after the month, else all:
--           hours do not say their file
with machine as (
    select distinct
        strftime(date_trunc('month', g.day), '%Y-%m') as month, g.day, g.source,
        coalesce(l.resource_id, g.provider_id) as resource_id
    from ledger.gpu_hour as g
    left join ledger.lineage as l on l.split_key = g.provider_id
    where
        strftime(date_trunc('month', g.day), '%Y-%m') in (select unnest($months::varchar[]))
        and (g.idle_gpu_hours > 0 or g.idle_cost <> 0)
),
billed as (
    select
        m.month, c.x_source as source, c.x_file as file, c.x_file_sha256 as sha256,
        count(*) as charges
    from (select distinct month, day, resource_id from machine) as m
    join focus.charge as c
        on c.ResourceId = m.resource_id and c.ChargePeriodStart::date = m.day
    group by all
),
seen as (
    select
        m.month, f.source, f.path as file, f.sha256, contains(f.scope, m.month) as is_named,
        bool_or(contains(f.scope, m.month)) over (partition by m.month, f.source) as has_named
    from (select distinct month, source from machine) as m
    join meta.landed_file as f on f.source = m.source
)
select month, source, file, sha256, charges from billed
union all
select s.month, s.source, s.file, s.sha256, null
from seen as s
left join billed as b on b.month = s.month and b.sha256 = s.sha256
where b.sha256 is null and (s.is_named or not s.has_named)
order by month, charges nulls last, source, file
