"""normalise.iam_policy: what policies allow, and that a Deny wins."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.normalise.iam_patterns import covers, overlaps
from quaestor.normalise.iam_policy import Policies, Right, statements

PACKAGES = "arn:aws:sagemaker:eu-west-1:1:model-package/churn/*"
UPDATE = "sagemaker:UpdateModelPackage"
PATTERNS = st.text("ab*?", max_size=6)
TEXTS = st.text("ab", max_size=7)
RESOURCES = st.sampled_from(
    ["*", PACKAGES, "arn:aws:sagemaker:*:*:model-package/*", PACKAGES[:-1] + "1", "arn:aws:s3:::b"]
)
ACTIONS = st.sampled_from(
    ["*", "sagemaker:*", "SageMaker:update*", UPDATE, "sagemaker:Describe*", "s3:*", "iam:?et*"]
)


def a_statement(effect: str = "Allow", **keys: Any) -> dict[str, Any]:
    """A statement about everything, unless told otherwise."""
    one: dict[str, Any] = {"Effect": effect}
    if "NotAction" not in keys:
        one["Action"] = "*"
    if "NotResource" not in keys:
        one["Resource"] = "*"
    return {**one, **keys}


def right(*listed: dict[str, Any], action: str = UPDATE, on: str = PACKAGES, **more: Any) -> Any:
    """What these statements allow."""
    given_ones = statements({"Statement": list(listed)}, "p")
    return Policies(given_ones, **more).about(action).right(on)


DRAWN = st.builds(
    lambda effect, actions, resources, flip_actions, flip_resources: {
        "Effect": effect,
        "NotAction" if flip_actions else "Action": actions,
        "NotResource" if flip_resources else "Resource": resources,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.lists(ACTIONS, min_size=1, max_size=2),
    st.lists(RESOURCES, min_size=1, max_size=2),
    st.booleans(),
    st.booleans(),
)


def matches(pattern: str, text: str) -> bool:
    """IAM's matching of plain text, by Python's own (which has no brackets here)."""
    return re.fullmatch(fnmatch.translate(pattern), text) is not None


def allows(listed: list[dict[str, Any]], action: str, resource: str) -> bool:
    """IAM's evaluation of one concrete request, as its guide words it, written down plainly."""

    def about(one: dict[str, Any]) -> bool:
        actions = one.get("Action", one.get("NotAction"))
        resources = one.get("Resource", one.get("NotResource"))
        hits_action = any(matches(each.lower(), action.lower()) for each in actions)
        hits_resource = any(matches(each, resource) for each in resources)
        return hits_action != ("NotAction" in one) and hits_resource != ("NotResource" in one)

    effects = {one["Effect"] for one in listed if about(one)}
    return "Deny" not in effects and "Allow" in effects


@given(PATTERNS, PATTERNS, TEXTS)
def test_a_text_matched_by_both_is_an_overlap(one: str, other: str, text: str):
    """And what a covered pattern matches, the wide one matches."""
    if matches(one, text) and matches(other, text):
        assert overlaps(one, other)
    if covers(one, other) and matches(other, text):
        assert matches(one, text)


@given(PATTERNS, PATTERNS)
def test_an_overlap_has_a_text(one: str, other: str):
    """Found by trying: every text of two letters that is as long as both can need."""
    texts = [""]
    for _ in range(len(one) + len(other)):
        texts += [text + letter for text in texts[-(2 ** len(texts[-1])) :] for letter in "ab"]
        if len(texts) > 4_000:
            break
    found = any(matches(one, text) and matches(other, text) for text in texts)

    assert overlaps(one, other) or not found
    if len(one) + len(other) <= 8:
        assert overlaps(one, other) == found


@given(st.lists(DRAWN, max_size=5))
def test_one_request_is_judged_as_aws_words_it(listed: list[dict[str, Any]]):
    """Allow, Deny, NotAction, NotResource and wildcards, against the guide's own sentence."""
    resource = PACKAGES.replace("*", "7")
    judged = right(*listed, on=resource)

    assert (judged is not None) == allows(listed, UPDATE, resource)


