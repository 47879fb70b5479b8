"""The engine: every subject gets a verdict from every policy, with its reason and its money."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from builders.rows import insert
from quaestor.audit.evaluate import Target, evaluate
from quaestor.audit.policies import load_policies, read_policy
from quaestor.core.errors import ConfigurationError
from quaestor.core.finding import fingerprint_of
from quaestor.core.period import utc
from quaestor.core.shipped import shipped
from quaestor.core.verdict import Severity
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.sandbox import Limits

NOW = utc("2026-11-21T06:00")
OWNER = """
title: Every model has an owner
severity: high
subject: registry.model
requires: [owner]
require: has_text(owner)
reason: "{model} has no owner"
at_stake: ledger.model_month.effective_cost
why: Somebody must answer.
remedy: {text: Set it.}
gate: {ci: block}
source: SR 26-2
"""
HEAD = """
title: A rule
severity: low
why: Because.
remedy: {text: Do.}
source: A book
"""


@pytest.fixture
def warehouse():
    """An empty warehouse in memory."""
    with Warehouse(":memory:") as opened:
        yield opened


@pytest.fixture
def policy(tmp_path):
    """Write a policy and read it."""

    def write(text, name="a-rule"):
        path = tmp_path / "own" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return read_policy(path)

    return write


def put(warehouse, table, *rows):
    """Insert rows, `source` being "r" unless said otherwise."""
    for row in rows:
        values = {"source": "r"} | row if table.startswith("registry.") else row
        insert(warehouse, table, **values)


def said(findings):
    """The verdict and reason of each subject."""
    return {one.subject: (one.verdict.value, one.reason) for one in findings}


def judged(warehouse, *policies, params=None, target=None, limits=None):
    """Evaluate."""
    return evaluate(warehouse, policies, params=params or {}, now=NOW, target=target, limits=limits)


def test_true_passes_false_fails_and_null_is_unknown(warehouse, policy):
    """SQL's three values are the three verdicts."""
    rule = policy(HEAD + "subject: registry.model\nrequire: risk_tier <= 2\nreason: nope\n")
    put(warehouse, "registry.model", {"model": "a", "risk_tier": 2})
    put(warehouse, "registry.model", {"model": "b", "risk_tier": 3}, {"model": "c"})

    assert said(judged(warehouse, rule)) == {
        "a": ("pass", None),
        "b": ("fail", "nope"),
        "c": ("unknown", "c: no answer to risk_tier <= 2"),
    }


def test_a_long_rule_without_an_answer_is_told_by_what_is_blank_in_it(warehouse, policy):
    """Nobody reads twelve lines of SQL to learn that a tier is missing."""
    rule = policy(
        HEAD + "subject: registry.model\nreason: nope\n"
        "require: case when team = 'growth' then risk_tier <= 2 "
        "when team = 'search' then risk_tier <= 1 end\n"
    )
    put(warehouse, "registry.model", {"model": "a", "team": "growth", "owner": None})

    assert said(judged(warehouse, rule)) == {"a": ("unknown", "a: no answer without risk_tier")}


def test_a_blank_is_blamed_on_the_model_only_where_the_source_could_say_it(warehouse, policy):
    """Supplied: fail, naming the field. Not supplied, or nobody knows: unknown, naming both."""
    rule = policy(OWNER)
    for source in ("can", "cannot", "silent"):
        put(warehouse, "registry.model", {"source": source, "model": f"of-{source}", "owner": " "})
    put(warehouse, "registry.model", {"source": "silent", "model": "good", "owner": "ada"})
    put(
        warehouse,
        "registry.evidence",
        {"source": "can", "field": "model.owner", "supplied": True},
        {"source": "cannot", "field": "model.owner", "supplied": False},
    )

    assert said(judged(warehouse, rule)) == {
        "of-can": ("fail", "of-can has no owner (owner is blank in can)"),
        "of-cannot": ("unknown", "cannot does not supply model.owner"),
        "of-silent": ("unknown", "nothing is known about model.owner from silent"),
        "good": ("pass", None),
    }


def test_a_table_speaks_for_its_fields(warehouse, policy):
    """Evidence about `model` holds for `model.owner`, unless the field itself is named."""
    put(warehouse, "registry.model", {"model": "churn"})
    put(warehouse, "registry.evidence", {"field": "model", "supplied": True})
    assert said(judged(warehouse, policy(OWNER)))["churn"][0] == "fail"

    put(warehouse, "registry.evidence", {"field": "model.owner", "supplied": False})
    assert said(judged(warehouse, policy(OWNER)))["churn"][0] == "unknown"


