-- What each level asks for, and how many models show it.
--
-- grain     one row per criterion
with said as (
    select unnest(from_json(evidence, '[{
        "criterion": "VARCHAR", "level": "INTEGER", "met": "BOOLEAN", "met_by": "BIGINT",
        "not_met_by": "BIGINT", "unknown_of": "BIGINT", "told_by": "VARCHAR"
    }]')) as one
    from ledger.maturity where scope = 'organisation'
)
select
    one.level, one.met, one.met_by, one.not_met_by, one.unknown_of, one.told_by,
    case one.criterion
        when 'data-versioned' then 'training data named by digest'
        when 'data-checked' then 'training data checked'
        when 'lineage' then 'run and commit of each version'
        when 'pipeline' then 'trained by a pipeline'
        when 'evaluated' then 'evaluated'
        when 'approved' then 'approved'
        when 'integrated' then 'brought in by a pipeline, no person'
        when 'progressive' then 'rolled out step by step'
        when 'rolls-back' then 'rolls back by itself'
        when 'monitored' then 'monitored'
        when 'retrains' then 'training starts by itself'
        else one.criterion
    end as criterion,
    one.met_by::double / nullif(one.met_by + one.not_met_by + one.unknown_of, 0) as met_ratio
from said
order by one.level, criterion
