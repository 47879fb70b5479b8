-- The landed files of the bill that advice rests on: those with the charges its saving is from.
--
-- grain     one row for each piece of advice whose resource is on the bill, and file
-- method    the charges of the days that the resource's rate is from (ledger.resource_rate)
select
    r.recommendation, c.x_source as source, c.x_file as file, c.x_file_sha256 as sha256,
    count(*) as charges
from ledger.recommendation as r
join ledger.resource_rate as t on t.resource_id = r.resource_id
join focus.charge as c
    on c.ResourceId = t.resource_id
    and c.ChargePeriodStart >= t.first_day
    and c.ChargePeriodStart < t.last_day + interval 1 day
group by all
order by r.recommendation, charges desc, source, file
