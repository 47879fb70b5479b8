-- What to change, and what of its saving counts towards the total.
--
-- grain     one row per advice in ledger.assessment
-- money     reporting currency a month of 730 hours; null where no price is known, never zero.
--           saving_per_month is what its kind says, by itself; counted_saving_per_month its part of
--           the total. Advice to raise saves less than nothing, and counts as that: a total that
--           left it out would promise too much
-- method    of advice about one thing (saves_on) only the largest saving counts; of equal ones the
--           surer, then the kind first in the alphabet. Nothing saves more than the thing costs:
--           what the bill says (ledger.resource_rate), else what was said of it when it was looked
--           at. Of a thing and what is inside it (inside: a pod's machine), the better counts: the
--           advice on the whole, or all on its parts together; these never come to more than the
--           whole costs, and are scaled down to it where they do
--           What is said to be inside several things is inside the first by the alphabet, what is
--           inside itself inside nothing: `inside` is what it was counted by
--           stranded: of a saving the part that commitments cover (committed_ratio of the thing, or
--           of what it is inside) is paid all the same, unless other use can take it up. What could
--           is use at standard prices of the same provider, service and region, less what advice
--           that counts takes off it; none where commitments there stand unused already (over
--           $unused of their cost in the last 30 days of the bill). Those who would leave
--           commitments unused share what is taken up evenly, by their sums. Commitments cost less
--           than the use that they take up, so that this is rather too careful
--           a commitment to buy (on-demand/provider/service/region) saves only on use that is still
--           there once the other advice is followed; what of its use goes counts off its saving
-- rounding  what is scaled down or stranded goes to a ten-thousandth, to the side of saving less
-- param     few_days = 7: days with charges below which a saving by the bill is of low confidence;
--            of a job that runs they are its life, and its hours are known
-- param     unused = 0.01: part of their cost up to which commitments count as used throughout
-- rows from ledger.assessment
with recursive advice as (
    select
        a.* replace (
            case when f.is_little then 'low' else a.confidence end as confidence,
            case when f.is_little then coalesce(a.risk || ' ', '') || 'What it costs is known of '
                || f.days || case when f.days = 1 then ' day only.' else ' days only.' end
                else a.risk end as risk
        ),
        left(sha256(a.kind || ':' || a.subject), 16) as recommendation,
        coalesce(a.saves_on, 'advice/' || a.kind || '/' || a.subject) as thing
    from ledger.assessment as a
    left join (
        select resource_id, days, days < $few_days as is_little from ledger.resource_rate
    ) as f
        on f.resource_id = a.resource_id and a.saving_per_month is not null
        and a.saving_basis <> 'list' and a.kind <> 'runaway_training'
    where a.answer = 'advise'
),
-- Everything that was looked at, whatever came of it, and what it is inside.
named as (
    select
        coalesce(saves_on, 'advice/' || kind || '/' || subject) as thing,
        min(inside) filter (inside is distinct from saves_on) as larger,
        max(cost_per_month) as cost, max(committed_ratio) as committed_ratio
    from ledger.assessment
    group by all
),
-- A container, and a workload's part of a machine, are inside the workload where that was looked
-- at as a whole: what stops it stops them.
nested as (
    select n.* replace (coalesce(w.thing, n.larger) as larger)
    from named as n
    left join named as w
        on split_part(n.thing, '/', 1) in ('container', 'workload')
        and w.thing = 'workload/' || array_to_string(string_split(n.thing, '/')[2:-2], '/')
),
thing as (
    select
        n.thing, n.larger,
        case when coalesce(r.cost_per_month, n.cost) is not null
            then greatest(coalesce(r.cost_per_month, n.cost), 0) end as cost,
        coalesce(r.committed_ratio, n.committed_ratio) as committed_ratio,
        r.resource_id is not null as is_billed, r.provider, r.service, r.region
    from (
        from nested
        union all by name
        select distinct larger as thing
        from nested
        where larger is not null and larger not in (select thing from named)
    ) as n
    left join ledger.resource_rate as r on r.resource_id = n.thing
),
-- What each thing is inside of, at whatever distance; of things inside each other nothing is.
path as (
    select thing, thing as larger, 0 as distance, [thing] as seen from thing
    union all
    select p.thing, t.larger, p.distance + 1, list_append(p.seen, t.larger)
    from path as p
    join thing as t on t.thing = p.larger
    where t.larger is not null and not list_contains(p.seen, t.larger)
),
circular as (
    select distinct p.thing
    from path as p
    join thing as t on t.thing = p.larger
    where t.larger = p.thing
),
node as (
    select
        t.* replace (case when c.thing is null then t.larger end as larger)
    from thing as t
    left join circular as c on c.thing = t.thing
),
-- Only paths that no circle is part of.
above as (
    select p.thing, p.larger, p.distance
    from path as p
    where not exists (
        from circular as c where list_contains(list_slice(p.seen, 1, -2), c.thing)
    )
),
ranked as (
    select
        *,
        row_number() over (
            partition by thing
            order by
                saving_per_month desc nulls last,
                list_position(['high', 'medium', 'low'], confidence), kind, subject
        ) as place
    from advice
),
best as (
    select
        r.thing, r.recommendation,
        case when r.saving_per_month > 0 and n.cost < r.saving_per_month then n.cost
            else r.saving_per_month end as saving
    from ranked as r
    join node as n on n.thing = r.thing
    where r.place = 1 and r.saving_per_month is not null
),
level as (
    select larger as thing, max(distance) as level from above group by larger
),
-- What each thing and all inside it save, from the smallest things up.
worth as (
    select
        n.thing, n.larger, n.cost, l.level, 0 as step, b.saving as own,
        null::decimal(38, 20) as parts, case when l.level = 0 then b.saving end as saving
    from node as n
    join level as l on l.thing = n.thing
    left join best as b on b.thing = n.thing
    union all
    select
        w.thing, w.larger, w.cost, w.level, w.step + 1, w.own,
        case when w.level = w.step + 1 then p.parts else w.parts end,
        case
            when w.level <> w.step + 1 then w.saving
            when p.parts is null then w.own
            when w.own >= p.parts or w.own >= w.cost then w.own
            when p.parts > w.cost then w.cost
            else p.parts
        end
    from worth as w
    left join (
        select larger, sum(saving)::decimal(38, 20) as parts from worth group by larger
    ) as p on p.larger = w.thing
    where w.step < (select max(level) from level)
),
weighed as (
    select
        *,
        coalesce(own is not null and (parts is null or own >= parts or own >= cost), false)
            as is_whole,
        case when parts > cost then cost::double / parts::double else 1 end as scale
    from worth
    where step = (select max(level) from level)
),
-- The largest thing around each whose own advice counts, and how far its parts are scaled down.
around as (
    select
        a.thing,
        arg_max(a.larger, a.distance) filter (w.is_whole and a.distance > 0) as whole,
        bool_or(w.is_whole and a.distance = 0) as is_whole,
        product(case when a.distance > 0 then w.scale else 1 end) as scale,
        arg_min(t.committed_ratio, a.distance) filter (t.committed_ratio is not null)
            as committed_ratio,
        arg_min({provider: t.provider, service: t.service, region: t.region}, a.distance)
            filter (t.is_billed) as pool
    from above as a
    join weighed as w on w.thing = a.larger
    join node as t on t.thing = a.larger
    group by a.thing
),
counted as (
    select
        b.thing, b.recommendation, a.pool, a.committed_ratio,
        case when a.scale < 1
            -- A millionth of a millionth less: rounding of doubles makes no sum exceed its whole.
            then (floor(b.saving::double * a.scale * 0.999999999999 * 10000) / 10000)
                ::decimal(22, 4)::decimal(38, 20)
            else b.saving end as saving
    from best as b
    join around as a on a.thing = b.thing
    where a.is_whole and a.whole is null
),
at_risk as (
    select
        *,
        greatest(saving::double, 0) * coalesce(committed_ratio, 0) as committed,
        greatest(saving::double, 0) * (1 - coalesce(committed_ratio, 0)) as uncommitted
    from counted
),
-- What commitments that stand unused are for: what they cover, and what they are billed under.
committed as (
    select
        CommitmentDiscountId as commitment, coalesce(ServiceProviderName, ProviderName) as provider,
        ServiceName as service, RegionId as region, sum(EffectiveCost) as cost,
        coalesce(sum(EffectiveCost) filter (CommitmentDiscountStatus = 'Unused'), 0) as unused
    from focus.charge
    where CommitmentDiscountStatus in ('Used', 'Unused') and ChargeCategory = 'Usage'
        and ChargePeriodStart >= (select max(until) - 29 from ledger.resource_rate)
    group by all
),
idle_commitment as (
    select distinct provider, service, region, true as is_idle
    from (
        from committed
        qualify sum(unused) over (partition by commitment)
            > $unused * sum(cost) over (partition by commitment)
    )
),
takes_up as (
    select
        {provider: r.provider, service: r.service, region: r.region} as pool,
        case when bool_or(i.is_idle) then 0
            else sum(exact(r.cost_per_month::double * r.standard_cost::double
                / nullif(r.effective_cost::double, 0)))::double
            end as standard
    from ledger.resource_rate as r
    left join idle_commitment as i
        on i.provider is not distinct from r.provider
        and i.service is not distinct from r.service
        and (i.region is null or i.region is not distinct from r.region)
    where r.standard_cost > 0
    group by all
),
pool as (
    select
        r.pool, r.uncommitted,
        least(r.committed, greatest(0, coalesce(t.standard, 0) - r.uncommitted)) as taken_up,
        case when r.committed > 0
            then greatest(0, 1 - greatest(0, coalesce(t.standard, 0) - r.uncommitted) / r.committed)
            else 0 end as stranded_ratio
    from (
        select
            pool, sum(exact(committed))::double as committed,
            sum(exact(uncommitted))::double as uncommitted
        from at_risk where pool is not null group by pool
    ) as r
    left join takes_up as t on t.pool = r.pool
),
-- Of what a commitment to buy would cover, the part that is still there.
kept as (
    select
        c.thing,
        greatest(0, 1 - coalesce(p.uncommitted + p.taken_up, 0)
            / nullif(n.cost::double, 0)) as ratio
    from counted as c
    join node as n on n.thing = c.thing
    join pool as p
        on replace(c.thing, '/Compute Engine GPUs/', '/Compute Engine/')
            = 'on-demand/' || coalesce(p.pool.provider, '') || '/'
            || coalesce(p.pool.service, '') || '/' || coalesce(p.pool.region, '')
),
settled as (
    select
        r.recommendation, r.thing, r.saving,
        case when r.committed > 0
            then least(
                r.saving,
                (ceil(r.committed * coalesce(p.stranded_ratio, 1) * 10000) / 10000)
                    ::decimal(22, 4)::decimal(38, 20)
            ) else 0::decimal(38, 20) end as stranded,
        coalesce(k.ratio, 1) as kept
    from at_risk as r
    left join pool as p on p.pool = r.pool
    left join kept as k on k.thing = r.thing
),
-- What counts in place of a whole that does not: the largest saving inside it.
instead as (
    select a.larger as thing, arg_max(s.recommendation, (s.saving, s.recommendation)) as other
    from settled as s
    join above as a on a.thing = s.thing and a.distance > 0
    group by a.larger
)
select
    r.subject, r.action, r.kind, r.current, r.proposed, r.saving_per_month, r.saving_basis,
    r.confidence, r.risk, r.evidence, r.command, r.recommendation, r.source, r.name, r.reason,
    r.cost_per_month,
    case
        when s.recommendation is not null and s.kept < 1
            then (floor((s.saving - s.stranded)::double * s.kept * 10000) / 10000)
                ::decimal(22, 4)::decimal(38, 20)
        when s.recommendation is not null then s.saving - s.stranded
        when r.saving_per_month is not null then 0
    end::decimal(38, 20) as counted_saving_per_month,
    s.stranded::decimal(38, 20) as stranded_per_month,
    case
        when r.saving_per_month is null then 'unpriced'
        when s.recommendation is not null then 'best'
        when a.whole is not null or not a.is_whole then 'inside'
        else 'alternative'
    end as counts_because,
    case
        when r.saving_per_month is null or s.recommendation is not null then null
        when a.whole is not null then w.recommendation
        when not a.is_whole then i.other
        else b.recommendation
    end as instead_of,
    r.team, r.model, r.model_version, r.environment, r.resource_id, r.saves_on,
    n.larger as inside, r.tags, r.kind = 'runaway_training' as may_end
from ranked as r
join node as n on n.thing = r.thing
join around as a on a.thing = r.thing
left join settled as s on s.recommendation = r.recommendation
left join best as b on b.thing = r.thing
left join best as w on w.thing = a.whole
left join instead as i on i.thing = r.thing
