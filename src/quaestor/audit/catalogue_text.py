"""Write `policies/catalogue.json`: what the policies that ship say, read beforehand."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from msgspec import structs

from quaestor.audit.catalogue import Catalogue, hash_of, hash_of_sql
from quaestor.audit.compile import texts_of
from quaestor.audit.policies import Policy
from quaestor.audit.policy_file import PolicyFile
from quaestor.core.documents import convert, read_document
from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.sandbox import Sandbox, SandboxError


def catalogue_text(policies: Sequence[Policy]) -> str:
    """Return the catalogue of policies, read from their files; a line for each entry.

    SQL that the sandbox refuses is left out: it is refused anew by whoever asks.

    Raises:
        ConfigurationError: sqlglot is not installed.
    """
    try:
        from quaestor.warehouse.origins import origins
    except ImportError:
        raise ConfigurationError(
            "sqlglot is not installed, which the catalogue of policies is written with",
            fix="pip install 'quaestor[dev]'",
        ) from None
    texts = [text for policy in policies for text in texts_of(policy)]
    with Warehouse(":memory:") as warehouse, Sandbox(warehouse) as sandbox:
        judged = sandbox.judge(texts)
        columns = dict(sandbox.columns())
    models = {
        hash_of_sql(sql, bare=bare): origins(sql, "model", columns)
        for sql, bare in texts
        if not bare
    }
    catalogue = Catalogue(
        files={
            hash_of(one.path.read_bytes()): convert(read_document(one.path), PolicyFile)
            for one in policies
        },
        selects={
            hash_of_sql(sql, bare=bare): structs.replace(select, sql="")
            for (sql, bare), select in zip(texts, judged, strict=True)
            if not isinstance(select, SandboxError)
        },
        models={name: found for name, found in models.items() if found is not None},
    )
    text = msgspec.json.encode(catalogue, order="deterministic").decode()
    return re.sub(r'(?=,"[0-9a-f]{64}":)', "\n", text) + "\n"
