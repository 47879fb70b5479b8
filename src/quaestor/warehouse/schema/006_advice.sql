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
    dismissal varchar primary key, kind varchar, subject varchar not null, reason varchar not null,
    dismissed_by varchar not null, dismissed_on date not null, until date
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
    saves_on varchar, inside varchar, tags varchar
);

-- A text as one word of a POSIX shell, whatever is in it.
create or replace macro shell_quoted(text) as
    case
        when regexp_full_match(text, '[A-Za-z0-9_./:@%+=,-]+') then text
        else '''' || replace(text, '''', '''"''"''') || ''''
    end;

-- An estimate of money, such as a month's at some days' rate, to a ten-thousandth. What is billed
-- is never estimated.
create or replace macro money_estimate(figure) as
    figure::double::decimal(22, 4)::decimal(38, 20);
