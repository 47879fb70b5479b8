"""Rules, labels and names: who owns a charge or a pod, and what a rule may ask."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.ledgers import a_warehouse, built, config
from builders.owners import DAY, a_pod, lines, pods
from builders.rows import insert
from quaestor.core.errors import ConfigurationError
from quaestor.ledger.rules import create_views, fact_columns
from quaestor.ledger.rules_match import alone, groups, unnamed
from quaestor.warehouse.duckdb import Warehouse


def owner(charge, text, columns="team, model, rule"):
    """Whose one charge is under rules."""
    return lines(a_warehouse(charge), text).row(f"select {columns} from ledger.line")


@pytest.mark.parametrize(
    ("match", "team", "model"),
    [
        ("{SubAccountName: '/^ml-([a-z]+)$/'}", "{1}", None),
        ("{SubAccountName: '/^ml-(?P<unit>[a-z]+)$/'}", "{unit}", None),
        ("{SubAccountName: '/^ml-(?<unit>[a-z]+)$/', tag.app: '/^(.*)-v[0-9]$/'}", "{unit}", "{2}"),
        ("{SubAccountName: '/^(?:ml|ai)-([a-z]+)/', tag.app: /(chat)/}", "team-{1}", "{2}"),
    ],
)
def test_groups_of_an_expression_may_stand_in_names(match, team, model):
    """By number, through all expressions of a rule, or by name."""
    charge = {"SubAccountName": "ml-search", "tags": {"app": "chat-v2"}}
    told = f"team: '{team}'" + (f", model: '{model}'" if model else "")
    found = owner(charge, f"attribution: [{{name: a, match: {match}, {told}}}]")

    assert found == (
        team.replace("{1}", "search").replace("{unit}", "search"),
        model and "chat",
        "rule:a",
    )


def test_any_number_of_groups_may_be_asked_for():
    """The eleventh, too: none of them is taken for the first with a one behind it."""
    pattern = "".join(f"({letter})" for letter in "abcdefghijk")
    text = f"attribution: [{{name: a, match: {{ServiceName: /{pattern}/}}, team: '{{11}}-{{1}}'}}]"

    assert owner({"ServiceName": "abcdefghijk"}, text, "team") == ("k-a",)


PIECES = ("a", "(", "(?:", ")", ")?", "[(]", "[^)]", "[]x(]", r"\(", r"\\", "|", "(?P<n>")


def compiled(pattern):
    """What Python makes of an expression; None where it is none."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join).filter(compiled))
def test_groups_are_counted_as_engines_count_them(pattern):
    """Escapes, classes and groups that catch nothing are told apart, whatever the expression."""
    known = re.compile(pattern)
    count = known.groups

    assert groups(pattern) == [
        next((name for name, at in known.groupindex.items() if at == number), None)
        for number in range(1, count + 1)
    ]
    assert re.compile(unnamed(pattern)).groups == count
    for number in range(1, count + 1):
        assert re.compile(alone(pattern, number)).groups == 1


def test_a_group_that_finds_nothing_names_nobody():
    """A blank is no name, and half a name is none either."""
    text = "attribution: [{name: a, match: {ServiceName: '/^ml(-[a-z]+)?/'}, team: 't{1}'}]"

    assert owner({"ServiceName": "ml"}, text) == (None, None, "unattributed")


def test_a_rule_holds_from_a_day_to_a_day():
    """Both are meant: a mapping with its dates, as accounts change hands."""
    charges = [{"ChargePeriodStart": f"2026-10-0{day}", "ServiceName": "s"} for day in range(1, 6)]
    text = """
        attribution:
          - {name: old, match: {ServiceName: s}, team: alpha, until: 2026-10-02}
          - {name: new, match: {ServiceName: s}, team: beta, since: 2026-10-03, until: 2026-10-04}
    """
    found = lines(a_warehouse(*charges), text).rows("select team from ledger.line order by day")

    assert [team for (team,) in found] == ["alpha", "alpha", "beta", "beta", None]


def test_a_rule_may_match_on_any_column_of_the_bill():
    """Those that a day's line has not itself are kept beside it, and no others."""
    charges = [{"SkuId": "a", "SubAccountName": "x"}, {"SkuId": "b"}, {"SkuId": "b"}]
    text = "attribution: [{name: sku, match: {SkuId: a, SubAccountName: x}, team: t}]"
    warehouse = lines(a_warehouse(*charges), text)

    assert fact_columns(warehouse, config(text)) == ["SkuId", "SubAccountName"]
    assert warehouse.rows("select team, charges from ledger.line order by all") == [
        ("t", 1),
        (None, 2),
    ]
    assert warehouse.rows(
        "select team, count(*) from ledger.ruled_charge group by 1 order by 1"
    ) == [
        ("t", 1),
        (None, 2),
    ]


NAMES = """
        names:
          - {field: team, old: growth, new: retention}
          - {field: model, old: churn-v1, new: churn}
          - {field: environment, old: prod, new: production}
"""


