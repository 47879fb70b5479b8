"""collect.azure_cost: the real azure-mgmt-costmanagement against WireMock, as Microsoft answers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from builders.azure import ACCOUNT, KEY, SCOPE, Look
from quaestor.collect import collector
from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.sources import AzureCostSource

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("identity", "waits")]

NOW = datetime(2026, 11, 21, 6)
API = f"{SCOPE}/providers/Microsoft.CostManagement"
QUERY = f"{API}/query"
DETAILS = f"{API}/generateCostDetailsReport"
RESULTS = f"{API}/costDetailsOperationResults/7b64"
QPU = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"
COLUMNS = ["Cost", "UsageDate", "ServiceName", "Currency"]
COST = collector("azure-cost")


@pytest.fixture
def look(wiremock, tmp_path):
    """A source that asks for November alone, by query."""
    source = AzureCostSource(
        name="azure", scope=SCOPE, method="query", endpoint=wiremock.url, since=date(2026, 11, 1)
    )
    return Look(source, tmp_path)


def page(*rows, link=None, columns=COLUMNS):
    """A page of the query API's answer; amounts are given as JSON spells them."""
    kinds = [{"name": name, "type": "String"} for name in columns]
    told = {"columns": kinds, "nextLink": link, "rows": "ROWS"}
    text = json.dumps({"id": "q", "type": "Microsoft.CostManagement/query", "properties": told})
    listed = "[" + ",".join(rows) + "]"
    return {"body": text.replace('"ROWS"', listed), "headers": {"Content-Type": "application/json"}}


def of(dataset):
    """Match questions for actual or amortised cost."""
    return {"bodyPatterns": [{"matchesJsonPath": f"$[?(@.type == '{dataset}')]"}]}


def error(status, code, **headers):
    """An answer that is an error, as Azure Resource Manager writes it."""
    headers = {"Content-Type": "application/json", **headers}
    return {
        "status": status,
        "headers": headers,
        "jsonBody": {"error": {"code": code, "message": "no: sig=s3cret"}},
    }


def fails(look, **changes):
    """Collect, and return the error; no secret is in it."""
    look.source = msgspec.structs.replace(look.source, **changes)
    with pytest.raises((ConfigurationError, IncompleteError)) as caught:
        look.collect(NOW)
    assert "s3cret" not in caught.value.as_text()
    return caught.value


def test_pages_are_followed_and_numbers_stay_as_they_are(look, wiremock):
    """Actual and amortised cost, every page, each digit as the answer spells it."""
    link = "{{{request.baseUrl}}}" + f"{QUERY}?api-version=2025-03-01&$skiptoken=AQAAAA%3D%3D"
    more = {"queryParameters": {"$skiptoken": {"equalTo": "AQAAAA=="}}}
    first = {"queryParameters": {"$skiptoken": {"absent": True}}}
    wiremock.answer(
        "POST", QUERY, page('[0.1000000000000000055511151231,20261101,"Storage","EUR"]', link=link),
        **of("ActualCost"), **first,
    )  # fmt: skip
    wiremock.answer("POST", QUERY, page('[1.60101E-07,20261102,null,"EUR"]'), **more)
    wiremock.answer("POST", QUERY, page('[2,20261101,"Storage","EUR"]'), **of("AmortizedCost"))
    look.collect(NOW)

    header = "dataset,Cost,UsageDate,ServiceName,Currency\n"
    assert [text.removeprefix(header).splitlines() for text in look.files().values()] == [
        [
            "ActualCost,0.1000000000000000055511151231,20261101,Storage,EUR",
            "ActualCost,1.60101E-07,20261102,,EUR",
        ],
        ["AmortizedCost,2,20261101,Storage,EUR"],
    ]
    asked = json.loads(wiremock.requests(QUERY)[0]["body"])
    assert asked["timePeriod"] == {"from": "2026-11-01T00:00:00Z", "to": "2026-11-30T23:59:59Z"}
    assert asked["dataset"]["granularity"] == "Daily"
    assert {"type": "Dimension", "name": "ChargeType"} in asked["dataset"]["grouping"]


def test_throttling_is_waited_for_as_long_as_its_own_header_says(look, wiremock, waits):
    """429 with the header that the SDK does not know, which is longer than Retry-After."""
    busy = error(429, "429", **{QPU: "23", "Retry-After": "1"})
    wiremock.answer("POST", QUERY, busy, busy, page('[2,20261101,"Storage","EUR"]'))
    look.collect(NOW)

    assert waits == [23, 23]
    assert "Azure asks us to wait 23 s" in look.said
    assert len(look.files()) == 2


@pytest.mark.parametrize(
    ("asks", "waited", "what"),
    [
        (40, [40] * 8, "Azure asks us to slow down, even after many tries (429)"),
        (3600, [], "Azure asks us to wait 3,600 s, which is too long (429)"),
    ],
)
def test_throttling_without_end_is_told(look, wiremock, waits, asks, waited, what):
    """After eight tries, and at once where it asks for more than a quarter of an hour."""
    wiremock.answer("POST", QUERY, error(429, "429", **{QPU: str(asks)}))

    assert (fails(look).what, waits) == (what, waited)