def test_one_field_that_could_be_said_is_enough_to_fail(warehouse, policy):
    """What is certainly missing outranks what cannot be known."""
    rule = policy(OWNER.replace("[owner]", "[team, owner]"))
    put(warehouse, "registry.model", {"model": "churn"})
    put(warehouse, "registry.evidence", {"field": "model.owner", "supplied": True})

    assert said(judged(warehouse, rule))["churn"][0] == "fail"


def test_a_reason_that_shows_a_blank_names_it_instead(warehouse, policy):
    """To say "belongs to unknown" would be untrue; the field is named."""
    rule = policy(OWNER.replace("{model} has no owner", "{model} belongs to {owner}"))
    put(warehouse, "registry.model", {"model": "churn"})
    put(warehouse, "registry.evidence", {"field": "model.owner", "supplied": True})

    assert said(judged(warehouse, rule)) == {
        "churn": ("fail", "churn: owner is blank, and r could say it")
    }


def test_when_says_whom_a_rule_is_for(warehouse, policy):
    """False is skip. Unknown is no way out: what passes passes, what would fail is unknown."""
    rule = policy(OWNER + "when: risk_tier <= 2\n")
    put(
        warehouse,
        "registry.model",
        {"model": "toy", "risk_tier": 3},
        {"model": "owned", "owner": "ada"},
        {"model": "orphan"},
    )
    put(warehouse, "registry.evidence", {"field": "model.owner", "supplied": True})

    assert said(judged(warehouse, rule)) == {
        "toy": ("skip", "the rule is for risk_tier <= 2"),
        "owned": ("pass", None),
        "orphan": ("unknown", "not known whether the rule is for it: risk_tier <= 2"),
    }


def test_a_finding_holds_all_that_is_needed_to_act(warehouse, policy):
    """Money of the latest complete month, evidence with its source, a lasting fingerprint."""
    put(warehouse, "registry.model", {"model": "churn", "owner": ""})
    put(warehouse, "registry.evidence", {"field": "model.owner", "supplied": True})
    for month, cost, complete in (
        ("2026-09-01", "10", True),
        ("2026-10-01", "1234.5678901234", True),
        ("2026-11-01", "7", False),
    ):
        put(
            warehouse,
            "ledger.model_month",
            {"month": month, "model": "churn", "effective_cost": cost, "days": 1,
             "complete": complete},
        )  # fmt: skip
    [finding] = judged(warehouse, policy(OWNER, "model-without-owner"))

    assert (finding.source, finding.model, finding.family) == ("r", "churn", "own")
    assert finding.at_stake_per_month == Decimal("1234.5678901234")
    assert finding.evidence == {"source": "r", "owner": ""}
    assert finding.fingerprint == fingerprint_of("model-without-owner", "r", "churn")
    assert (finding.severity, finding.blocking) == (Severity.HIGH, True)
    assert (finding.why, finding.remedy) == ("Somebody must answer.", "Set it.")


def test_the_latest_month_counts_where_none_is_complete(warehouse, policy):
    """An estate in its first month has something at stake too."""
    put(warehouse, "registry.model", {"model": "churn", "owner": "ada"})
    put(
        warehouse,
        "ledger.model_month",
        {"month": "2026-11-01", "model": "churn", "effective_cost": "7", "days": 1,
         "complete": False},
    )  # fmt: skip

    assert judged(warehouse, policy(OWNER))[0].at_stake_per_month == Decimal(7)


def test_unknown_money_is_none(warehouse, policy):
    """A model on no bill has an unknown stake, and not nothing."""
    put(warehouse, "registry.model", {"model": "churn", "owner": "ada"})

    assert judged(warehouse, policy(OWNER))[0].at_stake_per_month is None


def test_hostile_names_are_words(warehouse, policy):
    """A model called like SQL, a template or a tag goes through as it stands."""
    names = ["'; drop table registry.model; --", "{owner}", "<script>", "a:b", "\u202eevil"]
    put(warehouse, "registry.model", *({"model": name} for name in names))
    put(warehouse, "registry.evidence", {"field": "model.owner", "supplied": True})

    assert said(judged(warehouse, policy(OWNER))) == {
        name: ("fail", f"{name} has no owner (owner is blank in r)") for name in names
    }


