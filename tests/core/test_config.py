"""`quaestor.yaml`: what may stand there, and what is said about what may not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from quaestor.core.config import Config, FilesSource, MlflowSource, parse_config, read_config
from quaestor.core.errors import ConfigurationError


def written(folder: Path, text: str) -> Path:
    """Write a configuration file."""
    path = folder / "quaestor.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    """Return what is said about a wrong configuration, the folder's name left out."""
    with pytest.raises(ConfigurationError) as caught:
        read_config(written(folder, text), {})
    return caught.value.as_text().replace(f"{folder}/", "")


def test_a_configuration_is_typed(tmp_path: Path):
    """Sources by kind, money as decimals, everything else by default."""
    text = """
    currency: EUR
    sources:
      - {name: bills, kind: files, path: bills/}
      - {name: registry, kind: mlflow, uri: "http://127.0.0.1:5000"}
    budgets:
      - {name: search, amount: 1000.10, team: search}
    """
    config = read_config(written(tmp_path, text), {})

    assert config.currency == "EUR"
    assert config.sources == (
        FilesSource(name="bills", path="bills/"),
        MlflowSource(name="registry", uri="http://127.0.0.1:5000"),
    )
    assert config.budgets[0].amount == Decimal("1000.10")
    assert config.policies == ("builtin",)


def test_an_empty_file_is_all_defaults(tmp_path: Path):
    """Nothing is required of a configuration; the commands say what they lack."""
    assert read_config(written(tmp_path, "# nothing\n"), {}) == Config(base=str(tmp_path))


def test_paths_are_relative_to_the_file(tmp_path: Path):
    """Wherever the program is started, `path: bills` is the same folder."""
    config = read_config(written(tmp_path, "sources: []"), {})

    assert config.resolve("bills") == tmp_path / "bills"
    assert config.resolve("/abs") == Path("/abs")


def test_values_come_from_the_environment(tmp_path: Path):
    """`${NAME}` keeps secrets and hosts out of the file."""
    text = 'sources: [{name: r, kind: mlflow, uri: "https://${HOST}/x"}]'
    config = parse_config(text, tmp_path, {"HOST": "mlflow.example"})

    assert config.sources == (MlflowSource(name="r", uri="https://mlflow.example/x"),)


def test_an_unset_variable_is_named(tmp_path: Path):
    """Its name is said, and nobody's value."""
    text = complaint(tmp_path, 'sources: [{name: r, kind: mlflow, uri: "${NOT_SET}"}]')

    assert "the environment variable NOT_SET is not set" in text


