"""The faults that are planted in the demo estate, each with the policy that must find it.

One list feeds the estate (what is taken away from clean models), its README.md, its
faults.json, and the test that holds the audit to finding exactly these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from quaestor.demo.changes import CORRECTED_ON, ROLLED_ON, STOPPED_NOTEBOOK, TWICE_ON

MARK = "faults.json"  # a folder that holds it is a demo of ours
PASSING = "churn:7"
FAILING = "upsell:5"
IDLE_NODE = "gpu-a100-4"
IDLE_FROM = "2026-11-13"
SILENT_NODE = "gpu-a100-3"
SILENT_FROM = "2026-11-17"
SILENT_UNTIL = "2026-11-19"
UNCALLED_ENDPOINT = "referral-score-api"
UNCALLED_FROM = "2026-10-28"
OVERSIZED_ENDPOINT = "churn-api"
OVERSIZED_CONTAINER = "voice-to-text"
ZOMBIE_ENDPOINT = "toxicity-api"
NO_COMMIT = "ocr-receipts:2"
PUBLIC_DEPLOYMENT = "shelf-photo-api"
PUBLIC_FROM = date(2026, 11, 18)
PROMOTING_MODEL = "demand-forecast"
PROMOTER = "dorothy@acme.example"
WRONG_DIGEST = "sha256:" + "0badc0de" * 8


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and who must notice.

    Args:
        policy: The id of the policy that fails.
        subjects: Its subjects that must fail, and no others.
        story: What happened, for people.
        version: "model:version" whose tags are changed.
        model: Model whose tags are changed.
        endpoint: Deployment of which its model.gov.yaml says otherwise.
        tags: New values of gov.* columns; None takes the tag away.
        waiver: The waiver (`waivers/<id>.yaml`) that lets it stand for a time.
        since: The day from which on the rule is broken, where it began between the two audits.
        until: The day on which it was mended, where that was between them.
    """

    policy: str
    subjects: tuple[str, ...]
    story: str
    version: str | None = None
    model: str | None = None
    endpoint: str | None = None
    tags: dict[str, str | None] = field(default_factory=dict)
    waiver: str | None = None
    since: date | None = None
    until: date | None = None


