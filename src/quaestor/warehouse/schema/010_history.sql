-- What audits keep of their day, because the bill and the blind spots of later days are others.

-- The window that a run speaks of: the last 30 days of the bill that were all there before it.
create table if not exists audit.run_window (
    run_id varchar primary key,
    first_day date, last_day date, -- null: no day of the bill was complete
    billed_days integer not null, -- complete days of the window; fewer where the bill began later
    currency varchar not null, -- the reporting currency by then
    configuration varchar not null -- digest of what the run was configured by
);
-- What the window of a run cost by then.
create table if not exists audit.run_cost (
    run_id varchar not null, model varchar, team varchar, lifecycle_stage varchar,
    provider varchar, service varchar,
    effective_cost decimal(38, 20), -- null: no charge had a rate
    unrated_charges bigint not null default 0 -- in currencies without a rate, in no cost
);
-- What a run could not see.
create table if not exists audit.run_blind_spot (
    run_id varchar not null, stage varchar not null, source varchar not null,
    scope varchar not null, period varchar, reason varchar not null, fix varchar, rows bigint,
    amount decimal(38, 20), currency varchar
);
