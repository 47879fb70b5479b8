-- How Azure's cost details and query answers are read, and what their words mean in FOCUS.

-- ISO 8601; 20260115; or month first, as every Azure export writes slashes: 09/21/2023, 9/2/2023.
-- Not 21/09/2023: a month that does not exist shows that the file is written day first.
create or replace temp macro azure_time(t) as case
    when regexp_full_match(t, '[0-9]{8}') then try_strptime(t, '%Y%m%d')
    when regexp_full_match(t, '[0-9]{1,2}/[0-9]{1,2}/[1-9][0-9]{3}( [0-9]{2}:[0-9]{2}:[0-9]{2})?')
        then coalesce(try_strptime(t, '%m/%d/%Y'), try_strptime(t, '%m/%d/%Y %H:%M:%S'))
    else as_time(t) end;

-- Tags with or without their braces, as a JSON object.
create or replace temp macro azure_tags(t) as case
    when json_valid(t) and left(t, 1) = '{' then t
    when json_valid('{' || t || '}') then '{' || t || '}' end;

-- 'Unassigned' is how Azure says that it has no value.
create or replace temp macro azure_known(t) as
    case when lower(t) in ('unassigned', 'not applicable', 'n/a') then null else t end;

-- 'Savings Plan' and 'SavingsPlan', 'UnusedReservation' and 'unusedReservation' are one word.
create or replace temp macro azure_word(t) as lower(replace(t, ' ', ''));

-- A charge that buys, or is covered by, a reservation or a savings plan. Older exports leave
-- the pricing model empty and name the reservation.
create or replace temp macro azure_is_commitment(pricing_model, charge_type, benefit) as
    coalesce(
        azure_word(pricing_model) in ('reservation', 'savingsplan')
        or azure_word(charge_type) in ('unusedreservation', 'unusedsavingsplan')
        or (pricing_model is null and benefit is not null),
        false
    );

-- A charge whose money was, or will be, billed with the purchase of a commitment.
create or replace temp macro azure_is_covered(pricing_model, charge_type, benefit) as
    azure_is_commitment(pricing_model, charge_type, benefit)
    and coalesce(azure_word(charge_type), 'usage')
        in ('usage', 'unusedreservation', 'unusedsavingsplan');

-- A charge whose money is the use of a commitment, on other days or other resources.
create or replace temp macro azure_is_purchase(pricing_model, charge_type, benefit) as
    azure_is_commitment(pricing_model, charge_type, benefit)
    and coalesce(azure_word(charge_type) in ('purchase', 'refund'), false);

create or replace temp macro azure_category(charge_type) as
    case coalesce(azure_word(charge_type), 'usage')
        when 'usage' then 'Usage'
        when 'unusedreservation' then 'Usage'
        when 'unusedsavingsplan' then 'Usage'
        when 'purchase' then 'Purchase'
        when 'refund' then 'Purchase'
        when 'tax' then 'Tax'
        when 'credit' then 'Credit'
        else 'Adjustment' end;

create or replace temp macro azure_commitment_kind(pricing_model, charge_type, benefit) as case
    when lower(benefit) like '%/microsoft.billingbenefits/%' then 'Spend'
    when lower(benefit) like '%/microsoft.capacity/%' then 'Usage'
    when azure_word(pricing_model) = 'savingsplan' then 'Spend'
    when azure_word(charge_type) = 'unusedsavingsplan' then 'Spend'
    else 'Usage' end;

-- Of use and purchases alone; a commitment is bought at a standard price, and its use committed.
create or replace temp macro azure_pricing_category(pricing_model, charge_type, benefit) as case
    when azure_category(charge_type) not in ('Usage', 'Purchase') then null
    when azure_is_purchase(pricing_model, charge_type, benefit) then 'Standard'
    when azure_is_commitment(pricing_model, charge_type, benefit) then 'Committed'
    when azure_word(pricing_model) = 'spot' then 'Dynamic'
    else 'Standard' end;

