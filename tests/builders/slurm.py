"""A `sacct` that answers as Slurm 22.05's does, from jobs that a test makes up.

It is a program on the PATH, as the real one is. What it prints was compared with a real
accounting (tests/real/test_slurm.py asks one where it is there).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TRES = "billing=81,cpu=4,gres/gpu:a100=4,gres/gpu=4,mem=65536M,node=1"
JOB = {
    "JobID": "7",
    "DBIndex": "11",
    "Cluster": "mlhpc",
    "JobName": "train",
    "User": "ada",
    "Account": "vision",
    "Partition": "gpu",
    "QOS": "normal",
    "State": "COMPLETED",
    "ExitCode": "0:0",
    "Submit": "2026-11-01T00:00:00Z",
    "Start": "2026-11-01T00:10:00Z",
    "End": "2026-11-01T03:10:00Z",
    "TimelimitRaw": "UNLIMITED",
    "AllocTRES": TRES,
    "ReqTRES": TRES,
    "NodeList": "gpu-1",
    "Comment": "",
}

_PROGRAM = """#!{python}
import json, os, sys
here = {here!r}
with open(here + "/asked.jsonl", "a") as log:
    log.write(json.dumps([os.environ.get("TZ"), os.environ.get("SLURM_TIME_FORMAT"), *sys.argv])
              + "\\n")
said = json.load(open(here + "/said.json"))
if "--version" in sys.argv:
    print("slurm 22.05.8")
    sys.exit(0)
if said["fails"]:
    sys.stderr.write(said["fails"][1])
    sys.exit(said["fails"][0])
options = dict(word.split("=", 1) for word in sys.argv if word.startswith("--") and "=" in word)
names = options["--format"].split(",")
sign = options.get("--delimiter", "|")
first, last = (options.get(name, "")[:10] for name in ("--starttime", "--endtime"))
if "--noheader" not in sys.argv:
    print(sign.join(names))
for job in said["jobs"]:
    begins, ends = job["Submit"][:10], job["End"][:10]
    over = not first[:1].isdigit() or (
        begins <= last and (not ends[:1].isdigit() or ends >= first)
    )
    if over:
        print(sign.join(job[name] for name in names))
"""


def a_job(**values: str) -> dict[str, str]:
    """A job of four A100s for three hours; `values` differ from that."""
    return {**JOB, **values}


def table(*jobs: Mapping[str, str], fields: Sequence[str] = tuple(JOB), sign: str = "|") -> str:
    """What `sacct --parsable2` prints of jobs."""
    rows = [fields, *([job[name] for name in fields] for job in jobs)]
    return "".join(f"{sign.join(row)}\n" for row in rows)


@dataclass(frozen=True)
class Accounting:
    """A folder with programs `sacct` and `ssh`, to be put on the PATH."""

    folder: Path

    @property
    def programs(self) -> Path:
        """Where the programs lie."""
        return self.folder / "bin"

    def install(self) -> None:
        """Write the programs, of a cluster without jobs."""
        self.programs.mkdir(parents=True)
        text = _PROGRAM.format(python=sys.executable, here=str(self.folder))
        self.program("sacct", text)
        self.program("ssh", '#!/bin/sh\nhost=$1; shift\necho "$host" >> {}/hosts\nexec "$@"\n')
        self.say()

    def program(self, name: str, text: str) -> None:
        """Write a program; `{}` stands for the folder."""
        path = self.programs / name
        path.write_text(text.replace("{}", str(self.folder)) if name != "sacct" else text)
        path.chmod(0o755)

    def say(self, *jobs: Mapping[str, str], fails: tuple[int, str] | None = None) -> None:
        """Let `sacct` know these jobs, or fail with an exit code and a complaint."""
        (self.folder / "said.json").write_text(json.dumps({"jobs": jobs, "fails": fails}))

    def asked(self) -> list[list[str]]:
        """Return what was asked since the last time: TZ, SLURM_TIME_FORMAT, the words."""
        log = self.folder / "asked.jsonl"
        lines = log.read_text().splitlines() if log.is_file() else []
        log.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]
