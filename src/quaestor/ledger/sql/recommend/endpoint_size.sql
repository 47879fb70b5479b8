-- Endpoints with more instances than their busiest hour needs.
--
-- grain     one row per endpoint; one per variant where it has several
-- input     ledger.endpoint_need, whose parameters say what is needed
-- method    advised where fewer instances would do for the busiest hour of the last days, and
--           $observed_ratio of these hours tell how busy they were: without that nobody can say.
--           What was advised by the days before the last ones is replayed on these, and withheld
--           where too many of their hours are violated (ledger.backtest). With autoscaling it is
--           the minimum that is lowered
-- money     the part of its instance-hours that goes, at its effective rate; of a variant, its
--           part of the endpoint's where all instances are of one type
-- param     observed_ratio = 0.9: part of the hours that must tell how busy they were
-- source    AWS Compute Optimizer, headroom of rightsizing recommendations
-- rows from usage.endpoint
with need as (
    select *, count(*) over (partition by source, endpoint) as parts,
        sum(instance_hours) over (partition by source, endpoint) as all_instance_hours
    from ledger.endpoint_need where span = 'all'
),
held as (
    select subject, violations, intervals, is_withheld
    from ledger.backtest where kind = 'endpoint_size'
),
scaler as (
    select cluster, namespace, target, min(kind) as kind, min(autoscaler) as autoscaler
    from usage.autoscaler where kind in ('hpa', 'keda')
    group by cluster, namespace, target having count(*) = 1
),
judged as (
    select
        e.*, coalesce(n.subject, 'endpoint/' || e.source || '/' || e.endpoint) as subject,
        n.variant, n.variant_name, a.kind as scaler_kind, a.autoscaler as scaler_name, n.hours, n.measured_hours, n.window_hours, n.current, n.is_scaled, n.least,
        n.needed, n.peak_busy, n.peak_requests, n.worst_latency_p95_ms, n.mean_instances,
        n.saved_ratio, h.violations, h.intervals, coalesce(h.is_withheld, false) as is_withheld,
        case when n.parts = 1 then 1
            when not contains(e.instance_type, ',')
            then n.instance_hours / nullif(n.all_instance_hours, 0) end as part,
        split_part(e.endpoint, '/', -1) as short_name
    from ledger.endpoint_rate as e
    left join need as n on n.source = e.source and n.endpoint = e.endpoint
    left join held as h on h.subject = n.subject
    left join scaler as a
        on concat_ws('/', a.cluster, a.namespace, split_part(e.endpoint, '/', -2), a.target)
            = e.endpoint
),
answered as (
    select
        *,
        case
            when regexp_matches(lower(kind), 'serverless|published|provisioned') then 'none'
            when instances = 0 or lower(status) in ('empty', 'scaled to zero') then 'none'
            when coalesce(current, instances) = 1 then 'one'
            when told_by is null or coalesce(measured_hours, 0) = 0 then 'unmeasured'
            when current is null then 'uncounted'
            when measured_hours < $observed_ratio * window_hours then 'gaps'
            when current <= least and needed <= least then 'least'
            when needed >= current then 'busy'
            when is_withheld then 'withheld'
            else 'advise'
        end as state
    from judged
),
worded as (
    select
        *,
        case state when 'advise' then 'advise' when 'withheld' then 'withheld'
            when 'unmeasured' then 'cannot-say' when 'uncounted' then 'cannot-say'
            when 'gaps' then 'cannot-say' else 'clean' end as answer,
        needed || case when needed = 1 then ' instance' else ' instances' end as needed_said,
        'its busiest hour of ' || window_hours // 24 || ' days kept '
            || format('{:.1f}', peak_busy) || ' instances busy' as peak_said
    from answered
)
select
    subject, source, endpoint || coalesce(', variant ' || variant, '') as name, answer,
    case state
        when 'none' then 'it has no instances of its own'
        when 'one' then 'it has one instance'
        when 'unmeasured' then 'nobody tells how busy it is'
        when 'uncounted' then 'nobody tells how many instances it has'
        when 'gaps' then 'how busy it is is known of ' || measured_hours || ' of the last '
            || window_hours || ' hours'
        when 'least' then 'it has the ' || current || ' instances that production keeps'
        when 'busy' then peak_said || ': it needs its ' || current
        when 'withheld' then 'fewer would not have done: ' || violations || ' of ' || intervals
            || ' held-out hours would have been too busy'
        else peak_said || ', and ' || case when is_scaled then 'its autoscaling keeps at least '
            else 'it has ' end || current
    end as reason,
    case when answer = 'advise' then 'resize' end as action,
    concat_ws(' x ', coalesce(current, instances), instance_type) as current,
    case when answer = 'advise' then concat_ws(' x ', needed, instance_type)
        || case when is_scaled then '; the minimum of its autoscaling goes from ' || current
            || ' to ' || needed else '' end end as proposed,
    money_estimate(cost_per_month::double * part) as cost_per_month,
    case when answer = 'advise' then money_estimate(cost_per_month::double * part * saved_ratio)
        end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null and part is not null
        then case when cost_basis = 'list' then 'list' else 'effective rate' end end
        as saving_basis,
    case when answer = 'advise' then case when environment is null then 'medium' else 'high' end
        end as confidence,
    case when answer = 'advise'
        then 'An hour''s mean hides its peaks: watch its latency'
            || coalesce(' (so far ' || format('{:,.0f}', worst_latency_p95_ms) || ' ms at worst)',
                '')
            || ' when it is done.'
            || case when needed = 1 then ' A single instance is gone when its machine is.'
                else '' end
    end as risk,
    to_json({
        needed: needed, peak_busy_instances: peak_busy, peak_requests: peak_requests,
        mean_instances: mean_instances, hours: hours, measured_hours: measured_hours,
        worst_latency_p95_ms: worst_latency_p95_ms, held_out_hours: intervals,
        violations: violations, min_replicas: min_replicas, max_replicas: max_replicas
    })::varchar as evidence,
    case when answer = 'advise' then case
        when kind = 'sagemaker' and variant_name is not null and not is_scaled
            then 'aws sagemaker update-endpoint-weights-and-capacities --endpoint-name '
                || shell_quoted(short_name) || ' --desired-weights-and-capacities '
                || shell_quoted('VariantName=' || variant_name || ',DesiredInstanceCount=' || needed)
                || coalesce(' --region ' || shell_quoted(region), '')
        when kind = 'kserve'
            then 'kubectl patch inferenceservice ' || shell_quoted(short_name)
                || ' -n ' || shell_quoted(split_part(endpoint, '/', -3))
                || ' --type merge -p ''{"spec":{"predictor":{"minReplicas":' || needed || '}}}'''
        when kind in ('deployment', 'statefulset', 'rollout') and not is_scaled
            then 'kubectl scale ' || kind || ' ' || shell_quoted(short_name)
                || ' -n ' || shell_quoted(split_part(endpoint, '/', -3)) || ' --replicas='
                || needed
        when is_scaled and scaler_kind is not null
            then 'kubectl patch ' || case scaler_kind when 'hpa' then 'hpa ' else 'scaledobject ' end
                || shell_quoted(scaler_name)
                || ' -n ' || shell_quoted(split_part(endpoint, '/', -3)) || ' --type merge -p ''{"'
                || 'spec":{"' || case scaler_kind when 'hpa' then 'minReplicas' else
                'minReplicaCount' end || '":' || needed || '}}'''
    end end as command,
    team, model, model_version, environment, resource_id,
    case when variant is null then saves_on else subject end as saves_on,
    case when variant is null then inside else saves_on end as inside, committed_ratio, tags
from worded
