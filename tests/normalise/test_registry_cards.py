"""normalise.registry_cards: model cards, ML-BOMs and catalogues, and the blanks that they fill."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from builders.registries import loaded
from quaestor.normalise.card_markdown import markdown_sections, read_markdown

CARDS = "kind: model-cards, path: models"
BOMS = "kind: files, schema: cyclonedx, path: boms"
CARD = """\
---
license: other
license_name: acme-1
base_model: [google/bert, meta/llama]
datasets: [calls, mails]
library_name: transformers
tags: [text]
gov:
  owner: team-growth
  risk_tier: 2
gov.oncall: pager
date: 2026-01-31
model-index:
  - name: ignored-by-gov
    results:
      - dataset: {name: calls}
        metrics: [{type: auc, value: 0.91}, {type: f1, value: 0.5}]
      - dataset: {name: mails}
        metrics: [{type: auc, value: 0.87}, {type: loss, value: .nan}]
---
# Churn
Who will leave?

<!-- a hint
## Not a heading
-->
## Intended uses
Rank letters.

```python
# no heading
```
## Out-of-Scope Use
[More Information Needed]

## Bias, Risks, and Limitations
Fails under 100 calls. <img src=x onerror="alert(1)"> 🤖
"""
BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [
        {
            "type": "machine-learning-model",
            "bom-ref": "m",
            "name": "churn",
            "version": "7",
            "author": "ada",
            "hashes": [
                {"alg": "MD5", "content": "0" * 32},
                {"alg": "SHA-256", "content": "AB" * 32},
            ],
            "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "acme"}}],
            "pedigree": {"ancestors": [{"name": "bert", "group": "google", "version": "2"}]},
            "externalReferences": [{"type": "model-card", "url": "https://wiki.example/churn"}],
            "properties": [{"name": "gov.approved_by", "value": "grace"}],
            "modelCard": {
                "modelParameters": {"datasets": [{"type": "dataset", "name": "calls"}]},
                "quantitativeAnalysis": {
                    "performanceMetrics": [
                        {"type": "auc", "value": "0.9"},
                        {"type": "x", "value": "?"},
                    ]
                },
                "considerations": {
                    "useCases": ["Rank letters"],
                    "technicalLimitations": ["Few calls"],
                    "ethicalConsiderations": [
                        {"name": "Exclusion", "mitigationStrategy": "Review"}
                    ],
                },
            },
        },
        {
            "type": "library",
            "name": "numpy",
            "components": [{"type": "machine-learning-model", "name": "inner", "version": "1"}],
        },
    ],
}


def write(folder: Path, **files: str | bytes | dict) -> None:
    """Write cards below `models/` (`churn` is models/churn/README.md) or `boms/`."""
    for name, content in files.items():
        path = folder / "models" / name / "README.md"
        if isinstance(content, dict):
            path = folder / "boms" / f"{name}.json"
            content = json.dumps(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_card_says_what_the_model_is(tmp_path):
    """Metadata, gov keys in either form, the body's sections; the folder is the model's name."""
    write(tmp_path, churn=CARD.replace("  - name: ignored-by-gov\n    results", "  - results"))
    place = f"{tmp_path}/models/churn/README.md:1"
    with loaded(tmp_path, CARDS) as (warehouse, spots):
        [model] = warehouse.records("select * exclude (tags) from registry.model")
        [version] = warehouse.records("select * exclude (tags) from registry.model_version")
        sections = warehouse.rows("select section, content from registry.card_section order by 1")

    assert spots == []
    assert {key: value for key, value in model.items() if value is not None} == {
        "source": "registry",
        "model": "churn",
        "owner": "team-growth",
        "risk_tier": 2,
        "oncall": "pager",
        "description": "Who will leave?",
        "intended_use": "Rank letters.\n\n```python\n# no heading\n```",
        "definition": place,
    }
    assert {key: value for key, value in version.items() if value not in (None, [])} == {
        "source": "registry",
        "model": "churn",
        "version": "main",
        "card_uri": place,
        "license": "acme-1",
        "base_model": "google/bert, meta/llama",
        "risk_tier": 2,
        "metrics": '{"auc (calls)":0.91,"auc (mails)":0.87,"f1":0.5}',
    }
    hostile = 'Fails under 100 calls. <img src=x onerror="alert(1)"> 🤖'
    assert sections == [
        ("bias", hostile),
        ("description", "Who will leave?"),
        ("ethics", hostile),
        ("intended_use", "Rank letters.\n\n```python\n# no heading\n```"),
        ("limitations", hostile),
        ("training_data", "calls, mails"),
    ]


def test_a_name_in_the_card_wins_over_the_folder(tmp_path):
    """gov.model, then model_name, then the model index, then the folder."""
    write(
        tmp_path,
        a="---\ngov.model: acme/one\nmodel_name: two\n---\n",
        b="---\nmodel_name: two\n---\n",
        c="---\nmodel-index: [{name: three}]\n---\n",
        d="---\nlicense: mit\n---\n",
    )
    with loaded(tmp_path, CARDS) as (warehouse, _):
        names = warehouse.rows("select model from registry.model order by 1")

    assert names == [("acme/one",), ("d",), ("three",), ("two",)]


def an_export(folder: Path) -> str:
    """A registry with two versions of churn; the first says its own licence."""
    tag = [{"key": "gov.license", "value": "proprietary"}]
    (folder / "registry.json").write_text(
        json.dumps(
            {
                "registered_models": [{"name": "churn"}],
                "model_versions": [
                    {"name": "churn", "version": "6", "tags": tag},
                    {"name": "churn", "version": "7"},
                ],
            }
        )
    )
    return "kind: files, schema: mlflow, path: registry.json"


def test_a_card_fills_the_blanks_of_the_registry(tmp_path):
    """The model's, and as a card of every version licence and base model; it overrules nothing."""
    registry = an_export(tmp_path)
    write(tmp_path, churn="---\nlicense: mit\nbase_model: bert\ngov.owner: ada\n---\n")
    with loaded(tmp_path, registry, CARDS) as (warehouse, spots):
        models = warehouse.rows("select source, model, owner from registry.model")
        versions = warehouse.rows(
            """
            select source, version, license, base_model, card_uri is not null
            from registry.model_version order by version
            """
        )
        evidence = warehouse.rows(
            """
            select field, via from registry.evidence
            where source = 'registry' and field in (
                'model.definition', 'model_version.license', 'card_section')
            order by field
            """
        )

    assert spots == []
    assert models == [("registry", "churn", "ada")]
    assert versions == [
        ("registry", "6", "proprietary", "bert", True),
        ("registry", "7", "mit", "bert", True),
    ]
    # A licence is a tag in MLflow; the sections of cards are rows, which nobody fills for others.
    assert evidence == [
        ("card_section", None),
        ("model.definition", "file"),
        ("model_version.license", "tag"),
    ]


