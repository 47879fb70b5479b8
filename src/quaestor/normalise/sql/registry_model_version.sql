-- The model versions as everyone sees them: what registries state, blanks filled from files.
--
-- grain     one row per source, model and version; a version that only a file knows is a row of
--           its own, with the file's source
-- method    what a registry says is never overwritten; of several files about one version the one
--           of the source first in alphabetical order speaks, column by column. An approval (by
--           whom, when, of which digest, who asked, how many, for which group, until when) is one
--           statement and is taken whole from one place, so that nobody's name stands over
--           another's date. A lifecycle that neither says is
--           `lifecycle_otherwise`: development in MLflow, where every version starts, and unknown
--           where it could not be read.
with approval as (
    select
        source,
        subject as model,
        version,
        first(value) filter (field = 'requested_by') as requested_by,
        first(value) filter (field = 'approver_group') as approver_group,
        first(value) filter (field = 'approvals')::integer as approvals,
        first(value) filter (field = 'approved_until')::date as approved_until
    from registry.stated_fact
    where kind = 'model_version'
        and field in ('requested_by', 'approver_group', 'approvals', 'approved_until')
    group by all
),
stated as (
    select
        s.*,
        a.requested_by, a.approver_group, a.approvals, a.approved_until,
        coalesce(
            s.approved_by, s.approved_at::varchar, s.approved_digest, a.requested_by,
            a.approver_group, a.approvals::varchar, a.approved_until::varchar
        ) is not null as approves
    from registry.stated_model_version as s
    left join approval as a using (source, model, version)
),
file as (
    select
        model,
        version,
        first(lifecycle order by source) filter (lifecycle is not null) as lifecycle,
        first(aliases order by source) filter (len(aliases) > 0) as aliases,
        first(run_id order by source) filter (run_id is not null) as run_id,
        first(description order by source) filter (description is not null) as description,
        first(created_at order by source) filter (created_at is not null) as created_at,
        first(updated_at order by source) filter (updated_at is not null) as updated_at,
        first(created_by order by source) filter (created_by is not null) as created_by,
        first(
            {
                'by': approved_by, 'at': approved_at, 'digest': approved_digest,
                'asked': requested_by, 'group': approver_group, 'number': approvals,
                'until': approved_until
            } order by source
        ) filter (approves) as approval,
        first(artifact_uri order by source) filter (artifact_uri is not null) as artifact_uri,
        first(artifact_digest order by source) filter (artifact_digest is not null)
            as artifact_digest,
        first(card_uri order by source) filter (card_uri is not null) as card_uri,
        first(license order by source) filter (license is not null) as license,
        first(base_model order by source) filter (base_model is not null) as base_model,
        first(rollback_to order by source) filter (rollback_to is not null) as rollback_to,
        first(evaluated_at order by source) filter (evaluated_at is not null) as evaluated_at,
        first(monitoring order by source) filter (monitoring is not null) as monitoring,
        first(monitored_at order by source) filter (monitored_at is not null) as monitored_at,
        first(metrics order by source) filter (metrics <> '{}') as metrics,
        first(tags order by source) filter (tags <> '{}') as tags
    from stated
    where from_file
    group by model, version
),
card as (
    select
        model,
        first(card_uri order by source) filter (card_uri is not null) as card_uri,
        first(license order by source) filter (license is not null) as license,
        first(base_model order by source) filter (base_model is not null) as base_model
    from registry.stated_model_version
    where from_file and every_version
    group by model
),
registered as (
    select * from stated where not from_file
),
filled as (
    select
        r.source,
        r.model,
        r.version,
        coalesce(r.lifecycle, f.lifecycle, r.lifecycle_otherwise) as lifecycle,
        case when len(r.aliases) > 0 then r.aliases else coalesce(f.aliases, r.aliases) end
            as aliases,
        coalesce(r.run_id, f.run_id) as run_id,
        coalesce(r.description, f.description) as description,
        coalesce(r.created_at, f.created_at) as created_at,
        coalesce(r.updated_at, f.updated_at) as updated_at,
        coalesce(r.created_by, f.created_by) as created_by,
        case when r.approves then r.approved_by else f.approval['by'] end as approved_by,
        case when r.approves then r.approved_at else f.approval['at'] end as approved_at,
        case when r.approves then r.approved_digest else f.approval['digest'] end
            as approved_digest,
        case when r.approves then r.requested_by else f.approval['asked'] end as requested_by,
        case when r.approves then r.approver_group else f.approval['group'] end
            as approver_group,
        case when r.approves then r.approvals else f.approval['number'] end as approvals,
        case when r.approves then r.approved_until else f.approval['until'] end
            as approved_until,
        coalesce(r.artifact_uri, f.artifact_uri) as artifact_uri,
        coalesce(r.artifact_digest, f.artifact_digest) as artifact_digest,
        coalesce(r.card_uri, f.card_uri, card.card_uri) as card_uri,
        coalesce(r.license, f.license, card.license) as license,
        coalesce(r.base_model, f.base_model, card.base_model) as base_model,
        coalesce(r.rollback_to, f.rollback_to) as rollback_to,
        coalesce(r.evaluated_at, f.evaluated_at) as evaluated_at,
        coalesce(r.monitoring, f.monitoring) as monitoring,
        coalesce(r.monitored_at, f.monitored_at) as monitored_at,
        coalesce(nullif(r.metrics, '{}'), f.metrics, r.metrics) as metrics,
        coalesce(nullif(r.tags, '{}'), f.tags, r.tags) as tags
    from registered as r
    left join file as f using (model, version)
    left join card using (model)
)
select * from filled
union all by name
select s.* exclude (from_file, lifecycle_otherwise, every_version, approves)
from stated as s
where
    s.from_file
    and not exists (
        select 1 from registered as r where r.model = s.model and r.version = s.version
    )
    and not (
        coalesce(s.every_version, false)
        and exists (
            select 1 from registry.stated_model_version as o
            where o.model = s.model and not coalesce(o.every_version, false)
        )
    )
order by source, model, version
