"""collect.azure_export against Azurite, through the real azure-storage-blob."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from builders.azure import ACCOUNT, KEY, NOW, SCOPE, Look, manifest_text
from quaestor.collect import azure_manifests, collector
from quaestor.collect.manifests import Listed
from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError
from quaestor.core.sources import AzureCostSource, AzureExportSource

pytestmark = pytest.mark.real

OCTOBER = "daily/focus/20261001-20261031"
NOVEMBER = "daily/focus/20261101-20261130"
PART = "part_0_0001.csv"
EXPORT = collector("azure-export")


@pytest.fixture
def look(container, tmp_path):
    """A source on the container."""
    source = AzureExportSource(
        name="azure",
        account_url=container.account_url,
        container=container.name,
        prefix="daily",
        connection_string=container.connection_string,
    )
    return Look(source, tmp_path)


@pytest.fixture
def downloads(monkeypatch):
    """The names of the blobs that were downloaded."""
    from azure.storage.blob import ContainerClient

    asked = []
    download = ContainerClient.download_blob

    def counted(self, blob, **options):
        asked.append(blob)
        return download(self, blob, **options)

    monkeypatch.setattr(ContainerClient, "download_blob", counted)
    return asked


def test_the_newest_delivery_of_each_period_is_in_force(container, look):
    """Deliveries state their period anew: one is in force, under a name that lasts."""
    container.deliver(f"{OCTOBER}/202610200310/aa", {PART: "old"})
    container.deliver(f"{OCTOBER}/202611010310/bb", {PART: "new", "part_1_0001.csv": "2"})
    container.deliver(NOVEMBER, {PART: "nov"})
    container.write("daily/focus/readme.txt", "not a bill")
    look.collect()

    assert look.files() == {
        f"{OCTOBER}/FocusCost/part_0_0001.csv": "new",
        f"{OCTOBER}/FocusCost/part_1_0001.csv": "2",
        f"{NOVEMBER}/FocusCost/part_0_0001.csv": "nov",
    }


def test_a_second_look_downloads_nothing(container, look, downloads):
    """Neither files nor manifests, and no new snapshot; a restated month alone comes anew."""
    container.deliver(OCTOBER, {PART: "oct"})
    container.deliver(NOVEMBER, {PART: "nov"})
    look.collect()
    first = look.landing.current()
    downloads.clear()
    look.collect()

    assert (downloads, look.landing.current()) == ([], first)

    container.deliver(NOVEMBER, {PART: "nov, restated"})
    look.collect()

    assert sorted(downloads) == [f"{NOVEMBER}/manifest.json", f"{NOVEMBER}/{PART}"]
    assert look.files()[f"{NOVEMBER}/FocusCost/{PART}"] == "nov, restated"


def test_a_killed_look_is_resumed(container, look, downloads, monkeypatch):
    """What a look landed before it was cut short is not fetched again."""
    container.deliver(OCTOBER, {PART: "oct"})
    container.deliver(NOVEMBER, {PART: "nov"})
    with monkeypatch.context() as killed:
        killed.setattr("quaestor.collect.landing.Landing.snapshot", _kill)
        with pytest.raises(KeyboardInterrupt):
            look.collect()
    downloads.clear()
    look.collect()

    assert downloads == []
    assert list(look.files().values()) == ["oct", "nov"]


def test_what_is_stored_compressed_is_landed_as_it_is(container, look):
    """Blob storage may say that a file is gzip; its bytes and its name stay as they are."""
    import gzip

    from azure.storage.blob import ContentSettings

    content = gzip.compress(b"a bill")
    settings = ContentSettings(content_encoding="gzip")
    container.client.upload_blob("daily/2025.csv.gz", content, content_settings=settings)
    look.collect()
    (file,) = look.landing.current().files

    assert (look.landing.root / file.path).read_bytes() == content


def _kill(*args, **options):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (None, "it is half written: its manifest is missing"),
        ({"blobs": [{"blobName": f"{OCTOBER}/part_7_0001.csv", "byteCount": 3}]},
         "it is half written: part_7_0001.csv is listed and not there"),
        ({"blobs": [{"blobName": f"{OCTOBER}/{PART}", "byteCount": 30}]},
         f"it is half written: {PART} has 3 of 30 bytes"),
        ({"blobCount": 2}, "its manifest counts 2 files and lists 1"),
        ({"blobs": "none"}, "its manifest cannot be read"),
    ],
)  # fmt: skip
def test_a_half_written_delivery_keeps_the_last_whole_one(container, look, manifest, reason):
    """The period stays as it was, the gap is told, and other periods move on."""
    container.deliver(f"{OCTOBER}/202610300310/aa", {PART: "good"})
    container.deliver(NOVEMBER, {PART: "nov"})
    look.collect()
    folder = f"{OCTOBER}/202610310310/bb"
    if manifest is None:
        container.write(f"{folder}/{PART}", "bad")
    else:
        container.deliver(folder, {PART: "bad"}, **manifest)
    container.deliver(NOVEMBER, {PART: "nov 2"})
    with pytest.raises(PartlyReadError) as caught:
        look.collect()

    assert look.files() == {
        f"{OCTOBER}/FocusCost/{PART}": "good",
        f"{NOVEMBER}/FocusCost/{PART}": "nov 2",
    }
    (gap,) = caught.value.gaps
    assert (gap.scope, gap.period, gap.reason) == ("daily/focus", "2026-10", reason)


def test_an_overwritten_period_half_written_keeps_what_was_landed(container, look):
    """Where each delivery overwrites the last, the landed one is the only whole one left."""
    container.deliver(OCTOBER, {PART: "good"})
    look.collect()
    container.write(f"{OCTOBER}/{PART}", "b")
    with pytest.raises(PartlyReadError) as caught:
        look.collect()

    assert look.files() == {f"{OCTOBER}/FocusCost/{PART}": "good"}
    assert "has 1 of 4 bytes" in caught.value.what


def test_exports_of_the_first_generation_have_no_manifest():
    """Several files a day, each the whole month: the newest is in force."""
    folder = "daily/actual/20261001-20261031"
    ids = ("0f5a1c2e-7b64-4f0e-9a51-3c1d2e4f5a6b", "00000000-7b64-4f0e-9a51-3c1d2e4f5a6b")
    listing = [
        Listed(f"{folder}/actual_{name}.csv", 3, name, datetime(2026, 10, 31, hour))
        for hour, name in enumerate(ids)
    ]
    ((period, files),) = azure_manifests.by_period(listing)
    delivery = azure_manifests.in_force(period, files, read=_never, now=NOW)

    assert delivery.files == ((listing[1], f"{folder}/actual.csv"),)


def test_a_file_newer_than_its_manifest_is_being_written():
    """Within the hour; a container copied long ago has its files in any order."""
    written = datetime(2026, 10, 31, 3)
    listing = [
        Listed(f"{OCTOBER}/manifest.json", 3, "1", written),
        Listed(f"{OCTOBER}/{PART}", 3, "2", written + timedelta(minutes=5)),
    ]
    text = manifest_text(OCTOBER, {PART: "abc"}, "FocusCost").encode()
    ((period, files),) = azure_manifests.by_period(listing)
    found = [
        azure_manifests.in_force(period, files, lambda _: text, written + timedelta(minutes=after))
        for after in (10, 100)
    ]

    assert [delivery.gap and delivery.gap.reason for delivery in found] == [
        "it is being written: a file is newer than its manifest",
        None,
    ]


def _never(listed):
    raise AssertionError(listed)


def test_a_pair_keeps_apart_what_is_actual_and_amortised(container, look):
    """The scope says which of the two a file is, because they are joined and never added."""
    for dataset in ("ActualCost", "AmortizedCost"):
        container.deliver(f"daily/{dataset[:3]}/20261001-20261031", {PART: dataset}, dataset)
    look.collect()

    assert look.files() == {
        f"daily/Act/20261001-20261031/ActualCost/{PART}": "ActualCost",
        f"daily/Amo/20261001-20261031/AmortizedCost/{PART}": "AmortizedCost",
    }


def test_what_would_count_twice_is_told_and_left_out(container, look):
    """A FocusCost export beside actual cost of one scope, and overlapping days of one export."""
    container.deliver("daily/focus/20261001-20261031", {PART: "focus"})
    container.deliver("daily/actual/20261001-20261031", {PART: "again"}, "ActualCost")
    container.deliver("daily/other/20261001-20261031", {PART: "other"}, "ActualCost", scope="/x")
    container.deliver("daily/focus/20261015-20261021", {PART: "a week"})
    with pytest.raises(PartlyReadError) as caught:
        look.collect()

    assert sorted(look.files().values()) == ["a week", "other"]
    assert sorted(gap.reason for gap in caught.value.gaps) == [
        "daily/focus (FocusCost) bills the same already",
        "the days 20261015-20261021 overlap with it",
    ]


def test_exports_that_are_no_bill_are_not_read(container, look):
    """Price sheets and reservations lie beside the bills."""
    container.deliver(OCTOBER, {PART: "oct"})
    container.deliver("daily/prices/20261001-20261031", {PART: "prices"}, "PriceSheet")
    look.collect()

    assert list(look.files().values()) == ["oct"]
    assert look.said[-1] == "azure: exports of PriceSheet are no bill and are not read"


def test_periods_outside_the_window_stay_as_they_were(container, look):
    """`since` asks for whole periods; what was landed of the others stays in force."""
    container.deliver(OCTOBER, {PART: "oct"})
    container.deliver(NOVEMBER, {PART: "nov"})
    look.collect()
    container.deliver(OCTOBER, {PART: "oct 2"})
    container.deliver(NOVEMBER, {PART: "nov 2"})
    look.source = msgspec.structs.replace(look.source, since=NOW.date().replace(year=2026))
    look.collect()

    assert list(look.files().values()) == ["oct", "nov 2"]


def test_a_copied_file_without_a_layout_is_a_bill(container, look):
    """Somebody put last year's file there by hand."""
    container.write("daily/2025.csv", "by hand")
    look.collect()

    assert look.files() == {"daily/2025.csv": "by hand"}