FAULTS: tuple[Fault, ...] = (
    Fault(
        policy="model-without-owner",
        subjects=("campaign-uplift",),
        story="Its owner left; the tag was removed and never set again.",
        model="campaign-uplift",
        tags={"owner": None},
    ),
    Fault(
        policy="model-without-owner",
        subjects=("price-elasticity",),
        story="Somebody cleared the owner and left a blank behind.",
        model="price-elasticity",
        tags={"owner": "  "},
    ),
    Fault(
        policy="production-without-approval",
        subjects=(FAILING,),
        story=f"It went to production in the night to {ROLLED_ON}; nobody had approved it.",
        since=ROLLED_ON,
        version=FAILING,
        tags={"approved_by": None, "approved_at": None, "approved_digest": None},
    ),
    Fault(
        policy="approver-is-author",
        subjects=("chargeback:3",),
        story="Who trained chargeback:3 approved it too.",
        version="chargeback:3",
        tags={"approved_by": "emmy@acme.example"},
    ),
    Fault(
        policy="approval-not-bound-to-digest",
        subjects=("credit-limit:6",),
        story="credit-limit:6 was trained again after its approval, so the approval is for "
        "another artifact.",
        version="credit-limit:6",
        tags={"approved_digest": WRONG_DIGEST},
    ),
    Fault(
        policy="artifact-not-approved",
        subjects=("credit-limit-api",),
        story="And that other artifact is what its endpoint serves.",
    ),
    Fault(
        policy="production-not-monitored",
        subjects=("eta-delivery:4",),
        story="Monitoring was switched off during an incident in September.",
        version="eta-delivery:4",
        tags={"monitoring": None, "monitored_at": None},
    ),
    Fault(
        policy="endpoint-not-monitored",
        subjects=("eta-delivery-api",),
        story="So it was at its endpoint.",
        endpoint="eta-delivery-api",
        tags={"monitoring": None, "monitored_at": None, "monitor_interval_hours": None},
    ),
    Fault(
        policy="version-without-git-commit",
        subjects=(NO_COMMIT,),
        story="It was trained from a notebook; the run recorded no commit.",
    ),
    Fault(
        policy="public-endpoint",
        subjects=(PUBLIC_DEPLOYMENT,),
        story=f"Opened to the internet for a supplier's test on {PUBLIC_FROM}, and left so.",
        since=PUBLIC_FROM,
    ),
    Fault(
        policy="endpoint-without-authentication",
        subjects=(PUBLIC_DEPLOYMENT,),
        story="The same endpoint answers without asking who calls.",
        since=PUBLIC_FROM,
    ),
    Fault(
        policy="person-may-move-production",
        subjects=(f"{PROMOTING_MODEL} {PROMOTER}",),
        story="A person kept the right to promote after a migration.",
    ),
    Fault(
        policy="artifact-not-signed",
        subjects=("fraud-login:5",),
        story="Its signature was made by a laptop's key, and does not verify.",
        version="fraud-login:5",
        tags={"signature_verified": "false"},
    ),
    Fault(
        policy="drift-unattended",
        subjects=("search-ranker-api",),
        story="A new catalogue went live on 2026-11-12; nobody opened an incident.",
        endpoint="search-ranker-api",
        tags={"drift": "0.31"},
        since=date(2026, 11, 16),
    ),
    Fault(
        policy="rollback-not-rehearsed",
        subjects=("translation-api",),
        story="The rehearsal was put off until the new cluster is there; until then a waiver "
        "lets it stand.",
        endpoint="translation-api",
        tags={"rollback_tested_at": "2026-02-03T10:00:00Z"},
        waiver="translation-rollback",
    ),
    Fault(
        policy="gpu-idle",
        subjects=(f"prod-eu/{IDLE_NODE}",),
        story=f"Two training jobs ended on {IDLE_FROM}; their pods still hold the GPUs.",
        since=date(2026, 11, 19),
    ),
    Fault(
        policy="gpu-idle",
        subjects=("westeurope/toxicity-api",),
        story="One call a week comes from a cron job that nobody remembers.",
    ),
    Fault(
        policy="gpu-idle",
        subjects=("nb-old-demo", "nb-workshop"),
        story="Nobody works on these notebooks, and their GPUs do nothing.",
    ),
    Fault(
        policy="instance-oversized",
        subjects=(OVERSIZED_ENDPOINT, UNCALLED_ENDPOINT, ZOMBIE_ENDPOINT),
        story="Four machines were for last year's Black Friday; the others are hardly called.",
    ),
    Fault(
        policy="endpoint-without-traffic",
        subjects=(UNCALLED_ENDPOINT,),
        story="The referral programme ended on 2026-10-28; its endpoint did not.",
    ),
    Fault(
        policy="artifact-without-entry",
        subjects=("s3://acme-model-artifacts",),
        story="Twelve checkpoints of a sweep in June, of which no registered version came.",
    ),
    Fault(
        policy="job-without-limit",
        subjects=("damage-detect-sweep",),
        story="The sweep that never stopped has no limit of time or cost.",
    ),
    Fault(
        policy="unattributed-spend",
        subjects=("all spend",),
        story="Twenty notebooks of a workshop in October run on in the sandbox account, untagged.",
    ),
    Fault(
        policy="commitment-coverage-low",
        subjects=("aws USD",),
        story="The A10G nodes were never put under a savings plan.",
    ),
    Fault(
        policy="budget-exceeded",
        subjects=("vision-team",),
        story="A hyper-parameter sweep of damage-detect, started on 2026-11-06, never stopped.",
    ),
)
MENDED: tuple[Fault, ...] = (
    Fault(
        policy="model-without-owner",
        subjects=("stock-out",),
        story="Nobody owned it since its team was split; the supply team took it on 2026-11-17.",
        model="stock-out",
        tags={"owner": None},
        until=date(2026, 11, 17),
    ),
    Fault(
        policy="artifact-not-signed",
        subjects=("face-blur:2",),
        story="It was never signed; its pipeline signed it on 2026-11-19.",
        version="face-blur:2",
        tags={
            "signed_by": None,
            "signed_issuer": None,
            "signed_digest": None,
            "signature_verified": None,
        },
        until=date(2026, 11, 19),
    ),
    Fault(
        policy="rollback-not-rehearsed",
        subjects=("route-plan-api",),
        story="The rehearsal of October was written down on 2026-11-18 only; until then March's "
        "counted.",
        endpoint="route-plan-api",
        tags={"rollback_tested_at": "2026-03-16T10:00:00Z"},
        until=date(2026, 11, 18),
    ),
    Fault(
        policy="gpu-idle",
        subjects=(STOPPED_NOTEBOOK,),
        story="Nobody worked on it since its course was over; it was deleted on 2026-11-16.",
        until=date(2026, 11, 16),
    ),
    Fault(
        policy="cost-out-of-band",
        subjects=("support-chat",),
        story=f"Its output tokens of {TWICE_ON} were billed twice; the bill of {CORRECTED_ON} "
        "has them once.",
        until=CORRECTED_ON,
    ),
    Fault(
        policy="cost-out-of-band",
        subjects=("damage-detect",),
        story="The first days of its sweep stood out; since then its cost is as high every day, "
        "and what is wrong is told as a broken budget and a job without a limit.",
        until=date(2026, 11, 15),
    ),
)


