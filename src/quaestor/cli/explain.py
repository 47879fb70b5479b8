"""`quaestor explain`: where a finding or a figure comes from, down to file and row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.explain_advice import advice_lines
from quaestor.cli.explain_rows import pairs, resting
from quaestor.cli.explain_section import section_lines
from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs, table
from quaestor.core.text import printable

if TYPE_CHECKING:
    from decimal import Decimal

    from quaestor.report.explain import Explained
    from quaestor.report.trace import Trace

_MOST_FINDINGS = 20
# What a finding puts at stake, where its evidence does not say that it is something else.
_AT_STAKE = (
    "what the model cost in the latest whole month of the bill; "
    "advice counts 730 hours at the present rate"
)
_OWNERS = ("team", "model", "environment", "lifecycle_stage")


@click.command("explain")
@shared
@click.argument("name", metavar="ID")
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="table, json; repeatable."
)
def command(call: Call, name: str, formats: tuple[str, ...]) -> int:
    """Say where a finding, advice, a figure of a report or a charge comes from.

    ID is a finding's or advice's digits (6 or more, as the reports show them); a subject, such
    as churn, churn:7, an endpoint or a data set; a figure or a section of a report, as below; or
    charge/SHA256/ROW. A finding is followed to the rows it rests on, to when their source was
    last read, and to the landed files; money from the figure to the ledger's lines and their
    rules, to the charges on the bill, to the landed files and their hashes; advice to how its
    saving was worked out, to what became of it, and to the charges of its resource; a section to
    its query, to the tables that it reads, and to the landed files.

    \b
    Figures of a month:
      month/YYYY-MM                             all cost
      model_month/MODEL/YYYY-MM                 of a model
      team_month/TEAM/YYYY-MM                   of a team
      stage_month/STAGE/YYYY-MM                 of a lifecycle stage
      provider_month/PROVIDER/YYYY-MM           of a provider
      service_month/PROVIDER/SERVICE/YYYY-MM    of a provider's service
      budget/NAME/YYYY-MM                       of a budget
      no_model, no_team, no_stage, no_provider  what names none, such as no_team/YYYY-MM
      reaches_model/YYYY-MM                     what names a model
      unattributed/YYYY-MM                      what is nobody's
      idle_gpu/YYYY-MM                          of idle GPUs, held against their machines' bill

    Every other figure of a page, by its section: section/REPORT/SECTION

    \b
    Examples:
      quaestor explain 6debfa6a5801
      quaestor explain endpoint/prod/churn
      quaestor explain churn:7
      quaestor explain model_month/churn/2026-10
      quaestor explain month/2026-10
      quaestor explain section/cost/forecast
    """
    return say(call, name, formats)


def say(call: Call, name: str, formats: Sequence[str]) -> int:
    """Explain what has that name, in each format."""
    from quaestor.report.explain import explain
    from quaestor.warehouse.duckdb import Warehouse

    wanted = outputs(formats, ("table", "json"), "table")
    with Warehouse(call.warehouse(), read_only=True) as warehouse:
        explained = explain(warehouse, name)
    for format_, path in wanted:
        emit(_as_json(explained) if format_ == "json" else _as_text(explained), path)
    return 0


def _as_json(explained: Explained) -> str:
    from quaestor.core.text import json_value
    from quaestor.report.export.json import dump

    value = json_value(asdict(explained))
    if explained.trace is not None:
        value["trace"]["adds_up"] = explained.trace.adds_up
    return dump({"schema_version": "1", **value})


def _as_text(explained: Explained) -> str:
    lines = [f"{explained.kind}  {printable(explained.name)}"]
    if explained.facts:
        lines += ["", *pairs(explained.facts)]
    if explained.advice:
        lines += _advice(explained)
    if explained.kind == "finding":
        lines += ["", *_finding(explained.findings[0], explained.currency)]
    elif explained.findings:
        lines += ["", *_findings(explained.findings)]
    if explained.kind in ("finding", "subject"):
        lines += ["", *resting(explained)]
    if explained.section is not None:
        lines += ["", *section_lines(explained.section)]
    if explained.kind == "charge":
        lines += ["", *_why(explained)]
    if explained.trace is not None:
        lines += ["", *_trace(explained.trace, explained.currency)]
    elif explained.kind in ("finding", "subject"):
        lines += ["", "No charge of the bill is tied to it."]
    return "\n".join(lines)


def _advice(explained: Explained) -> Iterator[str]:
    from quaestor.ledger.advice import kinds

    known = kinds()
    for one in explained.advice:
        kind = known.get(one.said["kind"])
        yield from ("", *advice_lines(one, explained.currency, kind.about if kind else None))


def _finding(row: Mapping[str, Any], currency: str | None) -> Iterator[str]:
    shown = {
        "verdict": f"{row['verdict']} ({row['severity']}{', blocks' if row['blocking'] else ''})",
        "policy": row["policy"],
        "rule": row["title"],
        "subject": row["subject"],
        "source": row["source"],
        "reason": row["reason"],
        "why": row["why"] and " ".join(row["why"].split()),
        "fix": row["remedy"] and " ".join(row["remedy"].split()),
        "at stake": f"{_money(row['at_stake_per_month'], currency)} a month",
        "that is": row["evidence"].get("at_stake_is") or _AT_STAKE,
        "waiver": row["waiver"],
        "first seen": row["first_seen"],
        "audited": row["audited_at"],
    }
    if row["at_stake_per_month"] is None:
        del shown["at stake"], shown["that is"]
    yield from pairs({key: value for key, value in shown.items() if value is not None})
    evidence = {key: value for key, value in row["evidence"].items() if key != "at_stake_is"}
    if evidence:
        yield from ("", "Evidence", "")
        yield from pairs({k: "unknown" if v is None else v for k, v in evidence.items()})


def _findings(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from ("Findings of the latest audit", "")
    yield table(
        [
            {
                "verdict": row["verdict"],
                "severity": row["severity"],
                "policy": row["policy"],
                "subject": row["subject"],
                "reason": row["reason"],
                "id": row["fingerprint"][:12],
            }
            for row in rows[:_MOST_FINDINGS]
        ]
    )
    if len(rows) > _MOST_FINDINGS:
        yield f"and {len(rows) - _MOST_FINDINGS} more"


def _why(explained: Explained) -> Iterator[str]:
    yield from ("Why it is whose it is", "")
    width = max(len(row["step"]) for row in explained.why)
    for row in explained.why:
        yield f"{printable(row['step']).ljust(width)}  {printable(row['said'])}"
    yield from ("", "Where its money went", "")
    shown = [_costs(row) | {"ratio": f"{row['ratio']:.6f}"} for row in explained.ways]
    yield table(_without(shown, *shown[0]), right=["ratio", "effective_cost"])


def _without(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Return rows without those of these columns that no row has anything in."""
    blank = {name for name in names if all(row.get(name) is None for row in rows)}
    return [{name: value for name, value in row.items() if name not in blank} for row in rows]


