-- The buckets that hold artifacts, and whether the world can read them.
--
-- grain     one row per bucket
-- input     $source: the source's name; `landed_object` (collect/aws_access.py)
-- method    a bucket is public by its policy (GetBucketPolicyStatus) unless public policies are
--           restricted, or by a grant of its ACL to everybody or to every AWS account unless
--           public ACLs are ignored; a block of the account counts as one of the bucket. What was
--           denied is unknown, and so is what depends on it. Grants on single objects are not read
-- source    Amazon S3 User Guide, "Blocking public access" and "The meaning of public"
with bucket as (
    select
        object,
        object ->> '$.Bucket' as name,
        object -> '$.AccountBlock' as account,
        object -> '$.PublicAccessBlockConfiguration' as own
    from landed_object
    where kind = 'buckets'
),
guarded as (
    select
        *,
        is_on(account, 'RestrictPublicBuckets') or is_on(own, 'RestrictPublicBuckets')
            as restricts_policies,
        is_on(account, 'IgnorePublicAcls') or is_on(own, 'IgnorePublicAcls') as ignores_acls,
        is_on(account, 'BlockPublicPolicy') or is_on(own, 'BlockPublicPolicy') as blocks_policies,
        is_on(account, 'BlockPublicAcls') or is_on(own, 'BlockPublicAcls') as blocks_acls,
        is_on(object -> '$.PolicyStatus', 'IsPublic') as has_public_policy,
        case when not list_contains(from_json(object -> '$.Denied', '["VARCHAR"]'), 'Acl') then
            len(
                list_filter(
                    coalesce(from_json(object -> '$.Acl.Grants', '["JSON"]'), []),
                    lambda g: regexp_matches(
                        coalesce(g ->> '$.Grantee.URI', ''), '/(AllUsers|AuthenticatedUsers)$'
                    )
                )
            ) > 0
        end as has_public_acl
    from bucket
)
select
    $source as source,
    's3://' || name as store,
    (has_public_policy and not restricts_policies) or (has_public_acl and not ignores_acls)
        as public_access,
    restricts_policies and ignores_acls and blocks_policies and blocks_acls
        as public_access_blocked,
    case when (object -> '$.ServerSideEncryptionConfiguration') is not null
        then (object -> '$.ServerSideEncryptionConfiguration.Rules') is not null
    end as encrypted,
    case when (object -> '$.Versioning') is not null
        then coalesce(object ->> '$.Versioning.Status' = 'Enabled', false)
    end as versioned,
    case when (object -> '$.Location') is not null then case
        coalesce(object ->> '$.Location.LocationConstraint', 'us-east-1')
        when 'EU' then 'eu-west-1' else coalesce(object ->> '$.Location.LocationConstraint', 'us-east-1')
    end end as region,
    to_json(
        map_from_entries(
            list_transform(
                case when json_type(object -> '$.TagSet') = 'ARRAY'
                    then from_json(object -> '$.TagSet', '[{"Key": "VARCHAR", "Value": "VARCHAR"}]')
                    when json_type(object -> '$.TagSet') = 'OBJECT' then []
                end,
                lambda t: {'key': t.Key, 'value': t.Value}
            )
        )
    )::varchar as tags
from guarded
where name is not null
order by store
