-- Models whose data costs much to move: between zones, through NAT gateways, out of the cloud.
--
-- grain     one row per model, and per team of what is no model's, that has charges for data transfer
--           or NAT gateways; and one for what is nobody's
-- input     the last complete day of the bill is the present (ledger.billed_day)
-- method    dear: in the last $days days its transfer cost $ratio of all that it cost, and $amount
--           of the reporting currency a month. The kinds are those of its resources' charges, by
--           their meters; the dearest kind says what to do. What of it can be avoided nobody knows
--           beforehand, so that no saving is stated
-- money     effective cost, by the rate of those days, a month of 730 hours
-- param     days = 30: how many days of the bill are looked at
-- param     ratio = 0.1: the part of a model's cost from which its transfer counts as dear
-- param     amount = 50: what transfer must cost a month, in the reporting currency
-- source    Amazon VPC pricing; Google Cloud, "Network pricing"; ledger.part, is_transfer
-- rows from ledger.part
with last_day as (
    select coalesce(max(day) filter (complete), max(day)) as until from ledger.billed_day
),
part as (
    select
        p.source, p.day, p.resource_id, p.effective_cost, p.model, p.team,
        case when p.model is not null then 'model/' || p.model
            when p.team is not null then 'team/' || p.team else 'nobody' end as heading,
        p.is_transfer or coalesce(
            regexp_matches(p.resource_id, 'natgateway/|(^|/)nat-[0-9a-f]+$'), false
        ) as is_moved
    from ledger.part as p
    cross join last_day as d
    where p.day <= d.until and p.day > d.until - $days::integer
),
model as (
    select
        heading, any_value(model) as model, min(source) as source,
        case when count(distinct team) = 1 then min(team) end as team,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost,
        case when count(*) = count(effective_cost)
            then sum(effective_cost) filter (is_moved) end as transfer_cost,
        count(distinct day) as days,
        arg_max(resource_id, effective_cost) filter (is_moved) as resource_id
    from part
    group by heading
    having bool_or(is_moved)
),
-- What kind of transfer the resources of a model are charged for.
kind as (
    select
        p.heading,
        case
            when regexp_matches(c.meter, 'nat ?gateway|cloud nat') then 'NAT gateway'
            when regexp_matches(c.meter, 'regional-bytes|inter.?zone|availability zone|intra-region')
                then 'between zones'
            when regexp_matches(c.meter, 'inter.?region|aws-(in|out)-bytes|inter.?continent')
                then 'between regions'
            when regexp_matches(c.meter, 'out|egress|internet') then 'to the internet'
            else 'other'
        end as kind,
        sum(c.cost) as cost
    from (select distinct heading, resource_id from part where is_moved) as p
    join (
        select
            c.ResourceId as resource_id,
            lower(concat_ws(' ', c.SkuMeter, c.ChargeDescription)) as meter,
            money_at_rate(c.EffectiveCost, c.x_billing_currency_rate)::double as cost
        from focus.charge as c
        cross join last_day as d
        where c.ChargePeriodStart < d.until + interval 1 day
            and c.ChargePeriodStart >= d.until - ($days - 1)::integer
            and regexp_matches(
                lower(concat_ws(' ', c.SkuMeter, c.ChargeDescription)),
                'transfer|egress|-bytes|nat ?gateway|inter.?zone|inter.?region'
            )
    ) as c on c.resource_id = p.resource_id
    group by all
),
dearest as (
    select
        heading, arg_max(kind, cost) as kind,
        map_from_entries(list({'key': kind, 'value': round(cost, 2)} order by cost desc)) as kinds
    from kind group by heading
),
sent as (
    select p.model, sum(p.network_gib) as gib
    from ledger.pod_day as p
    cross join last_day as d
    where p.model is not null and p.day <= d.until and p.day > d.until - $days::integer
    group by p.model
),
judged as (
    select
        m.*, k.kind, k.kinds, s.gib,
        m.transfer_cost::double / nullif(m.cost::double, 0) as ratio,
        money_estimate(m.transfer_cost::double * 730 / (24 * m.days)) as transfer_per_month,
        case
            when m.transfer_cost is null then 'cannot-say'
            when m.transfer_cost::double < m.cost::double * $ratio then 'clean'
            when m.transfer_cost::double * 730 / (24 * m.days) < $amount then 'clean'
            else 'advise'
        end as answer
    from model as m
    left join dearest as k on k.heading = m.heading
    left join sent as s on s.model = m.model
)
select
    'network/' || heading as subject, source, split_part(heading, '/', -1) as name, answer,
    case
        when answer = 'cannot-say' then 'a charge of it has no exchange rate'
        -- Of what costs nothing in all there is no part.
        else 'data transfer is ' || coalesce(round(100 * ratio, 1) || ' % of its cost, ', '')
            || coalesce(format('{:,.2f}', transfer_per_month::double), 'an unknown sum')
            || ' a month'
            || coalesce(', most of it ' || kind, '')
    end as reason,
    case when answer = 'advise' then 'keep-near' end as action,
    coalesce(kind, 'data transfer') as current,
    case
        when answer <> 'advise' then null
        when kind = 'NAT gateway' then 'VPC endpoints for the object store and the image registry'
        when kind = 'between zones'
            then 'callers and replicas in one zone (topology-aware routing), or compressed answers'
        when kind = 'between regions' then 'the model, or its data, in the region of its callers'
        else 'compressed answers, a private path, or a cache near the callers'
    end as proposed,
    transfer_per_month as cost_per_month,
    null::decimal(38, 20) as saving_per_month, null::varchar as saving_basis,
    case when answer = 'advise' then case when kind is null then 'low' else 'medium' end end
        as confidence,
    case when answer = 'advise' then case kind
        when 'between zones' then 'All replicas in one zone fall with it: keep a second one ready.'
        else 'What is moved may be needed there: measure a week before and after.' end end as risk,
    to_json({
        transfer_cost: transfer_cost, cost: cost, days: days, kinds: kinds, sent_gib: gib
    })::varchar as evidence,
    case when answer = 'advise' and kind = 'between zones'
        then 'kubectl annotate service SERVICE service.kubernetes.io/topology-mode=Auto'
        when answer = 'advise' and kind = 'NAT gateway'
        then 'aws ec2 create-vpc-endpoint --vpc-id VPC --service-name com.amazonaws.REGION.s3 '
            || '--route-table-ids TABLE'
    end as command,
    team, model, null::varchar as model_version, null::varchar as environment, resource_id,
    'network/' || heading as saves_on, null::varchar as inside, null::double as committed_ratio,
    null::varchar as tags
from judged
