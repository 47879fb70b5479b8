-- How much of what every resource of the estate used.
--
-- grain     one row per resource and day; GPU nodes per hour, as a cluster's bill is looked at
-- method    flat: as much every day; weekday: a third on weekends and 10 % of variation; weekly:
--           a week's worth on one day; growing: 0.3 % more each week. Variation comes from a
--           hash of resource and day, so that every build gives the same bytes. Planted: more
--           machines under a new version; tokens that were metered twice until it was corrected
-- source    invented; node prices in data/kinds.csv are AWS's public ones of April 2024
with day as (
    select unnest(generate_series($first_day::date, $last_day::date, interval 1 day))::date as day
),
used as (
    select
        r.*, d.day,
        vary(coalesce(r.name, r.kind) || r.kind || d.day) as chance,
        dayofweek(d.day) in (0, 6) as is_weekend,
        datediff('day', $first_day::date, d.day) // 7 as week
    from estate.resource as r
    join day as d on d.day >= coalesce(r.starts, $first_day::date)
        and d.day <= coalesce(r.ends, $last_day::date)
),
daily as (
    select
        kind, name, model, team, environment, stage, null::varchar as resource_id,
        day::timestamp as starts_at, (day + interval 1 day)::timestamp as ends_at,
        round(per_day * case
            when kind = $twice_kind and name = $twice_name and day = $twice_on
                and $last_day::date < $corrected_on::date then 2
            when name = $rolled_endpoint and day >= $rolled_on::date then $rolled_growth
            else 1
        end * case shape
            when 'weekday' then (case when is_weekend then 0.35 else 1.0 end) * (0.95 + chance / 10)
            when 'weekly' then case
                when dayofweek(day) = 1 + md5_number_lower(coalesce(name, kind)) % 5 then 6.5 + chance else 0.0 end
            when 'growing' then 1 + 0.003 * week
            else 1.0
        end, 4)::decimal(18, 4) as quantity
    from used
),
hourly as (
    select
        'ec2-' || n.instance_type as kind, n.node as name, n.model, n.team,
        'production' as environment,
        case when n.gpus = 8 then 'training' else 'inference' end as stage,
        n.provider_id as resource_id,
        d.day + to_hours(h.hour) as starts_at,
        d.day + to_hours(h.hour + 1) as ends_at,
        1::decimal(18, 4) as quantity
    from estate.node as n
    cross join day as d
    cross join (select unnest(generate_series(0, 23)) as hour) as h
)
select * from daily where quantity > 0
union all by name
select * from hourly
order by kind, name, starts_at
