-- Every judged model against every family of rules: the worst verdict of each.
--
-- grain     one row per model, worst first; `cells` holds one entry per family, by name
-- method    worst first: fail, error, unknown, waived, pass, skip; verdict is null where no rule
--           of the family looks at the model. Findings of no model (a cluster, a budget) are
--           one row without a name
with run as (select * from audit.latest_run),
ranked as (
    select
        f.model, f.family, f.verdict, f.severity,
        array_position(['fail', 'error', 'unknown', 'waived', 'pass', 'skip'], f.verdict) as place,
        case f.severity when 'critical' then 1000 when 'high' then 100 when 'medium' then 10 else 1
        end as weight
    from audit.finding as f join run using (run_id)
),
family as (
    select distinct family from ranked
),
model as (
    select
        model, count(*) filter (where verdict = 'fail') as failed,
        count(*) filter (where verdict in ('unknown', 'error')) as unanswered,
        coalesce(sum(weight) filter (where verdict = 'fail'), 0) as badness
    from ranked group by model
    having count(*) filter (where verdict <> 'skip') > 0
),
cell as (
    select
        model, family, min_by(verdict, place) as verdict,
        count(*) filter (where verdict = 'fail') as failed,
        count(*) filter (where verdict in ('unknown', 'error')) as unanswered
    from ranked group by model, family
)
select
    m.model, m.failed, m.unanswered, m.badness, m.failed + m.unanswered > 0 as is_open,
    list({
        'family': f.family, 'verdict': c.verdict,
        'failed': coalesce(c.failed, 0), 'unanswered': coalesce(c.unanswered, 0)
    } order by f.family) as cells
from model as m
cross join family as f
left join cell as c on c.model is not distinct from m.model and c.family = f.family
group by m.model, m.failed, m.unanswered, m.badness
order by m.model is null, m.badness desc, m.unanswered desc, m.model
