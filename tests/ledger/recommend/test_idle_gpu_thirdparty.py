"""GPUs of a public serving fleet: loaded and rarely called, so never to be stopped."""

from __future__ import annotations

import csv
import gzip
import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders.advice import advised
from builders.ledgers import a_warehouse
from builders.rows import insert_all

TRACE = "gpu/alibaba_v2026_genai_gpu_duty_cycle_first20000.csv.gz"
SHORT = "advice: {params: {idle_gpu: {min_hours: 2}}}"  # the excerpt has less than three hours


@pytest.mark.thirdparty
@pytest.mark.parametrize(
    ("memory", "confidence"),
    [(37.0, "low"), (None, "low")],  # 37 GiB is the fleet's median; the excerpt does not tell
    ids=["as-published", "unknown"],
)
def test_low_duty_with_a_loaded_model_is_never_a_reason_to_stop(
    reference: Path, memory, confidence
):
    """All pods with a mean duty under 5 % are to be put together, and no other is advised on."""
    with gzip.open(reference / TRACE, "rt", encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    duty: dict[str, list[float]] = defaultdict(list)
    for line in lines:
        duty[line["container_ip"]].append(float(line["value"]) / 100)
    warehouse = a_warehouse()
    insert_all(
        warehouse,
        "usage.gpu_sample",
        [
            {
                "source": "trace",
                "host": line["container_ip"],
                "gpu_index": 0,
                "sampled_at": datetime.fromtimestamp(float(line["timestamp_anon"]), UTC).replace(
                    tzinfo=None
                ),
                "gpu_util_ratio": float(line["value"]) / 100,
                "memory_used_gib": memory,
                "memory_gib": 80.0,
            }
            for line in lines
        ],
    )
    low = {host for host, ratios in duty.items() if statistics.mean(ratios) < 0.05}
    found = advised(warehouse, "idle_gpu", SHORT)
    given = {row["name"]: row for row in found.values() if row["answer"] == "advise"}

    assert len(found) == len(duty) == 114
    assert given.keys() == low
    assert len(low) == 3
    assert Counter(row["action"] for row in given.values()) == {"consolidate": 3}
    assert {row["confidence"] for row in given.values()} == {confidence}
    assert all(row["command"] is None for row in given.values())
    assert {row["answer"] for row in advised(warehouse, "idle_gpu").values()} == {"cannot-say"}
