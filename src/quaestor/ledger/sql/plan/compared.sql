-- What is held against what it cost before: the 100 largest changes of unusual days.
--
-- grain     one row per unusual day (ledger.unusual_day)
-- money     reporting currency, effective cost
-- method    `quaestor diff` holds two windows against each other in the same way: windows.py puts its
--           own rows in the place of these
-- rows from ledger.unusual_day
select scope, subject, day, change from ledger.unusual_day where place <= 100
