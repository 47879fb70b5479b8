-- Pieces of open advice, by their kind and by how sure they are.
select kind, confidence, count(*) as value
from audit.standing_recommendation
where state in ('open', 'reopened')
group by all
order by all
