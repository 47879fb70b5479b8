"""`quaestor explain`: every figure can be followed down to a row of a landed file."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from builders.rows import charge, insert
from quaestor import ledger
from quaestor.audit.gate import decide
from quaestor.audit.record import record
from quaestor.core.config import AttributionRule, Config, SharedRule
from quaestor.core.finding import Finding, fingerprint_of
from quaestor.core.landed import LandedFile
from quaestor.core.period import utc
from quaestor.core.run_summary import RunSummary
from quaestor.core.verdict import Severity, Verdict
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.state import note_landed, remember

OCTOBER = "ab" * 32
NOVEMBER = "cd" * 32
RULES = (AttributionRule(name="gpu", match={"ResourceId": "gpu-*"}, model="churn"),)
CHURN = '{"model": "churn", "team": "growth", "stage": "production"}'
FOUND = fingerprint_of("model-without-owner", "registry", "churn")


@pytest.fixture
def estate(warehouse):
    """A bill of two months, its ledger, one model with an owner missing, and an audit of it."""
    charge(warehouse, "2026-10-01", "10.25", Tags=CHURN, ResourceId="vm-1")
    charge(warehouse, "2026-10-02", "0.75", Tags=CHURN, ResourceId="vm-1", x_row=2)
    charge(warehouse, "2026-10-03", "4", ResourceId="gpu-1", x_row=3)
    charge(warehouse, "2026-10-04", "99", Tags='{"model": "fraud"}', ResourceId="vm-2", x_row=4)
    for number in range(12):
        row = {"ResourceId": f"gpu-{number}", "x_file": "bills/nov.csv", "x_row": number + 1}
        charge(warehouse, "2026-11-01", str(number), x_file_sha256=NOVEMBER, **row)
    insert(
        warehouse,
        "focus.file",
        source="bills",
        file="bills/oct.csv",
        sha256=OCTOBER,
        scope="bills/2026-10.csv",
        read_as="commas",
        rows_landed=5,
        rows_loaded=4,
        format="focus",
        rows_quarantined=1,
        rows_left_out=0,
        charges=4,
        values_rounded=0,
        amount_cut=0,
    )
    insert(warehouse, "config.setting", name="currency", value="USD")
    for key in ("model", "team"):
        insert(warehouse, "config.tag_key", field=key, position=0, key=key)
    insert(warehouse, "config.budget", budget="growth-team", amount=100, team="growth")
    insert(warehouse, "registry.model", source="registry", model="churn", risk_tier=1)
    insert(
        warehouse,
        "registry.model_version",
        source="registry",
        model="churn",
        version="7",
        lifecycle="production",
        aliases=["champion"],
    )
    ledger.build(warehouse, Config(attribution=RULES), lambda _: None)
    audit(warehouse, "2026-11-20", Verdict.UNKNOWN)
    audit(warehouse, "2026-11-21", Verdict.FAIL)
    return warehouse


def audit(warehouse, day, verdict):
    """Record one audit with one finding of that verdict, and a clean one beside it."""
    findings = (
        a_finding("model-without-owner", "churn", verdict),
        a_finding("version-without-run", "churn:7", Verdict.PASS),
    )
    summary = RunSummary(
        kind="audit",
        targets=(),
        decision=decide(findings, fail_on=Severity.HIGH),
        findings=findings,
        blind_spots=(),
        fail_on=Severity.HIGH,
        audited_at=utc(day),
        evidence_at=None,
        currency="USD",
        configuration="quaestor.yaml",
        version="0.1.0",
    )
    record(warehouse, summary, config_digest="c")


def a_finding(policy, subject, verdict):
    return Finding(
        policy=policy,
        title="The rule, kept",
        family="ownership",
        source="registry",
        subject=subject,
        model="churn",
        severity=Severity.HIGH,
        verdict=verdict,
        reason="churn has no owner",
        at_stake_per_month=Decimal(15),
        evidence={"owner": None},
        blocking=True,
        fingerprint=fingerprint_of(policy, "registry", subject),
        remedy="Set gov.owner.",
        why="Somebody\nmust answer.\n",
    )


@pytest.fixture
def explain(estate, quaestor):
    """Explain something of the estate, as text."""
    estate.close()
    return lambda *arguments: quaestor("explain", *arguments)


@pytest.fixture
def told(explain):
    """Explain something of the estate, as JSON."""
    return lambda name: json.loads(explain(name, "--format", "json").out)


def test_a_models_month_is_traced_to_rules_charges_and_files(told):
    """Three sums, each from another table, and they are one amount."""
    trace = told("model_month/churn/2026-10")["trace"]

    assert (trace["figure"], trace["charged"], trace["adds_up"]) == ("15", "15", True)
    assert [(r["rule"], r["effective_cost"], r["charges"]) for r in trace["ledger"]] == [
        ("tag", "11", 2),
        ("rule:gpu", "4", 1),
    ]
    assert [(r["resource_id"], r["effective_cost"], r["charge"]) for r in trace["charges"]] == [
        ("vm-1", "11", "charge/abababababab/1"),
        ("gpu-1", "4", "charge/abababababab/3"),
    ]
    assert trace["files"] == [
        {
            "source": "bills",
            "file": "bills/oct.csv",
            "sha256": OCTOBER,
            "charges": 3,
            "rows_landed": 5,
            "rows_quarantined": 1,
        }
    ]


@pytest.mark.parametrize(
    ("name", "figure", "charges"),
    [
        ("month/2026-10", "114", 4),
        ("team_month/growth/2026-10", "11", 2),
        ("stage_month/production/2026-10", None, None),
        ("unattributed/2026-10", None, None),
        ("provider_month/AWS/2026-10", "114", 4),
    ],
)
def test_the_figures_of_a_month_are_traced(estate, quaestor, name, figure, charges):
    """All of it, a team's, what nobody owns, a provider's: ledger and bill agree with each."""
    estate.close()
    said = quaestor("explain", name, "--format", "json")
    if figure is None:
        assert (said.code, "nothing is called" in said.err) == (2, True)
        return
    trace = json.loads(said.out)["trace"]

    assert (trace["figure"], trace["charged"], trace["charge_count"]) == (figure, figure, charges)
    assert trace["adds_up"] is True
    assert sum(Decimal(row["effective_cost"]) for row in trace["ledger"]) == Decimal(figure)


def test_the_cost_of_idle_gpus_is_traced_to_who_had_them_and_to_files(estate, quaestor):
    """It is a part of what machines cost: there is no charge of its own to compare it with."""
    gpus = {"day": "2026-10-03", "source": "prom", "cluster": "prod", "node": "n"}
    hours = {"gpu_hours": 8, "observed_gpu_hours": 8, "used_gpu_hours": 2, "idle_gpu_hours": 6}
    hours |= {"unobserved_gpu_hours": 0, "provider_id": "gpu-1", "gpu_model": "NVIDIA L4"}
    for team, cost in (("growth", "2.5"), (None, "0.5"), ("search", None)):
        row = {**gpus, **hours, "team": team, "node": f"n-{team}", "idle_cost": cost}
        insert(estate, "ledger.gpu_hour", **row)
    note_landed(
        estate,
        "prom",
        [LandedFile(scope=f"nodes/{m}", path=f"p/{m}", sha256="ef" * 32, size=2)
         for m in ("2026-09", "2026-10")],
    )  # fmt: skip
    estate.close()
    text = quaestor("explain", "idle_gpu/2026-10").out

    assert "idle GPUs in 2026-10: 3.00 USD" in text
    assert re.search(r"growth +6\.0 +2\.5", text)
    assert re.search(r"prom +p/2026-10", text)
    assert "p/2026-09" not in text
    assert "bills/oct.csv" in text
    assert "It adds up: figure and ledger are 3 USD; hours on no bill have no cost" in text


def idle_gpu(warehouse, cost, host_cost):
    """Insert a GPU hour of the machine gpu-1, which was billed 4 USD on 3 October."""
    hours = {"gpu_hours": 8, "observed_gpu_hours": 8, "used_gpu_hours": 2, "idle_gpu_hours": 6}
    insert(
        warehouse, "ledger.gpu_hour", day="2026-10-03", source="prom", cluster="prod", node="n",
        provider_id="gpu-1", gpu_model="NVIDIA L4", kind="cluster", price_source="bill",
        unobserved_gpu_hours=0, cost=cost, host_cost=host_cost, idle_cost="2.25", **hours,
    )  # fmt: skip


def test_what_machines_with_idle_gpus_cost_is_held_against_their_charges(estate, quaestor):
    """The whole machine is compared with the bill, because what is idle is a part of it."""
    idle_gpu(estate, "3", "1")
    estate.close()
    trace = json.loads(quaestor("explain", "idle_gpu/2026-10", "--format", "json").out)["trace"]

    assert trace["machines"] == {
        "machine_days": 1, "machine_cost": "4", "idle_cost": "2.25", "charged": "4", "charges": 1,
    }  # fmt: skip
    assert trace["adds_up"] is True


def test_idle_gpus_whose_machines_are_not_as_billed_do_not_add_up(estate, quaestor):
    """The ledger has more for the machine than was charged: both amounts are said."""
    idle_gpu(estate, "3", "1.5")
    estate.close()
    text = quaestor("explain", "idle_gpu/2026-10").out

    assert "does not add up: figure 2.25 USD, ledger 2.25 USD, their machines 4.5 USD" in text
    assert "and 4 USD on the bill. Run `quaestor build`" in text


@pytest.mark.parametrize(
    ("name", "figure", "share"),
    [
        ("reaches_model/2026-10", "114", None),
        ("no_team/2026-10", "103", "90.4%"),
        ("no_stage/2026-10", "114", None),
        ("service_month/AWS/Compute/2026-10", "114", None),
        ("no_model/2026-11", None, None),
    ],
)
def test_services_and_what_names_nobody_are_figures_too(estate, quaestor, name, figure, share):
    """Each adds up from ledger and charges; one that there is not is none."""
    estate.close()
    said = quaestor("explain", name)
    told = re.search("add up|adds up: figure, ledger and charges are (.*) USD", said.out)

    assert (told and told[1]) == figure
    assert (f"That is {share} of all cost" if share else "") in said.out


def test_a_section_of_a_page_is_told_by_its_query_and_the_landed_files(estate, quaestor):
    """What is no sum of the ledger's lines: its rows, what they are of, and the files below."""
    note_landed(estate, "bills", [LandedFile(scope="a.csv", path="b/a", sha256=OCTOBER, size=2)])
    estate.close()
    text = quaestor("explain", "section/cost/teams").out

    assert "What each team's work cost in the latest month." in text
    assert re.search(r"reads +ledger\.latest_cost", text)
    assert re.search(rf"bills +b/a +{OCTOBER}", text)


