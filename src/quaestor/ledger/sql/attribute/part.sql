-- Whose every charge line is, once clusters are divided among those who used them.
--
-- grain     one row per charge line (ledger.line) and part of it; a line that nothing divides is
--           one row
-- money     as ledger.cost
-- rounding  the parts of a line are [from_ratio, upto_ratio) of it and make it up exactly
-- method    a line of a resource that ledger.resource_share divides on that day (a node among its
--           pods, its data transfer by what they sent) becomes its parts; who is not known of a
--           part is who the line itself names
-- source    FOCUS 1.3, "Split cost allocation"; FinOps Framework, "Allocation" capability
select
    l.day, l.source, l.provider, l.service, l.sub_account, l.region, l.resource_id,
    l.charge_category, l.tags, l.facts,
    coalesce(s.team, l.team) as team,
    coalesce(s.model, l.model) as model,
    case when s.model is null or s.model = l.model then coalesce(s.model_version, l.model_version)
        else s.model_version end as model_version,
    coalesce(s.environment, l.environment) as environment,
    coalesce(s.lifecycle_stage, l.lifecycle_stage) as lifecycle_stage,
    coalesce(s.cluster, l.cluster) as cluster, s.allocated_to,
    case when s.day is null then 1::decimal(19, 18)
        else (s.upto_ratio - s.from_ratio)::decimal(19, 18) end as allocated_ratio,
    case
        when s.day is null then l.cost_kind
        when s.cost_kind <> 'unattributed' then s.cost_kind
        when coalesce(s.model, l.model, s.team, l.team) is null then 'unattributed'
        else 'direct'
    end as cost_kind,
    case
        when s.day is null then l.rule
        when s.cost_kind = 'unattributed' then l.rule
        when l.rule <> 'unattributed' and (s.team is null or s.model is null)
            then s.rule || ' + ' || l.rule
        else s.rule
    end as rule,
    l.billing_currency,
    case when s.day is null then l.billing_billed_cost
        else money_part(l.billing_billed_cost, s.from_ratio, s.upto_ratio)
        end as billing_billed_cost,
    case when s.day is null then l.billing_effective_cost
        else money_part(l.billing_effective_cost, s.from_ratio, s.upto_ratio)
        end as billing_effective_cost,
    case when s.day is null then l.billed_cost
        else money_part(l.billed_cost, s.from_ratio, s.upto_ratio) end as billed_cost,
    case when s.day is null then l.effective_cost
        else money_part(l.effective_cost, s.from_ratio, s.upto_ratio) end as effective_cost,
    case when s.day is null then l.list_cost
        else money_part(l.list_cost, s.from_ratio, s.upto_ratio) end as list_cost,
    case when s.day is null then l.contracted_cost
        else money_part(l.contracted_cost, s.from_ratio, s.upto_ratio) end as contracted_cost,
    case when s.day is null or s.from_ratio = 0 then l.charges else 0 end as charges,
    l.is_transfer
from ledger.line as l
left join ledger.resource_share as s on s.day = l.day and s.split_key = l.split_key
where date_trunc('month', l.day)::date in (select month from ledger.stale_month)
