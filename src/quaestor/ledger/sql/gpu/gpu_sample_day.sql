-- What GPUs did on a day by samples taken on their hosts, by the job that had them.
--
-- grain     one row per day, source, host, GPU model and job that the samples name
-- hours     hours     a GPU's hour with a sample in it, a whole one; the rest of it is a gap
--           observed  samples of the hour with a ratio, out of the most moments at which any GPU
--                     of the source was sampled in an hour of that day
--           used      observed x the ratio; low: observed with a ratio under 0.05
-- method    of two sources that watch one host on a day the first by name counts; samples of one
--           GPU at one moment count once, by their mean. A GPU is its UUID, else its index; samples
--           that tell neither are of as many GPUs as there are at one moment. A ratio outside
--           [0, 1] is unobserved. An hour without a sample is not known to be paid for
-- rounding  hours to a billionth
-- source    NVML, nvmlUtilization_t: "Percent of time over the past sample period during which
--           one or more kernels was executing"
-- rows from usage.gpu_sample
with told as (
    select host, sampled_at::date as day, min(source) as source
    from usage.gpu_sample
    where sampled_at::date in (select day from ledger.stale_day)
        and sampled_at >= (select min(day) from ledger.stale_day)
    group by host, sampled_at::date
),
sample as (
    select
        s.source, s.host, coalesce(s.gpu_uuid, s.gpu_index::varchar, '') as gpu, s.sampled_at,
        s.gpu_model, s.job,
        case when s.gpu_util_ratio between 0 and 1 then s.gpu_util_ratio end as ratio
    from usage.gpu_sample as s
    join told as t
        on t.host = s.host and t.day = s.sampled_at::date and t.source = s.source
),
-- `moment`: each counts for its GPU once, whatever the number of GPUs that have no name.
moment as (
    select
        source, host, gpu, sampled_at, min(gpu_model) as gpu_model, min(job) as job,
        1 as moment, case when count(ratio) > 0 then 1 else 0 end as observed,
        avg(ratio) as used, case when avg(ratio) < 0.05 then 1 else 0 end as low
    from sample
    where gpu <> ''
    group by source, host, gpu, sampled_at
    union all
    select
        source, host, gpu, sampled_at, gpu_model, job,
        case when row_number() over (
            partition by source, host, sampled_at order by gpu_model, job, ratio
        ) = 1 then 1 else 0 end,
        case when ratio is not null then 1 else 0 end, ratio,
        case when ratio < 0.05 then 1 else 0 end
    from sample
    where gpu = ''
),
worked as (
    select
        source, date_trunc('hour', sampled_at) as hour, host, gpu, job,
        min(gpu_model) as gpu_model, count(*) as samples, sum(moment) as moments,
        sum(observed) as observed, coalesce(sum(used::decimal(18, 17)), 0) as used,
        sum(low) as low
    from moment
    group by source, date_trunc('hour', sampled_at), host, gpu, job
),
gpu_hour as (
    select source, hour::date as day, hour, host, gpu, sum(moments) as moments
    from worked
    group by source, hour, host, gpu
),
most as (
    select source, day, max(moments) as moments from gpu_hour group by source, day
),
summed as (
    select
        w.hour::date as day, w.source, w.host, w.gpu_model, w.job,
        sum((w.samples::double / g.moments)::decimal(18, 9)) as hours,
        sum(w.observed) as observed, sum(w.used) as used, sum(w.low) as low
    from worked as w
    join gpu_hour as g
        on g.source = w.source and g.host = w.host and g.gpu = w.gpu and g.hour = w.hour
    group by w.hour::date, w.source, w.host, w.gpu_model, w.job
),
-- Only what is summed meets the days: by the source alone, every hour would meet all of a year.
told_hours as (
    select
        s.day, s.source, s.host, s.gpu_model, s.job, s.hours,
        (s.observed::double / m.moments)::decimal(38, 9) as observed,
        (s.used::double / m.moments)::decimal(38, 9) as used,
        (s.low::double / m.moments)::decimal(38, 9) as low
    from summed as s
    join most as m on m.source = s.source and m.day = s.day
)
select
    day, source, host, gpu_model, job, hours::decimal(38, 9) as hours,
    least(observed, hours)::decimal(38, 9) as observed_hours,
    least(used, observed, hours)::decimal(38, 9) as used_hours,
    least(low, observed, hours)::decimal(38, 9) as low_hours
from told_hours
