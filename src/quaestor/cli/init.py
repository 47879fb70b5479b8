"""`quaestor init`: write a commented quaestor.yaml, filled in with what was found."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit
from quaestor.core.errors import ConfigurationError
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.cli.credentials import Proposal
    from quaestor.cli.detect import Detected, Found

_HEAD = """\
# What Quaestor reads, and by what it judges. Paths are relative to this file.
# Every key: `quaestor init --schema`. Values may be ${NAME}, taken from the environment.

warehouse: quaestor.duckdb   # everything that was read and judged, one file
landing: landing             # every file as it was read, kept with its hash
reports: quaestor-reports    # the HTML reports
currency: USD                # the currency that figures are reported in, ISO 4217
# rates: rates.csv           # for bills in others: 2026-10-01,EUR,1.0842 under date,currency,rate
                             # says that a euro is worth 1.0842 of what figures are reported in;
                             # or the ECB's eurofxref-hist.csv (kind: ecb-rates fetches it)
"""
_NOTHING_FOUND = """\
# Nothing to read was found here. Add sources such as:
#   - {name: bills, kind: files, path: bills/}     # of any cloud, by their header
#   - {name: registry, kind: mlflow, uri: "https://mlflow.example"}
#   - {name: models, kind: model-gov, path: .}     # model.gov.yaml files
"""
_TAIL = """\
# Who owns a charge: its tags, what its resource is known to be, then the first of these rules that
# matches a column of the bill, tag.KEY, or, for pods, label.KEY, cluster, namespace or pod.
# `quaestor attribution test --rules FILE` shows what a change would move.
# attribution:
#   - {name: gpu-cluster, match: {SubAccountName: "ml-*"}, team: platform}
#   - {name: by-account, match: {SubAccountName: "/^team-([a-z]+)$/"}, team: "{1}"}
# tags: {team: [team, owner]}        # which tags name whom, the first that is present counts
# labels: {model: [model, app]}      # and which labels of pods
# names:                             # what is called otherwise in old bills
#   - {field: team, old: growth, new: retention}

# What many use is divided, month by month: even, or by cost, requests, gpu_hours, fixed shares, ...
# shared:
#   - {name: support, match: {ServiceName: "*Support*"}, by: cost, among: team}
# overhead: {namespaces: ["kube-*"]} # pods that keep a cluster running, for nobody in particular
# prices: prices.csv                 # your own prices of machines that are on no bill
# advice: {least_saving: 25, params: {idle_endpoint: {days: 30}}}   # `quaestor advice kinds`
# carbon: carbon.csv                 # your own grids, overhead (PUE) and watts

# Money a team or a model may spend in a calendar month, in the reporting currency.
# budgets:
#   - {name: growth, team: growth, amount: 5000}
# When a day is unusual: above the share of what was expected, the amount, and the usual spread.
# anomaly: {change_ratio: 0.2, amount: 50, deviations: 3.5}

# Policies: those that ship with Quaestor, then your own folders, in this order.
policies: [builtin]

