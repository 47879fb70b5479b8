"""Ask Azure Resource Manager page by page, through azure-core's own pipeline.

Everything that is wanted stands behind one address: workspaces, sizes of machines, metrics, role
assignments. The released SDK (azure-mgmt-machinelearningservices 1.0) knows neither jobs nor
models nor online endpoints, and the others would add 15 MB for two questions; azure-core brings
the sign-in, the retries and the errors that all of them use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from quaestor.collect import azure
from quaestor.core.errors import ConfigurationError, IncompleteError

if TYPE_CHECKING:
    from quaestor.core.sources import AzureMlSource

T = TypeVar("T")
ML = "2024-10-01"  # the version of the API of Microsoft.MachineLearningServices
_WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
_MISSING = "`subscription:`, `resource_group:`, `workspace:` and `registry:`"
_TIMES = {"connection_timeout": 10, "read_timeout": 60}  # seconds
# Where run history answers, in each of Azure's clouds: our token is sent to no other host.
_HISTORY = (".api.azureml.ms", ".api.ml.azure.us", ".api.ml.azure.cn")


@dataclass(frozen=True)
class Arm:
    """A client that is signed in, and the source that it asks for."""

    source: AzureMlSource
    client: Any

    @property
    def workspace(self) -> str:
        """Return the workspace's resource id."""
        return f"{self._group(self.source.resource_group)}/{_WORKSPACE}/{self.source.workspace}"

    @property
    def registry(self) -> str:
        """Return the registry's resource id."""
        group = self.source.registry_resource_group or self.source.resource_group
        return (
            f"{self._group(group)}/Microsoft.MachineLearningServices/registries/"
            f"{self.source.registry}"
        )

    @property
    def place(self) -> str:
        """Return what is asked, as people write it."""
        return f"the workspace {self.source.workspace} of Azure Machine Learning"

    def _group(self, name: str) -> str:
        return f"/subscriptions/{self.source.subscription}/resourceGroups/{name}/providers"

    def items(self, path: str, version: str = ML, **query: str) -> Iterator[dict[str, Any]]:
        """Yield what a list holds, from every page.

        Raises:
            QuaestorError: A refusal, no answer, one that is not Azure's, or a next page on
                another host, which must not see our token.
        """
        link = self.address(path, version, **query)
        seen: set[str] = set()
        while link:
            if urlsplit(link).netloc != urlsplit(self.source.endpoint).netloc or link in seen:
                raise self._no_answer()
            seen.add(link)
            page = self.ask("GET", link)
            found = page.get("value") or []
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise self._no_answer()
            yield from found
            link = str(page.get("nextLink") or "")

    def one(self, path: str, version: str = ML, **query: str) -> dict[str, Any]:
        """Return a single object."""
        return self.ask("GET", self.address(path, version, **query))

    def found(self, path: str, version: str = ML) -> dict[str, Any] | None:
        """Return a single object, None where there is none."""
        from azure.core.exceptions import HttpResponseError

        with azure.explained(self.source, self.place, _MISSING):
            try:
                return self.answer("GET", self.address(path, version))
            except HttpResponseError as problem:
                if problem.status_code == 404:
                    return None
                raise

    def address(self, path: str, version: str, **query: str) -> str:
        """Return where a path is."""
        named = {name.replace("filter_", "$filter"): value for name, value in query.items()}
        asked = urlencode({"api-version": version, **named}, quote_via=quote)
        return f"{self.source.endpoint.rstrip('/')}{quote(path, safe='/%')}?{asked}"

    def ask(self, method: str, address: str, body: Any = None) -> dict[str, Any]:
        """Ask one question and return the answer, a JSON object.

        Raises:
            QuaestorError: A refusal, no answer, or one that is not Azure's.
        """
        with azure.explained(self.source, self.place, _MISSING):
            return self.answer(method, address, body)

    def answer(self, method: str, address: str, body: Any = None) -> dict[str, Any]:
        """Ask as `ask` does; what goes wrong is raised as azure-core raises it."""
        from azure.core.exceptions import HttpResponseError
        from azure.core.rest import HttpRequest
        from azure.mgmt.core.exceptions import ARMErrorFormat

        reply = self.client.send_request(HttpRequest(method, address, json=body), **_TIMES)
        if reply.status_code >= 400:
            raise HttpResponseError(response=reply, error_format=ARMErrorFormat)
        try:
            told = reply.json()
        except ValueError:
            told = None
        if not isinstance(told, dict) or reply.status_code != 200:
            raise self._no_answer()
        return told

    def history(self, workspace: dict[str, Any]) -> str:
        """Return where MLflow's API of a workspace is, which knows when jobs ran.

        Raises:
            IncompleteError: The workspace names none, or one that is not Azure's.
        """
        told = str((workspace.get("properties") or {}).get("mlFlowTrackingUri") or "")
        address = told.replace("azureml://", "https://", 1)
        host = urlsplit(address)
        ours = host.netloc == urlsplit(self.source.endpoint).netloc
        if host.scheme == "https" and (ours or str(host.hostname).endswith(_HISTORY)):
            return f"{address.rstrip('/')}/api/2.0/mlflow"
        raise IncompleteError(
            "the workspace does not say where its run history is",
            where=f"{self.place} (source {self.source.name})",
            fix="Ask with a right to read the workspace; a proxy may change the answers.",
        )

    def taken(self, take: Callable[[Any], T], told: object) -> T:
        """Take from an object what is landed of it.

        Raises:
            IncompleteError: It has another shape than Azure's.
        """
        try:
            return take(told)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._no_answer() from None

    def _no_answer(self) -> IncompleteError:
        where = f"{self.place} (source {self.source.name})"
        return azure.no_answer_of("Azure Resource Manager", where)


def segment(name: object) -> str:
    """Return a name as one segment of a path, whatever is in it.

    >>> segment("churn"), segment("../x?y")
    ('churn', '..%2Fx%3Fy')
    """
    return quote(str(name), safe="")


@contextmanager
def opened(source: AzureMlSource, progress: Callable[[str], None]) -> Iterator[Arm]:
    """Sign in at the configured endpoint, of whichever cloud that is.

    Raises:
        QuaestorError: azure-core is not installed, or the address is none.
    """
    endpoint = source.endpoint.rstrip("/")
    if urlsplit(endpoint).scheme != "https" or not urlsplit(endpoint).hostname:
        raise ConfigurationError(
            "`endpoint:` is no https:// address",
            where=f"source {source.name}",
            fix="Leave it out, or name your cloud's, such as https://management.usgovcloudapi.net.",
        )
    found = azure.credential(source.name)
    try:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import UserAgentPolicy
        from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
    except ImportError:
        raise azure.not_installed("azure-mgmt-core", source.name) from None
    policies = [
        UserAgentPolicy(),
        azure.patience(progress),
        ARMChallengeAuthenticationPolicy(found, f"{endpoint}/.default"),
    ]
    made: Any = PipelineClient(endpoint, policies=policies)
    with made as client:
        yield Arm(source, client)
