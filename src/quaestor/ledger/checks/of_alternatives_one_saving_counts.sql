-- Of the advice on one thing one counts at most, and none beside what counts inside that thing.
-- rows from ledger.recommendation
with counted as (
    select subject, saves_on, inside from ledger.recommendation where counts_because = 'best'
)
select saves_on, min(subject) as one, max(subject) as another
from counted
where saves_on is not null
group by saves_on having count(*) > 1
union all
select c.saves_on, c.subject, p.subject
from counted as c
join counted as p on p.inside = c.saves_on
where p.saves_on is distinct from c.saves_on and c.inside is distinct from p.saves_on
order by all