def _trace(trace: Trace, currency: str | None) -> Iterator[str]:
    yield f"{printable(trace.about)}: {_money(trace.figure, currency)}, effective cost"
    if trace.share is not None and trace.share != 1:
        whole = _money(trace.month_cost, currency)
        yield f"That is {trace.share:.1%} of all cost of the month, {whole}."
    yield ""
    if trace.is_of_the_bill:
        yield "From the ledger, by the rule that says whose it is"
    else:
        yield "From ledger.gpu_hour, by GPU, what it was known by, and who asked for it"
    yield ""
    lines = _without([_costs(row) for row in trace.ledger], *_OWNERS)
    yield table(lines, right=["idle_gpu_hours", "effective_cost", "charges", "lines"])
    if any(row.get("charges") == 0 for row in trace.ledger):
        yield "A charge that is shared out counts with one of its owners, so that charges add up."
    if trace.is_of_the_bill:
        yield from ("", *_charges(trace))
    elif trace.machines is not None:
        yield from ("", _machines(trace.machines, currency))
    yield from ("", "From these landed files", "")
    right = ["charges", "rows_landed", "rows_quarantined"]
    yield table(_without(list(trace.files), "charges"), right=right)
    yield from ("", _sums(trace, currency))


def _charges(trace: Trace) -> Iterator[str]:
    shown = len(trace.charges)
    yield (
        f"From {trace.charge_count:,} charges of {trace.resources:,} resources"
        + (f", the {shown} dearest" if shown < trace.resources else "")
    )
    yield ""
    right = ["effective_cost", "resource_cost", "charges"]
    yield table(_without([_costs(row) for row in trace.charges], "resource_cost"), right=right)


def _sums(trace: Trace, currency: str | None) -> str:
    unrated = trace.unrated
    if unrated and trace.is_of_the_bill:
        lines = "1 ledger line has" if unrated == 1 else f"{unrated:,} ledger lines have"
        rest = f" What has one comes to {_exact(trace.rated, currency)}." if trace.rated else ""
        return f"{lines} no exchange rate, so that no sum is known; add it to `rates:`.{rest}"
    if not trace.adds_up:
        charges = f", charges {_exact(trace.charged, currency)}" if trace.is_of_the_bill else ""
        return (
            f"It does not add up: figure {_exact(trace.figure, currency)}, ledger "
            f"{_exact(trace.rated, currency)}{charges or _apart(trace, currency)}. "
            "Run `quaestor build`; if it stays so, please report it."
        )
    sums = "figure, ledger and charges" if trace.is_of_the_bill else "figure and ledger"
    unpriced = "; hours on no bill have no cost and are not in it" if unrated else ""
    machines = ", and what their machines cost is what was charged" if trace.machines else ""
    return f"It adds up: {sums} are {_exact(trace.figure, currency)}{machines}{unpriced}."


def _apart(trace: Trace, currency: str | None) -> str:
    whole = trace.machines
    if whole is None:
        return ""
    return (
        f", their machines {_exact(whole['machine_cost'], currency)} in the ledger and "
        f"{_exact(whole['charged'], currency)} on the bill"
    )


def _machines(row: Mapping[str, Any], currency: str | None) -> str:
    return (
        f"Idle GPUs are a part of their machines: on {row['machine_days']:,} machine days those "
        f"cost {_exact(row['machine_cost'], currency)} in the ledger and "
        f"{_exact(row['charged'], currency)} on the bill, in {row['charges']:,} charges; "
        f"{_exact(row['idle_cost'], currency)} of it was idle."
    )


def _costs(row: Mapping[str, Any]) -> dict[str, Any]:
    from quaestor.core.money import exact_text

    hidden = ("billed_cost", "lines_without_rate", "billing_effective_cost", "rated_cost")
    kept = {key: value for key, value in row.items() if key not in hidden}
    cost = kept["effective_cost"]
    whole = kept.get("resource_cost")
    of = {} if whole is None else {"resource_cost": exact_text(whole)}
    return kept | {"effective_cost": "unknown" if cost is None else exact_text(cost)} | of


def _money(amount: Decimal | None, currency: str | None) -> str:
    from quaestor.core.money import amount_text

    return amount_text(amount, currency)


def _exact(amount: Decimal | None, currency: str | None) -> str:
    from quaestor.core.money import exact_text

    return "unknown" if amount is None else f"{exact_text(amount)} {currency or ''}".rstrip()
