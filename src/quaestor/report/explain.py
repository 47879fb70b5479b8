"""Say where something comes from: a finding, a subject, a figure, a charge.

A figure is followed down: ledger lines with the rule that owns them, the charges of the bill
behind those, and the landed files with their hashes. The three sums are compared, so that the
trace shows whether it is whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from quaestor.core.errors import ConfigurationError
from quaestor.core.finding import Finding
from quaestor.core.nearest import did_you_mean
from quaestor.core.rule import Basis
from quaestor.core.text import printable
from quaestor.report.explain_advice import AdviceBehind, advice_named
from quaestor.report.explain_rows import Behind, behind
from quaestor.report.explain_section import SectionBehind, is_section, section_named
from quaestor.report.explain_why import why
from quaestor.report.trace import Trace, figure_id, is_figure, trace
from quaestor.warehouse.duckdb import Warehouse

Row = dict[str, Any]
_SQL = Path(__file__).parent / "sql"
_TABLES = ("model_month", "budget")  # figures with a row of their own in the ledger
_CHARGE = re.compile(r"charge/([0-9a-f]{6,64})/(\d{1,18})")
_ABOUT_RIGHTS = ("access",)  # families whose policies judge the rights in a thing by its name
_FINGERPRINT = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What there is to say about one id.

    Args:
        kind: "finding", "subject", "figure", "charge", "advice" or "section".
        name: What it is called.
        currency: The reporting currency, ISO 4217; None where the warehouse names none.
        facts: Name and value of what is known about it, in order; NULLs left out.
        findings: Rows of `audit.finding` of the latest audit.
        registered: The rows that carry its name, with `table` first: of a model its versions,
            else the row's key and what the evidence of the findings names.
        more: How many such rows are left out.
        files: The landed files that those rows are from: source, scope, file, sha256; ten at
            most, first those that are named after it.
        file_count: How many there are.
        read: When each source behind it was last read well, UTC; None: not known.
        trace: Where its money comes from, or None where none is tied to it.
        why: Of a charge, what decided whose it is: each step, and what it said.
        ways: Of a charge, where its money went: the parts of a split, the largest first.
        advice: What is advised, or was, of what has that name; and objects that get no advice.
        section: What is behind a section of a page.
    """

    kind: str
    name: str
    currency: str | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: Sequence[Row] = ()
    registered: Sequence[Row] = ()
    more: int = 0
    files: Sequence[Row] = ()
    file_count: int = 0
    read: Mapping[str, datetime | None] = field(default_factory=dict)
    trace: Trace | None = None
    why: Sequence[Row] = ()
    ways: Sequence[Row] = ()
    advice: Sequence[AdviceBehind] = ()
    section: SectionBehind | None = None


def explain(warehouse: Warehouse, name: str) -> Explained:
    """Explain a finding, advice, a subject, a figure, a charge or a section of a page.

    Args:
        warehouse: A built warehouse.
        name: A fingerprint, or the id of advice, or the first 6 digits or more of either; what
            advice is about, such as `endpoint/prod/churn`; a subject such as `churn`, `churn:7`
            or `prod/node-3`, an endpoint, data set, run, job or source; a figure of a month, such
            as `model_month/MODEL/YYYY-MM` or `month/YYYY-MM` (`trace.KINDS`);
            `charge/SHA256/ROW` with 6 digits of the file's hash or more; or
            `section/REPORT/SECTION`.

    Raises:
        ConfigurationError: Nothing has that name, or more than one thing has.
    """
    if match := _CHARGE.fullmatch(name):
        return _charge(warehouse, name, match[1], int(match[2]))
    if is_figure(name):
        return _figure(warehouse, name)
    if is_section(name):
        found = section_named(warehouse, name)
        return Explained(kind="section", name=name, currency=_currency(warehouse), section=found)
    if _FINGERPRINT.fullmatch(name) and (rows := _findings(warehouse, "finding", prefix=name)):
        return _finding(warehouse, name, rows)
    if advice := advice_named(warehouse, name):
        return Explained(kind="advice", name=name, currency=_currency(warehouse), advice=advice)
    return _subject(warehouse, name)


