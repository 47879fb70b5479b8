"""Waivers are exact: what is malformed is refused with its line, and none lasts too long."""

from __future__ import annotations

import pytest
import yaml

from quaestor.core.errors import ConfigurationError
from quaestor.core.verdict import Severity
from quaestor.core.waivers import Waivable, matches, named_by, read_waivers

POLICIES = (
    Waivable(("model-without-owner", "ML-OWN-001"), Severity.HIGH),
    Waivable(("model-without-oncall", "ML-OWN-002"), Severity.MEDIUM),
    Waivable(("version-without-approval", "ML-APR-001"), Severity.CRITICAL),
    Waivable(("version-without-notes", "ML-VER-008"), Severity.LOW),
)
GOOD = {
    "id": "churn-owner",
    "policy": "model-without-owner",
    "subject": "churn",
    "reason": "The team is being split until the end of the year.",
    "ticket": "GOV-4711",
    "requested_by": "ada",
    "approved_by": "grace",
    "approved_at": "2026-11-21",
    "expires": "2026-12-14",
    "compensating_control": "The head of the department answers for it.",
}


@pytest.fixture
def read(tmp_path):
    """Write one file of waivers, each the good one with changes, and read the folder."""

    def call(*waivers, name="w.yaml", text=None):
        folder = tmp_path / "waivers"
        folder.mkdir(exist_ok=True)
        several = [GOOD | changes for changes in waivers]
        value = several if len(several) != 1 else several[0]
        (folder / name).write_text(text or yaml.safe_dump(value, sort_keys=False))
        return read_waivers(folder, POLICIES)

    return call


def refused(read, *waivers, **options):
    with pytest.raises(ConfigurationError) as problem:
        read(*waivers, **options)
    assert problem.value.exit_code == 2
    assert problem.value.fix
    return problem.value.what, (problem.value.where or "").rpartition("/")[2]


def test_a_waiver_is_read_with_its_place_and_what_it_names(read):
    """An alias names its policy, and the severity limits how long it may last."""
    [found] = read({"policy": "ml-own-001"})

    assert (found.id, found.place, found.file) == (
        "churn-owner",
        "waivers/w.yaml:1",
        "waivers/w.yaml",
    )
    assert (found.policies, found.severity) == (("model-without-owner",), Severity.HIGH)
    assert str(found.expires) == "2026-12-14"


def test_a_file_may_hold_several_and_a_folder_several_files(read):
    """All count, by id; an empty file holds none."""
    read(text="# nothing yet\n", name="empty.yml")
    read({"id": "b"}, {"id": "a"})

    assert [one.id for one in read({"id": "c"}, name="z.yaml")] == ["a", "b", "c"]


def test_a_pattern_takes_the_strictest_of_the_policies_it_names(read):
    """One waiver for everything lasts as long as one for a critical."""
    assert read({"policy": "*", "expires": "2026-12-05"})[0].severity is Severity.CRITICAL
    assert refused(read, {"policy": "*", "expires": "2026-12-06"}) == (
        "the waiver 'churn-owner' lasts 15 days; one for a critical policy may last 14",
        "w.yaml:9",
    )


@pytest.mark.parametrize(
    ("policy", "last", "too_late"),
    [
        ("version-without-approval", "2026-12-05", "2026-12-06"),
        ("model-without-owner", "2026-12-21", "2026-12-22"),
        ("model-without-oncall", "2027-02-19", "2027-02-20"),
        ("version-without-notes", "2027-05-20", "2027-05-21"),
    ],
)
def test_each_severity_has_its_horizon(read, policy, last, too_late):
    """14, 30, 90 and 180 days: the last day is allowed, the one after it is not."""
    assert read({"policy": policy, "expires": last})
    assert "may last" in refused(read, {"policy": policy, "expires": too_late})[0]


def test_a_policy_that_does_not_exist_is_no_mistake(read):
    """It is stale, which the audit says; a removed policy must not stop it."""
    [found] = read({"policy": "gone", "expires": "2030-01-01"})

    assert (found.policies, found.severity) == ((), None)


