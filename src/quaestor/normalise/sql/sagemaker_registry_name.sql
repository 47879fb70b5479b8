-- What each model of SageMaker's registry is called here.
--
-- grain     one row per region and model package group, or package that is in no group
-- input     `landed_object` (normalise/landed_objects.py)
-- method    a model is a model package group, and is called as the group; a package without group
--           is a model of one version. The same name in two regions stands for two models: each
--           is then called <region>/<name>, and <region>/package/<name> where a group has that
--           name too
with named as (
    select place, 'group' as kind, object ->> '$.ModelPackageGroupName' as name
    from landed_object
    where kind = 'model-package-groups'
    union
    select
        place,
        case when object ->> '$.ModelPackageGroupName' is null then 'package' else 'group' end,
        coalesce(object ->> '$.ModelPackageGroupName', object ->> '$.ModelPackageName')
    from landed_object
    where kind = 'model-packages'
)
select
    place, kind, name,
    case
        when count(*) over (partition by name) = 1 then name
        when count(*) over (partition by place, name) = 1 or kind = 'group' then place || '/' || name
        else place || '/package/' || name
    end as model
from named
where name is not null
order by place, kind, name
