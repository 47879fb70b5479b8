-- What a line item of a Cost and Usage Report costs. Money is DECIMAL(38, 20); null is unstated.

-- What a use of a Savings Plan costs once its commitment is spread over it.
create or replace temp macro cur_plan_cost(net, gross) as coalesce(net, gross);

-- The same of a reservation; reports from before 2020 state the two parts only.
create or replace temp macro cur_reservation_cost(net, gross, upfront, recurring) as
    coalesce(net, gross, (upfront + recurring)::decimal(38, 20));

-- Covered use whose cost nobody states cannot be charged: 0 would be a lie. Nor can the fee of a
-- commitment of which nobody states how much was used: the rest of it is the cost of no use.
create or replace temp macro cur_doubt(kind, plan, reservation, commitment, used, unused) as case
    when kind = 'SavingsPlanCoveredUsage' and plan is null
    then 'savings_plan_savings_plan_effective_cost is empty'
    when kind = 'DiscountedUsage' and reservation is null
    then 'reservation_effective_cost is empty'
    when kind = 'SavingsPlanRecurringFee' and commitment is null
    then 'savings_plan_total_commitment_to_date is empty'
    when kind = 'SavingsPlanRecurringFee' and used is null
    then 'savings_plan_used_commitment is empty'
    when kind = 'RIFee' and unused is null then 'reservation_unused_recurring_fee is empty'
end;

-- Discounts are rows of their own beside gross costs. A report that states net costs has taken
-- them off every row already, and says 0 or nothing on the row of the discount.
create or replace temp macro cur_billed(kind, net, gross, has_net) as case
    when net is not null then net
    when has_net and kind like '%Discount' then 0::decimal(38, 20)
    else gross
end;

-- What nobody used of a commitment, of one fee: a Savings Plan's, or a reservation's.
create or replace temp macro cur_unused_plan(kind, commitment, used) as
    case when kind = 'SavingsPlanRecurringFee' then (commitment - used)::decimal(38, 20) end;
create or replace temp macro cur_unused_reservation(
    kind, net_upfront, upfront, net_recurring, recurring
) as case
    when kind = 'RIFee' then (
        coalesce(net_upfront, upfront, 0::decimal(38, 20))
        + coalesce(net_recurring, recurring, 0::decimal(38, 20))
    )::decimal(38, 20)
end;

create or replace temp macro cur_key(t, old, new) as
    replace(replace(t, ',"' || old, ',"' || new), '{"' || old, '{"' || new);

-- Keys of tags as people chose them: 'user_team' and 'user:Team' are theirs, AWS's are 'aws:...'.
-- A quote inside a JSON text is escaped, so that only a key stands behind '{' or ',' and a quote.
create or replace temp macro cur_tags(t) as case
    when t is null or t = '{}' then null
    when contains(t, '": ') -- written with blanks
    then regexp_replace(
        regexp_replace(t, '([{,]\s*")user[:_]', '\1', 'g'), '([{,]\s*")aws_', '\1aws:', 'g'
    )
    when contains(t, '"aws_') or contains(t, '"user:')
    then cur_key(cur_key(cur_key(t, 'user_', ''), 'user:', ''), 'aws_', 'aws:')
    else cur_key(t, 'user_', '')
end;

-- What a resource is and is called, where its id says so: 'type/name' or 'type:name' of an ARN.
-- Nearly all are arn:partition:service:region:account:type/name, which is told without a regular
-- expression, the dearest thing a row could ask for.
create or replace temp macro is_plain_arn(id) as
    starts_with(id, 'arn:') and strlen(id) - strlen(replace(id, ':', '')) = 5
    and strpos(split_part(id, ':', 6), '/') > 1 and not ends_with(id, '/');
create or replace temp macro aws_resource_type(id) as case
    when is_plain_arn(id) then split_part(split_part(id, ':', 6), '/', 1)
    when contains(id, ':')
    then nullif(regexp_extract(id, '^arn:[^:]*:[^:]*:[^:]*:[^:]*:([^:/]+)[:/].', 1), '')
    when starts_with(id, 'i-') then 'instance'
    when starts_with(id, 'vol-') then 'volume'
    when starts_with(id, 'nat-') then 'natgateway'
end;
create or replace temp macro aws_resource_name(id) as case
    when is_plain_arn(id)
    then substr(split_part(id, ':', 6), strpos(split_part(id, ':', 6), '/') + 1)
    when contains(id, ':')
    then nullif(
        regexp_extract(id, '^arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:[^:/]+[:/])?(.+)$', 1), ''
    )
end;

-- An On-Demand Capacity Reservation has an ARN like a discount's, and is none.
create or replace temp macro is_capacity(arn) as coalesce(contains(arn, ':capacity-reservation/'), false);

-- A model sold on the Marketplace has an opaque code and says in its name what it runs on.
create or replace temp macro is_bedrock(name) as contains(name, '(Amazon Bedrock Edition)');
