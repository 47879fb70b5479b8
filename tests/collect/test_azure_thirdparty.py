"""Microsoft's published REST examples, replayed to the real SDK: we read what they print."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from quaestor.collect import azure_cost, azure_details, azure_query
from quaestor.core.sources import AzureCostSource

pytestmark = [
    pytest.mark.thirdparty,
    pytest.mark.real,
    pytest.mark.usefixtures("identity", "waits"),
]


@pytest.fixture
def example(reference: Path):
    """Read a published example."""
    folder = reference.parent / "services" / "azure_official_examples"
    if not folder.is_dir():
        pytest.skip("no published examples beside the checkout")
    return lambda name: json.loads((folder / f"{name}.json").read_text())


def _here(answer):
    """The example's answer with its own host where it names Azure's."""
    return json.dumps(answer).replace("https://management.azure.com", "{{{request.baseUrl}}}")


def test_the_published_query_is_paged(example, wiremock):
    """Its next page lies under another account than its scope; both pages are read."""
    told = example("DepartmentQuery")
    scope, asked = told["parameters"]["scope"], told["parameters"]["parameters"]
    body = told["responses"]["200"]["body"]
    kind = {"Content-Type": "application/json"}
    wiremock.answer(
        "POST", f"/{scope}/providers/Microsoft.CostManagement/query",
        {"body": _here(body), "headers": kind},
    )  # fmt: skip
    last = {**body, "properties": {**body["properties"], "nextLink": None}}
    wiremock.answer(
        "POST", "/providers/Microsoft.Billing/billingAccounts/70664866/departments/123/.*",
        {"jsonBody": last, "headers": kind, "transformers": []},
        queryParameters={"$skiptoken": {"equalTo": "AQAAAA=="}},
    )  # fmt: skip
    source = AzureCostSource(name="azure", scope=scope, endpoint=wiremock.url)
    with azure_cost._client(source, print) as client:
        pages = list(azure_query.pages(client, scope, asked, "the example"))

    assert [page["columns"] for page in pages] == [
        ["PreTaxCost", "ResourceGroup", "UsageDate", "Currency"]
    ] * 2
    assert pages[0]["rows"] == pages[1]["rows"]
    assert pages[0]["rows"][0] == ["19.545363672276512", "JapanUnifia-Trial", "20180331", "USD"]


def test_the_published_report_is_polled(example, wiremock):
    """202 with its Location, then the manifest with one file."""
    told = example("GenerateCostDetailsReportBySubscriptionAndTimePeriod")
    scope = told["parameters"]["scope"]
    headers = json.loads(_here(told["responses"]["202"]["headers"]))
    api = f"/+{scope}/providers/Microsoft.CostManagement"
    wiremock.answer("POST", f"{api}/generateCostDetailsReport", {"status": 202, "headers": headers})
    done = {
        "jsonBody": told["responses"]["200"]["body"],
        "headers": {"Content-Type": "application/json"},
        "transformers": [],
    }
    waiting = {"status": 202, "headers": headers}
    wiremock.answer("GET", f"{api}/costDetailsOperationResults/.*", waiting, done)
    source = AzureCostSource(name="azure", scope=scope, endpoint=wiremock.url)
    with azure_cost._client(source, print) as client:
        parts = azure_details.report(
            client, scope, date(2020, 3, 1), "ActualCost", datetime(2020, 3, 15), "the example"
        )

    (blob,) = [SimpleNamespace(**one) for one in done["jsonBody"]["manifest"]["blobs"]]
    assert parts == [azure_details.Part(blob.blobLink, compressed=False)]
    asked = json.loads(wiremock.requests("generateCostDetailsReport")[0]["body"])
    assert asked == told["parameters"]["parameters"]
