-- Who may use the workspace, by role assignments at it and above it.
--
-- grain     one row per assignment and right
-- input     $source; landed_object
-- method    a role gives a right where one of its actions, * included, matches the operation and
--           none of its notActions does. A principal is an id: names stand in Microsoft Graph
-- source    Microsoft, REST reference "Role Assignments - List For Scope", "Role Definitions - Get";
--           "Azure permissions for AI + machine learning"
with operation as (
    select * from (values
        ('read', 'microsoft.machinelearningservices/workspaces/models/read'),
        ('edit', 'microsoft.machinelearningservices/workspaces/models/versions/write'),
        ('promote', 'microsoft.machinelearningservices/workspaces/models/versions/write'),
        ('deploy', 'microsoft.machinelearningservices/workspaces/onlineendpoints/deployments/write'),
        ('manage', 'microsoft.authorization/roleassignments/write')
    ) as o("right", name)
),
role as (
    select
        lower(object ->> '$.id') as role_id,
        object ->> '$.roleName' as role_name,
        unnest(from_json(
            object -> '$.given', '[{"actions": ["VARCHAR"], "notActions": ["VARCHAR"]}]'
        ), max_depth := 2)
    from landed_object
    where kind = 'role-definitions'
),
permitted as (
    select distinct r.role_id, r.role_name, o."right"
    from role as r
    cross join operation as o
    where len(list_filter(
        coalesce(r.actions, []), lambda action: o.name like replace(lower(action), '*', '%')
    )) > 0
    and len(list_filter(
        coalesce(r."notActions", []), lambda action: o.name like replace(lower(action), '*', '%')
    )) = 0
)
select distinct
    $source as source,
    a.place as subject,
    case lower(a.object ->> '$.properties.principalType')
        when 'serviceprincipal' then 'service-principal'
        when 'foreigngroup' then 'group'
        else coalesce(lower(a.object ->> '$.properties.principalType'), 'unknown')
    end || ':' || (a.object ->> '$.properties.principalId') as principal,
    p."right",
    p.role_name || ' at ' || (a.object ->> '$.properties.scope')
        || case when filled(a.object ->> '$.properties.condition') is not null
            then ' (with a condition)' else '' end as via
from landed_object as a
join permitted as p on p.role_id = lower(a.object ->> '$.properties.roleDefinitionId')
where a.kind = 'role-assignments'
order by all
