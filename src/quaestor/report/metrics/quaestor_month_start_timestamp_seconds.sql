-- Start of the latest month of the bill, which the figures of the month are about.
select epoch(date_trunc('month', max(day))) as value from ledger.cost
