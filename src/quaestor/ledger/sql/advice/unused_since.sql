-- Since when every look at a thing found it unused.
--
-- grain     one row per source and thing that was unused when it was last seen
-- method    looks count back to the last one that found it used. One that says nothing of it does
--           not count, and of several on one day only one does: what is used once a day is used.
--           A thing that was made anew under its name is judged by when it was made, not here
-- rows from usage.look
with told as (
    select source, thing, seen_at, is_unused
    from usage.look
    where is_unused is not null
),
used as (
    select source, thing, max(seen_at) as used_at
    from told where not is_unused
    group by source, thing
)
select
    t.source, t.thing, min(t.seen_at) as unused_since, max(t.seen_at) as seen_at,
    count(distinct t.seen_at::date)::integer as days_seen
from told as t
left join used as u on u.source = t.source and u.thing = t.thing
where t.is_unused and t.seen_at > coalesce(u.used_at, '-infinity'::timestamp)
group by t.source, t.thing
