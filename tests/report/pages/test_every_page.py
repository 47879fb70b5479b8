"""Every page there is, as its readers meet it: a telephone, a desk, the dark, a keyboard, paper.

The pages are those that a render of the full estate leaves in its folder; a page that is added
to it comes in by itself. `.pages/` gets a picture of each, to be looked at.
"""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass

import pypdf
import pytest

from quaestor.report.browser import print_page
from quaestor.report.paper import for_paper, settled, title_of

pytestmark = pytest.mark.real

PAPERS = {"a4": (595, 842), "letter": (612, 792)}  # points
GRAVE = ("serious", "critical")
# What axe-core finds, as a reader of the test's output needs it.
FAULTS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .map(one => [one.impact, one.id, one.nodes.length, one.nodes[0].html.slice(0, 160)])"""
ON_SCREEN = {
    "charts": """() => [...document.querySelectorAll('.drawing')].map(drawing => [
        drawing.querySelector('figcaption').textContent,
        ...[...drawing.querySelectorAll('svg text')]
            .filter(text => text.getClientRects().length).map(text => text.textContent)])""",
    "headings": """() => [...document.querySelectorAll('.section > h2')]
        .map(heading => heading.textContent.trim())""",
    "folded": """() => [...document.querySelectorAll('details:not([open], .onscreen *)')]
        .map(fold => [...fold.querySelectorAll('tbody tr:last-child th')].pop()?.textContent)
        .filter(Boolean)""",
}


@pytest.fixture(scope="module")
def files(pages):
    """Every page of the folder, by its path in it."""
    folder = next(iter(pages.values())).parent
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.html"))}


@dataclass(frozen=True)
class Printed:
    """A PDF, read back: its title, and the size and the text of each sheet."""

    title: str
    sizes: list[tuple[int, int]]
    texts: list[str]


@pytest.fixture(scope="module")
def printed(files, chromium, now):
    """Every page as PDF, on both papers, as `--format pdf` prints it."""

    def pdf(name, paper):
        page = files[name].read_text(encoding="utf-8")
        made = settled(print_page(chromium, for_paper(page, paper, now)), title_of(page), now)
        read = pypdf.PdfReader(io.BytesIO(made))
        boxes = [sheet.mediabox for sheet in read.pages]
        return Printed(
            read.metadata.title,
            [(round(box.width), round(box.height)) for box in boxes],
            [squeezed(sheet.extract_text()) for sheet in read.pages],
        )

    return {(name, paper): pdf(name, paper) for name in files for paper in PAPERS}


@pytest.fixture(scope="module")
def on_screen(files, browser):
    """Of every page what paper must show too: charts with their words, headings, folded rows."""
    told = {}
    for name, path in files.items():
        page = browser.new_page(offline=True)
        page.goto(path.as_uri())
        told[name] = {key: page.evaluate(script) for key, script in ON_SCREEN.items()}
        page.close()
    return told


def squeezed(text: str) -> str:
    """Text without blanks and ligatures: a PDF knows where letters stand, not where words end."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "light"), (1180, "light"), (1180, "dark"), (1920, "light")]
)
def test_every_page_opens_from_disk_without_a_complaint(files, visit, checkout, width, scheme):
    """No network, no console line, no request, nothing wider than the window; and a picture."""
    wrong = []
    for name, path in files.items():
        page, noted = visit(path, width=width, scheme=scheme)
        picture = f"{name.removesuffix('.html')}-{width}-{scheme}.png"
        page.screenshot(path=checkout / ".pages" / picture, full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{name}: {one}" for one in noted]
        wrong += [f"{name}: is {wide} wide"] if wide > width else []
        page.context.close()

    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1180])
def test_axe_finds_no_grave_fault(files, visit, axe, width, scheme):
    """Contrast, names, roles, order, keyboard: nothing serious or critical on any page."""
    wrong = []
    for name, path in files.items():
        page, _ = visit(path, width=width, scheme=scheme)
        page.evaluate(axe)  # by the debugger, so that the page's policy stays in force
        wrong += [(name, *one) for one in page.evaluate(FAULTS) if one[0] in GRAVE]
        page.context.close()

    assert wrong == []


def test_everything_folded_unfolds(files, visit):
    """A click on what is folded shows it; another one folds it again."""
    wrong = []
    for name, path in files.items():
        page, _ = visit(path)
        for fold in page.query_selector_all("details:visible:not([open])")[:5]:
            before = fold.bounding_box()["height"]
            fold.query_selector("summary").click()
            after = fold.bounding_box()["height"]
            fold.query_selector("summary").click()
            if not (after > before == fold.bounding_box()["height"]):
                wrong.append(f"{name}: {fold.inner_text()[:60]}")
        page.context.close()

    assert wrong == []


def test_dark_is_dark_on_every_page(files, visit):
    """The reader's choice of scheme reaches the ground; paper stays white."""
    grounds = set()
    for path in files.values():
        page, _ = visit(path, scheme="dark")
        ground = "getComputedStyle(document.body).backgroundColor"
        on_screen = page.evaluate(ground)
        page.emulate_media(media="print", color_scheme="dark")
        grounds.add((on_screen, page.evaluate(ground)))
        page.context.close()

    assert grounds == {("rgb(19, 22, 27)", "rgb(255, 255, 255)")}


def test_sheets_have_their_size_and_say_which_they_are(printed):
    """A4 or Letter throughout, with the title, the date and the number at the foot of each."""
    wrong = []
    for (name, paper), pdf in printed.items():
        foot = squeezed(f"{pdf.title} · 21 November 2026, 06:30 UTC")
        for number, (size, text) in enumerate(zip(pdf.sizes, pdf.texts, strict=True), start=1):
            if size != PAPERS[paper] or foot not in text:
                wrong.append((name, paper, number, size))
            if f"{number}of{len(pdf.texts)}" not in text:
                wrong.append((name, paper, number, "without its number"))

    assert wrong == []


def test_no_chart_is_cut_on_paper(printed, on_screen):
    """Title, axes and every label of a chart stand on one sheet."""
    wrong = [
        (name, paper, words[0])
        for (name, paper), pdf in printed.items()
        for words in on_screen[name]["charts"]
        if not any(all(squeezed(word) in text for word in words) for text in pdf.texts)
    ]

    assert wrong == []


def test_no_heading_stands_alone_at_the_foot_of_a_sheet(printed, on_screen):
    """Something of what a heading heads is on its sheet: the foot does not follow it at once."""
    wrong = [
        (name, paper, heading)
        for (name, paper), pdf in printed.items()
        for heading in on_screen[name]["headings"]
        for text in pdf.texts
        if text.rpartition(squeezed(pdf.title))[0].endswith(squeezed(heading))
    ]

    assert wrong == []


def test_what_is_folded_on_the_screen_is_open_on_paper(printed, on_screen):
    """Nobody can click on paper: the last row of each folded table is on a sheet.

    What is for the screen alone, as where the figures of the summary come from, is on none.
    """
    wrong = [
        (name, paper, row)
        for (name, paper), pdf in printed.items()
        for row in on_screen[name]["folded"]
        if squeezed(row) not in "".join(pdf.texts)
    ]

    assert wrong == []
