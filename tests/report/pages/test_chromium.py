"""The pages in a real browser, opened from disk, with the network off."""

from __future__ import annotations

import pytest

from builders.pages import CHARTED, REPORTS

pytestmark = pytest.mark.real


@pytest.fixture
def opened(visit, pages):
    """Open a report; return the page, and what it asked for or complained about."""
    return lambda report, *, width=1280, **asked: visit(pages[report], width=width, **asked)


def test_a_name_in_a_table_leads_to_the_models_page_and_back(opened):
    """From the cost of all to the passport of one, and back by the head of the page."""
    page, _ = opened("cost")
    page.click("#models tbody th a")
    there = page.inner_text(".verdict h1"), page.url
    page.click("nav.pages a[href$='cost.html']")

    assert there[0] == "Passport of a model"
    assert "/models/" in there[1]
    assert page.url.endswith("/cost.html")


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("width", [360, 768, 1265, 1280, 1920])  # 1265: beside a scroll bar
def test_it_opens_quietly_and_fits(opened, report, width):
    """No complaint, no request, no dialog, and nothing to scroll sideways."""
    page, noted = opened(report, width=width)

    assert noted == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("report", REPORTS)
def test_the_style_sheet_is_let_in(opened, report):
    """The hash in the policy is the style sheet's: the page looks as it should."""
    page, _ = opened(report)

    assert page.evaluate("getComputedStyle(document.querySelector('.figures')).display") == "grid"


@pytest.mark.parametrize("report", CHARTED)
def test_dark_mode_turns_page_and_charts(opened, report):
    """The reader's choice reaches the ground and every bar."""
    look = """() => {
        const shade = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
        return [shade('body', 'backgroundColor'), shade('.chart.wide svg path[fill]', 'fill')];
    }"""
    light, dark = (opened(report, scheme=scheme)[0].evaluate(look) for scheme in ("light", "dark"))

    assert light[0] == "rgb(255, 255, 255)"
    assert all(one != other for one, other in zip(light, dark, strict=True))


@pytest.mark.parametrize("report", CHARTED)
@pytest.mark.parametrize(("width", "shown"), [(360, "narrow"), (1280, "wide")])
def test_one_of_the_two_sizes_of_a_chart_is_shown(opened, report, width, shown):
    """A telephone gets the narrow chart, a desk the wide one, nobody both."""
    page, _ = opened(report, width=width)
    visible = page.evaluate(
        "[...document.querySelectorAll('.chart')].filter(c => c.getClientRects().length)"
        ".map(c => c.classList[1])"
    )

    assert set(visible) == {shown}


def test_the_head_of_a_long_table_stays_in_sight(opened):
    """At a desk, the columns keep their names while the rows scroll by."""
    page, _ = opened("cost")
    page.evaluate("document.querySelector('#unattributed tbody tr:nth-child(9)').scrollIntoView()")

    assert (
        page.evaluate("document.querySelector('#unattributed th').getBoundingClientRect().top") == 0
    )


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints(opened, report, paper):
    """A PDF of a few pages, light even where the screen is dark."""
    page, _ = opened(report, scheme="dark")
    pdf = page.pdf(format=paper, print_background=True)
    page.emulate_media(media="print", color_scheme="dark")

    assert pdf.startswith(b"%PDF-")
    assert 2 <= pdf.count(b"/Type /Page\n") <= 20
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_chart_is_not_cut_in_print(opened):
    """Title, legend and drawing stay on one sheet."""
    page, _ = opened("cost")
    page.emulate_media(media="print")

    assert (
        page.evaluate(
            "[...document.querySelectorAll('.drawing')]"
            ".map(d => getComputedStyle(d).breakInside).filter(b => b !== 'avoid')"
        )
        == []
    )


def test_a_table_that_is_wider_than_a_phone_shows_that_there_is_more(opened):
    """A shadow stands at the edge of what can be scrolled, and what lies there covers it."""
    page, _ = opened("reconciliation", width=360)
    table = page.locator(".scroll").first
    wide, hint = table.evaluate(
        "e => [e.scrollWidth > e.clientWidth, getComputedStyle(e).backgroundAttachment]"
    )

    assert wide
    assert hint == "local, local, scroll, scroll"


def test_a_figure_leads_to_where_it_comes_from(opened):
    """A click on an amount shows the lines, files and command behind it."""
    page, _ = opened("cost")
    link = page.locator(".figures a.traced").first
    amount = link.inner_text()
    link.click()
    entry = page.locator(".from:target")

    assert entry.locator("summary .money").inner_text() == amount
    assert entry.locator(".grounds td").first.is_visible()
    assert entry.locator(".grounds code").last.is_visible()


def test_a_figure_without_an_entry_of_its_own_leads_to_its_sections(opened):
    """What was asked is shown, and from there the landed files."""
    page, _ = opened("cost")
    page.locator("#forecast .lead a.traced").first.click()
    entry = page.locator(".from:target")
    says = entry.locator(".says").inner_text()
    entry.get_by_role("link", name="landed files").click()

    assert says == "What the running month will come to, and the days that lead there."
    assert page.url.endswith("#landed-files")


def test_what_a_finding_puts_at_stake_leads_to_its_evidence(opened):
    """A click unfolds it, with the landed files and the command for more."""
    page, _ = opened("compliance")
    page.locator("#findings td a.traced").first.click()
    evidence = page.locator(".evidence:target")

    assert evidence.get_attribute("open") is not None
    assert evidence.locator(".files code").first.is_visible()
    assert evidence.locator(".fine code").inner_text().startswith("quaestor explain ")