@given(st.lists(DRAWN, max_size=4), st.integers(0, 4))
def test_a_deny_of_everything_wins(listed: list[dict[str, Any]], place: int):
    """Wherever it stands."""
    listed.insert(min(place, len(listed)), a_statement("Deny"))

    assert right(*listed) is None


@given(st.lists(DRAWN, max_size=4), DRAWN)
def test_a_deny_never_gives(listed: list[dict[str, Any]], one: dict[str, Any]):
    """What is denied without it stays denied with it."""
    if right(*listed) is None:
        assert right(*listed, {**one, "Effect": "Deny"}) is None


@given(st.lists(DRAWN, max_size=4), st.lists(DRAWN, max_size=3))
def test_a_boundary_only_takes_away(listed: list[dict[str, Any]], bound: list[dict[str, Any]]):
    """And an empty one takes all."""
    boundary = statements({"Statement": bound}, "b")

    assert right(*listed) is not None or right(*listed, boundary=boundary) is None
    assert right(*listed, boundary=[]) is None


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([], None),
        ([a_statement()], (False, PACKAGES)),
        ([a_statement(Action="sagemaker:updatemodelpackage")], (False, PACKAGES)),
        ([a_statement(Action=["s3:*"])], None),
        ([a_statement(NotAction="iam:*")], (False, PACKAGES)),
        ([a_statement(NotAction="sagemaker:*")], None),
        ([a_statement(NotResource="arn:aws:s3:::*")], (False, PACKAGES)),
        ([a_statement(NotResource="arn:aws:sagemaker:*")], None),
        ([a_statement(Resource=PACKAGES[:-1] + "1")], (False, PACKAGES[:-1] + "1")),
        ([a_statement(Resource="arn:aws:sagemaker:*:1:model-package/other/*")], None),
        (
            [a_statement(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})],
            (True, PACKAGES),
        ),
        ([a_statement(), a_statement(Condition={"Bool": {"x": "true"}})], (False, PACKAGES)),
        ([a_statement(), a_statement("Deny", Condition={"Bool": {"x": "1"}})], (True, PACKAGES)),
        ([a_statement(), a_statement("Deny", Action="sagemaker:Update*")], None),
        ([a_statement(), a_statement("Deny", NotResource="arn:aws:s3:::*")], None),
        ([a_statement(), a_statement("Deny", Resource=PACKAGES[:-1] + "1")], (False, PACKAGES)),
        (
            [a_statement(Resource="arn:aws:sagemaker:eu-west-1:1:model-package/${aws:username}/*")],
            (True, PACKAGES),
        ),
        (
            [a_statement(), a_statement("Deny", Resource="arn:*:model-package/${aws:username}/*")],
            (True, PACKAGES),
        ),
    ],
)
def test_what_policies_allow(listed: list[dict[str, Any]], expected: tuple[bool, str] | None):
    """What only a request's circumstances decide is conditional, and never dropped."""
    found = right(*listed)

    assert (found and (found.conditional, found.resource)) == expected


def test_a_boundary_that_is_not_shown_makes_it_conditional():
    """It may take the right away; nobody knows."""
    assert right(a_statement(Sid="All"), boundary_unknown=True) == Right(
        "p, statement All", conditional=True, resource=PACKAGES
    )


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{}", "p is no policy document"),
        ({"Statement": [{"Effect": "Perhaps"}]}, "p, statement 1 has no effect Allow or Deny"),
        ({"Statement": ["x"]}, "p, statement 1 has no effect Allow or Deny"),
    ],
)
def test_what_is_no_policy_says_so(document: Any, reason: str):
    """Never read as a policy that gives nothing."""
    with pytest.raises(ValueError, match=reason):
        statements(document, "p")
