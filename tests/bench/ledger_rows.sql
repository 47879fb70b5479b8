-- A made year of a company with 200 models: its bill, its clusters, its registry.
--
-- grain     $resources resources billed each hour of a year, $nodes of them nodes of 3 clusters
--           with $pods pods; 50 endpoints, 20,000 training runs
-- method    every value is a function of the row's number, so that each run makes the same rows.
--           What is used is below what is asked for; a tenth of the resources has no tags
insert into focus.charge by name
with line as (
    select i, i % $resources as resource, i // $resources as hour
    from range($resources * $hours) as numbers(i)
)
select
    case when resource < $nodes
        then 'arn:aws:ec2:eu-west-1:1:instance/i-' || lpad(resource::varchar, 17, '0')
        else 'arn:aws:service:eu-west-1:1:thing/' || resource end as ResourceId,
    (0.5 + resource % 40 * 0.31)::decimal(38, 20) as BilledCost,
    (0.5 + resource % 40 * 0.29)::decimal(38, 20) as EffectiveCost,
    (0.5 + resource % 40 * 0.41)::decimal(38, 20) as ListCost,
    (0.5 + resource % 40 * 0.31)::decimal(38, 20) as ContractedCost,
    'billing-1' as BillingAccountId, 'Example' as BillingAccountName, 'USD' as BillingCurrency,
    date_trunc('month', timestamp '2025-11-01' + hour * interval 1 hour) as BillingPeriodStart,
    date_trunc('month', timestamp '2025-11-01' + hour * interval 1 hour) + interval 1 month
        as BillingPeriodEnd,
    timestamp '2025-11-01' + hour * interval 1 hour as ChargePeriodStart,
    timestamp '2025-11-01' + (hour + 1) * interval 1 hour as ChargePeriodEnd,
    case when resource % 97 = 96 then 'Tax' when resource % 89 = 88 then 'Credit' else 'Usage' end
        as ChargeCategory,
    'Use of SKU ' || resource % 3000 as ChargeDescription, 'Usage-Based' as ChargeFrequency,
    case when resource % 5 = 0 then 'plan-' || resource % 30 end as CommitmentDiscountId,
    case when resource % 5 = 0 then 'Spend' end as CommitmentDiscountCategory,
    case when resource % 5 = 0 then 'Used' end as CommitmentDiscountStatus,
    1::decimal(38, 20) as ConsumedQuantity, 'Hours' as ConsumedUnit,
    1::decimal(38, 20) as PricingQuantity, 'Hours' as PricingUnit,
    case when resource % 5 = 0 then 'Committed' else 'Standard' end as PricingCategory,
    'AWS' as ProviderName, 'AWS' as PublisherName, 'AWS' as InvoiceIssuerName,
    'eu-west-1' as RegionId, 'Ireland' as RegionName, 'Instance' as ResourceType,
    case when resource < $nodes then 'Compute' else 'AI and Machine Learning' end
        as ServiceCategory,
    case when resource < $nodes then 'Amazon Elastic Compute Cloud'
        else 'Service ' || resource % 60 end as ServiceName,
    'sku-' || resource % 3000 as SkuId, 'meter-' || resource % 400 as SkuMeter,
    'account-' || resource % 40 as SubAccountId, 'Account ' || resource % 40 as SubAccountName,
    case when resource >= $nodes and resource % 10 <> 0 then
        '{"team":"team-' || resource % 20 || '","model":"model-' || resource % 200
        || '","stage":"' || case when resource % 2 = 0 then 'prod' else 'dev' end || '"}'
    end as Tags,
    'bill' as x_source, 'bill/files/' || hour // 730 as x_file,
    'sha-' || hour // 730 as x_file_sha256, i as x_row, 1::decimal(28, 18) as x_billing_currency_rate
from line;

insert into usage.node_hour by name
select
    'prometheus' as source, 'cluster-' || node % 3 as cluster, 'node-' || node as node,
    timestamp '2025-11-01' + hour * interval 1 hour as hour,
    'i-' || lpad(node::varchar, 17, '0') as provider_id,
    case when node % 5 = 0 then 'p4d.24xlarge' else 'm5.8xlarge' end as instance_type,
    'eu-west-1' as region,
    case when node % 5 = 0 then 96 else 32 end as cpu_cores,
    case when node % 5 = 0 then 1152 else 128 end as ram_gib,
    case when node % 5 = 0 then 'NVIDIA-A100-SXM4-40GB' end as gpu_model,
    case when node % 5 = 0 then 8 else 0 end as gpus,
    1.0 as up_ratio
