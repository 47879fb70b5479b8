-- What was known of one charge, step by step: its tags, its resource, who registered its model.
with charge as (
    select * from ledger.ruled_charge
    where starts_with(x_file_sha256, $sha256) and x_row = $row::bigint
)
select
    c.rule, c.team, c.model, c.model_version, c.environment, c.lifecycle_stage, c.cost_kind,
    c.split_key, c.cluster, c.ChargePeriodStart::date as day,
    t.team as tag_team, t.model as tag_model, t.model_version as tag_model_version,
    t.environment as tag_environment, t.lifecycle_stage as tag_lifecycle_stage,
    l.kind as lineage_kind, l.source as lineage_source, l.name as lineage_name,
    l.team as lineage_team, l.model as lineage_model, l.model_version as lineage_model_version,
    l.version_since as lineage_version_since
from charge as c
left join ledger.tag_set as t on t.tags = c.Tags
left join ledger.lineage as l on l.resource_id = case
    when t.endpoint is null then c.ResourceId
    else lower(c.ResourceId) || '/onlineendpoints/' || lower(t.endpoint) end