@pytest.mark.parametrize(
    ("changes", "what", "line"),
    [
        ({"reason": "too short here"}, "has a reason that is too short", 4),
        ({"reason": " " * 19 + "x"}, "has a reason that is too short", 4),
        ({"approved_by": " ADA "}, "is approved by its requester", 7),
        ({"approved_by": "\uff41\uff44\uff41"}, "is approved by its requester", 7),
        ({"expires": "2026-11-20"}, "ends before it begins", 9),
        ({"approved_by": None}, "the key 'approved_by' is empty", 7),
        ({"ticket": "  "}, "the key 'ticket' is empty", 5),
        ({"subjects": "churn"}, "unknown key 'subjects'", 11),
        ({"expires": "soon"}, "date", 9),
        ({"expires": "2026-11-21T10:00:00Z"}, "date", 9),
        ({"id": "two words"}, "str", 1),
        ({"ticket": 4711}, "Expected `str`, got `int`", 5),
    ],
)
def test_what_is_malformed_is_refused_with_its_line(read, changes, what, line):
    """In a list too: the line is that of the key, not of the file."""
    said, where = refused(read, changes)
    in_list = refused(read, {"id": "first"}, changes)

    assert what in said
    assert where.startswith(f"w.yaml:{line}")
    assert in_list[1].startswith(f"w.yaml:{line + 10}")


@pytest.mark.parametrize("key", sorted(GOOD))
def test_every_key_is_needed(read, key):
    """A waiver without a ticket, an end or a control is none."""
    text = yaml.safe_dump({name: value for name, value in GOOD.items() if name != key})

    assert refused(read, text=text)[0] == f"the key '{key}' is missing"


def test_a_key_twice_is_refused(read):
    """YAML would keep the last `expires:` silently."""
    text = yaml.safe_dump(GOOD, sort_keys=False) + "expires: 2026-12-20\n"

    assert refused(read, text=text) == ("the key 'expires' stands twice", "w.yaml:11")


@pytest.mark.parametrize("text", ["just text", "- 1", "- [a]", "{", "a: *b", "12"])
def test_what_is_no_waiver_is_refused(read, text):
    """Never taken for an empty folder."""
    refused(read, text=text)


def test_two_waivers_of_one_id_are_refused(read):
    """In one file, and in two; both places are named."""
    assert refused(read, {}, {})[0] == ("the waiver 'churn-owner' stands in waivers/w.yaml:1 too")
    read({})
    assert refused(read, {}, name="x.yaml") == (
        "the waiver 'churn-owner' stands in waivers/w.yaml:1 too",
        "x.yaml:1",
    )


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """A typing mistake must not read as a place without waivers."""
    with pytest.raises(ConfigurationError, match="no such folder"):
        read_waivers(tmp_path / "waiver", POLICIES)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("churn", "churn", True),
        ("churn", "churn:7", False),
        ("churn:*", "churn:7", True),
        ("*", "", True),
        ("a[1]", "a[1]", True),
        ("a[1]", "a1", False),
        ("a?c", "abc", False),
        ("Churn", "churn", False),
        ("*a" * 40 + "b", "a" * 200, False),
    ],
)
def test_only_the_star_is_special_in_a_pattern(pattern, name, fits):
    """Names of clouds hold brackets and question marks; and no pattern takes for ever."""
    assert matches(pattern, name) is fits


def test_a_pattern_finds_policies_by_alias():
    """`ML-OWN-*` is a family of the catalogue."""
    assert [one.names[0] for one in named_by("ML-OWN-*", POLICIES)] == [
        "model-without-owner",
        "model-without-oncall",
    ]


def test_places_are_the_same_on_every_machine(tmp_path):
    """A folder outside of the repository is told relative to it: fingerprints rest on places."""
    for name in ("repo", "shared"):
        (tmp_path / name).mkdir()
    (tmp_path / "shared" / "w.yaml").write_text(yaml.safe_dump(GOOD, sort_keys=False))
    [found] = read_waivers(tmp_path / "repo" / ".." / "shared", POLICIES, base=tmp_path / "repo")

    assert found.place == "../shared/w.yaml:1"
