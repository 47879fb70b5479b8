"""`quaestor export admission`: clusters refuse what the last audit would not let run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit
from quaestor.core.errors import ConfigurationError
from quaestor.core.text import printable
from quaestor.core.verdict import Severity
from quaestor.core.whole_file import spare_by_hand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quaestor.report.admission import Version


@click.command("admission")
@shared
@click.argument("path", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
@click.option(
    "--name",
    default="quaestor-approved-models",
    show_default=True,
    help="Of the policy, its binding and the ConfigMap with the digests.",
)
@click.option(
    "--namespace", default="quaestor", show_default=True, help="Where the ConfigMap lives."
)
@click.option(
    "--action",
    "actions",
    type=click.Choice(["Deny", "Warn", "Audit"]),
    multiple=True,
    default=("Deny",),
    show_default=True,
    help="What a violation comes to; repeatable (Warn and Audit to begin with).",
)
@click.option(
    "--namespace-label",
    metavar="KEY=VALUE",
    help="Only in namespaces with this label. Else in all but those of the cluster itself.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["critical", "high", "medium", "low"]),
    default="high",
    show_default=True,
    help="From which severity on a violation keeps a version out.",
)
def export_admission(
    call: Call,
    path: Path | None,
    name: str,
    namespace: str,
    actions: tuple[str, ...],
    namespace_label: str | None,
    fail_on: str,
) -> int:
    """Write a ValidatingAdmissionPolicy, its binding, and the approved digests, as YAML.

    A Deployment, StatefulSet or InferenceService that names a model (label or annotation
    gov.model) is admitted if its annotation gov.artifact_digest is of a production version that
    the last audit found nothing against. Export it after each audit: a version that falls out
    is refused at its next deploy, not stopped. Kubernetes 1.30 or later.

    \b
    Examples:
      quaestor export admission | kubectl apply -f -
      quaestor export admission policy.yaml --action Warn --action Audit
    """
    from quaestor.report.admission import Wanted, admission, production_versions
    from quaestor.warehouse.duckdb import Warehouse

    _check(name, namespace, namespace_label)
    if path is not None:
        spare_by_hand(path, unless="kind: ValidatingAdmissionPolicy\n")
    wanted = Wanted(
        name=name,
        namespace=namespace,
        actions=tuple(dict.fromkeys(actions)),
        namespace_label=namespace_label,
    )
    with Warehouse(call.warehouse(), read_only=True) as warehouse:
        versions = production_versions(warehouse, Severity(fail_on))
    if not call.quiet:
        _tell(versions)
    emit(admission(versions, wanted), path)
    return 0


def _tell(versions: Sequence[Version]) -> None:
    refused = [one for one in versions if one.objection]
    for one in refused:
        click.echo(printable(f"not approved: {one.name}: {one.objection}"), err=True)
    approved = len(versions) - len(refused)
    click.echo(f"{approved} of {len(versions)} production versions approved", err=True)


def _check(name: str, namespace: str, label: str | None) -> None:
    """Refuse what Kubernetes would refuse, before anything is written.

    Raises:
        ConfigurationError: A name or a label that Kubernetes does not take.
    """
    import re

    word = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
    for option, given in (("--name", name), ("--namespace", namespace)):
        if not re.fullmatch(word, given):
            raise ConfigurationError(
                f"'{printable(given)}' is no name that Kubernetes takes",
                where=option,
                fix="Lower-case letters, digits and hyphens, at most 63.",
            )
    part = r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?"
    if label is not None and not re.fullmatch(rf"([-.a-z0-9]{{1,253}}/)?{part}=({part})?", label):
        raise ConfigurationError(
            f"'{printable(label)}' is no label",
            where="--namespace-label",
            fix="Write KEY=VALUE, such as ml.example.com/governed=true.",
        )
