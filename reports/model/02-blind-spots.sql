-- What is not known of each model: blind spots of its sources, and what no source tells.
--
-- grain     one row per model and thing that is not known
-- money     amount, in the currency of the row, which is the bill's and not always ours
-- method    a blind spot touches a model where a source that tells of the model has it, or where
--           it is about the model by name. The rest is what the ledger itself could not say
with told as (
    select model, source from registry.model
    union
    select model, source from registry.model_version
    union
    select model, source from registry.deployment
    union
    select distinct model, source from ledger.cost
),
model as (
    select distinct model from told where model is not null
),
spot as (
    select distinct
        t.model, 1 as place, b.source, b.scope, b.period, b.reason, b.fix,
        b.rows as hidden_rows, b.amount, b.currency
    from audit.blind_spot as b
    join told as t on t.source = b.source or t.model = b.scope
    where t.model is not null
),
unseen as (
    select
        m.model, 2 as place, 'the bill' as source,
        'no charge names the model, so what it costs is not known' as reason,
        'Tag what it runs on with its name, or add an attribution rule.' as fix
    from model as m
    where not exists (from ledger.model_month as c where c.model = m.model)
    union all
    select
        model, 3, 'the bill',
        'a charge of ' || strftime(min(month), '%Y-%m')
        || ' is in a currency without a rate, so the cost of that month is not known',
        'Add the rate to the file that `rates:` names.'
    from ledger.model_month where effective_cost is null group by model
    union all
    select
        m.model, 4, 'registries', 'no registry knows the model: who owns it is not stated',
        'Register it, or describe it in a model.gov.yaml file.'
    from model as m
    where not exists (from registry.model as r where r.model = m.model)
    union all
    select
        model, 5, 'training',
        sum(unpriced_runs) || case when sum(unpriced_runs) = 1
            then ' training run has no known cost, and is in no sum'
            else ' training runs have no known cost, and are in no sum' end,
        'Say what runs use: tag their machines or jobs with the run.'
    from ledger.version_cost where lifetime_cost is null
    group by model having sum(unpriced_runs) > 0
    union all
    select
        model, 6, 'calls', 'nobody tells how often it is called at ' || string_agg(place, ', '
            order by place),
        'Add a source of endpoint hours.'
    from ledger.served_version where requests is null group by model
    union all
    select
        model, 7, 'GPUs', format('{:,}', round(sum(unobserved_gpu_hours))::bigint)
        || ' paid GPU hours were not observed, and may have been idle',
        'Add a source of GPU samples for these machines.'
    from ledger.gpu_hour
    where model is not null
    group by model having round(sum(unobserved_gpu_hours)) > 0
)
select model, place, source, scope, period, reason, fix, hidden_rows, amount, currency
from spot
union all
select model, place, source, null, null, reason, fix, null, null, null from unseen
order by model, place, amount desc nulls last, hidden_rows desc nulls last, source, reason
