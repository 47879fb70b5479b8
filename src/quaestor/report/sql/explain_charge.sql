-- One charge as billed, with everything that decided whose it is.
select *
from ledger.ruled_charge
where starts_with(x_file_sha256, $sha256) and x_row = $row::bigint
order by x_source, x_file
