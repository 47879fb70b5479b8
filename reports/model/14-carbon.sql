-- What each model's work emitted, month by month, as far as it is known.
--
-- grain     one row per model and month
-- carbon    kg_co2e of operation, embodied_kg_co2e of making the hardware; hours without a known
--           factor, and work that tells no hours, are in no sum: `why_unknown` says what is missing.
--           measured_ratio is the part of the electricity that was measured and not estimated
-- rounding  to a billionth before they are summed, so that the order of rows changes no digit
with part as (
    select
        * replace (
            kwh::decimal(28, 9) as kwh, kg_co2e::decimal(28, 9) as kg_co2e,
            embodied_kg_co2e::decimal(28, 9) as embodied_kg_co2e,
            measured_kwh::decimal(28, 9) as measured_kwh
        ),
        gpu_hours + core_hours + gib_hours > 0 and kg_co2e is not null as is_known
    from ledger.carbon where model is not null
)
select
    model, month,
    (sum(kwh) filter (where is_known))::double as kwh,
    (sum(kg_co2e) filter (where is_known))::double as kg_co2e,
    (sum(embodied_kg_co2e) filter (where is_known))::double as embodied_kg_co2e,
    (sum(measured_kwh) filter (where is_known) / nullif(sum(kwh) filter (where is_known), 0))
        ::double as measured_ratio,
    coalesce(max(reason), any_value('hours without a known factor' order by source)
        filter (where not is_known)) as why_unknown
from part
group by model, month
order by model, month