def standing(now: datetime) -> list[Fault]:
    """Return the faults that an audit at a time must find."""
    today = now.date()
    return [
        fault
        for fault in (*FAULTS, *MENDED)
        if (fault.since is None or fault.since < today)
        and (fault.until is None or fault.until >= today)
    ]


@dataclass(frozen=True)
class Waste:
    """Something that costs more than it has to, and which kind of advice must notice.

    Args:
        kind: The kind of advice, as `quaestor advice kinds` calls it.
        names: What it is about, and nothing else of that kind.
        story: What happened, for people.
        new: The names of which the advice is new since the earlier audit.
    """

    kind: str
    names: tuple[str, ...]
    story: str
    new: tuple[str, ...] = ()


WASTE: tuple[Waste, ...] = (
    Waste(
        kind="idle_endpoint",
        names=(UNCALLED_ENDPOINT,),
        story="The referral programme ended; nobody has called its endpoint since 2026-10-28.",
    ),
    Waste(
        kind="endpoint_size",
        names=(OVERSIZED_ENDPOINT,),
        story="It was given four machines before Black Friday of last year, and kept them.",
    ),
    Waste(
        kind="idle_notebook",
        names=("nb-old-demo", "nb-workshop"),
        story="One is of a demo in August, twenty are of a workshop in October; all run on.",
    ),
    Waste(
        kind="runaway_training",
        names=("damage-detect-sweep",),
        story="The sweep that breaches the budget has no time limit.",
    ),
    Waste(
        kind="container_size",
        names=(f"serve/{OVERSIZED_CONTAINER}/server",),
        story="Its requests were copied from a larger model.",
    ),
    Waste(
        kind="zombie_version",
        names=(f"referral-score:2 at {UNCALLED_ENDPOINT}", f"toxicity:2 at {ZOMBIE_ENDPOINT}"),
        story="One is called once a week, by a cron job that nobody remembers; one not at all.",
        new=(f"referral-score:2 at {UNCALLED_ENDPOINT}",),
    ),
    Waste(
        kind="orphan_artifact",
        names=tuple(
            f"s3://acme-model-artifacts/sweeps/damage-detect-2026-06/checkpoint-{step}"
            for step in range(1000, 13000, 1000)
        ),
        story="Twelve checkpoints of a sweep in June that no registered version came of.",
    ),
    Waste(
        kind="idle_gpu",
        names=(f"prod-eu/{IDLE_NODE}",),
        story="The idle node again: nobody tells whether something is loaded on its GPUs, so that "
        "they are to be shared, not stopped; and its savings plan is paid in any case.",
        new=(f"prod-eu/{IDLE_NODE}",),
    ),
)