def test_a_section_that_there_is_not_is_answered_with_the_nearest(estate, quaestor):
    """A name that is almost right is mended, not searched for elsewhere."""
    estate.close()
    said = quaestor("explain", "section/cost/teems")

    assert (said.code, "section/cost/teams" in said.err) == (2, True)


def test_more_resources_than_ten_are_counted(told, explain):
    """The ten dearest are shown; the sum is of all."""
    trace = told("model_month/churn/2026-11")["trace"]

    assert (len(trace["charges"]), trace["resources"], trace["charged"]) == (10, 12, "66")
    assert "From 12 charges of 12 resources, the 10 dearest" in (
        explain("model_month/churn/2026-11").out
    )


def test_a_budget_is_traced_by_what_it_holds(told):
    """The team's charges, of whatever model."""
    explained = told("budget/growth-team/2026-10")

    assert explained["facts"]["spent"] == "11"
    assert [r["team"] for r in explained["trace"]["ledger"]] == ["growth"]
    assert explained["trace"]["adds_up"] is True


def test_a_charge_is_shown_as_billed_with_what_decided_its_owner(told):
    """Every column that holds something, the file and its hash among them."""
    facts = told("charge/abababababab/3")["facts"]

    assert (facts["EffectiveCost"], facts["rule"], facts["model"]) == ("4", "rule:gpu", "churn")
    assert (facts["x_file"], facts["x_file_sha256"]) == ("bills/oct.csv", OCTOBER)
    assert "ServiceSubcategory" not in facts


