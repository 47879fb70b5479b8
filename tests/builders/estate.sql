-- An estate of which everything is known: what is billed is made from what is true, not the
-- other way about. Variables: estate_seed, estate_models, estate_days, estate_clusters,
-- estate_nodes (of a cluster), estate_start. The same variables give the same rows.
--
-- Money is whole cents, whoever owes it: a machine's day is 24 hours x 8 slots at a whole number
-- of cents, and what a pod takes of cores, memory and GPUs is the same eighths of each, so that
-- no opinion on what a GPU costs against a core can move a cent.
create schema if not exists truth;
create or replace macro truth.pick(key, n) as
    (md5_number(getvariable('estate_seed') || '/' || key) % n)::integer;

create or replace table truth.day as
select
    position, (getvariable('estate_start')::date + position::integer)::date as day
from range(getvariable('estate_days')) as _(position);

create or replace table truth.model as
select
    position, format('model-{:03d}', position) as model, 'team-' || position % 3 as team,
    case position % 4 when 3 then 'staging' else 'production' end as environment
from range(getvariable('estate_models')) as _(position);

-- Each version is trained three times: once in vain, once superseded, once it wins.
create or replace table truth.job as
with planned as (
    select
        m.model, m.team, v.version::varchar as model_version, a.attempt,
        format('{}-{}-{}', m.model, v.version, a.attempt) as job,
        truth.pick(format('start/{}/{}/{}', m.model, v.version, a.attempt),
            getvariable('estate_days') - 1) as first_day,
        case when truth.pick(format('late/{}/{}/{}', m.model, v.version, a.attempt), 3) = 0
            then 21 else 8 end as first_hour,
        2 + truth.pick(format('long/{}/{}/{}', m.model, v.version, a.attempt), 5) as hours
    from truth.model as m, range(1, 3) as v(version), range(3) as a(attempt)
)
select
    *, 'arn:aws:sagemaker:us-east-1:111122223333:training-job/' || job as resource_id,
    'run-' || job as run_id,
    (getvariable('estate_start')::date + first_day + to_hours(first_hour))::timestamp
        as started_at,
    (getvariable('estate_start')::date + first_day + to_hours(first_hour + hours))::timestamp
        as ended_at,
    case attempt when 0 then 'failed' else 'completed' end as state,
    hours * 8 as gpu_hours,
    (hours * 32)::decimal(18, 2) as cost -- 4.00 per GPU-hour
from planned;

-- A machine has 8 slots; those of the even nodes have a GPU each.
create or replace table truth.node as
select
    'cluster-' || c.cluster as cluster, format('node-{}-{}', c.cluster, n.node) as node,
    case c.cluster % 2
        when 0 then format('i-{:05d}{:05d}', c.cluster, n.node)
        else format('/subscriptions/s/resourcegroups/r/providers/microsoft.compute/'
            || 'virtualmachines/vm-{}-{}', c.cluster, n.node)
    end as provider_id,
    case c.cluster % 2 when 0 then 'AWS' else 'Microsoft' end as provider,
    case c.cluster % 2 when 0 then 'USD' else 'EUR' end as currency,
    case n.node % 2 when 0 then 8 else 0 end as gpus,
    case n.node % 2 when 0 then 48 else 8 end as slot_cents,
    n.node = 1 as covered -- by a commitment
from range(getvariable('estate_clusters')) as c(cluster), range(getvariable('estate_nodes')) as n(node);

create or replace table truth.slot_hour as
with slot as (
    select
        n.cluster, n.node, n.provider_id, n.gpus, n.slot_cents, n.currency,
        s.slot, d.day, h.hour,
        format('{}/{}/{}/{}', n.node, s.slot, d.day, h.hour) as place
    from truth.node as n, range(8) as s(slot), truth.day as d, range(24) as h(hour)
),
drawn as (
    select
        *, truth.pick('taken/' || place, 10) as taken, truth.pick('how/' || place, 3) as how,
        truth.pick('gpu/' || place, 4) as gpu_state,
        truth.pick(format('whose/{}/{}/{}', node, slot, day), getvariable('estate_models')) as whose
    from slot
),
settled as (
    select
        *, case
            when gpus = 0 and slot = 0 then 'overhead'
            when taken < 3 then 'idle'
            when taken = 3 then 'unattributed'
            when taken = 4 then 'team'
            else 'model'
        end as kind
    from drawn
)
select
    s.cluster, s.node, s.provider_id, s.slot, s.day, (s.day + to_hours(s.hour))::timestamp as hour,
    s.gpus > 0 as has_gpu, s.how, s.kind, s.slot_cents, s.currency,
    case when s.kind in ('model', 'team') then m.team end as team,
    case when s.kind = 'model' then m.model end as model,
    case when s.kind = 'model' then '2' end as model_version,
    case s.kind
        when 'overhead' then 'kube-system' when 'unattributed' then 'sandbox'
        when 'idle' then null else 'ml'
    end as namespace,
    case s.kind
        when 'overhead' then 'proxy-' || s.node
        when 'unattributed' then format('try-{}-{}', s.node, s.slot)
        when 'team' then format('{}-{}-{}', m.team, s.node, s.slot)
        when 'model' then format('{}-{}-{}', m.model, s.node, s.slot)
    end as pod,
    case
        when s.gpus = 0 then null
        when s.kind = 'idle' then 'unscheduled'
        when s.gpu_state = 0 then 'idle'
        when s.gpu_state = 1 then 'unobserved'
        else 'productive'
    end as gpu_state
