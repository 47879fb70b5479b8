-- Which production versions the last audit would let run, and what stands against the others.
--
-- grain     one row per production version of a registry
-- input     $run_id: of the audit; $severities: from which severity on a violation closes the gate
-- method    against a version counts what the gate would count: a violation of a blocking policy,
--           not waived, and a blocking policy without an answer; each of the version itself, of its
--           model, or of a deployment that serves it. A version nobody judged is not approved
with version as (
    select source, model, version, artifact_digest
    from registry.model_version
    where lifecycle = 'production'
),
judged as (
    select v.source, v.model, v.version, f.policy, f.verdict,
        f.blocking and (
            f.verdict in ('unknown', 'error')
            or f.verdict = 'fail' and list_contains($severities, f.severity)
        ) as counts
    from version as v
    join audit.finding as f on f.run_id = $run_id and f.model = v.model
    where f.subject in (v.model, v.model || ':' || v.version)
        or exists (
            select 1 from registry.deployment as d
            where d.deployment = f.subject and d.model = v.model and d.version = v.version
        )
)
select
    v.source, v.model, v.version, v.artifact_digest,
    count(j.policy) filter (where j.verdict <> 'skip') as judged,
    coalesce(list_sort(list(distinct j.policy) filter (where j.counts)), []) as against
from version as v
left join judged as j on j.source = v.source and j.model = v.model and j.version = v.version
group by v.source, v.model, v.version, v.artifact_digest
order by v.model, v.version, v.source