def test_a_finding_says_verdict_why_and_remedy(explain):
    """Of the latest audit, by the first digits of its fingerprint."""
    text = explain(FOUND[:12]).out

    assert text.splitlines()[:15] == [
        f"finding  {FOUND}",
        "",
        "verdict     fail (high, blocks)",
        "policy      model-without-owner",
        "rule        The rule, kept",
        "subject     churn",
        "source      registry",
        "reason      churn has no owner",
        "why         Somebody must answer.",
        "fix         Set gov.owner.",
        "at stake    15.00 USD a month",
        (
            "that is     what the model cost in the latest whole month of the bill; "
            "advice counts 730 hours at the present rate"
        ),
        "first seen  2026-11-21T00:00:00",
        "audited     2026-11-21T00:00:00",
        "",
    ]
    assert "owner  unknown" in text
    assert text.rstrip().endswith("are 66 USD.")


def test_a_finding_says_what_is_at_stake(estate, quaestor):
    """A forecast or a rate is told from what a month of the model cost, and told once."""
    estate.close()
    text = quaestor("explain", FOUND[:12]).out
    evidence = '{"owner": null, "at_stake_is": "what the forecast has beyond the budget"}'
    with Warehouse("quaestor.duckdb") as warehouse:
        warehouse.run("update audit.finding set evidence = ?", [evidence])
    other = quaestor("explain", FOUND[:12]).out

    assert "that is     what the model cost in the latest whole month of the bill; advice" in text
    assert "that is     what the forecast has beyond the budget" in other
    assert other.count("beyond the budget") == 1


