"""Framework packs, attestations, and what an audit's findings show of each requirement."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace

import pytest

from quaestor.audit.attestations import load_attestations
from quaestor.audit.coverage import coverage, last_audit, load_frameworks, loosened
from quaestor.audit.packs import load_packs, policies_of, requirements_of
from quaestor.audit.policies import FRAMEWORKS, load_policies, places_of
from quaestor.audit.record import record
from quaestor.audit.record_coverage import record_coverage
from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError, NothingEvaluatedError
from quaestor.core.period import utc
from quaestor.core.shipped import shipped
from quaestor.core.verdict import Verdict
from quaestor.warehouse.duckdb import Warehouse

NOW = utc("2026-11-21T06:00")
POLICY = """
title: Every model has an owner
severity: {severity}
subject: registry.model
require: has_text(owner)
reason: "{{model}} has no owner"
why: Because.
remedy: {{text: Set it.}}
source: House rule
params: {params}
frameworks: {frameworks}
"""
HOUSE = """
title: House rules
edition: First
url: https://acme.example/rules
requirements:
  - {id: "1", title: Owners are named}
  - {id: "2", title: Logs are kept, limits: [{policy: logs, param: days, at_least: 183}]}
  - {id: "3", title: Somebody signs, attest: The signature.}
  - {id: "4", title: Cards exist, policies: [card]}
"""
DAYS = "{days: {type: integer, default: 365, min: 1, max: 999}}"
ATTESTATION = """
- pack: house
  requirement: "3"
  by: grace
  at: 2026-10-01
  document: https://acme.example/signed
  valid_until: 2026-12-31
"""


@pytest.fixture
def house(tmp_path):
    """An organisation's own folder: three policies and a pack; `change` rewrites a file of it."""
    refs = {
        "owner": '[{pack: house, ref: "1"}]',
        "logs": '[{pack: house, ref: "1, 2"}]',
        "card": "[]",
    }
    for name, ref in refs.items():
        write_policy(tmp_path, name, frameworks=ref, params=DAYS if name == "logs" else "{}")
    (tmp_path / "rules" / "packs").mkdir()
    (tmp_path / "rules" / "packs" / "house.yaml").write_text(HOUSE)
    return Config(policies=("rules",), base=str(tmp_path))


def write_policy(base, name, *, frameworks, params="{}", severity="high", place="rules"):
    path = base / place / "ownership" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(POLICY.format(frameworks=frameworks, params=params, severity=severity))


def rewrite(house, old, new, file="rules/packs/house.yaml"):
    path = house.resolve(file)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def loaded(config):
    """Everything that a configuration names about frameworks."""
    return load_frameworks(config, load_policies([config.resolve("rules")]))


@pytest.fixture
def stands(house, a_finding, a_run):
    """Record one audit with these findings; return where each requirement stands, and why."""

    def build(*verdicts, params=None, now=NOW, audited=NOW, asked=None):
        findings = [a_finding(policy, subject, verdict=v) for policy, subject, v in verdicts]
        frameworks = loaded(house)
        with Warehouse(":memory:") as warehouse:
            summary = a_run(findings, audited)
            run_id = record(warehouse, summary, config_digest="c")
            judged = tuple(p for p in frameworks.policies if asked is None or p.id in asked)
            record_coverage(
                warehouse,
                summary,
                replace(frameworks, policies=judged),
                run_id=run_id,
                params=params or {},
            )
            found = coverage(warehouse, last_audit(warehouse), frameworks, now=now)
            stored = warehouse.rows("select requirement, state from audit.requirement order by 1")
        if now == audited:
            assert stored == sorted((one.says.id, one.state.value) for one in found)
        return {one.says.id: one for one in found}

    return build


def states(found):
    return [found[name].state.value for name in ("1", "2", "3", "4")]


# What ships


