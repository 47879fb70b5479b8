"""Every charge has one owner, and the ledger equals the bill."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from builders.ledgers import a_warehouse, build, built, config
from quaestor import ledger
from quaestor.core.errors import CheckFailedError, ConfigurationError
from quaestor.core.money import rounded
from quaestor.normalise import currency
from quaestor.warehouse.duckdb import Warehouse

RULES = """
attribution:
  - {name: search, match: {SubAccountId: "2222*", ServiceName: Amazon SageMaker}, team: search}
  - {name: chat, match: {tag.app: "/^chat-/"}, team: chat, model: assistant, environment: test}
  - {name: rest-of-2222, match: {SubAccountId: "2222*"}, team: platform, lifecycle_stage: platform}
"""


def owner(warehouse: Warehouse, columns: str = "team, model, rule") -> tuple[object, ...]:
    """Whose the one charge is."""
    return warehouse.row(f"select {columns} from ledger.cost")


def test_tags_name_team_model_version_environment_and_stage():
    """Keys are compared without regard to case; environment and stage in lower case."""
    tags = {
        "Team": "nlp",
        "gov.model": "churn",
        "MODEL_VERSION": "7",
        "env": "Production",
        "ml_stage": "Training",
    }
    found = owner(
        built([{"tags": tags}]),
        "team, model, model_version, environment, lifecycle_stage, cost_kind, rule",
    )

    assert found == ("nlp", "churn", "7", "production", "training", "direct", "tag")


def test_the_first_configured_key_wins_and_a_blank_one_says_nothing():
    """`gov.team` comes before `team`; a blank value is no name."""
    both = built([{"tags": {"team": "second", "gov.team": "first"}}])
    blank = built([{"tags": {"team": "second", "gov.team": "  "}}])

    assert (owner(both)[0], owner(blank)[0]) == ("first", "second")


def test_other_tag_keys_can_be_configured():
    """`tags:` says which keys a company uses."""
    warehouse = built([{"tags": {"kostenstelle": "4711"}}], "tags: {team: [Kostenstelle]}")

    assert owner(warehouse)[0] == "4711"


@pytest.mark.parametrize("stage", ["prod", "train", "<script>"])
def test_a_stage_that_is_none_of_the_six_is_no_stage(stage: str):
    """A guess is never a figure: 'train' may be training or a timetable."""
    assert owner(built([{"tags": {"lifecycle_stage": stage}}]), "lifecycle_stage") == (None,)


@pytest.mark.parametrize("tags", ["no json", "[1, 2]", '"text"', "{", ""])
def test_tags_that_are_no_object_say_nothing(tags: str):
    """The charge is unattributed; its money stays."""
    assert owner(built([{"Tags": tags}])) == (None, None, "unattributed")


def test_rules_fill_what_tags_leave_open_and_the_first_match_wins():
    """Which rule it was is kept on the row."""
    sagemaker = {"SubAccountId": "222233334444", "ServiceName": "Amazon SageMaker"}

    assert owner(built([sagemaker], RULES)) == ("search", None, "rule:search")
    assert owner(built([{"SubAccountId": "222299"}], RULES)) == (
        "platform",
        None,
        "rule:rest-of-2222",
    )
    assert owner(built([{**sagemaker, "tags": {"team": "ads"}}], RULES))[0] == "ads"
    assert owner(built([{"tags": {"App": "chat-web"}}], RULES)) == (
        "chat",
        "assistant",
        "rule:chat",
    )
    tagged = {**sagemaker, "tags": {"model": "churn"}}
    assert owner(built([tagged], RULES)) == ("search", "churn", "tag + rule:search")


def test_a_pattern_has_no_wildcard_but_the_star():
    """Underscore and percent are letters: account_1 is not account-1."""
    rules = "attribution: [{name: a, match: {ResourceName: 'job_%_*'}, team: a}]"

    assert owner(built([{"ResourceName": "job_%_7"}], rules))[0] == "a"
    assert owner(built([{"ResourceName": "jobs-1-7"}], rules))[0] is None


def test_a_rule_is_no_way_into_the_sql():
    """Names and patterns are data."""
    evil = "'; drop table focus.charge; --"
    rules = f'attribution: [{{name: a, match: {{ResourceName: "{evil}"}}, team: "{evil}"}}]'

    assert owner(built([{"ResourceName": evil}], rules))[0] == evil


def test_the_registry_gives_a_model_its_team():
    """A model that one team registered belongs to it, unless a tag says otherwise."""
    warehouse = a_warehouse({"tags": {"model": "churn"}})
    warehouse.run(
        "insert into registry.model (source, model, team) values "
        "('a', 'churn', 'growth'), ('b', 'churn', 'growth')"
    )
    build(warehouse)

    assert owner(warehouse) == ("growth", "churn", "tag + registry")


@pytest.mark.parametrize(
    ("rule", "what", "fix"),
    [
        (
            "{name: a, match: {ServiceNam: x}, team: t}",
            "'ServiceNam', which no bill",
            "ServiceName",
        ),
        ("{name: a, match: {ServiceName: x}}", "names nobody", "team"),
        ("{name: a, match: {}, team: t}", "matches nothing", "match"),
        ("{name: odd, match: {ServiceName: /(/}, team: t}", "'odd' has a pattern", "RE2"),
        ("{name: a, match: {tag.app: '/(?=x)/'}, team: t}", "/(?=x)/ (", "look-ahead"),
        ("{name: a, match: {tag.app: '/x{1001}/'}, team: t}", "repetition size", "RE2"),
    ],
)
def test_a_rule_that_cannot_apply_is_refused(rule: str, what: str, fix: str):
    """With the nearest column name."""
    with pytest.raises(ConfigurationError) as caught:
        built([{}], f"attribution: [{rule}]")

    assert what in caught.value.what
    assert fix in str(caught.value.fix)


def test_currencies_are_converted_by_the_rate_of_the_day_and_never_summed(tmp_path):
    """Without a rate there is no figure in the reporting currency; the billed one stays."""
    rates = tmp_path / "rates.csv"
    rates.write_text("date,currency,rate\n2026-10-01,EUR,1.10\n2026-10-05,EUR,1.20\n")
    charges = [
        {"BillingCurrency": "EUR", "BilledCost": "10", "ChargePeriodStart": "2026-10-04"},
        {"BillingCurrency": "EUR", "BilledCost": "10", "ChargePeriodStart": "2026-10-06"},
        {"BillingCurrency": "NOK", "BilledCost": "10"},
        {"BilledCost": "10"},
    ]
    warehouse = built(charges, f"rates: {rates}")
    found = warehouse.rows(
        "select billing_currency, billing_billed_cost, billed_cost from ledger.cost order by all"
    )

    assert found == [
        ("EUR", 10, Decimal("11.0")),
        ("EUR", 10, Decimal("12.0")),
        ("NOK", 10, None),
        ("USD", 10, 10),
    ]


def test_a_product_keeps_every_digit_that_money_has(tmp_path):
    """Worked out in full, then rounded once: as Python's decimals have it."""
    rate, cost = Decimal("9876.000000004000000001"), Decimal("123456789012.00000000010000000007")
    rates = tmp_path / "rates.csv"
    rates.write_text(f"date,currency,rate\n2026-10-01,EUR,{rate}\n2026-10-01,IDR,4E-9\n")
    charges = [
        {"BillingCurrency": currency, "BilledCost": f"{sign}{amount:f}"}
        for currency, amount in (("EUR", cost), ("IDR", Decimal("1E-10")), ("EUR", Decimal(10**12)))
        for sign in ("", "-")
    ]
    found = built(
        [{**charge, "ResourceId": str(n)} for n, charge in enumerate(charges)], f"rates: {rates}"
    ).rows("select billed_cost from ledger.cost order by resource_id::integer")
    with localcontext(prec=60):
        product = rounded(rate * cost, 20)

    assert [amount for (amount,) in found] == [
        product,
        product.copy_negate(),
        Decimal("4E-19"),
        Decimal("-4E-19"),
        Decimal("9876000000004000.000001"),
        Decimal("-9876000000004000.000001"),
    ]


