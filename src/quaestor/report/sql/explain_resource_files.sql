-- The landed files that hold the charges which a resource's rate is from.
select
    c.x_source as source, c.x_file as file, c.x_file_sha256 as sha256, count(*) as charges
from focus.charge as c
join ledger.resource_rate as r on r.resource_id = c.ResourceId
where c.ResourceId = $resource
    and c.ChargePeriodStart >= r.first_day and c.ChargePeriodStart < r.last_day + interval 1 day
group by all
order by source, file, sha256
limit 10
