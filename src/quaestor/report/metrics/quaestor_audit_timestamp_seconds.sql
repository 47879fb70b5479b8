-- When the latest audit ran.
select epoch(max(audited_at)) as value from audit.run
