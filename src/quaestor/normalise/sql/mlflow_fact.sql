-- What MLflow's runs themselves say of versions in the words of core/governance.py.
--
-- grain     one row per version whose run logged its model with a signature
-- input     $source: the source's name; registry.run and what tags state are loaded before
-- method    the signature stands in the run's tag mlflow.log-model.history, beside the path of the
--           model: that with which the version's address ends, else the only one. A tag gov.signature
--           goes before. Releases that keep models apart from runs write no such tag
-- source    MLflow, ModelSignature.to_dict; "System Tags"
with logged as (
    select
        run_id, unnest(from_json(history, '["JSON"]')) as one, json_array_length(history) as models
    from (
        select run_id, tags::json ->> '$."mlflow.log-model.history"' as history
        from registry.run
        where source = $source and tags like '%mlflow.log-model.history%'
    )
    where case when json_valid(history) then json_type(history) = 'ARRAY' end
)
select
    $source as source, 'model_version' as kind, v.model as subject, v.version,
    'signature' as field, (l.one -> '$.signature')::varchar as value, false as from_file
from registry.stated_model_version as v
join logged as l using (run_id)
where
    v.source = $source
    and json_type(l.one -> '$.signature') = 'OBJECT'
    and (l.models = 1 or ends_with(v.artifact_uri, '/' || (l.one ->> '$.artifact_path')))
    and not exists (
        select 1 from registry.stated_fact as f
        where f.source = $source and f.kind = 'model_version' and f.subject = v.model
            and f.version = v.version and f.field = 'signature'
    )
qualify row_number() over (
    partition by v.model, v.version order by l.one ->> '$.utc_time_created' desc
) = 1
order by v.model, v.version
