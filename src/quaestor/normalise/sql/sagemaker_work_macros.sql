-- A model package's ARN as the registry names it: group and version; a package without a group is
-- a model without versions. arn:aws:sagemaker:eu-west-1:1:model-package/churn/3 is churn, 3.
create or replace temp macro package_of(arn) as {
    'model': nullif(split_part(split_part(arn, ':model-package/', 2), '/', 1), ''),
    'version': nullif(split_part(split_part(arn, ':model-package/', 2), '/', 2), '')
};
