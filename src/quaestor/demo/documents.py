"""Write what people and programs read first in the demo estate: configuration, README, faults."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

from quaestor.demo.faults import (
    FAILING,
    FAULTS,
    MARK,
    PASSING,
    SILENT_FROM,
    SILENT_NODE,
    SILENT_UNTIL,
    WASTE,
    Fault,
    Waste,
)

_TEXTS = Path(__file__).parent / "data"


def write_faults(folder: Path) -> None:
    """Write faults.json, which also marks the folder as a demo."""
    (folder / MARK).write_text(json.dumps(_as_data(), indent=2) + "\n", encoding="utf-8")


def write(folder: Path) -> None:
    """Write README.md, the waiver, the attestations and, last, quaestor.yaml."""
    for name in ("attestations.yaml", "waivers/translation-rollback.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((_TEXTS / name).read_text(encoding="utf-8"), encoding="utf-8")
    readme = Template((_TEXTS / "README.md").read_text(encoding="utf-8"))
    text = readme.substitute(
        passing=PASSING,
        failing=FAILING,
        faults="\n".join(_line(fault) for fault in FAULTS),
        waste="\n".join(_waste_line(waste) for waste in WASTE),
        silent=f"`prod-eu/{SILENT_NODE}` from {SILENT_FROM} until {SILENT_UNTIL}",
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
    config = (_TEXTS / "quaestor.yaml").read_text(encoding="utf-8")
    (folder / "quaestor.yaml").write_text(config, encoding="utf-8")


def _line(fault: Fault) -> str:
    subjects = ", ".join(f"`{subject}`" for subject in fault.subjects)
    waived = f" (waived: `waivers/{fault.waiver}.yaml`)" if fault.waiver else ""
    return f"| {subjects} | `{fault.policy}`{waived} | {fault.story} |"


def _waste_line(waste: Waste) -> str:
    first = ", ".join(f"`{name}`" for name in waste.names[:2])
    more = f" and {len(waste.names) - 2} more" if len(waste.names) > 2 else ""
    return f"| {first}{more} | `{waste.kind}` | {waste.story} |"


def _as_data() -> dict[str, object]:
    return {
        "schema_version": 1,
        "passing": PASSING,
        "failing": FAILING,
        "faults": [
            {
                "policy": fault.policy,
                "subjects": list(fault.subjects),
                "story": fault.story,
                "waiver": fault.waiver,
            }
            for fault in FAULTS
        ],
        "waste": [
            {"kind": waste.kind, "names": list(waste.names), "story": waste.story}
            for waste in WASTE
        ],
        "unobserved": [
            {"subject": f"prod-eu/{SILENT_NODE}", "from": SILENT_FROM, "until": SILENT_UNTIL}
        ],
    }
