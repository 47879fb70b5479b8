-- Who violates what a framework asks for: the subjects of a run, by requirement.
--
-- grain     one row per pack and requirement that has a violation
-- input     $packs, $requirements, $policies: lists of one length, which policy gives evidence
--           for which requirement; $run_id
-- method    a violation that is waived is one all the same: a framework knows no waivers
with evidence as (
    select
        unnest($packs) as pack, unnest($requirements) as requirement, unnest($policies) as policy
),
violation as (
    select
        policy, source, subject,
        array_position(['critical', 'high', 'medium', 'low'], severity) as severity_rank
    from audit.finding
    where run_id = $run_id and verdict in ('fail', 'waived')
)
select
    e.pack, e.requirement,
    count(distinct (v.source, v.subject)) as violated,
    ['critical', 'high', 'medium', 'low'][min(v.severity_rank)] as severity,
    list_sort(list(distinct v.subject))[1:5] as subjects
from evidence as e join violation as v using (policy)
group by e.pack, e.requirement
