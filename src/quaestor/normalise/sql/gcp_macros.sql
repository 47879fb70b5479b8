-- How Google Cloud's billing export is read, and what its words mean in FOCUS.

-- JSON, or the Python literal that some tools make of a nested value when they write CSV: single
-- quotes, None, True. NULL where it is neither.
create or replace temp macro gcp_python(t) as array_to_string(list_transform(
    regexp_extract_all(
        t, '''(?:[^''\\]|\\.)*''|"(?:[^"\\]|\\.)*"|None|True|False|[^''"NTF]+|.'
    ),
    lambda token: case
        when left(token, 1) = '''' and length(token) > 1
        then '"' || replace(replace(token[2:-2], '\''', ''''), '"', '\"') || '"'
        when token = 'None' then 'null'
        when token in ('True', 'False') then lower(token)
        else token end
), '');
create or replace temp macro gcp_json(t) as case
    when json_valid(t) then t
    when json_valid(gcp_python(t)) then gcp_python(t) end;

-- A list as JSON; Parquet may write it as {"list": [{"element": ...}]}.
create or replace temp macro gcp_list(t) as case
    when t = '[]' then t
    when json_type(gcp_json(t)) = 'ARRAY' then gcp_json(t)
    when json_type(gcp_json(t)) = 'OBJECT' and json_exists(gcp_json(t), '$.list')
        then to_json(json_extract(gcp_json(t), '$.list[*].element'))::varchar end;

-- Credits, each with an amount that can be read, digit by digit; else NULL, as nobody knows what
-- is billed.
create or replace temp macro gcp_credit_list(t) as from_json(
    t, '[{"name": "VARCHAR", "amount": "VARCHAR", "full_name": "VARCHAR", "id": "VARCHAR", '
    '"type": "VARCHAR"}]'
);
create or replace temp macro gcp_credits(t) as case
    when t = '[]' then t
    when len(list_filter(
        gcp_credit_list(exact_json(gcp_list(t))), lambda credit: as_number(credit.amount) is null
    )) = 0
    then exact_json(gcp_list(t)) end;

-- What of credits is money: of all, of those that are the charge's own discounts, of one kind.
create or replace temp macro gcp_sum(credits) as coalesce(
    list_sum(list_transform(credits, lambda credit: as_number(credit.amount))), 0
)::decimal(38, 20);
create or replace temp macro gcp_is_discount(type) as coalesce(type in (
    'SUSTAINED_USAGE_DISCOUNT', 'SPENDING_BASED_DISCOUNT', 'DISCOUNT', 'FREE_TIER',
    'COMMITTED_USAGE_DISCOUNT', 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE', 'FEE_UTILIZATION_OFFSET',
    'RESELLER_MARGIN', 'SUBSCRIPTION_BENEFIT'
), false);
create or replace temp macro gcp_has(credits, type_like) as
    len(list_filter(credits, lambda credit: coalesce(credit.type like type_like, false))) > 0;

-- '202611'; also as a number that a tool made of it.
create or replace temp macro gcp_month(t) as case
    when regexp_full_match(t, '[1-9][0-9]{3}(0[1-9]|1[0-2])(\.0)?') then left(t, 6) end;

-- An invoice's month begins at midnight in Pacific time: 07:00 or 08:00 UTC, by daylight saving.
create or replace temp macro gcp_month_start(month, months_later) as timezone('UTC', timezone(
    'America/Los_Angeles',
    make_timestamp(left(month, 4)::bigint, right(month, 2)::bigint, 1, 0, 0, 0)
    + to_months(months_later)
));

-- Keys and values of a list, their keys behind a prefix; and an object of them, as text, where
-- the first of two equal keys counts.
create or replace temp macro gcp_pairs(t, prefix) as list_transform(
    from_json(t, '[{"key": "VARCHAR", "value": "VARCHAR"}]'),
    lambda pair: {'key': prefix || pair.key, 'value': coalesce(pair.value, '')}
);
create or replace temp macro gcp_object(pairs) as case when len(pairs) > 0 then
    '{' || array_to_string(list_transform(
        list_filter(pairs, lambda pair, place:
            list_position(list_transform(pairs, lambda other: other.key), pair.key) = place),
        lambda pair: to_json(pair.key)::varchar || ': ' || to_json(pair.value)::varchar
    ), ', ') || '}' end;

-- What a machine is, as FOCUS names it where it has a name for it.
create or replace temp macro gcp_sku_detail(key) as case key
    when 'compute.googleapis.com/machine_spec' then 'InstanceType'
    when 'compute.googleapis.com/cores' then 'CoreCount'
    else 'x_' || key end;

-- 'instances' of //compute.googleapis.com/projects/p/zones/z/instances/1.
create or replace temp macro gcp_resource_type(global_name) as
    regexp_extract(global_name, '^//([^/]+)/(?:.*/)?([^/]+)/[^/]+$', 1) || '/'
    || regexp_extract(global_name, '^//([^/]+)/(?:.*/)?([^/]+)/[^/]+$', 2);

-- Services by the name that bills give them, with the FOCUS category and subcategory that fit
-- their main purpose; a service that is not here is 'Other'.
create or replace temp macro gcp_services() as table
select * from (values
    ('Vertex AI', 'AI and Machine Learning', 'AI Platforms'),
    ('Cloud Machine Learning Engine', 'AI and Machine Learning', 'AI Platforms'),
    ('Gemini API', 'AI and Machine Learning', 'Generative AI'),
    ('Cloud Dialogflow API', 'AI and Machine Learning', 'Bots'),
    ('Cloud Natural Language', 'AI and Machine Learning', 'Natural Language Processing'),
    ('Cloud Translation', 'AI and Machine Learning', 'Natural Language Processing'),
    ('Cloud Translation API', 'AI and Machine Learning', 'Natural Language Processing'),
    ('Cloud Speech API', 'AI and Machine Learning', 'Natural Language Processing'),
    ('Cloud Text-to-Speech API', 'AI and Machine Learning', 'Natural Language Processing'),
    ('Cloud Vision API', 'AI and Machine Learning', 'Machine Learning'),
    ('Cloud Document AI API', 'AI and Machine Learning', 'Machine Learning'),
    ('Cloud AutoML', 'AI and Machine Learning', 'Machine Learning'),
    ('Compute Engine', 'Compute', 'Virtual Machines'),
    ('VMware Engine', 'Compute', 'Virtual Machines'),
    ('Bare Metal Solution', 'Compute', 'Virtual Machines'),
    ('Kubernetes Engine', 'Compute', 'Containers'),
    ('Artifact Registry', 'Compute', 'Containers'),
    ('App Engine', 'Compute', 'Serverless Compute'),
    ('Cloud Run', 'Compute', 'Serverless Compute'),
    ('Cloud Run Functions', 'Compute', 'Serverless Compute'),
    ('Cloud Functions', 'Compute', 'Serverless Compute'),
    ('Cloud Storage', 'Storage', 'Object Storage'),
    ('Cloud Filestore', 'Storage', 'File Storage'),
    ('NetApp Volumes', 'Storage', 'File Storage'),
    ('Backup and DR', 'Storage', 'Backup Storage'),
    ('BigQuery', 'Analytics', 'Data Processing'),
    ('BigQuery Reservation API', 'Analytics', 'Data Processing'),
    ('BigQuery Storage API', 'Analytics', 'Data Processing'),
    ('Cloud Dataflow', 'Analytics', 'Data Processing'),
    ('Cloud Dataproc', 'Analytics', 'Data Processing'),
    ('Cloud Composer', 'Integration', 'Workflow Orchestration'),
    ('Looker', 'Analytics', 'Business Intelligence'),
    ('Cloud SQL', 'Databases', 'Relational Databases'),
    ('AlloyDB', 'Databases', 'Relational Databases'),
    ('Cloud Spanner', 'Databases', 'Relational Databases'),
    ('Cloud Bigtable', 'Databases', 'NoSQL Databases'),
    ('Cloud Firestore', 'Databases', 'NoSQL Databases'),
    ('Cloud Memorystore for Redis', 'Databases', 'Caching'),
    ('Cloud Memorystore for Memcached', 'Databases', 'Caching'),
    ('Networking', 'Networking', 'Network Infrastructure'),
    ('Cloud DNS', 'Networking', 'Network Routing'),
    ('Cloud Pub/Sub', 'Integration', 'Messaging'),
    ('Cloud Tasks', 'Integration', 'Messaging'),
    ('Cloud Scheduler', 'Integration', 'Workflow Orchestration'),
    ('Cloud Logging', 'Management and Governance', 'Observability'),
    ('Cloud Monitoring', 'Management and Governance', 'Observability'),
    ('Stackdriver Logging', 'Management and Governance', 'Observability'),
    ('Stackdriver Monitoring', 'Management and Governance', 'Observability'),
    ('Cloud Build', 'Developer Tools', 'Continuous Integration and Deployment'),
    ('Cloud Key Management Service (KMS)', 'Security', 'Secret Management'),
    ('Secret Manager', 'Security', 'Secret Management'),
    ('Security Command Center', 'Security', 'Threat Detection and Response'),
    ('Identity Platform', 'Identity', 'Identity and Access Management'),
    ('Maps API', 'Web', 'Other (Web)'),
    ('Support', 'Management and Governance', 'Support')
) as service (name, category, subcategory);
