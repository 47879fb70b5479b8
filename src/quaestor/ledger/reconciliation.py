"""Say where the bill does not add up: files against charges, and what is billed twice over."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.money import exact_text
from quaestor.warehouse.duckdb import Warehouse

_FIX = (
    "Do not rely on these figures. `quaestor report reconciliation` shows what the files state "
    "beside what was read; please report it with the format of the files."
)


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return what does not add up: lines of `ledger.reconciliation`, and accounts billed twice."""
    wrong = warehouse.records(
        """
        from ledger.reconciliation
        where rows_difference <> 0 or billed_difference <> 0 or effective_difference <> 0
        order by source, billing_period_start, billing_account_id, sub_account_id, currency
        """
    )
    return [
        BlindSpot(
            source=line["source"],
            scope=f"account {_account(line)}",
            period=_period(line["billing_period_start"]),
            reason="the bill does not add up: " + "; ".join(_complaints(line)),
            fix=_FIX,
            rows=abs(line["rows_difference"]) or None,
            amount=line["billed_difference"] or line["effective_difference"] or None,
            currency=line["currency"],
        )
        for line in wrong
    ] + list(_twice(warehouse))


# Azure's actual and amortised cost, of whichever API, are settled as a pair (azure_pair.py).
_BILL = "x_source || case when format like 'azure%' then '' else ' (' || format || ')' end"
# Whoever writes the bill: one provider has several names, and some ids are nobody else's.
_PROVIDER = """
case
    when regexp_full_match(account, '[0-9]{12}') then 'aws'
    when regexp_full_match(account, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}') then 'microsoft'
    when regexp_matches(named, '^(aws|amazon)\\b') then 'aws'
    when regexp_matches(named, '^(microsoft|azure)\\b') then 'microsoft'
    when regexp_matches(named, '^(google|gcp)\\b') then 'google'
    when regexp_matches(named, '^(oracle|oci)\\b') then 'oracle'
    else named
end
"""
# The same sub account; or the same billing account, where a bill leaves its sub accounts out; or
# the same provider, where it leaves out both.
_TWICE = f"""
with row_of_bill as (
    select distinct
        lower(trim(coalesce(ProviderName, ServiceProviderName))) as named,
        lower(regexp_extract(trim(coalesce(SubAccountId, '')), '[^/]*$')) as sub_account,
        lower(regexp_extract(trim(coalesce(BillingAccountId, '')), '[^/]*$')) as payer,
        coalesce(nullif(sub_account, ''), payer) as account,
        ChargePeriodStart::date as day, {_BILL} as bill
    from focus.charge join focus.file on source = x_source and sha256 = x_file_sha256
),
charged as (
    select *, {_PROVIDER} as provider from row_of_bill
),
shared as (
    select provider, account, day, bill from charged where sub_account <> ''
    union
    select a.provider, a.account, a.day, unnest([a.bill, b.bill])
    from charged as a
    join charged as b
        on b.provider = a.provider and b.day = a.day and b.bill <> a.bill
        and (b.payer = a.payer or a.payer = '')
    where a.sub_account = ''
),
twice as (
    select provider, account, day, list_sort(list(bill)) as bills
    from shared group by all having count(*) > 1
)
select
    strftime(day, '%Y-%m') as period, bills, min(account) filter (account <> '') as account,
    count(distinct account) as accounts
from twice where provider is not null group by all order by all
"""


def _twice(warehouse: Warehouse) -> Iterator[BlindSpot]:
    """Yield what several bills state for the same accounts of a provider on the same days."""
    bills = "select distinct source, format from focus.file"
    if len(warehouse.rows(f"{bills} limit 2")) < 2:
        return  # spares most people from looking at every charge
    for period, names, account, accounts in warehouse.rows(_TWICE):
        more = f" and {accounts - 1:,} more" if accounts > 1 else ""
        scope = f"account {account}{more}" if account else "accounts that a bill does not name"
        yield BlindSpot(
            source=names[0].partition(" ")[0],
            scope=scope,
            period=period,
            reason=f"the same days are billed by {' and by '.join(names)}; what they have in "
            "common is counted more than once",
            fix="Keep one bill of these accounts: remove the other source, or narrow it with "
            "`path:`, `prefix:`, `since:` or `until:`.",
        )


def _complaints(line: dict[str, Any]) -> Iterator[str]:
    unit = line["currency"] or "of an unnamed currency"
    for basis in ("billed", "effective"):
        difference = line[f"{basis}_difference"]
        if not difference:
            continue
        landed = line[f"landed_{basis}_cost"]
        waiting = line[f"quarantined_{basis}_cost"] or Decimal(0)
        charged = line[f"{basis}_cost"] or Decimal(0)
        claimed = "nothing" if landed is None else f"{exact_text(landed)} {unit}"
        held = f", of which {exact_text(waiting)} wait in quarantine" if waiting else ""
        yield (
            f"the files state {claimed} {basis} cost{held}, and {exact_text(charged)} {unit} "
            f"were charged, a difference of {exact_text(difference)} {unit}"
        )
    if rows := line["rows_difference"]:
        many = "s" if abs(rows) != 1 else ""
        if rows > 0:
            yield f"{rows:,} landed row{many} {'are' if many else 'is'} accounted for nowhere"
        else:
            yield f"{-rows:,} row{many} more than were landed {'are' if many else 'is'} loaded"


def _account(line: dict[str, Any]) -> str:
    names = [line[name] for name in ("billing_account_id", "sub_account_id") if line[name]]
    return " / ".join(names) or "(none)"


def _period(start: Any) -> str | None:
    """Name a billing period by its month, or by its first moment where it begins within one."""
    if start is None:
        return None
    return f"{start:%Y-%m}" if start.day == 1 else f"from {start:%Y-%m-%d}"
