"""Metrics: read by Prometheus itself, equal to the ledger, bounded, and used as they are called."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from builders import prometheus
from builders.parties import Server, free_port
from quaestor.cli.main import run
from quaestor.report.openmetrics import FOLDER, help_of, render
from quaestor.warehouse.duckdb import Warehouse

NOW = "2026-11-21T06:00:00Z"
METRICS = {"quaestor_build_info", *(path.stem for path in FOLDER.glob("*.sql"))}
HOSTILE = 'a"b\\c\nd{e="f"} 7\n# EOF\n</tr>'
NAME = re.compile(r"\bquaestor_\w+")


@pytest.fixture(scope="module")
def audited(tmp_path_factory, checkout) -> Path:
    """examples/quickstart, audited, with `metrics:`."""
    folder = tmp_path_factory.mktemp("metrics") / "estate"
    shutil.copytree(checkout / "examples" / "quickstart", folder)
    config = folder / "quaestor.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "\nmetrics: out/quaestor.prom\n")
    (folder / "out").mkdir()

    assert run(["audit", "-q", "--config", str(config), "--now", NOW]) == 1
    return folder


@pytest.fixture
def estate(audited, tmp_path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(audited, tmp_path / "estate"))


@pytest.fixture
def warehouse(estate):
    """Its warehouse."""
    with Warehouse(estate / "quaestor.duckdb") as opened:
        yield opened


def samples(text: str) -> dict[str, list[tuple[dict, float]]]:
    """Return every sample, as the OpenMetrics parser of Prometheus' own client reads it."""
    return {
        family.name: [(one.labels, one.value) for one in family.samples]
        for family in text_string_to_metric_families(text)
    }


def test_every_audit_writes_what_export_prints(audited, capsys):
    """One text, whole, that ends as OpenMetrics does and is the same each time."""
    written = (audited / "out" / "quaestor.prom").read_text(encoding="utf-8")
    capsys.readouterr()
    run(["export", "metrics", "--warehouse", str(audited / "quaestor.duckdb")])

    assert capsys.readouterr().out == written
    assert written.endswith("\n# EOF\n")
    assert [path.name for path in (audited / "out").iterdir()] == ["quaestor.prom"]


def test_a_file_that_cannot_be_written_changes_no_verdict(estate, capsys):
    """It is said, and the alert on the age of the audit says it too."""
    shutil.rmtree(estate / "out")
    code = run(["audit", "-q", "--no-collect", "--config", str(estate / "quaestor.yaml")])

    assert code == 1
    assert "metrics: error: cannot be written" in capsys.readouterr().err


