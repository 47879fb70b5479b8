"""`quaestor policy coverage`: which requirements of a framework the last audit has evidence for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs, table
from quaestor.core.config import Config
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.audit.coverage import Coverage, LastAudit
    from quaestor.audit.packs import Pack

_FORMATS = ("table", "json", "csv", "markdown")
_TITLE, _BECAUSE = 60, 72  # characters of a table's columns; the other formats have it all
_MOST = 4_000  # bytes of a cell in Markdown
_NOTICE = "Evidence supports a requirement; whether it is satisfied, people decide."


@click.command("coverage")
@click.option(
    "--pack", "names", multiple=True, metavar="PACK", help="Which framework; repeatable. Else all."
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="table (default), json, csv, markdown; repeatable.",
)
@shared
def coverage_command(call: Call, names: tuple[str, ...], formats: tuple[str, ...]) -> int:
    """Print what the last audit shows of each requirement of a framework.

    A requirement is supported, violated, loosened (a parameter goes past what the framework
    allows), unknown, attested, not applicable, or not automated: no policy is about it, and
    somebody has to attest it in attestations.yaml. The frameworks are eu-ai-act, nist-ai-rmf,
    iso-42001, soc2, sr-26-2, finops, and your own in packs/ of a folder of policies.

    \b
    quaestor policy coverage --pack eu-ai-act
    quaestor policy coverage --format json=coverage.json --format table
    """
    wanted = outputs(formats, _FORMATS, "table")
    audit, packs, covered = _covered(call, names)
    for name, path in wanted:
        emit(_RENDER[name](audit, packs, covered), path)
    return 0


def _covered(
    call: Call, names: Sequence[str]
) -> tuple[LastAudit, tuple[Pack, ...], tuple[Coverage, ...]]:
    from quaestor.audit.coverage import coverage, last_audit, load_frameworks
    from quaestor.audit.policies import load_policies, places_of
    from quaestor.warehouse.duckdb import Warehouse

    config = call.config() if call.config_path.is_file() else Config()
    policies = load_policies(places_of(config))
    frameworks = load_frameworks(config, policies, names)
    with Warehouse(call.warehouse(config), read_only=True) as warehouse:
        audit = last_audit(warehouse)
        covered = coverage(warehouse, audit, frameworks, now=call.now)
    return audit, frameworks.packs, covered


def _as_table(audit: LastAudit, packs: Sequence[Pack], covered: Sequence[Coverage]) -> str:
    parts = [_head(audit)]
    for pack in packs:
        own = [one for one in covered if one.pack == pack.name]
        rows = [
            {
                "requirement": one.says.id,
                "state": one.state.value,
                "violated by": one.violated or "",
                "worst": one.severity or "",
                "title": _cut(one.says.title, _TITLE),
                "because": _cut("; ".join(_because(one)), _BECAUSE),
            }
            for one in own
        ]
        parts += ["", printable(f"{pack.says.title} ({pack.name})"), printable(pack.says.edition)]
        parts += [printable(f"  from {d.applies_from}: {d.what}") for d in pack.says.dates]
        parts += ["", table(rows, right=["violated by"]), "", _sums(own)]
    return "\n".join([*parts, "", _NOTICE])


def _as_markdown(audit: LastAudit, packs: Sequence[Pack], covered: Sequence[Coverage]) -> str:
    from quaestor.report.export.markup import code, escaped

    parts = [_head(audit)]
    for pack in packs:
        own = [one for one in covered if one.pack == pack.name]
        parts += [
            "",
            f"## {escaped(pack.says.title, _MOST)}",
            "",
            escaped(pack.says.edition, _MOST),
            "",
        ]
        parts += [
            f"- from {d.applies_from}: {escaped(d.what, _MOST)} ({escaped(d.source, _MOST)}, "
            f"verified {d.verified})"
            for d in pack.says.dates
        ]
        parts += ["", _sums(own), "", "| Requirement | State | Violated by | Evidence | Because |"]
        parts.append("|---|---|--:|---|---|")
        for one in own:
            cells = (
                f"**{escaped(one.says.id, _MOST)}** {escaped(one.says.title, _MOST)}",
                one.state.value,
                str(one.violated or ""),
                ", ".join(code(policy, _MOST) for policy in one.policies),
                escaped("; ".join(_because(one)), _MOST),
            )
            parts.append(f"| {' | '.join(cells)} |")
    return "\n".join([*parts, "", _NOTICE])


def _as_json(audit: LastAudit, packs: Sequence[Pack], covered: Sequence[Coverage]) -> str:
    from quaestor.core.text import json_value
    from quaestor.report.export.json import dump

    return dump(
        json_value(
            {
                "schema_version": 1,
                "run_id": audit.run_id,
                "audited_at": audit.audited_at,
                "blind_spots": audit.blind_spots,
                "notice": _NOTICE,
                "packs": [_pack_value(pack, covered) for pack in packs],
            }
        )
    )


def _pack_value(pack: Pack, covered: Sequence[Coverage]) -> dict[str, Any]:
    own = [one for one in covered if one.pack == pack.name]
    return {
        "pack": pack.name,
        "title": pack.says.title,
        "edition": pack.says.edition,
        "published": pack.says.published,
        "url": pack.says.url,
        "dates": [
            {
                "what": one.what,
                "applies_from": one.applies_from,
                "source": one.source,
                "verified": one.verified,
            }
            for one in pack.says.dates
        ],
        "counts": _counts(own),
        "requirements": [_value(one) for one in own],
    }


def _value(one: Coverage) -> dict[str, Any]:
    vouched = one.attestation.says if one.attestation else None
    return {
        "requirement": one.says.id,
        "title": one.says.title,
        "state": one.state.value,
        "policies": list(one.policies),
        "violated": one.violated,
        "severity": one.severity,
        "subjects": list(one.subjects),
        "findings": dict(one.counts),
        "notes": list(one.notes),
        "attest": one.says.attest,
        "attestation": vouched
        and {
            "by": vouched.by,
            "at": vouched.at,
            "valid_until": vouched.valid_until,
            "document": vouched.document,
            "note": vouched.note,
        },
    }


def _as_csv(audit: LastAudit, packs: Sequence[Pack], covered: Sequence[Coverage]) -> str:
    import csv
    import io

    from quaestor.core.text import guarded

    del audit, packs  # every line stands for itself
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("pack", "requirement", "title", "state", "violated", "severity", "subjects", "policies",
         "because", "attested_by", "attested_until", "document")
    )  # fmt: skip
    for one in covered:
        vouched = one.attestation.says if one.attestation else None
        cells = (
            one.pack,
            one.says.id,
            one.says.title,
            one.state.value,
            one.violated,
            one.severity,
            ", ".join(one.subjects),
            ", ".join(one.policies),
            "; ".join(_because(one)),
            vouched and vouched.by,
            vouched and vouched.valid_until,
            vouched and vouched.document,
        )
        writer.writerow([guarded(printable(cell)) for cell in cells])
    return text.getvalue()


_RENDER = {
    "table": _as_table,
    "json": _as_json,
    "csv": _as_csv,
    "markdown": _as_markdown,
}


def _head(audit: LastAudit) -> str:
    spots = audit.blind_spots
    unseen = (
        f"; {spots} blind spot{'s' if spots != 1 else ''}: what could not be looked at is not in it"
        if spots
        else ""
    )
    return f"Audit of {audit.audited_at:%Y-%m-%d %H:%M} UTC{unseen}"


def _because(one: Coverage) -> list[str]:
    """Return why a requirement stands as it does, or what would show more."""
    from quaestor.audit.coverage import State

    unanswered = one.counts["unknown"] + one.counts["error"]
    said = []
    if one.subjects:
        more = one.violated - len(one.subjects)
        said.append(", ".join(one.subjects) + (f" and {more} more" if more > 0 else ""))
    if unanswered:
        said.append(f"{unanswered} unanswered")
    said += one.notes
    if one.state is State.NOT_AUTOMATED and one.says.attest:
        said.append(f"to attest: {one.says.attest}")
    return said


def _counts(covered: Sequence[Coverage]) -> dict[str, int]:
    from quaestor.audit.coverage import State

    seen = Counter(one.state for one in covered)
    return {state.value: seen[state] for state in State}


def _sums(covered: Sequence[Coverage]) -> str:
    counted = [f"{count} {state}" for state, count in _counts(covered).items() if count]
    return f"{len(covered)} requirements: {', '.join(counted)}"


def _cut(text: str, most: int) -> str:
    clean = printable(text)
    return clean if len(clean) <= most else clean[: most - 1].rstrip() + "…"
