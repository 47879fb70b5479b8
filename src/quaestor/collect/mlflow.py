"""Read a model registry through MLflow's client and land it as one JSON file.

The file has the shape of MLflow's REST API: registered models, their versions, and the runs
that versions refer to, sorted, so that an unchanged registry gives the same bytes and no new
manifest. Where the server runs its auth app, a second file says who may do what. Both can be
carried into a closed network and read as `{kind: files, schema: mlflow}`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import msgspec

from quaestor.collect.cleared import cleared
from quaestor.collect.mlflow_grants import ask_grants
from quaestor.collect.mlflow_rest import in_order, model_as_json, run_as_json, version_as_json
from quaestor.core.errors import (
    ConfigurationError,
    IncompleteError,
    PartlyReadError,
    QuaestorError,
)
from quaestor.core.landed import Gap
from quaestor.core.network import network_reason
from quaestor.core.text import printable

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config, MlflowSource
    from quaestor.core.landed import LandedFile

MODELS_PER_PAGE = 1_000  # the most a server gives
VERSIONS_PER_PAGE = 10_000
RUNS_PER_QUESTION = 500  # run ids named in one filter
# A server that is down is to be known in seconds; MLflow's own settings take four minutes.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
FIRST_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


def collect(
    source: MlflowSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land models, versions and their runs (see `Collector.collect`)."""
    del config  # an address needs no base folder
    with opened(source) as registry:
        client = registry.client
        models = list(registry.pages(client.search_registered_models, MODELS_PER_PAGE))
        progress(f"{len(models):,} models")
        versions = list(registry.pages(client.search_model_versions, VERSIONS_PER_PAGE))
        progress(f"{len(versions):,} model versions")
        runs = list(_runs(registry, {version.run_id for version in versions if version.run_id}))
        progress(f"{len(runs):,} runs")
        grants = ask_grants(registry.scope)
    content = {
        "registered_models": in_order(map(model_as_json, models), "name"),
        "model_versions": in_order(map(version_as_json, versions), "name", "version"),
        "runs": sorted(map(run_as_json, runs), key=lambda run: str(run["info"]["run_id"])),
    }
    landed = landing.land_bytes(
        cleared(msgspec.json.encode(content)) + b"\n", "registry.json", registry.scope
    )
    beside, gaps = _landed_grants(landing, registry.scope, grants)
    landing.snapshot([landed, *beside], kind="mlflow", schema="mlflow", now=now)
    if gaps:
        raise PartlyReadError(gaps, where=f"{registry.scope} (source {source.name})")


def _landed_grants(
    landing: Landing, uri: str, grants: dict[str, Any] | Gap | None
) -> tuple[list[LandedFile], list[Gap]]:
    """Land who may do what; where that is refused, what was read before stays in force."""
    scope = f"{uri}#permissions"
    if isinstance(grants, Gap):
        current = landing.current()
        return [file for file in current.files if file.scope == scope] if current else [], [grants]
    if grants is None:
        return [], []
    content = msgspec.json.encode(grants) + b"\n"
    return [landing.land_bytes(content, "permissions.json", scope)], []


def doctor(source: MlflowSource, config: Config) -> str:
    """Say the server's version and how many models it shows (see `Collector.doctor`)."""
    del config
    with opened(source) as registry:
        search = registry.client.search_registered_models
        models = sum(1 for _ in registry.pages(search, MODELS_PER_PAGE))
        version = _server_version(registry.scope)
        grants = ask_grants(registry.scope)
    told = f"MLflow {version}, {models:,} model{'s' if models != 1 else ''} visible"
    if isinstance(grants, Gap):
        where = f"{registry.scope} (source {source.name})"
        raise PartlyReadError([grants], where=where, read=told)
    if grants is None:
        return f"{told}; it lists no roles (no auth app, or an older one): grants are unknown"
    return f"{told}, permissions of {len(grants['users']):,} users"


def permissions(source: MlflowSource) -> str:
    """Say what the account at the registry must be allowed (see `Collector.permissions`)."""
    shown, *_ = without_credentials(source.uri)
    return (
        f"No cloud permission. At {shown} the account needs the permission READ on every "
        "registered model\nand on the experiments of their runs; it is asked to search registered "
        "models, model versions,\nexperiments and runs, and writes nothing. A server without "
        "authentication needs nothing.\nWho may do what is shown to administrators of MLflow's "
        "auth app alone; to others that is a blind\nspot. Grants of Databricks and Unity Catalog "
        "cannot be asked for: state them in model.gov.yaml."
    )


