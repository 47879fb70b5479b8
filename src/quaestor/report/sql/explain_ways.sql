-- Where the money of one charge went: its parts, and whom each of them was divided among.
--
-- money     of the charge itself, in the reporting currency; NULL without a rate. `ratio` is of
--           the charge. A single charge is divided as its day's line is, so that the last digits
--           can be elsewhere than in the sums of a day
-- order     the largest part first
with charge as (
    select * from ledger.ruled_charge
    where starts_with(x_file_sha256, $sha256) and x_row = $row::bigint
),
part as (
    select
        s.allocated_to, coalesce(s.team, c.team) as team, coalesce(s.model, c.model) as model,
        case when s.day is null then c.rule else s.rule end as rule,
        coalesce(s.from_ratio, 0::decimal(19, 18)) as from_ratio,
        coalesce(s.upto_ratio, 1::decimal(19, 18)) as upto_ratio,
        c.effective_cost, c.ChargePeriodStart::date as day, c.x_source as source,
        c.ResourceId as resource_id, c.Tags as tags, c.BillingCurrency as billing_currency
    from charge as c
    left join ledger.resource_share as s
        on s.day = c.ChargePeriodStart::date and s.split_key = c.split_key
),
-- What the ledger made of the line that the charge is in, with the `shared:` rule it fell under.
matched as (
    select
        p.*, m.cost_kind, m.shared_rule, m.rule as line_rule
    from part as p
    left join (
        select distinct
            day, source, resource_id, tags, billing_currency, allocated_to, cost_kind, rule,
            shared_rule
        from ledger.shared_match
        where day in (select day from part)
    ) as m
        on m.day = p.day and m.source = p.source
        and m.resource_id is not distinct from p.resource_id
        and m.tags is not distinct from p.tags
        and m.billing_currency is not distinct from p.billing_currency
        and m.allocated_to is not distinct from p.allocated_to
),
went as (
    select
        m.allocated_to,
        case when s.rule is null then m.team else s.team end as team,
        case when s.rule is null then m.model else s.model end as model,
        case when s.rule is null then m.cost_kind else 'shared' end as cost_kind,
        case when s.rule is null then coalesce(m.line_rule, m.rule)
            else 'shared:' || s.rule end as rule,
        s.driver as shared_by,
        ((m.upto_ratio - m.from_ratio)::double
            * coalesce((s.upto_ratio - s.from_ratio)::double, 1)) as ratio,
        case when s.rule is null then money_part(m.effective_cost, m.from_ratio, m.upto_ratio)
            else money_part(
                money_part(m.effective_cost, m.from_ratio, m.upto_ratio),
                s.from_ratio, s.upto_ratio
            ) end as effective_cost
    from matched as m
    left join ledger.shared_share as s
        on s.rule = m.shared_rule and s.month = date_trunc('month', m.day)::date
)
select
    allocated_to, team, model, cost_kind, rule, shared_by, sum(ratio) as ratio,
    case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost
from went
group by all
order by ratio desc, allocated_to, team, model, rule
limit 20