def test_a_team_that_was_renamed_is_one_team():
    """In tags, in rules, by groups and in the registry: March's name is April's."""
    rules = """
        attribution:
          - {name: plain, match: {ServiceName: plain}, team: growth}
          - {name: group, match: {ServiceName: /^of-(.*)/}, team: "{1}", environment: Prod}
    """
    charges = [
        {"tags": {"team": "growth", "env": "PROD"}},
        {"tags": {"team": "retention"}},
        {"ServiceName": "plain"},
        {"ServiceName": "of-growth"},
        {"tags": {"model": "churn-v1"}},
    ]
    warehouse = a_warehouse(*charges)
    insert(warehouse, "registry.model", source="r", model="churn-v1", team="growth")
    lines(warehouse, NAMES + rules)

    assert warehouse.rows("select distinct team from ledger.line") == [("retention",)]
    assert warehouse.rows("select distinct model from ledger.line order by 1") == [
        ("churn",),
        (None,),
    ]
    assert warehouse.rows("select distinct environment from ledger.line order by 1") == [
        ("production",),
        (None,),
    ]


@pytest.mark.parametrize(
    ("rule", "what", "fix"),
    [
        (
            "{name: a, match: {ServiceName: /x(.)/}, team: '{2}'}",
            "its patterns have no group '2'",
            "numbered from 1",
        ),
        (
            "{name: a, match: {ServiceName: '/[(]x(?:.)/'}, team: '{1}'}",
            "its patterns have no group '1'",
            "numbered",
        ),
        (
            "{name: a, match: {ServiceName: x*}, model: 'm-{unit}'}",
            "names model 'm-{unit}', but",
            "named",
        ),
        (
            "{name: a, match: {ServiceName: x}, team: t, since: 2026-11-02, until: 2026-11-01}",
            "ends before it begins: since 2026-11-02, until 2026-11-01",
            "Correct one",
        ),
        (
            "{name: a, match: {label.app: x, ServiceName: y}, team: t}",
            "'label.app', which pods have",
            "two rules",
        ),
        ("{name: a, match: {clutser: x}, team: t}", "'clutser'", "Did you mean 'cluster'?"),
        ("{name: a, match: {tag.: x}, team: t}", "'tag.', which no", "tag.<key>"),
    ],
)
def test_a_rule_that_cannot_apply_is_refused(rule, what, fix):
    """By its name, with what is wrong and what to write."""
    with pytest.raises(ConfigurationError) as caught:
        built([{}], f"attribution: [{rule}]")

    assert what in caught.value.what
    assert "'a'" in caught.value.what
    assert fix in str(caught.value.fix)


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("{name: s, match: {ServiceName: x}, by: fixed, shares: {a: 0.6}}", "add up to 0.6"),
        ("{name: s, match: {ServiceName: x}, by: fixed, shares: {a: NaN}}", "'a' is NaN, not"),
        ("{name: s, match: {ServiceName: x}, by: fixed, shares: {a: 2, b: -1}}", "'a' is 2, not"),
        ("{name: s, match: {ServiceName: x}, by: fixed}", "add up to 0, not"),
        ("{name: s, match: {ServiceName: x}, by: fixed, shares: {a: 1, b: -1}}", "below zero"),
        ("{name: s, match: {ServiceName: x}, by: even, shares: {a: 1}}", "divided by even"),
        ("{name: s, match: {}, by: even}", "matches nothing"),
        ("{name: s, match: {label.app: x}, by: even}", "'label.app', which no bill"),
        ("{name: s, match: {namespace: x}, by: even}", "'namespace', which no bill"),
    ],
)
def test_a_shared_rule_that_cannot_apply_is_refused(rule, what):
    """Fixed shares are of one whole, and nobody's is below zero."""
    with pytest.raises(ConfigurationError) as caught:
        built([{}], f"shared: [{rule}]")

    assert what in caught.value.what


@pytest.mark.parametrize(
    ("match", "shared"),
    [
        ("{ServiceName: AmazonEKS}", 1),
        ("{tag.app: 'plat*'}", 1),
        ("{SkuId: /^a/}", 1),
        ("{cost_kind: unattributed, sub_account: x}", None),
        ("{team: infra}", 1),
        ("{cost_kind: unattributed}", 1),
    ],
)
def test_a_shared_rule_matches_on_the_bill_and_on_what_attribution_found(match, shared):
    """Any column of the bill, tags, and the owner and kind of a part."""
    charges = [
        {"ServiceName": "AmazonEKS", "tags": {"app": "platform", "team": "infra"}, "SkuId": "a1"},
        {"ServiceName": "x"},
    ]
    text = f"shared: [{{name: s, match: {match}, by: even}}]"
    if shared is None:
        with pytest.raises(ConfigurationError, match="sub_account"):
            built(charges, text)
        return
    warehouse = built(charges, text)

    assert warehouse.row("select count(shared_rule) from ledger.shared_match") == (shared,)


def pod_owners(warehouse: Warehouse, columns: str) -> list[tuple[object, ...]]:
    return warehouse.rows(f"select {columns} from ledger.pod_owner order by pod")


