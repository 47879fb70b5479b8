-- What the tags of a cloud's registry say, as Vertex AI and Azure ML keep them: gov.<column>, or
-- gov_<column> where a key may have no dot. Blank is not said.
create or replace temp macro tag_map(t) as
    coalesce(try_cast(t as map(varchar, varchar)), map()::map(varchar, varchar));

create or replace temp macro filled(t) as case when trim(t) <> '' then t end;

create or replace temp macro said(tags, field) as
    coalesce(filled(tags['gov.' || field]), filled(tags['gov_' || field]));

create or replace temp macro said_cost_center(tags) as coalesce(
    said(tags, 'cost_center'), filled(tags['fin.cost_center']), filled(tags['fin_cost_center'])
);

create or replace temp macro as_tier(t) as
    case when trim(t) in ('1', '2', '3') then trim(t)::integer end;

create or replace temp macro as_day(t) as
    case when regexp_full_match(trim(t), '[0-9]{4}-[0-9]{2}-[0-9]{2}')
    then try_cast(trim(t) as date) end;

create or replace temp macro as_lifecycle(t) as case
    when lower(trim(t)) in ('development', 'staging', 'production', 'archived')
    then lower(trim(t))
end;

create or replace temp macro alias_lifecycle(names) as case
    when list_has_any(names, ['champion', 'production', 'prod']) then 'production'
    when list_has_any(names, ['challenger', 'candidate', 'staging']) then 'staging'
    when list_contains(names, 'archived') then 'archived'
end;

-- GPUs times the hours of a job; up to `seen_at` while it runs, none where it never began. Null
-- where one of them is not known: never zero, never up to now.
create or replace temp macro job_gpu_hours(gpus, started_at, ended_at, state, seen_at) as case
    when gpus = 0 or state = 'pending' then 0
    when ended_at is not null and started_at is null and state in ('failed', 'cancelled') then 0
    when ended_at is not null
    then gpus * date_diff('microsecond', started_at, ended_at) / 3600000000.0
    when state = 'running' and started_at <= seen_at
    then gpus * date_diff('microsecond', started_at, seen_at) / 3600000000.0
end;
