-- How the texts of Kubernetes objects are read: quantities, resources, ids of machines.

-- A number as Kubernetes writes one, exactly: 1500m, 16Gi, 1e3, 128974848, 1E. What is none is null.
-- Source: kubernetes.io, API reference, Quantity.
create or replace temp macro quantity(t) as case
    when regexp_full_match(t, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?')
    then try_cast(t as decimal(38, 9))
    when regexp_full_match(t, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[numkMGTPE]')
    then try_cast(left(t, -1) || case right(t, 1)
        when 'n' then 'e-9' when 'u' then 'e-6' when 'm' then 'e-3' when 'k' then 'e3'
        when 'M' then 'e6' when 'G' then 'e9' when 'T' then 'e12' when 'P' then 'e15'
        else 'e18' end as decimal(38, 9))
    when regexp_full_match(t, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[KMGTPE]i')
    then try_cast(try(try_cast(left(t, -2) as decimal(19, 6)) * case right(t, 2)
        when 'Ki' then 1024 when 'Mi' then 1048576 when 'Gi' then 1073741824
        when 'Ti' then 1099511627776 when 'Pi' then 1125899906842624
        else 1152921504606846976 end::decimal(19, 0)) as decimal(38, 9))
end;

create or replace temp macro as_gib(q) as q::double / 1073741824;

-- What a device plug-in offers that is an accelerator, whole or a slice of one.
create or replace temp macro is_gpu_resource(name) as regexp_full_match(
    name,
    'nvidia\.com/.+|amd\.com/gpu.*|gpu\.intel\.com/.+|habana\.ai/gaudi|google\.com/tpu'
    || '|aws\.amazon\.com/neuron(core|device)?'
);

-- A JSON object of texts as a map; what is none is null.
create or replace temp macro as_map(j) as try_cast(j as map(varchar, varchar));

-- The first of several keys that a map has a text for.
create or replace temp macro first_of(m, keys) as
    list_filter(list_transform(keys, lambda key: nullif(trim(m[key]), '')), lambda t: t is not null)[1];

-- What a bill calls a machine, or what its ResourceId ends with behind a slash. Azure bills the
-- machines of a uniform scale set as the set; Google's bills know an instance by its number.
create or replace temp macro billed_machine(provider_id, instance_number) as case
    when provider_id like 'aws://%' then nullif(regexp_extract(provider_id, '/(i-[0-9a-z]+)$', 1), '')
    when provider_id ilike 'azure:///%' then regexp_replace(
        lower(substr(provider_id, 9)),
        '(/virtualmachinescalesets/[^/]+)/virtualmachines/[0-9]+$', '\1'
    )
    when provider_id like 'gce://%' then 'zones/' || split_part(provider_id, '/', 4)
        || '/instances/' || coalesce(instance_number, split_part(provider_id, '/', 5))
    when provider_id like 'oci://%' then substr(provider_id, 7)
    when provider_id like 'ocid1.%' then provider_id
end;
