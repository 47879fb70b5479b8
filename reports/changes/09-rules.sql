-- What else is otherwise: rules, Quaestor itself, its configuration, what it could not see.
--
-- grain     one row per rule, blind spot and fact that changed; without an audit before none
with run as (
    select *, row_number() over (order by audited_at desc, run_id desc) as place from audit.run
),
pair as (
    select
        a.run_id, b.run_id as before_run_id, a.quaestor_version as version_now,
        b.quaestor_version as version_before, w.configuration as configuration_now,
        v.configuration as configuration_before
    from run as a
    join run as b on b.place = 2
    left join audit.run_window as w on w.run_id = a.run_id
    left join audit.run_window as v on v.run_id = b.run_id
    where a.place = 1
),
told as (
    select 1 as position, 'Quaestor' as what, 'version ' || version_now as name,
        'changed' as change, 'was ' || version_before as said
    from pair where version_now <> version_before
    union all
    select 2, 'Configuration', 'quaestor.yaml', 'changed',
        'some changes may be of the rules or of whose cost it is, not of the estate'
    from pair where configuration_now <> configuration_before
    union all
    select 3, 'Rule', r.policy, r.change,
        case when r.change <> 'changed' then r.title
            when r.severity_before <> r.severity_now
                then 'severity was ' || r.severity_before || ', is ' || r.severity_now
            when r.blocking_before <> r.blocking_now
                then case when r.blocking_now then 'stops a deploy now'
                    else 'stops a deploy no more' end
            else 'parameters were ' || r.parameters_before || ', are ' || r.parameters_now end
    from rule_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as r
    where exists (select 1 from pair)
    union all
    select 4, 'Blind spot', s.source || ', ' || s.scope, s.change, s.reason
    from blind_spot_changes(
        (select pair.before_run_id from pair), (select pair.run_id from pair)
    ) as s
    where exists (select 1 from pair where configuration_before is not null)
)
select what, name, change, said from told order by position, change, name, said