def test_a_card_of_one_version_fills_that_one(tmp_path):
    """gov.version binds it; an approval then counts."""
    registry = an_export(tmp_path)
    write(tmp_path, churn='---\nlicense: mit\ngov: {version: "7", approved_by: grace}\n---\n')
    with loaded(tmp_path, registry, CARDS) as (warehouse, spots):
        versions = warehouse.rows(
            "select version, license, approved_by from registry.model_version order by 1"
        )

    assert spots == []
    assert versions == [("6", "proprietary", None), ("7", "mit", "grace")]


def test_an_approval_of_no_version_in_particular_is_none(tmp_path):
    """It is told, kept aside, and approves nothing."""
    write(tmp_path, churn="---\ngov.approved_by: grace\n---\n")
    with loaded(tmp_path, an_export(tmp_path), CARDS) as (warehouse, spots):
        approved = warehouse.rows("select distinct approved_by from registry.model_version")
        kept = warehouse.rows("select reason from quarantine.row")

    assert approved == [(None,)]
    assert len(spots) == len(kept) == 1
    assert "the value of gov.approved_by is 'grace', which is said of one version" in spots[0]


@pytest.mark.parametrize(
    ("head", "version"),
    [
        ("version: 1.10", "1.10"),
        ("gov: {version: 007}", "007"),
        ("model_version: 2024-01-01", "2024-01-01"),
        ("gov.version: null\nversion: '3'", "3"),
        ("version: [1]", None),
    ],
)
def test_a_version_is_what_is_written(head, version):
    """1.10 is another version than 1.1, whatever YAML makes of it."""
    [card] = read_markdown(f"---\n{head}\n---\n".encode(), "m/README.md")

    assert card.version == version


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("# No metadata\n", "does not begin with a line of `---`"),
        ("---\nlicense: mit\n", "has no second line of `---`"),
        ("---\n---\n", "holds no metadata"),
        ("---\n- a\n---\n", "holds no metadata"),
        ("---\na: 1\na: 2\n---\n", "stands twice"),
        ("---\na: &x [1]\nb: [*x, *x]\n---\n", "alias"),
        ("---\na: " + "[" * 5000 + "]" * 5000 + "\n---\n", "nested too deeply"),
        ("---\na: 2027-13-01\n---\n", "cannot be read"),
        ("---\na: {\n---\n", "no valid YAML"),
        ("---\na: b\x00c\n---\n", "no valid YAML"),
        (b"---\nlicense: \xff\n---\n", "is not UTF-8 (byte 13)"),
        ("---\na: " + "x" * (1 << 20) + "\n---\n", "more than 1 MiB"),
        (b"\x1f\x8b" + b"damaged", "cannot be unpacked"),
        (gzip.compress(b"---" + b" " * ((1 << 26) + 1), 9), "larger than 64 MiB"),
        ("", "does not begin"),
    ],
)
def test_a_card_that_cannot_be_read_hides_no_other(tmp_path, content, reason):
    """Bombs, cuts and mistakes: kept aside with the reason, and the next card counts."""
    write(tmp_path, bad=content, good="---\nlicense: mit\n---\n")
    with loaded(tmp_path, CARDS) as (warehouse, spots):
        models = warehouse.rows("select model from registry.model")
        [(kept, number)] = warehouse.rows("select reason, row_number from quarantine.row")

    assert models == [("good",)]
    assert reason in kept
    assert number is None
    assert len(spots) == 1
    assert spots[0].startswith(f"{tmp_path}/models/bad/README.md: the file cannot be read: ")


