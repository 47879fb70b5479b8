"""For the log of GitHub Actions: workflow commands that annotate files. To standard output.

GitHub shows ten errors and ten warnings of a step and drops the rest without a word, so the ten
worst are written and the number of the others is said.

Source: GitHub, "Workflow commands for GitHub Actions"; actions/toolkit escapes as this does.
"""

from __future__ import annotations

from collections.abc import Sequence

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.finding import Finding
from quaestor.core.rule import Rule
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import printable
from quaestor.core.words import cut, plural
from quaestor.report.export.sentences import (
    blind_line,
    brief_reason_of,
    change_lines,
    headline,
    stake_of,
    waiver_lines,
)
from quaestor.report.export.standing import Standing, by_standing, place_of, rules_by_id

_MOST = 10
_LONGEST = 1_000  # characters of an annotation
_LEVELS = {
    Standing.FAILING: "error",
    Standing.OPEN: "error",
    Standing.WARNING: "warning",
}


def render(summary: RunSummary) -> str:
    """Return a line for the verdict, one for each of the ten worst, and what else there is."""
    found = by_standing(summary)
    rules = rules_by_id(summary)
    relaxed = summary.decision.relaxed
    lines = [_blind(spot, relaxed=relaxed) for spot in summary.blind_spots[:_MOST]]
    worst = [(one, standing) for standing in _LEVELS for one in found[standing]]
    for one, standing in worst[: _MOST - len(lines)]:
        is_open = relaxed and standing is Standing.OPEN
        level = "warning" if is_open else _LEVELS[standing]
        lines.append(_line(level, one, rules.get(one.policy), summary))
    hidden = len(summary.blind_spots) + len(worst) - len(lines)
    told = [cut(headline(summary), _LONGEST)]
    if hidden:
        told.append(f"The {_MOST} worst are shown; {hidden:,} more are not.")
    told += _accepted("known before", found[Standing.KNOWN])
    told += _accepted("waived", found[Standing.WAIVED])
    first = command("notice", "\n".join(told), title=f"Quaestor {summary.kind}")
    return "\n".join([first, *lines, *_notes(summary)]) + "\n"


def _accepted(word: str, findings: Sequence[Finding]) -> list[str]:
    """Return what was let stand, by name as far as there is room."""
    if not findings:
        return []
    what = plural(len(findings), "violation is", "violations are")
    names = (f"{printable(one.policy)} {printable(one.subject)}" for one in findings[:_MOST])
    more = f", and {len(findings) - _MOST:,} more" if len(findings) > _MOST else ""
    return [f"{cut(f'{what} {word}: ' + ', '.join(names), _LONGEST)}{more}."]


def _notes(summary: RunSummary) -> list[str]:
    """Return one annotation about money and waivers, if there is anything to say."""
    notes = [line for change in summary.priced for line in change_lines(change)]
    notes += waiver_lines(summary)
    if not notes:
        return []
    told = [cut(note, _LONGEST) for note in notes[:_MOST]]
    if len(notes) > _MOST:
        told.append(f"{len(notes) - _MOST:,} more are not shown.")
    return [command("notice", "\n".join(told), title="Cost and waivers")]


def command(level: str, message: str, **properties: str | int) -> str:
    r"""Return one workflow command; nothing in a name can end it or begin another.

    >>> command("error", "50% gone\n::stop::", title="a,b::c")
    '::error title=a%2Cb%3A%3Ac::50%25 gone%0A::stop::'
    """
    named = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {named}::{_data(message)}"


def _line(level: str, one: Finding, rule: Rule | None, summary: RunSummary) -> str:
    path, number = place_of(one, summary, rule)
    title = f"{printable(one.policy)}: {printable(one.subject)}"
    parts = [brief_reason_of(one)]
    if stake := stake_of(one, summary):
        parts.append(f"At stake: {stake}.")
    if one.remedy:
        parts.append(f"To do: {printable(' '.join(one.remedy.split()))}")
    message = "\n".join(cut(part, _LONGEST) for part in parts)
    return command(level, message, file=printable(path), line=number, title=cut(title, 200))


def _blind(spot: BlindSpot, *, relaxed: bool) -> str:
    level = "warning" if relaxed else "error"
    return command(level, cut(blind_line(spot), _LONGEST), title="Blind spot")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
