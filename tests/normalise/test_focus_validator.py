"""The FinOps Foundation's validator on our export; and its statements, without it.

focus-validator 2 is not on PyPI. FOCUS_VALIDATOR names its program where somebody has installed
it from its source tree, and FOCUS_VALIDATOR_SOURCE that tree: it reads files relative to it.
"""

from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from builders.bills import Bill, csv_text
from builders.focus import KINDS
from quaestor.normalise import export
from quaestor.normalise.conformance import Dataset, check
from quaestor.normalise.focus_columns import VERSIONS
from quaestor.warehouse.duckdb import Warehouse

# Rules of its model 1.2 that are wrong themselves, and what each gets wrong.
KNOWN_WRONG = {
    "BilledCost-C-005-C": "takes two names of one company for two companies",
    "CapacityReservationStatus-C-004-C": "fails where the whole column is null",
    "CommitmentDiscountStatus-C-003-C": "inverted; mended in model 1.2.0.1",
    "CommitmentDiscountStatus-C-004-C": "its condition is inverted",
    "InvoiceId-C-004-C": "wants every InvoiceId to be null",
    "ResourceType-C-005-C": "its condition is misspelt",
}


@pytest.fixture
def validator() -> tuple[str, str]:
    """The program and its source tree."""
    program, tree = (os.environ.get(f"FOCUS_VALIDATOR{part}") for part in ("", "_SOURCE"))
    if not program or not tree:
        pytest.skip(
            "focus-validator 2 is on GitHub only; FOCUS_VALIDATOR and FOCUS_VALIDATOR_SOURCE name "
            "an installed one"
        )
    return program, tree


@pytest.mark.real
@pytest.mark.thirdparty
def test_no_rule_of_the_validator_fails_that_is_not_known_to_be_wrong(
    bill: Bill, tmp_path: Path, reference: Path, validator: tuple[str, str]
):
    """Its exit code is 0 whatever it finds, so its report is read."""
    program, tree = validator
    bill.write("probe.csv", (reference / "validator" / "mini_focus12_probe.csv").read_bytes())
    bill.load()
    wanted = export.Wanted("1.2", custom=False)
    given = export.export(bill.warehouse, wanted, tmp_path / "out", progress=lambda _: None)
    [(name, _)] = given.files
    report = tmp_path / "report.xml"
    subprocess.run(
        [
            *(program, "--data-file", given.folder / name, "--validate-version", "1.2"),
            *("--block-download", "--applicability-criteria", "ALL"),
            *("--output-type", "unittest", "--output-destination", report),
        ],
        cwd=tree,
        check=True,
        capture_output=True,
    )
    failed = {
        str(case.get("name")).split(" ::")[0]
        for case in ET.parse(report).getroot().iter("testcase")  # noqa: S314 - written just now
        if any(child.tag in ("failure", "error") for child in case)
        and "Composite" not in str(case.get("name"))
    }

    assert failed - set(KNOWN_WRONG) == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_files_themselves_keep_every_rule(bill: Bill, tmp_path: Path, version: str):
    """What lies on disk, read by an engine that knows nothing of our warehouse."""
    bill.write("a.csv", csv_text(*KINDS))
    bill.load()
    wanted = export.Wanted(version, custom=False)
    given = export.export(bill.warehouse, wanted, tmp_path / "out", progress=lambda _: None)
    [(name, _)] = given.files
    reader = f"read_parquet('{given.folder / name}', file_row_number = true)"
    with Warehouse(":memory:") as warehouse:
        types = {name: kind for name, kind, *_ in warehouse.rows(f"describe from {reader}")}
        types.pop("file_row_number")
        file = Dataset(
            reader=reader,
            columns={name: name for name in types},
            types=types,
            row="file_row_number",
            place={"row": "file_row_number + 1"},
        )
        found = check(warehouse, file, version)

    assert (found.rows, found.broken) == (len(KINDS), ())