-- '10K' is ten thousand of what is counted, '1/Month' one a month, '100 Hours' a hundred.
create or replace temp macro azure_block_text(u) as regexp_extract(
    u, '^ *([0-9][0-9,.]*) *(?:([KMB])(?:[^A-Za-z]|$))?', ['digits', 'scale']
);
create or replace temp macro azure_block(u) as try(
    replace(azure_block_text(u).digits, ',', '')::decimal(18, 4)
    * case azure_block_text(u).scale
        when 'K' then 1000 when 'M' then 1000000 when 'B' then 1000000000 else 1 end
);
create or replace temp macro azure_unit_text(u) as
    trim(regexp_replace(u, '^ *[0-9][0-9,.]* *(?:[KMB]([^A-Za-z]|$))?', '\1'));
create or replace temp macro azure_unit(u) as case
    when u is null or u ilike '%unassigned%' then null
    when azure_unit_text(u) = '' then 'Units'
    else regexp_replace(azure_unit_text(u), '^/ *', 'Units/') end;

-- A quantity in blocks. Blocks are powers of ten: a product with 0.1 has every digit, a division
-- would be a double. A block of another size is divided with 15 digits.
create or replace temp macro azure_in_blocks(quantity, block) as case
    when block is null or block = 0 then null
    when block = 1 then quantity
    when block = 10 then try((quantity * 0.1)::decimal(38, 20))
    when block = 100 then try((quantity * 0.01)::decimal(38, 20))
    when block = 1000 then try((quantity * 0.001)::decimal(38, 20))
    when block = 10000 then try((quantity * 0.0001)::decimal(38, 20))
    when block = 100000 then try((quantity * 0.00001)::decimal(38, 20))
    when block = 1000000 then try((quantity * 0.000001)::decimal(38, 20))
    else try_cast((quantity::double / block::double)::varchar as decimal(38, 20)) end;

-- A product of two amounts, to the fourteenth digit (the tenth, of more than ten billion).
create or replace temp macro azure_times(a, b) as coalesce(
    try((a::decimal(38, 14) * b::decimal(38, 14))::decimal(38, 20)),
    try((a::decimal(38, 10) * b::decimal(38, 10))::decimal(38, 20))
);

-- 'US East 2', 'EastUS2' and 'eastus2' are one region.
create or replace temp macro azure_region_words(l) as case left(l, 3)
    when 'us ' then regexp_replace(l, '^us ([a-z ]+?) ?([0-9]?)$', '\1us\2')
    when 'eu ' then substr(l, 4) || 'europe'
    when 'in ' then substr(l, 4) || 'india'
    when 'ap ' then substr(l, 4) || 'asia'
    when 'ca ' then 'canada' || substr(l, 4)
    when 'jp ' then 'japan' || substr(l, 4)
    when 'au ' then 'australia' || substr(l, 4)
    when 'br ' then 'brazil' || substr(l, 4)
    else l end;
create or replace temp macro azure_region(t) as
    replace(azure_region_words(lower(trim(azure_known(t)))), ' ', '');

-- What a resource is, from its id: the provider's namespace and the type that follow the last
-- '/providers/', which is looked for by splitting, a third of the work of a greedy expression.
create or replace temp macro azure_resource_type(id) as case
    when contains(lower(id), '/providers/') then nullif(
        regexp_extract(
            split_part(lower(id), '/providers/', -1), '^([a-z0-9.]+/[a-z0-9]+)/', 1
        ), ''
    ) end;

