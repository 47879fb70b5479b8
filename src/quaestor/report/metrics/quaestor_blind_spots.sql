-- Things that could not be seen, so that no figure holds them.
select count(*) as value from audit.blind_spot