@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.lists(
        st.tuples(
            st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=20),
            st.decimals(Decimal("1E-18"), 10**5, allow_nan=False, allow_infinity=False, places=18),
        ),
        min_size=60,
        max_size=90,
    )
)
def test_a_charge_of_another_currency_is_its_product_with_the_rate(drawn):
    """Any amount and rate: the exact product, rounded half away from zero to 20 digits."""
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(len(drawn))]
    warehouse = a_warehouse(
        *(
            {"BillingCurrency": "EUR", "EffectiveCost": f"{cost:f}", "ChargePeriodStart": day}
            for day, (cost, _) in zip(days, drawn, strict=True)
        )
    )
    for day, (_, rate) in zip(days, drawn, strict=True):
        warehouse.run("insert into config.rate values ('EUR', ?, ?)", [day, f"{rate:f}"])
    currency.settle(warehouse)
    ledger.build(warehouse, config(), lambda _: None)
    with localcontext(prec=60):
        products = [rounded(cost * rate, 20) for cost, rate in drawn]

    assert [
        cost for (cost,) in warehouse.rows("select effective_cost from ledger.cost order by day")
    ] == products


UNRATED = [
    {"EffectiveCost": "1", "tags": {"team": "t", "model": "m", "lifecycle_stage": "training"}},
    {
        "EffectiveCost": "1000",
        "BillingCurrency": "EUR",
        "tags": {"team": "t", "model": "m", "lifecycle_stage": "inference"},
    },
    {"EffectiveCost": "2", "tags": {"team": "u", "model": "n"}},
    {"EffectiveCost": "3", "ChargePeriodStart": "2026-09-05", "tags": {"team": "t"}},
]


