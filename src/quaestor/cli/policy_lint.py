"""`quaestor policy lint`: do policies bind, and do they say what they should?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs
from quaestor.cli.policy_choice import chosen
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.audit.lint import Remark


@click.command("lint")
@click.argument("what", nargs=-1)
@click.option("--format", "formats", multiple=True, help="table (default) or json; FORMAT=FILE.")
@shared
def lint_command(call: Call, what: tuple[str, ...], formats: Sequence[str]) -> int:
    """Look at policies before they judge; WHAT is a folder, a policy file, an id or an alias.

    SQL that does not bind (line and near names), comparisons that say nothing about NULL, missing
    metadata and cases, parameters that nothing uses, reasons and titles that say nothing. Exit
    code 1 if there is something to say, 2 if a policy is malformed.

    \b
    quaestor policy lint
    quaestor policy lint policies/ --format json
    """
    from quaestor.audit.lint import lint

    wanted = outputs(formats, ("table", "json"), "table")
    policies = chosen(call, what)
    remarks = lint(policies)
    for name, path in wanted:
        if name == "json":
            rows = [asdict(one) for one in remarks]
            emit(json.dumps({"schema_version": 1, "remarks": rows}, indent=2), path)
        elif remarks or not call.quiet:
            emit(_as_text(remarks, len(policies)), path)
    return 1 if remarks else 0


def _as_text(remarks: Sequence[Remark], policies: int) -> str:
    from quaestor.core.words import plural

    lines = []
    for one in remarks:
        lines += [
            f"{one.check} {printable(one.policy)}: {printable(one.what)}",
            f"  in:  {printable(one.where)}",
            f"  fix: {printable(one.fix)}",
        ]
    found = plural(len(remarks), "remark", "remarks") if remarks else "nothing to say"
    return "\n".join([*lines, f"{plural(policies, 'policy', 'policies')}: {found}"])
