"""`quaestor promote` where no registry can be written; with one, see tests/real."""

from __future__ import annotations

CONFIGURATION = """
currency: USD
sources:
  - {name: registry, kind: files, path: registry.json, schema: mlflow}
"""


def test_a_registry_that_is_a_file_cannot_be_promoted_in(home, quaestor):
    """The configuration names one, so the message says why that one does not do; exit code 2."""
    (home / "quaestor.yaml").write_text(CONFIGURATION)
    said = quaestor("promote", "churn:7", "--to", "production", "--dry-run")

    assert said.code == 2
    assert "no registry that can be written; a file is only read" in said.err
    assert "Add a source of kind mlflow or sagemaker-registry." in said.err
