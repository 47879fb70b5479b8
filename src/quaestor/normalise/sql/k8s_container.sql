-- The containers of what may serve: what each asks for, and what it is allowed.
--
-- grain     one row per manifest and container: of Deployments, StatefulSets, Rollouts, and of
--           InferenceServices, whose model server is a container, too
-- input     k8s_object
-- method    a request that is left out is the limit. A setting that a container leaves out is the
--           pod's. runAsUser above 0 is no root. Of its variables only the names of those that hold
--           a secret are landed (core/plain_secrets.py)
-- source    kubernetes.io, API reference, PodSecurityContext, SecurityContext; KServe, PredictorSpec
with manifest as (
    select
        cluster, resource, namespace, name,
        coalesce(object -> '$.spec.template.spec', object -> '$.spec.predictor') as spec
    from k8s_object
    where resource in (
        'deployments', 'statefulsets', 'rollouts.argoproj.io',
        'inferenceservices.serving.kserve.io'
    )
),
server as (
    select
        *,
        list_transform(
            list_filter(
                coalesce(json_keys(spec), []),
                lambda name: name in (
                    'model', 'sklearn', 'xgboost', 'tensorflow', 'pytorch', 'triton', 'onnx',
                    'huggingface', 'pmml', 'lightgbm', 'paddle'
                )
            ),
            lambda name: spec -> name
        ) as servers
    from manifest
),
listed as (
    select * exclude (servers), unnest(
        coalesce(spec -> '$.containers[*]', []) || servers
    ) as one, false as is_init
    from server
    union all
    select * exclude (servers), unnest(spec -> '$.initContainers[*]'), true from server
),
asked as (
    select
        *,
        coalesce(as_map(one -> '$.resources.requests'), map {}) as requests,
        coalesce(as_map(one -> '$.resources.limits'), map {}) as limits,
        list_filter(
            list_distinct(map_keys(requests) || map_keys(limits)),
            lambda name: is_gpu_resource(name)
        ) as gpus
    from listed
)
select
    cluster, resource, namespace, name,
    is_init and coalesce(one ->> '$.restartPolicy', '') <> 'Always' as is_passing,
    (one ->> '$.image') is not null as has_image,
    quantity(coalesce(requests['cpu'], limits['cpu']))::double as cpu_request,
    quantity(limits['cpu'])::double as cpu_limit,
    as_gib(quantity(coalesce(requests['memory'], limits['memory']))) as ram_request,
    as_gib(quantity(limits['memory'])) as ram_limit,
    list_transform(gpus, lambda gpu: quantity(coalesce(requests[gpu], limits[gpu]))::double)
        as gpu_requests,
    list_transform(gpus, lambda gpu: quantity(limits[gpu])::double) as gpu_limits,
    coalesce(
        coalesce(
            one ->> '$.securityContext.runAsNonRoot', spec ->> '$.securityContext.runAsNonRoot'
        ) = 'true'
        or try_cast(coalesce(
            one ->> '$.securityContext.runAsUser', spec ->> '$.securityContext.runAsUser'
        ) as bigint) > 0,
        false
    ) as runs_as_non_root,
    coalesce(one ->> '$.securityContext.privileged', '') = 'true' as is_privileged,
    coalesce(one ->> '$.securityContext.readOnlyRootFilesystem', '') = 'true'
        as has_read_only_root,
    one ->> '$.env.secrets[*]' as secrets
from asked
