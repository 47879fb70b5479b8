-- What the containers that serve in the GPU cluster ask for.
--
-- grain     one row per container
-- method    as their pods ask in pod_hours.sql; planted: one asks for far more than it ever uses
-- source    invented
select
    'prod-eu' as cluster, namespace, pod || '-' || substr(md5(pod), 1, 5) as pod,
    'server' as container, 'Deployment' as owner_kind, pod as owner,
    cpu::double as cpu_request_cores, ram::double as ram_request_gib, ram::double as ram_limit_gib,
    0 as restarts
from estate.workload
where namespace = 'serve'
order by namespace, pod
