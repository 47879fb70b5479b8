-- Tags of AWS, a list of keys and values, as a JSON object; null where there are none.
create or replace temp macro tags_of(list) as
    case when json_array_length(list) > 0 then to_json(map_from_entries(list_transform(
        list_distinct(from_json(list, '[{"Key": "VARCHAR", "Value": "VARCHAR"}]')),
        lambda one: {'key': one.Key, 'value': one.Value}
    )))::varchar end;
