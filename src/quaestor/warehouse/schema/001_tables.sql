-- Every table of the warehouse. Names and columns are a public contract: add, never rename.
-- Times are UTC without zone. Money is DECIMAL(38, 20) (core/money.py says why).

create schema if not exists meta;
create schema if not exists config;
create schema if not exists focus;
create schema if not exists quarantine;
create schema if not exists usage;
create schema if not exists registry;
create schema if not exists ledger;
create schema if not exists audit;

-- What this warehouse is: schema version, and digests of what it was built from.
create table if not exists meta.property (name varchar primary key, value varchar not null);
-- The landed files in force of each source, as its manifest lists them: what its rows are from.
create table if not exists meta.landed_file (
    source varchar not null,
    scope varchar not null, -- what it is at its source: a path, a table, an address
    path varchar not null, -- where it lies, relative to the landing folder
    sha256 varchar not null, size bigint not null
);

-- The configuration as tables, so that the ledger's SQL can read it.
create table if not exists config.rate (
    currency varchar not null, valid_from date not null, rate decimal(28, 18) not null
);
create table if not exists config.setting (name varchar primary key, value varchar);
create table if not exists config.tag_key (field varchar not null, position integer not null, key varchar not null);
create table if not exists config.label_key (field varchar not null, position integer not null, key varchar not null);
create table if not exists config.shared_rule (
    rule varchar primary key, position integer not null, driver varchar not null,
    among varchar not null -- model, team
);
create table if not exists config.fixed_share (
    rule varchar not null, name varchar not null, share decimal(18, 9) not null,
    primary key (rule, name)
);
create table if not exists config.renaming (
    field varchar not null, old varchar not null, new varchar not null, primary key (field, old)
);
create table if not exists config.overhead_namespace (pattern varchar primary key); -- * is any text
-- What machines cost by list: one row per machine, or per GPU, core or GiB (instance_type null).
create table if not exists config.price (
    origin varchar not null, -- quaestor: shipped; prices: file of `prices:`; catalogue: collected
    provider varchar, region varchar, -- null: any
    instance_type varchar, -- null: what one GPU, one core or one GiB of such machines costs
    gpu_model varchar, -- null: without GPUs
    gpus decimal(18, 9) not null, cores decimal(18, 9) not null, gib decimal(18, 9) not null,
    capacity_type varchar not null, -- on-demand, spot
    price decimal(38, 20) not null, currency varchar not null, -- of an hour
    price_source varchar not null, priced_on date not null
);
create table if not exists config.budget (
    budget varchar primary key, amount decimal(38, 20) not null,
    team varchar, model varchar, environment varchar, starts date
);

-- The bill, one row per charge as billed: FOCUS 1.0 to 1.4, every column of any of them.
create table if not exists focus.charge (
    AllocatedMethodDetails varchar, AllocatedMethodId varchar, AllocatedResourceId varchar,
    AllocatedResourceName varchar, AllocatedTags varchar, AvailabilityZone varchar,
    BilledCost decimal(38, 20) not null, BillingAccountId varchar, BillingAccountName varchar,
    BillingAccountType varchar, BillingCurrency varchar,
    BillingPeriodEnd timestamp, BillingPeriodStart timestamp not null,
    CapacityReservationId varchar, CapacityReservationStatus varchar, ChargeCategory varchar,
    ChargeClass varchar, ChargeDescription varchar, ChargeFrequency varchar,
    ChargePeriodEnd timestamp, ChargePeriodStart timestamp not null,
    CommitmentDiscountCategory varchar, CommitmentDiscountId varchar,
    CommitmentDiscountName varchar, CommitmentDiscountQuantity decimal(38, 20),
    CommitmentDiscountStatus varchar, CommitmentDiscountType varchar,
    CommitmentDiscountUnit varchar, CommitmentProgramEligibilityDetails varchar,
    ConsumedQuantity decimal(38, 20), ConsumedUnit varchar, ContractApplied varchar,
    ContractedCost decimal(38, 20), ContractedUnitPrice decimal(38, 20),
    EffectiveCost decimal(38, 20) not null, HostProviderName varchar, InvoiceDetailId varchar,
    InvoiceId varchar, InvoiceIssuerName varchar, ListCost decimal(38, 20),
    ListUnitPrice decimal(38, 20), PricingCategory varchar, PricingCurrency varchar,
    PricingCurrencyContractedUnitPrice decimal(38, 20),
    PricingCurrencyEffectiveCost decimal(38, 20), PricingCurrencyListUnitPrice decimal(38, 20),
    PricingQuantity decimal(38, 20), PricingUnit varchar, ProviderName varchar,
    PublisherName varchar, RegionId varchar, RegionName varchar, ResourceId varchar,
    ResourceName varchar, ResourceType varchar, ServiceCategory varchar, ServiceName varchar,
    ServiceProviderName varchar, ServiceSubcategory varchar, SkuId varchar, SkuMeter varchar,
    SkuPriceDetails varchar, SkuPriceId varchar, SubAccountId varchar, SubAccountName varchar,
    SubAccountType varchar, Tags varchar,
    x_source varchar not null, x_file varchar not null, x_file_sha256 varchar not null,
    x_row bigint not null,
    x_billing_currency_rate decimal(28, 18), -- reporting currency per unit of BillingCurrency
    x_sub_account_name_source varchar -- who named the account, where the bill does not
);