def test_a_budget_of_which_a_charge_has_no_rate_is_not_known():
    """1,000 euros and one dollar are not one dollar; what the budget does not hold is no matter."""
    text = "budgets: [{name: t, amount: 10, team: t}, {name: u, amount: 10, team: u}]"
    found = built(UNRATED, text).rows(
        "select budget, strftime(month, '%m'), spent, spent_ratio from ledger.budget order by all"
    )

    assert found == [
        ("t", "09", 3, 0.3),
        ("t", "10", None, None),
        ("u", "09", 0, 0),
        ("u", "10", 2, 0.2),
    ]


def test_a_model_of_which_a_charge_has_no_rate_has_no_cost():
    """Nor have its stages, and there is nothing to compare with; its team is known."""
    found = built(UNRATED).rows(
        """
        select model, team, billed_cost, effective_cost, training_cost, inference_cost,
            platform_cost, shared_ratio, idle_ratio, change_ratio
        from ledger.model_month order by model
        """
    )

    assert found == [
        ("m", "t", *[None] * 8),
        ("n", "u", 1, 2, 0, 0, 0, 0, 0, None),
    ]


def test_the_coverage_of_a_month_with_a_charge_without_a_rate_is_not_known():
    """100 % of what has a rate is not 100 % of the month; the month before stays known."""
    assert built(UNRATED).rows("from ledger.coverage order by month desc") == [
        (date(2026, 10, 1), *[None] * 6),
        (date(2026, 9, 1), 3, 0, 3, 0, 0, 1),
    ]


def test_a_list_cost_that_one_charge_of_a_line_has_not_is_not_known():
    """Half of it would read as a discount."""
    warehouse = built([{"ListCost": "5", "ContractedCost": "4"}, {"ContractedCost": "3"}])

    assert warehouse.row("select list_cost, contracted_cost from ledger.cost") == (None, 7)


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("costs", "team"),
    [
        ([("big", "5"), ("many", "3"), ("many", "3")], "many"),
        ([("b", "4"), ("a", "4"), ("c", "1")], "a"),
        ([("a", "-9"), ("b", "1")], "b"),
        ([(None, "9"), ("b", "1")], "b"),
        ([(None, "9")], None),
    ],
)
def test_a_models_team_is_the_one_with_the_largest_sum(costs, team, turn):
    """Not the one with the largest line; of equal ones the first by name, in any order."""
    charges = [
        {"EffectiveCost": cost, "ResourceId": str(n), "tags": {"model": "m", "team": name or ""}}
        for n, (name, cost) in enumerate(costs)
    ]

    assert built(charges[::turn]).row("select team from ledger.model_month") == (team,)


