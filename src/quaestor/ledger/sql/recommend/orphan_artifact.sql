-- Folders of checkpoints and artifacts that no registry knows, and that are kept all the same.
--
-- grain     one row per folder of a bucket that was listed
-- input     the day on which its source listed the folder is the present
-- method    orphaned: nothing in a registry refers to it, to what it lies in, or to what lies in it;
--           neither changed nor read for $days days; and it is a model's by its files, its name, or
--           by what is registered beside it. A numbered checkpoint is as old as the newest of its
--           row. In a bucket that no registry refers to nothing is judged: it may be another's
-- money     its size at what the store's bill says of a GiB a month, else by list
-- param     days = 30: days without a change or a read before a folder counts as left behind
-- source    ledger.stored_artifact
-- rows from usage.stored_folder
with judged as (
    select
        *,
        greatest(last_modified_at, last_read_at, lively_at) as touched_at,
        greatest(last_modified_at, last_read_at) as own_at,
        seen_at - to_days($days::integer) as since,
        'stored/' || place as subject
    from ledger.stored_artifact
),
answered as (
    select
        *,
        case
            when referred_by is not null then 'clean'
            when not is_store_known or looks_like is null or last_modified_at is null
                then 'cannot-say'
            when touched_at > since then 'clean'
            else 'advise'
        end as answer,
        rtrim(store, '/') || '/' || folder || case when folder = '' then '' else '/' end as address
    from judged
)
select
    subject || '/' || source as subject, source, rtrim(store, '/') || '/' || folder as name, answer,
    case
        when referred_by is not null then referred_by || ' refers to ' || case relation
            when 'holds' then 'what lies in it' when 'lies in' then 'what it lies in' else 'it' end
        when not is_store_known
            then 'no registry refers to anything in its bucket, which may be another''s'
        when looks_like is null then 'nothing says that it is a model''s: neither its files, nor '
            || 'its name, nor anything registered beside it'
        when last_modified_at is null then 'nobody says when it was last changed'
        when touched_at > since
            then case when own_at > since then '' else 'the newest of its row was ' end
                || 'changed or read on ' || touched_at::date || ', less than ' || $days || ' days ago'
        else 'no registry refers to it, and it was last '
            || case when last_read_at = own_at then 'read' else 'changed' end || ' on '
            || own_at::date || ', ' || date_diff('day', own_at, seen_at) || ' days ago'
            || case when lively_at::date > own_at::date
                then '; the newest of its row on ' || lively_at::date else '' end
    end as reason,
    case when answer = 'advise' then 'delete' end as action,
    objects || case when objects = 1 then ' object, ' else ' objects, ' end
        || format('{:.1f}', size_gib) || ' GiB, ' || storage_classes as current,
    case when answer = 'advise' then 'nothing, or an entry in the registry' end as proposed,
    cost_per_month,
    case when answer = 'advise' then cost_per_month end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null then rate_basis end as saving_basis,
    case
        when answer <> 'advise' then null
        when looks_like <> 'beside' then 'low'
        when last_read_at is null then 'medium'
        else 'high'
    end as confidence,
    case when answer = 'advise' then concat_ws(' ',
        'A person or a job may read it by its path: ask the team.',
        case when last_read_at is null then 'Nobody says when it was last read.' end,
        case when looks_like <> 'beside'
            then 'Nothing beside it is registered, so its registry may not be collected.' end,
        case when is_versioned then 'Its bucket keeps what is deleted, and goes on costing, until '
            || 'a lifecycle rule expires noncurrent versions.' end
    ) end as risk,
    to_json({
        objects: objects, size_gib: size_gib, storage_classes: storage_classes,
        last_modified_at: last_modified_at, last_read_at: last_read_at, seen_at: seen_at,
        taken_for_a_models_by: looks_like, referred_by: referred_by, is_versioned: is_versioned
    })::varchar as evidence,
    case
        when answer <> 'advise' then null
        when starts_with(place, 's3:') then 'aws s3 rm ' || shell_quoted(address) || ' --recursive'
            || case when has_folders then ' --exclude ''*/*''' else '' end
            || ' --dryrun # then without --dryrun'
        when starts_with(place, 'gs:') and has_folders
            then 'gcloud storage rm ' || shell_quoted(address || '*')
        when starts_with(place, 'gs:')
            then 'gcloud storage ls --recursive ' || shell_quoted(address)
                || ' # then gcloud storage rm --recursive'
        when starts_with(place, 'azure:') and not has_folders
            then 'az storage blob delete-batch --account-name '
                || shell_quoted(regexp_extract(place, '^azure:([^/]+)', 1))
                || ' --source ' || shell_quoted(split_part(place, '/', 2))
                || ' --pattern '
                || shell_quoted(array_to_string(string_split(place, '/')[3:], '/') || '/*')
                || ' --dryrun # then without --dryrun'
    end as command,
    team, null::varchar as model, null::varchar as model_version, null::varchar as environment,
    resource_id, subject as saves_on, null::varchar as inside, null::double as committed_ratio,
    null::varchar as tags
from answered
