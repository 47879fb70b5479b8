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

-- A job that was stopped before it began took none; of any other, see gpu_hours_of.
create or replace temp macro job_gpu_hours(gpus, started_at, ended_at, state, seen_at) as case
    when ended_at is not null and started_at is null and state in ('failed', 'cancelled') then 0
    else gpu_hours_of(gpus, started_at, ended_at, state, seen_at)
end;

-- What is wrong with when a job ran, in words; null where nothing is.
create or replace temp macro no_span(starts, started_at, ends, ended_at) as case
    when starts is not null and started_at is null then 'its start ' || shown(starts) || ' is no time'
    when ends is not null and ended_at is null then 'its end ' || shown(ends) || ' is no time'
    when ended_at < started_at then 'it ends before it starts'
end;

-- What is wrong with a figure of an endpoint's hour, in words; null where nothing is.
create or replace temp macro no_figure(endpoint, hour, metric, value) as case
    when endpoint is null then 'it names no endpoint'
    when hour is null then 'it names no hour'
    when value is null or value < 0 then metric || ' is no number'
end;

-- Hours of a duration as ISO 8601 writes it: PT1H30M is 1.5, P1D is 24; null where it is none.
create or replace temp macro iso_hours(t) as case
    when regexp_full_match(t, 'P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9.]+S)?)?')
        and regexp_matches(t, '[0-9]')
    then coalesce(try_cast(regexp_extract(t, '([0-9]+)D', 1) as double), 0) * 24
        + coalesce(try_cast(regexp_extract(t, '([0-9]+)H', 1) as double), 0)
        + coalesce(try_cast(regexp_extract(t, '([0-9]+)M', 1) as double), 0) / 60
        + coalesce(try_cast(regexp_extract(t, '([0-9.]+)S', 1) as double), 0) / 3600
end;