def test_an_identity_reads_as_a_key_does(container, look, identity):
    """Without a connection string, Azure's own chain of identities finds the managed one."""
    container.deliver(OCTOBER, {PART: "oct"})
    look.source = msgspec.structs.replace(look.source, connection_string=None)
    look.collect()

    assert list(look.files().values()) == ["oct"]


def test_an_address_with_a_signature_is_enough(container, look):
    """A shared access signature reads too, and stands in no scope and no message."""
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    signature = generate_container_sas(
        ACCOUNT,
        container.name,
        account_key=KEY,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=datetime(2126, 1, 1, tzinfo=UTC),
    )
    url = f"{container.account_url}?{signature}"
    changes = {"account_url": url, "connection_string": None}
    look.source = msgspec.structs.replace(look.source, **changes)
    container.deliver(OCTOBER, {PART: "oct"})
    look.collect()

    assert list(look.files().values()) == ["oct"]
    assert "sig=" not in str(look.landing.current()) + str(look.said)
    assert "sig=" not in _fails(look, prefix="weekly").as_text()


def _fails(look, **changes):
    look.source = msgspec.structs.replace(look.source, **changes)
    with pytest.raises((ConfigurationError, IncompleteError)) as caught:
        look.collect()
    assert KEY not in caught.value.as_text()
    return caught.value


