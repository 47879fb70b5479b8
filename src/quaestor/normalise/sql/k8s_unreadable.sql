-- The quantities that cannot be read: their object is loaded, the value is unknown.
--
-- grain     one row per object that has such a quantity
with wrong as (
    select
        o.file, o.sha256, o.row_number,
        'a request or limit of ' || string_agg(r.resource, ', ' order by r.resource)
            || ' is no quantity' as reason,
        (o.object -> '$.spec.containers[*].resources')::varchar as raw
    from k8s_request as r
    join k8s_object as o
        on o.resource = 'pods' and o.cluster = r.cluster and o.name = r.pod
        and o.namespace is not distinct from r.namespace
    where r.is_unreadable
    group by all
    union all
    select
        file, sha256, row_number, 'the capacity of cpu or memory is no quantity',
        (object -> '$.status.capacity')::varchar
    from k8s_object
    where resource = 'nodes' and (
        (object ->> '$.status.capacity.cpu' is not null
            and quantity(object ->> '$.status.capacity.cpu') is null)
        or (object ->> '$.status.capacity.memory' is not null
            and quantity(object ->> '$.status.capacity.memory') is null)
    )
    union all
    select
        file, sha256, row_number, 'the capacity is no quantity',
        (object -> '$.spec.capacity')::varchar
    from k8s_object
    where resource = 'persistentvolumes' and (object ->> '$.spec.capacity.storage') is not null
        and quantity(object ->> '$.spec.capacity.storage') is null
)
select file, sha256, row_number, reason, raw from wrong
