-- How each model is run: its level, what the next one asks for, and whether that pays.
--
-- grain     one row per model; `criteria` holds one entry per criterion, by level
-- money     reporting currency, a month
with said as (
    select model, unnest(from_json(evidence, '[{
        "criterion": "VARCHAR", "level": "INTEGER", "met": "BOOLEAN"
    }]')) as one
    from ledger.maturity where scope = 'model'
),
criterion as (
    select
        model, list({
            'level': one.level, 'met': one.met,
            'name': case one.criterion
                when 'data-versioned' then 'training data named by digest'
                when 'data-checked' then 'training data checked'
                when 'lineage' then 'run and commit of each version'
                when 'pipeline' then 'trained by a pipeline'
                when 'integrated' then 'brought in by a pipeline, no person'
                when 'progressive' then 'rolled out step by step'
                when 'rolls-back' then 'rolls back by itself'
                when 'retrains' then 'training starts by itself'
                else one.criterion
            end
        } order by one.level, one.criterion) as criteria
    from said group by model
)
select
    m.model, m.level, m.missing, m.unknown, m.next_level, m.next_value_per_month as value,
    m.next_cost_per_month as cost, m.is_next_advised, m.releases_per_month, c.criteria,
    case m.level when 0 then 'manual' when 1 then 'continuous data' when 2 then
        'continuous training' when 3 then 'continuous integration' when 4 then
        'continuous deployment' end as label
from ledger.maturity as m left join criterion as c on c.model = m.model
where m.scope = 'model' and m.model is not null
order by m.model
