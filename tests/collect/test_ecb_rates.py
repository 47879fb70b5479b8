"""The ECB's table is fetched when there is a newer one, whatever day the server is having."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stamina

from builders.bills import csv_text
from quaestor import pipeline
from quaestor.collect import ecb_rates
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, FilesSource
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.sources import EcbRatesSource
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)
TABLE = b"Date,USD,NOK,\n2026-10-05,1.0842,11.6543,\n"


@dataclass
class Server:
    """A web server that answers as it is told, and remembers what it was asked."""

    content: bytes = TABLE
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"one"'})
    failures: list[int] = field(default_factory=list)  # codes of the next answers
    cut: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/eurofxref-hist.csv"


@pytest.fixture
def server() -> Iterator[Server]:
    """Listening on a port of its own."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(dict(self.headers))
            code = server.failures.pop(0) if server.failures else 200
            etag = server.headers.get("ETag")
            since = server.headers.get("Last-Modified")
            if code == 200 and (
                (etag and self.headers.get("If-None-Match") == etag)
                or (since and self.headers.get("If-Modified-Since") == since)
            ):
                code = 304
            self.send_response(code)
            for name, value in server.headers.items():
                self.send_header(name, value)
            body = server.content if code == 200 else b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if server.cut else body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield server
        http.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Try as often as ever, without waiting in between."""
    with stamina.set_testing(True, attempts=5):
        yield


@dataclass
class Rates:
    """A source of rates and where it lands."""

    folder: Path
    url: str

    @property
    def source(self) -> EcbRatesSource:
        return EcbRatesSource(name="ecb", url=self.url)

    @property
    def landing(self) -> Landing:
        return Landing(self.folder / "landing", "ecb")

    def collect(self) -> list[bytes]:
        """Look once; return the tables in force."""
        config = Config(sources=(self.source,), base=str(self.folder))
        ecb_rates.collect(self.source, config, self.landing, now=NOW, progress=lambda _: None)
        return self.in_force()

    def in_force(self) -> list[bytes]:
        manifest = self.landing.current()
        files = manifest.files if manifest else ()
        return [(self.landing.root / file.path).read_bytes() for file in files]

    def manifests(self) -> int:
        return len(list(self.landing.folder.glob("manifests/*.json")))


@pytest.fixture
def rates(tmp_path: Path, server: Server) -> Rates:
    """Nothing landed yet."""
    return Rates(tmp_path, server.url)


@pytest.mark.parametrize(
    ("headers", "condition"),
    [
        ({"ETag": '"one"'}, ("If-None-Match", '"one"')),
        (
            {"Last-Modified": "Fri, 20 Nov 2026 15:00:00 GMT"},
            ("If-Modified-Since", "Fri, 20 Nov 2026 15:00:00 GMT"),
        ),
    ],
)
def test_what_is_not_newer_is_not_fetched_again(
    rates: Rates, server: Server, headers: dict[str, str], condition: tuple[str, str]
):
    """The second look sends the condition, gets 304 and lands nothing."""
    server.headers = headers
    assert rates.collect() == [TABLE]
    assert rates.collect() == [TABLE]

    assert condition not in server.asked[0].items()
    assert condition in server.asked[1].items()
    assert rates.manifests() == 1


def test_a_newer_table_replaces_the_one_before(rates: Rates, server: Server):
    """And a server without ETag and date is believed by the bytes alone."""
    rates.collect()
    server.content, server.headers = TABLE + b"2026-10-06,1.1,11.7,\n", {"ETag": '"two"'}
    assert rates.collect() == [server.content]
    server.headers = {}
    assert rates.collect() == [server.content]
    landed = rates.manifests()
    assert rates.collect() == [server.content]

    assert rates.manifests() == landed


def test_a_table_that_is_gone_from_the_landing_folder_is_fetched_again(
    rates: Rates, server: Server
):
    """No condition is sent for what is not there any more."""
    rates.collect()
    [path] = (rates.landing.folder / "files").iterdir()
    path.unlink()

    assert rates.collect() == [TABLE]
    assert "If-None-Match" not in server.asked[1]


@pytest.mark.parametrize("failures", [[503], [429, 502, 500, 504]])
def test_a_server_having_a_bad_day_is_asked_again(
    rates: Rates, server: Server, failures: list[int]
):
    """Up to five times."""
    server.failures = list(failures)

    assert rates.collect() == [TABLE]
    assert logging.getLogger("stamina").handlers, "or each attempt is printed among our own lines"
    assert len(server.asked) == len(failures) + 1


@pytest.mark.parametrize(
    ("code", "asked", "fix"),
    [(503, 5, "it was tried 5 times"), (404, 1, "Correct `url:`"), (403, 1, "Correct `url:`")],
)
def test_a_server_that_refuses_leaves_what_was_in_force(
    rates: Rates, server: Server, code: int, asked: int, fix: str
):
    """Code, address and remedy; a wrong address is not asked for twice."""
    rates.collect()
    server.asked, server.failures = [], [code] * 9
    with pytest.raises(IncompleteError) as caught:
        rates.collect()

    assert f"the server answers {code}" in caught.value.what
    assert fix in str(caught.value.fix)
    assert len(server.asked) == asked
    assert rates.in_force() == [TABLE]


def test_an_answer_cut_short_is_never_landed(rates: Rates, server: Server):
    """Half a table would be a table of old rates."""
    server.cut = True
    with pytest.raises(IncompleteError) as caught:
        rates.collect()

    assert rates.in_force() == []
    assert len(server.asked) == 5
    assert "try again" in str(caught.value.fix).lower()


def test_a_page_of_html_is_no_table(rates: Rates, server: Server):
    """A portal that asks for a login answers 200 as well."""
    server.content = b"<!doctype html><html>Please log in</html>"
    with pytest.raises(IncompleteError) as caught:
        rates.collect()

    assert caught.value.what == "the answer is no table of exchange rates"


def test_nobody_listening_is_said(rates: Rates):
    """Address, reason, and the way without a network."""
    rates.url = "http://127.0.0.1:1/rates.csv"
    with pytest.raises(IncompleteError) as caught:
        rates.collect()

    assert "cannot be reached" in caught.value.what
    assert "127.0.0.1:1" in str(caught.value.where)
    assert "name it as `rates:` instead" in str(caught.value.fix)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "rates.csv"])
def test_only_web_addresses_are_fetched(rates: Rates, url: str):
    """A file goes to `rates:`."""
    rates.url = url
    with pytest.raises(ConfigurationError) as caught:
        rates.collect()

    assert "is no web address" in caught.value.what


def test_nothing_secret_of_an_address_is_written_down(rates: Rates, server: Server, tmp_path: Path):
    """A signature in an address is sent, and stands in no message, manifest or progress."""
    told: list[str] = []
    source = EcbRatesSource(name="ecb", url=f"{server.url}?sig=s3cret")
    ecb_rates.collect(source, Config(), rates.landing, now=NOW, progress=told.append)
    server.failures = [404]
    with pytest.raises(IncompleteError) as caught:
        ecb_rates.collect(source, Config(), rates.landing, now=NOW, progress=told.append)
    rates.landing.record(NOW, caught.value)
    written = [path.read_text() for path in rates.landing.folder.rglob("*") if path.is_file()]

    assert len(written) == 3
    assert "s3cret" not in str([*written, *told, caught.value.what, caught.value.where])


@pytest.mark.parametrize("url", ["https://ada:s3cret@rates.example/r.csv", "https://[s3cret/"])
def test_an_address_that_is_not_asked_is_not_repeated(rates: Rates, url: str):
    """A password would be taken for a port, and said."""
    source = EcbRatesSource(name="ecb", url=url)
    with pytest.raises(ConfigurationError) as caught:
        ecb_rates.collect(source, Config(), rates.landing, now=NOW, progress=lambda _: None)

    assert "s3cret" not in str([caught.value.what, caught.value.where, caught.value.fix])


def test_doctor_and_permissions_say_what_they_see(rates: Rates, server: Server):
    """How large, how old; which host."""
    server.headers = {"Last-Modified": "Fri, 20 Nov 2026 15:00:00 GMT"}
    config = Config(sources=(rates.source,), base=str(rates.folder))

    assert ecb_rates.doctor(rates.source, config) == (
        "0 KiB, changed Fri, 20 Nov 2026 15:00:00 GMT"
    )
    assert "www.ecb.europa.eu by HTTPS" in ecb_rates.permissions(EcbRatesSource(name="ecb"))
    assert rates.manifests() == 0


def test_a_bill_is_converted_by_the_landed_table(rates: Rates, server: Server, tmp_path: Path):
    """From the address to the charge; a table that cannot be read changes no rate."""
    (tmp_path / "bill.csv").write_text(csv_text({"BillingCurrency": "EUR"}))
    files = FilesSource(name="bill", path="bill.csv")
    config = Config(sources=(files, rates.source), base=str(tmp_path))
    path = tmp_path / "quaestor.duckdb"

    def built() -> tuple[list[tuple[object, ...]], list[str]]:
        assert pipeline.collect(config, now=NOW, progress=str) == []
        spots = pipeline.build(config, path, now=NOW, progress=str).blind_spots
        with Warehouse(path, read_only=True) as warehouse:
            found = warehouse.rows("select x_billing_currency_rate from focus.charge")
        return found, [spot.reason for spot in spots]

    assert built() == ([(Decimal("1.0842"),)], [])
    server.content, server.headers = b"Date,USD,\n2026-10-05,free,\n", {}
    found, [said] = built()
    assert found == [(Decimal("1.0842"),)]
    assert "line 2: USD 'free' is no rate" in said
    server.content = b"Date,USD,\n2026-10-05,1.5,\n"

    assert built() == ([(Decimal("1.5"),)], [])
