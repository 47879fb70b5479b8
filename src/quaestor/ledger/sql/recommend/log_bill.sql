-- What is paid for logs and metrics of models, where it is much or has grown.
--
-- grain     one row per model, and per team of what is no model's, that has such charges; and one
--           for what is nobody's
-- input     the last complete day of the bill is the present (ledger.billed_day)
-- method    much: in the last $days days logs and metrics came to $ratio of all that it cost, or to
--           $growth more than in as many days before, and to $amount a month in either case. A
--           team's row is of what is no model's, logs and all; each model has its own. What a
--           shorter retention or a sample would save nobody knows beforehand: no saving is stated
-- money     effective cost, by the rate of those days, a month of 730 hours
-- param     days = 30: how many days of the bill are looked at
-- param     ratio = 0.05: the part of a cost from which logs and metrics count as much
-- param     growth = 0.5: growth over the days before from which they count as much
-- param     amount = 10: what they must cost a month, in the reporting currency
-- source    Amazon CloudWatch pricing; Azure Monitor pricing; Google Cloud Observability pricing
-- rows from ledger.cost
with last_day as (
    select
        coalesce(max(day) filter (complete), max(day)) as until, min(day) as first_day
    from ledger.billed_day
),
charge as (
    select
        case when c.model is not null then 'model' when c.team is not null then 'team'
            else 'nobody' end as scope,
        coalesce(c.model, c.team, 'nobody') as heading,
        c.source, c.team, c.model, c.resource_id, c.effective_cost as cost, c.day,
        c.day > d.until - $days::integer as is_now,
        d.first_day <= d.until - 2 * $days::integer + 1 as has_before,
        regexp_matches(
            lower(c.service),
            'cloudwatch|azure monitor|log analytics|application insights|cloud logging'
            || '|cloud monitoring|stackdriver|managed service for prometheus|managed grafana'
        ) as is_log
    from ledger.cost as c
    cross join last_day as d
    where c.day <= d.until and c.day > d.until - 2 * $days::integer
),
summed as (
    select
        scope, heading, min(source) as source, min(model) as model,
        case when count(distinct team) = 1 then min(team) end as team,
        count(cost) = count(*) as is_priced,
        (sum(cost) filter (is_now))::double as cost,
        (sum(cost) filter (is_now and is_log))::double as log_cost,
        case when bool_or(has_before)
            then coalesce((sum(cost) filter (not is_now and is_log))::double, 0) end
            as log_before,
        count(distinct day) filter (is_now) as days,
        arg_max(resource_id, (cost, resource_id))
            filter (is_now and is_log and cost is not null) as resource_id
    from charge
    group by scope, heading
    having bool_or(is_log and is_now)
),
judged as (
    select
        *, log_cost / nullif(cost, 0) as ratio, log_cost / nullif(log_before, 0) - 1 as growth,
        log_cost * 730 / (24 * days) as per_month,
        case
            when not is_priced then 'cannot-say'
            when log_cost * 730 / (24 * days) < $amount then 'clean'
            when log_cost >= cost * $ratio then 'advise'
            when log_before > 0 and log_cost >= log_before * (1 + $growth) then 'advise'
            else 'clean'
        end as answer
    from summed
)
select
    'logs/' || scope || case when scope = 'nobody' then '' else '/' || heading end as subject, source,
    heading as name, answer,
    case
        when answer = 'cannot-say' then 'a charge of it has no exchange rate'
        -- Of what costs nothing in all there is no part.
        else 'logs and metrics are ' || coalesce(
                round(100 * ratio, 1) || ' % of '
                || case scope when 'nobody' then 'what is nobody''s'
                    when 'team' then 'its cost that is no model''s' else 'its cost' end || ', ',
                ''
            ) || format('{:,.2f}', per_month) || ' a month'
            || coalesce(
                ', ' || case when growth < 0 then round(-100 * growth)::bigint || ' % less'
                    else round(100 * growth)::bigint || ' % more' end || ' than in the ' || $days
                || ' days before', ''
            )
    end as reason,
    case when answer = 'advise' then 'reduce-logs' end as action,
    format('{:,.2f}', per_month) || ' a month' as current,
    case when answer = 'advise'
        then 'a shorter retention, a higher level or a sample of logs, fewer custom metrics' end
        as proposed,
    money_estimate(per_month) as cost_per_month,
    null::decimal(38, 20) as saving_per_month, null::varchar as saving_basis,
    case when answer = 'advise' then 'medium' end as confidence,
    case when answer = 'advise' then 'Logs may have to be kept by law or contract, and of production '
        || 'models by policy: ask who reads them.' end as risk,
    to_json({
        log_cost: log_cost, log_cost_before: log_before, cost: cost, days: days,
        ratio: ratio, growth: growth, dearest: resource_id
    })::varchar as evidence,
    case when answer = 'advise' and resource_id like 'arn:%:logs:%:log-group:%'
        then 'aws logs put-retention-policy --log-group-name '
            || shell_quoted(regexp_extract(resource_id, ':log-group:([^:]+)', 1))
            || ' --retention-in-days 30 --region ' || shell_quoted(split_part(resource_id, ':', 4))
    end as command,
    team, model, null::varchar as model_version, null::varchar as environment, resource_id,
    'logs/' || scope || '/' || heading as saves_on, null::varchar as inside,
    null::double as committed_ratio, null::varchar as tags
from judged