def test_packs_and_policies_agree():
    """Every reference is a requirement, every id a pack names a policy; nothing is left unsaid."""
    places = [shipped("policies")]
    packs = load_packs(places, load_policies(places))
    unsaid = [
        (pack.name, one.id)
        for pack in packs
        for one in pack.says.requirements
        if not pack.evidence[one.id] and not one.attest
    ]

    assert {pack.name: pack.says.title for pack in packs} == FRAMEWORKS
    assert unsaid == []
    assert [pack.name for pack in packs if not any(pack.evidence.values())] == []


def test_shipped_parameters_keep_every_limit():
    """No framework is failed by what a policy asks for by default."""
    places = [shipped("policies")]
    policies = {one.id: one for one in load_policies(places)}
    packs = load_packs(places, list(policies.values()))
    wrong = [
        (pack.name, one.id, limit)
        for pack in packs
        for one in pack.says.requirements
        for limit in one.limits
        if loosened(limit, policies[limit.policy].says.params[limit.param].default)
    ]

    assert wrong == []
    assert any(one.limits for pack in packs for one in pack.says.requirements)


def test_the_examples_of_the_handbook_load(tmp_path):
    """A pack of one's own and an attestation, as `policies/README.md` shows them."""
    text = (shipped("policies") / "README.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    [pack] = [block for block in blocks if "\nedition:" in block]
    [vouched] = [block for block in blocks if "valid_until:" in block]
    (tmp_path / "rules" / "packs").mkdir(parents=True)
    (tmp_path / "rules" / "packs" / "ours.yaml").write_text(pack)
    (tmp_path / "attestations.yaml").write_text(vouched)
    config = Config(policies=("builtin", "rules"), base=str(tmp_path))
    frameworks = load_frameworks(config, load_policies(places_of(config)))
    [ours] = [one for one in frameworks.packs if one.name == "ours"]

    assert ours.evidence == {"3.1": ("budget-exceeded",)}
    assert [one.says.requirement for one in frameworks.attestations] == ["A.2.2"]


def test_dates_of_application_have_a_source_and_a_day():
    """Annex III from December 2027, annex I from August 2028, article 50 from August 2026."""
    places = [shipped("policies")]
    packs = {pack.name: pack for pack in load_packs(places, load_policies(places))}
    dates = {one.what.split(",")[0]: str(one.applies_from) for one in packs["eu-ai-act"].says.dates}

    assert dates["Annex III"] == "2027-12-02"
    assert dates["Annex I"] == "2028-08-02"
    assert dates["Article 50"] == "2026-08-02"
    assert [str(one.applies_from) for one in packs["sr-26-2"].says.dates] == ["2026-04-17"]
    assert all(one.source and one.verified for p in packs.values() for one in p.says.dates)


# How packs are read


def test_an_organisation_has_packs_of_its_own(house):
    """They lie in `packs/` of a folder of policies; commas part several requirements."""
    [pack] = loaded(house).packs

    assert pack.evidence == {"1": ("logs", "owner"), "2": ("logs",), "3": (), "4": ("card",)}


def test_the_policies_of_a_pack_are_those_that_give_evidence(house):
    """`quaestor gate --pack` asks these and no other."""
    write_policy(house.resolve("."), "other", frameworks="[]")
    place = [house.resolve("rules")]

    assert [one.id for one in policies_of(["house"], place, load_policies(place))] == [
        "card",
        "logs",
        "owner",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message", "where", "fix"),
    [
        ("edition: First", "editon: First", "unknown key 'editon'", ":3", "'edition'"),
        ('id: "2"', 'id: "1"', "the requirement '1' stands twice", ":7", "Keep one"),
        ("[card]", "[cart]", "there is no policy 'cart'", ":9", "'card'"),
        ("policy: logs", "policy: log", "there is no policy 'log'", ":7", "'logs'"),
        ("policy: logs", "policy: card", "has a limit here and gives no evidence", ":7", "Add it"),
        ("param: days", "param: day", "has no number called 'day'", ":7", "'days'"),
        (", at_least: 183", "", "a limit needs one bound", ":7", "at_least"),
        ("at_least: 183", "at_least: 1, at_most: 2", "a limit needs one bound", ":7", "at_least"),
        ("at_least: 183", "includes: [a]", "has no text called 'days'", ":7", "It has: none."),
        ("title: Owners are named", 'title: " "', "regex|title", ":6", "Correct"),
        ('id: "1"', "id: 1", "str", ":6", "Correct"),
    ],
)
def test_a_malformed_pack_is_named_with_its_line(house, old, new, message, where, fix):
    """File, line and remedy."""
    rewrite(house, old, new)
    with pytest.raises(ConfigurationError, match=message) as wrong:
        loaded(house)

    assert f"house.yaml{where}" in (wrong.value.where or "")
    assert fix in (wrong.value.fix or "")


def test_a_reference_to_no_requirement_names_the_policys_line(house):
    """Evidence that nobody counts is a mistake, not silence."""
    rewrite(house, '"1, 2"', '"1, 22"', "rules/ownership/logs.yaml")
    with pytest.raises(ConfigurationError, match="'house' has no requirement '22'") as wrong:
        loaded(house)

    assert "logs.yaml:11" in (wrong.value.where or "")
    assert wrong.value.fix == "Did you mean '2'?"


def test_a_reference_to_no_pack_is_refused(house):
    """With the nearest name, where policies are loaded."""
    rewrite(house, "pack: house", "pack: hose", "rules/ownership/logs.yaml")
    with pytest.raises(ConfigurationError, match="there is no framework pack 'hose'") as wrong:
        load_policies([house.resolve("rules")])

    assert wrong.value.fix == "Did you mean 'house'?"


def test_a_pack_stands_once(house):
    """Whose requirements count must not depend on an order of folders."""
    second = house.resolve("more") / "packs"
    second.mkdir(parents=True)
    (second / "house.yaml").write_text(HOUSE)
    with pytest.raises(ConfigurationError, match="'house' stands twice"):
        load_packs([house.resolve("rules"), second.parent], ())


def test_a_pack_that_does_not_exist_gets_a_suggestion(house):
    """It is asked for on the command line."""
    policies = load_policies([house.resolve("rules")])
    with pytest.raises(ConfigurationError, match="no framework pack 'huose'") as wrong:
        load_packs([house.resolve("rules")], policies, ["huose"])

    assert wrong.value.fix == "Did you mean 'house'?"


def test_references_are_parted_by_commas(house):
    """A policy names its requirements in one line."""
    [policy] = [p for p in load_policies([house.resolve("rules")]) if p.id == "logs"]

    assert requirements_of(policy.says.frameworks[0]) == ("1", "2")


# Where requirements stand


def test_each_requirement_stands_where_its_evidence_puts_it(stands):
    """Kept by all: supported. Nothing judged: concerns nothing. No policy: not automated."""
    found = stands(
        ("owner", "churn", Verdict.PASS),
        ("logs", "churn-api", Verdict.PASS),
        ("card", "churn:7", Verdict.SKIP),
    )

    assert states(found) == ["supported", "supported", "not-automated", "not-applicable"]


def test_one_violation_outweighs_what_is_kept_and_what_is_unknown(stands):
    """A subject is counted once, whatever number of policies it violates."""
    found = stands(
        ("owner", "churn", Verdict.FAIL),
        ("logs", "churn", Verdict.FAIL),
        ("owner", "fraud", Verdict.PASS),
        ("owner", "search", Verdict.UNKNOWN),
        ("card", "churn:7", Verdict.UNKNOWN),
    )

    assert states(found) == ["violated", "violated", "not-automated", "unknown"]
    assert (found["1"].violated, found["1"].subjects, found["1"].severity) == (
        1,
        ("churn",),
        "high",
    )


def test_of_many_violations_five_are_named(stands):
    """The count is whole; the names are a sample, in order."""
    found = stands(*(("owner", f"m{number}", Verdict.FAIL) for number in range(9)))

    assert (found["1"].violated, found["1"].subjects) == (9, ("m0", "m1", "m2", "m3", "m4"))


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.ERROR])
def test_what_nobody_knows_supports_nothing(stands, verdict):
    """One open answer leaves the requirement open, however many are kept."""
    found = stands(("owner", "churn", Verdict.PASS), ("logs", "api", verdict))

    assert states(found)[:2] == ["unknown", "unknown"]