def bases_of(warehouse: Warehouse, findings: Sequence[Finding]) -> dict[str, Basis]:
    """Return what the warehouse has behind each finding, by fingerprint.

    Findings about one subject share it, and it is looked up once. Files that hold rows of the
    registries stand before those that hold charges, and have None as `charges`.
    """
    known: dict[tuple[str, str | None], Basis] = {}
    found: dict[tuple[str, str | None, str | None, bool], Behind] = {}
    bases = {}
    for one in findings:
        key = one.subject, one.model
        if key not in known:
            known[key] = _money_basis(warehouse, *key)
        wanted = *key, one.source, one.family in _ABOUT_RIGHTS
        if wanted not in found:
            found[wanted] = behind(
                warehouse, one.subject, model=one.model, source=one.source, grants=wanted[-1]
            )
        bases[one.fingerprint] = _with_rows(known[key], found[wanted], one)
    return bases


def _money_basis(warehouse: Warehouse, subject: str, model: str | None) -> Basis:
    trace = _money_of(warehouse, subject, model)
    if trace is None:
        return Basis()
    return Basis(about=trace.about, figure=trace.figure, files=tuple(trace.files))


def _with_rows(basis: Basis, found: Behind, one: Finding) -> Basis:
    """Return what is known of a subject's money, with the rows and files behind one finding."""
    billed = {row["sha256"] for row in basis.files}
    return structs.replace(
        basis,
        registered=tuple(_known(row) for row in found.told(one.evidence)),
        files=(
            *({**row, "charges": None} for row in found.files if row["sha256"] not in billed),
            *basis.files,
        ),
        collected_at=found.read.get(one.source or ""),
    )


def _finding(warehouse: Warehouse, name: str, found: Sequence[Row]) -> Explained:
    if len(found) > 1:
        some = ", ".join(f"{row['fingerprint'][:16]} ({row['policy']})" for row in found[:3])
        raise ConfigurationError(
            f"{len(found)} findings begin with {name}",
            where="ID",
            fix=f"Write more digits: {some}.",
        )
    [row] = found
    rests = behind(
        warehouse,
        row["subject"],
        model=row["model"],
        source=row["source"],
        grants=row["family"] in _ABOUT_RIGHTS,
    )
    return Explained(
        kind="finding",
        name=row["fingerprint"],
        currency=_currency(warehouse),
        findings=found,
        **_resting(rests, row["evidence"]),
        trace=_money_of(warehouse, row["subject"], row["model"]),
    )


def _subject(warehouse: Warehouse, name: str) -> Explained:
    found = _findings(warehouse, "subject", subject=name)
    registered = _rows(warehouse, "version", subject=name)
    model = registered[0]["model"] if registered else (found[0]["model"] if found else name)
    trace = _money_of(warehouse, name, model)
    rests = behind(warehouse, name, model=model, grants=not registered)
    if not (found or rests.rows or trace):
        raise _unknown(warehouse, name)
    return Explained(
        kind="subject",
        name=name,
        currency=_currency(warehouse),
        findings=found,
        **_resting(rests, dict.fromkeys(column for row in found for column in row["evidence"])),
        trace=trace,
    )


def _resting(rests: Behind, evidence: Collection[str]) -> dict[str, Any]:
    return {
        "registered": rests.told(evidence),
        "more": rests.more,
        "files": rests.files,
        "file_count": rests.file_count,
        "read": rests.read,
    }


