"""Policy files: the format, the places, and what a later place may change."""

from __future__ import annotations

import pytest

from quaestor.audit.handbook import handbook
from quaestor.audit.packs import load_packs
from quaestor.audit.policies import (
    find_policy,
    load_policies,
    places_of,
    read_policy,
    settled_params,
)
from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError
from quaestor.core.shipped import shipped
from quaestor.core.verdict import Severity

GOOD = {
    "title": "Every model has an owner",
    "severity": "high",
    "subject": "registry.model",
    "requires": "[owner]",
    "require": "has_text(owner)",
    "reason": '"{model} has no owner"',
    "why": "Somebody must answer.",
    "remedy": "{text: Set it.}",
    "source": "SR 26-2",
    "params": "{days: {type: integer, default: 14, min: 1, max: 365}}",
    "gate": "{ci: block}",
    "aliases": "[ML-OWN-001]",
}


@pytest.fixture
def place(tmp_path):
    """Write policies into a folder; what is not said is that of a good one, None leaves it out."""

    def write(name="model-without-owner", *, folder="builtin", family="ownership", **changes):
        keys = {k: v for k, v in (GOOD | changes).items() if v is not None}
        path = tmp_path / folder / family / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{key}: {value}\n" for key, value in keys.items()))
        return tmp_path / folder

    return write


@pytest.fixture
def adjust(tmp_path):
    """Write a file of the same id into a later place, as it stands."""

    def write(text, name="model-without-owner", folder="repository"):
        path = tmp_path / folder / "ownership" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return tmp_path / folder

    return write


def test_a_policy_is_its_file(place):
    """Id and family are the file's and the folder's names; nothing is registered."""
    [policy] = load_policies([place()])

    assert (policy.id, policy.family, policy.blocking, policy.says.severity) == (
        "model-without-owner",
        "ownership",
        True,
        Severity.HIGH,
    )


@pytest.mark.parametrize("key", ["title", "severity", "why", "remedy", "source"])
def test_a_policy_says_why_and_what_to_do(place, key):
    """A rule without reason, remedy or source is refused."""
    with pytest.raises(ConfigurationError, match=f"the key '{key}' is missing"):
        load_policies([place(**{key: None})])


@pytest.mark.parametrize(
    ("changes", "message", "line"),
    [
        ({"remedie": "x"}, "unknown key 'remedie'", 13),
        ({"severity": "severe"}, "severe", 2),
        ({"subject": "registry.models"}, "'registry.models' is nothing that", 3),
        ({"subject": "usage.node_hour"}, "'usage.node_hour' is nothing that", 3),
        ({"require": None}, "the key 'require' is missing", 1),
        ({"reason": None}, "the key 'reason' is missing", 1),
        ({"sql": "select 1"}, "`subject` stands beside `sql`", 3),
        ({"why": '" "'}, "`why`|regex", 7),
        ({"at_stake": "focus.charge.BilledCost"}, "cannot be at stake", 13),
        ({"reason": '"{model has none"'}, "a brace that is no", 6),
        ({"params": "{days: {type: integer, default: 14}}"}, "no bounds", 10),
        ({"params": "{days: {type: integer, default: 0, min: 1, max: 9}}"}, "at least 1", 10),
        ({"params": "{days: {type: integer, default: x, min: 1, max: 9}}"}, "type integer", 10),
        ({"params": "{days: {type: integer, default: true, min: 0, max: 9}}"}, "type integer", 10),
        ({"params": "{now: {type: text, default: x}}"}, "not `now`", 10),
        ({"params": "{quaestor_x: {type: text, default: x}}"}, "is ours", 10),
        ({"params": "{days: {type: text, default: x, min: 1}}"}, "is no number", 10),
        ({"gate": "{ci: stop}"}, "stop", 11),
        ({"frameworks": "[{pack: nist, ref: X}]"}, "nist", 13),
    ],
)
def test_a_malformed_policy_is_named_with_its_line(place, changes, message, line):
    """File, line and remedy; never a traceback, never a policy that is silently left out."""
    with pytest.raises(ConfigurationError, match=message) as wrong:
        load_policies([place(**changes)])

    assert f"model-without-owner.yaml:{line}" in (wrong.value.where or "")
    assert wrong.value.fix


def test_a_misspelt_key_gets_a_suggestion(place):
    """The nearest key is the remedy."""
    with pytest.raises(ConfigurationError) as wrong:
        load_policies([place(remedie="x")])

    assert wrong.value.fix == "Did you mean 'remedy'?"


def test_an_id_is_kebab_case(place):
    """The id is read by people, in waivers and on command lines."""
    with pytest.raises(ConfigurationError, match="no kebab-case id"):
        load_policies([place("Model_Without_Owner")])


def test_an_id_stands_once_in_a_place(place):
    """Two families cannot hold the same id."""
    place()

    with pytest.raises(ConfigurationError, match="stands twice"):
        load_policies([place(family="cost", aliases=None)])


