-- An estate of $models models, as the ledger and the audit would leave it: two months of cost,
-- ten rules over every model, its level, and a piece of advice for each.
insert into config.setting values ('currency', 'EUR');
insert into meta.property values ('built_at', '2026-11-21T03:05:00');

create temporary table named as
select
    n, case n when 7 then '<img src=x onerror=alert(1)>'
        else 'model-' || lpad(n::varchar, 5, '0') || '-of-' || (n * 7919 % 997) end as model,
    'team-' || n % 40 as team
from range($models) as r(n);

insert into ledger.cost by name
select
    day::date as day, 'bill' as source, 'AWS' as provider, 'Amazon SageMaker' as service,
    'account-' || n % 12 as sub_account, model || '-' || stage as resource_id, team, model,
    stage as lifecycle_stage, 'direct' as cost_kind, 'tag' as rule, 'EUR' as billing_currency,
    cost as billing_billed_cost, cost as billing_effective_cost, cost as billed_cost,
    cost as effective_cost, 1 as charges
from (
    select
        *, ((n * 7919 + day(day) * 13 + length(stage)) % 9973 + 1)::decimal(38, 20)
            * 0.0104729::decimal(18, 7) as cost
    from named, unnest(['training', 'inference']) as s(stage),
        range('2026-10-01'::timestamp, '2026-11-21'::timestamp, interval 5 day) as d(day)
);

create view ledger.line as
select
    day, source, provider, service, sub_account, region, resource_id, charge_category,
    billing_currency, effective_cost
from ledger.cost;

create view ledger.ruled_charge as
select
    day::timestamp as ChargePeriodStart, provider, team, model, environment, lifecycle_stage,
    cost_kind, rule, service as ServiceName, sub_account as SubAccountId, region as RegionId,
    resource_id as ResourceId, charge_category as ChargeCategory,
    billing_currency as BillingCurrency, effective_cost, billing_effective_cost as EffectiveCost,
    source as x_source, strftime(day, 'bills/%Y-%m.csv') as x_file,
    sha256(strftime(day, '%Y-%m')) as x_file_sha256, row_number() over (order by day) as x_row
from ledger.cost;

insert into ledger.model_month by name
select
    date_trunc('month', day)::date as month, model, max(team) as team,
    sum(effective_cost) as effective_cost, 0 as idle_ratio, count(distinct day) as days,
    date_trunc('month', day) = '2026-10-01' as complete
from ledger.cost group by all;

insert into ledger.coverage by name
select
    date_trunc('month', day)::date as month, sum(effective_cost) as effective_cost,
    sum(effective_cost) as to_a_model, sum(effective_cost) as to_a_team, 0 as unattributed,
    1 as model_ratio, 1 as team_ratio
from ledger.cost group by all;

insert into audit.run by name
select
    'now' as run_id, '2026-11-21 06:30'::timestamp as audited_at, '0.1.0' as quaestor_version,
    10 as policies, $models as subjects, 10 * $models as verdicts, 0 as failed, 0 as unanswered,
    0 as blind_spots, 'high' as fail_on, 1 as exit_code;

create temporary table rule as
select
    p, 'rule-' || p as policy, 'The rule ' || p || ' is kept' as title,
    ['ownership', 'lineage', 'access', 'cost', 'monitoring'][p % 5 + 1] as family,
    ['critical', 'high', 'medium', 'low'][p % 4 + 1] as severity
from range(10) as r(p);

insert into audit.policy by name
select 'now' as run_id, policy, family, title, severity, p < 4 as blocking, '{}' as parameters
from rule;

insert into audit.finding by name
select
    'now' as run_id, policy, title, family, 'registry' as source, model as subject, model, severity,
    case (n * 31 + p * 17) % 9 when 0 then 'fail' when 1 then 'unknown' when 2 then 'skip'
        else 'pass' end as verdict,
    'the registry keeps no owner of it' as reason,
    case when n % 3 > 0 then (n % 701 + 0.37)::decimal(38, 20) end as at_stake_per_month,
    '{}' as evidence, p < 4 as blocking, sha256(policy || model) as fingerprint,
    '2026-11-18 06:30'::timestamp as first_seen, 'Set the tag that it asks for.' as remedy,
    'Nobody answers for what nobody owns.' as why
from named, rule;

insert into ledger.maturity by name
select
    scope, model, team, level, '[]' as evidence,
    'a pipeline that trains it, and runs that name their commit' as missing,
    case when level is null then 'who approved it' end as unknown, level + 1 as next_level,
    value as next_value_per_month, 110.25 as next_cost_per_month,
    value > 110.25 as is_next_advised, 'the next level pays' as advice, models,
    2.5 as releases_per_month
from (
    select
        'model' as scope, model, team, case when n % 11 > 0 then n % 4 end as level,
        (n * 7919 % 3001)::decimal(38, 20) * 0.137 as value, 1 as models
    from named
    union all
    select 'team', null, team, 1, 35.5, count(*) from named group by team
    union all
    select 'organisation', null, null, 1, 410.75, $models
);

insert into ledger.recommendation by name
select
    kind || '/' || model as subject, 'resize' as action, kind, '2 x ml.g5.xlarge' as current,
    '1 x ml.g5.xlarge' as proposed, saving as saving_per_month, saving as counted_saving_per_month,
    0 as stranded_per_month, 'bill' as saving_basis, ['high', 'medium', 'low'][n % 3 + 1]
        as confidence, 'Somebody may call it once a quarter: ask the owner.' as risk,
    '{}' as evidence, 'aws sagemaker update-endpoint --endpoint-name ''e-' || n || '''' as command,
    left(sha256(model), 16) as recommendation, model as name,
    'no call in ' || n % 20 || ' days, up to 2026-11-20' as reason,
    case when saving is null then 'unpriced' else 'best' end as counts_because, team, model,
    false as may_end
from (
    select
        *, ['idle_endpoint', 'endpoint_size', 'gpu_size', 'schedule'][n % 4 + 1] as kind,
        case when n % 10 > 0 then (n * 7919 % 9973)::decimal(38, 20) * 0.1237 end as saving
    from named
);

insert into ledger.assessment by name
select
    kind, subject, name, 'advise' as answer, reason, saving_per_month as cost_per_month
from ledger.recommendation;
