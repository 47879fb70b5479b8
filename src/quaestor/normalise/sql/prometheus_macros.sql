-- What Prometheus's labels mean.

-- How much of a GPU a resource's unit is, in sevenths: a MIG device by its slices, else a whole.
create or replace temp macro gpu_sevenths(resource) as case
    when regexp_matches(resource, '_com_mig_[1-7]g_')
    then regexp_extract(resource, '_com_mig_([1-7])g_', 1)::integer
    when regexp_matches(resource, '_com_gpu(_shared)?$') then 7
end;

-- The labels of the thing itself, without the exporter's own; null where it shows none.
create or replace temp macro shown_labels(labels) as nullif(to_json(map_from_entries(
    list_transform(
        list_filter(map_entries(labels), lambda one: starts_with(one.key, 'label_')),
        lambda one: struct_pack(k := one.key[7:], v := one.value)
    )
))::varchar, '{}');

-- A part of an hour; unknown stays unknown, which `least` would make a whole.
create or replace temp macro at_most_one(ratio) as case when ratio > 1 then 1 else ratio end;
