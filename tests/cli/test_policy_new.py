"""`quaestor policy new`: two files that run as they are, and say what is left to write."""

from __future__ import annotations

import pytest

from quaestor.audit.subjects import SUBJECTS


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_new_policy_keeps_its_cases(quaestor, home, subject):
    """For everything that can be judged; every verdict is shown."""
    said = quaestor("policy", "new", "ours/a-first-rule", "--subject", subject)
    assert said.code == 0
    assert (home / "policies" / "ours" / "a-first-rule.yaml").is_file()

    tested = quaestor("policy", "test", "policies")

    assert (tested.code, tested.out) == (0, "1 policy, 3 cases: none failed\n")


def test_lint_says_what_is_left_to_write(quaestor):
    """What says FILL IN, and what is only a comment."""
    quaestor("policy", "new", "ours/a-first-rule")
    said = quaestor("policy", "lint", "policies")

    assert said.code == 1
    for part in ("`title`", "`why`", "`source`", "`remedy`", "no framework", "no alias"):
        assert part in said.out
    assert "7 remarks" not in said.out
    assert "6 remarks" in said.out


def test_nothing_is_overwritten(quaestor, home):
    """A second time is exit code 2, and the first file is as it was."""
    quaestor("policy", "new", "ours/a-first-rule")
    path = home / "policies" / "ours" / "a-first-rule.yaml"
    path.write_text("mine")
    said = quaestor("policy", "new", "ours/a-first-rule")

    assert (said.code, path.read_text()) == (2, "mine")
    assert "the file is there already" in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a-rule",), "is no family and id"),
        (("ours/",), "is no family and id"),
        (("../a-rule",), "is no family and id"),
        (("ours/A Rule",), "is no kebab-case id"),
        (("ours/a-rule", "--subject", "registry.modle"), "nothing that a policy can judge"),
    ],
)
def test_wrong_words_leave_nothing_behind(quaestor, home, words, message):
    """Exit code 2, with the remedy, and no file."""
    said = quaestor("policy", "new", *words)

    assert said.code == 2
    assert message in said.err
    assert list(home.rglob("*rule*.yaml")) == []
