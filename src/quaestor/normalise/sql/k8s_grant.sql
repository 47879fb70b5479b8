-- Who may do what in the namespaces where models serve, by Kubernetes' roles.
--
-- grain     one row per namespace (as cluster/namespace), principal, right and binding
-- input     $source: the source's name; $namespaces: more namespaces that count, as a JSON array;
--           registry.stated_deployment is loaded before
-- method    read: get, list or watch; deploy: create, update or patch; both of what serves
--           (Deployments, StatefulSets, InferenceServices and the like). edit: deletes it, or writes
--           pods, settings, secrets, services, claims or jobs. manage: writes roles or bindings, may
--           bind or escalate, or may do everything. A right over some objects by name counts, and
--           `via` names them. What the control plane grants itself when it starts is left out, and
--           impersonation is not followed
-- source    kubernetes.io, "Using RBAC Authorization"
with place as (
    select distinct cluster, namespace from registry.stated_deployment
    where source = $source and namespace is not null
    union
    select distinct cluster, unnest(from_json($namespaces, '["VARCHAR"]')) from k8s_listed
),
binding as (
    select
        cluster, namespace, name, resource,
        object ->> '$.roleRef.kind' as role_kind,
        object ->> '$.roleRef.name' as role,
        from_json(object -> '$.subjects', '[{
            "kind": "VARCHAR", "name": "VARCHAR", "namespace": "VARCHAR"
        }]') as subjects
    from k8s_object
    where (resource = 'rolebindings' or resource = 'clusterrolebindings')
        and not (
            coalesce(labels['kubernetes.io/bootstrapping'], '') = 'rbac-defaults'
            and (object ->> '$.roleRef.name') like 'system:%'
        )
),
rule as (
    select
        cluster, namespace, name as role,
        case resource when 'roles' then 'Role' else 'ClusterRole' end as role_kind,
        unnest(from_json(object -> '$.rules', '[{
            "apiGroups": ["VARCHAR"], "resources": ["VARCHAR"], "verbs": ["VARCHAR"],
            "resourceNames": ["VARCHAR"]
        }]')) as one
    from k8s_object where resource = 'roles' or resource = 'clusterroles'
),
thing(api_group, resource, does) as (
    values
        ('apps', 'deployments', 'serves'), ('apps', 'statefulsets', 'serves'),
        ('serving.kserve.io', 'inferenceservices', 'serves'),
        ('serving.kserve.io', 'servingruntimes', 'serves'),
        ('serving.knative.dev', 'services', 'serves'), ('ray.io', 'rayservices', 'serves'),
        ('', 'pods', 'supports'), ('', 'pods/exec', 'supports'), ('', 'configmaps', 'supports'), ('', 'secrets', 'supports'),
        ('', 'services', 'supports'), ('', 'persistentvolumeclaims', 'supports'),
        ('batch', 'jobs', 'supports'), ('batch', 'cronjobs', 'supports'),
        ('rbac.authorization.k8s.io', 'roles', 'rules'),
        ('rbac.authorization.k8s.io', 'rolebindings', 'rules')
),
allowed as (
    select
        r.cluster, r.namespace, r.role_kind, r.role, t.does,
        list_has_any(r.one.verbs, ['get', 'list', 'watch', '*']) as may_read,
        list_has_any(r.one.verbs, ['create', 'update', 'patch', '*']) as may_write,
        list_has_any(r.one.verbs, ['delete', 'deletecollection', '*']) as may_delete,
        list_has_any(r.one.verbs, ['bind', 'escalate']) as may_raise,
        list_contains(r.one.verbs, '*') and list_contains(r.one.resources, '*')
            and list_contains(r.one.apiGroups, '*') as may_all,
        case when len(r.one.resourceNames) > 0
            then array_to_string(list_sort(r.one.resourceNames), ', ') end as named
    from rule as r
    join thing as t
        on list_has_any(r.one.apiGroups, [t.api_group, '*'])
        and list_has_any(r.one.resources, [t.resource, '*'])
),
entitled as (
    select distinct
        cluster, namespace, role_kind, role, named,
        unnest(list_filter([
            case when does = 'serves' and may_read then 'read' end,
            case when does = 'serves' and may_write then 'deploy' end,
            case when (does = 'serves' and may_delete)
                or (does = 'supports' and (may_write or may_delete)) then 'edit' end,
            case when may_all or (does = 'rules' and (may_write or may_raise)) then 'manage' end
        ], lambda t: t is not null)) as "right"
    from allowed
),
granted as (
    select
        p.cluster, p.namespace, unnest(b.subjects) as subject, e."right",
        case when b.resource = 'rolebindings'
            then 'RoleBinding ' || b.namespace || '/' || b.name
            else 'ClusterRoleBinding ' || b.name
        end || ': ' || b.role_kind || ' ' || b.role
            || coalesce(' (only ' || e.named || ')', '') as via
    from place as p
    join binding as b
        on b.cluster = p.cluster
        and (b.namespace = p.namespace or b.resource = 'clusterrolebindings')
    join entitled as e
        on e.cluster = b.cluster and e.role_kind = b.role_kind and e.role = b.role
        and (e.namespace = b.namespace or e.role_kind = 'ClusterRole')
)
select distinct
    $source as source,
    cluster || '/' || namespace as subject,
    case
        when subject.kind = 'ServiceAccount'
        then 'service_account:' || coalesce(subject.namespace, namespace) || '/' || subject.name
        when subject.name like 'system:serviceaccount:%:%'
        then 'service_account:' || replace(substr(subject.name, 23), ':', '/')
        when subject.name in ('system:unauthenticated', 'system:anonymous') then '*'
        when subject.kind = 'Group' then 'group:' || subject.name
        else 'user:' || subject.name
    end as principal,
    "right",
    via
from granted
where subject.name is not null
order by subject, principal, "right", via
