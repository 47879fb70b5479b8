-- Artifacts that are wanted but that nobody touches, in a storage class for daily use.
--
-- grain     one row per folder of a bucket that was listed and that a registry refers to
-- input     the day on which its source listed the folder is the present
-- method    cold: neither changed nor read for $days days, no production version or deployment
--           refers to it, and either all that refer to it are archived versions or it has $gib GiB
--           or more. Below 128 KiB an object in a cheaper class is billed as if it had them, so that
--           folders of small objects stay. The class proposed is read without a restore
-- money     what it costs now less its size at what a GiB of that class costs, both by the store's
--           bill where it has them, else by list. Retrieval and the move itself are not in it
-- param     days = 90: days without a change or a read before a folder counts as cold
-- param     gib = 100: GiB from which a folder of a version that is not archived counts as large
-- source    Amazon S3 User Guide, "Storage class analysis", minimum billable object size
-- rows from usage.stored_folder
with judged as (
    select
        a.*, greatest(a.last_modified_at, a.last_read_at) as touched_at,
        a.seen_at - to_days($days::integer) as since,
        a.size_gib * 8192 / nullif(a.objects, 0) as mean_object, -- in units of 128 KiB
        list_transform(string_split(a.storage_classes, ', '), lambda one: storage_tier(one)) as tiers,
        r.cost_per_gib_month, r.basis as cold_basis
    from ledger.stored_artifact as a
    left join ledger.storage_rate as r on r.store = stored_at(a.store) and r.tier = 'cold'
    where a.referred_by is not null
),
priced as (
    select
        *, money_estimate(cost_per_month - size_gib * cost_per_gib_month::double) as saving,
        case
            when is_in_production then 'clean'
            when not list_has_any(tiers, ['hot', 'cool']) and not list_contains(
                list_transform(tiers, lambda one: coalesce(one, '?')), '?'
            ) then 'clean'
            when not list_has_any(tiers, ['hot', 'cool']) then 'cannot-say'
            when last_modified_at is null then 'cannot-say'
            when touched_at > since then 'clean'
            when not is_archived and size_gib < $gib then 'clean'
            when mean_object < 1 then 'clean'
            when cost_per_month - size_gib * cost_per_gib_month::double <= 0 then 'clean'
            else 'advise'
        end as answer,
        rtrim(store, '/') || '/' || folder || case when folder = '' then '' else '/' end as address
    from judged
)
select
    'stored/' || place || '/' || source as subject, source,
    rtrim(store, '/') || '/' || folder as name, answer,
    case
        when is_in_production then referred_by || ' refers to it, and is in production'
        when not list_has_any(tiers, ['hot', 'cool']) and answer = 'clean'
            then 'it lies in ' || storage_classes || ' already'
        when not list_has_any(tiers, ['hot', 'cool'])
            then 'nobody knows what ' || storage_classes || ' costs against another class'
        when last_modified_at is null then 'nobody says when it was last changed'
        when touched_at > since
            then 'changed or read on ' || touched_at::date || ', less than ' || $days || ' days ago'
        when not is_archived and size_gib < $gib then format('{:.1f}', size_gib)
            || ' GiB of what is not archived, less than ' || $gib
        when mean_object < 1 then 'its objects have less than 128 KiB on average'
        when answer = 'clean' then 'a cheaper class costs no less'
        else case when is_archived then 'all that refer to it are archived (' || referred_by || ')'
                else format('{:.0f}', size_gib) || ' GiB' end
            || ', last ' || case when last_read_at = touched_at then 'read' else 'changed' end
            || ' on ' || touched_at::date || ', ' || date_diff('day', touched_at, seen_at)
            || ' days ago'
    end as reason,
    case when answer = 'advise' then 'archive' end as action,
    objects || case when objects = 1 then ' object, ' else ' objects, ' end
        || format('{:.1f}', size_gib) || ' GiB, ' || storage_classes as current,
    case
        when answer <> 'advise' then null
        when starts_with(place, 's3:') then 'GLACIER_IR'
        when starts_with(place, 'gs:') then 'COLDLINE'
        when starts_with(place, 'azure:') then 'Cold'
        else 'a class for what is rarely read'
    end as proposed,
    cost_per_month,
    case when answer = 'advise' then saving end as saving_per_month,
    case when answer = 'advise' and saving is not null then
        case when 'list' in (rate_basis, cold_basis) then 'list' else 'effective rate' end
    end as saving_basis,
    case when answer = 'advise' then case when last_read_at is null then 'low' else 'medium' end end
        as confidence,
    case when answer = 'advise' then 'Reading it costs by the GiB there, and it is billed for 90 '
        || 'days at least.' || case when last_read_at is null
            then ' Nobody says when it was last read.' else '' end end as risk,
    to_json({
        objects: objects, size_gib: size_gib, storage_classes: storage_classes,
        last_modified_at: last_modified_at, last_read_at: last_read_at, seen_at: seen_at,
        referred_by: referred_by, is_archived: is_archived, cost_per_gib_month: cost_per_gib_month
    })::varchar as evidence,
    case
        when answer <> 'advise' then null
        when starts_with(place, 's3:') then 'aws s3 cp ' || shell_quoted(address) || ' '
            || shell_quoted(address) || ' --recursive --storage-class GLACIER_IR'
            || case when has_folders then ' --exclude ''*/*''' else '' end
            || ' --dryrun # then without --dryrun'
        when starts_with(place, 'gs:') then 'gcloud storage objects update '
            || shell_quoted(address || case when has_folders then '*' else '**' end)
            || ' --storage-class=COLDLINE'
    end as command,
    team, model, model_version, null::varchar as environment, resource_id,
    'stored/' || place as saves_on, null::varchar as inside, null::double as committed_ratio,
    null::varchar as tags
from priced
