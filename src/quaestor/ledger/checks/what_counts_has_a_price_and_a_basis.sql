-- Every saving that counts says what it is based on, and has a sum; what does not count says why.
-- rows from ledger.recommendation
select subject, kind, counts_because, counted_saving_per_month, saving_basis, instead_of
from ledger.recommendation
where (saving_per_month is null) <> (counts_because = 'unpriced')
    or (counted_saving_per_month is null) <> (counts_because = 'unpriced')
    or (saving_per_month is not null and saving_basis is null)
    or (counts_because in ('alternative', 'inside')) <> (instead_of is not null)
    or (counts_because in ('alternative', 'inside') and counted_saving_per_month <> 0)
    or counted_saving_per_month > greatest(saving_per_month, 0)
    or stranded_per_month < 0
order by all
