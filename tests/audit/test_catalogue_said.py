"""What a team can say in one model.gov.yaml is enough to keep every rule about its model."""

from __future__ import annotations

from pathlib import Path

from quaestor.audit.evaluate import Target, evaluate
from quaestor.audit.policies import load_policies
from quaestor.core.model_gov import read_model_gov
from quaestor.core.period import utc
from quaestor.core.shipped import shipped
from quaestor.normalise.registry import settle, state_evidence
from quaestor.normalise.registry_model_gov import supplied, write
from quaestor.warehouse.duckdb import Warehouse

FOLDERS = {"ownership", "versioning", "lineage", "validation", "regulatory"}
SECTIONS = (
    "intended_use", "out_of_scope_use", "training_data", "evaluation", "limitations", "ethics",
)  # fmt: skip
# A high-risk, generative, fine-tuned, bought model of a bank that decides about people.
SAID = """
model: credit
owner: team-credit
owner_active: true
team: credit
cost_center: "4711"
data_class: confidential
risk_tier: 1
oncall: pager:credit
tags: {app: lending}
intended_use: Ranks applications for review by people.
intended_users: credit officers
business_case: https://wiki/credit
business_value_per_month: 12000
task: classification
primary_metric: auc
primary_metric_threshold: 0.85
affects_people: true
is_generative: true
eu_ai_act_class: high
eu_ai_act_role: provider, deployer
eu_ai_act_rationale: Annex III 5(b)
eu_ai_act_reviewed_by: legal-ai
prohibited_practices: none
risk_file_uri: https://wiki/risk
risk_file_reviewed_at: 2026-11-01
oversight_measure: Every refusal is reviewed by a person
overseers: credit-review-board
impact_assessment_uri: https://wiki/fria
impact_assessed_at: 2026-10-01
monitoring_plan_uri: https://wiki/pmm
incident_route: ai-incidents
eu_database_id: EU-2027-1
supplier: acme
supplier_documents_uri: https://wiki/acme
model_risk_tier: "1"
validated_by: model-validation
validated_at: 2026-10-01
versions:
  "6":
    lifecycle: archived
    created_at: 2026-01-01
    artifact_uri: s3://models/credit/6
  "7":
    lifecycle: production
    created_at: 2026-11-01T08:00:00Z
    description: New features
    replaces: "6"
    rollback_to: "6"
    run_id: r1
    artifact_uri: s3://models/credit/7
    artifact_digest: sha256:@
    observed_digest: sha256:@
    evaluated_digest: sha256:@
    evaluated_at: 2026-11-01
    evaluation_rows: 5000
    evaluation_split: test
    environment_digest: sha256:@
    code_dirty: false
    code_reachable: true
    seed: "42"
    signature: schemas/credit.json
    card_uri: https://wiki/card
    card_updated_at: 2026-11-02
    data_cutoff: 2026-10-01
    split_digests: train=ab,test=cd
    base_model: org/base
    base_model_revision: 4f2c9a1
    base_model_license: apache-2.0
    fairness_gap_ratio: 0.1
    robustness_uri: https://r/rob
    explanation_uri: https://r/exp
    latency_p95_ms: 80
    latency_limit_ms: 100
    safety_evaluation_uri: https://r/safe
    safety_evaluated_at: 2026-11-01
    technical_documentation: 1,2,3,4,5,6,7,8,9
    instructions_uri: https://docs
    declared_accuracy: AUC 0.9
    declared_robustness: AUC 0.88
    metrics: {auc: 0.9, f1: 0.7}
deployments:
  - deployment: credit-api
    version: "7"
    environment: production
    access_logged: true
    log_retention_days: 365
    disclosure: banner
    region: eu-central-1
    guardrail: guard-2
datasets:
  - dataset: calls
    versions: ["7"]
    digest: "sha256:ab"
    context: training
    owner: data-team
    license: internal
    legal_basis: contract
    has_personal_data: true
    privacy_assessment_uri: "https://dpia"
    privacy_assessed_until: 2027-01-01
    quality_status: passed
    quality_checked_at: 2026-10-30
""".replace("@", "0123456789abcdef" * 4)


def test_a_model_that_says_everything_keeps_every_rule():
    """Each rule can be kept: nothing is asked for that no tag and no file can say."""
    with Warehouse(":memory:") as warehouse:
        write(warehouse, "git", *read_model_gov(SAID.encode(), Path("model.gov.yaml")))
        warehouse.run(
            "insert into registry.run (source, run_id, git_commit, pipeline, params) "
            "values ('git', 'r1', '4f2c9a1', 'credit-weekly', '{\"depth\": \"6\"}')"
        )
        warehouse.run(
            "insert into registry.card_section (source, model, section, content) "
            "select 'cards', 'credit', unnest(?), 'said in three words'",
            [SECTIONS],
        )
        state_evidence(warehouse, "git", supplied(warehouse))
        settle(warehouse)
        findings = evaluate(
            warehouse,
            load_policies([shipped("policies")]),
            params={"region-not-allowed": {"allowed_regions": "confidential: eu-*"}},
            now=utc("2026-11-21T12:00"),
            target=Target("credit", "7"),
        )

    mine = [finding for finding in findings if finding.family in FOLDERS]
    assert {f.policy: f.reason for f in mine if f.verdict.value != "pass"} == {
        "worse-than-champion": "credit:7 has no champion before it"
    }
    assert len({finding.policy for finding in mine}) == 49  # two rules are about data alone
