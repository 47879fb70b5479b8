-- How models are run, what it costs to run them by hand, and the electricity that they take.

-- What turns hours into kWh and kgCO2e (normalise/carbon_factors.py).
create table if not exists config.carbon_factor (
    origin varchar not null, -- quaestor: shipped; carbon: file of `carbon:`
    factor varchar not null, -- grid, pue, core-idle, core-busy, gib, gpu-idle, gpu-busy, ...
    provider varchar, -- null: any
    place varchar, -- a region; of a user's also a cluster or a source; null: any
    model varchar, -- of a GPU; null: any
    value double not null, unit varchar not null,
    factor_source varchar not null, dated_on date not null
);

-- Electricity of GPUs by their counters, before overhead.
create table if not exists ledger.measured_energy (
    day date not null, source varchar not null, cluster varchar not null, node varchar not null,
    team varchar, model varchar, -- null: nobody's, or nobody says
    kwh decimal(38, 9) not null,
    gpu_hours decimal(38, 9) not null -- that it was measured over
);
-- Electricity and greenhouse gases.
create table if not exists ledger.carbon (
    month date not null, source varchar not null, model varchar, team varchar, region varchar,
    kwh double, -- at the plug of the data centre: with its overhead (PUE); null: not known
    measured_kwh double, -- of devices, by their own counters; before PUE
    kg_co2e double, -- of electricity; null: no factor for its grid, or kwh is not known
    embodied_kg_co2e double, -- of making the machines, the part that these hours are of their life
    grade varchar not null, -- measured, estimated, mixed
    gpu_hours double, core_hours double, gib_hours double,
    factors varchar not null, -- JSON: PUE, grid factor, coefficients, each with source and date
    cluster varchar not null, -- as in ledger.gpu_hour: of a job its queue or account
    it_kwh double, -- measured and estimated, before PUE; null: a GPU's watts are not known
    reason varchar -- what is not known, or is left out
);

-- How each version came about and how it is run: true, false, or null where nobody says.
create table if not exists ledger.version_practice (
    source varchar not null, model varchar not null, version varchar not null, team varchar,
    created_at timestamp, made_at timestamp, -- when its run ended
    approved_at timestamp, deployed_at timestamp, archived_at timestamp,
    is_production boolean, -- by its lifecycle, or a deployment in production
    has_run boolean, has_commit boolean, names_data boolean, -- by digest
    is_data_checked boolean, pipeline varchar, by_pipeline boolean,
    is_evaluated boolean, is_approved boolean,
    is_registered_by_machine boolean, -- by an account of a pipeline or a service, no person's
    is_deployed_by_machine boolean, is_progressive boolean, rolls_back boolean,
    is_monitored boolean, retrains boolean, -- a schedule, new data or drift starts its training
    deploys_failed integer -- deployments of it that failed or went back; null: nobody lists any
);
-- How models are run: levels 0 (manual) to 4 (continuous deployment), from evidence.
create table if not exists ledger.maturity (
    scope varchar not null, -- organisation, team, model
    model varchar, team varchar, -- of an organisation both are null, of a team its model
    level integer, -- null: cannot say
    evidence varchar not null, -- JSON: each criterion, its level, met (true, false, null), by what
    missing varchar, -- what the next level asks for and is not met, in a sentence
    unknown varchar, -- what of it nobody says
    next_level integer, -- null: 4 is reached, or no level can be said
    next_value_per_month decimal(38, 20), next_cost_per_month decimal(38, 20),
    is_next_advised boolean, -- null: its value cannot be said
    advice varchar not null, -- a sentence
    models integer not null, -- in production; where none is, all
    releases_per_month double -- null: nobody says which versions were released, or when
);
-- What it costs to run models by hand: an estimate, a month, category by category.
create table if not exists ledger.cost_of_no_mlops (
    category varchar not null, position integer not null, title varchar not null,
    model varchar, -- null: all models, and what is nobody's
    low decimal(38, 20), base decimal(38, 20), high decimal(38, 20), -- a month; null: cannot say
    formula varchar not null, inputs varchar not null, -- in words; JSON: name, value, unit, source
    reason varchar -- why it cannot be said, or what it leaves out
);

-- Whether a text says something: n/a and none fill a field and say nothing.
create or replace macro says_something(text) as
    text is not null and not regexp_full_match(
        text,
        '(?i)[\s\pZ\pC]*(none|no|nil|null|n\.?/?a|tbd|to ?do|pending|unknown|undefined|nobody|off'
        || '|false|disabled|missing|[-?.]+|x{2,})?[\s\pZ\pC]*'
    );
-- Whether an environment is production; null where it has no name.
create or replace macro is_production_name(environment) as
    case when says_something(environment) then regexp_full_match(
        lower(trim(environment)), '(production|prod|prd|live)([0-9]*|[-_./: ].*)'
    ) end;
-- Whether an account is a machine's; null where it has no name.
create or replace macro is_machine_account(account) as
    case when says_something(account) then regexp_matches(
        lower(account),
        '(^|[^a-z])(bot|ci|cd|svc|sa|service|serviceaccount|pipeline|automation|github-actions'
        || '|gitlab-runner|jenkins|airflow|argocd?|sagemaker|vertex|azureml|assumed-role)([^a-z]|$)'
        || '|gserviceaccount\.com$|\[bot\]|:role/'
    ) end;
-- Of many: true where it holds for each, false where for one it does not, else null.
create or replace macro holds_for_all(x) as
    case when bool_or(not x) then false when count(*) = count(x) then true end;
-- A figure that an estimate is made from.
create or replace macro named_input(its_name, its_value, its_unit, its_source) as
    {name: its_name, value: its_value::double, unit: its_unit, source: its_source};