def test_which_team_costs_most_is_not_known_without_a_rate():
    """One euro without a rate may be more than any dollars."""
    charges = [
        {"tags": {"model": "m", "team": "a"}},
        {"BillingCurrency": "EUR", "tags": {"model": "m", "team": "b"}},
    ]

    assert built(charges).row("select team from ledger.model_month") == (None,)


@pytest.mark.parametrize(
    "tags",
    ['{"Team": "b", "team": "a"}', '{"team": "a", "Team": "b"}', '{"TEAM": "a", "team": "b"}'],
)
def test_a_key_in_two_spellings_gives_one_value(tags: str):
    """The first by name, in whatever order they stand."""
    assert owner(built([{"Tags": tags}]), "team") == ("a",)


@pytest.mark.parametrize(
    ("charges", "rate", "where"),
    [
        ([{"BilledCost": "9.99e17"}] * 2, "1", "ledger.charge_day"),
        ([{"BilledCost": "-9.99e17"}] * 2, "1", "ledger.charge_day"),
        ([{"BilledCost": "9e17", "BillingCurrency": "EUR"}], "1.5", "ledger.part"),
        ([{"BilledCost": "9e17", "BillingCurrency": "EUR"}], "9999999999", "ledger.part"),
        ([{"BilledCost": "-9e17", "BillingCurrency": "EUR"}], "9999999999.9", "ledger.part"),
        (
            [{"BilledCost": "6e17", "ResourceId": "a"}, {"BilledCost": "6e17", "ResourceId": "b"}],
            "1",
            "ledger.reconciliation",
        ),
    ],
)
def test_money_beyond_what_money_can_hold_is_said(tmp_path, charges, rate, where):
    """18 digits before the point: a sum or a product beyond is a mistake in the bill or rates."""
    rates = tmp_path / "rates.csv"
    rates.write_text(f"date,currency,rate\n2026-10-01,EUR,{rate}\n")
    charges = [{**charge, "BilledCost": f"{Decimal(charge['BilledCost']):f}"} for charge in charges]
    with pytest.raises(CheckFailedError) as caught:
        built(charges, f"rates: {rates}")

    assert "more than the 18 digits before the point" in caught.value.what
    assert caught.value.where == where
    assert "far too large" in str(caught.value.fix)


def test_model_month_adds_up_and_compares_with_the_month_before():
    """Stages add up to the model; the change is against the month right before."""
    costs = [("2026-09-05", "40", "training"), ("2026-10-05", "50", "training")]
    costs += [
        ("2026-10-06", "10", "inference"),
        ("2026-10-07", "-2", None),
        ("2026-12-01", "5", None),
    ]
    charges = [
        {
            "ChargePeriodStart": day,
            "EffectiveCost": cost,
            "tags": {"model": "churn", "lifecycle_stage": stage or ""},
        }
        for day, cost, stage in costs
    ]
    found = built(charges).rows(
        """
        select strftime(month, '%m'), effective_cost, training_cost, inference_cost, unstaged_cost,
            change_ratio, complete
        from ledger.model_month order by month
        """
    )

    assert found == [
        ("09", 40, 40, 0, 0, None, False),
        ("10", 58, 50, 10, -2, 0.45, False),
        ("12", 5, 0, 0, 5, None, False),
    ]


def test_a_month_billed_on_each_day_is_complete():
    """Only such a month may be compared with another."""
    days = [
        {"ChargePeriodStart": f"2026-10-{day:02}", "tags": {"model": "m"}} for day in range(1, 32)
    ]

    assert built(days).row("select days, complete from ledger.model_month") == (31, True)


