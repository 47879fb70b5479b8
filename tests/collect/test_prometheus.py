"""collect.prometheus: what is asked of a server, what is landed, and every way it can fail."""

from __future__ import annotations

import gzip
import json
import shutil
import ssl
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import stamina

from builders.between import Between, in_between
from builders.prometheus import History, Prometheus, a_gpu, a_node, a_pod
from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.collect.prometheus_queries import FACTS, OPTIONAL
from quaestor.core.config import Config
from quaestor.core.errors import (
    ConfigurationError,
    IncompleteError,
    PartlyReadError,
    QuaestorError,
)
from quaestor.core.sources import PrometheusSource

START = datetime(2025, 3, 3)
NOW = START + timedelta(hours=30, minutes=20)
PROMETHEUS = collector("prometheus")
TOKEN, USER = {"token": "s3cret"}, {"username": "ada", "password": "pw"}


@pytest.fixture(scope="module")
def estate(prometheus_servers) -> Prometheus:
    """Thirty hours of two nodes, of which one has GPUs, and two pods."""
    history = History(START, 30)
    a_node(history, "n1", "aws:///eu-central-1a/i-1", gpus=2)
    a_node(history, "n2", "aws:///eu-central-1a/i-2")
    a_pod(history, "ml", "train-0", "n1", gpus=2, labels={"team": "nlp"})
    a_pod(history, "ml", "web", "n2")
    a_gpu(history, "n1", 0, exported_namespace="ml", exported_pod="train-0")
    return prometheus_servers(history)


