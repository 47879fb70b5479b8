-- The rows that carry a subject's name, each as JSON: as registered, or summed where it is hours.
--
-- grain     one row for each table and row, five at most of a table; `of_table` counts them all
-- input     $subject; $source, NULL where a finding names none; $grants: also rights in a thing
--           of that name, which are rows about it, not by its name
-- method    names are made as policies make them. Whoever counts requests may be another source
--           than the endpoint's own, so that hours are not held to $source. GPU-hours are those
--           of the latest seven days measured
-- order     by table, the latest first
with named as (
    select 'registry.deployment' as "table", source, '' as place, to_json(d) as "row"
    from registry.deployment as d
    where deployment = $subject
    union all
    select 'registry.dataset', source, run_id, to_json(d)
    from registry.dataset as d
    where dataset = $subject or 'dataset ' || dataset = $subject
    union all
    select 'registry.store', source, '', to_json(s)
    from registry.store as s
    where store = $subject
    union all
    select 'registry.waiver', source, '', to_json(w)
    from registry.waiver as w
    where waiver = $subject
    union all
    select 'registry.run', source, '', to_json(r)
    from registry.run as r
    where run_id = $subject or 'run ' || run_id = $subject
    union all
    select 'registry.grant', source, '', to_json(g)
    from registry.grant as g
    where subject || ' ' || principal || ' ' || "right" = $subject
        or subject || ' ' || principal = $subject
        or (subject = $subject and $grants)
    union all
    select 'usage.endpoint', source, '', to_json(e)
    from usage.endpoint as e
    where endpoint = $subject
    union all
    select 'usage.gpu_job', source, '', to_json(j)
    from usage.gpu_job as j
    where job = $subject
    union all
    select 'usage.pod', source, '', to_json(p)
    from usage.pod as p
    where cluster || '/' || namespace || '/' || pod = $subject
    union all
    select 'usage.node', source, '', to_json(n)
    from usage.node as n
    where concat_ws('/', nullif(cluster, ''), nullif(node, '')) = $subject
    union all
    select
        'usage.endpoint_hour', source, '',
        to_json({
            'source': source, 'endpoint': endpoint, 'rows': count(*), 'first_hour': min(hour),
            'last_hour': max(hour), 'requests': sum(requests)
        })
    from usage.endpoint_hour
    where endpoint = $subject
    group by source, endpoint
    union all
    select
        'ledger.gpu_hour', source, '',
        to_json({
            'source': source, 'cluster': nullif(cluster, ''), 'node': nullif(node, ''),
            'kind': kind, 'gpu_model': gpu_model, 'rows': count(*), 'first_day': min(day),
            'last_day': max(day), 'gpu_hours': sum(gpu_hours),
            'observed_gpu_hours': sum(observed_gpu_hours), 'used_gpu_hours': sum(used_gpu_hours)
        })
    from ledger.gpu_hour
    where coalesce(
            nullif(concat_ws('/', nullif(cluster, ''), nullif(node, '')), ''), source
        ) = $subject
        and day > (select max(day) from ledger.gpu_hour) - to_days(7)
    group by source, cluster, node, kind, gpu_model
    union all
    select 'ledger.commitment', source, '', to_json(c)
    from ledger.commitment as c
    where trim(source || ' ' || billing_currency) = $subject
        and month = (select max(month) from ledger.commitment)
    union all
    select 'ledger.unit_cost', null, period::varchar, to_json(u)
    from ledger.unit_cost as u
    where model || ' per ' || unit = $subject and model_version is null
    union all
    select 'ledger.budget', null, month::varchar, to_json(b)
    from ledger.budget as b
    where budget = $subject
        and month = (select max(o.month) from ledger.budget as o where o.budget = b.budget)
    union all
    select 'ledger.coverage', null, month::varchar, to_json(c)
    from ledger.coverage as c
    where strftime(month, '%Y-%m') = $subject
        or ($subject = 'all spend' and month = (select max(month) from ledger.coverage))
    union all
    select
        'ledger.reconciliation', source, '',
        to_json({
            'source': source, 'rows_landed': sum(rows_landed), 'rows_loaded': sum(rows_loaded),
            'rows_quarantined': sum(rows_quarantined), 'files_refused': sum(files_refused)
        })
    from ledger.reconciliation
    where source = $subject
    group by source
    union all
    select
        'meta.landed_file', source, '',
        to_json({'source': source, 'files': count(*), 'bytes': sum(size)})
    from meta.landed_file
    where source = $subject
    group by source
    union all
    select 'audit.blind_spot', source, '', to_json(b)
    from audit.blind_spot as b
    where source = $subject
)
select "table", source, "row", count(*) over (partition by "table") as of_table
from named
where $source::varchar is null or source is null or source = $source
    or "table" = 'usage.endpoint_hour'
qualify row_number() over (partition by "table" order by place desc, source, "row"::varchar) <= 5
order by "table", place desc, source, "row"::varchar
