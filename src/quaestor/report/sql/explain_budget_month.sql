-- The month of a budget that its policy judges: the latest one.
select max(month) as month from ledger.budget where budget = $name
