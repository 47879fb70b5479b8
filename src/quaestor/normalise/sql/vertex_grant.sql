-- Who may use Vertex AI in the project, by the project's own policy.
--
-- grain     one row per role, member, condition and right
-- input     $source; landed_object
-- method    a role gives the rights whose permissions it holds, custom roles included: whoever may
--           update a model may move its aliases. Members that were deleted have no rights. What
--           folders and the organisation grant is not in this policy
-- source    Google Cloud, Resource Manager getIamPolicy; IAM roles.get; Vertex AI IAM permissions
with held as (
    select
        b.place as project,
        unnest(from_json(b.object -> '$.members', '["VARCHAR"]')) as principal,
        (b.object ->> '$.role') || coalesce(
            ' (if ' || coalesce(b.object ->> '$.condition.title', b.object ->> '$.condition.expression')
            || ')', ''
        ) as via,
        from_json(r.object -> '$.includedPermissions', '["VARCHAR"]') as permitted
    from landed_object as b
    join landed_object as r
        on r.kind = 'roles' and (r.object ->> '$.name') = (b.object ->> '$.role')
    where b.kind = 'bindings'
),
holding as (
    select
        project, principal, via,
        unnest([
            {'right': 'read', 'given': list_contains(permitted, 'aiplatform.models.get')},
            {'right': 'edit', 'given': list_has_any(
                permitted, ['aiplatform.models.update', 'aiplatform.models.upload']
            )},
            {'right': 'promote', 'given': list_contains(permitted, 'aiplatform.models.update')},
            {'right': 'deploy', 'given': list_contains(permitted, 'aiplatform.endpoints.deploy')},
            {'right': 'manage', 'given':
                list_contains(permitted, 'resourcemanager.projects.setIamPolicy')}
        ], max_depth := 2)
    from held
)
select distinct
    $source as source,
    'projects/' || project as subject,
    case when principal in ('allUsers', 'allAuthenticatedUsers') then '*' else principal end
        as principal,
    "right",
    via
from holding
where given and not starts_with(principal, 'deleted:')
order by all
