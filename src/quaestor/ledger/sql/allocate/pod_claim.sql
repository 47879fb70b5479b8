-- Which pods hold devices by resource claims (DRA), so that nobody tells how many GPUs they hold.
--
-- grain     one row per day, cluster, node and pod that a cluster's list says to have claims, and
--           of which no hour tells of a GPU either
-- method    what is left of such a pod's node may be its own, and so is no idle GPU
-- source    usage.pod; kubernetes.io, "Dynamic Resource Allocation"
-- rows from usage.pod
with claiming as (
    select distinct cluster, namespace, pod
    from usage.pod
    where resource_claims > 0 and gpu_request is null
)
select p.day, p.cluster, p.node, p.namespace, p.pod
from ledger.pod_use as p
join claiming as c
    on c.cluster = p.cluster and c.namespace = p.namespace and c.pod = p.pod
where p.node is not null and p.day in (select day from ledger.stale_day)
group by p.day, p.cluster, p.node, p.namespace, p.pod
having sum(p.gpu_hours) = 0