def test_labels_name_a_pods_owner_in_either_spelling():
    """Kubernetes writes gov.team, Prometheus gov_team; the true one comes first."""
    warehouse = Warehouse(":memory:")
    a_pod(warehouse, "a", {"gov.team": "true", "gov_team": "other"})
    a_pod(warehouse, "b", {"app_kubernetes_io_part_of": "search"})
    a_pod(warehouse, "c", {"serving_kserve_io_inferenceservice": "ranker", "model_version": "3"})
    a_pod(warehouse, "d", None)
    pods(warehouse)

    assert pod_owners(warehouse, "team, model, model_version, rule, is_named") == [
        ("true", None, None, "label", True),
        ("search", None, None, "label", True),
        (None, "ranker", "3", "label", True),
        (None, None, None, "unattributed", False),
    ]


def test_rules_reach_pods_by_label_cluster_namespace_and_name():
    """For what labels leave open; rules on charges are none of theirs, and days count."""
    text = """
        attribution:
          - {name: bill, match: {ServiceName: x}, team: bill}
          - {name: past, match: {namespace: ml}, team: past, until: 2026-10-04}
          - {name: label, match: {label.app.x/unit: "/^u-(.*)/", cluster: prod}, team: "{1}"}
          - {name: space, match: {namespace: ml*, pod: "*-7"}, model: seven}
    """
    warehouse = Warehouse(":memory:")
    insert(warehouse, "registry.model", source="r", model="seven", team="seventh")
    a_pod(warehouse, "a", {"app.x/unit": "u-nlp"})
    a_pod(warehouse, "b", {"app_x_unit": "u-cv", "team": "own"})
    a_pod(warehouse, "c-7", {"other": "x"}, namespace="ml-2")
    a_pod(warehouse, "d", {"other": "x"})
    pods(warehouse, text)

    assert pod_owners(warehouse, "team, model, rule") == [
        ("nlp", None, "rule:label"),
        ("own", None, "label"),
        ("seventh", "seven", "rule:space + registry"),
        (None, None, "unattributed"),
    ]


def test_what_keeps_a_cluster_running_is_overhead():
    """By namespace, with wildcards and nothing else a wildcard, and daemons by who made them."""
    text = "overhead: {namespaces: ['kube-*', 'gpu_operator']}"
    warehouse = Warehouse(":memory:")
    a_pod(warehouse, "a", None, namespace="kube-system")
    a_pod(warehouse, "b", None, namespace="gpu-operator")
    a_pod(warehouse, "c", {"team": "infra"}, namespace="gpu_operator")
    a_pod(warehouse, "d", None)
    insert(
        warehouse, "usage.pod", source="k8s", cluster="prod", namespace="ml", pod="d",
        owner_kind="DaemonSet", owner="exporter", seen_at=DAY,
    )  # fmt: skip
    pods(warehouse, text)

    assert pod_owners(warehouse, "pod, is_overhead") == [
        ("a", True),
        ("b", False),
        ("c", True),
        ("d", True),
    ]


@pytest.mark.parametrize(
    "value",
    ["équipe-ünïcode", "推荐", "🦉" * 3, "x" * 10_000, "a'b\"c\\d", "<script>", "‮evil"],  # noqa: PLE2502 - hostile on purpose
)
def test_labels_and_tags_of_any_text_are_kept_whole(value):
    """Unicode and 10 kB values are names like others; nothing is cut."""
    warehouse = Warehouse(":memory:")
    a_pod(warehouse, "a", {"team": value, "größe": "1"})
    pods(warehouse, "attribution: [{name: u, match: {label.GRÖSSE: x, label.größe: 1}, model: m}]")
    tagged = lines(a_warehouse({"tags": {"team": value}}))

    assert pod_owners(warehouse, "team") == [(value,)]
    assert tagged.row("select team from ledger.line") == (value,)


@pytest.mark.parametrize("labels", ["no json", "[1]", "{", "", "null", '{"team": null}', "{}"])
def test_labels_that_say_nothing_leave_a_pod_unattributed(labels):
    """And take no row away."""
    warehouse = Warehouse(":memory:")
    a_pod(warehouse, "a", labels)
    pods(warehouse)

    assert pod_owners(warehouse, "day, team, rule") == [
        (date.fromisoformat(DAY), None, "unattributed")
    ]


def test_pods_of_days_that_are_not_built_are_left_out():
    """The view is of what a build does anew."""
    warehouse = Warehouse(":memory:")
    a_pod(warehouse, "a", None, day="2026-10-04")
    a_pod(warehouse, "b", None)
    pods(warehouse)

    assert pod_owners(warehouse, "pod") == [("b",)]


def test_the_views_can_be_made_before_anything_is_known():
    """On an empty warehouse: a build makes them first."""
    warehouse = Warehouse(":memory:")
    create_views(warehouse, config())

    for view in ("line", "ruled_charge", "pod_owner", "shared_match", "stated_charge"):
        assert warehouse.rows(f"from ledger.{view}") == []
