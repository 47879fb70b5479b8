-- What the containers that serve in the GPU cluster used, every five minutes of two weeks.
--
-- grain     one row per container and sample
-- method    container_use.sql, of the last two weeks
-- source    invented
select
    c.cluster, c.namespace, c.owner as workload, c.pod, c.container, u.sampled_at,
    u.cpu_used_cores, u.ram_used_gib
from estate.containers as c
join estate.container_use as u on u.workload = c.owner
where u.sampled_at >= $last_day::timestamp - interval 13 day
order by u.sampled_at, c.pod
