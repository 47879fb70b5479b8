-- What could cost less, how models are run, and what that comes to. Money is in the reporting
-- currency; a month is 730 hours. Null is unknown, never zero.

-- Objects for which no advice is wanted (`advice: exclude:`); * is any text, null is anything.
create table if not exists config.advice_exclusion (
    exclusion varchar primary key, position integer not null, reason varchar not null,
    kinds varchar[], -- null: every kind
    subject varchar, team varchar, model varchar, environment varchar
);
-- Advice that somebody turned down, with the reason and the day (core/dismissals.py).
create table if not exists config.dismissal (
    dismissal varchar primary key,
    recommendation varchar, kind varchar, subject varchar, -- null: any; * is any text
    reason varchar not null, dismissed_by varchar not null,
    dismissed_on date not null, until date, -- the last day; null: for good
    place varchar not null -- file:line
);

-- What each resource of the bill costs, by its last 30 complete days.
create table if not exists ledger.resource_rate (
    resource_id varchar primary key, source varchar not null, provider varchar, service varchar,
    sub_account varchar, region varchar, tags varchar,
    team varchar, model varchar, model_version varchar, environment varchar,
    first_day date not null, last_day date not null, until date not null, -- last day looked at
    days integer not null, -- with charges
    effective_cost decimal(38, 20), -- null: a charge has no rate
    committed_cost decimal(38, 20), -- of it, what commitments cover: it stays when the thing goes
    spot_cost decimal(38, 20), standard_cost decimal(38, 20), list_cost decimal(38, 20),
    cost_per_month decimal(38, 20), -- effective, at the rate of these days
    committed_ratio double, -- committed_cost of effective_cost
    hours decimal(38, 9) -- consumed, where the bill counts hours; null: it does not
);

-- Where models answer, with what each costs a month.
create table if not exists ledger.endpoint_rate (
    source varchar not null, endpoint varchar not null, kind varchar, region varchar,
    instance_type varchar, instances integer, status varchar, created_at timestamp,
    seen_at timestamp not null, tags varchar, resource_id varchar, -- on the bill
    team varchar, model varchar, model_version varchar, environment varchar,
    told_by varchar, -- the source of its hours; null: nobody tells of any
    present timestamp, -- the last hour in which that source tells of any endpoint
    autoscaler varchar, min_replicas integer, max_replicas integer, scales_to_zero boolean,
    cost_per_month decimal(38, 20), cost_basis varchar, -- bill, effective rate, list; null: unknown
    committed_ratio double, saves_on varchar not null, inside varchar, -- as in ledger.assessment
    primary key (source, endpoint)
);

-- What a GiB costs to be kept for a month: in a store by its bill, else by list.
create table if not exists ledger.storage_rate (
    store varchar not null, -- stored_at() of usage.stored_folder.store
    tier varchar, -- storage_tier(): hot, cool, cold, archive; null: all that lies in the store
    cost_per_gib_month decimal(38, 20) not null,
    basis varchar not null, -- effective rate, list
    price_source varchar not null, -- bill, or the page and day of a list price
    resource_id varchar -- of the store on the bill
);
-- Every folder of the buckets that were listed, and what of the registries refers to it.
create table if not exists ledger.stored_artifact (
    source varchar not null, store varchar not null, folder varchar not null,
    place varchar not null, -- stored_at() of both: one name for one place
    objects bigint not null, size_gib double not null, storage_classes varchar not null,
    last_modified_at timestamp, last_read_at timestamp, -- null: nobody says
    lively_at timestamp, -- of a numbered checkpoint: when its row of checkpoints last changed
    seen_at timestamp not null,
    referred_by varchar, -- churn:7, a run, a deployment, a dataset; null: nothing refers to it
    relation varchar, -- is, lies in, holds, run
    model varchar, model_version varchar, is_in_production boolean not null,
    is_archived boolean not null, -- all that refer to it are archived versions
    looks_like varchar, -- why it is taken for a model's: beside, files, name; null: nothing says so
    is_store_known boolean not null, -- a registry refers to something in its bucket
    is_versioned boolean, -- the bucket keeps what is deleted; null: nobody says
    has_folders boolean not null, -- other folders lie in it
    cost_per_month decimal(38, 20), rate_basis varchar, -- null: no price is known
    resource_id varchar, -- of the bucket on the bill
    team varchar,
    primary key (source, store, folder)
);

-- How many instances each endpoint needs for its busiest hour.
create table if not exists ledger.endpoint_need (
    source varchar not null, endpoint varchar not null,
    variant varchar, -- null: it has one at most
    variant_name varchar, -- of that one, too
    span varchar not null, -- all; trained: all but the held-out days
    subject varchar not null, -- as in ledger.assessment
    since timestamp not null, until timestamp not null, present timestamp,
    hours bigint not null, measured_hours bigint not null, window_hours bigint not null,
    current integer, -- instances; with autoscaling, its minimum
    is_scaled boolean not null, least integer not null, -- that it keeps in any case
    needed integer, -- null: no hour tells how busy it was
    peak_busy double, -- instances times how busy they were, of the busiest hour
    peak_requests double, worst_latency_p95_ms double, mean_instances double,
    instance_hours double, saved_ratio double, -- of them
    held_out_hours bigint, violations bigint, held_out_needed integer -- of the span trained
);

