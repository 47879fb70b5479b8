"""For the job summary of GitHub Actions: as a pull request's comment, with room for more rows."""

from __future__ import annotations

from quaestor.core.run_summary import RunSummary
from quaestor.report.export.markdown import document
from quaestor.report.export.standing import Standing

LONGEST = 1_000_000  # bytes; GitHub takes 1 MiB of all steps' lines of a step
_ROWS = dict.fromkeys(Standing, 100) | {Standing.FAILING: 300}
_LINES = 50


def render(summary: RunSummary) -> str:
    """Return Markdown to be appended to the file that GITHUB_STEP_SUMMARY names."""
    return "\n".join(document(summary, _ROWS, _LINES)) + "\n"
