-- What a unit of each model's work cost, month by month.
--
-- grain     one row per model and unit; `months` holds one entry per month, oldest first
-- money     reporting currency, effective cost with idle and shared parts (basis allocated);
--           used_unit_cost is without them. Null: not known, and `warning` says why
-- order     units by how near they are to what a model is for
with month as (
    select
        u.model, u.unit, u.period, u.quantity, u.cost, u.unit_cost, u.warning,
        used.unit_cost as used_unit_cost
    from ledger.unit_cost as u
    left join ledger.unit_cost as used
        on used.model = u.model and used.unit = u.unit and used.period = u.period
        and used.model_version is null and used.basis = 'used'
    where u.model_version is null and u.basis = 'allocated'
),
period as (
    select max(month) filter (where complete) as month from ledger.model_month
)
select
    m.model, m.unit,
    case m.unit
        when '1k_requests' then '1,000 requests'
        when '1m_tokens' then '1 million tokens'
        when '1m_input_tokens' then '1 million input tokens'
        when '1m_output_tokens' then '1 million output tokens'
        when 'training_run' then 'training run'
        when 'gpu_hour' then 'paid GPU hour'
        when 'used_gpu_hour' then 'used GPU hour'
        else m.unit
    end as label,
    list({
        'month': m.period, 'quantity': m.quantity, 'cost': m.cost, 'unit_cost': m.unit_cost,
        'used_unit_cost': m.used_unit_cost, 'warning': m.warning,
        'is_complete': coalesce(m.period <= p.month, false)
    } order by m.period) as months
from month as m cross join period as p
group by m.model, m.unit
order by
    m.model,
    array_position([
        '1k_requests', '1m_tokens', '1m_input_tokens', '1m_output_tokens', 'training_run',
        'used_gpu_hour', 'gpu_hour'
    ], m.unit)