@pytest.mark.parametrize(
    ("text", "what", "where", "fix"),
    [
        (
            "currency: USD\nsorces: []",
            "unknown key 'sorces'",
            "quaestor.yaml:2 (sorces)",
            "Did you mean 'sources'?",
        ),
        (
            "sources:\n  - {name: b, kind: files, path: x, shcema: focus}",
            "unknown key 'shcema'",
            "quaestor.yaml:2 (sources.0.shcema)",
            "Did you mean 'schema'?",
        ),
        (
            "sources:\n  - {kind: aws-exprt, name: a}",
            "unknown value 'aws-exprt'",
            "quaestor.yaml:2 (sources.0.kind)",
            "Did you mean 'aws-export'?",
        ),
        (
            "notify:\n  - {kind: slack, name: a, url: 'https://x/y', when: failre}",
            "unknown value 'failre'",
            "quaestor.yaml:2 (notify.0.when)",
            "Did you mean 'failure'?",
        ),
        ("zzzz: 1", "unknown key 'zzzz'", "quaestor.yaml:1 (zzzz)", "Remove it."),
        ("base: /etc", "unknown key 'base'", "quaestor.yaml:1", "Remove it."),
        ("file: a.yaml", "unknown key 'file'", "quaestor.yaml:1", "Remove it."),
        (
            "currency: usd",
            "'usd' is not three capital letters of ISO 4217, such as USD",
            "quaestor.yaml:1 (currency)",
            "Did you mean 'USD'?",
        ),
        (
            "currency: Dollar",
            "'Dollar' is not three capital letters of ISO 4217, such as USD",
            "quaestor.yaml:1 (currency)",
            "Correct the value; `quaestor init --schema` prints what may stand there.",
        ),
        (
            "sources:\n  - {kind: files, name: Prod, path: x}",
            "'Prod' is not a name of small letters, digits, - and _ (63 at most, no sign first)",
            "quaestor.yaml:2 (sources.0.name)",
            "Did you mean 'prod'?",
        ),
        (
            "sources:\n  - {name: a, kind: files, path: x}\n  - {name: a, kind: files, path: y}",
            "two sources are named 'a'",
            "quaestor.yaml",
            "Give each source a name of its own; rows are kept apart by it.",
        ),
        (
            "names:\n  - {field: team, old: a, new: b}\n  - {field: team, old: b, new: c}",
            "the team 'a' is now 'b', which is itself called otherwise",
            "quaestor.yaml:2",
            "Write `new: c`, if that is its name today.",
        ),
        (
            "names:\n  - {field: team, old: a, new: b}\n  - {field: team, old: a, new: c}",
            "the team 'a' is renamed twice",
            "quaestor.yaml:2",
            "Keep the name it has today.",
        ),
        (
            "sources:\n  - {name: a, kind: files}",
            "the key 'path' is missing",
            "quaestor.yaml:2 (sources.0)",
            "Add `path:`.",
        ),
        (
            "sources:\n  - {name: g, kind: gcp-export}",
            "source g: one of `table:` and `bucket:` is needed",
            "quaestor.yaml:2",
            (
                "Write `table: project.dataset.gcp_billing_export_resource_v1_...`, or `bucket:` "
                "and `prefix:` of exported files."
            ),
        ),
        (
            "sources:\n  - name: g\n    kind: gcp-export\n    table: billing.export",
            "source g: `table: billing.export` is no full name of a table",
            "quaestor.yaml:4",
            "Write `table: project.dataset.table`, all three parts, no wildcard.",
        ),
        (
            "sources:\n  - name: a\n    kind: aws-export\n    bucket: ''",
            "source a: the key 'bucket' is empty",
            "quaestor.yaml:4",
            "Say what `bucket:` is.",
        ),
        (
            "sources:\n  - name: h\n    kind: slurm\n    since: 2026-10-02\n    until: 2026-10-01",
            "source h: since 2026-10-02 is after until 2026-10-01",
            "quaestor.yaml:4",
            "Correct them.",
        ),
        (
            "budgets:\n  - {name: b, amount: 0}",
            "the budget 'b' has the amount 0",
            "quaestor.yaml:2",
            "Write an amount above zero and below 10^18, or remove the budget.",
        ),
        (
            "budgets:\n  - {name: b, amount: NaN}",
            "the budget 'b' has the amount NaN",
            "quaestor.yaml:2",
            "Write an amount above zero and below 10^18, or remove the budget.",
        ),
        (
            "budgets:\n  - {name: b, amount: 1e60}",
            "the budget 'b' has the amount 1E+60",
            "quaestor.yaml:2",
            "Write an amount above zero and below 10^18, or remove the budget.",
        ),
        (
            "anomaly: {amount: NaN}",
            "a change of NaN makes no day unusual",
            "quaestor.yaml:1",
            "Write an amount of zero or more, and below 10^18.",
        ),
        (
            "currency: USD\ncurrency: EUR",
            "the key 'currency' stands twice",
            "quaestor.yaml:2",
            "Remove one of the two; YAML would silently keep the last.",
        ),
        (
            "sources: [",
            "is no valid YAML: ",
            "quaestor.yaml:2",
            "Check indentation, quotes and colons on that line.",
        ),
        (
            "- a list",
            "is no mapping of keys to values",
            "quaestor.yaml",
            "See `quaestor init`.",
        ),
    ],
)
def test_a_mistake_is_named_with_line_and_remedy(
    tmp_path: Path, text: str, what: str, where: str, fix: str
):
    """What, where, what to do: for every way to get the file wrong."""
    said = complaint(tmp_path, text)

    assert said.splitlines()[0].startswith(f"error: {what}")
    assert said.splitlines()[1:] == [f"  in:  {where}", f"  fix: {fix}"]


@pytest.mark.parametrize(
    "text",
    [
        "currency: dollars",
        "sources: [{name: 'Ünïcode name', kind: files, path: x}]",
        "sources: [{name: a, kind: nothing, path: x}]",
        "sources: [{name: a, kind: files, path: x, delimiter: ''}]",
        "sources: [{name: a, kind: files, path: x, schema: cur9}]",
        "budgets: [{name: b, amount: much}]",
        "sources: 7",
    ],
)
def test_a_wrong_value_is_refused_with_its_line(tmp_path: Path, text: str):
    """No value is silently replaced by a default."""
    assert "quaestor.yaml:1 (" in complaint(tmp_path, text)


def test_a_missing_file_is_said(tmp_path: Path):
    """With the command that writes a new one."""
    with pytest.raises(ConfigurationError) as caught:
        read_config(tmp_path / "none.yaml", {})

    assert caught.value.what == "no such file"
    assert "quaestor init" in (caught.value.fix or "")


def test_a_file_that_is_no_text_is_said(tmp_path: Path):
    """UTF-16, as some editors save, is named with its remedy."""
    path = tmp_path / "quaestor.yaml"
    path.write_bytes("currency: USD".encode("utf-16"))
    with pytest.raises(ConfigurationError) as caught:
        read_config(path, {})

    assert caught.value.fix == "Save the file as UTF-8."