def test_a_credential_that_expires_in_the_middle_of_paging(look, wiremock):
    """The second page is refused: nothing comes into force, and what to do is said."""
    link = "{{{request.baseUrl}}}" + f"{QUERY}?api-version=2025-03-01&$skiptoken=2"
    first = {"queryParameters": {"$skiptoken": {"absent": True}}}
    more = {"queryParameters": {"$skiptoken": {"equalTo": "2"}}}
    wiremock.answer("POST", QUERY, page('[2,20261101,"Storage","EUR"]', link=link), **first)
    wiremock.answer("POST", QUERY, error(401, "ExpiredAuthenticationToken"), **more)
    problem = fails(look)

    assert problem.what == (
        "Azure does not accept our sign-in, or no longer (401, ExpiredAuthenticationToken)"
    )
    assert "az login" in problem.fix
    assert look.landing.current() is None


@pytest.mark.parametrize(
    ("status", "code", "what", "fix"),
    [
        (403, "RBACAccessDenied", "Azure denies us access", "`quaestor permissions azure`"),
        (404, "SubscriptionNotFound", "Azure finds nothing here", "`scope:`"),
        (400, "BadRequest", "Azure cannot answer this", "`method:`"),
    ],
)
@pytest.mark.parametrize("method", ["query", "details"])
def test_a_refusal_names_its_remedy(look, wiremock, status, code, what, fix, method):
    """A right that is missing, a scope that is none, an offer that has no reports."""
    wiremock.answer("POST", f"{API}/.*", error(status, code))
    problem = fails(look, method=method)

    assert problem.what == f"{what} ({status}, {code})"
    assert fix in problem.fix
    assert problem.where == f"127.0.0.1{SCOPE}, 2026-11 ActualCost (source azure)"


def test_a_next_page_elsewhere_does_not_see_our_token(look, wiremock):
    """A link to another host is not followed."""
    link = "https://evil.example/query?$skiptoken=2"
    wiremock.answer("POST", QUERY, page('[2,20261101,"Storage","EUR"]', link=link))

    assert fails(look).what == "the link to the next page leads elsewhere"


@pytest.mark.parametrize("body", ["<html>sign in</html>", '{"properties": {"rows": 3}}', "[]"])
def test_an_answer_of_another_shape_is_none(look, wiremock, body):
    """A login page in between is no bill of zero."""
    reply = {"body": body, "headers": {"Content-Type": "text/html"}}
    wiremock.answer("POST", QUERY, reply)
    problem = fails(look)

    assert isinstance(problem, IncompleteError)
    assert look.landing.current() is None


def test_a_month_is_fetched_until_it_is_closed_and_settled(look, wiremock):
    """Open and last closed month anew, earlier ones once more after that and then never."""
    wiremock.answer("POST", QUERY, page('[2,20261101,"Storage","EUR"]'))
    look.source = msgspec.structs.replace(look.source, since=date(2026, 8, 1))

    def asked(now):
        before = len(wiremock.requests(QUERY))
        look.collect(now)
        bodies = [json.loads(one["body"]) for one in wiremock.requests(QUERY)[before:]]
        return sorted({body["timePeriod"]["from"][:7] for body in bodies})

    assert asked(NOW) == ["2026-08", "2026-09", "2026-10", "2026-11"]
    assert asked(NOW) == []
    assert asked(NOW + timedelta(days=1)) == ["2026-10", "2026-11"]
    assert asked(datetime(2026, 12, 2)) == ["2026-10", "2026-11", "2026-12"]
    assert asked(datetime(2026, 12, 3)) == ["2026-11", "2026-12"]
    assert len(look.files()) == 10


def test_a_look_cut_short_is_resumed(look, wiremock):
    """What came before the refusal is not asked for again."""
    answer = page('[2,20261101,"Storage","EUR"]')
    wiremock.answer("POST", QUERY, answer, **of("ActualCost"))
    refused = error(403, "RBACAccessDenied")
    wiremock.answer("POST", QUERY, refused, answer, **of("AmortizedCost"))
    fails(look)
    look.collect(NOW)
    asked = [json.loads(one["body"])["type"] for one in wiremock.requests(QUERY)]

    assert asked == ["ActualCost", "AmortizedCost", "AmortizedCost"]
    assert len(look.files()) == 2


def test_no_cost_anywhere_is_no_bill(look, wiremock):
    """An empty answer for every month is told, not landed as zero."""
    wiremock.answer("POST", QUERY, page())

    assert fails(look).what == "Azure has no cost in any of these months"