-- What each landed file gave: landed = loaded + quarantined, in rows and in digits.
create table if not exists focus.file (
    source varchar not null, file varchar not null, sha256 varchar not null,
    scope varchar not null, -- what it is at its source, such as a path
    read_as varchar not null, -- the source's options; other options read the file anew
    format varchar not null, -- how it was read (normalise/formats)
    rows_landed bigint not null, rows_loaded bigint not null, rows_quarantined bigint not null,
    rows_left_out bigint not null, -- by rule no charge of their own, such as a negation
    charges bigint not null, -- what rows_loaded became; one row may be several charges
    values_rounded bigint not null, -- money with more than 20 digits after the point
    amount_cut decimal(38, 28) not null, -- their sum as landed, less their sum as loaded
    primary key (source, sha256)
);
create table if not exists focus.file_period (
    source varchar not null, sha256 varchar not null, billing_period_start timestamp not null,
    charges bigint not null,
    primary key (source, sha256, billing_period_start)
);
-- What each landed file claims to cost, by itself; ledger.reconciliation holds the charges to it.
-- NULL: the file does not state that cost. Amounts are in `currency`.
create table if not exists focus.control (
    source varchar not null, sha256 varchar not null, billing_period_start timestamp,
    billing_account_id varchar, sub_account_id varchar, currency varchar,
    rows_landed bigint not null, rows_left_out bigint not null, rows_quarantined bigint not null,
    landed_billed_cost decimal(38, 20), landed_effective_cost decimal(38, 20),
    quarantined_billed_cost decimal(38, 20), quarantined_effective_cost decimal(38, 20),
    -- Of two views of one bill each states all it knows, by day, and one of them counts that day.
    day date, counts_billed boolean not null default true,
    counts_effective boolean not null default true
);
-- Which of two views of one bill a file is, where a provider delivers both (Azure: actual and
-- amortised; AWS: net or gross of discounts). `gave_way_to` names the files whose rows replaced
-- some of its own.
create table if not exists focus.dataset (
    source varchar not null, sha256 varchar not null,
    dataset varchar not null, -- actual, amortised, neither; net, gross
    gave_way_to varchar[] not null,
    primary key (source, sha256)
);
-- What accounts are called, where a provider says so beside its bills.
create table if not exists focus.account (
    source varchar not null, provider varchar not null, account_id varchar not null,
    account_name varchar, account_type varchar, parent_id varchar, path varchar, status varchar,
    tags varchar, -- a JSON object
    primary key (source, account_id)
);
-- Exchange rates as a central bank sets them: how much of a currency one euro bought that day.
create table if not exists focus.reference_rate (
    source varchar not null, day date not null, currency varchar not null,
    per_euro decimal(28, 18) not null
);
-- Which rate each day's charges in a currency have, and where it is from.
create table if not exists focus.rate_used (
    currency varchar not null, day date not null,
    origin varchar, -- a source, or `rates:`; null: nobody knows a rate
    rate_day date, -- the day the rate was set
    rate decimal(28, 18), -- reporting currency per unit
    daily boolean, -- from a table of every working day, so that it can be old
    primary key (currency, day)
);
-- List prices as a provider's catalogue states them, each with its day.
create table if not exists focus.price (
    source varchar not null, provider varchar not null, sku_id varchar not null,
    service varchar, description varchar, region varchar, usage_type varchar, unit varchar,
    currency varchar not null, tier_start decimal(38, 20) not null,
    list_unit_price decimal(38, 20) not null, valid_from timestamp, fetched_at timestamp not null
);

