-- What can be wrong with a value of a usage file, in words; null where nothing is.
create or replace temp macro shown(t) as
    '"' || left(t, 60) || case when length(t) > 60 then '...' else '' end || '"';

create or replace temp macro no_quantity(name, t) as case
    when t is null then null
    when as_number(t) is null then name || ' ' || shown(t) || ' is not a number'
    when as_number(t) < 0 then name || ' ' || t || ' is negative'
end;

create or replace temp macro no_count(name, t) as case
    when no_quantity(name, t) is not null then no_quantity(name, t)
    when as_number(t) <> trunc(as_number(t)) or as_number(t) > 1000000
    then name || ' ' || t || ' is no count of things'
end;

create or replace temp macro no_ratio(name, t) as case
    when t is null then null
    when as_number(t) is null then name || ' ' || shown(t) || ' is not a number'
    when as_number(t) < 0 or as_number(t) > 1
    then name || ' ' || t || ' is no ratio in [0, 1] (a percentage? divide by 100)'
end;

create or replace temp macro no_hour(name, t) as case
    when t is null then null
    when as_time(t) is null then name || ' ' || shown(t) || ' is not an ISO 8601 time'
    when as_time(t) <> date_trunc('hour', as_time(t))
    then name || ' ' || t || ' is not the start of an hour in UTC'
end;

create or replace temp macro is_json_object(t) as
    case when json_valid(t) then json_type(t) = 'OBJECT' else false end;