def test_a_policy_that_was_not_asked_leaves_its_requirement_unknown(stands):
    """A rule newer than the audit has no answer yet, and says so."""
    found = stands(("owner", "churn", Verdict.PASS), asked=("owner", "card"))

    assert states(found)[:2] == ["unknown", "unknown"]
    assert found["1"].notes == ("not asked in this audit: logs",)


def test_a_waived_violation_is_still_one(stands):
    """We accept it; the framework does not."""
    found = stands(("owner", "churn", Verdict.WAIVED))

    assert found["1"].state == "violated"
    assert found["1"].notes == ("1 waived, which the framework does not know",)


@pytest.mark.parametrize(("days", "state"), [(182, "loosened"), (183, "supported")])
def test_a_loosened_parameter_fails_the_requirement_though_the_policy_passes(stands, days, state):
    """Retention of 182 days passes where the house asks for that, and fails the framework."""
    found = stands(
        ("logs", "api", Verdict.PASS),
        ("owner", "churn", Verdict.PASS),
        params={"logs": {"days": days}},
    )

    assert states(found)[:2] == ["supported", state]
    if state == "loosened":
        assert found["2"].notes == ("days of logs is 182, at least 183 is asked for",)


def test_a_parameter_loosened_by_a_later_folder_counts_too(house, stands):
    """Wherever it was set: what counts is what the policy was asked with."""
    rewrite(house, "default: 365", "default: 90", "rules/ownership/logs.yaml")
    found = stands(("logs", "api", Verdict.PASS))

    assert found["2"].state == "loosened"