-- In which hours of the week what could be stopped has nothing to do.
create table if not exists ledger.idle_bin (
    subject varchar not null, -- endpoint/<source>/<endpoint>, or workload/<cluster>/<...>
    bin integer not null, -- hour of the week; 0: Monday, 00:00 to 01:00 UTC
    seen integer not null, idle integer not null, -- hours; two weeks are looked at
    is_idle boolean not null, -- seen twice, and idle both times
    since timestamp not null, until timestamp not null,
    size double, -- instances, or cores asked for, in these hours together; null: not known of each
    primary key (subject, bin)
);

-- Where each version of a model is deployed, with its calls and its cost there.
create table if not exists ledger.served_version (
    source varchar not null, place varchar not null, -- a deployment, else an endpoint
    model varchar not null, model_version varchar not null, environment varchar, region varchar,
    kind varchar, endpoint varchar, variant varchar, status varchar, created_at timestamp,
    rollout_strategy varchar, rollback_to varchar, artifact_digest varchar,
    present timestamp, window_days integer not null, -- calls are counted of the days up to it
    versions_beside integer not null, -- that its endpoint serves, itself among them
    requests double, -- of the last days; null: nobody tells
    days_seen integer not null, hours_seen integer not null, -- of which the calls are known
    cost_per_month decimal(38, 20), cost_basis varchar, committed_ratio double,
    team varchar, resource_id varchar,
    saves_on varchar not null, inside varchar, -- as in ledger.assessment
    tags varchar, is_free_while_idle boolean not null,
    primary key (source, place)
);

-- Since when every look at a thing found it unused; what was used when last seen has no row.
create table if not exists ledger.unused_since (
    source varchar not null, thing varchar not null, -- as in usage.look
    unused_since timestamp not null, seen_at timestamp not null, -- the first and the last of them
    days_seen integer not null, -- days on which somebody looked
    primary key (source, thing)
);

-- Every object that was looked at, kind by kind, and what came of it.
create table if not exists ledger.assessment (
    kind varchar not null, -- the file in ledger/sql/recommend
    subject varchar not null, -- names the object for good: endpoint/prod-sagemaker/churn-eu
    source varchar, name varchar not null, -- for people
    answer varchar not null, -- advise, clean, cannot-say, withheld (backtest), left-alone
    reason varchar not null, -- a sentence: the figures it was judged by, or what is missing
    action varchar, -- stop, delete, resize, consolidate, scale-to-zero, schedule, cap, spot, ...
    current varchar, proposed varchar,
    cost_per_month decimal(38, 20), -- of the object as it is
    saving_per_month decimal(38, 20), -- null: no price is known
    saving_basis varchar, -- bill, effective rate, list; null: no saving is known
    confidence varchar, -- high, medium, low
    risk varchar, -- what could go wrong
    evidence varchar, -- JSON: the figures behind it
    command varchar, -- to be typed or merged; every name in it is quoted for its shell
    team varchar, model varchar, model_version varchar, environment varchar,
    resource_id varchar, -- on the bill
    saves_on varchar, -- what its money is part of: advice with the same is an alternative
    inside varchar, -- the saves_on of the larger thing that this is a part of: a pod's machine
    committed_ratio double, -- of its cost, covered by commitments
    tags varchar -- JSON: what the object itself is tagged or annotated with
);
-- Advice: what to change, and what of its saving counts.
create table if not exists ledger.recommendation (
    subject varchar not null, action varchar not null, kind varchar not null,
    current varchar, proposed varchar,
    saving_per_month decimal(38, 20), -- by itself; null: no price is known
    saving_basis varchar, confidence varchar not null, risk varchar not null,
    evidence varchar not null, command varchar,
    recommendation varchar primary key, -- its id: of kind and subject, for good
    source varchar, name varchar not null, reason varchar not null,
    cost_per_month decimal(38, 20),
    counted_saving_per_month decimal(38, 20), -- its part of the total: alternatives count once
    stranded_per_month decimal(38, 20), -- of the saving, commitments that would then stand unused
    counts_because varchar not null, -- best, alternative, inside, unpriced: why it counts or not
    instead_of varchar, -- the recommendation that counts in its place
    team varchar, model varchar, model_version varchar, environment varchar, resource_id varchar,
    saves_on varchar, inside varchar, tags varchar,
    may_end boolean not null default false -- by itself: it is the cost of a job that runs now
);
-- What each kind of advice came to.
create table if not exists ledger.saving (
    kind varchar primary key,
    advised integer not null, clean integer not null, cannot_say integer not null,
    withheld integer not null, left_alone integer not null, -- objects that were looked at
    saving_per_month decimal(38, 20), -- of each by itself; null: none has a price
    counted_saving_per_month decimal(38, 20), -- adds up over the kinds; null: none has a price
    stranded_per_month decimal(38, 20), unpriced integer not null -- advised without a sum
);

