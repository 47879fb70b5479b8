"""What a policy may judge row by row: tables that have one row for each subject.

The keys are a public contract: waivers, baselines and fingerprints hold them.
"""

from __future__ import annotations

from msgspec import Struct


class Subject(Struct, frozen=True, kw_only=True):
    """How the rows of one table become subjects.

    Args:
        table: Its name, with the schema.
        key: SQL for the subject's name.
        model: SQL for the model it belongs to, or None.
        version: The column that names a version of the model, or None.
        has_source: Whether rows say which source stated them.
        rows: SQL that keeps one row for each subject, or None for all rows.
    """

    table: str
    key: str
    model: str | None = None
    version: str | None = None
    has_source: bool = True
    rows: str | None = None

    @property
    def evidence_prefix(self) -> str:
        """Return what a field's name begins with in `registry.evidence`."""
        return self.table.partition(".")[2]


SUBJECTS = {
    subject.table: subject
    for subject in (
        Subject(table="registry.model", key="model", model="model"),
        Subject(
            table="registry.model_version",
            key="model || ':' || version",
            model="model",
            version="version",
        ),
        Subject(table="registry.deployment", key="deployment", model="model", version="version"),
        Subject(table="registry.run", key="run_id"),
        Subject(
            table="registry.dataset",
            key="dataset",
            rows="run_id = (select max(d.run_id) from registry.dataset as d "
            "where d.source = dataset.source and d.dataset = dataset.dataset)",
        ),
        Subject(table="registry.store", key="store"),
        Subject(table="registry.waiver", key="waiver"),
        Subject(table="registry.grant", key="""subject || ' ' || principal || ' ' || "right" """),
        Subject(
            table="ledger.budget",
            key="budget",
            model="model",
            has_source=False,
            rows="month = (select max(b.month) from ledger.budget as b "
            "where b.budget = budget.budget)",
        ),
        Subject(
            table="ledger.coverage",
            key="strftime(month, '%Y-%m')",
            has_source=False,
        ),
    )
}
