-- Which fields each source can supply, once files are there to fill the blanks of registries.
--
-- grain     one row per source and field
-- method    a column that a source cannot supply itself is supplied by `file` as soon as a source of
--           files is there that can say it: the blank is then the team's to fill. Of models and
--           versions always; of data where the source lists them, and then only what model.gov.yaml
--           has a key for; of deployments never, because a platform's blank (is it public?) is no
--           omission of a file's, though what a file says counts. Rows (grant, deployment, run,
--           dataset) are not: no file about a model is no proof that it has no grants. What a
--           version or a deployment has of its model is supplied where that is
with file as (
    select distinct field
    from registry.stated_evidence
    where via = 'file' and regexp_matches(field, '^(model|model_version|dataset)\.')
),
listed as (
    select source, field as listed
    from registry.stated_evidence
    where supplied and field = 'dataset'
),
filled as (
    select
        s.source, s.field,
        case
            when s.supplied then s.via
            when f.field is null then null
            when split_part(s.field, '.', 1) in ('model', 'model_version') then 'file'
            when l.listed is not null then 'file'
        end as via
    from registry.stated_evidence as s
    left join file as f using (field)
    left join listed as l on l.source = s.source and l.listed = split_part(s.field, '.', 1)
),
lent(field, of_model) as (
    values
        ('model_version.risk_tier', 'model.risk_tier'),
        ('model_version.affects_people', 'model.affects_people'),
        ('model_version.is_generative', 'model.is_generative'),
        ('model_version.eu_ai_act_class', 'model.eu_ai_act_class'),
        ('deployment.risk_tier', 'model.risk_tier'),
        ('deployment.is_generative', 'model.is_generative'),
        ('deployment.eu_ai_act_class', 'model.eu_ai_act_class'),
        ('deployment.data_class', 'model.data_class')
),
of_model as (
    select
        f.source, l.field,
        coalesce(
            min(m.via) filter (m.source = f.source),
            case when l.field like 'deployment.%' then min(m.via) end
        ) as via
    from (select source, field from filled where via is not null) as f
    join lent as l on split_part(l.field, '.', 1) = f.field
    join filled as m on m.field = l.of_model and m.via is not null
    group by f.source, l.field
)
select
    f.source,
    f.field,
    case when l.field is not null then o.via else f.via end is not null as supplied,
    case when l.field is not null then o.via else f.via end as via
from filled as f
left join lent as l on l.field = f.field
left join of_model as o on o.source = f.source and o.field = f.field
order by f.source, f.field
