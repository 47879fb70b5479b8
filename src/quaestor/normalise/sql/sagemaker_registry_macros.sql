-- How tags of SageMaker's registry are read: exactly, or not at all.

-- A text as it stands, or null where it is blank.
create or replace temp macro filled(t) as case when trim(t) <> '' then t end;

create or replace temp macro as_tier(t) as
    case when trim(t) in ('1', '2', '3') then trim(t)::integer end;

create or replace temp macro as_day(t) as
    case when regexp_full_match(trim(t), '[0-9]{4}-[0-9]{2}-[0-9]{2}')
    then try_cast(trim(t) as date) end;

create or replace temp macro as_moment(t) as as_careful_time(trim(t));

create or replace temp macro as_lifecycle(t) as
    case when lower(trim(t)) in ('development', 'staging', 'production', 'archived')
    then lower(trim(t)) end;

-- Whether a setting is on: null where the settings are unknown, false where they do not name it.
create or replace temp macro is_on(settings, name) as
    case when json_type(settings) = 'OBJECT'
    then coalesce((settings ->> name)::boolean, false) end;
