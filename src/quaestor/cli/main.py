"""The program `quaestor`: finds the command, and turns what happened into an exit code."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from quaestor import __version__
from quaestor.core.errors import ConfigurationError, IncompleteError, QuaestorError
from quaestor.core.nearest import did_you_mean
from quaestor.warehouse.errors import INTERRUPTED

COMMANDS = {
    "demo": "Build a realistic estate, audit it, and print where the report lies.",
    "init": "Write a commented quaestor.yaml.",
    "doctor": "Look at every source: reachable, allowed, how fresh, how to mend it.",
    "permissions": "Print the least that a source needs to be allowed, ready to be applied.",
    "collect": "Land files from every source.",
    "build": "Turn landed files into the warehouse and the ledger.",
    "audit": "Collect, build, evaluate every policy, and report: the scheduled job.",
    "gate": "May this model version run? The CI job.",
    "promote": "Ask the gate, and if it opens set a version's stage in its registry.",
    "report": "Render the HTML reports.",
    "notify": "Tell Slack, Teams, a webhook or people by mail of the latest audit.",
    "export": "Give the bill back as FOCUS Parquet, a policy to clusters, metrics to Prometheus.",
    "explain": "Say where a figure or a finding comes from, down to file and row.",
    "diff": "Say what changed between two audits: money, findings, advice.",
    "attribution": "Try rules that say whose money it is, before they are saved.",
    "advice": "See what would cost less, what became of earlier advice, and turn advice down.",
    "query": "Ask the warehouse in SQL, read-only.",
    "gpu-sample": "Sample the GPUs of this machine into Parquet files.",
    "waiver": "Ask for, list and check exemptions that have a reason and an end.",
    "policy": "List, show, test and document policies.",
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # a disk, a quota or a file at its limit
_GARBAGE = 200_000  # objects before Python looks for cycles: a gate makes fewer
EXIT_CODES = """
\b
Exit codes:
   0  audited, and nothing at or above --fail-on
   1  the gate failed: violations not waived
   2  wrong usage, configuration, policy or waiver file
   3  incomplete: a source or needed evidence is missing
   4  nothing was evaluated
  70  a bug in Quaestor
"""


class _Commands(click.Group):
    """Commands are imported when they are called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx  # click's signature
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command = importlib.import_module(f"quaestor.cli.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - held by tests/architecture
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx  # click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            hint = did_you_mean(args[0], COMMANDS, otherwise="See `quaestor --help`.")
            raise click.UsageError(f"There is no command '{args[0]}'. {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.version_option(__version__, prog_name="quaestor")
def program() -> None:
    """Quaestor: what does each model really cost, and may it run?

    \b
    Try it:          quaestor demo
    On your data:    quaestor init && quaestor audit
    In CI:           quaestor gate churn:7
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit with one of the codes that `--help` lists."""
    gc.set_threshold(_GARBAGE)
    code = run(sys.argv[1:] if arguments is None else list(arguments))
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:  # None: it was closed from the start
                stream.flush()
        except BrokenPipeError:
            code = 141
        except OSError:
            code = code or 3  # what was to be told is not told
    # Everything is closed by now, and the engine takes a twentieth of a second to take itself
    # apart, a tenth of what a gate takes.
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run the program and return its exit code; 130 and 141 after SIGINT and SIGPIPE."""
    try:
        result = program.main(args=arguments, prog_name="quaestor", standalone_mode=False)
    except QuaestorError as problem:
        _complain(problem, as_json="--json-errors" in arguments)
        return problem.exit_code
    except click.ClickException as problem:
        if "--json-errors" in arguments:
            usage = ConfigurationError(problem.format_message(), fix="See `quaestor --help`.")
            _complain(usage, as_json=True)
        else:
            problem.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        return _stopped()
    except (BrokenPipeError, SystemExit):
        # The reader went away (`| head`). click makes that exit code 1, a failed gate; 0 would
        # be a passed one. There is nobody left to tell.
        sys.stderr.close()
        return 141
    except OSError as problem:
        if problem.errno not in _FULL:
            return _bug()
        _complain(_no_room(problem), as_json="--json-errors" in arguments)
        return 3
    except Exception as problem:  # noqa: BLE001 - where a bug of ours ends, never as a verdict
        if str(problem) == INTERRUPTED:
            return _stopped()
        return _bug()
    return result if isinstance(result, int) else 0


def _bug() -> int:
    traceback.print_exc()
    click.echo("error: a bug in Quaestor; please report it with the lines above", err=True)
    return 70


def _no_room(problem: OSError) -> QuaestorError:
    return IncompleteError(
        f"the output could not be written ({problem.strerror})",
        fix="Free some space, or write to a file elsewhere.",
    )


def _stopped() -> int:
    click.echo("\nstopped; the last good state is kept", err=True)
    return 130


def _complain(problem: QuaestorError, *, as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps(problem.as_dict()), err=True)
    else:
        click.echo(problem.as_text(), err=True)
