"""What logs and metrics cost, of models, of teams, and of nobody."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from builders.advice import FIRST_BILLED, advised, billed
from builders.ledgers import A_CHARGE, a_warehouse
from builders.rows import insert

GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/sagemaker/Endpoints/churn:*"


def test_much_and_growing_logs_are_told_without_a_sum():
    """Above 5 % of a cost, or half as much again as before; small sums are clean."""
    warehouse = a_warehouse()
    logs = {"ServiceName": "AmazonCloudWatch"}
    for model, work, logged in (("churn", "9", "1"), ("fraud", "99", "1"), ("tiny", "0.1", "0.1")):
        tags = json.dumps({"model": model})
        billed(warehouse, f"endpoint-{model}", work, Tags=tags)
        resource = GROUP if model == "churn" else f"logs-{model}"
        billed(warehouse, resource, logged, Tags=tags, **logs)
    billed(warehouse, "work-nlp", "99", Tags='{"team": "nlp"}')
    billed(warehouse, "logs-nlp", "2", Tags='{"team": "nlp"}', **logs)
    billed(warehouse, "logs-lost", "3", **logs)
    for number in range(1, 31):  # the thirty days before
        start: datetime = FIRST_BILLED - timedelta(days=number)
        told = {**A_CHARGE, "x_row": 10_000 + number, "ChargeCategory": "Usage", **logs}
        told |= {"ChargePeriodStart": start, "ResourceId": "logs-nlp", "Tags": '{"team": "nlp"}'}
        insert(warehouse, "focus.charge", **told)
    found = advised(warehouse, "log_bill")

    assert {subject: row["answer"] for subject, row in found.items()} == {
        "logs/model/churn": "advise",
        "logs/model/fraud": "clean",
        "logs/model/tiny": "clean",
        "logs/team/nlp": "advise",
        "logs/nobody": "advise",
    }
    churn = found["logs/model/churn"]
    assert churn["reason"] == "logs and metrics are 10.0 % of its cost, 30.42 a month"
    assert churn["saving_per_month"] is None
    assert churn["command"] == (
        "aws logs put-retention-policy --log-group-name /aws/sagemaker/Endpoints/churn "
        "--retention-in-days 30 --region eu-west-1"
    )
    assert found["logs/team/nlp"]["reason"] == (
        "logs and metrics are 2.0 % of its cost that is no model's, 60.83 a month, "
        "100 % more than in the 30 days before"
    )


def test_logs_that_are_free_of_charge_are_clean():
    """A team whose whole bill is the free allowance of logs has no part of a cost to tell."""
    warehouse = a_warehouse()
    billed(warehouse, "logs-nlp", "0", Tags='{"team": "nlp"}', ServiceName="AmazonCloudWatch")
    (found,) = advised(warehouse, "log_bill").values()

    assert (found["answer"], found["reason"]) == ("clean", "logs and metrics are 0.00 a month")