def test_a_parameter_loosened_for_one_risk_tier_counts_too(stands):
    """The framework knows no sandbox."""
    found = stands(
        ("logs", "api", Verdict.PASS),
        params={"logs": {"days": 365, "by_tier": {3: {"days": 30}}}},
    )

    assert found["2"].state == "loosened"
    assert found["2"].notes == ("days of logs for tier 3 is 30, at least 183 is asked for",)


def test_a_violation_outranks_a_loosened_parameter(stands):
    """What is certain comes first; the loosened parameter is still told."""
    found = stands(("logs", "api", Verdict.FAIL), params={"logs": {"days": 90}})

    assert found["2"].state == "violated"
    assert found["2"].notes == ("days of logs is 90, at least 183 is asked for",)


def test_without_an_audit_nothing_is_said():
    """No finding is no support."""
    with Warehouse(":memory:") as warehouse, pytest.raises(NothingEvaluatedError) as wrong:
        last_audit(warehouse)

    assert wrong.value.exit_code == 4
    assert "quaestor audit" in (wrong.value.fix or "")


def test_an_audit_recorded_again_replaces_what_it_said(house, a_finding, a_run):
    """The same run has each requirement once."""
    with Warehouse(":memory:") as warehouse:
        for _ in range(2):
            summary = a_run([a_finding("owner")])
            run_id = record(warehouse, summary, config_digest="c")
            record_coverage(warehouse, summary, loaded(house), run_id=run_id, params={})
        tables = ("policy", "pack", "requirement")
        counts = [warehouse.row(f"select count(*) from audit.{name}")[0] for name in tables]

    assert counts == [3, 1, 4]


# Attestations


