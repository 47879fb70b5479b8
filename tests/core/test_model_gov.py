"""core.model_gov: `model.gov.yaml`, strict about keys, with the line of every mistake."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from quaestor.core.errors import ConfigurationError
from quaestor.core.model_gov import ModelGov, json_schema, read_model_gov

PATH = Path("models/model.gov.yaml")


def read(text: str | bytes) -> ModelGov:
    content = text if isinstance(text, bytes) else text.encode()
    return read_model_gov(content, PATH)[0]


def test_times_are_utc_and_blanks_are_not_said():
    """YAML's own dates, texts with a zone, and a blank owner."""
    gov = read(
        "model: churn\nowner: '  '\nretire_by: 2028-01-31\nversions:\n"
        "  7: {approved_at: 2026-11-01T10:00:00+01:00, created_at: '2026-11-01', approved_by: ''}\n"
        "  '8':\n"
    )

    assert (gov.owner, gov.retire_by) == (None, "2028-01-31")
    assert list(gov.versions) == ["7", "8"]
    seven = gov.versions["7"]
    assert (seven.approved_at, seven.created_at, seven.approved_by) == (
        "2026-11-01 09:00:00",
        "2026-11-01 00:00:00",
        None,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "model: churn\nversions:\n  '7':\n    aproved_by: x\n",
            (
                "unknown key 'aproved_by' in models/model.gov.yaml:4 (aproved_by) "
                "fix Did you mean 'approved_by'?"
            ),
        ),
        (
            "model: churn\nrisk_teir: 1\n",
            (
                "unknown key 'risk_teir' in models/model.gov.yaml:2 (risk_teir) "
                "fix Did you mean 'risk_tier'?"
            ),
        ),
        (
            "model: churn\nversions:\n  1.10: {}\n",
            (
                "the version 1.1 is no text in models/model.gov.yaml:2 "
                'fix Put it in quotes, such as "1.10": YAML would read a number and lose digits.'
            ),
        ),
        (
            "model: churn\nversions: [7]\n",
            (
                "'versions' is no mapping of version to what is said of it "
                "in models/model.gov.yaml:2 "
                'fix Write `versions: {"7": {approved_by: ...}}`.'
            ),
        ),
        (
            "model: churn\nversions:\n  '7':\n    approved_at: yesterday\n",
            (
                "'yesterday' is no ISO 8601 time in models/model.gov.yaml:4 (approved_at) "
                "fix Write it as 2026-11-21T06:00:00Z."
            ),
        ),
        (
            "model: churn\nretire_by: soon\n",
            "'soon' is no date in models/model.gov.yaml:2 (retire_by) fix Write it as 2026-11-21.",
        ),
        (
            "model: churn\nretire_by: 2027-13-01\n",
            (
                "holds a value that cannot be read: month must be in 1..12 "
                "in models/model.gov.yaml "
                "fix Correct it, or put it in quotes if it is meant as text."
            ),
        ),
        (
            b"model: \xe9\n",
            "is not UTF-8 (byte 7) in models/model.gov.yaml fix Save the file as UTF-8.",
        ),
        ("owner: b\n", "the key 'model' is missing in models/model.gov.yaml:1 fix Add `model:`."),
        (
            "model: a\nmodel: b\n",
            (
                "the key 'model' stands twice in models/model.gov.yaml:2 "
                "fix Remove one of the two; YAML would silently keep the last."
            ),
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_remedy(text, message):
    """What, where, fix."""
    with pytest.raises(ConfigurationError) as caught:
        read(text)

    problem = caught.value
    assert f"{problem.what} in {problem.where} fix {problem.fix}" == message


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("model: churn\nrisk_tier: 4\n", "models/model.gov.yaml:2 (risk_tier)"),
        ("model: churn\nrisk_tier: high\n", "models/model.gov.yaml:2 (risk_tier)"),
        ("model: churn\nversions:\n '7':\n  lifecycle: live\n", "models/model.gov.yaml:4"),
        ("model: churn\ngrants:\n - {principal: a}\n", "models/model.gov.yaml:3 (grants.0)"),
        ("model: ' '\n", "models/model.gov.yaml:1 (model)"),
        ("model: a\nversions:\n 7:\n  data_cutoff: May\n", "models/model.gov.yaml:4 (data_cutoff)"),
        ("model: a\nversions:\n 7:\n  approvals: -1\n", "models/model.gov.yaml:4 (approvals)"),
        ("model: a\nversions:\n 7:\n  energy_kwh: .inf\n", "models/model.gov.yaml:4 (energy_kwh)"),
        (
            "model: a\nbusiness_value_per_month: 1.0e+30\n",
            "models/model.gov.yaml:2 (business_value_per_month)",
        ),
        (
            "model: a\ndeployments:\n - deployment: x\n - deployment: y\n   drift: much\n",
            "models/model.gov.yaml:5 (deployments.1.drift)",
        ),
        (
            "model: a\ndeployments:\n - deployment: x\n   monitored_at: now\n",
            "models/model.gov.yaml:4 (monitored_at)",
        ),
        ("model: a\ndatasets:\n - dataset: d\n", "models/model.gov.yaml:3 (datasets)"),
        (
            "model: a\ndatasets:\n - dataset: d\n   versions: [1]\n   quality_checked_at: x\n",
            "models/model.gov.yaml:5 (quality_checked_at)",
        ),
        ("- churn\n", "models/model.gov.yaml:1"),
        ("&a [*a]\n", "models/model.gov.yaml"),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(text, where):
    """Tiers are 1 to 3, lifecycles four words; nothing is guessed."""
    with pytest.raises(ConfigurationError) as caught:
        read(text)

    assert (caught.value.where or "").startswith(where)


def test_the_published_schema_agrees_with_the_reader():
    """What an editor accepts is what we read, and the reverse."""
    check = jsonschema.Draft202012Validator(json_schema())
    good = 'model: churn\nrisk_tier: 1\nversions: {"7": {lifecycle: production}}\n'

    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert check.is_valid(yaml.safe_load(good))
    assert read(good).risk_tier == 1
    for bad in ("model: churn\nownr: x\n", "model: churn\nrisk_tier: 4\n", "owner: x\n"):
        assert not check.is_valid(yaml.safe_load(bad))