def test_coverage_tells_how_much_reaches_a_model():
    """Unattributed is a line of its own."""
    charges = [
        {"EffectiveCost": "6", "tags": {"model": "m", "team": "t"}},
        {"EffectiveCost": "3", "tags": {"team": "t"}},
        {"EffectiveCost": "1"},
    ]
    found = built(charges).row(
        "select effective_cost, to_a_model, to_a_team, unattributed, model_ratio, team_ratio "
        "from ledger.coverage"
    )

    assert found == (10, 6, 9, 1, 0.6, 0.9)


def test_a_budget_is_spent_by_the_charges_it_names():
    """And not before the month in which it starts."""
    charges = [
        {"EffectiveCost": "30", "tags": {"team": "a", "model": "m"}},
        {"EffectiveCost": "9", "tags": {"team": "b", "model": "m"}},
        {"EffectiveCost": "5", "ChargePeriodStart": "2026-09-30", "tags": {"team": "a"}},
    ]
    text = """
        budgets:
          - {name: a, amount: 20, team: a, starts: 2026-10-01}
          - {name: x, amount: 1, team: x}
    """
    found = built(charges, text).rows(
        "select budget, strftime(month, '%m'), spent, spent_ratio from ledger.budget order by all"
    )

    assert found == [("a", "10", 30, 1.5), ("x", "09", 0, 0), ("x", "10", 0, 0)]


def test_a_ledger_that_does_not_equal_the_bill_is_withheld(monkeypatch, tmp_path):
    """One wrong row stops the figures built on it."""
    (tmp_path / "never_so.sql").write_text("-- x\nselect 7 as day, 3 as wrong")
    monkeypatch.setattr("quaestor.ledger.CHECKS", tmp_path)
    with pytest.raises(CheckFailedError) as caught:
        built([{}])

    assert caught.value.what == "not so: never so (1 wrong; first: day=7, wrong=3)"


def test_the_check_sees_a_lost_charge():
    """The check itself is checked: take a line away and it speaks."""
    warehouse = built([{"EffectiveCost": "5"}, {"ProviderName": "Azure", "EffectiveCost": "0"}])
    warehouse.run("delete from ledger.cost where provider = 'Azure'")
    from quaestor.ledger import CHECKS

    wrong = warehouse.rows((CHECKS / "ledger_equals_the_bill.sql").read_text())
    assert len(wrong) == 1


MONEY = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=20) | (
    st.sampled_from([Decimal("1E-20"), Decimal(0), Decimal("-0.00000000000000000001")])
)
CHARGES = st.fixed_dictionaries(
    {
        "BilledCost": MONEY.map("{:f}".format),
        "EffectiveCost": MONEY.map("{:f}".format),
        "BillingCurrency": st.sampled_from(["USD", "EUR", "JPY", None]),
        "ChargePeriodStart": st.sampled_from(["2026-10-05", "2026-10-31 23:59:59", "2026-11-01"]),
        "ProviderName": st.sampled_from(["AWS", "Azure", None]),
        "ChargeCategory": st.sampled_from(["Usage", "Credit", "Tax", "Adjustment"]),
        "tags": st.dictionaries(
            st.sampled_from(["team", "model", "Team", "app", "'\"\\"]),
            st.sampled_from(["a", "b", "", "chat-1", "<b>", "🦉"]),
        ),
    }
)


# A build takes a second; test_invariants.py builds a thousand estates, many at once.
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(CHARGES, min_size=15, max_size=40))
def test_whatever_is_billed_the_ledger_adds_up_to_it(charges):
    """Credits, tiny and huge amounts, any tags and currencies: equal, with no tolerance."""
    warehouse = built(charges, RULES)
    owed = warehouse.rows(
        """
        select billing_currency, sum(billing_billed_cost), sum(billing_effective_cost), sum(charges)
        from ledger.cost group by all order by all
        """
    )
    billed: dict[str | None, list[Decimal | int]] = {}
    with localcontext(prec=60):
        for charge in charges:
            sums = billed.setdefault(charge["BillingCurrency"], [Decimal(0), Decimal(0), 0])
            sums[0] += Decimal(charge["BilledCost"])
            sums[1] += Decimal(charge["EffectiveCost"])
            sums[2] += 1

        assert {row[0]: list(row[1:]) for row in owed} == billed
