-- What SageMaker's registry states about its models.
--
-- grain     one row per model package group, or package that is in no group
-- input     $source: the source's name; `landed_object`, `sagemaker_name`, `sagemaker_package`,
--           `sagemaker_card`
-- method    a column is the tag gov.<column> of the group, fin.cost_center among them; what no tag
--           says is taken from the model's cards, an approved one first, of the newest version
--           that has one: owner, intended use, business case, and the risk rating (High is tier 1,
--           Medium 2, Low 3). Archived cards do not speak
-- source    Amazon SageMaker API, ListModelPackageGroups, ListTags, DescribeModelCard
with grouped as (
    select
        n.model, o.object,
        coalesce(from_json(o.object -> '$.Tags', '"MAP(VARCHAR, VARCHAR)"'), map {}) as said
    from sagemaker_name as n
    left join landed_object as o
        on o.kind = 'model-package-groups'
        and o.place = n.place
        and o.object ->> '$.ModelPackageGroupName' = n.name
    where n.kind = 'group'
    union all
    select model, object, said from sagemaker_package
    where group_name is null and model is not null
),
card as (
    select
        model,
        {
            'owner': content ->> '$.model_overview.model_owner',
            'description': content ->> '$.model_overview.model_description',
            'intended_use': coalesce(
                content ->> '$.intended_uses.intended_uses',
                content ->> '$.intended_uses.purpose_of_model'
            ),
            'business_case': content ->> '$.business_details.business_problem',
            'risk_tier': case lower(content ->> '$.intended_uses.risk_rating')
                when 'high' then 1 when 'medium' then 2 when 'low' then 3
            end
        } as says
    from sagemaker_card
    where content is not null and status is distinct from 'Archived'
    qualify row_number() over (
        partition by model
        order by status = 'Approved' desc, try_cast(version as bigint) desc nulls last, precedence
    ) = 1
)
select
    $source as source,
    g.model,
    coalesce(filled(g.said['gov.owner']), filled(c.says.owner)) as owner,
    filled(g.said['gov.team']) as team,
    coalesce(filled(g.said['gov.cost_center']), filled(g.said['fin.cost_center'])) as cost_center,
    case when filled(g.said['gov.risk_tier']) is not null then as_tier(g.said['gov.risk_tier'])
        else c.says.risk_tier end as risk_tier,
    coalesce(
        filled(g.object ->> '$.ModelPackageGroupDescription'),
        filled(case when g.object ->> '$.ModelPackageVersion' is null
            then g.object ->> '$.ModelPackageDescription' end),
        filled(g.said['gov.description']),
        filled(c.says.description)
    ) as description,
    filled(g.said['gov.oncall']) as oncall,
    coalesce(filled(g.said['gov.intended_use']), filled(c.says.intended_use)) as intended_use,
    coalesce(filled(g.said['gov.business_case']), filled(c.says.business_case)) as business_case,
    filled(g.said['gov.eu_ai_act_class']) as eu_ai_act_class,
    as_day(g.said['gov.retire_by']) as retire_by,
    as_time(g.object ->> '$.CreationTime') as created_at,
    null::timestamp as updated_at,
    to_json(g.said)::varchar as tags,
    null::varchar as definition,
    false as from_file
from grouped as g
left join card as c using (model)
order by g.model
