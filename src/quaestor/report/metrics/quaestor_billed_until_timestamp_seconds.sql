-- End of the last day that is billed completely.
select epoch(max(day) + 1) as value from ledger.billed_day where complete
