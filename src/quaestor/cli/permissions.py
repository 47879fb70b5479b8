"""`quaestor permissions`: what a source needs to be allowed, ready to be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from quaestor.cli.options import Call, shared
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean

if TYPE_CHECKING:
    from quaestor.core.config import Source


@click.command("permissions")
@shared
@click.argument("name", metavar="SOURCE", required=False)
@click.option("--kind", help="Of a kind of source, without a configuration; YOUR-... stands in.")
def command(call: Call, name: str | None, kind: str | None) -> int:
    """Print the least that a source needs to be allowed: an IAM policy, a role, RBAC of a cluster.

    It is made from the source's own settings (bucket, prefix, scope, table) and asks nobody, so
    that it can be applied before the first look. Nothing in it allows a change.

    \b
    Examples:
      quaestor permissions aws > policy.json
      quaestor permissions --kind aws-export
    """
    from quaestor import collect
    from quaestor.collect import sources

    if (name is None) == (kind is None):
        raise click.UsageError("Name one source of the configuration, or a --kind.")
    if kind:
        source = _of_kind(kind)
    else:
        source = sources.chosen(call.config(), [name or ""], where="SOURCE")[0]
    click.echo(collect.collector(sources.kind_of(source)).permissions(source))
    return 0


def _of_kind(kind: str) -> Source:
    """Return a source of a kind, with names that stand in for what only its owner knows."""
    from typing import get_args

    import msgspec

    from quaestor.collect import COLLECTORS
    from quaestor.core.config import Source as AnySource

    if kind not in COLLECTORS:
        raise ConfigurationError(
            f"there is no kind of source '{kind}'",
            where="--kind",
            fix=did_you_mean(kind, COLLECTORS, otherwise=f"Choose from {', '.join(COLLECTORS)}."),
        )
    (struct,) = (one for one in get_args(AnySource) if one.__struct_config__.tag == kind)
    needed = [field.name for field in msgspec.structs.fields(struct) if field.required]
    stand_in = {
        field: f"{'https://' if field.endswith(('uri', 'url')) else ''}YOUR-{field.upper()}"
        for field in needed
    }
    source: Source = struct(**{**stand_in, "name": kind})
    return source
