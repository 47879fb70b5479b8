-- Where people work in SageMaker: notebook instances, and Studio's apps that have a machine.
--
-- grain     one row per notebook instance and per app; the region stands before a name where the
--           source has several
-- input     $source; $several; $asked_at: when it was read; landed_object, `sagemaker_type`
-- method    SageMaker sets the last activity of an app whenever it checks its health, so that one
--           that is the moment of the last check tells nothing. Nobody says when somebody worked
--           on a notebook instance. An app stops by itself as the last of its domain, its owner
--           and its space says; a notebook instance only by a script of its lifecycle
--           configuration, whose content is not read: with one it is unknown. The machine of type
--           `system` is free
-- source    Amazon SageMaker API reference, DescribeApp: LastUserActivityTimestamp "is also updated
--           when SageMaker AI performs health checks without user activity"; IdleSettings
with told as (
    select
        place as region, object,
        case kind when 'notebooks' then 'sagemaker-notebook' else 'sagemaker-app' end as kind,
        coalesce(object ->> 'NotebookInstanceArn', object ->> 'AppArn') as resource_id,
        coalesce(
            object ->> 'NotebookInstanceName',
            concat_ws(
                '/', object ->> 'DomainId',
                'space/' || (object ->> 'SpaceName'), 'user/' || (object ->> 'UserProfileName'),
                object ->> 'AppType', object ->> 'AppName'
            )
        ) as name,
        coalesce(object ->> 'InstanceType', object ->> '$.ResourceSpec.InstanceType')
            as instance_type,
        coalesce(object ->> 'NotebookInstanceStatus', object ->> 'Status') as status,
        as_time(object ->> 'LastUserActivityTimestamp') as active_at,
        as_time(object ->> 'LastHealthCheckTimestamp') as checked_at,
        from_json(object -> 'IdleSettings', '[{
            "LifecycleManagement": "VARCHAR", "IdleTimeoutInMinutes": "INTEGER"
        }]') as settings
    from landed_object
    where kind in ('notebooks', 'apps')
),
settled as (
    select
        *,
        list_filter(
            list_transform(settings, lambda one: one.LifecycleManagement), lambda t: t is not null
        )[-1] as switch,
        list_filter(
            list_transform(settings, lambda one: one.IdleTimeoutInMinutes),
            lambda t: t is not null
        )[-1] as minutes
    from told
)
select
    $source as source,
    case when $several then s.region || '/' else '' end || s.name as notebook,
    s.kind, s.object ->> 'UserProfileName' as "user", s.resource_id,
    split_part(s.resource_id, ':', 5) as sub_account, s.region, s.instance_type, t.gpu_model,
    t.gpus,
    case when s.status = 'InService' then 'running' else lower(s.status) end as status,
    as_time(s.object ->> 'CreationTime') as created_at,
    case when s.kind = 'sagemaker-app' then as_time(s.object ->> 'CreationTime') end as started_at,
    case when s.active_at is distinct from s.checked_at then s.active_at end as last_activity_at,
    case when s.switch = 'ENABLED' then s.minutes end as idle_stop_minutes,
    case
        when s.kind = 'sagemaker-app' then coalesce(s.switch, 'DISABLED') = 'ENABLED'
        when (s.object ->> 'NotebookInstanceLifecycleConfigName') is null then false
    end as has_idle_stop,
    nullif(s.object ->> 'Tags', 'null') as tags,
    $asked_at::timestamp as seen_at
from settled as s
left join sagemaker_type as t on t.region = s.region and t.instance_type = s.instance_type
where s.resource_id is not null and s.name <> ''
    and coalesce(s.instance_type, '') <> 'system'
order by notebook