-- A text as one word of a command that can be copied from a page and pasted, whatever is in it.
-- What no page keeps as it is (control and direction characters, line breaks, blanks in a row) is
-- written out, in the form that bash, zsh and ksh read. Null: no program can be handed it, because
-- it holds a zero character. As core.text.shell_word.
create or replace macro shell_quoted(text) as
    case
        when regexp_full_match(text, '[A-Za-z0-9_./:@%+=,-]+') then text
        when contains(text, chr(0)) then null
        when contains(text, '  ') or regexp_matches(replace(text, ' ', ''), '[\p{C}\p{Z}]') then
            '$''' || array_to_string(list_transform(
                string_split(text, ''),
                lambda letter: case
                    when letter in ('''', '\') then '\' || letter
                    when regexp_matches(letter, '[\p{C}\p{Z}]')
                        then regexp_replace(lower(hex(encode(letter))), '(..)', '\\x\1', 'g')
                    else letter
                end
            ), '') || ''''
        else '''' || replace(text, '''', '''"''"''') || ''''
    end;

-- An estimate of money, such as a month's at some days' rate, to a ten-thousandth; null where it is
-- more than money can have, or no number. What is billed is never estimated.
create or replace macro money_estimate(figure) as
    try_cast(figure::double as decimal(22, 4))::decimal(38, 20);

-- Where an address points, spelt in one way: s3:bucket/a/b. Of addresses of one thing all are
-- equal: s3a and s3, percent-encoded or not, by https or by its own scheme. Nothing else is changed.
create or replace macro stored_at(uri) as
    rtrim(regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(
                            regexp_replace(
                                regexp_replace(
                                    regexp_replace(
                                        coalesce(try(url_decode(url_decode(uri))), uri),
                                        '[?](versionId|generation|X-Amz-|sv=|sig=).*$', ''
                                    ),
                                    '^(?i:s3[an]?)://|^arn:[^:]*:s3:::', 's3:'
                                ),
                                '^(?i:gc?s)://|^https?://storage[.]googleapis[.]com/', 'gs:'
                            ),
                            '^https?://([^/]+)[.]storage[.]googleapis[.]com', 'gs:\1'
                        ),
                        '^https?://([^/]+)[.]s3([.-][a-z0-9-]+)*[.]amazonaws[.]com(?:[.]cn)?', 's3:\1'
                    ),
                    '^https?://s3([.-][a-z0-9-]+)*[.]amazonaws[.]com(?:[.]cn)?/', 's3:'
                ),
                '^(?i:abfss?|wasbs?)://([^/@]+)@([^./]+)[.][^/]*', 'azure:\2/\1'
            ),
            '^(?i:https?)://([^./]+)[.](blob|dfs)[.]core[.][^/]*/|^azure://([^/]+)/?', 'azure:\1\3/'
        ),
        '/+', '/', 'g'
    ), '/');

-- How ready a storage class, or the meter of a bill, keeps things: hot, cool, cold, archive.
create or replace macro storage_tier(said) as
    case
        when regexp_matches(lower(said), 'glacier.?(ir\b|instant)|gir-|coldline|\bcold\b') then 'cold'
        when regexp_matches(lower(said), 'glacier|deep.?archive|gda-|archive') then 'archive'
        when regexp_matches(lower(said), 'intelligent|-int-|autoclass') then null
        when regexp_matches(lower(said), '[_-]ia\b|[sz]ia-|infrequent|nearline|\bcool\b') then 'cool'
        when regexp_matches(lower(said), 'standard|\bhot\b|timedstorage-bytehrs|regional') then 'hot'
    end;

-- A figure with 12 digits after the point: a sum of such is the same in any order, as one of
-- doubles is not.
create or replace macro exact(figure) as figure::double::decimal(38, 12);

-- Versions that are kept to roll back to.
create table if not exists ledger.kept_version (
    model varchar not null, model_version varchar not null, primary key (model, model_version)
);
-- The command that takes a version from where it serves; null where a person has to look.
create or replace macro undeploy_command(kind, endpoint, place, region) as
    case
        when kind = 'sagemaker'
            then 'aws sagemaker delete-endpoint --endpoint-name '
                || shell_quoted(split_part(endpoint, '/', -1))
                || coalesce(' --region ' || shell_quoted(region), '')
        when lower(kind) in ('deployment', 'statefulset', 'rollout')
            and len(string_split(place, '/')) >= 4
            then 'kubectl scale ' || lower(kind) || ' ' || shell_quoted(split_part(place, '/', -1))
                || ' -n ' || shell_quoted(split_part(place, '/', -3)) || ' --replicas=0'
        when lower(kind) in ('kserve', 'inferenceservice') and len(string_split(place, '/')) >= 4
            then 'kubectl delete inferenceservice ' || shell_quoted(split_part(place, '/', -1))
                || ' -n ' || shell_quoted(split_part(place, '/', -3))
    end;
