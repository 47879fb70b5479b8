-- Machines with GPUs: what their makers state, what they did, and what would do the same for less.

-- Models of GPU by their makers' datasheets (normalise/gpu_model.csv); null: not stated.
create table if not exists config.gpu_model (
    gpu_model varchar primary key, -- as the price book calls it
    vendor varchar not null, architecture varchar not null, compute_capability varchar,
    memory_gib double not null, memory_gb_per_s double,
    fp16_tflops double, -- dense, of tensor cores
    link varchar not null, -- the fastest way that GPUs of this model can talk: PCIe, NVLink, ...
    mig_slices integer, -- into how many a GPU can be cut; null: it cannot
    runs varchar[] not null, -- architectures whose programs run on it too
    fact_source varchar not null, as_of date not null
);
-- How the GPUs of machines with several talk; of a model that knows only PCIe it is that.
create table if not exists config.machine_type (
    provider varchar not null, instance_type varchar primary key,
    interconnect varchar not null, -- PCIe, NVLink, NVSwitch
    fact_source varchar not null, as_of date not null
);

-- On-demand list prices of machines, one per type and region: the one that counts.
create table if not exists ledger.listed_machine (
    provider varchar, region varchar, -- null: any
    instance_type varchar not null, gpu_model varchar,
    gpus double not null, cores double not null, gib double not null,
    price decimal(38, 20) not null, -- of an hour, reporting currency
    priced_on date not null, price_source varchar not null,
    interconnect varchar -- of several GPUs; null: of one, or unknown
);
-- Machines with GPUs that are there: of clusters, of sampled hosts, of the bill.
create table if not exists ledger.gpu_machine (
    subject varchar primary key, -- machine/<provider's id, or source/cluster/node>
    kind varchar not null, -- cluster, host, instance
    source varchar not null, cluster varchar, node varchar not null, -- a node, a host, a resource
    machine varchar, -- its provider's id
    resource_id varchar, provider varchar, region varchar, instance_type varchar,
    capacity_type varchar, told_model varchar,
    gpu_model varchar, -- in config.gpu_model; null: not one of them, or of several sizes
    gpus double, cores double, gib double,
    gpu_memory_gib double, -- of one
    present timestamp, -- the last hour of which its source tells anything
    since timestamp, -- what is looked at lies after this, and what is held out after
    trained_until timestamp, -- this
    created_at timestamp,
    cost_per_month decimal(38, 20), saving_basis varchar, -- bill, list; null: no price is known
    committed_ratio double, team varchar, model varchar, model_version varchar,
    environment varchar, tags varchar,
    told_hours bigint, -- of the window, in which its cluster tells who asked for its GPUs
    unscheduled_hours bigint, -- of them, without anybody
    scheduled_at timestamp, -- the last hour in which somebody had asked; null: none in the window
    free_hours bigint -- told ones since then
);
-- What each GPU of those machines did over the window.
create table if not exists ledger.gpu_use (
    subject varchar not null, gpu varchar not null, -- UUID or index; 'all': by pods alone
    told_by varchar not null, -- devices, samples, pods
    first_at timestamp not null, last_at timestamp not null,
    observed_hours double not null,
    used_p95 double, used_max double, busy_hours bigint, -- hours with any moment of 5 % and more
    memory_max_gib double, -- null: nobody tells; of 'all': on one of them, if it lay all there
    memory_all_gib double, -- the same; of 'all': of all of them together
    memory_gib double, -- its size
    trained_p95 double, trained_memory_max_gib double, -- of the days before the held-out ones
    held_out_memory_gib double[] -- in use in each interval of the held-out days that tells of it
);
-- Which listed machine would do instead of each machine with GPUs: the cheapest that fits.
create table if not exists ledger.gpu_fit (
    subject varchar not null,
    span varchar not null, -- all: the window; trained: the days before the held-out ones
    is_fewer boolean not null, -- with fewer GPUs than it has
    needed_cores double not null, needed_gib double not null, needed_gpus double not null,
    needed_memory_gib double not null, -- of one GPU
    needed_tflops double, -- of one GPU; null: nobody states what its model does
    old_price decimal(38, 20) not null, -- of an hour, as it is
    price_region varchar, -- whose prices are compared; null: prices of any region
    instance_type varchar, -- null: none fits for less
    gpu_model varchar, gpus double, cores double, gib double, gpu_memory_gib double,
    interconnect varchar, architecture varchar,
    price decimal(38, 20)
);

-- What one types to stop a machine, or to change its type while it is stopped; null: a cloud or a
-- cluster where that is no command.
create or replace macro stop_command(machine, region) as
    case
        when regexp_matches(machine, '(^|/)i-[0-9a-z]+$')
            then 'aws ec2 stop-instances --instance-ids '
                || shell_quoted(regexp_extract(machine, 'i-[0-9a-z]+$', 0))
                || coalesce(' --region ' || shell_quoted(region), '')
        when machine ilike '/subscriptions/%/virtualmachines/%'
            then 'az vm deallocate --ids ' || shell_quoted(machine)
        when regexp_matches(machine, 'zones/[^/]+/instances/[^/]+$')
            then 'gcloud compute instances stop '
                || shell_quoted(regexp_extract(machine, '[^/]+$', 0)) || ' --zone '
                || shell_quoted(regexp_extract(machine, 'zones/([^/]+)/', 1))
    end;
create or replace macro resize_command(machine, region, type) as
    case
        when regexp_matches(machine, '(^|/)i-[0-9a-z]+$')
            then 'aws ec2 modify-instance-attribute --instance-id '
                || shell_quoted(regexp_extract(machine, 'i-[0-9a-z]+$', 0))
                || ' --instance-type ' || shell_quoted('Value=' || type)
                || coalesce(' --region ' || shell_quoted(region), '')
        when machine ilike '/subscriptions/%/virtualmachines/%'
            then 'az vm resize --ids ' || shell_quoted(machine) || ' --size ' || shell_quoted(type)
        when regexp_matches(machine, 'zones/[^/]+/instances/[^/]+$')
            then 'gcloud compute instances set-machine-type '
                || shell_quoted(regexp_extract(machine, '[^/]+$', 0)) || ' --zone '
                || shell_quoted(regexp_extract(machine, 'zones/([^/]+)/', 1))
                || ' --machine-type ' || shell_quoted(type)
    end;
-- How fast GPUs of one machine talk, in order; unknown is 0.
create or replace macro link_rank(link) as
    case link when 'NVSwitch' then 3 when 'Infinity Fabric' then 3 when 'NVLink' then 2
        when 'PCIe' then 1 else 0 end;
