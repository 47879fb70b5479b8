-- When the ledger was built last.
select epoch(max(value::timestamp)) as value from meta.property where name = 'built_at'
