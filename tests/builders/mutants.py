"""Small faults put into policies, to see whether some case notices."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from quaestor.audit.case_warehouse import CaseWarehouse
from quaestor.audit.cases import read_cases
from quaestor.audit.policies import Policy

_SWAPS = {
    "<=": "<",
    ">=": ">",
    "<": "<=",
    ">": ">=",
    "=": "<>",
    "<>": "=",
    "and": "or",
    "or": "and",
}
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|--[^\n]*|<=|>=|<>|(?<![-=])>(?!>)|<|=|\b(?:and|or)\b|\bnot (?!null\b)"
)


def mutants(policy: Policy, most: int) -> Iterator[tuple[str, Policy]]:
    """Yield faulty versions of a policy, each with what was done to it.

    `when` is dropped; one comparison, `and`, `or` or `not` at a time is turned round. Of many,
    `most` are taken, evenly over the text.
    """
    says = policy.says
    if says.when is not None:
        yield "without `when`", _with(policy, 0, when=None)
    found = []
    for part in ("when", "require", "sql"):
        text = getattr(says, part) or ""
        clause = _clauses(text)
        for match in _TOKEN.finditer(text):
            mark = match[0]
            if mark[0] not in "'-" and not any(
                start <= match.start() < end for start, end in clause
            ):
                found.append((part, text, match))
    step = max(1, len(found) // most)
    for number, (part, text, match) in enumerate(found[::step][:most], start=1):
        new = _SWAPS.get(match[0], "")
        changed = text[: match.start()] + new + text[match.end() :]
        line = text[: match.start()].count("\n") + 1
        around = text[max(0, match.start() - 20) : match.end() + 20].replace("\n", " ")
        yield (
            f"{part}:{line}: {match[0].strip()} -> {new or 'nothing'} in ...{around}...",
            _with(policy, number, **{part: changed}),
        )


def _clauses(text: str) -> list[tuple[int, int]]:
    """Return where `between ... and` stands, and joins: turned round, they are another query."""
    found = [m.span() for m in re.finditer(r"\bbetween\b.*?\band\b", text, re.DOTALL)]
    return found + [m.span() for m in re.finditer(r"\bon\b(.*)$", text, re.MULTILINE)]


def _with(policy: Policy, number: int, **changes: str | None) -> Policy:
    # Another path, for what is compiled is kept by path; the cases stand in the same folder.
    path = policy.path.with_name(f"{policy.id}.{number}.yaml")
    return structs.replace(policy, path=path, says=structs.replace(policy.says, **changes))


def noticed(policy: Policy, faulty: Policy, warehouse: CaseWarehouse) -> bool:
    """Return whether some case of a policy does not hold for its faulty version."""
    cases, _ = read_cases(policy)
    for case in cases:
        said: dict[str, set[str]] = {}
        for one in warehouse.judge(faulty, case.given, params=case.params, now=case.now):
            said.setdefault(one.subject, set()).add(one.verdict.value)
        if said != {subject: {verdict} for subject, verdict in case.expect.items()}:
            return True
    return False