def test_parameters_and_the_clock_are_bound(warehouse, policy):
    """`$days` is the user's or the default; `$now` is the audit's clock; both may be shown."""
    rule = policy(
        HEAD
        + "subject: registry.model\nrequire: created_at > $now - to_days($days)\n"
        + 'reason: "{model} is older than {days} days"\n'
        + "params: {days: {type: integer, default: 14, min: 1, max: 365}}\n"
    )
    put(warehouse, "registry.model", {"model": "churn", "created_at": "2026-11-11"})

    assert said(judged(warehouse, rule)) == {"churn": ("pass", None)}
    assert said(judged(warehouse, rule, params={"a-rule": {"days": 3}})) == {
        "churn": ("fail", "churn is older than 3 days")
    }


def test_a_reason_shows_money_and_ratios_as_people_read_them(warehouse, policy):
    """Two digits for money, percent for a ratio that asks for it."""
    rule = policy(
        HEAD
        + "subject: ledger.budget\nrequire: spent <= amount\n"
        + 'reason: "{budget}: {spent} of {amount} ({spent_ratio:%})"\n'
        + "at_stake: ledger.budget.spent\n"
    )
    put(
        warehouse,
        "ledger.budget",
        {"month": "2026-11-01", "budget": "growth", "amount": "1000", "spent": "1250.504",
         "spent_ratio": 1.25, "days": 20},
    )  # fmt: skip
    [finding] = judged(warehouse, rule)

    assert finding.reason == "growth: 1,250.50 of 1,000.00 (125.0 %)"
    assert finding.at_stake_per_month == Decimal("1250.504")
    assert finding.evidence == {"spent": "1250.504", "amount": "1000"}


SQL = (
    HEAD
    + """
sql: |
  select source, model, model as subject, VERDICT as verdict, 'because' as reason,
      STAKE as at_stake_per_month, {'n': 1, 'money': 1.50::decimal(38, 20)} as evidence
  from registry.model order by model
"""
)


def a_select(verdict, stake):
    """A policy that says `verdict` and `stake`, as SQL, about every model."""
    return SQL.replace("VERDICT", verdict).replace("STAKE", stake)


def test_a_select_gives_its_own_verdicts(warehouse, policy):
    """What SQL returns is the finding; NULL is unknown; money keeps every digit."""
    rule = policy(a_select("case when model = 'a' then 'pass' end", "2.5"))
    put(warehouse, "registry.model", {"model": "a"}, {"model": "b"})
    first, second = judged(warehouse, rule)

    assert (first.verdict.value, second.verdict.value) == ("pass", "unknown")
    assert first.at_stake_per_month == Decimal("2.5")
    assert first.evidence == {"n": 1, "money": "1.5"}
    assert first.fingerprint == fingerprint_of("a-rule", "r", "a")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            OWNER.replace("has_text(owner)", "has_text(ownr)"),
            ["a-rule.yaml:6", "there is no column 'ownr'", "owner"],
        ),
        (OWNER.replace("[owner]", "[ownr]"), [":5", "no column 'ownr'", "Did you mean owner"]),
        (OWNER.replace("{model}", "{modl}"), [":7", "no column 'modl'", "Did you mean model"]),
        (OWNER.replace("effective_cost", "effective"), [":8", "no money called 'effective'"]),
        (OWNER.replace("has_text(owner)", "has_txt(owner)"), ["has_txt()", "has_text()"]),
        (OWNER.replace("has_text(owner)", "now() > created_at"), ["reads the clock", "$now"]),
        (OWNER.replace("has_text(owner)", "created_at > $when"), ["$when, which is no parameter"]),
        (OWNER.replace("has_text(owner)", "owner in (select a from focus.charge)"), ["focus"]),
        (OWNER.replace("has_text(owner)", "owner"), ["Could not convert"]),
        (OWNER.replace("has_text(owner)", "(("), ["no valid SQL"]),
        (a_select("'maybe'", "null"), ["the verdict 'maybe'", "One of pass"]),
        (a_select("'pass'", "1.5::double"), ["as a float", "decimal"]),
        (a_select("'pass'", "1").replace("reason", "raison"), ["not return reason"]),
        (a_select("'pass'", "1").replace("registry.model", "focus.charge"),
         ["reads focus.charge"]),
        (a_select("'pass'", "'x'::integer"), ["Could not convert"]),
        (HEAD + "sql: drop table registry.model\n", ["is no SELECT"]),
    ],
)  # fmt: skip
def test_a_broken_policy_is_one_error_with_its_message(warehouse, policy, text, parts):
    """Never an exception that hides the others, never a pass: file, line, fault and remedy."""
    put(warehouse, "registry.model", {"model": "churn", "owner": "ada"})
    [broken, other] = judged(warehouse, policy(text), policy(OWNER, "fine"))

    assert (broken.verdict.value, broken.subject) == ("error", "*")
    assert broken.blocking is ("ci: block" in text)
    assert [part for part in parts if part not in (broken.reason or "")] == []
    assert other.verdict.value == "pass"