def test_a_subject_shows_findings_registry_and_money(told):
    """A model with all that belongs to it; a version with its own findings."""
    whole, version = told("churn"), told("churn:7")

    assert [f["policy"] for f in whole["findings"]] == [
        "model-without-owner",
        "version-without-run",
    ]
    assert [f["policy"] for f in version["findings"]] == ["version-without-run"]
    assert [(r["version"], r["aliases"]) for r in version["registered"]] == [("7", "champion")]
    assert version["trace"]["about"] == "churn in 2026-11"


def test_a_model_without_a_bill_says_so(estate, quaestor):
    """No money is not zero money."""
    insert(estate, "registry.model", source="registry", model="toy")
    estate.close()

    assert "No charge of the bill is tied to it." in quaestor("explain", "toy").out


def test_a_trace_that_does_not_add_up_says_so(estate, quaestor):
    """Somebody changed the ledger by hand: the difference is shown, not hidden."""
    estate.run("update ledger.model_month set effective_cost = 16 where month = '2026-10-01'")
    estate.close()
    text = quaestor("explain", "model_month/churn/2026-10").out

    assert "does not add up: figure 16 USD, ledger 15 USD, charges 15 USD" in text


def test_a_sum_with_a_charge_without_a_rate_is_unknown(estate, quaestor):
    """It says why; what is known of the lines stays beside it."""
    row = {"BillingCurrency": "EUR", "x_billing_currency_rate": None, "x_row": 9}
    charge(estate, "2026-10-05", "7", Tags=CHURN, **row)
    ledger.build(estate, Config(attribution=RULES), lambda _: None)
    estate.close()
    text = quaestor("explain", "model_month/churn/2026-10").out

    assert "churn in 2026-10: unknown, effective cost" in text
    assert "1 ledger line has no exchange rate, so that no sum is known" in text
    assert "What has one comes to 15 USD." in text
    assert "add" in text
    assert "add up" not in text


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("chrun", "Did you mean churn"),
        ("model_month/churn/2026-12", "model_month/churn/2026-1"),
        ("model_month/churn/2026-13", "model_month/churn/2026-1"),
        ("budget/growth/2026-10", "budget/growth-team/2026-10"),
        ("charge/ffffffffffff/1", "no landed file's hash begins so"),
        ("charge/abababababab/99", "bills/2026-10.csv has no row 99"),
        ("charge/abababababab/99", "Its rows are 1 to 5"),
        ("charge/abababababab/0", "bills/2026-10.csv has no row 0"),
        ("charge/abababababab/5", "row 5 of bills/2026-10.csv is no charge"),
        ("0123456789ab", "Write a finding's digits"),
        ("", "Write a finding's digits"),
    ],
)
def test_an_unknown_id_is_answered_with_the_nearest(explain, name, hint):
    """Exit code 2: nothing has that name."""
    said = explain(name)

    assert (said.code, said.out) == (2, "")
    assert hint in said.err