from range($nodes * $hours) as numbers(i), (select i % $nodes as node, i // $nodes as hour);

insert into usage.pod_hour by name
select
    'prometheus' as source, 'cluster-' || pod % $nodes % 3 as cluster,
    'space-' || pod % 20 as namespace, 'serve-' || pod || '-' || hour // 168 as pod,
    'node-' || pod % $nodes as node, timestamp '2025-11-01' + hour * interval 1 hour as hour,
    0.5 + pod % 6 * 0.5 as cpu_request_cores, 0.25 + (i * 7) % 12 * 0.25 as cpu_used_cores,
    1.0 + pod % 8 as ram_request_gib, 0.5 + (i * 5) % 10 as ram_used_gib,
    case when pod % $nodes % 5 = 0 then 1.0 end as gpu_request,
    case when pod % $nodes % 5 = 0 then (i * 3) % 100 * 0.01 end as gpu_used_ratio,
    1.0 as up_ratio,
    '{"team":"team-' || pod % 20 || '","model":"model-' || pod % 200 || '","app":"serve-'
        || pod % 400 || '"}' as labels
from range($pods * $hours) as numbers(i), (select i % $pods as pod, i // $pods as hour);

insert into usage.node by name
select
    'prometheus' as source, 'cluster-' || node % 3 as cluster, 'node-' || node as node,
    'i-' || lpad(node::varchar, 17, '0') as provider_id, timestamp '2026-11-20' as seen_at
from range($nodes) as numbers(node);

insert into usage.endpoint_hour by name
select
    'prometheus' as source, 'endpoint-' || i % 50 as endpoint,
    timestamp '2025-11-01' + i // 50 * interval 1 hour as hour,
    1000.0 + i % 77 as requests, 90000.0 + i % 770 as input_tokens, 30000.0 as output_tokens,
    2.0 as instances
from range(50 * $hours) as numbers(i);

insert into usage.endpoint by name
select
    'prometheus' as source, 'endpoint-' || i as endpoint, 'kserve' as kind,
    'model-' || i as model, '3' as model_version, timestamp '2026-11-20' as seen_at
from range(50) as numbers(i);

insert into usage.gpu_job by name
select
    'slurm' as source, 'job-' || i as job, 'train-' || i % 200 as name, 'team-' || i % 20 as team,
    'NVIDIA-A100-SXM4-40GB' as gpu_model, 8.0 as gpus,
    timestamp '2025-11-01' + i % $hours * interval 1 hour as started_at,
    timestamp '2025-11-01' + (i % $hours + 3) * interval 1 hour as ended_at,
    case when i % 9 = 0 then 'failed' else 'completed' end as state, 24.0 as gpu_hours,
    0.7 as gpu_util_ratio, 'slurm' as kind, 'model-' || i % 200 as model, 'run-' || i as run_id,
    timestamp '2026-11-20' as seen_at
from range(20000) as numbers(i);

insert into registry.model by name
select
    'mlflow' as source, 'model-' || i as model, 'team-' || i % 20 as team, 'owner' as owner,
    timestamp '2025-11-01' as created_at
from range(200) as numbers(i);

insert into registry.model_version by name
select
    'mlflow' as source, 'model-' || i % 200 as model, (i // 200)::varchar as version,
    'run-' || i as run_id, 'production' as lifecycle, timestamp '2025-11-01' as created_at
from range(2000) as numbers(i);

insert into registry.run by name
select
    'mlflow' as source, 'run-' || i as run_id, 'FINISHED' as status,
    timestamp '2025-11-01' + i % $hours * interval 1 hour as started_at,
    timestamp '2025-11-01' + (i % $hours + 3) * interval 1 hour as ended_at
from range(20000) as numbers(i);

insert into focus.file by name
select
    'bill' as source, 'bill/files/' || i as file, 'sha-' || i as sha256, 'bill' as scope,
    '' as read_as, 'focus' as format, count(*) as rows_landed, count(*) as rows_loaded,
    0 as rows_quarantined, 0 as rows_left_out, count(*) as charges, 0 as values_rounded,
    0 as amount_cut
from focus.charge as c join range(13) as numbers(i) on c.x_file_sha256 = 'sha-' || i
group by i;