-- FOCUS's category and subcategory of a service, from the meter category and else from the
-- resource provider. Ours, and modest: what is not listed is 'Other'.
create or replace temp macro azure_service_class(meter, provider) as case
    when meter ilike 'virtual machines%' or meter ilike '%virtual machine%'
        or meter ilike 'cloud services%' or meter ilike '%dedicated host%'
        then 'Compute|Virtual Machines'
    when meter ilike '%kubernetes%' or meter ilike 'container%' or meter ilike '%openshift%'
        or meter ilike 'azure container%'
        then 'Compute|Containers'
    when meter ilike 'functions' or meter ilike 'azure functions' then 'Compute|Serverless Compute'
    when meter ilike '%virtual desktop%' then 'Compute|End User Computing'
    when meter ilike 'azure app service%' or meter ilike 'app service%'
        or meter ilike 'azure spring%'
        then 'Web|Application Platforms'
    when meter ilike '%openai%' or meter ilike 'foundry models%'
        then 'AI and Machine Learning|Generative AI'
    when meter ilike '%machine learning%' or meter ilike '%ai foundry%'
        then 'AI and Machine Learning|AI Platforms'
    when meter ilike 'cognitive services%' or meter ilike 'azure ai%' or meter ilike '%bot service%'
        then 'AI and Machine Learning|Other (AI and Machine Learning)'
    when meter ilike '%cognitive search%' or meter ilike '%ai search%' then 'Analytics|Search'
    when meter ilike 'azure data factory%' or meter ilike 'azure databricks%'
        or meter ilike 'hdinsight%'
        then 'Analytics|Data Processing'
    when meter ilike '%synapse%' or meter ilike 'sql data warehouse%'
        then 'Databases|Data Warehouses'
    when meter ilike '%fabric%' or meter ilike '%data explorer%'
        then 'Analytics|Analytics Platforms'
    when meter ilike 'power bi%' then 'Analytics|Business Intelligence'
    when meter ilike 'stream analytics' then 'Analytics|Streaming Analytics'
    when meter ilike '%cosmos db%' then 'Databases|NoSQL Databases'
    when meter ilike 'redis%' or meter ilike '%cache for redis%' then 'Databases|Caching'
    when meter ilike 'sql %' or meter ilike 'azure sql%' or meter ilike '%database for%'
        then 'Databases|Relational Databases'
    when meter ilike 'event hubs' or meter ilike 'service bus' or meter ilike 'event grid'
        or meter ilike 'notification hubs'
        then 'Integration|Messaging'
    when meter ilike 'logic apps' then 'Integration|Workflow Orchestration'
    when meter ilike 'api management' then 'Integration|API Management'
    when meter ilike 'iot %' then 'Internet of Things|IoT Platforms'
    when meter ilike 'backup' then 'Storage|Backup Storage'
    when meter ilike 'azure netapp files' then 'Storage|File Storage'
    when meter ilike 'storage' and lower(provider) = 'microsoft.compute'
        then 'Storage|Block Storage'
    when meter ilike 'storage' then 'Storage|Storage Platforms'
    when meter ilike 'load balancer' or meter ilike 'application gateway'
        or meter ilike 'traffic manager' or meter ilike '%front door%'
        then 'Networking|Application Networking'
    when meter ilike 'content delivery network' then 'Networking|Content Delivery'
    when meter ilike '%firewall%' or meter ilike '%ddos%' then 'Networking|Network Security'
    when meter ilike 'expressroute' or meter ilike 'vpn gateway' or meter ilike 'virtual wan'
        then 'Networking|Network Connectivity'
    when meter ilike 'virtual network%' or meter ilike 'bandwidth' or meter ilike '%dns%'
        or meter ilike 'nat gateway' or meter ilike 'network watcher'
        then 'Networking|Network Infrastructure'
    when meter ilike 'key vault' then 'Security|Secret Management'
    when meter ilike '%defender%' or meter ilike 'security center'
        or meter ilike 'advanced threat protection'
        then 'Security|Security Posture Management'
    when meter ilike 'sentinel' or meter ilike 'microsoft sentinel'
        then 'Security|Threat Detection and Response'
    when meter ilike '%active directory%' or meter ilike '%entra%'
        then 'Identity|Identity and Access Management'
    when meter ilike 'log analytics' or meter ilike 'azure monitor'
        or meter ilike 'application insights' or meter ilike '%grafana%'
        then 'Management and Governance|Observability'
    when meter ilike 'azure site recovery' then 'Management and Governance|Disaster Recovery'
    when meter ilike '%purview%' then 'Management and Governance|Data Governance'
    when meter ilike '%support%' then 'Management and Governance|Support'
    when meter ilike 'azure devops' or meter ilike '%github%'
        then 'Developer Tools|Developer Platforms'
    when meter is not null and azure_known(meter) is not null then 'Other|Other (Other)'
    when lower(provider) = 'microsoft.compute' then 'Compute|Virtual Machines'
    when lower(provider) = 'microsoft.storage' then 'Storage|Storage Platforms'
    when lower(provider) = 'microsoft.network' then 'Networking|Network Infrastructure'
    when lower(provider) in ('microsoft.sql', 'microsoft.dbforpostgresql', 'microsoft.dbformysql')
        then 'Databases|Relational Databases'
    else 'Other|Other (Other)' end;
