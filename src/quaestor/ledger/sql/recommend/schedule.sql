-- What has nothing to do at the same hours of every week, and could be stopped then.
--
-- grain     one row per endpoint, and per workload of a cluster that is not production
-- input     ledger.idle_bin, whose parameters say what is idle and whose environments are looked at
-- method    idle hours of the week that follow each other, also from Sunday to Monday, are one stop
--           of at least $least_stop_hours hours; together they are at least $least_hours hours a
--           week. Production is not stopped, unless $production; what nobody says to be one or the
--           other, cannot be judged. What is idle all week needs no schedule, but to go. Times are
--           UTC
-- money     its cost a month by the stopped part of a week, of its instances or cores where those of
--           every hour are known (what scales by itself costs less at night), else of its hours:
--           bill of its resource or its pods' part of machines, at its effective rate
-- param     least_stop_hours = 3: hours that a stop takes at least, as a start takes its time
-- param     least_hours = 20: stopped hours a week below which there is no advice
-- param     production = false: whether what is in production may be stopped, too
-- param     environments = ["dev", "development", "test", "testing", "qa", "staging", "stage", "sandbox", "experiment", "experimentation", "non-production", "nonprod"]: environments
--            that may be stopped
-- source    AWS, Instance Scheduler; KEDA, cron scaler
-- rows from usage.endpoint, ledger.pod_day
with last_day as (
    select max(until) as until from ledger.resource_rate
),
held as (
    select
        p.cluster, p.allocated_to, any_value(d.until) - min(p.day) + 1 as days,
        case when count(distinct lower(p.environment)) = 1 and count(p.environment) = count(*)
            then min(p.environment) end as environment,
        case when count(*) = count(p.cost) then sum(p.cost) end as cost,
        arg_max(p.machine, p.part) as machine,
        case when count(distinct p.team) = 1 then min(p.team) end as team,
        case when count(distinct p.model) = 1 then min(p.model) end as model
    from ledger.pod_day as p
    cross join last_day as d
    where p.pod is not null and p.day between d.until - 29 and d.until
    group by p.cluster, p.allocated_to
),
running as (
    select
        concat_ws('/', 'workload', cluster, namespace, owner_kind, owner) as subject,
        min(source) as source, min(cluster) as cluster, min(namespace) as namespace,
        min(owner_kind) as owner_kind, min(owner) as owner,
        count(*) filter (phase = 'Running') as pods
    from usage.pod
    where owner_kind in ('Deployment', 'StatefulSet', 'Rollout') and owner is not null
    group by cluster, namespace, owner_kind, owner
),
machine as (
    select split_key, min(resource_id) as resource_id
    from ledger.lineage where kind = 'node'
    group by split_key
),
object as (
    select
        'endpoint/' || source || '/' || endpoint as subject, source, endpoint as name, kind,
        environment, scales_to_zero, autoscaler, instances, instance_type, cost_per_month, team,
        model, model_version, resource_id, saves_on, inside, committed_ratio, tags, told_by,
        case when kind in ('deployment', 'statefulset', 'rollout') then kind end as scaled_kind,
        split_part(endpoint, '/', -3) as namespace, split_part(endpoint, '/', -1) as short_name,
        regexp_matches(lower(kind), 'serverless|published|provisioned')
            or instances = 0 as costs_nothing,
        coalesce(cost_basis = 'list', false) as is_by_list
    from ledger.endpoint_rate
    union all
    select
        r.subject, r.source, concat_ws('/', r.cluster, r.namespace, r.owner_kind, r.owner),
        lower(r.owner_kind), lower(h.environment), null, null, nullif(r.pods, 0), null,
        money_estimate(h.cost::double * 730 / (24 * h.days)), h.team, h.model, null, null,
        r.subject, coalesce(m.resource_id, h.machine), null, null, r.source,
        lower(r.owner_kind), r.namespace, r.owner, false, false
    from running as r
    join held as h
        on h.cluster = r.cluster and h.allocated_to = r.namespace || '/' || r.owner
        and list_contains($environments, lower(h.environment))
    left join machine as m on m.split_key = h.machine
    where not exists (
        select 1 from usage.endpoint as e where 'workload/' || e.endpoint = r.subject
    )
),
-- Two weeks in a row, so that a stop may go from Sunday to Monday.
bin as (
    select subject, bin, is_idle from ledger.idle_bin
    union all
    select subject, bin + 168, is_idle from ledger.idle_bin
),
idle_run as (
    select
        subject, min(bin) as starts, count(*) as hours
    from (
        select subject, bin, bin - row_number() over (partition by subject order by bin) as island
        from bin where is_idle
    )
    group by subject, island
),
stop as (
    select subject, starts % 168 as starts, hours
    from idle_run
    where hours >= $least_stop_hours and hours < 168
        -- Of the two that are the same, the one that is whole: it neither began before the first
        -- nor ends after the second week.
        and starts > 0 and starts + hours < 336
    qualify row_number() over (partition by subject, starts % 168 order by starts) = 1
),
whole as (
    select subject, count(*) filter (is_idle) as idle, sum(seen) as seen, count(*) as bins
    from ledger.idle_bin group by subject
),
-- What part of a week's instances, or of the cores asked for, the stops are.
sized as (
    select
        b.subject, sum(exact(b.size)) filter (s.bin is not null)::double
            / sum(exact(b.size))::double as ratio
    from ledger.idle_bin as b
    left join (
        select distinct subject, unnest(range(starts, starts + hours)) % 168 as bin from stop
    ) as s on s.subject = b.subject and s.bin = b.bin
    group by b.subject
    having count(*) = 168 and count(b.size) = 168 and sum(b.size) > 0
),
timed as (
    select
        subject, hours, starts, starts // 24 as day, starts % 24 as hour,
        (starts + hours) % 168 // 24 as end_day, (starts + hours) % 24 as end_hour
    from stop
),
-- Stops of the same hours on days that follow each other are said in one.
alike as (
    select
        subject, hours, hour, end_hour, end_day, day,
        day - row_number() over (partition by subject, hour, hours order by day) as island
    from timed
),
said as (
    select
        subject, min(day) as day, min(hour) as hour,
        case when hours < 24
            then ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][min(day) + 1]
                || case when count(*) > 1
                    then '-' || ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][max(day) + 1]
                    else '' end
                || format(' {:02d}:00-{:02d}:00', min(hour), min(end_hour))
            else format(
                '{} {:02d}:00 - {} {:02d}:00',
                ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][min(day) + 1], min(hour),
                ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][min(end_day) + 1], min(end_hour)
            )
        end as words
    from alike
    group by subject, hours, hour, case when hours < 24 then island else day + 100 end
),
cron as (
    select
        subject, what, hour,
        string_agg(distinct (day + 1)::varchar, ',' order by (day + 1)::varchar) as days
    from (
        select subject, 'stop' as what, hour, day from timed
        union all
        select subject, 'start', end_hour, end_day from timed
    )
    group by subject, what, hour
),
planned as (
    select
        s.subject, sum(s.hours) as hours,
        (select string_agg(words, ', ' order by day, hour) from said where subject = s.subject)
            as words
    from stop as s
    group by s.subject
),
judged as (
    select
        o.*, p.hours, p.words, coalesce(z.ratio, p.hours / 168) as stopped_ratio, w.idle, w.seen, w.bins,
        case
            when o.costs_nothing then 'nothing'
            when o.scales_to_zero and o.autoscaler is not null then 'scales'
            when not $production
                and o.environment in ('production', 'prod', 'live') then 'production'
            when not $production and o.environment is null then 'whose'
            when not $production and not list_contains($environments, o.environment)
                then 'other'
            when w.subject is null then 'unmeasured'
            when w.idle = 168 then 'always'
            when coalesce(p.hours, 0) >= $least_hours then 'advise'
            when w.seen < 0.9 * 336 then 'gaps'
            else 'busy'
        end as state
    from object as o
    left join planned as p on p.subject = o.subject
    left join whole as w on w.subject = o.subject
    left join sized as z on z.subject = o.subject
),
commanded as (
    select
        j.*,
        (
            select string_agg(
                '0 ' || c.hour || ' * * ' || c.days || ' kubectl scale ' || j.scaled_kind || ' '
                || replace(shell_quoted(j.short_name), '%', '\%') || ' -n '
                || replace(shell_quoted(j.namespace), '%', '\%') || ' --replicas='
                || case c.what when 'stop' then 0 else j.instances end,
                chr(10) order by c.what desc, c.days, c.hour
            )
            from cron as c where c.subject = j.subject
        ) as lines
    from judged as j
)
select
    subject, source, name,
    case when state = 'advise' then 'advise'
        when state in ('whose', 'unmeasured', 'gaps') then 'cannot-say' else 'clean' end as answer,
    case state
        when 'nothing' then 'it has no instances that could be stopped'
        when 'scales' then 'it scales to zero by itself'
        when 'production' then 'it is in production'
        when 'whose' then 'nobody says whether it is in production'
        when 'other' then 'its environment (' || environment || ') is none that may be stopped'
        when 'unmeasured' then 'nobody tells in which hours it has nothing to do'
        when 'always' then 'it has nothing to do in any hour of the week: that is no schedule'
        when 'gaps' then 'its use is known of ' || seen || ' of the last 336 hours'
        when 'busy' then 'it has nothing to do in ' || coalesce(hours, 0)
            || ' hours of the week that could be a stop'
        else 'it had nothing to do in the same ' || hours || ' hours of both weeks'
    end as reason,
    case when state = 'advise' then 'schedule' end as action,
    nullif(concat_ws(' x ', instances, instance_type), '') as current,
    case when state = 'advise' then 'stopped ' || words || ' (UTC)' end as proposed,
    cost_per_month,
    case when state = 'advise' then money_estimate(cost_per_month::double * stopped_ratio) end
        as saving_per_month,
    case when state = 'advise' and cost_per_month is not null
        then case when is_by_list then 'list' else 'effective rate' end end as saving_basis,
    case when state = 'advise' then 'medium' end as confidence,
    case when state = 'advise'
        then 'Times are UTC. Two weeks are not every week: holidays, releases and a change of the clocks shift '
            || 'its hours, and who comes early waits for it to start.'
            || case when inside is not null then ' Its machine is paid for until it goes, too.'
                else '' end end as risk,
    to_json({
        idle_hours_of_week: idle, hours_seen: seen, stopped_hours_of_week: hours,
        stopped_ratio: stopped_ratio,
        environment: environment, stops: words
    })::varchar as evidence,
    case when state = 'advise' and scaled_kind is not null and instances > 0 then lines end
        as command,
    team, model, model_version, environment, resource_id, saves_on, inside, committed_ratio, tags
from commanded
