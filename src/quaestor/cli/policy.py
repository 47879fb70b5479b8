"""`quaestor policy`: list, show, test and document policies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit, outputs, table
from quaestor.cli.policy_choice import chosen, configured
from quaestor.cli.policy_coverage import coverage_command
from quaestor.cli.policy_lint import lint_command
from quaestor.cli.policy_new import new_command
from quaestor.cli.policy_plan import plan_command
from quaestor.core.config import Config
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.audit.policies import Policy


@click.group()
def command() -> None:
    """List, show, test and document policies.

    \b
    quaestor policy list
    quaestor policy show model-without-owner
    quaestor policy test                      # all that the configuration names
    quaestor policy test policies/            # a folder
    quaestor policy test ML-OWN-001           # one, by id or alias
    quaestor policy coverage --pack eu-ai-act # what the last audit shows of a framework
    """


command.add_command(coverage_command)
command.add_command(lint_command)
command.add_command(new_command)
command.add_command(plan_command)


@command.command("list")
@click.option("--format", "formats", multiple=True, help="table (default) or json; FORMAT=FILE.")
@shared
def list_policies(call: Call, formats: Sequence[str]) -> int:
    """List every policy that the configuration loads.

    \b
    quaestor policy list
    quaestor policy list --format json
    """
    wanted = outputs(formats, ("table", "json"), "table")
    policies = configured(call)
    for name, path in wanted:
        rows = [_summary(policy) for policy in policies]
        if name == "json":
            emit(json.dumps({"schema_version": 1, "policies": rows}, indent=2), path)
        else:
            columns = ("id", "alias", "title", "severity", "gate")
            emit(table([{key: row[key] for key in columns} for row in rows]), path)
    return 0


@command.command("show")
@click.argument("name")
@shared
def show_policy(call: Call, name: str) -> int:
    """Show one policy in full, by id or alias: with its values here, and what its cases show.

    \b
    quaestor policy show model-without-owner
    quaestor policy show ML-OWN-001
    """
    from quaestor.audit.policies import find_policy

    config = call.config() if call.config_path.is_file() else Config()
    policy = find_policy(configured(call), name)
    for label, text in (*_page(policy, config), *_cases(policy)):
        click.echo(f"{label}: {printable(text)}" if "\n" not in text else _block(label, text))
    return 0


@command.command("test")
@click.argument("what", nargs=-1)
@shared
def run_policy_tests(call: Call, what: tuple[str, ...]) -> int:
    """Run the cases of policies; WHAT is a folder, a policy file, an id or an alias.

    Exit code 1 if a case does not hold or is missing, 2 if a policy is malformed.

    \b
    quaestor policy test
    quaestor policy test policies/
    quaestor policy test model-without-owner ML-FIN-003
    """
    from quaestor.audit.cases import run_cases
    from quaestor.core.words import plural

    reports = run_cases(chosen(call, what))
    for report in reports:
        for failure in report.failures:
            named = f"case '{failure.case}'" if failure.case else "missing"
            click.echo(printable(f"FAIL {report.policy}: {named}"))
            click.echo(f"  in:   {printable(failure.where)}")
            click.echo(f"  what: {printable(failure.what)}")
    failed = sum(bool(report.failures) for report in reports)
    if not call.quiet or failed:
        cases = sum(report.cases for report in reports)
        tested = plural(len(reports), "policy", "policies")
        shown = plural(cases, "case", "cases")
        click.echo(f"{tested}, {shown}: {failed or 'none'} failed")
    return 1 if failed else 0


@command.command("docs")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if the file is outdated.")
@click.argument("folder", default="policies", type=click.Path(path_type=Path))
@shared
def document(call: Call, folder: Path, *, check: bool) -> int:
    """Write FOLDER/README.md from the policies in FOLDER.

    For the policies that ship it also writes catalogue.json, which spares the gate their reading.

    \b
    quaestor policy docs
    quaestor policy docs --check
    """
    from quaestor.audit.handbook import handbook
    from quaestor.audit.packs import load_packs
    from quaestor.audit.policies import load_policies
    from quaestor.core.shipped import shipped

    policies = load_policies([folder])
    texts = {folder / "README.md": handbook(policies, load_packs([folder], policies))}
    if folder.resolve() == shipped("policies").resolve():
        from quaestor.audit.catalogue import NAME
        from quaestor.audit.catalogue_text import catalogue_text

        texts[folder / NAME] = catalogue_text(policies)
    outdated = False
    for target, text in texts.items():
        current = target.read_text(encoding="utf-8") if target.is_file() else None
        outdated |= current != text
        if check:
            click.echo(f"{target} is {'up to date' if current == text else 'outdated'}")
            continue
        emit(text, target)
        if not call.quiet:
            click.echo(str(target))
    return 1 if check and outdated else 0


def _summary(policy: Policy) -> dict[str, Any]:
    says = policy.says
    return {
        "id": policy.id,
        "alias": ", ".join(says.aliases),
        "title": says.title,
        "family": policy.family,
        "severity": says.severity.value,
        "gate": says.gate.ci,
        "requires": list(says.requires),
        "frameworks": [{"pack": ref.pack, "ref": ref.ref} for ref in says.frameworks],
        "params": {
            name: {"type": param.type, "default": param.default, "min": param.min, "max": param.max}
            for name, param in says.params.items()
        },
    }


def _page(policy: Policy, config: Config) -> list[tuple[str, str]]:
    from quaestor.audit.handbook import evidence_of
    from quaestor.audit.policies import framework_title, settled_params

    says = policy.says
    chosen = {name: said for name, said in config.params.items() if name == policy.id}
    values = settled_params([policy], chosen)[policy.id]
    lines = [
        (policy.id, says.title),
        ("alias", ", ".join(says.aliases)),
        ("family", policy.family),
        ("severity", says.severity.value),
        ("gate", says.gate.ci),
        ("subject", says.subject or "as its SQL says"),
        ("evidence", evidence_of(policy).replace("`", "")),
        ("when", (says.when or "").strip()),
        ("require", (says.require or "").strip()),
        ("sql", (says.sql or "").rstrip()),
        ("why", says.why.strip()),
        ("remedy", says.remedy.text.strip()),
        *((f"  {command.registry}", command.run) for command in says.remedy.commands),
        *((f"param {name}", _param_text(says.params[name], values[name])) for name in values),
        *(("supports", f"{framework_title(ref.pack)}, {ref.ref}") for ref in says.frameworks),
        ("source", says.source),
        ("file", str(policy.path)),
    ]
    return [(label, text) for label, text in lines if text]


def _param_text(param: Any, value: Any) -> str:
    bounds = f", {param.min:g} to {param.max:g}" if param.min is not None else ""
    if isinstance(value, dict):
        value = ", ".join(f"{one} in tier {tier}" for tier, one in value.items())
    about = f"  {' '.join(param.description.split())}" if param.description else ""
    return f"{value} ({param.type}{bounds}){about}"


def _cases(policy: Policy) -> list[tuple[str, str]]:
    """Return what the cases show, as a block of its own; nothing where there are none."""
    from quaestor.audit.cases import read_cases

    if not policy.cases_path.is_file():
        return []
    cases, _ = read_cases(policy)
    verdicts = ("pass", "fail", "unknown", "skip", "error")
    rows = [
        {
            "case": case.name,
            **{
                verdict: ", ".join(s for s, got in case.expect.items() if got == verdict)
                for verdict in verdicts
                if any(verdict in other.expect.values() for other in cases)
            },
        }
        for case in cases
    ]
    return [("cases", table(rows))] if rows else []


def _block(label: str, text: str) -> str:
    lines = "\n".join(f"  {printable(line)}" for line in text.splitlines())
    return f"{label}:\n{lines}"
