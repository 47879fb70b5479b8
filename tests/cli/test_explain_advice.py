"""`quaestor explain` of advice: from the sum to the charges, and what became of it."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from builders.rows import charge, insert
from quaestor.audit.advice import record_advice

SUBJECT = "endpoint/sm/churn"
ID = sha256(f"idle_endpoint:{SUBJECT}".encode()).hexdigest()[:16]
OTHER = sha256(b"idle_gpu:gpu/churn").hexdigest()[:16]
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/churn"


@pytest.fixture
def estate(warehouse):
    """Advice on an endpoint that the bill charges 24 a day, audited twice; an alternative."""
    insert(warehouse, "config.setting", name="currency", value="USD")
    for day in range(1, 11):
        told = {"ResourceId": ARN, "ServiceName": "AmazonSageMaker", "x_row": day}
        charge(warehouse, f"2026-10-{day:02}", "24", PricingCategory="Standard", **told)
    dates = {"first_day": "2026-10-01", "last_day": "2026-10-10", "until": "2026-10-10"}
    insert(
        warehouse, "ledger.resource_rate", resource_id=ARN, source="bills", days=10,
        effective_cost="240", committed_cost="0", cost_per_month="730", committed_ratio=0.25,
        **dates,
    )  # fmt: skip
    said = {
        "subject": SUBJECT, "kind": "idle_endpoint", "name": "churn\x1b[31m", "source": "sm",
        "reason": "no call in 14 days", "action": "delete", "current": "1 x ml.g5.xlarge",
        "proposed": "no endpoint", "cost_per_month": "730", "saving_per_month": "730",
        "saving_basis": "bill", "confidence": "high", "risk": "Somebody may call it.",
        "evidence": json.dumps({"requests": 0, "last_call": None}), "model": "churn",
        "command": "aws sagemaker delete-endpoint --endpoint-name churn",
        "resource_id": ARN, "saves_on": ARN,
    }  # fmt: skip
    insert(warehouse, "ledger.assessment", answer="advise", committed_ratio=0.25, **said)
    counted = {"counted_saving_per_month": "547.5", "stranded_per_month": "182.5"}
    insert(
        warehouse, "ledger.recommendation", recommendation=ID, counts_because="best",
        **counted, **said,
    )  # fmt: skip
    second = {"kind": "idle_gpu", "subject": "gpu/churn", "name": "churn's GPU"}
    insert(warehouse, "ledger.assessment", answer="advise", **{**said, **second})
    insert(
        warehouse, "ledger.recommendation", **{**said, **second}, recommendation=OTHER,
        counts_because="alternative", instead_of=ID,
    )  # fmt: skip
    audit(warehouse, 20)
    insert(
        warehouse, "config.dismissal", dismissal="q", subject=SUBJECT, reason="our standby",
        dismissed_by="ada", dismissed_on="2026-10-21", place="dismissals/q.yaml:1",
    )  # fmt: skip
    audit(warehouse, 21)
    audit(warehouse, 22)
    return warehouse


def audit(warehouse, day):
    """Record an audit of October."""
    at = datetime(2026, 10, day, 6)
    counts = ("policies", "subjects", "verdicts", "failed", "unanswered", "blind_spots")
    told = {"quaestor_version": "0", "fail_on": "high", "exit_code": 0, **dict.fromkeys(counts, 0)}
    insert(warehouse, "audit.run", run_id=f"r{day}", audited_at=at, **told)
    record_advice(warehouse, f"r{day}", now=at, kinds=["idle_endpoint", "idle_gpu"])


@pytest.mark.parametrize("name", [ID, ID[:6], SUBJECT])
def test_advice_is_followed_to_its_charges(estate, quaestor, name):
    """The kind's sentence, the sum and what of it counts, evidence, history, bill, files."""
    estate.close()
    said = quaestor("explain", name)
    lines = said.out.splitlines()

    assert (said.code, said.err) == (0, "")
    assert "\x1b" not in said.out
    joined = " ".join(said.out.split())
    for told in (
        "kind idle_endpoint: Endpoints that nobody calls",
        "because no call in 14 days",
        "command aws sagemaker delete-endpoint --endpoint-name churn",
        "it costs 730.00 USD a month it would save 730.00 USD a month",
        "on the basis of what the bill says of the thing itself",
        "committed 25% of its cost is covered by commitments",
        "then unused 182.50 USD a month of commitments, taken off",
        "counts all of it counts towards the total in the total 547.50 USD a month",
        "requests 0 last_call unknown",
        f"730.00 idle_gpu churn's GPU delete alternative {OTHER}",
        "2026-10-20 06:00 open 730.00",
        "2026-10-21 06:00 dismissed by ada on 2026-10-21: our standby 730.00",
        "days 2026-10-01 to 2026-10-10, 10 with charges; looked at up to 2026-10-10",
        "effective cost 240 USD",
        "charge/abababababab/1",
        "bills bills/oct.csv abab",
    ):
        assert told in joined
    assert not [line for line in lines if line.startswith("2026-10-22")]


