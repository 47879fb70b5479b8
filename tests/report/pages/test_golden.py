"""The pages of a fixed estate under a fixed clock, byte for byte.

Charts are part of the golden page. Vega-Lite's version is pinned in report/svg.py, charts set
every size themselves and coordinates are cut to a hundredth of a pixel, so that vl-convert 1.8
and 1.9 draw the same bytes with any fonts installed. A newer one that draws differently makes
this test fail: look at the pages, then accept.
"""

from __future__ import annotations

import difflib

import pytest

from builders.pages import REPORTS


@pytest.mark.parametrize("report", REPORTS)
def test_pages_are_as_they_were_accepted(pages, checkout, request, tmp_path, report):
    """A change of any report is seen by its author before it is seen by a reader."""
    golden = checkout / "tests" / "golden" / f"{report}.html"
    actual = pages[report].read_bytes()
    if request.config.getoption("--accept"):
        golden.write_bytes(actual)
    expected = golden.read_bytes() if golden.is_file() else b""
    if actual != expected:
        kept = tmp_path / golden.name
        kept.write_bytes(actual)
        lines = difflib.unified_diff(
            expected.decode().splitlines(), actual.decode().splitlines(), "golden", "now", n=0
        )
        shown = "\n".join(line[:200] for line, _ in zip(lines, range(20), strict=False))
        pytest.fail(
            f"{report}.html is not as accepted; it lies in {kept}. Look at it, then run "
            f"`pytest tests/report --accept` and commit.\n{shown}"
        )