@pytest.fixture
def between(estate: Prometheus) -> Iterator[Between]:
    """A proxy that passes everything on."""
    with in_between(estate.url) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Nobody waits between two tries."""
    with stamina.set_testing(True, attempts=2):
        yield


def source(url: str, **keys) -> PrometheusSource:
    """A source of two days, hour by hour; of containers is asked elsewhere."""
    usual = {"name": "metrics", "url": url, "cluster": "prod", "days": 2, "container_days": 0}
    return PrometheusSource(**{**usual, **keys})


def look(landing: Landing, url: str, now: datetime = NOW, **keys) -> QuaestorError | None:
    """Collect, and return what went wrong."""
    try:
        PROMETHEUS.collect(source(url, **keys), Config(), landing, now=now, progress=lambda _: None)
    except QuaestorError as problem:
        return problem
    return None


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "metrics")


def landed(landing: Landing) -> dict[str, set[str]]:
    """Return the kinds of facts that each file in force holds."""
    found = {}
    for file in landing.current().files:
        if file.scope.endswith("/series"):
            text = gzip.decompress((landing.root / file.path).read_bytes())
            found[file.scope] = {json.loads(line)["kind"] for line in text.splitlines()}
    return found


def bad(kind: str, error: str) -> str:
    """An error as Prometheus words one."""
    return json.dumps({"status": "error", "errorType": kind, "error": error})


def test_ended_hours_are_landed_in_few_questions(between: Between, landing: Landing):
    """One for each fact and slice, and three to know what to ask; each only for whole hours."""
    problem = look(landing, between.url)
    files = [(file.scope, file.version) for file in landing.current().files]

    assert problem is None
    assert files == [
        ("prod 2025-03-03 2025-03-03/series", "1 ended"),
        ("prod 2025-03-04 2025-03-04/series", "1 until 2025-03-04T06:00:00"),
        ("prod/metrics", None),
    ]
    assert len(between.asked) == 3 + 2 * 18
    assert {url.partition("start=")[2] for url in between.of("query_range")} == {
        "1740963600&end=1741046400&step=3600",  # 01:00 to 00:00, the ends of the hours
        "1741050000&end=1741068000&step=3600",  # up to 06:00; the hour that runs is left out
    }


def test_a_second_look_asks_for_nothing_but_the_time(between: Between, landing: Landing):
    """In the same hour: one question, no new manifest."""
    look(landing, between.url)
    manifests = sorted(landing.folder.rglob("manifests/*"))
    between.asked.clear()
    look(landing, between.url, NOW + timedelta(minutes=10))

    assert between.asked == ["/api/v1/query?query=time()"]
    assert sorted(landing.folder.rglob("manifests/*")) == manifests


def test_an_ended_day_is_not_asked_for_again(between: Between, landing: Landing):
    """An hour later only the present day is; the same bytes stay in force for the others."""
    look(landing, between.url, NOW - timedelta(hours=1))
    before = landing.current().files[0]
    between.asked.clear()
    look(landing, between.url)

    assert landing.current().files[0] == before
    assert all("start=1741050000" in url for url in between.of("query_range"))


def test_an_hour_is_landed_when_its_late_samples_are_in(estate: Prometheus, landing: Landing):
    """Four minutes past the hour the last one is still waited for."""
    look(landing, estate.url, START + timedelta(hours=26, minutes=4))

    assert landing.current().files[1].version == "1 until 2025-03-04T01:00:00"


def test_the_window_is_what_was_asked_for(between: Between, landing: Landing):
    """`since` and `until`, both included; what was landed of other days stays in force."""
    look(landing, between.url, until=date(2025, 3, 3), since=date(2025, 3, 3))
    look(landing, between.url, until=date(2025, 3, 4), since=date(2025, 3, 4))

    assert list(landed(landing)) == [
        "prod 2025-03-03 2025-03-03/series",
        "prod 2025-03-04 2025-03-04/series",
    ]


def test_long_windows_are_cut_into_weeks(between: Between, landing: Landing):
    """Sixteen days are three slices of ended days and the present one; empty ones are landed."""
    look(landing, between.url, days=16)
    scopes = [(file.scope, file.version) for file in landing.current().files[:-1]]

    assert scopes == [
        ("prod 2025-02-17 2025-02-23/series", "1 empty on 2025-03-04"),
        ("prod 2025-02-24 2025-03-02/series", "1 empty on 2025-03-04"),
        ("prod 2025-03-03 2025-03-03/series", "1 ended"),
        ("prod 2025-03-04 2025-03-04/series", "1 until 2025-03-04T06:00:00"),
    ]


def test_a_kill_in_the_middle_costs_one_slice(between: Between, landing: Landing):
    """What was landed stays; the next look goes on with the rest, also on another day."""

    def killed(_: str) -> None:
        raise KeyboardInterrupt

    steps = iter([lambda _: None, killed])
    with pytest.raises(KeyboardInterrupt):
        PROMETHEUS.collect(
            source(between.url), Config(), landing, now=NOW, progress=lambda s: next(steps)(s)
        )
    assert landing.current() is None
    between.asked.clear()
    look(landing, between.url)

    assert all("start=1741050000" in url for url in between.of("query_range"))
    assert len(landed(landing)) == 2


def test_a_fact_that_is_forbidden_is_a_gap(between: Between, landing: Landing):
    """The others are landed; at the next look that day is asked for again."""
    between.rule = lambda url: (
        (403, "text/plain", "no") if "increase(container_cpu" in url else None
    )
    problem = look(landing, between.url)
    between.rule = lambda _: None
    repaired = look(landing, between.url)

    assert isinstance(problem, PartlyReadError)
    assert [(gap.scope, gap.period, gap.reason) for gap in problem.gaps] == [
        ("pod_cpu", "2025-03-03, 2025-03-04", "the server forbids the question (403)")
    ]
    assert repaired is None
    assert all("pod_cpu" in kinds for kinds in landed(landing).values())


def test_what_was_read_before_stays_where_a_later_look_reads_less(
    between: Between, landing: Landing
):
    """A GPU exporter's metrics refused at noon do not take away the morning."""
    look(landing, between.url, NOW - timedelta(hours=2))
    between.rule = lambda url: (403, "text/plain", "no") if "DCGM" in url else None
    problem = look(landing, between.url)

    assert isinstance(problem, PartlyReadError)
    assert landing.current().files[1].version == "1 until 2025-03-04T04:00:00"


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ((200, "text/html", "<!doctype html><title>Sign in</title>"), "a web page answers"),
        ((302, "text/html", "https://login.example/"), "a web page answers, not a Prometheus"),
        ((403, "text/plain", "Forbidden"), "forbids the question (403)"),
        ((401, "text/plain", "Unauthorized"), "does not take our sign-in (401)"),
        ((404, "text/plain", "404 page not found"), "does not speak Prometheus's API"),
        ((200, "application/json", '{"data": 1}'), "does not speak Prometheus's API"),
        ((200, "application/json", '{"status": "success", "data": 1}'), "does not speak"),
        ((200, "application/json", '{"status": "succ'), "cut short"),
        ((503, "text/plain", "try later"), "the server answers 503"),
        ((500, "application/json", bad("internal", "disk\nfull")), "500 (disk\\nfull)"),
        ((400, "application/json", bad("bad_data", "parse error")), "error (parse error)"),
    ],
)
def test_a_server_that_cannot_be_read_says_why(between: Between, landing: Landing, rule, what):
    """One sentence and a remedy, no password, and nothing is landed."""
    between.rule = lambda _: rule
    problem = look(landing, between.url, **TOKEN)

    assert isinstance(problem, IncompleteError)
    assert not isinstance(problem, PartlyReadError)
    assert what in problem.what
    assert problem.fix
    assert problem.where == f"{between.url} (source metrics)"
    assert "s3cret" not in problem.as_text()
    assert landing.current() is None


