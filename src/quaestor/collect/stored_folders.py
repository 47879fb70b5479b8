"""Sum up the objects of a bucket by folder: a checkpoint or an artifact is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

# What files of models are called, by the frameworks that write them.
MODEL_FILE = re.compile(
    r"(\.(safetensors|ckpt|pt|pth|bin|onnx|h5|hdf5|keras|pkl|pickle|joblib|gguf|ggml|tflite|pb"
    r"|msgpack|npz|mar|bst|cbm|nemo|distcp)|(^|/)(model\.tar\.gz|mlmodel))$",
    re.IGNORECASE,
)

_COUNTS = {"Objects": 0, "Bytes": 0, "ModelObjects": 0}


def summed_up(objects: Iterable[Mapping[str, Any]], depth: int) -> list[dict[str, Any]]:
    """Return a row for each folder and storage class, in alphabetical order.

    Args:
        objects: As S3 lists them: Key, Size, LastModified, and StorageClass where it is told.
        depth: Levels of folders that are told apart, 1 or more; deeper ones are summed up.

    Returns:
        Folder (without a slash at either end), StorageClass, Objects, Bytes, FirstModified and
        LastModified (UTC), ModelObjects: those named as files of models are.

    >>> listed = {"Key": "churn/7/model.pt", "Size": 3, "LastModified": datetime(2026, 1, 1)}
    >>> [(one["Folder"], one["Bytes"], one["ModelObjects"]) for one in summed_up([listed], 1)]
    [('churn', 3, 1)]
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in objects:
        key, size = str(one["Key"]), int(one["Size"])
        if key.endswith("/") and size == 0:
            continue  # a folder's own mark
        folder = "/".join(key.split("/")[:-1][:depth]).strip("/")
        kind = str(one.get("StorageClass") or "STANDARD")
        at = _utc(one["LastModified"])
        named = {"Folder": folder, "StorageClass": kind, "FirstModified": at, "LastModified": at}
        row = found.setdefault((folder, kind), {**named, **_COUNTS})
        row["Objects"] += 1
        row["Bytes"] += size
        row["FirstModified"] = min(row["FirstModified"], at)
        row["LastModified"] = max(row["LastModified"], at)
        row["ModelObjects"] += bool(MODEL_FILE.search(key))
    return [found[place] for place in sorted(found)]


def _utc(at: datetime) -> datetime:
    """Return an instant without zone, in UTC."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