def test_a_policy_without_end_is_one_error(warehouse, policy):
    """A pull request cannot hang the gate."""
    endless = HEAD + (
        "sql: select count(*) as subject, 'pass' as verdict, null as reason, null as "
        "at_stake_per_month, null as evidence from range(1000000) a, range(1000000) b "
        "where (a.range * b.range) % 7 = 3\n"
    )
    [finding] = judged(warehouse, policy(endless), limits=Limits(seconds=0.3))

    assert finding.verdict.value == "error"
    assert "stopped after 0.3 s" in (finding.reason or "")


def test_wrong_parameters_are_the_users_mistake(warehouse, policy):
    """They are no finding: the run ends with exit code 2."""
    with pytest.raises(ConfigurationError, match="no parameter 'days'"):
        judged(warehouse, policy(OWNER), params={"a-rule": {"days": 3}})


def an_estate(warehouse):
    """Two models, two versions each, deployments, and budgets."""
    put(warehouse, "registry.model", {"model": "churn"}, {"model": "ads"})
    for model in ("churn", "ads"):
        for version, lifecycle in (("6", "production"), ("7", "staging")):
            put(
                warehouse,
                "registry.model_version",
                {"model": model, "version": version, "lifecycle": lifecycle},
            )
    put(
        warehouse,
        "registry.deployment",
        {"deployment": "churn-6", "model": "churn", "version": "6"},
        {"deployment": "churn-7", "model": "churn", "version": "7"},
        {"deployment": "churn-any", "model": "churn"},
        {"deployment": "ads-7", "model": "ads", "version": "7"},
    )
    for budget, model in (("of-churn", "churn"), ("of-all", None)):
        put(
            warehouse,
            "ledger.budget",
            {"month": "2026-11-01", "budget": budget, "model": model, "amount": "1", "spent": "0",
             "spent_ratio": 0, "days": 1},
        )  # fmt: skip


def test_a_target_is_judged_alone(warehouse, policy):
    """Its model, its version, its deployments, and the budget that carries its name."""
    an_estate(warehouse)
    rules = [
        policy(HEAD + f"subject: {table}\nrequire: 'true'\nreason: x\n", name)
        for name, table in (
            ("model", "registry.model"),
            ("version", "registry.model_version"),
            ("deployment", "registry.deployment"),
            ("budget", "ledger.budget"),
            ("coverage", "ledger.coverage"),
            ("run", "registry.run"),
        )
    ]
    rules.append(policy(a_select("'pass'", "null"), "select"))
    findings = judged(warehouse, *rules, target=Target("churn", "7"))

    assert sorted((one.policy, one.subject) for one in findings) == [
        ("budget", "of-churn"),
        ("deployment", "churn-7"),
        ("deployment", "churn-any"),
        ("model", "churn"),
        ("select", "churn"),
        ("version", "churn:7"),
    ]


def test_a_candidate_is_judged_as_if_it_were_in_production(warehouse, policy):
    """The question comes before it is there; other versions stay what they are."""
    an_estate(warehouse)
    rule = policy(
        HEAD + "subject: registry.model_version\nwhen: lifecycle = 'production'\n"
        "require: 'false'\nreason: nope\n"
    )
    joined = policy(
        HEAD + "sql: |\n  select model, version, model || ':' || version as subject, "
        "if(lifecycle = 'production', 'fail', 'skip') as verdict, null as reason, null as "
        "at_stake_per_month, null as evidence from registry.model_version\n",
        "joined",
    )
    as_candidate = judged(warehouse, rule, joined, target=Target("churn", "7"))
    as_it_stands = judged(
        warehouse, rule, joined, target=Target("churn", "7", assumed_lifecycle=None)
    )

    assert [one.verdict.value for one in as_candidate] == ["fail", "fail"]
    assert [one.verdict.value for one in as_it_stands] == ["skip", "skip"]


