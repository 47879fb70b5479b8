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
