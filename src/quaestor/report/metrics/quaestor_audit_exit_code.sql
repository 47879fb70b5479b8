-- What the latest audit ended with: 0 passed, 1 failed, 3 incomplete, 4 nothing evaluated.
select exit_code as value from audit.latest_run
