-- What the model cards of SageMaker say, section by section.
--
-- grain     one row per card and section
-- input     $source: the source's name; `sagemaker_card`
-- method    a section is <block>.<field> as SageMaker's schema names it, such as
--           intended_uses.risk_rating; a list of entries, such as evaluation_details, is one
--           section, as JSON. Empty ones are left out. Archived cards do not speak
-- source    Amazon SageMaker Developer Guide, "Model card JSON schema"
with block as (
    select model, version, card_uri, b.key as block, b.value as value, b.type as type
    from sagemaker_card, json_each(content) as b
    where content is not null and status is distinct from 'Archived'
),
section as (
    select model, version, card_uri, block || '.' || s.key as section, s.value, s.type
    from block, json_each(block.value) as s
    where block.type = 'OBJECT'
    union all
    select model, version, card_uri, block, value, type from block where type <> 'OBJECT'
)
select
    $source as source, model, version, section,
    case when type = 'VARCHAR' then value ->> '$' else value::varchar end as content,
    card_uri
from section
where type <> 'NULL' and trim(value ->> '$') not in ('', '[]', '{}')
order by model, version, card_uri, section
