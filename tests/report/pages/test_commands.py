"""Commands that a page shows: pasted into a shell, they mean what the page means."""

from __future__ import annotations

import subprocess
from datetime import date
from html import unescape
from re import findall

from quaestor.report.explain import explain
from quaestor.report.html import render


def test_the_command_of_a_name_with_a_line_break_is_answered(an_estate, tmp_path, now, read_page):
    """Copied as a browser shows it and pasted, it explains that very model."""
    an_estate.cost(date(2026, 11, 3), "12.5", model="two\nlines\x1b[2J", team="growth")
    warehouse = an_estate.settle()
    (path,) = render(warehouse, ["cost"], tmp_path, now=now, progress=lambda _: None)
    [command] = findall(r"<code>(quaestor explain \S+lines\S+)</code>", read_page(path).source)

    said = subprocess.run(
        ["bash", "-c", f'quaestor() {{ printf %s "$2"; }}; {unescape(command)}'],
        check=True,
        capture_output=True,
    )

    assert explain(warehouse, said.stdout.decode()).name == "model_month/two\nlines\x1b[2J/2026-11"
    assert f"{unescape(command)} in bash or zsh" in read_page(path).text