def test_nobody_there_is_said_at_once(landing: Landing):
    """A closed port."""
    problem = look(landing, "http://127.0.0.1:9")

    assert problem is not None
    assert problem.what == "the server cannot be reached (connection refused)"


def test_a_passing_fault_is_tried_again(between: Between, landing: Landing):
    """A 503 and a 429 once each: nobody hears of it."""
    faults = iter([(503, "text/plain", "busy"), (429, "application/json", bad("x", "slow down"))])
    between.rule = lambda url: next(faults, None) if "query_range" in url else None
    with stamina.set_testing(True, attempts=3):
        problem = look(landing, between.url)

    assert problem is None


@pytest.mark.parametrize(
    "refusal",
    [
        (422, bad("execution", "query processing would load too many samples into memory")),
        (503, bad("timeout", "query timed out in expression evaluation")),
        (400, bad("bad_data", "exceeded maximum resolution of 11,000 points per timeseries")),
        (413, "too large"),
    ],
)
def test_a_question_that_is_too_large_is_asked_in_halves(
    between: Between, landing: Landing, tmp_path: Path, refusal: tuple[int, str]
):
    """Down to hours, if need be; the hours are the same."""

    def hours(url: str) -> int:
        query = urllib.parse.parse_qs(url.partition("?")[2])
        return (int(query["end"][0]) - int(query["start"][0])) // 3600 + 1

    def rule(url: str) -> tuple[int, str, str] | None:
        large = "avg_over_time(container_memory" in url and hours(url) > 6
        return (refusal[0], "application/json", refusal[1]) if large else None

    look(whole := Landing(tmp_path / "whole", "metrics"), between.url)
    between.rule = rule
    problem = look(landing, between.url)

    assert problem is None
    assert points(landing) == points(whole)


def points(landing: Landing) -> list[tuple[str, str, float, str]]:
    """Return every value that is in force."""
    found = []
    for file in landing.current().files:
        if file.scope.endswith("/series"):
            for line in gzip.decompress((landing.root / file.path).read_bytes()).splitlines():
                series = json.loads(line)
                labels = json.dumps(series["metric"], sort_keys=True)
                found += [(series["kind"], labels, *pair) for pair in series["values"]]
    return sorted(found)