def test_no_such_container(look):
    """The name is shown, and which key to correct."""
    problem = _fails(look, container="none-of-mine")

    assert problem.what == "Azure finds nothing here (404, ContainerNotFound)"
    assert problem.fix == "Correct `account_url:` or `container:`."
    assert problem.where == f"{look.source.account_url}/none-of-mine (source azure)"


def test_a_wrong_key(look, container):
    """Refused, and the key is in no message."""
    wrong = container.connection_string.replace(KEY, "A" * 86 + "==")
    problem = _fails(look, connection_string=wrong)

    assert problem.what.startswith("Azure does not accept our sign-in, or no longer (40")
    assert "AAAA" not in problem.as_text()


def test_a_connection_string_that_is_none(look):
    """It may be half a secret, so it is not repeated."""
    problem = _fails(look, connection_string="AccountKey=s3cret")

    assert problem.what == "`connection_string:` is none of Blob storage"
    assert "s3cret" not in problem.as_text()


@pytest.mark.parametrize(
    "address",
    ["acme", "acme.blob.core.windows.net", "https://acme.blob.core.windows.net/exports?sig=s3cret"],
)
def test_an_address_that_is_none(look, address):
    """Half an address, or one with the container in it, is told as such, without its signature."""
    problem = _fails(look, account_url=address, connection_string=None)

    assert problem.what == "`account_url:` is no address of a storage account"
    assert problem.where == f"{address.partition('?')[0]} (source azure)"
    assert problem.fix == (
        "Write https://ACCOUNT.blob.core.windows.net; the container has a key of its own."
    )