def test_an_alias_names_one_policy(place):
    """Either name finds it, so a name means one thing."""
    place()

    with pytest.raises(ConfigurationError, match="'ML-OWN-001' names two"):
        load_policies([place("model-without-team")])


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    """A misspelt folder must not read as "no policies"."""
    with pytest.raises(ConfigurationError, match="no such folder"):
        load_policies([tmp_path / "polices"])


def test_a_policy_outside_a_family_is_an_error(place):
    """It would otherwise be silently left out."""
    folder = place()
    (folder / "stray.yaml").write_text("title: x\n")

    with pytest.raises(ConfigurationError, match="outside a family"):
        load_policies([folder])


def test_a_later_place_adjusts_params_severity_and_gate(place, adjust):
    """An organisation tunes a rule without copying it."""
    later = adjust("severity: low\ngate: {ci: warn}\nparams: {days: 30}\n")
    [policy] = load_policies([place(), later])

    assert policy.says.severity is Severity.LOW
    assert not policy.blocking
    assert policy.says.params["days"].default == 30
    assert policy.says.require == "has_text(owner)"


def test_a_later_place_adds_policies_of_its_own(place):
    """What has a new id is a new policy."""
    own = place("model-without-team", folder="repository", aliases=None)

    assert [one.id for one in load_policies([place(), own])] == [
        "model-without-owner",
        "model-without-team",
    ]


@pytest.mark.parametrize("key", ["require: 'true'", "sql: select 1", "title: x", "requires: []"])
def test_a_later_place_cannot_change_what_a_rule_says(place, adjust, key):
    """Nobody weakens a rule under its old name."""
    with pytest.raises(ConfigurationError, match="cannot be changed here"):
        load_policies([place(), adjust(f"{key}\n")])


@pytest.mark.parametrize(
    ("text", "message"),
    [("params: {day: 3}", "has no parameter 'day'"), ("params: {days: 400}", "at most 365")],
)
def test_an_adjustment_keeps_the_bounds(place, adjust, text, message):
    """A parameter's limits hold for everybody."""
    with pytest.raises(ConfigurationError, match=message):
        load_policies([place(), adjust(f"{text}\n")])


def test_the_user_sets_parameters_in_the_configuration(place):
    """`params:` by policy id; what is not set keeps its default."""
    policies = load_policies([place()])

    assert settled_params(policies, {}) == {"model-without-owner": {"days": 14}}
    assert settled_params(policies, {"model-without-owner": {"days": 3}}) == {
        "model-without-owner": {"days": 3}
    }


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"model-without-ownr": {"days": 3}}, "does not exist"),
        ({"model-without-owner": {"dais": 3}}, "no parameter 'dais'"),
        ({"model-without-owner": {"days": 0}}, "at least 1"),
        ({"model-without-owner": {"days": 366}}, "at most 365"),
        ({"model-without-owner": {"days": "3"}}, "type integer"),
        ({"model-without-owner": {"days": True}}, "type integer"),
        ({"model-without-owner": {"days": 3.5}}, "type integer"),
    ],
)
def test_a_wrong_parameter_is_refused(place, params, message):
    """A setting that has no effect, or goes out of bounds, is a mistake to be told."""
    with pytest.raises(ConfigurationError, match=message) as wrong:
        settled_params(load_policies([place()]), params)

    assert (wrong.value.where or "").startswith("params.")


def test_either_name_finds_a_policy(place):
    """The id or an alias, in any case; else the nearest name."""
    policies = load_policies([place()])

    assert find_policy(policies, "ml-own-001") is find_policy(policies, "model-without-owner")
    with pytest.raises(ConfigurationError) as wrong:
        find_policy(policies, "model-without-ovner")
    assert wrong.value.fix == "Did you mean 'model-without-owner'?"


def test_builtin_means_the_shipped_folder(tmp_path):
    """Other names are folders beside the configuration."""
    places = places_of(Config(policies=("builtin", "rules"), base=str(tmp_path)))

    assert places == (shipped("policies"), tmp_path / "rules")


def test_the_shipped_policies_are_complete():
    """In twelve families, each with alias, frameworks and cases; test_catalogue.py lists them."""
    policies = load_policies([shipped("policies")])

    assert {one.family for one in policies} == {
        "access", "approval", "cost", "deployment", "lifecycle", "lineage", "monitoring",
        "ownership", "regulatory", "supply-chain", "validation", "versioning",
    }  # fmt: skip
    assert [one.id for one in policies if not one.says.aliases or not one.says.frameworks] == []
    assert [one.id for one in policies if not one.cases_path.is_file()] == []


def test_the_handbook_is_up_to_date():
    """`policies/README.md` is written by `quaestor policy docs`."""
    folder = shipped("policies")
    policies = load_policies([folder])

    assert (folder / "README.md").read_text() == handbook(policies, load_packs([folder], policies))


def test_a_policy_file_reads_alone(place):
    """`quaestor policy test FILE` needs no folder around it."""
    folder = place()

    assert read_policy(folder / "ownership" / "model-without-owner.yaml").family == "ownership"
