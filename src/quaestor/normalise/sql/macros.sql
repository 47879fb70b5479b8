-- How a bill's text is read. A guess is never a figure: what is not plainly a number or an
-- ISO 8601 time is refused, and the row goes to quarantine with its reason.

-- NULL has five spellings in bills: empty, NULL, null, (null) and \N.
-- Longer text, nearly all, is not looked at; a list behind `in` would be joined with.
create or replace temp macro spelled(t) as case
    when strlen(t) > 6 then t
    when t = '' or t = 'NULL' or t = 'null' or t = '(null)' or t = '\N' then null
    else t
end;

-- The same without the blanks around it; only text that may have some is taken apart.
create or replace temp macro trimmed(t) as case
    when t < '!' or ends_with(t, ' ') or strlen(t) <> length(t) then spelled(trim(t))
    when strlen(t) > 6 then t
    when t = 'NULL' or t = 'null' or t = '(null)' or t = '\N' then null
    else t
end;

-- Digits with an optional point and exponent. Not: 1,000.00, $5, 1_000, nan, 0x10. The engine's
-- own reading is as strict, but for the underscore and what stands before the first digit.
create or replace temp macro as_number(t) as
    case when t >= '+' and t < ':' and not contains(t, '_') then try_cast(t as decimal(38, 20)) end;

-- A number that no column of money can hold; not 'inf', which is none.
create or replace temp macro is_too_large(t) as coalesce(
    t >= '+' and t < ':' and not contains(t, '_') and abs(try_cast(t as double)) >= 1e18, false
);

-- How many digits a number's text has after the point once its exponent is worked out.
create or replace temp macro digits_after_point(t) as greatest(
    0,
    length(split_part(split_part(lower(t), 'e', 1), '.', 2))
    - coalesce(try_cast(nullif(split_part(lower(t), 'e', 2), '') as integer), 0)
);

-- ISO 8601 with or without zone; without one it is UTC. Not: 4/1/25, whose day nobody knows.
create or replace temp macro as_careful_time(t) as
    case when regexp_full_match(
        t,
        '[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}' ||
        '([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?)?'
    )
    then timezone('UTC', try_cast(t as timestamptz)) end;

-- The two forms that most exports use are read at once; every other one, with care.
create or replace temp macro as_time(t) as case
    when (t like '____-__-__T__:__:__Z' or t like '____-__-__ __:__:__') and t >= '1' and t < ':'
    then try_cast(t as timestamp)
    else as_careful_time(t)
end;

-- Some of Azure's exports write tags as an object without its braces; Google's, like every table
-- of BigQuery, as a list of keys and values. Anything else stays as is.
create or replace temp macro in_braces(t) as case
    when left(t, 1) = '"' and json_valid('{' || t || '}') then '{' || t || '}'
    when left(t, 1) = '[' and json_valid(t) then coalesce(nullif('{' || array_to_string(
        list_transform(
            from_json(t, '[{"key": "VARCHAR", "value": "VARCHAR"}]'),
            lambda tag: to_json(tag.key)::varchar || ': '
                || coalesce(to_json(tag.value)::varchar, 'null')
        ), ', '
    ) || '}', '{}'), case when t <> '[]' then t end)
    else t end;

-- JSON whose numbers are text, so that reading them makes no double of them. The character that
-- marks a number cannot stand in JSON.
create or replace temp macro exact_json(t) as replace(replace(
    regexp_replace(
        t, '("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]*)', '\1' || chr(1) || '\2' || chr(1), 'g'
    ),
    chr(1) || chr(1), ''
), chr(1), '"');

-- An account's id, unless a spreadsheet made a number of it: 4.69592E+11 has lost its digits.
create or replace temp macro account_id(t) as case
    when not contains(t, '.') and not contains(t, '+') then t
    when regexp_full_match(t, '[0-9]+([.,][0-9]+)?[eE][+][0-9]+') then null
    when regexp_full_match(t, '[0-9]+\.0+') then split_part(t, '.', 1)
    else t
end;