from settled as s
join truth.model as m on m.position = s.whose;

-- Every charge as it is, with whose it is. cost_kind 'split': truth.slot_hour says whose.
create or replace table truth.charge as
with tagged as (
    select
        'tagged' as kind, d.day, 'vol-' || m.model as resource_id, 'Storage' as service,
        'Usage' as category, null as class, '999988887777' as sub_account,
        case m.position % 3 when 0 then 'JPY' else 'USD' end as currency,
        ((1 + truth.pick(format('tagged/{}/{}', m.model, d.day), 900)) * 100
            * case m.position % 3 when 0 then 100 else 1 end)::decimal(18, 2) / 100 as amount,
        m.team, m.model, '1' as model_version, m.environment, 'data' as stage,
        json_object(
            'team', case when m.team = 'team-0' and d.position < getvariable('estate_days') / 2
                then 'team-old' else m.team end,
            'gov.model', m.model, 'model_version', '1', 'env', m.environment,
            'lifecycle_stage', 'data', 'note', 'größe "x" ' || d.position % 4
        )::varchar as tags
    from truth.model as m, truth.day as d
),
credit as (
    select
        'credit' as kind, t.day, t.resource_id, t.service, 'Credit' as category, null as class,
        t.sub_account, t.currency, -t.amount / 4 as amount, t.team, t.model, t.model_version,
        t.environment, t.stage, t.tags
    from tagged as t
    where truth.pick(format('credit/{}/{}', t.model, t.day), 5) = 0
),
correction as ( -- of what was too much by all of it
    select
        'correction' as kind, t.day, t.resource_id, t.service, t.category, 'Correction' as class,
        t.sub_account, t.currency, -t.amount as amount, t.team, t.model, t.model_version,
        t.environment, t.stage, t.tags
    from tagged as t
    where truth.pick(format('correction/{}/{}', t.model, t.day), 7) = 0
),
trained as (
    select
        'job' as kind, d.day, j.resource_id, 'SageMaker' as service, 'Usage' as category,
        null as class, '111122223333' as sub_account, 'USD' as currency,
        (date_diff('hour', greatest(j.started_at, d.day::timestamp),
            least(j.ended_at, d.day::timestamp + interval 1 day)) * 32)::decimal(18, 2) as amount,
        j.team, j.model, j.model_version, null as environment, 'training' as stage, null as tags
    from truth.job as j
    join truth.day as d
        on j.started_at < d.day::timestamp + interval 1 day and j.ended_at > d.day::timestamp
),
served as (
    select
        'endpoint' as kind, d.day,
        'arn:aws:sagemaker:us-east-1:111122223333:endpoint/' || m.model as resource_id,
        'SageMaker' as service, 'Usage' as category, null as class, '111122223333' as sub_account,
        'USD' as currency, (24 * (1 + m.position % 5))::decimal(18, 2) as amount,
        m.team, m.model, '2' as model_version, null as environment, 'inference' as stage,
        null as tags
    from truth.model as m, truth.day as d
),
ruled as (
    select
        'rule' as kind, d.day, 'lake-' || m.model as resource_id, 'Lake' as service,
        'Usage' as category, null as class, 'acct-' || m.model as sub_account,
        'USD' as currency, (7 + m.position)::decimal(18, 2) as amount,
        m.team, m.model, null as model_version, null as environment, 'evaluation' as stage,
        null as tags
    from truth.model as m, truth.day as d
),
nameless as (
    select
        'nameless' as kind, d.day, 'i-00000nobody' as resource_id, 'Compute' as service,
        'Usage' as category, null as class, null as sub_account, 'USD' as currency,
        11.11::decimal(18, 2) as amount, null as team, null as model, null as model_version,
        null as environment, null as stage, null as tags
    from truth.day as d
),
month_start as (
    select min(day) as day, date_trunc('month', day)::date as month from truth.day group by month
),
fee as (
    select
        f.kind, s.day, null as resource_id, f.service, 'Usage' as category, null as class,
        null as sub_account, 'USD' as currency,
        case f.kind when 'support' then 25 * getvariable('estate_models') else 400 end
            ::decimal(18, 2) as amount,
        null as team, null as model, null as model_version, null as environment, null as stage,
        null as tags
    from month_start as s,
        (values ('support', 'Support'), ('transit', 'Transit')) as f(kind, service)
),
machine as ( -- half a day a charge
    select
        'node' as kind, d.day,
        case n.provider
            when 'AWS' then 'arn:aws:ec2:us-east-1:111122223333:instance/' || n.provider_id
            else upper(n.provider_id)
        end as resource_id,
        'Compute' as service, 'Usage' as category, null as class, null as sub_account, n.currency,
        (12 * 8 * n.slot_cents)::decimal(18, 2) / 100 as amount,
        null as team, null as model, null as model_version, null as environment, null as stage,
        null as tags, n.covered, h.half
    from truth.node as n, truth.day as d, range(2) as h(half)
),
line as (
    from tagged union all by name from credit union all by name from correction
    union all by name from trained union all by name from served union all by name from ruled
    union all by name from nameless union all by name from fee union all by name from machine
),
priced as (
    select
        * replace (amount::decimal(18, 2) as amount),
        case when coalesce(covered, false) then 0 else amount end::decimal(18, 2) as billed,
        amount::decimal(18, 2) as effective,
        (case currency when 'EUR' then 1.25 when 'JPY' then 0.01 else 1 end)::decimal(28, 18)
            as rate
    from line
    union all by name
    -- The commitment: paid on the first day of each month, used by what it covers, 3.00 a day not.
    select
        'purchase' as kind, s.day, 'plan-1' as resource_id, 'Plan' as service,
        'Purchase' as category, 'USD' as currency, 0 as effective, 1 as rate,
        1000.00::decimal(18, 2) as billed, 0 as amount
    from month_start as s
    union all by name
    select
        'unused' as kind, day, 'plan-1' as resource_id, 'Plan' as service, 'Usage' as category,
        'USD' as currency, 3.00::decimal(18, 2) as effective, 1 as rate, 0 as billed, 3 as amount
    from truth.day
)
select
    *,
    case
        when kind = 'node' then 'split'
        when kind in ('support', 'transit') then 'shared'
        when model is not null then 'direct'
        else 'unattributed'
    end as cost_kind,
    row_number() over (order by day, kind, resource_id, half, amount, model) as row
