-- What a charge's tags say is said of each of its parts (FOCUS 1.3: the tags of an allocated row
-- are a superset of its origin's): the same tags, and a team and a model wherever they name one.
-- rows from ledger.charge_day, ledger.part, ledger.tag_set
select p.day, p.source, p.resource_id, p.allocated_to, p.team, p.model, t.team as tag_team,
    t.model as tag_model
from ledger.part as p
join ledger.tag_set as t on t.tags = p.tags
where p.allocated_to is not null
    and date_trunc('month', p.day)::date in (select month from ledger.stale_month)
    and (
        (t.team is not null and p.team is null)
        or (t.model is not null and p.model is null)
    )
union all
select p.day, p.source, p.resource_id, p.allocated_to, p.team, p.model, null, null
from ledger.part as p
where p.allocated_to is not null
    and date_trunc('month', p.day)::date in (select month from ledger.stale_month)
    and not exists (
        select 1 from ledger.charge_day as l
        where l.day = p.day and l.source = p.source and l.resource_id = p.resource_id
            and l.tags is not distinct from p.tags
    )
order by 1, 2, 3
