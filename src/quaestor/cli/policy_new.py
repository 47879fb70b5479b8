"""`quaestor policy new`: the two files of a policy of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from quaestor.cli.options import Call, shared
from quaestor.core.errors import ConfigurationError


@click.command("new")
@click.argument("name", metavar="FAMILY/ID")
@click.option(
    "--subject",
    default="registry.model",
    show_default=True,
    help="What it judges: a table with a row for each.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("policies"),
    show_default=True,
    help="Where policies of your own stand; `policies:` in quaestor.yaml names it.",
)
@shared
def new_command(call: Call, name: str, subject: str, folder: Path) -> int:
    """Write a new policy and its cases, commented, and running as they are.

    \b
    quaestor policy new ownership/model-without-domain
    quaestor policy new cost/budget-without-team --subject ledger.budget --folder ours
    """
    from quaestor.audit.skeleton import write_skeleton

    family, _, policy = name.partition("/")
    if not family or not policy or "/" in policy or ".." in name:
        raise ConfigurationError(
            f"'{name}' is no family and id",
            where="FAMILY/ID",
            fix="Write ownership/model-without-owner: a folder, and the violation in kebab-case.",
        )
    written = write_skeleton(folder, family, policy, subject)
    if not call.quiet:
        click.echo(f"{written.policy}\n{written.cases}")
        click.echo(
            f"Write what says FILL IN, then `quaestor policy test {folder}` and "
            f"`quaestor policy lint {folder}`; `policies: [builtin, {folder}]` in quaestor.yaml "
            "puts it to work."
        )
    return 0
