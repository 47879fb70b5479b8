-- What labels in a cluster say about whose something is, once for each distinct set of labels.
--
-- grain     one row per distinct text of labels: of pods, volumes, load balancers and what those
--           select
-- method    as ledger.tag_set, with the keys of `labels:`. Prometheus writes a_b_c for the label
--           a.b/c, so that a configured key is looked for in both spellings; the true one counts
--           where both are there
-- source    Kubernetes, "Labels and Selectors"; kube-state-metrics, kube_pod_labels
-- rows from ledger.pod_use, usage.volume, usage.load_balancer
with label_text as (
    select labels from ledger.pod_use where labels is not null
    union
    select labels from usage.volume where labels is not null
    union
    select labels from usage.load_balancer where labels is not null
    union
    select selector from usage.load_balancer where selector is not null
),
object as (
    select labels, try_cast(try_cast(labels as json) as map(varchar, varchar)) as pairs
    from label_text
),
pair as (
    select labels, lower(entry.key) as key, trim(entry.value) as value
    from (select labels, unnest(map_entries(pairs)) as entry from object)
    where trim(entry.value) <> ''
),
lone as (
    select labels, key, min(value) as value from pair group by all
),
lowered as (
    select labels, map_from_entries(list((key, value) order by key)) as pairs
    from lone group by labels
),
spelled_key as (
    select field, position * 2 as position, lower(key) as key from config.label_key
    union
    select field, position * 2 + 1, regexp_replace(lower(key), '[^a-z0-9_]', '_', 'g')
    from config.label_key
),
named as (
    select p.labels, k.field, arg_min(p.value, k.position) as value
    from lone as p
    join spelled_key as k on k.key = p.key
    group by all
),
told as (
    select
        n.labels, n.field,
        coalesce(
            r.new,
            case when n.field in ('environment', 'lifecycle_stage') then lower(n.value)
                else n.value end
        ) as value
    from named as n
    left join config.renaming as r
        on r.field = n.field
        and (r.old = n.value or (n.field = 'environment' and lower(r.old) = lower(n.value)))
),
owner as (
    select
        labels,
        min(value) filter (field = 'team') as team,
        min(value) filter (field = 'model') as model,
        min(value) filter (field = 'model_version') as model_version,
        min(value) filter (field = 'environment') as environment,
        min(value) filter (
            field = 'lifecycle_stage' and value in (
                'data', 'training', 'evaluation', 'inference', 'experimentation', 'platform'
            )
        ) as lifecycle_stage
    from told group by labels
)
select
    l.labels, o.team, o.model, o.model_version, o.environment, o.lifecycle_stage, l.pairs
from lowered as l
left join owner as o on o.labels = l.labels
