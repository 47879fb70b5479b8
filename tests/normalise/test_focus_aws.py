"""AWS exports FOCUS itself: doubles, tags as a MAP, and columns of its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.bills import Bill

MAP = pa.map_(pa.string(), pa.string())
TIMES = {
    "BillingPeriodStart": datetime(2026, 10, 1),
    "BillingPeriodEnd": datetime(2026, 11, 1),
    "ChargePeriodStart": datetime(2026, 10, 5, 7),
    "ChargePeriodEnd": datetime(2026, 10, 5, 8),
}
TEXTS = {
    "BillingAccountId": "012345678901",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ProviderName": "AWS",
    "ServiceName": "Amazon SageMaker",
    "x_Operation": "RunInstance",
    "x_ServiceCode": "AmazonSageMaker",
    "x_UsageType": "USE1-Host:ml.g5.xlarge",
}
COSTS = {
    "BilledCost": [0.1, 1.60101e-07],
    "EffectiveCost": [0.2, 1e-12],
    "ListCost": [1.408, 12345678.12345678],
    "ContractedCost": [0.3, 1.0],
}
MAPS = {
    "Tags": [[("team", "fraud"), ("aws:createdBy", "me")], []],
    "x_Discounts": [[("EDP", "-0.1")], []],
    "x_CostCategories": [[("Product", "Fraud")], []],
}
SINCE_1_2 = {"InvoiceId": "1", "SkuMeter": "Host", "BillingAccountType": "Payer"}


@pytest.mark.parametrize("version", ["1.0", "1.2"])
def test_an_export_of_aws_is_loaded_exactly(bill: Bill, version: str):
    """A double is the shortest decimal that names it; a MAP is a JSON object."""
    texts = {**TEXTS, **(SINCE_1_2 if version == "1.2" else {})}
    columns = {name: pa.array([value] * 2) for name, value in {**texts, **TIMES}.items()}
    columns |= {name: pa.array(costs, pa.float64()) for name, costs in COSTS.items()}
    columns |= {name: pa.array(pairs, MAP) for name, pairs in MAPS.items()}
    columns["SkuPriceDetails"] = pa.array([[("CoreCount", "4")], None], MAP)
    path = bill.folder / "made.parquet"
    pq.write_table(pa.table(columns), path)
    bill.write("focus.snappy.parquet", path.read_bytes())

    assert bill.load() == []
    assert bill.values("BilledCost, EffectiveCost, ListCost, ContractedCost") == [
        (Decimal("0.1"), Decimal("0.2"), Decimal("1.408"), Decimal("0.3")),
        (Decimal("1.60101E-7"), Decimal("1E-12"), Decimal("12345678.12345678"), Decimal(1)),
    ]
    assert (
        bill.values("ChargePeriodStart, BillingAccountId, x_ServiceCode, x_UsageType")
        == [(datetime(2026, 10, 5, 7), "012345678901", "AmazonSageMaker", "USE1-Host:ml.g5.xlarge")]
        * 2
    )
    assert bill.values("Tags, x_Discounts, x_CostCategories, SkuPriceDetails") == [
        (
            '{"team":"fraud","aws:createdBy":"me"}',
            '{"EDP":"-0.1"}',
            '{"Product":"Fraud"}',
            '{"CoreCount":"4"}',
        ),
        ("{}", "{}", "{}", None),
    ]
    assert bill.warehouse.rows("select format, rows_landed, rows_loaded from focus.file") == [
        ("focus", 2, 2)
    ]