from priced;

-- Whose every cent is, in USD.
create or replace table truth.cost as
with slot as (
    select
        s.day, s.team, s.model, s.model_version, s.cluster,
        case s.kind when 'model' then 'direct' when 'team' then 'direct' else s.kind end
            as cost_kind,
        s.slot_cents / 100.0 * case s.currency when 'EUR' then 1.25 else 1 end as effective,
        case when n.covered then 0 else 1 end as is_billed
    from truth.slot_hour as s
    join truth.node as n on n.node = s.node
),
whole as (
    select
        day, team, model, model_version, cost_kind, effective * rate as effective,
        billed * rate as billed
    from truth.charge where cost_kind not in ('split', 'shared')
    union all
    select
        day, team, model, model_version, cost_kind, effective, effective * is_billed
    from slot
    union all
    select c.day, m.team, m.model, null, 'shared', 25, 25
    from truth.charge as c, truth.model as m
    where c.kind = 'support'
    union all
    select c.day, t.team, null, null, 'shared', c.effective * t.share, c.effective * t.share
    from truth.charge as c, (values ('team-0', 0.75), ('team-1', 0.25)) as t(team, share)
    where c.kind = 'transit'
)
select
    day, team, model, model_version, cost_kind,
    sum(effective)::decimal(18, 2) as effective_cost, sum(billed)::decimal(18, 2) as billed_cost
from whole
group by all;

