-- The load balancers of clusters: services of type LoadBalancer, and how many pods are behind them.
--
-- grain     one row per cluster, namespace and service
-- input     $source; $seen_at: when the cluster was looked at
-- method    whether one is internal: an annotation says so, or its address does (a private IP; AWS
--           puts internal- before a classic one's name); else it is unknown. Endpoints are null
--           where endpoint slices were not listed
-- source    kubernetes.io, "Internal load balancer"; AWS Load Balancer Controller, annotations
with service as (
    select
        *,
        coalesce(
            object ->> '$.status.loadBalancer.ingress[0].hostname',
            object ->> '$.status.loadBalancer.ingress[0].ip'
        ) as address,
        object ->> '$.status.loadBalancer.ingress[0].ip' as ip,
        lower(first_of(annotations, [
            'service.beta.kubernetes.io/aws-load-balancer-internal',
            'service.beta.kubernetes.io/azure-load-balancer-internal',
            'service.beta.kubernetes.io/oci-load-balancer-internal',
            'networking.gke.io/load-balancer-type', 'cloud.google.com/load-balancer-type',
            'service.beta.kubernetes.io/aws-load-balancer-scheme'
        ])) as said
    from k8s_object
    where resource = 'services' and (object ->> '$.spec.type') = 'LoadBalancer'
),
behind as (
    select
        cluster, namespace, labels['kubernetes.io/service-name'] as service,
        unnest(from_json(object -> '$.endpoints', '[{
            "addresses": ["VARCHAR"], "conditions": {"ready": "BOOLEAN"},
            "targetRef": {"uid": "VARCHAR"}
        }]')) as one
    from k8s_object where resource = 'endpointslices'
),
ready as (
    select
        cluster, namespace, service,
        count(distinct coalesce(one.targetRef.uid, one.addresses[1]))
            filter (coalesce(one.conditions.ready, true)) as endpoints
    from behind group by all
)
select
    $source as source, s.cluster, coalesce(s.namespace, 'default') as namespace,
    s.name as service, s.address,
    case
        when s.said in ('true', 'internal', '0.0.0.0/0') then true
        when s.said in ('false', 'external', 'internet-facing') then false
        when regexp_matches(s.ip, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|f[cd])') then true
        when s.ip is not null then false
        when regexp_matches(s.address, '^internal-.*\.elb\..*amazonaws\.com') then true
    end as is_internal,
    s.object ->> '$.spec.selector' as selector,
    case when exists (
        select 1 from k8s_listed as l
        where l.cluster = s.cluster and l.resource = 'endpointslices'
            and (l.namespace is null or l.namespace = s.namespace)
    ) then coalesce(r.endpoints, 0) end::integer as endpoints,
    to_json(s.labels)::varchar as labels, s.created_at, $seen_at::timestamp as seen_at
from service as s
left join ready as r
    on r.cluster = s.cluster and r.namespace = s.namespace and r.service = s.name
order by s.cluster, s.namespace, s.name
