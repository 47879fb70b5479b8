-- What of SageMaker's registry could not be read, each with its reason.
--
-- grain     one row per value or object
-- input     $source: the source's name; `landed_object`, `sagemaker_package`, `sagemaker_card`
-- method    a value that is not what its column needs is null there and stands here, and so is a
--           stage whose word is not known; a package without ARN is no row at all
with found as (
    select
        file, sha256, row_number, 'a model package has no ARN, or no name' as reason,
        object::varchar as raw
    from sagemaker_package
    where arn is null or model is null
    union all
    select
        file, sha256, row_number,
        concat('version ', p.model, ':', p.version, ': the value of gov.', v.column_name, ' is ''',
            left(v.value, 80), ''', not ', v.wanted),
        v.value
    from sagemaker_package as p, unnest([
        {
            'column_name': 'lifecycle', 'value': gov['lifecycle'],
            'wanted': 'development, staging, production or archived',
            'is_read': as_lifecycle(gov['lifecycle']) is not null
        },
        {
            'column_name': 'approved_at', 'value': gov['approved_at'], 'wanted': 'an ISO 8601 time',
            'is_read': as_moment(gov['approved_at']) is not null
        },
        {
            'column_name': 'evaluated_at', 'value': gov['evaluated_at'],
            'wanted': 'an ISO 8601 time', 'is_read': as_moment(gov['evaluated_at']) is not null
        },
        {
            'column_name': 'monitored_at', 'value': gov['monitored_at'],
            'wanted': 'an ISO 8601 time', 'is_read': as_moment(gov['monitored_at']) is not null
        }
    ]) as u(v)
    where v.value is not null and not v.is_read
    union all
    select
        p.file, p.sha256, p.row_number,
        concat('version ', p.model, ':', p.version, ': the stage ''', left(p.stage, 80),
            ''' is none that is known; set gov.lifecycle'),
        p.object ->> '$.ModelLifeCycle'
    from sagemaker_package as p
    join registry.stated_model_version as s
        on s.source = $source and s.model = p.model and s.version = p.version
    where p.stage is not null and p.gov['lifecycle'] is null and s.lifecycle is null
    union all
    select
        file, sha256, row_number,
        concat('group ', object ->> '$.ModelPackageGroupName', ': the value of gov.', v.column_name,
            ' is ''', left(v.value, 80), ''', not ', v.wanted),
        v.value
    from landed_object, unnest([
        {
            'column_name': 'risk_tier', 'value': filled(object -> 'Tags' ->> 'gov.risk_tier'),
            'wanted': '1, 2 or 3',
            'is_read': as_tier(object -> 'Tags' ->> 'gov.risk_tier') is not null
        },
        {
            'column_name': 'retire_by', 'value': filled(object -> 'Tags' ->> 'gov.retire_by'),
            'wanted': 'a date, such as 2027-01-31',
            'is_read': as_day(object -> 'Tags' ->> 'gov.retire_by') is not null
        }
    ]) as u(v)
    where v.value is not null and not v.is_read
    union all
    select
        file, sha256, row_number, concat('the model card ', card_uri, ' is no JSON object'), raw
    from sagemaker_card
    where content is null
)
select $source as source, file, sha256 as file_sha256, row_number, reason, raw from found
order by file, row_number, reason