def test_a_real_limit_of_samples_is_met_by_smaller_slices(
    prometheus_servers, estate: Prometheus, landing: Landing, tmp_path: Path
):
    """Prometheus's own --query.max-samples: the answers add up to the same."""
    history = History(START, 30)
    a_node(history, "n1", "aws:///eu-central-1a/i-1")
    a_pod(history, "ml", "web", "n1")
    small = prometheus_servers(history, options=("--query.max-samples=130",))
    unbounded = prometheus_servers(history)
    problem = look(landing, small.url)
    look(whole := Landing(tmp_path / "whole", "metrics"), unbounded.url)

    assert problem is None
    assert points(landing) == points(whole)


def test_a_question_that_stays_too_large_is_a_gap(between: Between, landing: Landing):
    """Not even an hour is answered: told with the server's words, in few questions."""
    too_many = (422, "application/json", bad("execution", "too many samples"))
    between.rule = lambda url: too_many if "increase(container_cpu" in url else None
    problem = look(landing, between.url)

    assert isinstance(problem, PartlyReadError)
    assert {gap.scope for gap in problem.gaps} == {"pod_cpu"}
    assert "too many samples" in problem.what
    assert len(between.of("increase(container_cpu")) <= 10


def test_a_partial_answer_of_thanos_is_told(between: Between, landing: Landing):
    """A store that is down makes a warning and a smaller answer: never read as zero."""

    def rule(url: str) -> tuple[int, str, str] | None:
        if "increase(container_cpu" not in url:
            return None
        data = {"resultType": "matrix", "result": []}
        warnings = ["store 10.0.0.7:10901 is unavailable"]
        return (
            200,
            "application/json",
            json.dumps({"status": "success", "data": data, "warnings": warnings}),
        )

    between.rule = rule
    problem = look(landing, between.url)

    assert isinstance(problem, PartlyReadError)
    assert "store 10.0.0.7:10901 is unavailable" in problem.gaps[0].reason
    assert landing.current().files[0].version is None, "it is asked for again"


@pytest.mark.parametrize(("minutes", "told"), [(5, "ahead of"), (-5, "behind"), (0, None)])
def test_a_clock_that_is_off_is_told(between: Between, landing: Landing, minutes, told):
    """The server's own time counts for which hours have ended; five minutes are told."""
    clock = NOW + timedelta(minutes=minutes)
    seconds = (clock - datetime(1970, 1, 1)).total_seconds()
    answer = {
        "status": "success",
        "data": {"resultType": "scalar", "result": [seconds, f"{seconds}"]},
    }
    between.rule = lambda url: (
        (200, "application/json", json.dumps(answer)) if "time()" in url else None
    )
    problem = look(landing, between.url)

    if told is None:
        assert problem is None
    else:
        assert isinstance(problem, PartlyReadError)
        (gap,) = problem.gaps
        assert gap.scope == "clock"
        assert f"5 min 0 s {told} ours" in gap.reason
        assert len(landed(landing)) == 2


def test_an_hour_that_has_not_ended_for_the_server_is_not_landed(
    between: Between, landing: Landing
):
    """Its clock is behind: by ours 06:07, by its own 06:02, where the last hour may still grow."""
    clock = START + timedelta(hours=30, minutes=2)
    seconds = (clock - datetime(1970, 1, 1)).total_seconds()
    # VictoriaMetrics answers `time()` with a vector.
    result = [{"metric": {}, "value": [seconds, f"{seconds}"]}]
    answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
    between.rule = lambda url: (
        (200, "application/json", json.dumps(answer)) if "time()" in url else None
    )
    look(landing, between.url, START + timedelta(hours=30, minutes=7))

    assert landing.current().files[1].version == "1 until 2025-03-04T05:00:00"


