-- What it costs a month to run models by hand, in ten categories and their total.
--
-- grain     one row per category and model, one per category of all models (model null), and the
--           same of `total`. All models add up to those that can be said, and what is nobody's
-- money     reporting currency a month, to a ten-thousandth. What is billed stands with its
--           charges; where hours of people are assumed, or a share of the spend is, the formula
--           says so ("assumed"). Null: cannot be said, and the reason says why; never zero
-- method    `inputs` names every figure, its unit and the table it is from. low and high: assumed
--           figures x $low_ratio and x $high_ratio; of billed ones what is sure and what may be.
--           What nobody tells of some versions is in high alone
--           the present is the end of the last complete day of the bill, else the last time that
--           a registry tells of; counts are of the last $days days, spend of the last 30
--           total    no part of it counts twice: repeated runs (3) are completed ones, failed
--                    ones are wasted resources (9), which leave out endpoints (scaling, 6);
--                    unmonitored spend (8) is less what drift (7) takes of it. Only in high may
--                    stalled hours (9) be of repeated runs (3)
-- param     engineer_rate = 80: what an hour of an engineer costs, with on-costs, in the
--            reporting currency (US data scientists: 57 an hour in wages, which are 70 % of the
--            cost; Bureau of Labor Statistics, OEWS May 2023 and ECEC)
-- param     low_ratio = 0.5: what assumed figures are multiplied by for the low estimate
-- param     high_ratio = 2: what assumed figures are multiplied by for the high estimate
-- param     days = 90: how many days of releases and runs are looked at
-- param     training_hours = 6: hours of work to train and register one version by hand
-- param     deploy_hours = 4: hours of work to bring one version into production by hand
-- param     failure_hours = 16: hours of work for a deployment that failed or was taken back
-- param     rollback_days = 7: days within which a version that is archived again was taken back
-- param     data_hours = 24: hours of work to find the data of a version that does not name them
-- param     loss_ratio = 0.03: how likely in a month a version has to be made again, 0 to 1
-- param     target_days = 1: days from a trained version to production that are no delay
-- param     gain_ratio = 0.02: by how much a new version raises what its model is worth, 0 to 1
-- param     retrain_days = 365: days after which a version should have been trained again
-- param     decay_ratio = 0.01: what part of its use a model loses a month past that, 0 to 1
-- param     blind_ratio = 0.05: what part of the spend a fault takes that nobody sees, 0 to 1
-- param     violation_hours = 4: hours of work to put one thing without approval or owner right
-- source    DORA, "Accelerate State of DevOps" (lead time under a day; failed deployments). Rates,
--           hours and parts are estimates of the project, to be set to one's own
-- rows from ledger.version_practice, ledger.model_day, ledger.gpu_hour
with clock as (
    select
        present, present - to_days($days::integer) as since, $days::double / (730 / 24) as months
    from (
        select coalesce(
            (select max(day) + interval 1 day from ledger.billed_day where complete),
            (select max(greatest(created_at, made_at, deployed_at)) from ledger.version_practice)
        ) as present
    )
),
last_day as (
    select coalesce(max(day) filter (complete), max(day)) as day from ledger.billed_day
),
spend as (
    select
        m.model,
        case when count(*) = count(m.effective_cost) then sum(m.effective_cost) end::double
            / 30 * (730 / 24) as cost,
        case
            when count(*) filter (m.lifecycle_stage = 'inference' and m.effective_cost is null) = 0
                then sum(m.effective_cost) filter (m.lifecycle_stage = 'inference')
        end::double / 30 * (730 / 24) as serving
    from ledger.model_day as m
    cross join last_day as d
    where m.day > d.day - 30 and m.day <= d.day
    group by m.model
),
version as (
    select
        v.*, c.months, c.present, coalesce(v.deployed_at, v.created_at) as released_at,
        coalesce(v.is_production, false) or v.deployed_at is not null as was_released,
        t.training_cost::double as training_cost
    from ledger.version_practice as v
    cross join clock as c
    left join ledger.version_cost as t on t.model = v.model and t.model_version = v.version
),
recent as (
    select v.* from version as v join clock as c on v.was_released and v.released_at > c.since
),
known as (
    select model, count(is_production) as with_lifecycle, any_value(months) as months
    from version group by model
),
model as (
    select model from known
    union
    select model from spend
),
gpu as (
    select
        h.model, sum(h.gpu_hours::decimal(28, 9)) as hours, count(*) as lines,
        count(h.cost) as priced,
        -- of what failed it is known that it came to nothing, whatever its GPUs did
        count(*) filter (h.observed_gpu_hours > 0 or h.failed_gpu_hours > 0) as told,
        count(*) filter (
            (h.unobserved_gpu_hours > 0 or h.gpu_hours = 0) and coalesce(h.failed_gpu_hours, 0) = 0
        ) as untold,
        coalesce(sum(h.failed_cost), 0)::double / 30 * (730 / 24.0) as failed,
        coalesce(sum(h.idle_cost), 0)::double / 30 * (730 / 24.0) as idle,
        coalesce(sum(h.stalled_cost), 0)::double / 30 * (730 / 24.0) as stalled
    from ledger.gpu_hour as h
    cross join (
        -- without any bill there are prices of the price book
        select coalesce((select day from last_day), (select max(day) from ledger.gpu_hour)) as day
    ) as d
    where h.kind not in ('endpoint', 'commitment') and h.day > d.day - 30 and h.day <= d.day
    group by h.model
),
said as (
    -- 1: manual work on releases.
    select
        1 as position, m.model,
        (r.training * $training_hours + r.deploys * $deploy_hours)
            * $engineer_rate * $low_ratio / k.months as low,
        (r.training * $training_hours + r.deploys * $deploy_hours)
            * $engineer_rate / k.months as base,
        (
            (r.training + r.unknown_training) * $training_hours
            + (r.deploys + r.unknown_deploys) * $deploy_hours
        ) * $engineer_rate * $high_ratio / k.months as high,
        [
            named_input('versions trained by hand', r.training, 'versions', 'version_practice'),
            named_input('versions deployed by hand', r.deploys, 'versions', 'version_practice'),
            named_input('hours to train one', $training_hours, 'h', 'advice: params'),
            named_input('hours to deploy one', $deploy_hours, 'h', 'advice: params'),
            named_input('engineer', $engineer_rate, 'per h', 'advice: params')
        ] as inputs,
        case
            when k.model is null then 'no registry lists its versions'
            when k.with_lifecycle = 0 then 'nobody says which versions were in production'
            when r.unknown_training + r.unknown_deploys = 2 * r.releases and r.releases > 0
                then 'nobody says how its versions were trained or deployed'
        end as unsaid,
        case when r.unknown_training + r.unknown_deploys > 0
            then 'what nobody tells of ' || greatest(r.unknown_training, r.unknown_deploys)
            || ' of ' || r.releases || ' releases is in high alone' end as note
    from model as m
    left join known as k on k.model = m.model
    cross join lateral (
        select
            count(*) as releases, count(*) filter (not by_pipeline) as training,
            count(*) filter (by_pipeline is null) as unknown_training,
            count(*) filter (not is_deployed_by_machine) as deploys,
            count(*) filter (is_deployed_by_machine is null) as unknown_deploys
        from recent where recent.model = m.model
    ) as r
    union all
    -- 2: deployments that failed, and versions that were taken back.
    select
        2, m.model, f.failures * $failure_hours * $engineer_rate * $low_ratio / k.months,
        f.failures * $failure_hours * $engineer_rate / k.months,
        f.failures * $failure_hours * $engineer_rate * $high_ratio / k.months,
        [
            named_input('deployments that failed', f.failed, 'deployments', 'registry.deployment'),
            named_input('versions taken back', f.taken_back, 'versions', 'version_practice'),
            named_input('hours for one', $failure_hours, 'h', 'advice: params'),
            named_input('engineer', $engineer_rate, 'per h', 'advice: params')
        ],
        case when coalesce(f.with_status + f.with_end, 0) = 0
            then 'nobody says how its deployments ended, or when versions were archived' end,
        null
    from model as m
    left join known as k on k.model = m.model
    left join (
        select
            v.model, coalesce(sum(v.deploys_failed), 0) as failed,
            count(v.deploys_failed) as with_status, count(v.archived_at) as with_end,
            count(*) filter (
                v.archived_at between v.released_at
                    and v.released_at + to_days($rollback_days::integer)
                and v.archived_at > c.since and exists (
                    from version as o
                    where o.model = v.model and o.is_production and o.created_at < v.created_at
                )
            ) as taken_back,
            failed + taken_back as failures
        from version as v cross join clock as c
        group by v.model
    ) as f on f.model = m.model
    union all
    -- 3: runs repeated on the same data.
    select
        3, m.model, coalesce(r.low, 0) / k.months, coalesce(r.base, 0) / k.months,
        coalesce(r.high, 0) / k.months,
        [
            named_input('completed runs that name their data', r.runs, 'runs', 'ledger.run_cost'),
            named_input('of them, repeated with the same parameters', r.repeated, 'runs',
                'ledger.run_cost'),
            named_input('what these cost', r.base, 'money in all', 'ledger.run_cost')
        ],
        case
            when r.listed is null then 'no run of it is listed'
            when r.runs = 0 and r.completed > 0 then 'no run names its data by digest'
            when r.priced = 0 and r.runs > 0 then 'nobody knows what its runs cost'
        end,
        case when r.priced < r.runs then (r.runs - r.priced) || ' runs have no known cost' end
    from model as m
    left join clock as k on true
    left join (
        select
            model, sum(listed) as listed, sum(completed) as completed, sum(runs) as runs,
            sum(priced) as priced, sum(repeated) as repeated, sum(low)::double as low,
            sum(base)::double as base, sum(high)::double as high
        from (
            select
                model, count(*) as listed,
                count(*) filter (is_recent) as completed,
                count(*) filter (is_recent and digest is not null) as runs,
                count(cost) filter (is_recent and digest is not null) as priced,
                count(*) filter (is_again) as repeated,
                sum(cost) filter (is_again_exactly) as low, sum(cost) filter (is_again) as base,
                sum(cost) filter (is_again_at_all) as high
            from (
                select
                    *,
                    is_recent and digest is not null and row_number() over (
                        partition by model, is_recent, digest order by cost desc, run
                    ) > 1 as is_again_at_all,
                    is_recent and digest is not null and params is not null and row_number() over (
                        partition by model, is_recent, digest, params order by cost desc, run
                    ) > 1 as is_again,
                    is_recent and digest is not null and params is not null
                    and git_commit is not null and row_number() over (
                        partition by model, is_recent, digest, params, git_commit
                        order by cost desc, run
                    ) > 1 as is_again_exactly
                from (
                    select
                        r.model, r.run, r.cost, coalesce(r.dataset_digest, d.digest) as digest,
                        g.params, g.git_commit,
                        coalesce(r.started_at > c.since
                            and coalesce(lower(r.state), '') in ('completed', 'finished'), false)
                            as is_recent
                    from ledger.run_cost as r
                    cross join clock as c
                    left join registry.run as g on g.source = r.source and g.run_id = r.run
                    left join (
                        select
                            source, run_id, case when count(distinct digest) = 1 then min(digest)
                                end as digest
                        from registry.dataset
                        where says_something(digest)
                            and coalesce(lower(context), 'train') in ('train', 'training')
                        group by source, run_id
                    ) as d on d.source = r.source and d.run_id = r.run
                    where r.model is not null
                )
            )
            group by model
        )
        group by model
    ) as r on r.model = m.model
    union all
    -- 4: versions in production whose data nobody can name.
    select
        4, m.model, (p.unnamed * $data_hours * $engineer_rate + p.cost) * $loss_ratio * $low_ratio,
        (p.unnamed * $data_hours * $engineer_rate + p.cost) * $loss_ratio,
        (
            (p.unnamed + p.unknown) * $data_hours * $engineer_rate + p.cost + p.unknown_cost
        ) * $loss_ratio * $high_ratio,
        [
            named_input('versions in production that name no data', p.unnamed, 'versions',
                'version_practice'),
            named_input('what their training cost', p.cost, 'money', 'ledger.version_cost'),
            named_input('hours to find the data of one', $data_hours, 'h', 'advice: params'),
            named_input('engineer', $engineer_rate, 'per h', 'advice: params'),
            named_input('made again in a month', $loss_ratio, 'ratio', 'advice: params')
        ],
        case
            when p.model is null then 'no version of it is known to be in production'
            when p.unknown = p.versions then 'its registry does not tell of data'
        end,
        case when p.unpriced > 0 then 'the training of ' || p.unpriced
            || ' versions has no known cost' end
    from model as m
    left join (
        select
            model, count(*) as versions, count(*) filter (not names_data) as unnamed,
            count(*) filter (names_data is null) as unknown,
            coalesce(sum(training_cost::decimal(28, 9)) filter (not names_data), 0)::double as cost,
            coalesce(sum(training_cost::decimal(28, 9)) filter (names_data is null), 0)::double
                as unknown_cost,
            count(*) filter (names_data is not true and training_cost is null) as unpriced
        from version where is_production group by model
    ) as p on p.model = m.model
    union all
    -- 5: days between a trained version and production.
    select
        5, m.model, d.days / (730 / 24.0) * w.worth * $gain_ratio * $low_ratio / d.months,
        d.days / (730 / 24.0) * w.worth * $gain_ratio / d.months,
        d.days / (730 / 24.0) * w.worth * $gain_ratio * $high_ratio / d.months,
        [
            named_input('days of delay, all releases', d.days, 'days', 'version_practice'),
            named_input('releases', d.releases, 'versions', 'version_practice'),
            named_input('what the model is worth a month', w.worth, 'money', 'registry.model'),
            named_input('what a new version adds', $gain_ratio, 'ratio', 'advice: params')
        ],
        case
            when w.worth is null
                then 'nobody says what it is worth (gov.business_value_per_month)'
            when d.timed is null then 'no version of it was released in the last ' || $days
                || ' days'
            when d.timed = 0 then 'nobody says when its versions were trained and deployed'
        end,
        case when d.timed < d.releases
            then (d.releases - d.timed) || ' releases have no known lead time' end
    from model as m
    left join (
        select coalesce(n.new, r.model) as model, max(r.business_value_per_month)::double as worth
        from registry.model as r
        left join config.renaming as n on n.field = 'model' and n.old = r.model
        group by coalesce(n.new, r.model)
    ) as w on w.model = m.model
    left join (
        select
            model, count(*) as releases, any_value(months) as months,
            count(*) filter (deployed_at >= made_at) as timed,
            sum(greatest(
                date_diff('second', made_at, deployed_at) / 86400 - $target_days, 0
            )::decimal(18, 6)) filter (deployed_at >= made_at)::double as days
        from recent group by model
    ) as d on d.model = m.model
    union all
    -- 6: endpoints that are larger than their traffic.
    select
        6, m.model, coalesce(e.sure, 0), coalesce(e.likely, 0), coalesce(e.likely + e.unsure, 0),
        [
            named_input('endpoints looked at', e.judged, 'endpoints', 'ledger.assessment'),
            named_input('advice that counts', e.likely, 'money a month', 'ledger.recommendation')
        ],
        case
            when e.model is null then 'no endpoint is known to be its'
            when e.judged = 0 then 'nobody tells how its endpoints are used'
            when e.unpriced > 0 and e.likely = 0 then 'nobody knows what its endpoints cost'
        end,
        case when e.unpriced > 0 then e.unpriced || ' of the endpoints have no known cost' end
    from model as m
    left join (
        select
            a.model, count(*) filter (a.answer <> 'cannot-say') as judged,
            count(*) filter (a.answer = 'advise' and a.saving_per_month is null) as unpriced,
            coalesce(sum(r.counted_saving_per_month) filter (r.confidence = 'high'), 0)::double
                as sure,
            coalesce(sum(r.counted_saving_per_month) filter (r.confidence <> 'low'), 0)::double
                as likely,
            coalesce(sum(r.counted_saving_per_month) filter (r.confidence = 'low'), 0)::double
                as unsure
        from ledger.assessment as a
        left join ledger.recommendation as r on r.kind = a.kind and r.subject = a.subject
        where a.kind in ('endpoint_size', 'idle_endpoint') and a.model is not null
        group by a.model
    ) as e on e.model = m.model
    union all
    -- 7: past the retraining interval. 8: without monitoring, of what is left.
    select
        x.position, m.model, s.serving * least(x.part * $low_ratio, 1),
        s.serving * least(x.part, 1), s.serving * least(x.part_at_most * $high_ratio, 1),
        case when x.position = 7 then [
            named_input('days past the interval', p.overdue_days, 'days', 'version_practice'),
            named_input('spend on serving', s.serving, 'money a month', 'ledger.model_day'),
            named_input('lost a month', $decay_ratio, 'ratio', 'advice: params')
        ] else [
            named_input('versions that nothing watches', p.unwatched, 'versions',
                'version_practice'),
            named_input('spend on serving', s.serving, 'money a month', 'ledger.model_day'),
            named_input('lost to unseen faults', $blind_ratio, 'ratio', 'advice: params')
        ] end,
        case
            when p.model is null then 'no version of it is known to be in production'
            when s.serving is null then 'no charge is known to be for serving it'
            when x.part is null and x.position = 7 then 'nobody says when it was trained'
            when x.part is null then 'nobody says whether it is monitored'
        end,
        null
    from model as m
    left join spend as s on s.model = m.model
    left join (
        select
            model,
            case when count(coalesce(made_at, created_at)) > 0 then greatest(
                date_diff('day', max(coalesce(made_at, created_at)), any_value(present))
                - $retrain_days, 0
            ) end as overdue_days,
            case when overdue_days is not null
                then least(overdue_days / (730 / 24.0) * $decay_ratio, 1) end as decayed,
            count(*) filter (not is_monitored) as unwatched,
            holds_for_all(is_monitored) as is_watched
        from version where is_production group by model
    ) as p on p.model = m.model
    cross join lateral (
        values
            (7, p.decayed, p.decayed),
            (
                8,
                case when p.is_watched then 0 when not p.is_watched
                    then $blind_ratio * (1 - coalesce(p.decayed, 0)) end,
                case when p.is_watched then 0 when not p.is_watched
                    then $blind_ratio * (1 - coalesce(p.decayed, 0)) end
            )
    ) as x(position, part, part_at_most)
    union all
    -- 9: GPUs that were paid for and did nothing. What nobody asked for is nobody's.
    select
        9, g.model, g.failed, g.failed + g.idle, g.failed + g.idle + g.stalled,
        [
            named_input('failed work', g.failed, 'money a month', 'ledger.gpu_hour'),
            named_input('idle', g.idle, 'money a month', 'ledger.gpu_hour'),
            named_input('stalled', g.stalled, 'money a month', 'ledger.gpu_hour')
        ],
        case when g.hours is null then 'no GPU-hour is known to be its'
            when g.priced = 0 then 'nobody knows what its GPUs cost'
            when g.told = 0 then 'nobody tells what its GPUs did' end,
        case when g.priced < g.lines then 'without GPUs that have no known cost'
            when g.untold > 0 then 'without GPU-hours of which nobody tells what they did' end
    from (
        select
            m.model, h.hours, h.lines, h.priced, h.told, h.untold, h.failed, h.idle, h.stalled
        from model as m
        left join gpu as h on h.model = m.model
        union all
        select null, hours, lines, priced, told, untold, failed, idle, stalled
        from gpu where model is null
    ) as g
    union all
    -- 10: what nobody approved, owns or may break any more.
    select
        10, m.model, v.wrong * $violation_hours * $engineer_rate * $low_ratio / v.months,
        v.wrong * $violation_hours * $engineer_rate / v.months,
        (v.wrong + v.unknown) * $violation_hours * $engineer_rate * $high_ratio / v.months,
        [
            named_input('versions in production without approval', v.unapproved, 'versions',
                'version_practice'),
            named_input('models without an owner', v.unowned, 'models', 'registry.model'),
            named_input('waivers past their end', v.lapsed, 'waivers', 'registry.waiver'),
            named_input('hours for one', $violation_hours, 'h', 'advice: params'),
            named_input('engineer', $engineer_rate, 'per h', 'advice: params'),
            named_input('spend that it carries', case when v.wrong > 0 then s.cost else 0 end,
                'money a month', 'ledger.model_day')
        ],
        case
            when v.model is null then 'no version of it is known to be in production'
            when v.unknown = v.versions and v.unowned + v.lapsed = 0
                then 'its registry does not tell who approves'
        end,
        null
    from model as m
    left join spend as s on s.model = m.model
    left join (
        select
            p.model, count(*) as versions, any_value(p.months) as months,
            count(*) filter (not p.is_approved) as unapproved,
            count(*) filter (p.is_approved is null) as unknown,
            coalesce(any_value(o.unowned), 0) as unowned,
            coalesce(any_value(w.lapsed), 0) as lapsed,
            unapproved + coalesce(any_value(o.unowned), 0) + coalesce(any_value(w.lapsed), 0)
                as wrong
        from version as p
        left join (
            select
                coalesce(n.new, r.model) as model,
                (not bool_or(says_something(r.owner)) and bool_or(e.supplied))::integer as unowned
            from registry.model as r
            left join registry.evidence as e on e.source = r.source and e.field = 'model.owner'
            left join config.renaming as n on n.field = 'model' and n.old = r.model
            group by coalesce(n.new, r.model)
        ) as o on o.model = p.model
        left join (
            select x.model, count(distinct (y.source, y.waiver)) as lapsed
            from model as x
            join registry.waiver as y
                on y.subject not in ('*', '**')
                and (x.model glob y.subject or y.subject like x.model || ':%')
            join clock as c on y.expires < c.present::date
            group by x.model
        ) as w on w.model = p.model
        where p.is_production
        group by p.model
    ) as v on v.model = m.model
),
category(position, category, title, formula) as (
    values
        (1, 'manual-workflow', 'Manual workflow',
            '(versions trained by hand x hours + versions deployed by hand x hours) x rate, a '
            || 'month; hours and rate are assumed'),
        (2, 'human-error', 'Human error',
            '(deployments that failed + versions taken back) x hours x rate, a month; hours '
            || 'and rate are assumed'),
        (3, 'data-inconsistency', 'Data inconsistency',
            'what completed runs cost that another had made with the same data and parameters '
            || '(low: and the same commit; high: the same data), a month; billed'),
        (4, 'no-data-versioning', 'No data versioning',
            '(versions in production that name no data x hours to find them x rate + what '
            || 'their training cost) x likelihood in a month; hours, rate and likelihood are '
            || 'assumed'),
        (5, 'deployment-delay', 'Deployment delay',
            'days from training to production beyond the target x what the model is worth a '
            || 'day x what a new version adds, a month; what it adds is assumed'),
        (6, 'scaling', 'Scaling',
            'what advice on idle and over-provisioned endpoints saves (low: of high '
            || 'confidence; high: of any); billed'),
        (7, 'drift', 'Drift',
            'months past the retraining interval x part of its use lost a month x spend on '
            || 'serving; the part is assumed'),
        (8, 'no-monitoring', 'No monitoring',
            'spend on serving of models in production that nothing watches, less what drift '
            || 'takes, x part lost to unseen faults; the part is assumed'),
        (9, 'wasted-resources', 'Wasted resources',
            'GPUs whose work failed (low), that were idle (base) or stalled (high), without '
            || 'endpoints; billed'),
        (10, 'operations-and-compliance', 'Operations and compliance',
            '(versions without approval + models without an owner + waivers past their end) x '
            || 'hours x rate, a month; hours and rate are assumed')
),
sorted as (
    select
        position, model, inputs,
        -- What is a quadrillion a month is a slip of a hand.
        case when unsaid is null and low < 1e15 and base < 1e15 and high < 1e15
            then list_sort([low::double, base::double, high::double]) end as figures,
        coalesce(
            unsaid, case when high >= 1e15 then 'its inputs are larger than money can be' end, note
        ) as reason,
        figures is null as is_unsaid
    from said
),
by_category as (
    select position, model, figures, inputs, reason from sorted where model is not null
    union all
    select
        position, null,
        case when count(figures) > 0 then [
            sum(figures[1]::decimal(28, 9))::double, sum(figures[2]::decimal(28, 9))::double,
            sum(figures[3]::decimal(28, 9))::double
        ] end,
        [
            named_input('models that can be said', count(model) filter (figures is not null),
                'models', 'this table'),
            named_input('models', count(model), 'models', 'this table')
        ] || case
            when count(*) > count(model) then [
                named_input('what is nobody''s', max(figures[2]) filter (model is null),
                    'money a month', 'ledger.gpu_hour')
            ]
            else []
        end,
        case
            when count(figures) = 0
                then 'of no model: ' || coalesce(
                    mode(reason order by reason) filter (model is not null), 'there is none'
                )
            else nullif(concat_ws('; ',
                case when count(*) filter (is_unsaid and model is not null) > 0
                    then 'without ' || count(*) filter (is_unsaid and model is not null)
                    || ' models of which it cannot be said' end,
                case when count(*) filter (not is_unsaid and reason is not null) > 0
                    then 'of ' || count(*) filter (not is_unsaid and reason is not null)
                    || ' models not all of it is known' end
            ), '')
        end
    from sorted
    group by position
),
everything as (
    select
        b.position, c.category, c.title, c.formula, b.model, b.figures, b.inputs, b.reason
    from by_category as b join category as c on c.position = b.position
    union all
    select
        11, 'total', 'All categories',
        'the sum of the categories that can be said; none counts twice',
        b.model,
        case when count(b.figures) > 0 then [
            sum(b.figures[1]::decimal(28, 9))::double, sum(b.figures[2]::decimal(28, 9))::double,
            sum(b.figures[3]::decimal(28, 9))::double
        ] end,
        list(named_input(c.category, b.figures[2], 'money a month', 'this table')
            order by b.position),
        case when count(*) > count(b.figures) then 'without ' || array_to_string(
            list(lower(c.title) order by b.position) filter (b.figures is null), ', '
        ) end
    from by_category as b join category as c on c.position = b.position
    group by b.model
)
select
    category, position, title, model, money_estimate(figures[1]) as low,
    money_estimate(figures[2]) as base, money_estimate(figures[3]) as high, formula,
    to_json(inputs)::varchar as inputs, reason
from everything
