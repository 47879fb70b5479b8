-- Which fields each source can supply, once files are there to fill the blanks of registries.
--
-- grain     one row per source and field
-- method    a column of registry.model or registry.model_version that a registry cannot supply
--           itself is supplied by `file` as soon as one source of model.gov.yaml files is there:
--           the blank is then the team's to fill. Rows (grant, deployment, run, dataset) are not:
--           no file about a model is no proof that it has no grants.
with file as (
    select distinct field
    from registry.stated_evidence
    where via = 'file' and (field like 'model.%' or field like 'model_version.%')
)
select
    s.source,
    s.field,
    s.supplied or f.field is not null as supplied,
    case when not s.supplied and f.field is not null then 'file' else s.via end as via
from registry.stated_evidence as s
left join file as f using (field)
order by s.source, s.field
