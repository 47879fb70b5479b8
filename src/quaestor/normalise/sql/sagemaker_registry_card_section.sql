-- What the model cards of SageMaker say, section by section.
--
-- grain     one row per card and section
-- input     $source: the source's name; `sagemaker_card`
-- method    a section has the name that cards of every source have for it (`word`); what only
--           SageMaker knows is <block>.<field> as its schema names it, such as
--           intended_uses.risk_rating. A list of entries, such as the evaluations, is one section,
--           as JSON; fields of one name are one section, a line each. Empty ones are left out.
--           Archived cards do not speak
-- source    Amazon SageMaker Developer Guide, "Model card JSON schema"
with word(field, section) as (
    values
        ('model_overview.model_description', 'description'),
        ('intended_uses.intended_uses', 'intended_use'),
        ('intended_uses.purpose_of_model', 'intended_use'),
        ('training_details.training_job_details.training_datasets', 'training_data'),
        ('evaluation_details', 'evaluation'),
        ('additional_information.caveats_and_recommendations', 'limitations'),
        ('additional_information.ethical_considerations', 'ethics')
),
block as (
    select model, version, card_uri, content, b.key as block, b.value as value, b.type as type
    from sagemaker_card, json_each(content) as b
    where content is not null and status is distinct from 'Archived'
),
said as (
    select model, version, card_uri, block || '.' || s.key as field, s.value, s.type
    from block, json_each(block.value) as s
    where block.type = 'OBJECT'
    union all
    select model, version, card_uri, block, value, type from block where type <> 'OBJECT'
    union all
    select
        model, version, card_uri,
        'training_details.training_job_details.training_datasets',
        value -> '$.training_job_details.training_datasets', 'ARRAY'
    from block
    where block = 'training_details'
        and (value -> '$.training_job_details.training_datasets') is not null
)
select
    $source as source, s.model, s.version, coalesce(w.section, s.field) as section,
    string_agg(
        case when s.type = 'VARCHAR' then s.value ->> '$' else s.value::varchar end, chr(10)
        order by s.field
    ) as content,
    s.card_uri
from said as s
left join word as w using (field)
where s.type <> 'NULL' and trim(s.value ->> '$') not in ('', '[]', '{}', 'null')
group by all
order by model, version, card_uri, section
