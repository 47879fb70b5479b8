-- Days on which a subject cost far more, or far less, than on the same weekday before.
--
-- grain     one row per scope (total, team, model, service), subject and day, of the last complete
--           days of the bill (`anomaly.days`, 92)
-- money     reporting currency, effective cost; subjects and days of which it is not known are
--           left out, and so is a subject's first weeks: three same weekdays are needed
-- method    expected is the median of the same weekday of the five weeks before (of an even number
--           the lower of the middle two), so it is what one of those days really cost: the
--           baseline day. A day without a charge cost nothing. It is unusual when the change is
--           above `anomaly.amount` (50), above `anomaly.change_ratio` (20 %) of what was expected,
--           and above `anomaly.deviations` (3.5) times the spread: 1.4826 times the median
--           distance of the 28 days before from what was expected of them. A change that two of
--           the three days before had already, in the same direction and at least half as large,
--           is a new level and told no more; and one that the same day of the month before had
--           (within the amount or the ratio) is a monthly charge. Only complete days
--           (ledger.billed_day)
-- source    median absolute deviation: Iglewicz and Hoaglin, "How to Detect and Handle Outliers"
--           (1993), who advise 3.5; 1.4826 makes it the standard deviation of normal noise
-- rows from ledger.spend_day
with complete as (
    select day from ledger.billed_day where complete
),
setting as (
    select
        coalesce(max(value) filter (where name = 'anomaly.days'), '92')::integer as days,
        coalesce(max(value) filter (where name = 'anomaly.amount'), '50')::decimal(38, 20)
            as amount,
        coalesce(max(value) filter (where name = 'anomaly.change_ratio'), '0.2')::double as ratio,
        coalesce(max(value) filter (where name = 'anomaly.deviations'), '3.5')::double
            as deviations,
        (select max(day) from complete) as last_day
    from config.setting
),
subject as (
    select distinct scope, subject
    from ledger.spend_day where scope in ('total', 'team', 'model', 'service')
),
series as (
    select
        s.scope, s.subject, c.day,
        case when d.day is null then 0::decimal(38, 20) else d.cost end as cost
    from subject as s
    cross join setting as x
    join complete as c on date_diff('day', c.day, x.last_day) < x.days + 70
    left join ledger.spend_day as d
        on d.scope = s.scope and d.subject = s.subject and d.day = c.day
),
aimed as (
    select scope, subject, day, cost, (day - interval 7 day)::date as baseline_day from series
    union all
    select scope, subject, day, cost, (day - interval 14 day)::date as baseline_day from series
    union all
    select scope, subject, day, cost, (day - interval 21 day)::date as baseline_day from series
    union all
    select scope, subject, day, cost, (day - interval 28 day)::date as baseline_day from series
    union all
    select scope, subject, day, cost, (day - interval 35 day)::date as baseline_day from series
),
same_weekday as (
    select
        a.scope, a.subject, a.day, a.cost, b.cost as expected,
        max(a.baseline_day) over (
            partition by a.scope, a.subject, a.day, b.cost
        ) as baseline_day,
        row_number() over (
            partition by a.scope, a.subject, a.day order by b.cost, a.baseline_day desc
        ) as position,
        count(*) over (partition by a.scope, a.subject, a.day) as weeks
    from aimed as a
    join series as b
        on b.scope = a.scope and b.subject = a.subject and b.day = a.baseline_day
    where a.cost is not null and b.cost is not null
),
told as (
    select
        scope, subject, day, baseline_day, cost, expected,
        (cost - expected)::decimal(38, 20) as change
    from same_weekday where weeks >= 3 and 2 * position in (weeks, weeks + 1)
),
large as (
    select
        t.scope, t.subject, t.day, t.baseline_day, t.cost, t.expected, t.change,
        (t.day - interval 1 month)::date as month_before, x.deviations, x.amount, x.ratio
    from told as t
    cross join setting as x
    where date_diff('day', t.day, x.last_day) < x.days
        and abs(t.change) > x.amount
        and abs(t.change)::double > x.ratio * abs(t.expected)::double
),
monthly as (
    select l.scope, l.subject, l.day
    from large as l
    join series as s on s.scope = l.scope and s.subject = l.subject and s.day = l.month_before
    left join told as t on t.scope = l.scope and t.subject = l.subject and t.day = l.month_before
    where abs(coalesce(t.change - l.change, s.cost - l.cost)) <= l.amount
        or abs(coalesce(t.change - l.change, s.cost - l.cost))::double
            <= l.ratio * abs(coalesce(l.change, l.cost))::double
),
near as (
    select
        l.scope, l.subject, l.day, b.day as day_before, abs(b.change) as distance,
        b.change * sign(l.change) >= 0 and 2 * abs(b.change) >= abs(l.change) as is_alike,
        row_number() over (
            partition by l.scope, l.subject, l.day order by abs(b.change), b.day
        ) as position,
        row_number() over (partition by l.scope, l.subject, l.day order by b.day desc) as latest,
        count(*) over (partition by l.scope, l.subject, l.day) as days
    from large as l
    join told as b
        on b.scope = l.scope and b.subject = l.subject
        and date_diff('day', b.day, l.day) between 1 and 28
),
noise as (
    select
        scope, subject, day,
        max(distance) filter (where 2 * position in (days, days + 1)) as spread,
        count(*) filter (where latest <= 3 and is_alike) as alike
    from near
    group by scope, subject, day
    having max(days) >= 7
)
select
    l.scope, l.subject, l.day, l.baseline_day, l.cost, l.expected, l.change,
    l.change::double / nullif(abs(l.expected)::double, 0) as change_ratio,
    n.spread,
    row_number() over (order by abs(l.change) desc, l.day desc, l.scope, l.subject) as place
from large as l
join noise as n on n.scope = l.scope and n.subject = l.subject and n.day = l.day
left join monthly as m on m.scope = l.scope and m.subject = l.subject and m.day = l.day
where m.day is null
    and abs(l.change)::double > l.deviations * 1.4826 * n.spread::double
    and n.alike < 2
