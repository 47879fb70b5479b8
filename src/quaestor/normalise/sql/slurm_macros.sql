-- How Slurm writes what it knows; null where it does not.
create or replace temp macro slurm_known(t) as
    case when t in ('Unknown', 'None', 'N/A', 'None assigned', 'INVALID') then null else t end;

-- A time, in the zone of whoever asked unless it names one.
create or replace temp macro slurm_time(t, zone) as case
    when regexp_matches(t, '(Z|[+-][0-9]{2}:?[0-9]{2})$') and length(t) > 10 then as_time(t)
    else timezone('UTC', timezone(zone, as_time(t)))
end;

-- One of a job's resources (TRES): what stands behind its name.
create or replace temp macro tres(t, name) as
    nullif(regexp_extract(t, '(?:^|,)' || name || '=([^,]*)', 1), '');

-- An amount of memory in GiB; sacct counts in powers of 1024, and without a unit in MiB.
create or replace temp macro tres_gib(t) as
    as_number(regexp_extract(t, '^([0-9.]+)', 1))::double
    * case right(t, 1) when 'K' then 1 / 1048576 when 'G' then 1 when 'T' then 1024
        when 'P' then 1048576 else 1 / 1024 end;

-- One of the words that people put in a job's comment: model=churn;version=7
create or replace temp macro comment_word(t, name) as nullif(
    regexp_extract(t, '(?i)(?:^|[;,[:space:]])(?:gov\.)?' || name || '=([^;,[:space:]]+)', 1), ''
);

-- How much of a GPU one of a type is: a MIG device (1g.5gb, a100_3g.20gb) its sevenths, else a whole.
create or replace temp macro gpu_share(model) as
    coalesce(try_cast(regexp_extract(model, '(?:^|_)([1-7])g\.[0-9]+gb', 1) as double) / 7, 1);