def test_six_digits_are_enough(explain):
    """As many as `advice show` and `advice dismiss` ask for."""
    assert explain(FOUND[:6]).out == explain(FOUND).out


def test_digits_of_two_findings_ask_for_more(estate, quaestor):
    """Nothing is guessed."""
    estate.run("update audit.finding set fingerprint = 'aaaaaaaa' || fingerprint")
    estate.close()
    said = quaestor("explain", "aaaaaaaa")

    assert (said.code, "Write more digits" in said.err) == (2, True)


def test_hostile_names_cannot_act(estate, quaestor):
    """A tag named a model; nobody's terminal obeys it."""
    name = "\x1b[2Jevil/2026-01'; drop table audit.run; --"
    charge(estate, "2026-10-05", "7", Tags=json.dumps({"model": name}), ResourceId="\x1b]0;x\x07")
    ledger.build(estate, Config(), lambda _: None)
    estate.close()
    said = quaestor("explain", f"model_month/{name}/2026-10")

    assert (said.code, "\x1b" in said.out) == (0, False)
    assert "are 7 USD." in said.out
    assert quaestor("query", "select count(*) from audit.run").code == 0


def a_deployment(estate, subject, **row):
    """Register a deployment, and fail a rule about one."""
    insert(estate, "registry.deployment", source="k8s", model="churn", version="7", **row)
    remember(estate, "collected_at:k8s", "2026-11-21T06:00:00")
    landed = LandedFile(scope="prod", path="k8s/files/1.json", sha256="ef" * 32, size=2)
    note_landed(estate, "k8s", [landed])
    audit(estate, "2026-11-22", Verdict.FAIL)
    estate.run(
        "update audit.finding set subject = ?, source = 'k8s', model = null, "
        "evidence = '{\"public_access\": null}' where policy = 'model-without-owner'",
        [subject],
    )
    estate.close()


def test_a_finding_about_a_deployment_shows_its_row_when_it_was_read_and_its_file(estate, quaestor):
    """The key, and what the evidence names: unknown where nobody says it."""
    a_deployment(estate, "churn-api", deployment="churn-api", environment="production")
    lines = quaestor("explain", FOUND[:12]).out.splitlines()
    place = lines.index("As it stands in registry.deployment of k8s")

    assert lines[place + 1 : place + 12] == [
        "",
        "deployment     churn-api",
        "model          churn",
        "version        7",
        "environment    production",
        "public_access  unknown",
        "",
        "Last read",
        "",
        "k8s  2026-11-21 06:00 UTC",
        "",
    ]
    assert lines[place + 12] == "Those rows are from these landed files"
    assert lines[place + 16].split() == ["k8s", "prod", "k8s/files/1.json", "ef" * 32]
    assert "fix         Set gov.owner." in lines