def test_two_cards_of_one_model_are_told(tmp_path):
    """The first one counts."""
    write(tmp_path, a="---\ngov.model: m\nlicense: mit\n---\n", b="---\ngov.model: m\n---\n")
    with loaded(tmp_path, CARDS) as (warehouse, spots):
        licenses = warehouse.rows("select license from registry.model_version")

    assert licenses == [("mit",)]
    assert "stand twice" in spots[0]


def test_line_ends_of_windows_and_a_byte_order_mark_are_no_hurdle():
    """As editors there write them."""
    [card] = read_markdown(
        b"\xef\xbb\xbf---\r\nlicense: mit\r\n---\r\n## Uses\r\nA\r\n", "m/README.md"
    )

    assert card.of_version["license"] == "mit"
    assert card.sections == (("intended_use", "A"),)


def test_an_unclosed_fence_hides_what_follows_and_no_more():
    """As every renderer shows it."""
    assert markdown_sections("## Uses\n```\n## Limitations\nx") == [
        ("intended_use", "```\n## Limitations\nx")
    ]


def test_values_that_are_none_are_not_said(tmp_path):
    """A property without a value names no owner; a number that no machine holds is no metric."""
    [component, _] = BOM["components"]
    metrics = {"performanceMetrics": [{"type": "auc", "value": 10**400}]}
    bom = {
        **component,
        "properties": [{"name": "gov.owner", "value": None}],
        "modelCard": {"quantitativeAnalysis": metrics},
    }
    write(tmp_path, bom={**BOM, "components": [bom]})
    with loaded(tmp_path, BOMS) as (warehouse, spots):
        found = warehouse.rows(
            "select owner, metrics from registry.model join registry.model_version using (model)"
        )

    assert spots == []
    assert found == [(None, "{}")]


def test_a_bom_says_which_bytes_a_version_is(tmp_path):
    """Digest, licences, ancestors, card, properties; components within components too."""
    write(tmp_path, bom=BOM)
    with loaded(tmp_path, BOMS) as (warehouse, spots):
        rows = warehouse.records(
            """
            select model, version, artifact_digest, license, base_model, card_uri, approved_by,
                created_by, metrics
            from registry.model_version order by model
            """
        )
        sections = warehouse.rows(
            "select version, section, content from registry.card_section order by section"
        )

    assert spots == []
    assert rows[0] == {
        "model": "churn",
        "version": "7",
        "artifact_digest": "sha256:" + "ab" * 32,
        "license": "MIT AND acme",
        "base_model": "google/bert@2",
        "card_uri": "https://wiki.example/churn",
        "approved_by": "grace",
        "created_by": "ada",
        "metrics": '{"auc":0.9}',
    }
    assert (rows[1]["model"], rows[1]["artifact_digest"]) == ("inner", None)
    assert sections == [
        ("7", "ethics", "Exclusion; Review"),
        ("7", "evaluation", "auc 0.9\nx ?"),
        ("7", "intended_use", "Rank letters"),
        ("7", "limitations", "Few calls"),
        ("7", "training_data", "calls"),
    ]


def test_a_bom_fills_the_digest_of_that_version(tmp_path):
    """The version that the registry calls the same; its other versions stay blank."""
    write(tmp_path, bom=BOM)
    with loaded(tmp_path, an_export(tmp_path), BOMS) as (warehouse, _):
        digests = warehouse.rows(
            """
            select version, artifact_digest is not null from registry.model_version
            where source = 'registry' order by 1
            """
        )

    assert digests == [("6", False), ("7", True)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"bomFormat": "SPDX"}, "is no CycloneDX document"),
        ({"bomFormat": "CycloneDX", "components": [{"type": "library"}]}, "holds no component"),
        ({"bomFormat": "CycloneDX", "components": "x"}, "holds no component"),
    ],
)
def test_a_file_that_is_no_bom_of_a_model_is_told(tmp_path, content, reason):
    """The others count."""
    write(tmp_path, bad=content, good=BOM)
    (tmp_path / "boms/cut.json").write_text('{"bomFormat": "Cyc')
    (tmp_path / "boms/deep.json").write_text('{"a":' * 100_000)
    with loaded(tmp_path, BOMS) as (warehouse, spots):
        [(count,)] = warehouse.rows("select count(*) from registry.model_version")

    assert count == 2
    assert len(spots) == 3
    assert any(reason in spot for spot in spots)
    assert sum("is no JSON object" in spot for spot in spots) == 2


