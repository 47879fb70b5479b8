-- Every version of each model: where it stands, who let it through, what it cost, who calls it.
--
-- grain     one row per model, version and registry that knows it; cost is on the first of these
--           alone, so that nothing counts twice. `(no version)` is cost that no version caused
-- money     reporting currency, effective cost of its whole life; known_cost is what is known of
--           it, and the rows add up to what the ledger knows of the model. Null: no charge and
--           no run of it
-- method    is_other_artifact: what was approved is not what lies there. Calls are those of the
--           last 23 days at every place, null where nobody tells
with served as (
    select
        model, model_version,
        case when count(*) = count(requests) then sum(requests) end as requests,
        list_sort(list(distinct place)) as places, max(window_days) as days
    from ledger.served_version group by all
),
version as (
    select
        coalesce(v.model, c.model) as model, coalesce(v.version, c.model_version) as version,
        v.source, v.lifecycle, v.aliases, v.created_at, v.created_by, v.approved_by, v.approved_at,
        v.artifact_digest, v.approved_digest <> v.artifact_digest as is_other_artifact,
        v.model is not null as is_registered,
        c.known_cost, c.lifetime_cost, c.training_cost, c.inference_cost, c.runs, c.failed_runs,
        c.unpriced_runs,
        row_number() over (
            partition by coalesce(v.model, c.model), coalesce(v.version, c.model_version)
            order by v.source
        ) as place
    from registry.model_version as v
    full join ledger.version_cost as c on c.model = v.model and c.model_version = v.version
)
select
    v.* exclude (place, known_cost, lifetime_cost),
    v.place = 1 as is_first,
    case when v.place = 1 then v.known_cost end as known_cost,
    case when v.place = 1 then v.lifetime_cost end as lifetime_cost,
    s.requests, s.places, s.days
from version as v
left join served as s on s.model = v.model and s.model_version = v.version
order by
    v.model, v.version = '(no version)', s.model is null,
    array_position(['production', 'staging', 'development', 'archived'], v.lifecycle) nulls last,
    v.created_at desc nulls last, v.version desc, v.source
