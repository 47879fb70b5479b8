-- What the containers that serve in the GPU cluster used, every five minutes of two weeks.
--
-- grain     one row per container and sample
-- method    as their pods' hours: busy by day, half by night; most ask for what they use at
--           their busiest, one for three times as much
-- source    invented
select
    c.cluster, c.namespace, c.owner as workload, c.pod, c.container, s.sampled_at,
    round(
        c.cpu_request_cores * case when c.owner = $oversized_container then 0.28 else 0.97 end
        * case when hour(s.sampled_at) between 6 and 21 then 1.0 else 0.5 end
        * (0.9 + vary(c.pod || s.sampled_at) / 10), 4
    )::double as cpu_used_cores,
    round(
        c.ram_request_gib * case when c.owner = $oversized_container then 0.3 else 0.85 end
        * (0.95 + vary(s.sampled_at || c.pod) / 20), 4
    )::double as ram_used_gib
from estate.containers as c
cross join (
    select unnest(generate_series(
        $last_day::timestamp - interval 13 day, $last_day::timestamp + interval '23 hours 55 minutes',
        interval 5 minute
    )) as sampled_at
) as s
order by s.sampled_at, c.pod