def test_an_alternative_says_what_counts_in_its_place(estate, quaestor):
    """By its id, so that one can go there."""
    estate.close()

    assert f"it does not count: {ID} counts in its place" in quaestor("explain", OTHER).out


def test_what_was_measured_is_told_with_its_interval(estate, quaestor):
    """And where it could not be, why."""
    estate.run(
        "update audit.recommendation set state = 'taken', realised_per_month = 700, "
        "realised_low = 650, realised_high = 750, realised_how = 'by its trend' "
        "where run_id = 'r22' and recommendation = ?",
        [ID],
    )
    estate.run(
        "update audit.recommendation set realised_how = 'not known: no line' "
        "where run_id = 'r22' and recommendation = ?",
        [OTHER],
    )
    estate.close()

    assert (
        "It saves 700.00 USD a month on the bill, 650.00 to 750.00 with 80 % confidence: by its "
        "trend." in quaestor("explain", ID).out
    )
    assert "What it saves on the bill is not known: no line." in quaestor("explain", OTHER).out


def test_an_object_that_gets_no_advice_says_why(estate, quaestor):
    """Its answer and its reason; also by its subject."""
    clean = {"answer": "clean", "reason": "12 calls in 14 days", "name": "fraud"}
    subject = "endpoint/sm/fraud"
    insert(estate, "ledger.assessment", kind="idle_endpoint", subject=subject, **clean)
    estate.close()
    told = " ".join(quaestor("explain", subject).out.split())

    assert "answer clean because 12 calls in 14 days" in told
    assert "saves" not in told


def test_advice_that_is_over_is_known_by_the_audits(estate, quaestor):
    """The object is gone from the ledger; its history is not."""
    estate.run("delete from ledger.recommendation")
    estate.run("delete from ledger.assessment")
    estate.close()
    said = quaestor("explain", ID)

    assert said.code == 0
    assert "not looked at any more" in said.out
    assert "2026-10-21 06:00  dismissed" in said.out


def test_a_backtest_is_shown(estate, quaestor):
    """How the advice would have done on days that it was not made from."""
    days = {"trained_from": "2026-10-01", "trained_until": "2026-10-08"}
    insert(
        estate,
        "ledger.backtest",
        kind="idle_endpoint",
        subject=SUBJECT,
        held_out_until="2026-10-10",
        what="instances",
        current=4,
        advised=2,
        intervals=576,
        violations=3,
        expected_ratio=0.01,
        is_withheld=False,
        **days,
    )
    estate.close()
    told = " ".join(quaestor("explain", ID).out.split())

    assert "Replayed on days that it was not made from: instances" in told
    assert "intervals 576 violations 3" in told


def test_show_is_explain(estate, quaestor):
    """In text and JSON, in which money keeps every digit."""
    estate.close()
    explained, shown = (
        quaestor(*verb, ID, "--format", "json").out for verb in (["explain"], ["advice", "show"])
    )
    advice = json.loads(shown)["advice"]

    assert shown == explained
    assert Decimal(advice[0]["said"]["counted_saving_per_month"]) == Decimal("547.5")
    assert [row["state"] for row in advice[0]["states"]] == ["open", "dismissed"]
    assert advice[0]["said"]["evidence"] == {"requests": 0, "last_call": None}


def test_show_takes_as_few_digits_as_dismiss(estate, quaestor):
    """Six, where they name one piece of advice."""
    estate.close()

    assert quaestor("advice", "show", ID[:6]).out == quaestor("explain", ID).out


def test_digits_of_two_pieces_of_advice_ask_for_more(estate, quaestor):
    """Nothing is guessed, and not both are told at once."""
    estate.run("update audit.recommendation set recommendation = 'aaaaaa' || recommendation")
    estate.close()
    said = quaestor("explain", "aaaaaa")

    assert said.err == (
        "error: 2 pieces of advice begin with aaaaaa\n"
        "  in:  ID\n"
        f"  fix: Write more digits: aaaaaa{ID}, aaaaaa{OTHER}.\n"
    )


def test_a_name_near_advice_is_offered(estate, quaestor):
    """A typing mistake in a subject is told with the subject."""
    estate.close()
    said = quaestor("explain", "endpoint/sm/chrun")

    assert (said.code, SUBJECT in said.err) == (2, True)