def test_a_subject_whose_rows_are_gone_is_said_to_be_so(estate, quaestor):
    """With the audit that judged it, and what closes the finding."""
    a_deployment(estate, "churn-api", deployment="another")
    text = quaestor("explain", FOUND[:12]).out

    assert "No row of the warehouse carries this name now." in text
    assert "The audit of 2026-11-22 00:00 UTC judged it. Either it is gone since" in text
    assert "another" not in text


def test_a_deployment_can_be_asked_for_by_its_name(estate, quaestor):
    """Without a finding too; a name near it is proposed."""
    a_deployment(estate, "churn", deployment="churn-api", region="eu-1")

    assert "As it stands in registry.deployment of k8s" in quaestor("explain", "churn-api").out
    assert "Did you mean churn-api" in quaestor("explain", "churn-apy").err


def test_a_waiver_names_its_file_which_is_not_landed(estate, quaestor):
    """Nobody is told to collect it."""
    row = {"source": "waivers/w.yaml", "waiver": "W-1", "policy": "p", "subject": "churn"}
    insert(estate, "registry.waiver", **row)
    estate.close()
    text = quaestor("explain", "W-1").out

    assert "waivers/w.yaml is not landed: every build reads it anew." in text
    assert "quaestor collect" not in text


def test_a_source_that_was_never_read_well_says_so(estate, quaestor):
    """And how that is mended."""
    insert(estate, "registry.store", source="s3", store="s3://models")
    estate.close()

    assert "s3  not known; run `quaestor collect`" in quaestor("explain", "s3://models").out


def test_hostile_rows_cannot_act(estate, quaestor):
    """Names of deployments, values of evidence and files are of whoever may deploy or land."""
    evil = "a\x1b[2J\u202e\nverdict     pass"
    a_deployment(estate, evil, deployment=evil, environment=evil, kind=evil)
    with Warehouse("quaestor.duckdb") as warehouse:
        landed = LandedFile(scope=evil, path=evil, sha256="ef" * 32, size=2)
        note_landed(warehouse, "k8s", [landed])
    said = quaestor("explain", FOUND[:12])

    assert (said.code, "\x1b" in said.out, "\u202e" in said.out) == (0, False, False)
    assert "\nverdict     pass" not in said.out
    assert "\\x1b[2J" in said.out


def test_without_a_warehouse_there_is_nothing_to_explain(quaestor):
    """Exit code 3, and none is created."""
    said = quaestor("explain", "churn")

    assert (said.code, "there is no warehouse yet" in said.err) == (3, True)


NODE = '{"team": "platform"}'


@pytest.fixture
def divided(warehouse):
    """A node of 10 dollars that two pods and idleness share, a lake that two models share."""
    hour = {"source": "prom", "cluster": "prod", "node": "n1", "hour": "2026-10-02"}
    insert(warehouse, "usage.node_hour", **hour, provider_id="i-1")
    insert(warehouse, "config.setting", name="currency", value="USD")
    insert(warehouse, "config.tag_key", field="team", position=0, key="team")
    insert(warehouse, "config.shared_rule", rule="lake", position=0, driver="even", among="model")
    charge(warehouse, "2026-10-02", "10", ResourceId="i-1", Tags=NODE)
    charge(warehouse, "2026-10-02", "6", ResourceId="lake", ServiceName="Storage", x_row=2)
    charge(warehouse, "2026-10-02", "1", ServiceName="gpu", ResourceId="x", x_row=3)
    lake = SharedRule(name="lake", match={"ServiceName": "Storage"}, by="even")
    config = Config(
        shared=(lake,),
        attribution=(AttributionRule(name="gpu", match={"ServiceName": "gpu"}, model="churn"),),
    )
    ledger.build(warehouse, config, lambda _: None)
    warehouse.run("delete from ledger.resource_share")
    warehouse.run(
        """
        insert into ledger.resource_share by name
        select '2026-10-02'::date as day, 'i-1' as split_key, 'prod' as cluster, allocated_to,
            model, cost_kind, rule, from_ratio, upto_ratio
        from (values
            ('ml/a', 'churn', 'direct', 'label', 0.0, 0.5),
            ('ml/b', 'fraud', 'direct', 'label', 0.5, 0.8),
            ('idle/cpu', null, 'idle', 'idle', 0.8, 1.0)
        ) as t (allocated_to, model, cost_kind, rule, from_ratio, upto_ratio)
        """
    )
    for table in ("part", "shared_share", "cost", "model_day", "model_month"):
        [path] = ledger.SQL.rglob(f"{table}.sql")
        warehouse.run(f"delete from ledger.{table}")
        warehouse.run(f"insert into ledger.{table} by name {path.read_text()}")
    warehouse.close()