-- Rows that could not be read, with the reason. Nothing that was landed is lost.
create table if not exists quarantine.row (
    source varchar not null, file varchar not null, file_sha256 varchar not null,
    row_number bigint, -- place among the file's data rows, 1 is the first; null: the whole file
    reason varchar not null, raw varchar
);
-- Values that could not be read in rows whose money could: the row is loaded, the value is null.
create table if not exists quarantine.value (
    source varchar not null, file varchar not null, file_sha256 varchar not null,
    row_number bigint not null, reason varchar not null, raw varchar
);

-- What was registered. `tags`, `metrics` and `params` are JSON objects as text.
create table if not exists registry.model (
    source varchar not null, model varchar not null, owner varchar, team varchar,
    cost_center varchar, risk_tier integer, description varchar, oncall varchar,
    intended_use varchar, business_case varchar,
    eu_ai_act_class varchar, -- prohibited, high, limited, minimal
    retire_by date,
    created_at timestamp, updated_at timestamp, tags varchar, definition varchar,
    catalog varchar, "schema" varchar, -- of a name in Unity Catalog
    -- Beyond a registry's own fields: tags gov.<column>, or model.gov.yaml (core/governance.py).
    owner_active boolean, -- whether the directory still knows the owner
    intended_users varchar, data_class varchar, -- public, internal, confidential, restricted
    affects_people boolean, is_generative boolean, task varchar,
    primary_metric varchar, -- a key of model_version.metrics
    primary_metric_threshold double, -- what it must reach, or stay under where lower is better
    business_value_per_month decimal(38, 20),
    eu_ai_act_role varchar, eu_ai_act_rationale varchar, eu_ai_act_reviewed_by varchar,
    prohibited_practices varchar, -- none: screened, and nothing found (EU AI Act, Article 5)
    risk_file_uri varchar, risk_file_reviewed_at timestamp,
    oversight_measure varchar, overseers varchar,
    impact_assessment_uri varchar, impact_assessed_at timestamp,
    monitoring_plan_uri varchar, incident_route varchar, eu_database_id varchar,
    open_incident varchar, -- the severity of the worst that is open; none: none is
    access_reviewed_at timestamp, -- who may do what with it
    supplier varchar, -- of a model used over somebody's API; null: none
    supplier_documents_uri varchar, supplier_contract_uri varchar, supplier_exit_plan_uri varchar,
    model_risk_tier varchar, validated_by varchar, validated_at timestamp, -- SR 26-2
    primary key (source, model)
);
create table if not exists registry.model_version (
    source varchar not null, model varchar not null, version varchar not null,
    lifecycle varchar, -- development, staging, production, archived
    aliases varchar[], run_id varchar, description varchar, created_at timestamp,
    updated_at timestamp, created_by varchar, approved_by varchar, approved_at timestamp,
    approved_digest varchar, artifact_uri varchar, artifact_digest varchar,
    card_uri varchar, license varchar, base_model varchar, rollback_to varchar,
    evaluated_at timestamp, monitoring varchar, monitored_at timestamp,
    metrics varchar, tags varchar,
    -- Beyond a registry's own fields: tags gov.<column>, or model.gov.yaml (core/governance.py).
    card_updated_at timestamp,
    code_reachable boolean, code_dirty boolean, -- its commit; the tree it was made from
    environment_digest varchar, training_image_digest varchar, -- lock file; image
    seed varchar, signature varchar, replaces varchar,
    observed_digest varchar, -- what the stored artifact was found to be
    rollback_tested_at timestamp,
    base_model_revision varchar, base_model_license varchar, base_model_source varchar,
    data_cutoff date, -- the last day that the training data know of
    split_digests varchar, -- of training, validation and test data: name=digest, by commas
    trained_at timestamp, archived_at timestamp, energy_kwh double,
    evaluated_digest varchar, evaluation_rows bigint, evaluation_split varchar,
    fairness_gap_ratio double, -- 1 less the worst group's figure over the best group's
    robustness_uri varchar, explanation_uri varchar,
    latency_p95_ms double, latency_limit_ms double,
    safety_evaluation_uri varchar, safety_evaluated_at timestamp,
    requested_by varchar, approver_group varchar, approvals integer, approved_until date,
    emergency boolean, emergency_reviewed_at timestamp,
    technical_documentation varchar, -- the points of Annex IV it covers: 1,2,3,...
    instructions_uri varchar, declared_accuracy varchar, declared_robustness varchar,
    origin varchar, -- internal, external
    artifact_formats varchar, -- safetensors, onnx, pickle, ...; separated by commas
    signed_by varchar, signed_issuer varchar, signed_digest varchar, signature_verified boolean,
    scan_tool varchar, scan_at timestamp, scan_digest varchar, scan_issues integer,
    scan_coverage_ratio double,
    bom_uri varchar, provenance_builder varchar, provenance_level integer, -- SLSA, build track
    trust_remote_code boolean, remote_code_reviewed_by varchar,
    -- Of its model.
    risk_tier integer, affects_people boolean, is_generative boolean, eu_ai_act_class varchar,
    primary key (source, model, version)
);
create table if not exists registry.run (
    source varchar not null, run_id varchar not null, name varchar, experiment varchar,
    status varchar, started_by varchar, started_at timestamp, ended_at timestamp,
    git_commit varchar, git_repo varchar, pipeline varchar,
    metrics varchar, params varchar, tags varchar,
    primary key (source, run_id)
);
create table if not exists registry.dataset (
    source varchar not null, run_id varchar not null, dataset varchar not null,
    digest varchar, source_type varchar, source_uri varchar, context varchar,
    -- Beyond a registry's own fields: model.gov.yaml, or tags of the dataset.
    owner varchar, license varchar, legal_basis varchar, data_class varchar, region varchar,
    has_personal_data boolean, privacy_assessment_uri varchar, privacy_assessed_until date,
    quality_status varchar, quality_checked_at timestamp -- passed, failed
);
create table if not exists registry.deployment (
    source varchar not null, deployment varchar not null, model varchar, version varchar,
    environment varchar, artifact_digest varchar, public_access boolean, authentication varchar,
    kind varchar, -- Deployment, InferenceService, sagemaker-endpoint, vertex-endpoint, ...
    cluster varchar, namespace varchar, region varchar,
    resource_id varchar, -- as a bill names it: an ARN, an Azure resource id, a Google one
    images varchar[], -- of every container, by tag or digest as it was asked for
    image_digests varchar[], -- what runs, where the platform tells
    replicas integer, min_replicas integer, max_replicas integer,
    autoscaler varchar, -- hpa, keda, knative, native; null: none, or unknown where not supplied
    has_readiness_probe boolean, has_liveness_probe boolean,
    status varchar, created_at timestamp, created_by varchar, tags varchar,
    artifact_uri varchar, -- what it serves, where its model is known by that alone
    -- What its platform or manifest tells, else annotations or tags gov.<column>.
    tls boolean, identity varchar, -- the service account or role it runs as
    identity_is_admin boolean, encrypted boolean, kms_key varchar, network_isolated boolean,
    access_logged boolean, log_destination varchar, log_retention_days integer,
    environment_secrets varchar[], -- names of variables that hold a secret in plain text
    cpu_request_cores double, cpu_limit_cores double, -- of one replica, all containers
    ram_request_gib double, ram_limit_gib double,
    gpu_request double, gpu_limit double, gpu_model varchar, instance_type varchar,
    zones integer, -- over which its replicas are spread; 1: not spread
    request_timeout_seconds double,
    rollout_strategy varchar, -- rolling-update, recreate, canary, blue-green, all-at-once, ...
    rollout_analysis varchar, -- what is measured while it rolls out, or the alarms that stop it
    rolls_back boolean, rollback_to varchar, rollback_tested_at timestamp,
    runs_as_non_root boolean, is_privileged boolean, has_read_only_root boolean,
    scales_to_zero boolean, off_hours_schedule varchar,
    monitoring varchar, -- the kinds, separated by commas: data-quality, drift, bias, ...
    monitored_at timestamp, monitor_interval_hours double, monitor_baseline varchar, -- a version
    drift double, drift_limit double, incident varchar,
    performance_measured_at timestamp, alert_route varchar, alert_tested_at timestamp,
    guardrail varchar, disclosure varchar, content_marking varchar,
    critical_vulnerabilities integer, vulnerabilities_due date, -- of its image; when to be mended
    -- Of a deploy that the gate is asked about: its price against what runs now.
    cost_per_month decimal(38, 20), cost_change_per_month decimal(38, 20), -- reporting currency
    -- Of its model.
    risk_tier integer, is_generative boolean, eu_ai_act_class varchar, data_class varchar,
    primary key (source, deployment)
);
create table if not exists registry.grant (
    source varchar not null,
    subject varchar not null, -- a model, model:version, a namespace or a store
    principal varchar not null, -- user:..., group:..., role:..., an ARN; * is everybody
    "right" varchar not null, -- read, edit, manage, deploy, approve, promote (move an alias)
    via varchar -- the rule that gives it: a policy, a role binding, a permission
);
-- Where artifacts lie, and whether the world can read them.
create table if not exists registry.store (
    source varchar not null, store varchar not null, -- such as s3://bucket
    public_access boolean, public_access_blocked boolean, encrypted boolean, versioned boolean,
    region varchar, tags varchar,
    primary key (source, store)
);
-- What a model card says, section by section, with the words of its author.
create table if not exists registry.card_section (
    source varchar not null, model varchar not null, version varchar, -- null: of every version
    section varchar not null, content varchar not null,
    card_uri varchar
);
-- What each source states, before `model.gov.yaml` files fill the blanks of registries
-- (normalise/registry.py). Columns as in registry.model and registry.model_version, and two more.
create table if not exists registry.stated_model (
    source varchar not null, model varchar not null, owner varchar, team varchar,
    cost_center varchar, risk_tier integer, description varchar, oncall varchar,
    intended_use varchar, business_case varchar, eu_ai_act_class varchar, retire_by date,
    created_at timestamp, updated_at timestamp, tags varchar, definition varchar,
    catalog varchar, "schema" varchar,
    from_file boolean not null, -- a model.gov.yaml: fills the blanks of the same-named model
    primary key (source, model)
);
create table if not exists registry.stated_model_version (
    source varchar not null, model varchar not null, version varchar not null,
    lifecycle varchar, aliases varchar[], run_id varchar, description varchar,
    created_at timestamp, updated_at timestamp, created_by varchar, approved_by varchar,
    approved_at timestamp, approved_digest varchar, artifact_uri varchar, artifact_digest varchar,
    card_uri varchar, license varchar, base_model varchar, rollback_to varchar,
    evaluated_at timestamp, monitoring varchar, monitored_at timestamp,
    metrics varchar, tags varchar,
    from_file boolean not null,
    lifecycle_otherwise varchar, -- the lifecycle where neither the source nor a file names one
    every_version boolean, -- from a card that names no version: it is the card of all of them
    primary key (source, model, version)
);
-- What is said beyond a registry's own fields, by tags or files, in the words of
-- core/governance.py: one row per thing, field and source. `settle` makes columns of it.
create table if not exists registry.stated_fact (
    source varchar not null, kind varchar not null, -- model, model_version, deployment, dataset
    subject varchar not null, version varchar, -- of a model_version; of a dataset the run; or null
    field varchar not null, value varchar not null, -- readable as its column's type
    from_file boolean not null
);
-- Columns as in registry.deployment: what platforms tell, and what files say of deployments.
create table if not exists registry.stated_deployment as
select *, false as from_file from registry.deployment limit 0;
alter table registry.stated_deployment alter column from_file set default false;
-- Columns as in registry.dataset; a file names the model and the versions that it trained.
create table if not exists registry.stated_dataset as
select *, null::varchar as model, null::varchar[] as versions, false as from_file
from registry.dataset limit 0;
alter table registry.stated_dataset alter column from_file set default false;
-- Who may break which rule until when, as the waiver files say (core/waivers.py).
create table if not exists registry.waiver (
    source varchar not null, waiver varchar not null, -- source: the file, its id
    policy varchar not null, subject varchar not null, -- names, or patterns with *
    reason varchar, ticket varchar, requested_by varchar, approved_by varchar,
    approved_at date, expires date, compensating_control varchar,
    severity varchar, -- the highest of the policies it names; null: it names none that exists
    primary key (source, waiver)
);
create table if not exists registry.stated_evidence (
    source varchar not null, field varchar not null, supplied boolean not null, via varchar,
    primary key (source, field)
);
-- Which fields a registry can supply: natively, by a tag convention, in a file, or not at all.
create table if not exists registry.evidence (
    source varchar not null, field varchar not null, -- model.owner, model_version.approved_by, ...
    supplied boolean not null, via varchar, -- native, tag, file
    primary key (source, field)
);

