-- What one unit of a model's work costs: requests, tokens, runs, GPU-hours.
--
-- grain     one row per month, model, version (null: all of them), unit and basis; none where
--           nobody knows how many units there were
-- money     the reporting currency, effective cost; null where a charge has no rate, where no
--           charge is known to be for the work, and where the bill does not part it
-- units     1k_requests, 1m_tokens      ledger.endpoint_month; tokens else as they are billed
--           1m_input_tokens, 1m_output_tokens  ledger.token_cost; cached ones are input
--           training_run                runs and jobs that ended in the month
--           gpu_hour, used_gpu_hour     ledger.gpu_hour: paid ones, and what was used of them
-- basis     allocated  with idle capacity and what `shared:` gave the model
--           used       without them; of GPU-hours without what they cost while idle; of runs the
--                      sum of ledger.run_cost
-- method    serving is the cost of stage `inference`, and shared and idle cost that is for no other
--           stage. Where it names no version it is divided over the versions by their execution
--           seconds (instances x 3600 x the ratio to which they were busy), else by requests
--           driver_spread: seconds per request, of the version with most over the one with fewest;
--           where the busy ratio is unknown, of their 95th percentile of latency. Above 2, a split
--           or an average by requests misplaces cost, and `warning` says so
-- rounding  unit_cost to ten digits after the point, and 15 in all
-- source    FinOps Framework, "Unit Economics" capability
-- rows from ledger.endpoint_month, ledger.gpu_hour, ledger.run_cost, ledger.token_cost
with deployed as (
    select d.deployment, min(coalesce(n.new, d.model)) as model, min(d.version) as version
    from registry.deployment as d
    left join config.renaming as n on n.field = 'model' and n.old = d.model
    where d.model is not null
    group by d.deployment
    having count(distinct coalesce(n.new, d.model)) = 1 and count(distinct d.version) <= 1
),
-- An endpoint's work is its model's, and of one with several variants each variant's.
served as (
    select
        h.month, coalesce(v.model, n.new, e.model, d.model) as model,
        case
            when v.model is not null then v.version
            when e.model is not null then e.model_version
            else d.version
        end as model_version,
        h.requests, h.input_tokens, h.output_tokens, h.seconds, h.waited_seconds as waited
    from ledger.endpoint_month as h
    left join deployed as v on v.deployment = h.endpoint || '/' || h.variant
    left join usage.endpoint as e on e.source = h.source and e.endpoint = h.endpoint
    left join config.renaming as n on n.field = 'model' and n.old = e.model
    left join deployed as d on d.deployment = h.endpoint
),
work as (
    select
        month, model, model_version, sum(requests) as requests,
        sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
        case when count(seconds) = count(*) then sum(seconds) end as seconds,
        case when count(waited) = count(*) then sum(waited) end as waited
    from served where model is not null
    group by month, model, model_version
),
-- Seconds per request by one measure for all versions.
spread as (
    select
        month, model,
        case
            when count(*) < 2 then null
            when count(seconds) = count(*) and min(seconds) > 0
                then max(seconds::double / requests::double)
                    / min(seconds::double / requests::double)
            when count(waited) = count(*) and min(waited) > 0
                then max(waited::double / requests::double)
                    / min(waited::double / requests::double)
        end as driver_spread
    from work
    where model_version is not null and requests > 0
    group by month, model
),
stage_cost as (
    select
        date_trunc('month', day)::date as month, model, model_version,
        case
            when lifecycle_stage in ('training', 'experimentation') then 'training'
            when lifecycle_stage = 'inference' then 'inference'
            else 'carried'
        end as stage,
        cost_kind in ('shared', 'idle', 'overhead') as is_carried,
        count(*) = count(effective_cost) as is_known, sum(effective_cost) as cost
    from ledger.model_day
    where lifecycle_stage in ('training', 'experimentation', 'inference')
        or (
            cost_kind in ('shared', 'idle', 'overhead')
            and (lifecycle_stage is null or lifecycle_stage = 'platform')
        )
    group by all
),
-- Serving carries what no other stage does.
serving as (
    select
        month, model, model_version,
        case when bool_and(is_known) then sum(cost) end as allocated,
        case when bool_and(is_known) filter (where not is_carried) is not false
            then sum(cost) filter (where not is_carried) end as used,
        coalesce(bool_or(stage = 'inference'), false) as is_inference
    from stage_cost where stage <> 'training'
    group by month, model, model_version
),
serving_model as (
    select
        month, model,
        case when count(*) = count(allocated) then sum(allocated) end as allocated,
        case when count(*) filter (where used is null and allocated is null) = 0 then sum(used) end
            as used
    from serving
    group by month, model having bool_or(is_inference)
),
-- What names no version, over the versions that worked.
claim as (
    select
        w.month, w.model, w.model_version, w.requests, w.seconds,
        count(*) over month_of_model = count(w.seconds) over month_of_model as by_seconds
    from work as w
    where w.model_version is not null and w.requests > 0
    window month_of_model as (partition by w.month, w.model)
),
weighed as (
    select
        month, model, model_version, by_seconds,
        -- In thousands: share_ratio takes less than 10^11.
        (case when by_seconds then seconds else requests end * 0.001::decimal(4, 3))
            ::decimal(28, 9) as quantity
    from claim
),
shares as (
    select
        month, model, model_version, by_seconds, quantity,
        sum(quantity) over (
            partition by month, model order by quantity desc, model_version
            rows between unbounded preceding and current row
        ) as upto,
        sum(quantity) over (partition by month, model) as whole
    from weighed
),
given as (
    select
        h.month, h.model, h.model_version, h.by_seconds,
        money_part(
            s.allocated, share_ratio(h.upto - h.quantity, h.whole), share_ratio(h.upto, h.whole)
        ) as allocated,
        money_part(
            s.used, share_ratio(h.upto - h.quantity, h.whole), share_ratio(h.upto, h.whole)
        ) as used,
        s.allocated is not null as is_known
    from shares as h
    join serving as s
        on s.month = h.month and s.model = h.model and s.model_version is null
    where h.whole > 0
),
serving_version as (
    select
        w.month, w.model, w.model_version,
        case
            when m.month is null or s.allocated is null and s.month is not null then null
            when g.is_known is false then null
            else coalesce(s.allocated, 0) + coalesce(g.allocated, 0)
        end as allocated,
        case
            when m.month is null or s.allocated is null and s.month is not null then null
            when g.is_known is false then null
            else coalesce(s.used, 0) + coalesce(g.used, 0)
        end as used,
        coalesce(not g.by_seconds, false) as by_requests
    from work as w
    left join serving_model as m on m.month = w.month and m.model = w.model
    left join serving as s
        on s.month = w.month and s.model = w.model and s.model_version = w.model_version
    left join given as g
        on g.month = w.month and g.model = w.model and g.model_version = w.model_version
    where w.model_version is not null
),
token as (
    select
        month, model,
        case
            when direction = 'output' then 'output'
            when direction in ('input', 'cached-input', 'cache-write') then 'input'
        end as direction,
        -- Kept caches cost money by the hour, and are no tokens.
        bool_and(tokens is not null or coalesce(direction, '') = 'cache-storage') as is_counted,
        sum(tokens) as some_tokens,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as cost
    from ledger.token_cost
    where model is not null
    group by all
),
token_model as (
    select
        month, model, bool_and(is_counted) as is_counted,
        case when bool_and(is_counted) then sum(some_tokens) end as tokens,
        case when count(*) = count(cost) then sum(cost) end as cost
    from token group by month, model
),
work_model as (
    select
        month, model, sum(requests) as requests, sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens
    from work group by month, model
),
by_requests_rule as (
    select distinct month, model from ledger.shared_share
    where driver = 'requests' and model is not null
),
everything as (
    select month, model from work_model union select month, model from token_model
),
model_line as (
    select
        k.month, k.model, null::varchar as model_version, u.unit,
        case u.unit
            when '1k_requests' then w.requests / 1000
            when '1m_tokens' then coalesce(
                coalesce(w.input_tokens, w.output_tokens)
                + case when w.input_tokens is null then 0 else coalesce(w.output_tokens, 0) end,
                t.tokens
            ) / 1000000
            when '1m_input_tokens' then coalesce(
                case when i.is_counted then i.some_tokens end, w.input_tokens
            ) / 1000000
            else coalesce(
                case when o.is_counted then o.some_tokens end, w.output_tokens
            ) / 1000000
        end as quantity,
        case
            when u.unit in ('1k_requests', '1m_tokens') and m.month is not null then m.allocated
            when u.unit in ('1k_requests', '1m_tokens') then t.cost
            when u.unit = '1m_input_tokens' then i.cost
            else o.cost
        end as allocated,
        case
            when u.unit in ('1k_requests', '1m_tokens') and m.month is not null then m.used
            when u.unit in ('1k_requests', '1m_tokens') then t.cost
            when u.unit = '1m_input_tokens' then i.cost
            else o.cost
        end as used,
        s.driver_spread,
        case
            when u.unit in ('1m_input_tokens', '1m_output_tokens') then
                case when t.month is null
                    then 'the bill does not part input from output' end
            when m.month is null and t.month is null
                then 'no charge of the model is known to be inference'
            when s.driver_spread > 2 and r.model is not null
                then 'shared cost is split by requests, of which some take '
                    || s.driver_spread::decimal(18, 1) || ' times as long as others'
            when s.driver_spread > 2 and u.unit = '1k_requests'
                then 'an average of versions whose requests take up to '
                    || s.driver_spread::decimal(18, 1) || ' times as long as others'
        end as warning
    from everything as k
    cross join (
        select '1k_requests' as unit union all select '1m_tokens'
        union all select '1m_input_tokens' union all select '1m_output_tokens'
    ) as u
    left join work_model as w on w.month = k.month and w.model = k.model
    left join serving_model as m on m.month = k.month and m.model = k.model
    left join token_model as t on t.month = k.month and t.model = k.model
    left join token as i on i.month = k.month and i.model = k.model and i.direction = 'input'
    left join token as o on o.month = k.month and o.model = k.model and o.direction = 'output'
    left join spread as s on s.month = k.month and s.model = k.model
    left join by_requests_rule as r on r.month = k.month and r.model = k.model
),
version_line as (
    select
        w.month, w.model, w.model_version, u.unit,
        case u.unit
            when '1k_requests' then w.requests / 1000
            else (
                coalesce(w.input_tokens, w.output_tokens)
                + case when w.input_tokens is null then 0 else coalesce(w.output_tokens, 0) end
            ) / 1000000
        end as quantity,
        v.allocated, v.used, s.driver_spread,
        case
            when v.allocated is null and m.month is null
                then 'no charge of the model is known to be inference'
            when v.by_requests and s.driver_spread > 2
                then 'split over versions by requests, of which some take '
                    || s.driver_spread::decimal(18, 1) || ' times as long as others'
            when v.by_requests and s.driver_spread is null
                then 'split over versions by requests; how long they take is not known'
            when s.driver_spread > 2 and r.model is not null
                then 'shared cost is split by requests, of which some take '
                    || s.driver_spread::decimal(18, 1) || ' times as long as others'
        end as warning
    from work as w
    cross join (select '1k_requests' as unit union all select '1m_tokens') as u
    join serving_version as v
        on v.month = w.month and v.model = w.model and v.model_version = w.model_version
    left join serving_model as m on m.month = w.month and m.model = w.model
    left join spread as s on s.month = w.month and s.model = w.model
    left join by_requests_rule as r on r.month = w.month and r.model = w.model
),
run as (
    select
        date_trunc('month', ended_at)::date as month, model, model_version, cost
    from ledger.run_cost
    where model is not null and ended_at is not null
        and coalesce(kind, 'run') not in ('processing-job', 'transform-job', 'batch-prediction')
        and cost_source <> 'none: its children did the work'
),
run_sum as (
    select
        month, model, model_version, count(*) as runs,
        case when count(*) = count(cost) then sum(cost) end as cost
    from run where model_version is not null group by month, model, model_version
    union all
    select
        month, model, null, count(*), case when count(*) = count(cost) then sum(cost) end
    from run group by month, model
),
training as (
    select
        month, model, case when bool_and(is_known) then sum(cost) end as cost
    from stage_cost where stage = 'training' group by month, model
),
run_line as (
    select
        r.month, r.model, r.model_version, 'training_run' as unit,
        r.runs::decimal(38, 9) as quantity,
        case when r.model_version is null then t.cost end as allocated, r.cost as used,
        null::double as driver_spread,
        case when r.cost is null then 'the cost of a run is not known' end as warning
    from run_sum as r
    left join training as t on t.month = r.month and t.model = r.model
),
gpu as (
    select
        date_trunc('month', day)::date as month, model, model_version,
        gpu_hours::decimal(18, 9) as gpu_hours, used_gpu_hours::decimal(18, 9) as used_gpu_hours,
        unobserved_gpu_hours::decimal(18, 9) as unobserved_gpu_hours, cost, idle_cost
    from ledger.gpu_hour where model is not null
),
gpu_sum as (
    select
        month, model, model_version, sum(gpu_hours) as gpu_hours,
        sum(used_gpu_hours) as used_gpu_hours, sum(unobserved_gpu_hours) as unobserved_gpu_hours,
        sum(case when cost is null then gpu_hours else 0 end) as unpriced_gpu_hours,
        case when count(*) = count(cost) then sum(cost) end as allocated,
        case when count(*) = count(cost) and count(*) = count(idle_cost)
            then sum(cost) - sum(idle_cost) end as used
    from gpu where model_version is not null group by month, model, model_version
    union all
    select
        month, model, null, sum(gpu_hours), sum(used_gpu_hours), sum(unobserved_gpu_hours),
        sum(case when cost is null then gpu_hours else 0 end),
        case when count(*) = count(cost) then sum(cost) end,
        case when count(*) = count(cost) and count(*) = count(idle_cost)
            then sum(cost) - sum(idle_cost) end
    from gpu group by month, model
),
gpu_line as (
    select
        g.month, g.model, g.model_version, u.unit,
        case when u.unit = 'gpu_hour' then g.gpu_hours else g.used_gpu_hours end as quantity,
        g.allocated, g.used, null::double as driver_spread,
        case
            when g.unpriced_gpu_hours > 0 then 'what '
                || g.unpriced_gpu_hours::decimal(18, 1) || ' of the GPU-hours cost is not known'
            when u.unit = 'used_gpu_hour' and g.unobserved_gpu_hours > 0 then 'of '
                || g.unobserved_gpu_hours::decimal(18, 1)
                || ' GPU-hours nobody knows whether they were used'
        end as warning
    from gpu_sum as g
    cross join (select 'gpu_hour' as unit union all select 'used_gpu_hour') as u
),
line as (
    select month, model, model_version, unit, quantity, allocated, used, driver_spread, warning
    from model_line
    union all
    select month, model, model_version, unit, quantity, allocated, used, driver_spread, warning
    from version_line
    union all
    select month, model, model_version, unit, quantity, allocated, used, driver_spread, warning
    from run_line
    union all
    select month, model, model_version, unit, quantity, allocated, used, driver_spread, warning
    from gpu_line
),
based as (
    select
        month, model, model_version, unit, 'allocated' as basis, quantity, allocated as cost,
        driver_spread, warning
    from line
    union all
    select
        month, model, model_version, unit, 'used', quantity, used, driver_spread, warning
    from line
)
select
    month as period, model, model_version, unit, basis, quantity::double as quantity,
    cost::decimal(38, 20) as cost,
    -- What no money can be is no figure: a fortune for next to nothing.
    case when quantity > 0 and abs(cost::double / quantity::double) < 1e17
        then (cost::double / quantity::double)::decimal(38, 10)::decimal(38, 20)
    end as unit_cost,
    driver_spread, warning
from based
where quantity is not null
