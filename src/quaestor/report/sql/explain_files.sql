-- The landed files that hold the charges behind a figure, with their hashes.
select
    c.x_source as source, c.x_file as file, c.x_file_sha256 as sha256,
    count(*) as charges, f.rows_landed, f.rows_quarantined
from ledger.ruled_charge as c
left join focus.file as f on f.source = c.x_source and f.sha256 = c.x_file_sha256
where date_trunc('month', c.ChargePeriodStart)::date = $month::date
    and ($model::varchar is null or c.model = $model)
    and ($team::varchar is null or c.team = $team)
    and ($environment::varchar is null or c.environment = $environment)
group by all
order by source, file, sha256
