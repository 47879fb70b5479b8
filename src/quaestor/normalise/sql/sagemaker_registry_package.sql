-- The model packages of SageMaker's registry, taken apart.
--
-- grain     one row per model package
-- input     `landed_object` (normalise/landed_objects.py), `sagemaker_name`
-- method    `said` are the metadata properties of the customer and, of a package in no group, its
--           tags (a version has none of its own); `gov` those of them that are gov.<column>, blank
--           ones left out. The container is the first that names an artifact, else the first.
--           Who: the Studio profile, else the identity of IAM. A version without number is "1"
-- source    Amazon SageMaker API, DescribeModelPackage
with package as (
    select
        place, file, sha256, row_number, object,
        object ->> '$.ModelPackageArn' as arn,
        object ->> '$.ModelPackageGroupName' as group_name,
        map_concat(
            coalesce(from_json(object -> '$.Tags', '"MAP(VARCHAR, VARCHAR)"'), map {}),
            coalesce(
                from_json(object -> '$.CustomerMetadataProperties', '"MAP(VARCHAR, VARCHAR)"'),
                map {}
            )
        ) as said,
        from_json(object -> '$.InferenceSpecification.Containers', '["JSON"]') as containers
    from landed_object
    where kind = 'model-packages'
),
contained as (
    select
        *,
        coalesce(
            list_filter(
                containers,
                lambda c: c ->> '$.ModelDataUrl' is not null
                    or c ->> '$.ModelDataSource.S3DataSource.S3Uri' is not null
            )[1],
            containers[1]
        ) as container
    from package
)
select
    p.place, p.file, p.sha256, p.row_number, p.object, p.arn, n.model,
    coalesce(p.object ->> '$.ModelPackageVersion', '1') as version,
    p.group_name,
    p.said,
    map_from_entries(
        list_transform(
            list_filter(
                map_entries(p.said),
                lambda e: starts_with(e.key, 'gov.') and trim(e.value) <> ''
            ),
            lambda e: {'key': substr(e.key, 5), 'value': e.value}
        )
    ) as gov,
    p.containers,
    coalesce(
        p.container ->> '$.ModelDataUrl', p.container ->> '$.ModelDataSource.S3DataSource.S3Uri'
    ) as data_uri,
    coalesce(
        p.container ->> '$.ModelDataETag', p.container ->> '$.ModelDataSource.S3DataSource.ETag'
    ) as data_etag,
    p.container ->> '$.Image' as image,
    p.container ->> '$.ImageDigest' as image_digest,
    p.container ->> '$.BaseModel.HubContentName' as base_model,
    lower(trim(p.object ->> '$.ModelLifeCycle.Stage')) as stage,
    lower(trim(p.object ->> '$.ModelLifeCycle.StageStatus')) as stage_status,
    p.object ->> '$.ModelApprovalStatus' as approval,
    as_time(p.object ->> '$.CreationTime') as created_at,
    as_time(p.object ->> '$.LastModifiedTime') as modified_at,
    coalesce(
        p.object ->> '$.CreatedBy.UserProfileArn',
        p.object ->> '$.CreatedBy.IamIdentity.Arn',
        p.object ->> '$.CreatedBy.UserProfileName'
    ) as created_by,
    coalesce(
        p.object ->> '$.LastModifiedBy.UserProfileArn',
        p.object ->> '$.LastModifiedBy.IamIdentity.Arn',
        p.object ->> '$.LastModifiedBy.UserProfileName'
    ) as modified_by,
    p.object ->> '$.MetadataProperties.GeneratedBy' as generated_by
from contained as p
left join sagemaker_name as n
    on n.place = p.place
    and n.kind = case when p.group_name is null then 'package' else 'group' end
    and n.name = coalesce(p.group_name, p.object ->> '$.ModelPackageName')
order by p.place, p.row_number