def test_metrics_that_are_absent_are_not_asked_for(between: Between, landing: Landing):
    """Names are asked for once; a metric under a name like it is offered."""
    names = ["kube_pod_info", "acme:container_cpu_usage_seconds_total", "up"]
    answer = json.dumps({"status": "success", "data": names})
    between.rule = lambda url: (200, "application/json", answer) if "__name__" in url else None
    look(landing, between.url)
    (file,) = [one for one in landing.current().files if one.scope == "prod/metrics"]
    told = json.loads((landing.root / file.path).read_bytes())
    facts = {fact["fact"]: (fact["present"], fact["near"]) for fact in told["facts"]}

    assert {"kube_pod_info" in url for url in between.of("query_range")} == {True}
    assert facts["pod_info"] == (["kube_pod_info"], [])
    assert facts["pod_cpu"] == ([], ["acme:container_cpu_usage_seconds_total"])


def test_names_that_are_forbidden_to_ask_are_all_asked(between: Between, landing: Landing):
    """Without the list every fact is tried."""
    between.rule = lambda url: (403, "text/plain", "no") if "__name__" in url else None

    assert look(landing, between.url) is None
    assert {"pod_cpu", "gpu_used", "node_info"} <= landed(landing)[
        "prod 2025-03-03 2025-03-03/series"
    ]


def test_a_server_without_any_of_it_is_no_empty_cluster(between: Between, landing: Landing):
    """The wrong tenant, or the wrong address: an error, not a cluster without pods."""
    answer = json.dumps({"status": "success", "data": ["up", "go_threads"]})
    between.rule = lambda url: (200, "application/json", answer) if "__name__" in url else None
    problem = look(landing, between.url)

    assert problem is not None
    assert "none of the metrics that are asked for (2 others)" in problem.what
    assert landing.current() is None


def test_several_clusters_are_not_added_up(prometheus_servers, landing: Landing, tmp_path: Path):
    """Without `cluster_label:` it is refused; with it, each source has its own pods."""
    history = History(START, 30)
    for cluster, node in (("blue", "b1"), ('gr"een\\', "g1")):
        a_node(history, node, f"aws:///z/i-{node}", cluster=cluster)
    server = prometheus_servers(history)
    refused = look(landing, server.url)
    problem = look(landing, server.url, cluster='gr"een\\', cluster_label="cluster")
    nodes = {json.loads(labels).get("node") for _, labels, *_ in points(landing)}

    assert isinstance(refused, ConfigurationError)
    assert "2 clusters" in refused.what
    assert "cluster_label: cluster" in (refused.fix or "")
    assert problem is None
    assert nodes == {"g1"}


def test_who_asks_and_for_which_tenant_is_sent(between: Between, landing: Landing, tmp_path: Path):
    """A token, one from a file, a user; more headers; ours cannot be overruled by them."""
    (tmp_path / "token").write_text("from-file\n")
    look(landing, between.url, **TOKEN, headers={"X-Scope-OrgID": "ml"})
    first = between.headers[0]
    last = {"until": date(2025, 3, 3)}
    PROMETHEUS.doctor(source(between.url, token_file=str(tmp_path / "token"), **last), Config())
    second = between.headers[-1]
    PROMETHEUS.doctor(source(between.url, **USER, **last), Config())
    third = between.headers[-1]

    assert (first["Authorization"], first["X-Scope-Orgid"]) == ("Bearer s3cret", "ml")
    assert second["Authorization"] == "Bearer from-file"
    assert third["Authorization"] == "Basic YWRhOnB3"


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"url": "prometheus:9090"}, "`url:` is no web address"),
        ({"url": "http://ada:s3cret@host"}, "`url:` holds more than an address"),
        ({"url": "http://host/?token=s3cret"}, "`url:` holds more than an address"),
        ({"token": "s3cret\nHost: evil"}, "the header Authorization cannot be sent"),
        ({"headers": {"X\r\nY": "s3cret"}}, "the header X\\r\\nY cannot be sent"),
        ({"token_file": "/nowhere/s3cret"}, "`token_file:` cannot be read"),
        ({"ca_file": "/nowhere/s3cret.pem"}, "a certificate cannot be used"),
    ],
)
def test_a_source_that_cannot_be_asked_is_refused(landing: Landing, keys, what):
    """Before anything is sent, and without repeating what may be secret."""
    problem = look(landing, **{"url": "http://127.0.0.1:9", **keys})

    assert isinstance(problem, ConfigurationError)
    assert what in problem.what
    assert "s3cret" not in problem.as_text()


