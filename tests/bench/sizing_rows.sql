-- Samples of $workloads workloads of one pod each, every 5 minutes of 14 days, in the order in which
-- they were taken; and the pods as their cluster lists them, asking for twice what they use.
insert into usage.container_series
select
    w, 'samples', 'prod', 'team-' || w % 50,
    'model-' || w || '-' || left(md5(w::varchar), 9) || '-' || right(md5(w::varchar), 5), 'main'
from range($workloads) as u(w);
insert into usage.container_sample
select
    'samples', 'prod', 'team-' || w % 50, 'model-' || w,
    'model-' || w || '-' || left(md5(w::varchar), 9) || '-' || right(md5(w::varchar), 5), 'main',
    timestamp '2026-10-18' + to_minutes(5 * s),
    (0.1 + w % 40 / 10) * (1 + 0.5 * sin(s * 2 * pi() / 288) + 0.3 * (hash(w, s) % 1000 / 1000)),
    (0.5 + w % 16) * (0.8 + 0.2 * (hash(s, w) % 1000 / 1000)), w
from range(14 * 288) as t(s), range($workloads) as u(w);
insert into usage.container (
    source, cluster, namespace, pod, container, owner_kind, owner, cpu_request_cores,
    ram_request_gib, ram_limit_gib, seen_at
)
select
    'k8s', 'prod', 'team-' || w % 50,
    'model-' || w || '-' || left(md5(w::varchar), 9) || '-' || right(md5(w::varchar), 5), 'main',
    'Deployment', 'model-' || w, 2 * (0.1 + w % 40 / 10), 2 * (0.5 + w % 16), 2 * (0.5 + w % 16),
    timestamp '2026-11-01'
from range($workloads) as u(w);
