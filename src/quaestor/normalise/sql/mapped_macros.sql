-- How the numbers and times of an invoice are read, as its mapping says they are written. What is
-- not written so is refused: "1,5" has no group of three digits, so it is not 15.

-- Without the currency's sign, which may stand on either side of the number.
create or replace temp macro without_sign(t, sign) as case
    when sign is null then t
    when regexp_matches(t, '^[-+(]?[\s\x{00a0}]*' || regexp_escape(sign))
    then regexp_replace(t, '^([-+(]?)[\s\x{00a0}]*' || regexp_escape(sign) || '[\s\x{00a0}]*', '\1')
    else regexp_replace(t, '[\s\x{00a0}]*' || regexp_escape(sign) || '[\s\x{00a0}]*([-)]?)$', '\1')
end;

-- (5.00) and 5.00- are what accountants write for -5.00. But 5.- is what Swiss prices without
-- cents look like: its dash is no minus, and is left where it makes no number.
create or replace temp macro minus_first(t) as case
    when regexp_full_match(t, '\([^-+()]+\)') then '-' || t[2:-2]
    when regexp_full_match(t, '[^-+()eE]*[0-9]-') then '-' || t[:-2]
    else t
end;

-- A blank between groups may be any of three: plain, unbreakable, narrow.
create or replace temp macro group_pattern(grp) as case
    when grp = ' ' or ord(grp) in (160, 8239) then '[\x{0020}\x{00a0}\x{202f}]'
    else regexp_escape(grp)
end;

-- Digits in groups of three (the first may have fewer, inner ones may have two), or ungrouped.
create or replace temp macro whole_pattern(grp) as
    '([0-9]+' || coalesce('|[0-9]{1,3}(' || group_pattern(grp) || '[0-9]{2,3})*'
    || group_pattern(grp) || '[0-9]{3}', '') || ')';

create or replace temp macro plain_number(t, point, grp) as case
    when regexp_full_match(
        t,
        '[+-]?(' || whole_pattern(grp) || '(' || regexp_escape(point) || '[0-9]*)?|'
        || regexp_escape(point) || '[0-9]+)([eE][+-]?[0-9]+)?'
    )
    then replace(
        case when grp is null then t else regexp_replace(t, group_pattern(grp), '', 'g') end,
        point, '.'
    )
end;

-- A number's text divided by ten to the power of `places`, without a digit lost.
create or replace temp macro shifted(t, places) as case
    when places = 0 then t
    else split_part(lower(t), 'e', 1) || 'e'
        || (coalesce(try_cast(nullif(split_part(lower(t), 'e', 2), '') as integer), 0) - places)
end;

-- The number as programs write it; with a blank before it, which no number has, where it is none.
-- Each step takes the last one's result by name: a macro's argument is else written out wherever
-- it stands, and all of them together are too much for the engine to plan.
create or replace temp macro written(t, point, grp, sign, places) as list_transform(
    list_transform(
        list_transform(
            list_transform([t], lambda said: {said: said, bare: without_sign(said, sign)}),
            lambda step: {said: step.said, signed: minus_first(step.bare)}
        ),
        lambda step: {said: step.said, plain: plain_number(step.signed, point, grp)}
    ),
    lambda step: coalesce(shifted(step.plain, places), ' ' || step.said)
)[1];

create or replace temp macro some_day(moment) as case
    when moment between timestamp '1000-01-01' and timestamp '9999-12-31' then moment
end;

-- Seconds since 1970, `per_second` of them at a time (1000: milliseconds).
create or replace temp macro from_unix(t, per_second) as some_day(
    try(make_timestamp((try_cast(t as decimal(24, 6)) * (1000000 // per_second))::bigint))
);
