-- Versions of models that are the same artifact under another name, and kept or served twice.
--
-- grain     one row per version of a registry; and one per place at which a version that has a
--           duplicate is deployed
-- method    duplicates have one artifact digest, whatever they are called. Deployed: two of them in
--           the same environment and region; the one deployed first stays. In different
--           environments, or regions, one artifact is what should be there; canary and blue-green
--           deployments and shadows are left out, and so is what another version would be rolled
--           back to. Stored: two of them at different addresses (artifact_uri). What is deployed,
--           in production, what another version would be rolled back to, or what has an alias of
--           its own stays, each of them; of the others what was registered first. Addresses are
--           compared in one spelling (stored_at); those of which one lies in the other, or at which
--           another artifact lies too, are no second copy, and of different schemes
--           (runs: and s3:) nobody can say
-- money     deployed: what the place costs; stored: ledger.stored_artifact of its address.
--           saves_on is the endpoint's or the folder's, as in idle_endpoint and orphan_artifact
-- source    MLflow documentation, "Model Registry"; OCI image specification: digests name content
-- rows from registry.model_version
with digest as (
    select
        coalesce(n.new, v.model) as model, v.version as model_version, min(v.source) as source,
        min(v.created_at) as created_at,
        case when count(distinct lower(v.artifact_digest)) = 1 then min(lower(v.artifact_digest))
            end as digest,
        count(distinct lower(v.artifact_digest)) as digests,
        min(rtrim(v.artifact_uri, '/')) as artifact_uri,
        bool_or(coalesce(v.lifecycle = 'production', false)) as is_in_production,
        min(list_filter(v.aliases, lambda alias: lower(alias) <> 'latest')[1]) as alias,
        min(v.tags) as tags
    from registry.model_version as v
    left join config.renaming as n on n.field = 'model' and n.old = v.model
    group by all
),
-- Several listings of one folder are one folder.
folder as (
    select
        place, arg_max(cost_per_month, (seen_at, source)) as cost_per_month,
        arg_max(rate_basis, (seen_at, source)) as rate_basis, min(resource_id) as resource_id,
        min(team) as team
    from ledger.stored_artifact
    group by place
),
addressed as (
    select
        *, stored_at(artifact_uri) as address,
        split_part(stored_at(artifact_uri), ':', 1) as scheme,
        -- Something else lies there, or may.
        min(coalesce(digest, '')) over same_address <> max(coalesce(digest, '')) over same_address
            as is_shared
    from digest
    window same_address as (partition by stored_at(artifact_uri))
),
stored as (
    select
        d.*, s.model is not null as is_deployed, k.model is not null as is_kept,
        f.cost_per_month, f.rate_basis, f.resource_id,
        f.team, f.place, count(*) over same as copies,
        first_value(d.model || ':' || d.model_version) over same as first_name,
        first_value(d.artifact_uri) over same as first_uri,
        first_value(d.address) over same as first_address,
        first_value(d.scheme) over same as first_scheme,
        row_number() over (
            partition by d.digest, d.address
            order by s.model is not null desc, d.is_in_production desc, k.model is not null desc,
                d.alias is not null desc, d.created_at, d.model, d.model_version
        ) as place_at_address
    from addressed as d
    left join (select distinct model, model_version from ledger.served_version) as s
        on s.model = d.model and s.model_version = d.model_version
    left join ledger.kept_version as k
        on k.model = d.model and k.model_version = d.model_version
    left join folder as f on f.place = d.address
    window same as (
        partition by d.digest
        order by s.model is not null desc, d.is_in_production desc, k.model is not null desc,
            d.alias is not null desc, d.created_at, d.model, d.model_version
        rows between unbounded preceding and unbounded following
    )
),
kept_twice as (
    select
        *,
        case
            when digest is null then 'cannot-say'
            when copies = 1 then 'clean'
            when artifact_uri is null or first_uri is null then 'cannot-say'
            when is_one or is_deployed or place_at_address > 1 or is_shared then 'clean'
            when is_in_production or is_kept or alias is not null then 'clean'
            when scheme <> first_scheme
                and not list_has_all(['s3', 'gs', 'azure'], [scheme, first_scheme])
                then 'cannot-say'
            else 'advise'
        end as answer
    from (
        select
            *, address = first_address or starts_with(address, first_address || '/')
                or starts_with(first_address, address || '/') as is_one
        from stored
    )
),
place as (
    select
        s.* exclude (artifact_digest), d.digest, k.model is not null as is_kept,
        coalesce(s.rollout_strategy in ('canary', 'blue-green', 'linear', 'shadow'), false)
            as is_rolled_out
    from ledger.served_version as s
    join digest as d on d.model = s.model and d.model_version = s.model_version
    left join ledger.kept_version as k on k.model = s.model and k.model_version = s.model_version
    where d.digest in (select digest from digest group by digest having count(*) > 1)
),
-- Two names of one artifact in one environment and region; the first that was deployed stays.
ranked as (
    select
        *,
        first_value(model || ':' || model_version) over first_deployed as first_name,
        first_value(place) over first_deployed as first_place
    from place
    window first_deployed as (
        partition by digest, environment, region
        order by is_kept desc, is_rolled_out desc, created_at, source, place
    )
),
served_twice as (
    select
        *,
        case
            when is_kept or is_rolled_out or first_name = model || ':' || model_version
                then 'clean'
            when environment is null then 'cannot-say'
            else 'advise'
        end as answer
    from ranked
)
select
    'duplicate/' || model || ':' || model_version as subject, source,
    model || ':' || model_version as name, answer,
    case
        when digests > 1 then 'its registries know different digests of it'
        when digest is null then 'no registry knows its digest'
        when copies = 1 then 'no other version is the same artifact'
        when artifact_uri is null or first_uri is null
            then 'the same artifact as another version, and nobody says where one of them lies'
        when first_name = model || ':' || model_version
            then 'the first of ' || copies || ' versions that are the same artifact'
        when is_one then 'the same artifact as ' || first_name || ', stored once'
        when is_deployed then 'the same artifact as ' || first_name || ', and deployed from '
            || artifact_uri
        when place_at_address > 1 or is_shared then 'another version lies at the same address'
        when is_in_production then 'the same artifact as ' || first_name || ', and in production'
        when is_kept then 'the same artifact as ' || first_name
            || ', and another version would be rolled back to it'
        when alias is not null then 'the same artifact as ' || first_name
            || ', and kept under the alias ' || alias
        when answer = 'cannot-say' then 'the same artifact as ' || first_name || ', and nobody says '
            || 'whether ' || artifact_uri || ' and ' || first_uri || ' are two places'
        else 'the same artifact as ' || first_name || ', stored at ' || first_uri || ' too'
    end as reason,
    case when answer = 'advise' then 'delete' end as action,
    artifact_uri as current,
    case when answer = 'advise' then 'the artifact at ' || first_uri || ' for both' end as proposed,
    cost_per_month,
    case when answer = 'advise' then cost_per_month end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null then rate_basis end as saving_basis,
    case when answer = 'advise' then 'high' end as confidence,
    case when answer = 'advise' then 'Something may read it by its address: let the version point '
        || 'to the other copy first.' end as risk,
    to_json({
        digest: digest, copies: copies, first: first_name, first_uri: first_uri,
        created_at: created_at
    })::varchar as evidence,
    null::varchar as command, team, model, model_version, null::varchar as environment, resource_id,
    coalesce(
        'stored/' || place, 'artifact/' || artifact_uri, 'version/' || model || ':' || model_version
    ) as saves_on,
    null::varchar as inside, null::double as committed_ratio, tags
