-- What serves the models of Kubeflow's Model Registry.
--
-- grain     one row per inference service that is to be deployed
-- input     $source: the source's name; landed_object: what the registry answered
-- method    a service that names no version serves the newest of its model, by creation order; one
--           that is to be undeployed is left out. Names are unique within a serving environment.
-- source    Kubeflow Model Registry REST API v1alpha3, InferenceService.modelVersionId,
--           InferenceServiceState
with service as (
    select
        object ->> 'id' as id,
        coalesce(object ->> 'name', object ->> 'id') as name,
        object ->> 'registeredModelId' as model_id,
        nullif(object ->> 'modelVersionId', '') as version_id,
        object ->> 'servingEnvironmentId' as environment_id,
        coalesce(object ->> 'desiredState', 'DEPLOYED') as state,
        try_cast(object ->> 'createTimeSinceEpoch' as bigint) as created_ms,
        object ->> 'runtime' as runtime,
        list_transform(
            map_entries(try_cast(object -> 'customProperties' as map(varchar, json))),
            lambda one: {
                'key': one.key,
                'value': coalesce(
                    one.value ->> 'string_value', one.value ->> 'int_value',
                    one.value ->> 'double_value', one.value ->> 'bool_value'
                )
            }
        ) as properties,
        file, sha256, row_number
    from landed_object
    where kind = 'inference_services'
    qualify row_number() over (partition by id order by row_number) = 1
),
environment as (
    select object ->> 'id' as id, any_value(object ->> 'name') as name
    from landed_object
    where kind = 'serving_environments'
    group by all
),
model as (
    select object ->> 'id' as id, any_value(object ->> 'name') as name
    from landed_object
    where kind = 'registered_models'
    group by all
),
version as (
    select
        object ->> 'id' as id,
        object ->> 'name' as name,
        object ->> 'registeredModelId' as model_id,
        try_cast(object ->> 'createTimeSinceEpoch' as bigint) as created_ms,
        try_cast(object ->> 'id' as bigint) as number
    from landed_object
    where kind = 'model_versions'
),
newest as (
    select model_id, arg_max(name, (created_ms, number)) as name from version group by model_id
),
by_id as (
    select id, any_value(name) as name from version group by id
)
select
    $source as source,
    coalesce(e.name, s.environment_id, 'unknown') || '/' || s.name
        || case when count(*) over (partition by e.name, s.environment_id, s.name) > 1
            then '#' || s.id else '' end as deployment,
    m.name as model,
    case when s.version_id is null then n.name else v.name end as version,
    e.name as environment,
    'InferenceService' as kind,
    s.state as status,
    make_timestamp(s.created_ms * 1000) as created_at,
    json_merge_patch(
        json_object('runtime', s.runtime),
        coalesce(to_json(map_from_entries(s.properties)), '{}')
    )::varchar as tags,
    s.file, s.sha256, s.row_number
from service as s
left join environment as e on e.id = s.environment_id
left join model as m on m.id = s.model_id
left join newest as n on n.model_id = s.model_id
left join by_id as v on v.id = s.version_id
where s.state = 'DEPLOYED'
order by deployment
