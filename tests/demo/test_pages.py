"""The demo's pages in a real browser: figures as long as a company's."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.real
WIDTHS = (360, 720, 1000, 1120, 1265, 1280, 1400, 1920)  # 1265: 1280 beside a scroll bar


def test_no_page_is_wider_than_its_window(estate, chromium):
    """At no width is there anything to scroll sideways but inside a table."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
    found = {}
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path in (one for one in estate.audited.reports if one.suffix == ".html"):
            for width in WIDTHS:
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.goto(path.as_uri())
                found[path.stem, width] = page.evaluate("document.documentElement.scrollWidth")
                page.close()
        browser.close()

    assert {at: wide for at, wide in found.items() if wide != at[1]} == {}