@pytest.fixture(scope="module")
def mutual(
    estate: Prometheus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The same server behind TLS that wants a client's certificate."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is missing")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    proxy = Between(estate.url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.load_verify_locations(folder / "cert.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
    proxy.handle_error = lambda *_: None  # a handshake that fails is what a test wants
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{proxy.server_port}", folder
    proxy.shutdown()
    thread.join()
    proxy.server_close()


def test_mutual_tls(mutual: tuple[str, Path], landing: Landing):
    """`ca_file`, `cert_file`, `key_file`; a server that is not trusted is not asked."""
    url, folder = mutual
    files = {"ca_file": "cert.pem", "cert_file": "cert.pem", "key_file": "key.pem"}
    asked = source(url, **files, until=date(2025, 3, 3))
    told = PROMETHEUS.doctor(asked, Config(base=str(folder)))
    strange = look(landing, url)

    assert "metrics" in told
    assert strange is not None
    assert strange.what == "the server cannot be reached (its certificate is not trusted)"


def test_days_that_are_all_to_come_are_refused(between: Between, landing: Landing):
    """They would land nothing, as if there were nothing."""
    problem = look(landing, between.url, since=date(2025, 3, 5))

    assert problem is not None
    assert problem.what == "there is no day yet since 2025-03-05"
    assert landing.current() is None


def test_doctor_says_what_is_there(between: Between):
    """How many metrics, which that figures are made of are absent, and which others."""
    names = ["kube_pod_info", "DCGM_FI_DEV_GPU_UTIL", "up"]
    answer = json.dumps({"status": "success", "data": names})
    between.rule = lambda url: (200, "application/json", answer) if "__name__" in url else None
    with pytest.raises(PartlyReadError) as caught:
        PROMETHEUS.doctor(source(between.url), Config())
    needed, read = caught.value.what, caught.value.read

    assert needed.startswith("metrics: there is no container_cpu_usage_seconds_total, container_")
    assert "kube_node_info" in needed
    assert "DCGM" not in needed
    assert "kube-state-metrics" in str(caught.value.fix)
    assert read.startswith("3 metrics, 2 of 17 facts; absent, and in no figure: ")
    assert "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" in read


def test_doctor_of_a_healthy_cluster(between: Between):
    """What is in no figure is named, and so is that nobody sees what GPUs do, if there are any."""
    names = [some[0] for kind, some in FACTS.items() if kind not in OPTIONAL and kind != "gpu_used"]
    answer = json.dumps({"status": "success", "data": names})
    between.rule = lambda url: (200, "application/json", answer) if "__name__" in url else None

    assert PROMETHEUS.doctor(source(between.url), Config()).startswith(
        "8 metrics, 8 of 17 facts; no use of GPUs (DCGM_FI_PROF_GR_ENGINE_ACTIVE or "
        "DCGM_FI_DEV_GPU_UTIL); absent, and in no figure: container_network_receive_bytes_total,"
    )


def test_permissions_name_the_paths():
    """What is read, and that nothing is written; it asks nobody."""
    told = PROMETHEUS.permissions(source("http://127.0.0.1:9", cluster_label="cluster"))

    for path in ("query", "query_range", "label/__name__/values"):
        assert f"/api/v1/{path} " in told
    assert "It writes nothing" in told
    assert "whose cluster is prod" in told


@pytest.mark.online
def test_a_real_server(online, tmp_path: Path):
    """QUAESTOR_ONLINE_PROMETHEUS_URL and _CLUSTER, with _TOKEN where one is needed."""
    url, cluster = online("PROMETHEUS_URL"), online("PROMETHEUS_CLUSTER")
    told = PROMETHEUS.doctor(
        source(url, cluster=cluster, token=online("PROMETHEUS_TOKEN") or None), Config()
    )

    assert "metrics" in told