def test_versions_of_one_model_in_several_boms_are_no_doubles(tmp_path):
    """A BOM is written per release."""
    later = json.loads(json.dumps(BOM).replace('"version": "7"', '"version": "8"'))
    later["components"].pop()
    write(tmp_path, a=BOM, b=later)
    with loaded(tmp_path, BOMS) as (warehouse, spots):
        versions = warehouse.rows("select version from registry.model_version where model='churn'")

    assert spots == []
    assert versions == [("7",), ("8",)]


def test_what_cards_can_supply_is_stated(tmp_path):
    """Fields of models and versions, sections; no run, no grant, no deployment."""
    write(tmp_path, churn="---\nlicense: mit\n---\n")
    with loaded(tmp_path, CARDS) as (warehouse, _):
        tables = warehouse.rows(
            """
            select via, list_sort(list(field)) from registry.evidence
            where source = 'registry' and field not like '%.%' group by via order by via
            """
        )
        never = warehouse.rows(
            """
            select field from registry.evidence
            where not supplied and (field like 'model.%' or field like 'model_version.%')
            order by 1
            """
        )

    assert tables == [
        ("file", ["card_section", "model", "model_version"]),
        (None, ["dataset", "deployment", "grant", "run", "store"]),
    ]
    assert [field for (field,) in never] == [
        *("model.catalog", "model.created_at", "model.schema", "model.updated_at"),
        *("model_version.aliases", "model_version.created_at", "model_version.run_id"),
        "model_version.updated_at",
    ]


@pytest.mark.thirdparty
def test_the_specifications_own_bom_is_read(tmp_path, reference):
    """CycloneDX 1.5, valid-machine-learning-1.5.json, compressed."""
    keys = f"kind: files, schema: cyclonedx, path: '{reference}/registry/cyclonedx'"
    with loaded(tmp_path, keys) as (warehouse, spots):
        versions = warehouse.rows(
            "select model, version, artifact_digest from registry.model_version"
        )
        sections = warehouse.rows("select section from registry.card_section order by 1")
        [(longest,)] = warehouse.rows("select max(len(content)) from registry.card_section")

    assert spots == []
    assert versions == [("CompVis/stable-diffusion", "1.4", None)]
    assert [section for (section,) in sections] == [
        *("bias", "description", "ethics", "evaluation", "intended_use", "intended_users"),
        *("limitations", "training_data"),
    ]
    assert longest < 1_000  # the images stay out


@pytest.mark.thirdparty
def test_a_card_of_the_model_card_toolkit_is_read(tmp_path, reference):
    """tensorflow/model-card-toolkit, schema 0.0.2."""
    keys = f"kind: model-cards, path: '{reference}/registry/model_cards/mct_full.json'"
    with loaded(tmp_path, keys) as (warehouse, spots):
        rows = warehouse.rows(
            """
            select m.model, m.owner, m.intended_use, v.version, v.license, v.metrics
            from registry.model as m join registry.model_version as v using (source, model)
            """
        )
        sections = dict(warehouse.rows("select section, content from registry.card_section"))

    assert spots == []
    assert rows == [("name", "name1, name2", "use_cases", "v1.0", "Apache-2.0", '{"accuracy":0.9}')]
    assert sections["limitations"] == "limitations1\nlimitations2"
    assert sections["ethics"] == "ethical considerations name: mitigation strategy"


@pytest.mark.thirdparty
def test_a_catalogue_of_kubeflow_is_read(tmp_path, reference):
    """kubeflow/model-registry, its demo of a community catalogue."""
    keys = f"kind: files, schema: kubeflow-catalog, path: '{reference}/registry/kubeflow'"
    with loaded(tmp_path, keys) as (warehouse, spots):
        rows = warehouse.rows(
            "select model, license, artifact_uri from registry.model_version order by model limit 2"
        )
        [(count, described)] = warehouse.rows(
            "select count(*), count(description) from registry.model"
        )

    assert spots == []
    assert (count, described) == (5, 5)
    assert rows[0] == (
        "alpha-labs/translation-mini-1b",
        "apache-2.0",
        "oci://registry.example.com/alpha-labs/translation-mini-1b:v1.5",
    )
