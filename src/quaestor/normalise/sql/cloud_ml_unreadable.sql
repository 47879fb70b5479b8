-- Which tags of models and versions hold what their column cannot take, with the reason.
--
-- grain     one row per model or version and tag
-- input     governed: file, sha256, row_number, kind, subject, version, tags (a map)
-- method    the columns are those that are more than a text; the row is loaded without the value
with told as (
    select
        file, sha256, row_number,
        case kind when 'model' then 'model ' || subject
            else 'version ' || subject || ':' || version end as subject,
        unnest([
            {'field': 'risk_tier', 'value': said(tags, 'risk_tier'),
                'ok': as_tier(said(tags, 'risk_tier')) is not null,
                'wanted': '1, 2 or 3', 'of_version': false},
            {'field': 'retire_by', 'value': said(tags, 'retire_by'),
                'ok': as_day(said(tags, 'retire_by')) is not null,
                'wanted': 'a date, such as 2027-01-31', 'of_version': false},
            {'field': 'lifecycle', 'value': said(tags, 'lifecycle'),
                'ok': as_lifecycle(said(tags, 'lifecycle')) is not null,
                'wanted': 'development, staging, production or archived', 'of_version': true},
            {'field': 'approved_at', 'value': said(tags, 'approved_at'),
                'ok': as_time(upper(said(tags, 'approved_at'))) is not null,
                'wanted': 'an ISO 8601 time', 'of_version': true},
            {'field': 'evaluated_at', 'value': said(tags, 'evaluated_at'),
                'ok': as_time(upper(said(tags, 'evaluated_at'))) is not null,
                'wanted': 'an ISO 8601 time', 'of_version': true},
            {'field': 'monitored_at', 'value': said(tags, 'monitored_at'),
                'ok': as_time(upper(said(tags, 'monitored_at'))) is not null,
                'wanted': 'an ISO 8601 time', 'of_version': true}
        ], max_depth := 2),
        kind = 'model_version' as is_version
    from governed
    where kind = 'model' or kind = 'model_version'
)
select
    file,
    sha256,
    row_number,
    subject || ': the value of gov ' || field || ' is "' || left(value, 80) || '", not ' || wanted
        as reason,
    value as raw
from told
where value is not null and not ok and of_version = is_version
order by all
