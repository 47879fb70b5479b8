-- What the nodes of the GPU cluster were, hour by hour.
--
-- grain     one row per node and hour
-- method    every node was up all the time
-- source    invented
select
    'prod-eu' as cluster, n.node,
    n.hour as hour,
    n.provider_id, n.instance_type, 'eu-west-1' as region,
    n.cpu_cores::double as cpu_cores, n.ram_gib::double as ram_gib, n.gpu_model,
    n.gpus::integer as gpus, 1.0::double as up_ratio
from (
    select
        *,
        unnest(generate_series(
            $first_day::timestamp, $last_day::timestamp + interval 23 hour, interval 1 hour
        )) as hour
    from estate.node
) as n
order by hour, node
