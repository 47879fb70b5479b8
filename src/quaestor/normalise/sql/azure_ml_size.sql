-- How many GPUs the machines of Azure have, by size.
--
-- grain     one row per size
-- input     landed_object: what azure_ml.py landed
-- method    a size without the capability GPUs has none. The model of a GPU is what the size's name
--           says (Standard_NC24ads_A100_v4), where it says one
-- source    Microsoft, Resource SKUs; "Virtual machine sizes naming conventions", accelerator type
select
    lower(object ->> '$.name') as size,
    coalesce(as_number(object ->> '$.GPUs')::double, 0) as gpus,
    as_number(object ->> '$.vCPUs')::double as cpus,
    as_number(object ->> '$.MemoryGB')::double as ram_gib,
    case when as_number(object ->> '$.GPUs') > 0
        then nullif(regexp_extract(
            upper(object ->> '$.name'), '_(A10|A100|H100|H200|GB200|L4|L40S?|T4|V100|MI300X|V620|V710)(_|$)', 1
        ), '') end as gpu_model
from landed_object
where kind = 'sizes' and (object ->> '$.name') <> ''
qualify row_number() over (partition by size order by place, row_number) = 1