def without_credentials(uri: str) -> tuple[str, str | None, str | None]:
    """Split an address into what may be shown, and the user and password it carries.

    Raises:
        ConfigurationError: It is no http or https address; the message does not repeat it.

    >>> without_credentials("https://ada:s%40crt@mlflow.example:5000/ml/")
    ('https://mlflow.example:5000/ml', 'ada', 's@crt')
    """
    try:
        parts = urlsplit(uri.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ConfigurationError(
            "`uri:` is no http:// or https:// address",
            fix="Give the server's address, such as https://mlflow.acme.example; a local store "
            "(sqlite:, file:) can be served with `mlflow server --backend-store-uri ...`.",
        )
    host = parts.netloc.rpartition("@")[2]
    shown = urlunsplit(SplitResult(parts.scheme, host, parts.path.rstrip("/"), "", ""))
    user = unquote(parts.username) if parts.username else None
    return shown, user, unquote(parts.password) if parts.password else None


@dataclass(frozen=True)
class Registry:
    """A client, and how to ask it so that every fault gets its sentence."""

    client: MlflowClient
    scope: str
    name: str

    def ask(self, call: Callable[..., Any], **query: Any) -> Any:
        """Ask one question.

        Raises:
            IncompleteError: No answer, a refusal, or an answer that is not MLflow's.
        """
        from google.protobuf.json_format import (  # type: ignore[import-untyped] # has no stubs
            ParseError,
        )
        from mlflow.exceptions import MlflowException

        where = f"{self.scope} (source {self.name})"
        try:
            return call(**query)
        except MlflowException as problem:
            raise _explanation(problem, where) from None
        except (ParseError, ValueError, AttributeError, TypeError, RecursionError) as problem:
            # The client takes replies apart without looking at their shape first.
            raise IncompleteError(
                f"what answers does not speak MLflow's API ({type(problem).__name__})",
                where=where,
                fix="Check `uri:`; a login page or another service may be in between.",
            ) from None

    def pages(self, search: Callable[..., Any], size: int, **query: Any) -> Iterator[Any]:
        """Yield every entity of every page of a search."""
        token: str | None = None
        while True:
            page = self.ask(search, max_results=size, page_token=token, **query)
            yield from page
            token = page.token
            if not token:
                return


@contextmanager
def opened(source: MlflowSource) -> Iterator[Registry]:
    """Open a client and ask it one small question, so that what is wrong shows at once."""
    try:
        scope, user, password = without_credentials(source.uri)
    except ConfigurationError as problem:
        where = f"source {source.name}"
        raise ConfigurationError(problem.what, where=where, fix=problem.fix) from None
    forced = {"MLFLOW_DISABLE_TELEMETRY": "true"}  # we tell nobody that we looked
    if user is not None:
        forced |= {
            "MLFLOW_TRACKING_USERNAME": user,
            "MLFLOW_TRACKING_PASSWORD": password or "",
        }
    with _environment(forced, defaults=PATIENCE):
        try:
            from mlflow import MlflowClient
        except ImportError:
            raise ConfigurationError(
                "MLflow's client is not installed",
                where=f"source {source.name}",
                fix="pip install 'quaestor[mlflow]'",
            ) from None
        client = MlflowClient(tracking_uri=scope, registry_uri=scope)
        registry = Registry(client, scope, source.name)
        with _environment({}, defaults=FIRST_PATIENCE, instead_of=PATIENCE):
            registry.ask(client.search_registered_models, max_results=1)
        yield registry


@contextmanager
def _environment(
    forced: Mapping[str, str],
    *,
    defaults: Mapping[str, str],
    instead_of: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Set variables that MLflow reads at each request, and put back what was there.

    Args:
        forced: Set whatever was there.
        defaults: Set only where the user has not.
        instead_of: Earlier defaults; a variable that still has one counts as not set.
    """
    earlier = instead_of or {}
    free = {
        name: value
        for name, value in defaults.items()
        if os.environ.get(name, earlier.get(name)) == earlier.get(name)
    }
    before = {name: os.environ.get(name) for name in (*forced, *free)}
    os.environ.update({**free, **forced})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _explanation(problem: Any, where: str) -> QuaestorError:
    text = str(problem)
    status = problem.get_http_status_code()
    if status in (401, 403):
        return IncompleteError(
            f"the registry refuses us ({status} "
            f"{'not signed in' if status == 401 else 'not allowed'})",
            where=where,
            fix="Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
            "MLFLOW_TRACKING_TOKEN, of an account that may read every model.",
        )
    if status == 404:
        return IncompleteError(
            "there is no model registry at this address (404)",
            where=where,
            fix="Check `uri:`; it is what MLFLOW_TRACKING_URI would be, path included.",
        )
    if "not in a valid JSON format" in text or "Response body: '<" in text:
        return IncompleteError(
            "what answers does not speak MLflow's API (a page, no JSON)",
            where=where,
            fix="Check `uri:`; a login page or a proxy may be in between.",
        )
    if "failed with exception" in text or "failed with timeout" in text:
        return IncompleteError(
            f"the registry cannot be reached ({network_reason(text)})",
            where=where,
            fix="Start it, or correct `uri:`; what was read before stays in force.",
        )
    return IncompleteError(
        f"the registry answers with an error ({printable(text)[:200]})",
        where=where,
        fix="Look into the server's log, then run again; what was read before stays in force.",
    )


def _server_version(scope: str) -> str:
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        credentials = get_default_host_creds(scope)  # type: ignore[no-untyped-call] # MLflow's own
        reply = http_request(  # type: ignore[no-untyped-call] # MLflow's own
            credentials, "/version", "GET", max_retries=0
        )
    except MlflowException:
        return "of unknown version"  # the registry has answered; only this page is behind a wall
    text = str(reply.text).strip()
    return text if re.fullmatch(r"\d+(\.\w+){1,4}", text) else "of unknown version"


def _runs(registry: Registry, wanted: set[str]) -> Iterator[Any]:
    """Yield runs by id, many to a question: the API has no page over runs of any experiment."""
    from mlflow.entities import ViewType

    if not wanted:
        return
    experiments = [
        experiment.experiment_id
        for experiment in registry.pages(
            registry.client.search_experiments, 1_000, view_type=ViewType.ALL
        )
    ]
    # An id goes into a filter; what is no plain word is none that MLflow ever gave.
    ids = sorted(run_id for run_id in wanted if re.fullmatch(r"[\w-]+", run_id))
    for start in range(0, len(ids) if experiments else 0, RUNS_PER_QUESTION):
        listed = ", ".join(f"'{run_id}'" for run_id in ids[start : start + RUNS_PER_QUESTION])
        yield from registry.pages(
            registry.client.search_runs,
            RUNS_PER_QUESTION,
            experiment_ids=experiments,
            filter_string=f"attributes.run_id in ({listed})",
            run_view_type=ViewType.ALL,
        )
