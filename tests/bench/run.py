"""Measure Quaestor against what is physically possible, and write bench-results/<name>.md.

    make bench                              everything
    python tests/bench/run.py load help     some of it

Ours and the baseline run in turn, so that a busy machine slows both; medians count. Nothing
fails for being slow: seconds depend on the machine, ratios are what CHANGELOG quotes.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

import duckdb
import export
import gpu_jobs
import load
import pages
import policies
import prometheus
import registry
import reports
import rightsizing
import sizing
import start

import ledger
import normalise
from quaestor import __version__

CHECKOUT = Path(__file__).resolve().parents[2]
BENCHES = {
    "help": start.help_text,
    "demo": start.demo,
    "gate": start.gate,
    "ledger": ledger.ledger,
    "load": load.load,
    "export": export.export,
    "gpu-jobs": gpu_jobs.gpu_jobs,
    "mlflow": registry.registry,
    "normalise": normalise.normalise,
    "normalise-large": normalise.normalise_large,
    "pages": pages.pages,
    "policies": policies.policies,
    "gate-large": policies.gate,
    "prometheus": prometheus.prometheus,
    "reports": reports.reports,
    "rightsizing": rightsizing.rightsizing,
    "sizing": sizing.sizing,
}


def main(names: list[str]) -> int:
    """Run the benches asked for, all by default, and print and write their table."""
    if unknown := set(names) - set(BENCHES):
        print(f"there is no bench {', '.join(sorted(unknown))}; choose from {', '.join(BENCHES)}")
        return 2
    machine = (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}. Medians; ratio = ours / baseline."
    )
    lines = [
        f"# Quaestor {__version__}, measured",
        "",
        machine,
        "",
        "| bench | ours | baseline | ratio | target | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name in names or list(BENCHES):
            for measured in BENCHES[name](Path(folder)):
                lines.append(measured.row())
                print(lines[-1], flush=True)
    target = CHECKOUT / "bench-results" / f"{'-'.join(names) or 'all'}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"written to {target.relative_to(CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
