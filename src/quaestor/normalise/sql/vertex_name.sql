-- What the models of Vertex AI are called: by their display name, where only one has it.
--
-- grain     one row per model resource
-- input     landed_object: what vertex.py landed
-- method    display names are not unique; those that several have get the location and the id
with model as (
    select
        split_part(object ->> '$.name', '@', 1) as resource,
        split_part(place, '/', 2) as location,
        coalesce(filled(object ->> '$.displayName'), regexp_extract(resource, '[^/]+$')) as shown
    from landed_object
    where kind = 'models' and (object ->> '$.name') <> ''
    qualify row_number() over (partition by resource order by place, row_number) = 1
)
select
    resource,
    location,
    case when count(*) over (partition by shown) = 1 then shown
        else shown || ' (' || location || '/' || regexp_extract(resource, '[^/]+$') || ')'
    end as model
from model