from kept_twice
union all
select
    'duplicate/' || model || ':' || model_version || '@' || source || '/' || place, source,
    model || ':' || model_version || ' at ' || place, answer,
    case
        when is_kept then 'another version would be rolled back to it'
        when is_rolled_out then 'it is one side of a ' || rollout_strategy || ' deployment'
        when first_name = model || ':' || model_version
            then 'no other name of the same artifact was deployed in its environment before it'
        when answer = 'cannot-say' then 'the same artifact as ' || first_name
            || ', and nobody says in which environment'
        else 'the same artifact as ' || first_name || ', which is deployed in ' || environment
            || ' too, at ' || first_place
    end,
    case when answer = 'advise' then case when versions_beside > 1 then 'remove-variant'
        else 'delete' end end,
    coalesce(kind, 'deployment') || coalesce(', ' || environment, ''),
    case when answer = 'advise' then first_name || ' for the callers of both' end,
    cost_per_month, case when answer = 'advise' then cost_per_month end,
    case when answer = 'advise' and cost_per_month is not null then cost_basis end,
    case when answer = 'advise' then 'medium' end,
    case when answer = 'advise' then 'Its callers have to be sent to the other one, which has to '
        || 'hold the load of both.' end,
    to_json({
        digest: digest, first: first_name, first_place: first_place, calls: requests,
        versions_beside: versions_beside, deployed_at: created_at
    })::varchar,
    case
        when answer <> 'advise' then null
        when versions_beside > 1 then null
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
    end,
    team, model, model_version, environment, resource_id, saves_on, inside, committed_ratio, tags
from served_twice
