-- How each serving manifest is rolled out, and what is measured meanwhile.
--
-- grain     one row per manifest, named by kind
-- input     k8s_object
-- method    a Deployment and a StatefulSet roll by their strategy and stay as they are when that
--           fails. Argo's Rollout, also one that refers to a Deployment, is canary or blue-green; it
--           goes back by itself where an analysis can fail. An InferenceService is a canary where
--           it splits its traffic
-- source    kubernetes.io, "Deployment", Strategy; Argo Rollouts, "Analysis & Progressive Delivery"
with rollout as (
    select
        cluster, namespace, name,
        object ->> '$.spec.workloadRef.kind' as of_kind,
        object ->> '$.spec.workloadRef.name' as of_name,
        case
            when (object -> '$.spec.strategy.canary') is not null then 'canary'
            when (object -> '$.spec.strategy.blueGreen') is not null then 'blue-green'
        end as strategy,
        list_sort(list_distinct(list_filter(
            (object ->> '$.spec.strategy.canary.analysis.templates[*].templateName')
            || (object ->> '$.spec.strategy.canary.steps[*].analysis.templates[*].templateName')
            || (object ->> '$.spec.strategy.blueGreen.prePromotionAnalysis.templates[*].templateName')
            || (object ->> '$.spec.strategy.blueGreen.postPromotionAnalysis.templates[*].templateName'),
            lambda one: one is not null
        ))) as analyses
    from k8s_object where resource = 'rollouts.argoproj.io'
),
stated as (
    select
        cluster, namespace, name,
        case resource
            when 'deployments' then 'Deployment' when 'statefulsets' then 'StatefulSet'
            else 'InferenceService'
        end as kind,
        case resource
            when 'inferenceservices.serving.kserve.io' then case
                when (object ->> '$.spec.predictor.canaryTrafficPercent') is not null
                then 'canary' else 'rolling-update' end
            else case coalesce(
                object ->> '$.spec.strategy.type', object ->> '$.spec.updateStrategy.type',
                'RollingUpdate'
            )
                when 'RollingUpdate' then 'rolling-update'
                when 'Recreate' then 'recreate'
                when 'OnDelete' then 'on-delete'
            end
        end as strategy,
        []::varchar[] as analyses
    from k8s_object
    where resource in ('deployments', 'statefulsets', 'inferenceservices.serving.kserve.io')
)
select
    s.cluster, s.namespace, s.name, s.kind,
    coalesce(r.strategy, s.strategy) as rollout_strategy,
    nullif(array_to_string(coalesce(r.analyses, s.analyses), ', '), '') as rollout_analysis,
    case when s.kind <> 'InferenceService' or r.name is not null
        then coalesce(len(r.analyses) > 0, false) end as rolls_back
from stated as s
left join rollout as r
    on r.cluster = s.cluster and r.namespace is not distinct from s.namespace
    and r.of_kind = s.kind and r.of_name = s.name
union all
select
    cluster, namespace, name, 'Rollout', strategy,
    nullif(array_to_string(analyses, ', '), ''), len(analyses) > 0
from rollout