# Who is told after an audit, and when: always, failure, new-findings or change. An address of a
# webhook is a secret, so it comes from the environment. `quaestor notify --dry-run` shows the text.
# notify:
# - {name: ops, kind: slack, url: "${SLACK_URL}", when: change, link: "https://finops.acme.example"}
# - {name: owners, kind: teams, url: "${TEAMS_URL}", when: failure}
# - {name: bus, kind: webhook, url: "${HOOK_URL}", secret: "${HOOK_SECRET}", when: always}
# - {name: board, kind: mail, host: smtp.example, user: finops, password: "${SMTP_PASSWORD}",
#    from: finops@acme.example, to: [cfo@acme.example], when: always}
# metrics: metrics/quaestor.prom   # written by each audit, for Prometheus' node_exporter
"""
_MOST_NAMED = 5  # files
_MONEY = {"type": "string", "format": "decimal"}


@click.command("init")
@shared
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--force", is_flag=True, help="Replace a quaestor.yaml that is there.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of quaestor.yaml instead.")
def command(call: Call, folder: Path, force: bool, schema: bool) -> int:
    """Write a commented quaestor.yaml into FOLDER, with what can be read from there.

    Finds bills of every known format, usage files and model.gov.yaml files below FOLDER, and the
    registry that MLFLOW_TRACKING_URI names. Where credentials of a cloud or a kubeconfig lie
    about, what may be read with them is proposed as comments. Sends nothing anywhere, and writes
    no other file.

    \b
    Examples:
      quaestor init
      quaestor init --schema > quaestor.schema.json
    """
    if schema:
        emit(json.dumps(config_schema(), indent=2), None)
        return 0
    from quaestor.cli.credentials import proposals
    from quaestor.cli.detect import detect

    path = folder / "quaestor.yaml"
    if path.exists() and not force:
        raise ConfigurationError(
            "there is one already; it is left as it is",
            where=str(path),
            fix="Edit it, or replace it with --force.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigurationError(
            f"the folder cannot be made ({problem.strerror})",
            where=str(folder),
            fix="Check its parent's permissions.",
        ) from None
    found = detect(folder, os.environ)
    emit(written(found.sources, proposals(os.environ, Path.home())), path)
    if not call.quiet:
        _say(found)
    click.echo(f"{path} is written; next: quaestor {'audit' if found.sources else 'doctor'}")
    return 0


def _say(found: Found) -> None:
    for source in found.sources:
        click.echo(f"found {printable(source.note)}: source {source.name}", err=True)
    if found.unknown:
        click.echo(_not_recognised(found.unknown), err=True)


def _not_recognised(paths: Sequence[Path]) -> str:
    """Name tables whose columns are no known bill's, and what reads them all the same."""
    shown = ", ".join(printable(path) for path in paths[:_MOST_NAMED])
    more = f" and {len(paths) - _MOST_NAMED:,} more" if len(paths) > _MOST_NAMED else ""
    return f"not recognised: {shown}{more}; `mapping:` on a source reads an invoice of any columns"


def written(sources: Sequence[Detected], more: Sequence[Proposal]) -> str:
    """Return the text of a quaestor.yaml that loads; `more` stands in it as comments."""
    import textwrap

    proposed = []
    for one in more:
        note = textwrap.fill(one.note, 95, initial_indent="# ", subsequent_indent="# ")
        proposed += [note, *(f"#   - {line}" for line in one.lines)]
    if sources:
        parts = ["sources:", *(_source(source) for source in sources), *proposed, ""]
    else:
        parts = [_NOTHING_FOUND.rstrip("\n"), *proposed, "sources: []", ""]
    return "\n".join([_HEAD, *parts, _TAIL])


def _source(source: Detected) -> str:
    # JSON's text is YAML's too, and keeps any file name from being more than a name.
    keys = [f"    {key}: {json.dumps(value)}" for key, value in source.keys.items()]
    return "\n".join([f"  - name: {_name(source.name)}   # {source.note}", *keys])


def _name(name: str) -> str:
    """Return a name as YAML reads it back: `2026` and `null` are no text without quotes."""
    import yaml

    return name if yaml.safe_load(name) == name else json.dumps(name)


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of quaestor.yaml, for editors and checks."""
    import msgspec

    from quaestor.core.config import Config

    schema = msgspec.json.schema(Config)
    shape = schema["$defs"]["Config"]
    for name in ("base", "file"):  # where it was read from; nobody writes it
        del shape["properties"][name]
    shape["description"] = "What Quaestor reads, and by what it judges."
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "quaestor.yaml",
        **_with_numbers(schema),
    }


def _with_numbers(value: Any) -> Any:
    """Let money be a number too, as YAML has it."""
    if isinstance(value, Mapping) and _MONEY.items() <= value.items():
        rest = {key: item for key, item in value.items() if key not in _MONEY}
        return {"type": ["number", "string"], **rest}
    if isinstance(value, Mapping):
        return {key: _with_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    return value