def _figure(warehouse: Warehouse, name: str) -> Explained:
    found = trace(warehouse, name)
    if found is None:
        raise _unknown(warehouse, name)
    kind, _, rest = name.partition("/")
    key, _, month = rest.rpartition("/")
    rows = (
        _rows(warehouse, kind, name=key, month=f"{month}-01")
        if kind in _TABLES
        else [{"month": month, "effective_cost": found.figure}]
    )
    return Explained(
        kind="figure",
        name=name,
        currency=_currency(warehouse),
        facts=_known(rows[0]),
        trace=found,
    )


def _charge(warehouse: Warehouse, name: str, sha256: str, number: int) -> Explained:
    rows = _rows(warehouse, "charge", sha256=sha256, row=number)
    if len(rows) != 1:
        files = _rows(warehouse, "file", sha256=sha256)
        what, fix = _no_charge(len(rows), number, files)
        raise ConfigurationError(what, where=printable(name), fix=fix)
    ways = _rows(warehouse, "ways", sha256=sha256, row=number)
    return Explained(
        kind="charge",
        name=name,
        currency=_currency(warehouse),
        facts=_known(rows[0]),
        why=why(_rows(warehouse, "why", sha256=sha256, row=number)[0], ways),
        ways=ways,
    )


def _no_charge(charges: int, number: int, files: Sequence[Row]) -> tuple[str, str]:
    """Say why a file's hash and a row name no one charge, and what to do."""
    if not files and not charges:
        return (
            "no landed file's hash begins so",
            "Take the hash from a report, or from `x_file_sha256` of focus.charge.",
        )
    if len(files) != 1:
        return (
            f"{charges or 'no'} charges have that name",
            "Write charge/SHA256/ROW with more digits of the landed file's hash.",
        )
    [file] = files
    rows = file["rows_landed"]
    scope = printable(file["scope"])
    if not 1 <= number <= rows:
        counted = f"1 to {rows:,}" if rows > 1 else "1 alone" if rows else "none"
        return f"{scope} has no row {number:,}", f"Its rows are {counted}."
    return (
        f"row {number:,} of {scope} is {charges or 'no'} charge{'s' if charges else ''}",
        "See quarantine.row, where rows that cannot be read wait; others were left out by rule."
        if not charges
        else "See focus.charge by x_row.",
    )


def _money_of(warehouse: Warehouse, subject: str, model: str | None) -> Trace | None:
    """Trace the money behind a subject: its budget's month, or its model's."""
    [budget] = _rows(warehouse, "budget_month", name=subject)
    [stake] = _rows(warehouse, "stake_month")
    for table, key, month in (
        ("budget", subject, budget["month"]),
        ("model_month", model, stake["month"]),
    ):
        if name := figure_id(table, month, key):
            found = trace(warehouse, name)
            if found is not None:
                return found
    return None


def _findings(warehouse: Warehouse, sql: str, **parameters: Any) -> list[Row]:
    rows = _rows(warehouse, sql, **parameters)
    return [row | {"evidence": json.loads(row["evidence"] or "{}")} for row in rows]


def _unknown(warehouse: Warehouse, name: str) -> ConfigurationError:
    known = [printable(row["name"]) for row in _rows(warehouse, "near")]
    forms = (
        "a finding's digits or those of advice, a model, MODEL:VERSION, model_month/MODEL/YYYY-MM"
    )
    return ConfigurationError(
        f"nothing is called '{printable(name)}'",
        where="ID",
        fix=did_you_mean(name, known, otherwise=f"Write {forms}.", form="{}", most=3),
    )


def _currency(warehouse: Warehouse) -> str | None:
    rows = warehouse.rows("select value from config.setting where name = 'currency'")
    return rows[0][0] if rows else None


def _known(row: Mapping[str, Any]) -> Row:
    return {key: value for key, value in row.items() if value is not None}


def _rows(warehouse: Warehouse, sql: str, **parameters: Any) -> list[Row]:
    return warehouse.records(_text(sql), parameters)


def _text(sql: str) -> str:
    return (_SQL / f"explain_{sql}.sql").read_text(encoding="utf-8")