def test_a_figure_is_traced_through_splits_and_shared_rules(divided, quaestor):
    """Of a node and a lake it has a part; what others have of them is seen to be the rest."""
    said = json.loads(quaestor("explain", "model_month/churn/2026-10", "--format", "json").out)
    trace = said["trace"]

    assert (trace["figure"], trace["charged"], trace["adds_up"]) == ("9", "9", True)
    assert (trace["charge_count"], trace["resources"]) == (3, 3)
    assert [
        (r["resource_id"], r["rule"], r["effective_cost"], r["resource_cost"], r["charges"])
        for r in trace["charges"]
    ] == [
        ("i-1", "label + tag", "5", "10", 1),
        ("lake", "shared:lake", "3", "6", 1),
        ("x", "rule:gpu", "1", None, 1),
    ]
    assert [row["charges"] for row in trace["files"]] == [3]


def test_money_beside_no_charge_is_explained(divided, quaestor):
    """A charge of which several have a part counts with one of them."""
    shared = "A charge that is shared out counts with one of its owners, so that charges add up."

    assert shared in quaestor("explain", "month/2026-10").out


def test_a_charge_says_why_it_went_where_it_went(divided, quaestor):
    """Each step that was taken, and the parts its money went in."""
    node = json.loads(quaestor("explain", "charge/abababab/1", "--format", "json").out)

    assert [(row["step"], row["said"]) for row in node["why"]] == [
        ("tags", "team platform"),
        ("lineage", "node n1 of prom, cluster prod"),
        ("attribution:", "no rule says more"),
        ("split", "divided on 2026-10-02 among those who used i-1, if known"),
    ]
    assert [
        (row["allocated_to"], row["model"], row["team"], row["cost_kind"], row["effective_cost"])
        for row in node["ways"]
    ] == [
        ("ml/a", "churn", "platform", "direct", "5"),
        ("ml/b", "fraud", "platform", "direct", "3"),
        ("idle/cpu", None, "platform", "idle", "2"),
    ]


def test_a_charge_that_a_shared_rule_divides_says_among_whom(divided, quaestor):
    """With the driver, and each one's part."""
    lake = json.loads(quaestor("explain", "charge/abababab/2", "--format", "json").out)

    assert lake["why"][-1] == {"step": "shared: lake", "said": "divided by even"}
    assert [
        (row["model"], row["rule"], row["shared_by"], row["effective_cost"]) for row in lake["ways"]
    ] == [("churn", "shared:lake", "even", "3"), ("fraud", "shared:lake", "even", "3")]


def test_a_charge_that_nobody_owns_says_so(divided, quaestor):
    """Where neither tags, lineage, rules nor shares placed its money."""
    with Warehouse("quaestor.duckdb") as warehouse:
        warehouse.run("update ledger.cost set cost_kind = 'unattributed', rule = 'unattributed'")
        warehouse.run("delete from ledger.shared_share")
    lake = json.loads(quaestor("explain", "charge/abababab/2", "--format", "json").out)

    assert lake["why"][-1]["said"] == "neither a model nor a team is known"


def test_why_is_told_to_people_too(divided, quaestor):
    """A rule by its name, with what it said."""
    text = quaestor("explain", "charge/abababab/3").out

    assert "attribution: gpu  model churn" in text
    assert "direct     rule:gpu  1.000000" in text
