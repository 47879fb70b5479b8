-- Of every file, rows landed = rows loaded + left out by rule + in quarantine. No tolerance.
-- rows from focus.file
select source, file, rows_landed, rows_loaded, rows_left_out, rows_quarantined
from focus.file
where rows_landed <> rows_loaded + rows_left_out + rows_quarantined
order by all
