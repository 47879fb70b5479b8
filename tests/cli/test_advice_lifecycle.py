"""From the first audit that advises something to what it saves on the bill, by the program."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, timedelta

from builders.bills import csv_text

OTHERS = [f"called-{number}" for number in range(5)]
CONFIGURATION = """
sources:
  - {name: bill, kind: files, path: bills}
  - {name: own, kind: files, path: endpoints, schema: endpoints}
policies: [policies/]
"""
POLICY = """
title: Every model has an accountable owner
severity: high
subject: registry.model
require: has_text(owner)
reason: "{model} has no owner"
why: Because somebody has to answer.
remedy: {text: "Set the tag."}
source: "House rule"
"""


def write(path, rows):
    """A CSV file of these rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def the_world(home, until: date, *, churn_until: date):
    """What the platform tells on a day: a bill, endpoints, their calls; churn is never called."""
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range((until - date(2026, 9, 1)).days)]
    endpoints = ["churn", *OTHERS] if until <= churn_until else OTHERS
    charges = [
        {
            "ResourceId": f"arn:{name}",
            "ServiceName": "AmazonSageMaker",
            "ChargePeriodStart": f"{day}T00:00:00Z",
            "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
            "BillingPeriodStart": f"{day:%Y-%m}-01T00:00:00Z",
            "BillingPeriodEnd": f"{day.replace(day=1) + timedelta(days=31):%Y-%m}-01T00:00:00Z",
            "BilledCost": "24",
            "EffectiveCost": "24",
            "ChargeCategory": "Usage",
            "PricingCategory": "Standard",
        }
        for day in days
        for name in ("churn", *OTHERS)
        if name != "churn" or day < churn_until
    ]
    (home / "bills").mkdir(exist_ok=True)
    (home / "bills" / "bill.csv").write_text(csv_text(*charges))
    told = {
        "kind": "sagemaker",
        "instances": "1",
        "created_at": "2026-01-01",
        "status": "InService",
    }
    write(
        home / "endpoints" / "now.csv",
        [{"endpoint": name, "resource_id": f"arn:{name}", **told} for name in endpoints],
    )
    hours = [datetime.combine(day, datetime.min.time()) for day in days[-31:]]
    write(
        home / "endpoints" / "hours.csv",
        [
            {
                "endpoint": name,
                "hour": f"{start + timedelta(hours=hour):%Y-%m-%dT%H:00:00Z}",
                "requests": "0" if name == "churn" else "9",
            }
            for name in endpoints
            for start in hours
            for hour in range(24)
        ],
    )


def test_an_endpoint_that_went_saves_what_its_like_still_cost(home, quaestor, monkeypatch):
    """Advised, deleted, seen to be gone, and a month later measured; each audit says so."""
    monkeypatch.setattr("quaestor.pipeline.report", lambda *_, **__: [])
    (home / "quaestor.yaml").write_text(CONFIGURATION)
    (home / "policies" / "ownership").mkdir(parents=True)
    (home / "policies" / "ownership" / "model-without-owner.yaml").write_text(POLICY)

    def audit(now: date) -> str:
        the_world(home, now, churn_until=date(2026, 10, 1))
        said = quaestor("audit", "--now", f"{now}T06:00:00Z")
        assert said.code in (0, 4), said.err
        (line,) = [one for one in said.out.splitlines() if one.startswith("advice: ")]
        return line

    def churn(now: date) -> dict[str, object]:
        at = ("--now", f"{now}T07:00:00Z", "--format", "json", "--state", "all")
        rows = json.loads(quaestor("advice", "list", "--kind", "idle_endpoint", *at).out)
        (row,) = [one for one in rows["advice"] if one["name"] == "churn"]
        return row

    first = audit(date(2026, 10, 1))
    assert churn(date(2026, 10, 1))["state"] == "open"
    second = audit(date(2026, 10, 2))
    early = churn(date(2026, 10, 2))
    third = audit(date(2026, 11, 1))
    late = churn(date(2026, 11, 1))

    assert first.startswith("advice: 1 open, 730.00 USD a month")
    assert second == "advice: 0 open, 0.00 USD a month; since the audit before: 1 taken"
    assert third.endswith("what was taken saves 730.00 USD a month on the bill")
    assert (early["state"], early["realised_per_month"]) == ("taken", None)
    assert str(early["realised_how"]).startswith("too early")
    assert (late["realised_per_month"], late["state_since"]) == ("730", "2026-10-02T06:00:00")
    assert "against 5 resources of the same service" in str(late["realised_how"])