def test_a_connection_string_of_another_account(look):
    """Two keys that contradict each other are a mistake, not a choice."""
    problem = _fails(look, account_url="https://acme.blob.core.windows.net")

    assert problem.what == "`connection_string:` is of another account (devstoreaccount1)"


def test_an_account_that_nobody_answers_for(look, waits):
    """Tried three times, and the key to correct is named."""
    url = "https://127.0.0.1:9/acme"
    string = f"AccountName=acme;AccountKey={KEY};BlobEndpoint={url}"
    problem = _fails(look, account_url=url, connection_string=string)

    assert problem.what == "Azure cannot be reached (connection refused)"
    assert "`account_url:`" in problem.fix
    assert len(waits) == 2


def test_nothing_below_the_prefix(look):
    """An empty container is no bill of zero."""
    problem = _fails(look, prefix="weekly/")

    assert problem.what == "no export found below 'weekly/'"


def test_no_sign_in(look, monkeypatch):
    """No identity anywhere: what to do, in one line."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import DefaultAzureCredential

    def refuse(*args, **options):
        raise ClientAuthenticationError("DefaultAzureCredential failed ... s3cret")

    monkeypatch.setattr(DefaultAzureCredential, "get_token", refuse)
    monkeypatch.setattr(DefaultAzureCredential, "get_token_info", refuse)
    problem = _fails(look, connection_string=None)

    assert problem.what == "there is no Azure sign-in"
    assert "az login" in problem.fix
    assert "s3cret" not in problem.as_text()


def test_doctor_counts_and_permissions_allow_reading_alone(container, look):
    """One line of what is there; a role that cannot write."""
    container.deliver(OCTOBER, {PART: "x" * 1024**2})
    container.deliver(NOVEMBER, {PART: "nov"})
    told = EXPORT.doctor(look.source, Config())
    role = msgspec.json.decode(EXPORT.permissions(look.source))

    assert told.startswith("1 export, 2 periods, 1.0 MiB, newest file of 20")
    assert role["Actions"] == []
    assert role["DataActions"] == [
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    ]


def test_doctor_says_what_of_an_export_is_half_written(container, look):
    """Before it is collected, and beside what is whole."""
    container.deliver(OCTOBER, {PART: "oct"})
    container.write(f"{NOVEMBER}/{PART}", "nov")
    with pytest.raises(PartlyReadError) as caught:
        EXPORT.doctor(look.source, Config())

    assert caught.value.what == "2026-11: it is half written: its manifest is missing"
    assert caught.value.read.startswith("1 export, 2 periods, 6 bytes, newest file of 20")


@pytest.mark.parametrize(
    ("kind", "package"),
    [
        ("azure-export", "azure.identity"),
        ("azure-export", "azure.storage.blob"),
        ("azure-cost", "azure.identity"),
        ("azure-cost", "azure.mgmt.costmanagement"),
    ],
)
def test_a_missing_sdk_names_the_extra(monkeypatch, kind, package):
    """The base install has none of Azure's packages; the message is the command to type."""
    url = "https://127.0.0.1:9"
    sources = {
        "azure-export": AzureExportSource(name="azure", account_url=url, container="c"),
        "azure-cost": AzureCostSource(name="azure", scope=SCOPE, endpoint=url),
    }
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError) as caught:
        collector(kind).doctor(sources[kind], Config())

    assert caught.value.fix == "pip install 'quaestor[azure]'"


