-- What models were trained on, as everyone sees it: what registries record, and files beside it.
--
-- grain     one row per source, run, dataset and context of a registry; and one per run and dataset
--           that only a file names
-- input     dataset_told: what registries record (normalise/facts.py); registry.model_version,
--           settled before
-- method    a file names the run, or versions of its model: then it is the runs of these, in
--           whichever registry has them. It fills the blanks of the run's dataset of that name (and
--           context, where it says one), and is a row of its own where there is none. The data of a
--           version without a run are those of the run <model>:<version>
with registered as (
    select * exclude (model, versions, from_file), row_number() over () as place from dataset_told
),
said as (
    select *, row_number() over (order by source, model, dataset) as place
    from registry.stated_dataset
    where from_file
),
asked as (
    select *, unnest(versions) as version from said where run_id is null
),
aimed as (
    select
        coalesce(v.source, a.source) as of_source,
        coalesce(v.run_id, a.model || ':' || a.version) as of_run,
        a.* exclude (version)
    from asked as a
    left join registry.model_version as v on v.model = a.model and v.version = a.version
    union all
    select coalesce(v.source, s.source), s.run_id, s.*
    from said as s
    left join registry.model_version as v on v.model = s.model and v.run_id = s.run_id
    where s.run_id is not null
),
once as (
    select *
    from aimed
    qualify row_number() over (
        partition by of_source, of_run, dataset, coalesce(lower(context), 'training')
        order by source, place
    ) = 1
),
matched as (
    select
        r.place,
        r.source, r.run_id, r.dataset,
        coalesce(r.digest, o.digest) as digest,
        coalesce(r.source_type, o.source_type) as source_type,
        coalesce(r.source_uri, o.source_uri) as source_uri,
        coalesce(r.context, o.context) as context,
        coalesce(r.owner, o.owner) as owner,
        coalesce(r.license, o.license) as license,
        coalesce(r.legal_basis, o.legal_basis) as legal_basis,
        coalesce(r.data_class, o.data_class) as data_class,
        coalesce(r.region, o.region) as region,
        coalesce(r.has_personal_data, o.has_personal_data) as has_personal_data,
        coalesce(r.privacy_assessment_uri, o.privacy_assessment_uri) as privacy_assessment_uri,
        coalesce(r.privacy_assessed_until, o.privacy_assessed_until) as privacy_assessed_until,
        coalesce(r.quality_status, o.quality_status) as quality_status,
        coalesce(r.quality_checked_at, o.quality_checked_at) as quality_checked_at
    from registered as r
    left join once as o
        on o.of_source = r.source and o.of_run = r.run_id and o.dataset = r.dataset
        and (o.context is null or lower(o.context) is not distinct from lower(r.context))
    qualify row_number() over (partition by r.place order by o.context is null, o.place) = 1
)
select * exclude (place) from matched
union all by name
select o.* exclude (of_source, of_run, source, run_id, model, versions, from_file, place),
    o.of_source as source, o.of_run as run_id
from once as o
where not exists (
    select 1 from registered as r
    where r.source = o.of_source and r.run_id = o.of_run and r.dataset = o.dataset
        and (o.context is null or lower(o.context) is not distinct from lower(r.context))
)
