"""Install what tests talk to: a browser, axe-core, an MLflow server, Spark, stand-ins for clouds.

Run by `make test`; does nothing where all is there. What cannot be installed here is said,
and the tests that need it skip; with CI=true (or REQUIRE_REAL=1) that is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core")
MLFLOW = "mlflow[auth]==3.17.2"
BIGQUERY = ("bqemulator==1.4.0", "duckdb==1.5.5", "duckdb-extension-spatial==1.5.5", "numpy")
NPM_PACKAGES = {
    "axe-core": "axe-core@4.14.1",
    "azurite": "azurite@3.35.0",
    "wiremock": "wiremock@3.13.2",
}
JAVA = "default-jre-headless"  # runs WireMock and Spark, and has the keytool for a certificate
SPARK = "pyspark==4.0.1"  # no part of [dev]: it is large, and of use only where Java 17 is
JAVA_OF_SPARK = 17


def main() -> int:
    """Install what is missing and return 1 where something must be there and is not."""
    missing = [
        reason
        for reason in (
            browser(),
            axe(),
            mlflow(),
            azurite(),
            wiremock(),
            bigquery(),
            prometheus(),
            spark(),
        )
        if reason
    ]
    for reason in missing:
        print(f"missing: {reason}", file=sys.stderr)  # noqa: T201 - a program that speaks to people
    required = os.environ.get("CI") == "true" or os.environ.get("REQUIRE_REAL") == "1"
    return 1 if missing and required else 0


def browser() -> str | None:
    """Install Chromium where this is root on Debian; return why there is none."""
    if any(shutil.which(name) for name in BROWSERS):
        return None
    return debian("chromium", *DEBIAN_PACKAGES)


def axe() -> str | None:
    """Install what finds faults of accessibility in a page; return why it is not there."""
    return debian("npm", "nodejs", "npm") or npm("axe-core")


def mlflow() -> str | None:
    """Give MLflow an environment of its own; return why there is none."""
    return environment("mlflow", "MLflow", MLFLOW)


def environment(name: str, title: str, *packages: str, code: str = "") -> str | None:
    """Give a party an environment and a HOME of its own; return why there is none.

    Args:
        name: Its folder's.
        title: What people call it.
        packages: What pip installs; the first, which names its version, is the one wanted.
        code: Python that it runs there once.
    """
    folder = CHECKOUT / ".parties" / name
    stamp = folder / f".{packages[0]}"
    if stamp.is_file():
        return None
    say(f"installing {packages[0]} into {folder.relative_to(CHECKOUT)}")
    python = str(folder / "bin" / "python")
    if run("sh", str(CHECKOUT / ".ci" / "venv"), str(folder), sys.executable):
        return f"{title}. {folder} could not be made."
    if run(python, "-m", "pip", "install", "--quiet", *packages):
        return f"{title}. pip could not install {' '.join(packages)}."
    home = folder / "home"
    home.mkdir(exist_ok=True)
    if code and run("env", f"HOME={home}", python, "-c", code):
        return f"{title}. It could not be made ready."
    stamp.touch()
    return None


# Put the extension that came from PyPI where DuckDB looks for one, below this HOME.
_GIVE_EXTENSION = """
import pathlib, shutil, duckdb, duckdb_extension_spatial as spatial
(platform,) = duckdb.sql("pragma platform").fetchone()
home = pathlib.Path.home() / ".duckdb" / "extensions" / f"v{duckdb.__version__}" / platform
home.mkdir(parents=True, exist_ok=True)
for found in pathlib.Path(spatial.__file__).parent.rglob("*.duckdb_extension"):
    shutil.copy(found, home)
"""


def bigquery() -> str | None:
    """Give the emulator of BigQuery an environment and a HOME; return why there is none."""
    return environment("bigquery", "BigQuery's emulator", *BIGQUERY, code=_GIVE_EXTENSION)


def prometheus() -> str | None:
    """Install Prometheus, its promtool, and VictoriaMetrics; return why there is none."""
    return (
        debian("promtool", "prometheus")
        or debian("prometheus", "prometheus")
        or debian("victoria-metrics", "victoria-metrics")
    )


def azurite() -> str | None:
    """Install Azure's Blob storage for one machine; return why there is none."""
    return debian("node", "nodejs", "npm") or npm("azurite")


def wiremock() -> str | None:
    """Install the server that gives the answers it is told; return why there is none."""
    return debian("npm", "nodejs", "npm") or debian("keytool", JAVA) or npm("wiremock")


def spark() -> str | None:
    """Install Spark beside Quaestor, where Java is new enough; return why there is none."""
    if missing := debian("java", JAVA):
        return missing
    told = subprocess.run(("java", "-version"), capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < JAVA_OF_SPARK:
        return f"Spark. It needs Java {JAVA_OF_SPARK} or later."
    if find_spec("pyspark"):
        return None
    say(f"installing {SPARK}")
    failed = run(sys.executable, "-m", "pip", "install", "--quiet", SPARK)
    return f"Spark. pip could not install {SPARK}." if failed else None


def debian(program: str, *packages: str) -> str | None:
    """Install Debian's packages unless a program is there; return why it is not."""
    if shutil.which(program):
        return None
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        return f"{program}. Install it (Debian: apt-get install {' '.join(packages)}), then again."
    say("installing " + " ".join(packages))
    install = ("apt-get", "install", "-qq", "--yes", "--no-install-recommends", *packages)
    if run(*install):
        run("apt-get", "update", "-qq")
        run(*install)
    return None if shutil.which(program) else f"{program}. apt-get could not install it."


def npm(name: str) -> str | None:
    """Install a package of npm into a folder of its own; return why there is none."""
    folder = CHECKOUT / ".parties" / name
    stamp = folder / f".{NPM_PACKAGES[name]}"
    if stamp.is_file():
        return None
    say(f"installing {NPM_PACKAGES[name]} into {folder.relative_to(CHECKOUT)}")
    quiet = ("--silent", "--no-audit", "--no-fund", "--prefix", str(folder))
    if run("npm", "install", *quiet, NPM_PACKAGES[name]):
        return f"{name}. npm could not install {NPM_PACKAGES[name]}."
    stamp.touch()
    return None


def say(what: str) -> None:
    """Tell what takes its time."""
    print(what, file=sys.stderr, flush=True)  # noqa: T201 - a program that speaks to people


def run(*command: str) -> int:
    """Run a program without a terminal to ask questions on; return its exit code."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