LIST = """<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://127.0.0.1/" ContainerName="c"><Blobs><Blob>
<Name>daily/focus/20261001-20261031/part_0_0001.csv</Name><Properties>
<BlobType>BlockBlob</BlobType>
<Last-Modified>Sat, 31 Oct 2026 03:10:00 GMT</Last-Modified><Etag>0x1</Etag>
<Content-Length>3</Content-Length></Properties></Blob></Blobs>
<NextMarker>two</NextMarker></EnumerationResults>"""


@pytest.fixture
def played(wiremock, certificate, monkeypatch, look):
    """The source on a service that answers as a test tells it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.pem))
    url = f"{wiremock.url}/acme"
    string = f"AccountName=acme;AccountKey={KEY};BlobEndpoint={url}"
    changes = {"account_url": url, "container": "c", "connection_string": string}
    look.source = msgspec.structs.replace(look.source, **changes)
    return look


def _error(status, code, **headers):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    return {
        "status": status,
        "body": body,
        "headers": {"Content-Type": "application/xml", "x-ms-error-code": code, **headers},
    }


def _page(text):
    return {"body": text, "headers": {"Content-Type": "application/xml"}}


@pytest.mark.parametrize(
    ("status", "code", "what"),
    [
        (401, "InvalidAuthenticationInfo", "does not accept our sign-in, or no longer"),
        (403, "AuthorizationPermissionMismatch", "denies us access"),
        (403, "AuthorizationFailure", "denies us access"),
    ],
)
def test_a_refusal_in_the_middle_of_paging(played, wiremock, status, code, what):
    """A token that expires, a right that is taken away: nothing changes, and it is said."""
    marker = {"marker": {"equalTo": "two"}}
    wiremock.answer("GET", "/acme/c", _error(status, code), queryParameters=marker)
    none = {"marker": {"absent": True}}
    wiremock.answer("GET", "/acme/c", _page(LIST), queryParameters=none)
    problem = _fails(played)

    assert problem.what == f"Azure {what} ({status}, {code})"
    assert played.landing.current() is None


def test_throttling_is_waited_for_as_long_as_it_says(played, wiremock, waits):
    """503 with Retry-After, and then the answer."""
    busy = _error(503, "ServerBusy", **{"Retry-After": "17"})
    listing = _page(LIST.replace("<NextMarker>two</NextMarker>", "").replace("part_0", "old_0"))
    wiremock.answer("GET", "/acme/c", busy, busy, listing)
    content = {"body": "abc", "headers": {"ETag": "0x1", "Content-Range": "bytes 0-2/3"}}
    wiremock.answer("GET", "/acme/c/daily/.*", {"status": 206, **content})
    played.collect()

    assert waits == [17, 17]
    assert list(played.files().values()) == ["abc"]


def test_throttling_without_end_is_told(played, wiremock, waits):
    """After a few minutes of waiting somebody should know."""
    wiremock.answer("GET", "/acme/c", _error(503, "ServerBusy", **{"Retry-After": "30"}))
    problem = _fails(played)

    assert problem.what == "Azure asks us to slow down, even after many tries (503, ServerBusy)"
    assert waits == [30] * 8


def test_manifests_are_as_microsoft_documents_them():
    """The builder's manifest has the documented fields; ours reads no other."""
    told = msgspec.json.decode(manifest_text(OCTOBER, {PART: "abc"}, "FocusCost"))

    assert told["exportConfig"]["resourceId"].startswith(SCOPE)
    assert told["blobs"] == [{"blobName": f"{OCTOBER}/{PART}", "byteCount": 3, "dataRowCount": 1}]
