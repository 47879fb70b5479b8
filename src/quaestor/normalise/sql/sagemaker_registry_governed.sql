-- What has tags that are to be read: the models and versions of SageMaker's registry.
--
-- grain     one row per model package group or package in no group, and one per package
-- input     `landed_object`, `sagemaker_name`, `sagemaker_package`
-- method    a version's are its customer metadata, and of a package in no group its tags too
select
    o.file, o.sha256, o.row_number, 'model' as kind, n.model as subject, null::varchar as version,
    from_json(o.object -> '$.Tags', '"MAP(VARCHAR, VARCHAR)"') as tags
from sagemaker_name as n
join landed_object as o
    on o.kind = 'model-package-groups' and o.place = n.place
    and o.object ->> '$.ModelPackageGroupName' = n.name
where n.kind = 'group'
union all by name
select file, sha256, row_number, 'model' as kind, model as subject, said as tags
from sagemaker_package
where group_name is null and model is not null
union all by name
select file, sha256, row_number, 'model_version' as kind, model as subject, version, said as tags
from sagemaker_package
where model is not null
