-- Share of the cost of the latest month that reaches a model, or a team.
--
-- labels    reaches: model, team
with latest as (
    select * from ledger.coverage
    where month = (select date_trunc('month', max(day)) from ledger.cost)
)
select 'model' as reaches, model_ratio as value from latest
union all
select 'team', team_ratio from latest