def signed(container, name):
    """An address of a blob that is its own permission, as a report has it."""
    from azure.storage.blob import BlobSasPermissions, generate_blob_sas

    signature = generate_blob_sas(
        ACCOUNT, container.name, name, account_key=KEY, permission=BlobSasPermissions(read=True),
        expiry=datetime(2126, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return f"{container.account_url}/{container.name}/{name}?{signature}"


def result(status="Completed", **more):
    """The end of a long-running report, with the fields that Microsoft documents."""
    return {
        "jsonBody": {"id": RESULTS, "name": "7b64", "status": status, **more},
        "headers": {"Content-Type": "application/json"},
        "transformers": [],
    }


def accepted():
    """A report that is not written yet."""
    location = "{{{request.baseUrl}}}" + f"{RESULTS}?api-version=2025-03-01"
    return {"status": 202, "headers": {"Location": location, "Retry-After": "30"}}


def test_a_report_is_polled_and_its_files_are_downloaded(look, wiremock, container, waits):
    """202, 202, 200 with a manifest, and the files from storage by their signatures."""
    for number in ("0", "1"):
        container.write(f"armreports/{number}.csv", f"report {number}")
    links = [signed(container, f"armreports/{number}.csv") for number in ("0", "1")]
    manifest = {
        "manifestVersion": "2025-03-01",
        "dataFormat": "Csv",
        "compressData": False,
        "blobCount": 2,
        "byteCount": 16,
        "blobs": [{"blobLink": link, "byteCount": 8} for link in links],
    }
    wiremock.answer("POST", DETAILS, accepted())
    wiremock.answer("GET", RESULTS, accepted(), accepted(), result(manifest=manifest))
    look.source = msgspec.structs.replace(look.source, method="details")
    look.collect(NOW)

    assert list(look.files().values()) == ["report 0", "report 1"] * 2
    assert [name.partition("2026-11/")[2] for name in look.files()] == [
        "ActualCost/0.csv",
        "ActualCost/1.csv",
        "AmortizedCost/0.csv",
        "AmortizedCost/1.csv",
    ]
    assert 30 in waits
    asked = [json.loads(one["body"]) for one in wiremock.requests(DETAILS)]
    assert sorted(one["metric"] for one in asked) == ["ActualCost", "AmortizedCost"]
    assert {one["timePeriod"]["end"] for one in asked} == {"2026-11-21"}

    before = len(wiremock.requests())
    look.collect(NOW)
    assert len(wiremock.requests()) == before


def test_a_report_that_fails_is_told(look, wiremock):
    """Its status is an error of its own, with the way around it."""
    wiremock.answer("POST", DETAILS, accepted())
    wiremock.answer(
        "GET", RESULTS, result("Failed", error={"code": "ReportTimeout", "message": "sig=s3cret"})
    )
    problem = fails(look, method="details")

    assert problem.what == "Azure could not write the report (ReportTimeout)"
    assert "`method: query`" in problem.fix


@pytest.mark.parametrize("end", [result("NoDataFound"), {"status": 204}])
def test_a_report_of_nothing_is_no_bill(look, wiremock, end):
    """Both ways in which Azure says that a month has no cost."""
    wiremock.answer("POST", DETAILS, accepted())
    wiremock.answer("GET", RESULTS, end)

    assert fails(look, method="details").what == "Azure has no cost in any of these months"


def test_a_signature_that_has_expired_is_not_shown(look, wiremock, container):
    """The address of a report is a secret for some hours."""
    link = f"{container.account_url}/{container.name}/gone.csv?sig=s3cret"
    wiremock.answer("POST", DETAILS, accepted())
    wiremock.answer("GET", RESULTS, result(manifest={"blobs": [{"blobLink": link}]}))
    problem = fails(look, method="details")

    assert problem.what.startswith("Azure d")


def test_an_address_that_is_none_is_not_shown(look, wiremock):
    """Whatever answers instead of Azure: a sentence, no traceback with what may be a signature."""
    link = "/c/b.csv?sig=s3cret"
    wiremock.answer("POST", DETAILS, accepted())
    wiremock.answer("GET", RESULTS, result(manifest={"blobs": [{"blobLink": link}]}))
    problem = fails(look, method="details")

    assert problem.what == "what answers does not speak the API of Cost Management"
    assert "s3cret" not in problem.as_text()


def test_without_tls_no_token_is_sent(look):
    """An http address is refused before anybody is asked."""
    problem = fails(look, endpoint="http://127.0.0.1:9")

    assert problem.what == "`endpoint:` is no https:// address"


def test_doctor_and_permissions(look, wiremock):
    """What this month costs so far, from one small question; a role that only reads."""
    columns = ["Cost", "Currency"]
    wiremock.answer("POST", QUERY, page('[12.5,"EUR"]', columns=columns))
    role = json.loads(COST.permissions(look.source))

    assert COST.doctor(look.source, Config()) == "reachable; this month so far: 12.5 EUR"
    assert all(action.endswith("/read") for action in role["Actions"])
    assert role["AssignableScopes"] == [SCOPE]
