"""What a rendered section says, read back as a browser would show it."""

from __future__ import annotations

import pytest

from quaestor.report.page_words import Figure, words_of


def test_a_verdict_is_its_heading_and_its_sentences():
    """Markup goes, words and signs stay; a no-break space is a blank."""
    body = (
        '<section class="verdict"><h1>Cost</h1><p class="sentence"><strong>5&nbsp;%</strong> of '
        'A&amp;B &lt;b&gt;</p><p class="aside">So far.</p><p class="fine">Small.</p></section>'
    )

    assert words_of(body).heading == "Cost"
    assert words_of(body).sentences == ("5 % of A&B <b>", "So far.")


def test_lists_are_points_and_names_stand_before_what_is_said_of_them():
    """As 'Since the audit before' and 'How sure this is' of the executive's page have them."""
    body = (
        '<ul class="points"><li><b>2 violations</b> began.</li><li>None ended.</li></ul>'
        '<dl class="facing"><div><dt>The bill</dt><dd>It adds up.</dd></div></dl>'
        "<ul class='legend'><li>blue</li></ul>"
    )

    assert words_of(body).points == ("2 violations began.", "None ended.", "The bill: It adds up.")
    assert words_of(body).figures == ()


def test_figures_are_label_value_and_note():
    """As the first screen groups them."""
    body = (
        '<dl class="figures"><div><dt>Idle</dt><dd class="value">1 <small>of 4</small></dd>'
        '<dd class="note">hours</dd></div><div><dt>Cost</dt><dd class="value">2</dd></div></dl>'
    )

    assert words_of(body).figures == (Figure("Idle", "1 of 4", "hours"), Figure("Cost", "2", ""))


def test_a_table_is_its_heads_lines_and_totals():
    """Two cells under one head are one; what is below a name is set behind a comma."""
    body = (
        "<h3>Rules</h3><table><thead><tr><th>Name</th><th class='n' colspan='2'>Used</th></tr>"
        "</thead><tbody><tr><th>ads<span class='sub'>EU</span></th><td><svg><title>x</title></svg>"
        "</td><td>5</td></tr></tbody><tfoot><tr><th>All</th><td colspan='2'>5</td></tr></tfoot>"
        "</table>"
    )
    [table] = words_of(body).tables

    assert (table.caption, table.heads, table.right) == ("Rules", ("Name", "Used"), (False, True))
    assert (table.lines, table.totals) == ((("ads, EU", "5"),), (("All", "5"),))


@pytest.mark.parametrize(
    "folded",
    [
        "<details><summary>more</summary><p>risk</p></details>",
        "<svg><text>9</text></svg>",
        "<button>Sort</button>",
        "<span hidden>9</span>",
    ],
)
def test_what_a_cell_does_not_show_is_not_read(folded):
    """Drawings, what is folded away, and what is only for the mouse."""
    body = f"<table><thead><tr><th>A</th></tr></thead><tbody><tr><td>stop{folded}</td></tr></tbody>"

    assert words_of(f"{body}</table>").tables[0].lines == (("stop",),)
