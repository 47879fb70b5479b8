-- How busy the GPUs of a job were, by the samples of machines that name it.
--
-- grain     one row per job (and attempt) of which no source says gpu_util_ratio and that a sample
--           names while it ran
-- method    the mean of the samples that answered; what was not sampled is unobserved, never idle.
--           A name that jobs of several sources have is nobody's, since a sample names no source
-- source    usage.gpu_sample
with sampled as (
    select job, sampled_at, gpu_util_ratio from usage.gpu_sample
    where job is not null and gpu_util_ratio is not null
),
named as (
    select job from usage.gpu_job
    where job in (select job from sampled)
    group by job having count(distinct source) = 1
)
select j.source, j.job, j.attempt, avg(s.gpu_util_ratio) as ratio, count(*)::integer as samples
from usage.gpu_job as j
join named as n on n.job = j.job
join sampled as s
    on s.job = j.job
    and s.sampled_at between j.started_at and coalesce(j.ended_at, j.seen_at)
where j.gpu_util_ratio is null
group by all
