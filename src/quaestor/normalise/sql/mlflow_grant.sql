-- Who may do what with each model of an MLflow registry, by its auth app's roles.
--
-- grain     one row per model and user who may at least read it
-- input     $source: the source's name; $users: users with their roles' permissions and the
--           permission they have where none is given, as JSON (registry_mlflow_auth.py)
-- method    as the server decides: an administrator, of the server or of the workspace, may
--           everything; else a DENY of the model or of every model ends it; else the highest of
--           what roles give on the model, on every model, and by default. A DENY of model
--           versions leaves reading, because no alias can be moved without them. USE is reading:
--           for models it gives no more. EDIT moves aliases, as MANAGE does.
-- source    MLflow 3.17, mlflow/server/auth: permissions and their order; __init__, fold of grants
with "user" as (
    select unnest(
        from_json($users, '[{
            "username": "VARCHAR", "is_admin": "BOOLEAN", "default_permission": "VARCHAR",
            "permissions": [{
                "resource_type": "VARCHAR", "resource_pattern": "VARCHAR",
                "permission": "VARCHAR", "role": "VARCHAR"
            }]
        }]'),
        max_depth := 2
    )
),
given as (
    select username, unnest(permissions, max_depth := 2) from "user"
),
leveled as (
    select
        *,
        case permission
            when 'DENY' then -1 when 'READ' then 1 when 'USE' then 2 when 'EDIT' then 3
            when 'MANAGE' then 4 else 0
        end as level,
        case when role like '\_\_user\_%\_\_' escape '\' then 'own permission'
            else 'role ' || role end as via
    from given
),
by_user as (
    select
        u.username,
        u.is_admin,
        coalesce(bool_or(l.resource_type = 'workspace' and l.level = 4), false) as runs_workspace,
        coalesce(bool_or(l.resource_type = 'registered_model_version' and l.level = -1), false)
            as versions_denied,
        case u.default_permission
            when 'READ' then 1 when 'USE' then 2 when 'EDIT' then 3 when 'MANAGE' then 4 else 0
        end as default_level
    from "user" as u
    left join leveled as l using (username)
    group by all
),
folded as (
    select
        username,
        resource_pattern,
        bool_or(level = -1) as denied,
        max(level) as level,
        arg_max(via, (level, via)) as via
    from leveled
    where resource_type = 'registered_model'
    group by username, resource_pattern
),
model as (
    select distinct model from registry.stated_model where source = $source
),
decided as (
    select
        m.model,
        u.username,
        case
            when u.is_admin or u.runs_workspace then 4
            when coalesce(o.denied, false) or coalesce(e.denied, false) then 0
            else
                least(
                    greatest(coalesce(o.level, 0), coalesce(e.level, 0), u.default_level),
                    case when u.versions_denied then 1 else 4 end
                )
        end as level,
        case
            when u.is_admin then 'administrator'
            when u.runs_workspace then 'workspace administrator'
            when coalesce(o.level, 0) >= greatest(coalesce(e.level, 0), u.default_level, 1)
                then o.via
            when coalesce(e.level, 0) >= greatest(u.default_level, 1)
                then e.via || ', every model'
            else 'default permission'
        end as via
    from by_user as u
    cross join model as m
    left join folded as o on o.username = u.username and o.resource_pattern = m.model
    left join folded as e on e.username = u.username and e.resource_pattern = '*'
)
select
    $source as source,
    model as subject,
    'user:' || username as principal,
    case level when 4 then 'manage' when 3 then 'edit' else 'read' end as "right",
    via
from decided
where level > 0
order by subject, principal