def test_every_metric_says_what_it_is(audited):
    """A help of one sentence, and a name by Prometheus' rules (promtool's linter)."""
    text = (audited / "out" / "quaestor.prom").read_text(encoding="utf-8")

    assert {name for name in METRICS if not name.startswith("quaestor_")} == set()
    assert [p.stem for p in FOLDER.glob("*.sql") if not help_of(p.read_text()).endswith(".")] == []
    assert set(samples(text)) <= METRICS
    if prometheus.is_there():
        checked = subprocess.run(
            ["promtool", "check", "metrics"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_its_sums_are_the_ledgers(warehouse):
    """Month to date, idle GPUs, coverage, budget, findings, saving, blind spots."""
    told = samples(render(warehouse))
    latest = "(select date_trunc('month', max(day)) from ledger.cost)"
    asked = {
        "quaestor_cost_month_to_date": "select sum(effective_cost) from ledger.cost "
        f"where date_trunc('month', day) = {latest}",
        "quaestor_cost_last_day": "select sum(effective_cost) from ledger.cost "
        "where day = (select max(day) from ledger.billed_day where complete)",
        "quaestor_budget_spent": f"select sum(spent) from ledger.budget where month = {latest}",
        "quaestor_findings": "select count(*) from audit.finding",
        "quaestor_violations": "select failed from audit.run",
        "quaestor_new_violations": "select 0",  # of the first audit nothing is new
        "quaestor_advised_saving_per_month": "select sum(counted_saving_per_month) "
        "from audit.standing_recommendation where state in ('open', 'reopened')",
        "quaestor_blind_spots": "select count(*) from audit.blind_spot",
        "quaestor_models": "select count(*) from ledger.maturity where scope = 'model'",
    }
    right = {name: warehouse.rows(sql)[0][0] for name, sql in asked.items()}
    sums = {name: sum(value for _, value in told.get(name, [])) for name in asked}

    assert sums == pytest.approx({name: float(value or 0) for name, value in right.items()})
    assert told["quaestor_audit_timestamp_seconds"] == [({}, 1795240800.0)]


def test_a_name_is_a_value_of_a_label_and_nothing_else(warehouse):
    """Quotes, backslashes and line ends of a hostile name come back as they were."""
    warehouse.run("update ledger.cost set team = ? where team is not null", [HOSTILE])
    told = samples(render(warehouse))["quaestor_cost_month_to_date"]

    assert HOSTILE in {labels["team"] for labels, _ in told}


def test_what_is_unknown_is_absent_and_never_zero(warehouse):
    """Of a charge without a rate, a budget that is not known, a level that cannot be said."""
    warehouse.run("update ledger.cost set effective_cost = null where model = 'ranker'")
    warehouse.run("update ledger.budget set spent = null, forecast_cost = null")
    warehouse.run("update ledger.coverage set model_ratio = null, team_ratio = null")
    warehouse.run("update ledger.maturity set level = null")
    told = samples(render(warehouse))
    costs = told["quaestor_cost_month_to_date"]

    assert "ranker" not in {labels["model"] for labels, _ in costs}
    assert "churn" in {labels["model"] for labels, _ in costs}
    assert not told.keys() & {
        *("quaestor_budget_spent", "quaestor_budget_forecast", "quaestor_coverage_ratio"),
        "quaestor_model_maturity_level",
    }
    assert {labels["level"] for labels, _ in told["quaestor_models"]} == {"unknown"}


def test_an_empty_warehouse_has_metrics_too():
    """Before the first build: what wrote it, and that nothing is known."""
    with Warehouse(":memory:") as warehouse:
        told = samples(render(warehouse))

    assert told.keys() == {"quaestor_build_info", "quaestor_blind_spots"}


def test_an_estate_of_any_size_has_so_many_series(warehouse):
    """The dearest pairs of team and model, the rest as one: it still adds up."""
    warehouse.run(
        """
        insert into ledger.cost by name
        select c.* replace ('team-' || (n % 40) as team, 'model-' || n as model)
        from ledger.cost as c cross join range(3000) as many (n)
        where c.model = 'churn' and date_trunc('month', c.day) = (
            select date_trunc('month', max(day)) from ledger.cost
        )
        """
    )
    told = samples(render(warehouse))["quaestor_cost_month_to_date"]
    [(total,)] = warehouse.rows(
        "select sum(effective_cost) from ledger.cost where date_trunc('month', day) = "
        "(select date_trunc('month', max(day)) from ledger.cost)"
    )
    pairs = {(labels["team"], labels["model"]) for labels, _ in told}

    assert len(pairs) <= 201
    assert ("(others)", "(others)") in pairs
    assert sum(value for _, value in told) == pytest.approx(float(total), rel=1e-12)


def test_dashboard_and_alerts_use_metrics_and_labels_that_exist(checkout, audited):
    """A panel on a metric that nobody writes is empty for ever, and nobody knows why."""
    deploy = checkout / "examples" / "deploy"
    dashboard = (deploy / "grafana" / "quaestor.json").read_text(encoding="utf-8")
    alerts = (deploy / "prometheus" / "quaestor-alerts.yaml").read_text(encoding="utf-8")
    readme = (deploy / "README.md").read_text(encoding="utf-8")
    used = set(NAME.findall(dashboard + alerts))

    assert used <= METRICS
    assert len(used) > 15
    assert set(re.findall(r"`(quaestor_\w+)`", readme)) == METRICS
    panels = [one for one in json.loads(dashboard)["panels"] if one["type"] != "row"]
    assert len({(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels}) == len(panels)
    assert max(one["gridPos"]["x"] + one["gridPos"]["w"] for one in panels) == 24


@pytest.fixture(scope="module")
def scraped(audited, checkout, tmp_path_factory):
    """A Prometheus that has scraped the file and knows the alerts; asks it a query."""
    if not prometheus.is_there():
        pytest.skip("Prometheus is not installed")
    folder = tmp_path_factory.mktemp("prometheus")
    files = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_File, (audited / "out" / "quaestor.prom").read_bytes())
    )
    threading.Thread(target=files.serve_forever, args=(0.01,), daemon=True).start()
    alerts = checkout / "examples" / "deploy" / "prometheus" / "quaestor-alerts.yaml"
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(alerts)],
        "scrape_configs": [
            {
                "job_name": "quaestor",
                "static_configs": [{"targets": [f"127.0.0.1:{files.server_port}"]}],
            }
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    command = [
        *("prometheus", f"--config.file={folder}/prometheus.yml", "--log.level=warn"),
        *(f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"),
    ]
    server = Server(folder, command, port)
    server.start()
    ask = partial(_asked, f"http://127.0.0.1:{port}/api/v1/")
    try:
        _until(lambda: _is_ready(f"http://127.0.0.1:{port}/-/ready"))
        _until(lambda: ask("query", query="quaestor_build_info")["result"])
        yield ask
    finally:
        server.stop()
        files.shutdown()
        files.server_close()


class _File(http.server.BaseHTTPRequestHandler):
    def __init__(self, content: bytes, *arguments) -> None:
        self.content = content
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Serve the file as OpenMetrics."""
        self.send_response(200)
        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0")
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _asked(address: str, what: str, **query: str):
    with urllib.request.urlopen(f"{address}{what}?{urllib.parse.urlencode(query)}") as reply:  # noqa: S310 - our own server
        return json.load(reply)["data"]


def _is_ready(address: str) -> bool:
    """Say whether Prometheus has opened its database; it listens before."""
    try:
        urllib.request.urlopen(address).close()  # noqa: S310 - our own server
    except urllib.error.HTTPError as problem:
        problem.close()
        return False
    return True


def _until(holds) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("it never came to hold")


@pytest.mark.real
def test_prometheus_takes_it_and_every_query_of_the_dashboard_is_answered(
    scraped, checkout, audited
):
    """Each series arrives with its value; each panel's query is one that Prometheus can answer."""
    text = (audited / "out" / "quaestor.prom").read_text(encoding="utf-8")
    dashboard = json.loads(
        (checkout / "examples" / "deploy" / "grafana" / "quaestor.json").read_text(encoding="utf-8")
    )
    queries = [
        one["expr"].replace("$currency", "USD").replace("$team", ".*")
        for panel in dashboard["panels"]
        for one in panel.get("targets", [])
    ]
    empty = [query for query in queries if not scraped("query", query=query)["result"]]
    [found] = scraped("query", query="sum(quaestor_cost_month_to_date)")["result"]
    here = sum(value for _, value in samples(text)["quaestor_cost_month_to_date"])

    assert len(queries) > 15
    assert [query for query in empty if "idle_gpu" not in query] == []  # it has no GPUs
    assert float(found["value"][1]) == pytest.approx(here)


@pytest.mark.real
def test_alerts_are_evaluated(scraped):
    """By Prometheus, without a fault; the estate's breached budget fires."""
    firing = 'ALERTS{alertname="QuaestorBudgetExceeded", alertstate="firing"}'
    _until(lambda: scraped("query", query=firing)["result"])
    rules = [rule for group in scraped("rules")["groups"] for rule in group["rules"]]

    assert {rule["health"] for rule in rules} == {"ok"}
    assert [one["metric"]["budget"] for one in scraped("query", query=firing)["result"]] == [
        "search"
    ]


@pytest.mark.real
def test_alerts_fire_when_they_should(checkout, tmp_path):
    """Promtool's unit tests: over budget, stale, new violations, idle GPUs, and no other."""
    if not prometheus.is_there():
        pytest.skip("promtool is not installed")
    alerts = checkout / "examples" / "deploy" / "prometheus" / "quaestor-alerts.yaml"
    checked = subprocess.run(
        ["promtool", "check", "rules", "--lint-fatal", str(alerts)], capture_output=True, text=True
    )
    series = {
        'quaestor_budget_amount{budget="a",currency="USD"}': 100,
        'quaestor_budget_forecast{budget="a",currency="USD"}': 120,
        'quaestor_budget_spent{budget="a",currency="USD"}': 50,
        'quaestor_new_violations{severity="critical"}': 2,
        'quaestor_new_violations{severity="high"}': 9,
        'quaestor_idle_gpu_cost_last_day{currency="USD",team="x"}': 300,
        'quaestor_cost_last_day{currency="USD",team="x"}': 1000,
        "quaestor_audit_timestamp_seconds": 0,
        "quaestor_blind_spots": 0,
    }
    wanted = {
        "QuaestorBudgetForecastAboveAmount": 1,
        "QuaestorBudgetExceeded": 0,
        "QuaestorNewCriticalViolations": 1,
        "QuaestorIdleGpus": 1,
        "QuaestorAuditStale": 1,
        "QuaestorBillStale": 0,
        "QuaestorBlindSpots": 0,
        "QuaestorNotificationFailed": 0,
    }
    expressions = [
        {
            "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}}) or vector(0)',
            "eval_time": "48h",
            "exp_samples": [{"labels": "{}", "value": count}],
        }
        for name, count in wanted.items()
    ]
    test = {
        "rule_files": [str(alerts)],
        "evaluation_interval": "10m",
        "tests": [
            {
                "interval": "10m",
                "input_series": [
                    {"series": name, "values": f"{value}x400"} for name, value in series.items()
                ],
                "promql_expr_test": expressions,
            }
        ],
    }
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump(test), encoding="utf-8")
    tested = subprocess.run(
        ["promtool", "test", "rules", str(path)], capture_output=True, text=True
    )

    assert (checked.returncode, checked.stderr) == (0, "")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    names = {
        rule["alert"] for g in yaml.safe_load(alerts.read_text())["groups"] for rule in g["rules"]
    }
    assert names == set(wanted)


def test_amounts_keep_every_digit(warehouse):
    """Decimal in, decimal out; a float would have shown."""
    exact = "12345678901234.1234567890123456789"
    warehouse.run("update ledger.budget set spent = ?::decimal(38, 20)", [exact])

    assert f"{exact}\n" in render(warehouse)
