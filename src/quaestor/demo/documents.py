"""Write what people and programs read first in the demo estate: configuration, README, faults."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from string import Template

from quaestor.demo.changes import CHANGES, EARLIER, LATEST, WAIVED_ON, Change
from quaestor.demo.faults import (
    FAILING,
    FAULTS,
    MARK,
    MENDED,
    PASSING,
    SILENT_FROM,
    SILENT_NODE,
    SILENT_UNTIL,
    WASTE,
    Fault,
    Waste,
)

_TEXTS = Path(__file__).parent / "data"
_WAIVER = "waivers/translation-rollback.yaml"


def write_faults(folder: Path) -> None:
    """Write faults.json, which also marks the folder as a demo."""
    (folder / MARK).write_text(json.dumps(_as_data(), indent=2) + "\n", encoding="utf-8")


def write(folder: Path, now: datetime) -> None:
    """Write quaestor.yaml, the attestations, the waiver and, at the latest audit, README.md."""
    names = ["quaestor.yaml", "attestations.yaml"]
    if now.date() > WAIVED_ON:
        names.append(_WAIVER)
    else:
        (folder / _WAIVER).unlink(missing_ok=True)  # of a demo that was cut short
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((_TEXTS / name).read_text(encoding="utf-8"), encoding="utf-8")
    if now >= LATEST:
        _write_readme(folder)  # the last file: a demo without it was cut short


def _write_readme(folder: Path) -> None:
    readme = Template((_TEXTS / "README.md").read_text(encoding="utf-8"))
    text = readme.substitute(
        passing=PASSING,
        failing=FAILING,
        faults="\n".join(_line(fault) for fault in FAULTS),
        waste="\n".join(_waste_line(waste) for waste in WASTE),
        began="\n".join(_line(fault) for fault in FAULTS if fault.since),
        mended="\n".join(_line(fault) for fault in MENDED),
        waived="\n".join(_line(fault) for fault in FAULTS if fault.waiver),
        changes="\n".join(_change_line(change) for change in CHANGES),
        silent=f"`prod-eu/{SILENT_NODE}` from {SILENT_FROM} until {SILENT_UNTIL}",
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def _line(fault: Fault) -> str:
    subjects = ", ".join(f"`{subject}`" for subject in fault.subjects)
    waived = f" (waived: `waivers/{fault.waiver}.yaml`)" if fault.waiver else ""
    return f"| {subjects} | `{fault.policy}`{waived} | {fault.story} |"


def _waste_line(waste: Waste) -> str:
    first = ", ".join(f"`{name}`" for name in waste.names[:2])
    more = f" and {len(waste.names) - 2} more" if len(waste.names) > 2 else ""
    return f"| {first}{more} | `{waste.kind}` | {waste.story} |"


def _change_line(change: Change) -> str:
    names = ", ".join(f"`{name}`" for name in change.names)
    return f"| {names} | {change.what} | {change.story} |"


def _as_data() -> dict[str, object]:
    return {
        "schema_version": 1,
        "passing": PASSING,
        "failing": FAILING,
        "audits": [f"{now:%Y-%m-%dT%H:%M:%SZ}" for now in (EARLIER, LATEST)],
        "faults": [_fault(fault) for fault in FAULTS],
        "mended": [_fault(fault) for fault in MENDED],
        "changes": [
            {
                "what": change.what,
                "scope": change.scope,
                "names": list(change.names),
                "story": change.story,
            }
            for change in CHANGES
        ],
        "waste": [
            {
                "kind": waste.kind,
                "names": list(waste.names),
                "story": waste.story,
                "new": list(waste.new),
            }
            for waste in WASTE
        ],
        "unobserved": [
            {"subject": f"prod-eu/{SILENT_NODE}", "from": SILENT_FROM, "until": SILENT_UNTIL}
        ],
    }


def _fault(fault: Fault) -> dict[str, object]:
    return {
        "policy": fault.policy,
        "subjects": list(fault.subjects),
        "story": fault.story,
        "waiver": fault.waiver,
        "since": str(fault.since) if fault.since else None,
        "until": str(fault.until) if fault.until else None,
    }
