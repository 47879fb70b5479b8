-- What GPUs did on a day by samples taken on their hosts, by the job that had them.
--
-- grain     one row per day, source, host, GPU model and job that the samples name
-- hours     hours     a GPU's hour with a sample in it, a whole one; the rest of it is a gap
--           observed  samples of the hour with a ratio, out of the most that any GPU of the
--                     source has in an hour of that day
--           used      observed x the ratio; low: observed with a ratio under 0.05
-- method    samples of one GPU at one moment count once, by their mean: several tools may watch
--           one host. A ratio outside [0, 1] is unobserved. A GPU is its UUID, else its index; a
--           host whose samples tell neither has one. An hour without a sample of any GPU of its
--           host is not known to be paid for
-- rounding  hours to a billionth
-- source    NVML, nvmlUtilization_t: "Percent of time over the past sample period during which
--           one or more kernels was executing"
with sample as (
    select
        source, host, coalesce(gpu_uuid, gpu_index::varchar, '') as gpu, sampled_at,
        min(gpu_model) as gpu_model, min(job) as job,
        avg(case when gpu_util_ratio between 0 and 1 then gpu_util_ratio end) as ratio
    from usage.gpu_sample
    where sampled_at::date in (select day from ledger.stale_day)
    group by source, host, coalesce(gpu_uuid, gpu_index::varchar, ''), sampled_at
),
worked as (
    select
        source, sampled_at::date as day, date_trunc('hour', sampled_at) as hour, host, gpu, job,
        min(gpu_model) as gpu_model, count(*) as samples, count(ratio) as observed,
        sum(ratio::decimal(18, 17)) as used,
        count(*) filter (where ratio < 0.05) as low
    from sample
    group by
        source, sampled_at::date, date_trunc('hour', sampled_at), host, gpu, job
),
gpu_hour as (
    select source, day, hour, host, gpu, sum(samples) as samples
    from worked
    group by source, day, hour, host, gpu
),
most as (
    select source, day, max(samples) as samples from gpu_hour group by source, day
),
summed as (
    select
        w.day, w.source, w.host, w.gpu_model, w.job,
        sum((w.samples::double / g.samples)::decimal(18, 9)) as hours,
        (sum(w.observed)::double / min(m.samples))::decimal(38, 9) as observed,
        (coalesce(sum(w.used), 0)::double / min(m.samples))::decimal(38, 9) as used,
        (sum(w.low)::double / min(m.samples))::decimal(38, 9) as low
    from worked as w
    join gpu_hour as g
        on g.source = w.source and g.host = w.host and g.gpu = w.gpu and g.hour = w.hour
    join most as m on m.source = w.source and m.day = w.day
    group by w.day, w.source, w.host, w.gpu_model, w.job
)
select
    day, source, host, gpu_model, job, hours::decimal(38, 9) as hours,
    least(observed, hours)::decimal(38, 9) as observed_hours,
    least(used, observed, hours)::decimal(38, 9) as used_hours,
    least(low, observed, hours)::decimal(38, 9) as low_hours
from summed
