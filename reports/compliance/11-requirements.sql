-- Every requirement of every framework, and what the latest audit shows of it.
--
-- grain     one row per framework and requirement, in the framework's order
with run as (select * from audit.latest_run)
select
    p.pack, p.title as framework, p.url, p.about, r.requirement, r.place, r.title, r.state,
    r.policies, r.violated, r.waived, r.unanswered, r.passed, r.skipped, r.severity, r.subjects,
    r.note, r.attest, r.attested_by, r.attested_at, r.attested_until, r.document
from audit.requirement as r
join run using (run_id)
join audit.pack as p on p.run_id = r.run_id and p.pack = r.pack
order by p.title, p.pack, r.place
