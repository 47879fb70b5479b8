-- A FOCUS export as it was landed becomes charges: every column of FOCUS 1.0 to 1.4, unknown
-- ones kept as x_.
--
-- grain     one row per row of the export
-- money     DECIMAL(38, 20); billed, effective, list and contracted as the provider states them
-- method    `landed` holds the columns, typed (normalise/conform.py)
-- source    FOCUS 1.4, Cost and Usage dataset
select * exclude (reason, note, landed) from landed where reason is null
