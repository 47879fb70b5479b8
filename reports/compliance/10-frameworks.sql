-- What the latest audit shows of each framework: its requirements by where they stand.
--
-- grain     one row per framework, by title
-- method    a waived violation counts as one: a framework knows no waivers
with run as (select * from audit.latest_run),
stands as (
    select
        r.pack, count(*) as requirements,
        count(*) filter (where r.state = 'violated') as violated,
        count(*) filter (where r.state = 'loosened') as loosened,
        count(*) filter (where r.state = 'unknown') as unanswered,
        count(*) filter (where r.state = 'attested') as attested,
        count(*) filter (where r.state = 'supported') as supported,
        count(*) filter (where r.state = 'not-applicable') as not_applicable,
        count(*) filter (where r.state = 'not-automated') as not_automated
    from audit.requirement as r join run using (run_id)
    group by r.pack
),
dated as (
    select
        a.pack,
        list(
            struct_pack(
                what := a.what, applies_from := a.applies_from, source := a.source,
                verified := a.verified, applies := a.applies_from <= run.audited_at::date
            )
            order by a.applies_from, a.what
        ) as dates
    from audit.application as a join run using (run_id)
    group by a.pack
)
select
    p.pack, p.title, p.edition, p.url, p.about, s.requirements, s.violated, s.loosened,
    s.unanswered, s.attested, s.supported, s.not_applicable, s.not_automated, d.dates
from audit.pack as p join run using (run_id) join stands as s using (pack)
left join dated as d using (pack)
order by p.title, p.pack
