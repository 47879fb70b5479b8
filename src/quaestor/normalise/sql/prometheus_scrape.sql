-- How often kube-state-metrics was heard in each hour: the most samples that anything has.
--
-- grain     one row per hour
-- method    what it lists all the hour long has as many samples as it was scraped; a thing with
--           fewer was there for that part of the time. An hour in which it was silent for a while
--           is judged by what was heard, since silence does not say that anything was down
select hour, max(value) as scrapes
from prometheus_fact
where kind in ('node_info', 'pod_info')
group by hour