-- What the world is told of it.
insert into focus.charge by name
select
    'estate' as x_source, 'estate.csv' as x_file, repeat('e5', 32) as x_file_sha256, row as x_row,
    billed::decimal(38, 20) as BilledCost, effective::decimal(38, 20) as EffectiveCost,
    (effective * 2)::decimal(38, 20) as ListCost, effective::decimal(38, 20) as ContractedCost,
    currency as BillingCurrency, rate as x_billing_currency_rate,
    date_trunc('month', day)::timestamp as BillingPeriodStart,
    date_trunc('month', day)::timestamp + interval 1 month as BillingPeriodEnd,
    day::timestamp + to_hours((coalesce(half, 0) * 12)::integer) as ChargePeriodStart,
    day::timestamp + to_hours((case half when 0 then 12 else 24 end)::integer) as ChargePeriodEnd,
    category as ChargeCategory, class as ChargeClass, service as ServiceName,
    resource_id as ResourceId, sub_account as SubAccountId, tags as Tags,
    '111122223333' as BillingAccountId,
    case when resource_id ilike '/subscriptions/%' then 'Microsoft' else 'AWS' end
        as ProviderName,
    case when covered or kind in ('purchase', 'unused') then 'plan-1' end as CommitmentDiscountId,
    case when covered or kind in ('purchase', 'unused') then 'Spend' end
        as CommitmentDiscountCategory,
    case when covered then 'Used' when kind = 'unused' then 'Unused' end
        as CommitmentDiscountStatus,
    case when covered or kind = 'unused' then 'Committed' else 'Standard' end as PricingCategory
from truth.charge
order by row;

insert into usage.node_hour by name
select
    'prometheus' as source, n.cluster, n.node, (d.day + to_hours(h.hour::integer))::timestamp
        as hour,
    n.provider_id, 32 as cpu_cores, 128 as ram_gib, n.gpus,
    case when n.gpus > 0 then 'NVIDIA A100-SXM4-80GB' end as gpu_model, 1 as up_ratio
from truth.node as n, truth.day as d, range(24) as h(hour);

insert into usage.node by name
select
    'kubernetes' as source, cluster, node, provider_id, provider_id as resource_id,
    32 as cpu_cores, 128 as ram_gib, gpus,
    case when gpus > 0 then 'NVIDIA A100-SXM4-80GB' end as gpu_model,
    (select max(day) from truth.day)::timestamp as seen_at
from truth.node;

-- Of three kinds of pods each takes a slot: by request, by use above its request, by use alone.
insert into usage.pod_hour by name
select
    'prometheus' as source, cluster, namespace, pod, node, hour,
    case how when 0 then 4 when 1 then 2 end as cpu_request_cores,
    case how when 0 then 1 else 4 end as cpu_used_cores,
    case how when 0 then 16 when 1 then 8 end as ram_request_gib,
    case how when 0 then 3 else 16 end as ram_used_gib,
    case when has_gpu then 1 end as gpu_request,
    case gpu_state when 'idle' then 0 when 'productive' then 1 end as gpu_used_ratio,
    1 as up_ratio,
    case kind
        when 'model' then json_object('team', team, 'model', model, 'model_version', '2')
        when 'team' then json_object('team', team, 'app', pod)
        else json_object('app', pod)
    end::varchar as labels
from truth.slot_hour
where kind <> 'idle';

insert into usage.gpu_job by name
select
    'sagemaker' as source, job, job as name, 'training-job' as kind, 'NVIDIA A100' as gpu_model,
    8 as gpus, started_at, ended_at, state, gpu_hours, 1 as gpu_util_ratio, model, model_version,
    run_id, resource_id, '111122223333' as sub_account, 'us-east-1' as region,
    1 as instances, 'ml.p4d.24xlarge' as instance_type,
    (select max(day) from truth.day)::timestamp + interval 1 day as seen_at
from truth.job;

insert into usage.endpoint by name
select
    'sagemaker' as source, model as endpoint, 'sagemaker' as kind, model, '2' as model_version,
    'arn:aws:sagemaker:us-east-1:111122223333:endpoint/' || model as resource_id,
    '111122223333' as sub_account, 'us-east-1' as region, 'ml.m5.xlarge' as instance_type,
    1 as instances, 'InService' as status,
    (select max(day) from truth.day)::timestamp + interval 1 day as seen_at
from truth.model;

insert into usage.endpoint_hour by name
select
    'sagemaker' as source, m.model as endpoint,
    (d.day + to_hours(h.hour::integer))::timestamp as hour, 1000 as requests, 1 as instances
from truth.model as m, truth.day as d, range(24) as h(hour);

insert into registry.model by name
select 'mlflow' as source, model, team, team || '@example.org' as owner from truth.model;

insert into registry.model_version by name
select
    'mlflow' as source, model, model_version as version, run_id,
    case model_version when '2' then 'production' else 'archived' end as lifecycle,
    ended_at as created_at
from truth.job
where attempt = 2;

insert into registry.run by name
select
    'mlflow' as source, run_id, job as name,
    case state when 'failed' then 'FAILED' else 'FINISHED' end as status, started_at, ended_at
from truth.job;

insert into registry.deployment by name
select
    'sagemaker' as source, model as deployment, model, '2' as version,
    'sagemaker-endpoint' as kind, 'us-east-1' as region,
    'arn:aws:sagemaker:us-east-1:111122223333:endpoint/' || model as resource_id
from truth.model;