def attest(house, text=ATTESTATION, file="attestations.yaml"):
    path = house.resolve(file)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("day", "state", "note"),
    [
        ("2026-09-30T23:59", "not-automated", "begins on 2026-10-01"),
        ("2026-10-01T00:00", "attested", "attested by grace until 2026-12-31"),
        ("2026-12-31T23:59", "attested", "attested by grace until 2026-12-31"),
        ("2027-01-01T00:00", "not-automated", "expired on 2026-12-31"),
    ],
)
def test_an_attestation_counts_from_its_first_day_to_its_last(house, stands, day, state, note):
    """Who vouches, by which document; before and after it does not count, and says so."""
    attest(house)
    found = stands(now=utc(day))

    assert found["3"].state == state
    assert note in found["3"].notes[0]


def test_an_attestation_never_covers_a_violation(house, stands):
    """Nor a parameter that was loosened; it fills what nobody knows."""
    text = ATTESTATION.replace('"3"', '"1"') + ATTESTATION.replace('"3"', '"2"')
    attest(house, text + ATTESTATION.replace('"3"', '"4"'))
    found = stands(
        ("owner", "churn", Verdict.FAIL),
        ("card", "churn:7", Verdict.UNKNOWN),
        params={"logs": {"days": 90}},
    )

    assert states(found) == ["violated", "loosened", "not-automated", "attested"]
    assert found["1"].notes == ("the attestation by grace does not cover it",)


def test_of_several_attestations_the_one_in_force_speaks(house, stands):
    """A renewal may be written before the old one ends, and an old one may stay."""
    old = ATTESTATION.replace("grace", "ada").replace("2026-12-31", "2026-11-20")
    later = ATTESTATION.replace("grace", "eve").replace("2026-10-01", "2026-12-01")
    attest(house, old + ATTESTATION + later.replace("2026-12-31", "2028-12-31"))
    found = stands()

    assert found["3"].attestation.says.by == "grace"
    assert found["3"].attestation.place == "attestations.yaml:10"


def test_a_file_holds_one_attestation_or_a_folder_many(house):
    """An empty file holds none."""
    one = textwrap.dedent(ATTESTATION.replace("- pack", "  pack"))
    attest(house, one, "vouched/a.yaml")
    attest(house, ATTESTATION * 2, "vouched/b.yml")
    attest(house, "# none yet\n", "vouched/c.yaml")
    config = Config(policies=("rules",), base=house.base, attestations="vouched")

    assert [one.place for one in load_attestations(config, loaded(house).packs)] == [
        "a.yaml:3",
        "b.yml:3",
        "b.yml:10",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message", "where", "fix"),
    [
        ("pack: house", "pack: huose", "no framework pack 'huose'", ":2", "'house'"),
        ('"3"', '"33"', "'house' has no requirement '33'", ":3", "'3'"),
        ("by: grace", 'by: " "', "by|regex", ":4", "Correct"),
        ("  by: grace\n", "", "the key 'by' is missing", ":2", "Add"),
        ("by: grace", "bye: grace", "unknown key 'bye'", ":4", "'by'"),
        ("2026-12-31", "2026-09-30", "before it was made", ":7", "Correct the day"),
        ("2026-12-31", "soon", "date", ":7", "Correct"),
        ("by: grace", "by: grace\n  by: ada", "'by' stands twice", ":5", "Remove"),
    ],
)
def test_a_malformed_attestation_is_named_with_its_line(house, old, new, message, where, fix):
    """It is evidence: nothing in it is guessed."""
    attest(house, ATTESTATION.replace(old, new))
    with pytest.raises(ConfigurationError, match=message) as wrong:
        loaded(house)

    assert f"attestations.yaml{where}" in (wrong.value.where or "")
    assert fix in (wrong.value.fix or "")


def test_a_configured_file_that_is_missing_is_said(house):
    """No attestations by mistake is not the same as none."""
    config = Config(policies=("rules",), base=house.base, attestations="gone.yaml")
    with pytest.raises(ConfigurationError, match="no such file or folder of attestations"):
        loaded(config)