def test_a_hostile_target_is_a_name(warehouse, policy):
    """Quotes and brackets in a target are part of its name."""
    an_estate(warehouse)

    assert judged(warehouse, policy(OWNER), target=Target("x' or '1'='1", "{table}")) == ()


def test_a_file_that_is_open_for_reading_is_judged(tmp_path, policy):
    """As the audit does it: built, closed, opened read-only, judged, opened again to write."""
    path = tmp_path / "w.duckdb"
    with Warehouse(path) as built:
        put(built, "registry.model", {"model": "churn", "owner": "ada"})
    with Warehouse(path, read_only=True) as warehouse:
        assert said(judged(warehouse, policy(OWNER))) == {"churn": ("pass", None)}
        assert said(judged(warehouse, policy(OWNER))) == {"churn": ("pass", None)}
    with Warehouse(path) as warehouse:
        put(warehouse, "registry.model", {"model": "ads"})


def test_the_same_rows_give_the_same_findings_in_the_same_order(warehouse, policy):
    """By policy, then source and subject."""
    for name in ("c", "a", "b"):
        put(warehouse, "registry.model", {"model": name, "owner": "ada"})
    findings = judged(warehouse, policy(OWNER))

    assert [one.subject for one in findings] == ["a", "b", "c"]
    assert findings == judged(warehouse, policy(OWNER))


def test_ten_thousand_models_take_no_time(warehouse):
    """All shipped policies over 10,000 models: far from a second each, on any machine."""
    warehouse.run(
        "insert into registry.model (source, model, owner) "
        "select 'r', 'm' || i, if(i % 6 = 0, null, 'ada') from range(10000) as t(i)"
    )
    policies = load_policies([shipped("policies")])
    started = time.perf_counter()
    findings = evaluate(warehouse, policies, params={}, now=NOW)

    assert len(findings) > 40_000
    assert time.perf_counter() - started < len(policies)


def test_a_broken_neighbour_does_not_hide_the_others(warehouse, policy):
    """Policies about the same rows are asked together; one that breaks is told apart."""
    put(warehouse, "registry.model", {"model": "churn", "owner": "ada"})
    rules = [
        policy(OWNER, "first"),
        policy(OWNER.replace("has_text(owner)", "owner::integer > 0"), "broken"),
        policy(OWNER.replace("owner", "team"), "third"),
    ]
    findings = judged(warehouse, *rules)

    assert [(one.policy, one.verdict.value) for one in findings] == [
        ("first", "pass"),
        ("broken", "error"),
        ("third", "unknown"),
    ]


def test_together_or_alone_the_answers_are_the_same(warehouse):
    """Asking all at once is an economy, and changes nothing."""
    an_estate(warehouse)
    put(warehouse, "registry.evidence", {"field": "model_version", "supplied": True})
    policies = load_policies([shipped("policies")])
    alone = [one for each in policies for one in judged(warehouse, each)]

    assert list(judged(warehouse, *policies)) == alone
    assert len({one.verdict for one in alone}) == 4


def test_a_rule_about_no_model_says_nothing_of_a_version_unless_it_is_broken(warehouse, policy):
    """Nothing of it is the target's; that it cannot run is said all the same."""
    text = "select 'x' as subject, 'fail' as verdict, 'r' as reason, null as evidence, {} "
    sound = policy(f"{HEAD}sql: {text.format('null as at_stake_per_month')}\n", "sound")
    broken = policy(f"{HEAD}sql: {text.format('nobody as at_stake_per_month')}\n", "broken")
    ships = [
        one
        for one in load_policies([shipped("policies")])
        if one.id in ("commitment-coverage-low", "unattributed-spend")
    ]
    target = Target("churn", "7")
    findings = judged(warehouse, sound, broken, *ships, target=target)

    assert [(one.policy, one.verdict.value) for one in findings] == [("broken", "error")]
    assert len(ships) == 2
