"""Builders: a cost report as Oracle writes it."""

from __future__ import annotations

import csv
import gzip
import io

ROW = {
    "lineItem/referenceNo": "ref-1",
    "lineItem/tenantId": "ocid1.tenancy.oc1..t",
    "lineItem/intervalUsageStart": "2026-10-05T10:00Z",
    "lineItem/intervalUsageEnd": "2026-10-05T11:00:00Z",
    "product/service": "COMPUTE",
    "product/compartmentId": "ocid1.compartment.oc1..c",
    "product/compartmentName": "research",
    "product/region": "us-sanjose-1",
    "product/availabilityDomain": "sj-1",
    "product/resourceId": "ocid1.instance.oc1.us-sanjose-1.i",
    "usage/billedQuantity": "4.0",
    "usage/billedQuantityOverage": "",
    "cost/subscriptionId": "sub-1",
    "cost/productSku": "B93297",
    "product/Description": "GPU - A100",
    "cost/unitPrice": "4.00",
    "cost/unitPriceOverage": "",
    "cost/myCost": "16.00",
    "cost/myCostOverage": "",
    "cost/currencyCode": "USD",
    "cost/billingUnitReadable": "1 NONE HOURS GPU",
    "cost/skuUnitDescription": "GPU Per Hour",
    "cost/overageFlag": "false",
    "lineItem/isCorrection": "false",
    "lineItem/backreferenceNo": "",
    "tags/Oracle-Tags.CreatedBy": "user@example.invalid",
    "tags/team": "nlp",
}


def report(*rows: dict[str, str]) -> bytes:
    """A cost report with these rows, compressed as Oracle writes it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, ROW, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**ROW, **row} for row in rows)
    return gzip.compress(out.getvalue().encode())