-- What was judged.
create table if not exists audit.run (
    run_id varchar primary key, audited_at timestamp not null, quaestor_version varchar not null,
    policies integer not null, subjects integer not null, verdicts integer not null,
    failed integer not null, unanswered integer not null, blind_spots integer not null,
    fail_on varchar not null, exit_code integer not null
);
create table if not exists audit.blind_spot (
    stage varchar not null, -- collect, normalise, ledger: who could not see
    source varchar not null, scope varchar not null, period varchar, reason varchar not null,
    fix varchar, rows bigint, amount decimal(38, 20), currency varchar, seen_at timestamp not null
);
create table if not exists audit.finding (
    run_id varchar not null, policy varchar not null, title varchar not null,
    family varchar not null, source varchar, subject varchar not null, model varchar,
    severity varchar not null, verdict varchar not null, reason varchar,
    at_stake_per_month decimal(38, 20), evidence varchar, blocking boolean not null,
    fingerprint varchar not null, waiver varchar, first_seen timestamp not null,
    remedy varchar, why varchar -- as the policy says them, so that a report needs no policy file
);
-- What each waiver came to in a run.
create table if not exists audit.waiver (
    run_id varchar not null, waiver varchar not null, policy varchar not null,
    subject varchar not null, -- names, or patterns with *
    state varchar not null, -- lapsed, not yet in force, stale, ending soon, in force
    waived integer not null, lapsed integer not null, -- violations it covers; active since it ended
    days_left integer not null, -- to its last day; negative once it lapsed
    reason varchar not null, ticket varchar not null, requested_by varchar not null,
    approved_by varchar not null, approved_at date not null, expires date not null,
    compensating_control varchar not null, place varchar not null, -- file:line
    note varchar -- why it is stale
);
-- Every policy that a run asked, also where no subject was there to be judged.
create table if not exists audit.policy (
    run_id varchar not null, policy varchar not null, family varchar not null,
    title varchar not null, severity varchar not null, blocking boolean not null,
    parameters varchar not null -- JSON: the values that it was judged with
);
-- The frameworks as they stood at a run: what they ask for, and what its findings show of it.
create table if not exists audit.pack (
    run_id varchar not null, pack varchar not null, title varchar not null,
    edition varchar not null, published date, url varchar not null, about varchar
);
create table if not exists audit.application (
    run_id varchar not null, pack varchar not null, what varchar not null,
    applies_from date not null, source varchar not null, verified date not null
);
create table if not exists audit.requirement (
    run_id varchar not null, pack varchar not null, requirement varchar not null,
    place integer not null, -- in its pack, from 1
    title varchar not null,
    state varchar not null, -- violated, loosened, unknown, not-automated, attested, not-applicable, supported
    policies varchar[] not null, violated integer not null, -- subjects
    waived integer not null, unanswered integer not null, passed integer not null,
    skipped integer not null, -- findings
    severity varchar, -- of the worst violation
    subjects varchar[] not null, -- some of those that violate it
    note varchar, attest varchar, -- why it stands so; what a person has to show
    attested_by varchar, attested_at date, attested_until date, document varchar
);
-- What advice a run gave, and what became of that of runs before: one row per run and advice.
create table if not exists audit.recommendation (
    run_id varchar not null, recommendation varchar not null, kind varchar not null,
    subject varchar not null, name varchar not null, action varchar not null, model varchar,
    team varchar, environment varchar, source varchar, resource_id varchar, inside varchar,
    current varchar, proposed varchar,
    cost_per_month decimal(38, 20), saving_per_month decimal(38, 20),
    counted_saving_per_month decimal(38, 20), -- towards the total of what is open; null: not priced
    stranded_per_month decimal(38, 20), counts_because varchar not null, instead_of varchar,
    saving_basis varchar, confidence varchar not null,
    state varchar not null, -- open, reopened, dismissed, taken, gone
    state_reason varchar, -- why dismissed, reopened or gone; what showed that it was taken
    dismissal varchar, -- of dismissed advice: what dismisses it
    first_seen timestamp not null, state_since timestamp not null,
    advised_at timestamp not null, -- the latest audit that advised it
    realised_per_month decimal(38, 20), -- of taken advice, on the bill; null: not known
    realised_low decimal(38, 20), realised_high decimal(38, 20), -- 80 % interval
    realised_how varchar, -- against what: control group, trend; over which days; or why not known
    may_end boolean not null default false -- the cost may end by itself: a job that runs
);
