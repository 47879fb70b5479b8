-- What model cards say, section by section.
--
-- grain     one row per card and section
-- input     $source: the source's name; $sections: rows of registry_rows.Rows.sections, as JSON
-- method    every column as it stands; a version that is left out is every version
with section as (
    select unnest(
        from_json($sections, '[{
            "model": "VARCHAR", "version": "VARCHAR", "section": "VARCHAR", "content": "VARCHAR",
            "card_uri": "VARCHAR"
        }]'),
        max_depth := 2
    )
)
select $source as source, model, version, section, content, card_uri
from section
order by model, version, section
