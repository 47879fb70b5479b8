"""`quaestor init`: the first file a user gets must be right."""

from __future__ import annotations

import gzip
import json
import re

import duckdb
import jsonschema
import pytest
import yaml

from quaestor.core.config import parse_config, read_config

FOCUS = "BilledCost,EffectiveCost,ChargePeriodStart,ChargePeriodEnd\n1,1,2026-10-01,2026-10-02\n"
REGISTRY = {"MLFLOW_TRACKING_URI": "http://localhost:5000"}


@pytest.fixture
def sources(home, quaestor):
    """Write quaestor.yaml and return its sources as they load: name -> path or uri."""

    def init(*arguments, environment=None):
        said = quaestor("init", *arguments)
        assert said.code == 0, said.err
        config = read_config(home / "quaestor.yaml", environment or {})
        return {s.name: getattr(s, "path", None) or s.uri for s in config.sources}

    return init


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_an_empty_folder_gets_a_file_that_loads(sources, home):
    """Nothing found is said, with examples, and is no error."""
    assert sources() == {}
    assert "Nothing to read was found" in (home / "quaestor.yaml").read_text()


def test_bills_in_any_form_are_found(sources, home):
    """CSV, compressed CSV and Parquet; a folder of like files is one source."""
    put(home / "bills/2026-10.csv", FOCUS)
    put(home / "bills/2026-11.csv", "\ufeff" + FOCUS)
    (home / "azure").mkdir()
    (home / "azure/part.csv.gz").write_bytes(gzip.compress(FOCUS.encode()))
    (home / "gcp").mkdir()
    duckdb.sql("select 1 as BilledCost, date '2026-10-01' as ChargePeriodStart").write_parquet(
        str(home / "gcp/bill.parquet")
    )

    assert sources() == {
        "part": "azure/part.csv.gz",
        "bills": "bills/*.csv",
        "bill": "gcp/bill.parquet",
    }


def test_what_is_found_is_what_a_collector_reads(sources, home):
    """The written path leads the files collector to the very files, odd names included."""
    from quaestor.collect.files import found

    put(home / "b[1]/a.csv", FOCUS)
    put(home / "b[1]/b.csv", FOCUS)
    put(home / 'c "x": y/only one*.csv', FOCUS)
    sources()
    config = read_config(home / "quaestor.yaml", {})

    assert [[str(p.relative_to(home)) for p in found(s, config)] for s in config.sources] == [
        ["b[1]/a.csv", "b[1]/b.csv"],
        ['c "x": y/only one*.csv'],
    ]


def test_files_that_are_no_bills_are_left_alone(sources, home):
    """Other CSV, damaged files, hidden folders, what Quaestor itself wrote."""
    put(home / "data/bill.csv", FOCUS)
    put(home / "data/iris.csv", "sepal,petal\n1,2\n")
    put(home / ".git/x.csv", FOCUS)
    put(home / "landing/bills/files/x.csv", FOCUS)
    put(home / "a/b/c/d/e/deep.csv", FOCUS)
    put(home / "broken.csv.gz", "no gzip")
    put(home / "broken.parquet", "no parquet")
    put(home / "short.parquet", "PAR1")
    put(home / "latin.csv", "x")
    (home / "latin.csv").write_bytes(b"\xff\xfe\x00")
    put(home / "${HOME}/bill.csv", FOCUS)

    assert sources() == {"bill": "data/bill.csv"}


def test_tables_that_nobody_recognises_are_named(home, quaestor):
    """An invoice of columns nobody knows is not passed over in silence; JSON may be anything."""
    put(home / "data/bill.csv", FOCUS)
    put(home / "data/invoice\x1b.csv", "date,amount\n2026-10-01,1\n")
    put(home / "package.json", "{}")
    for number in range(6):
        put(home / f"more/{number}.csv", "a,b\n1,2\n")
    said = quaestor("init")

    assert (
        "not recognised: data/invoice\\x1b.csv, more/0.csv, more/1.csv, more/2.csv, more/3.csv "
        "and 2 more; `mapping:` on a source reads an invoice of any columns"
    ) in said.err


def test_usage_files_and_delimiters_are_recognised(sources, home):
    """What runs, by its columns; a semicolon is written down."""
    put(home / "usage/nodes.csv", "cluster,node,hour,gpus\n")
    put(home / "usage2/pods.csv", "cluster;namespace;pod;hour\n")
    put(home / "usage3/jobs.csv", "job,gpus,started_at\n")
    put(home / "usage4/samples.csv", "host,sampled_at,gpu_util_ratio\n")
    sources()
    first, second, *others = read_config(home / "quaestor.yaml", {}).sources

    assert (first.schema, first.delimiter) == ("node-hours", ",")
    assert (second.schema, second.delimiter) == ("pod-hours", ";")
    assert [one.schema for one in others] == ["gpu-jobs", "gpu-samples"]


def test_a_registry_in_the_environment_is_named_without_its_address(sources, home, monkeypatch):
    """The address may hold a password: the file keeps the variable's name only."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://user:s3cr3t@mlflow.example")

    assert sources(environment=REGISTRY) == {"registry": "http://localhost:5000"}
    assert "s3cr3t" not in (home / "quaestor.yaml").read_text()


def test_model_gov_files_are_found(sources, home):
    """One file by its name, several by the folder that holds them all."""
    put(home / "models/churn/model.gov.yaml", "model: churn\n")
    assert sources() == {"models": "models/churn/model.gov.yaml"}

    put(home / "models/fraud.model.gov.yaml", "model: fraud\n")
    assert sources("--force") == {"models": "models"}


def test_two_sources_never_share_a_name(sources, home):
    """Rows are kept apart by it."""
    put(home / "x/Bill (1).csv", FOCUS)
    put(home / "y/bill-1.csv", FOCUS)
    put(home / "z/\u00fc.csv", FOCUS)

    assert list(sources()) == ["bill-1", "bill-1-2", "bills"]


CUR = "lineItem/UnblendedCost,lineItem/UsageStartDate,lineItem/LineItemType,bill/PayerAccountId\n"
AZURE = (
    "SubscriptionId,Date,MeterCategory,Quantity,CostInBillingCurrency,BillingCurrency,ChargeType\n"
)
GCP = {"billing_account_id": "x", "service": {}, "sku": {}, "usage_start_time": "", "cost": 1}
GCP |= {"project": {}, "credits": [], "invoice": {}, "usage_end_time": "", "export_time": ""}


@pytest.mark.parametrize("name", ["2026", "null", "yes", "1e3", "0x1F"])
def test_a_file_whose_name_is_no_text_to_yaml_is_a_source(sources, home, name):
    """YAML reads 2026 as a number and null as nothing; the file that is written still loads."""
    put(home / f"{name}.csv", FOCUS)

    assert sources() == {name.lower(): f"{name}.csv"} or sources() == {name: f"{name}.csv"}


def test_bills_of_every_format_are_found_by_their_header(sources, home):
    """Upper-case names too; no schema is written, as the header says it at every build."""
    put(home / "aws/CUR.CSV", CUR)
    put(home / "azure/actual.csv", AZURE)
    put(home / "azure/amortized.csv", AZURE)
    put(home / "gcp/export.jsonl", json.dumps({**GCP, "currency": "USD"}) + "\n")
    put(home / "focus/a;b.csv", FOCUS.replace(",", ";"))

    assert sources() == {
        "cur": "aws/CUR.CSV",
        "azure": "azure/*.csv",
        "a-b": "focus/a;b.csv",
        "export": "gcp/export.jsonl",
    }
    text = (home / "quaestor.yaml").read_text()
    assert "schema:" not in text.replace("--schema", "").replace("`schema:", "")
    assert "2 Azure" in text
    assert 'delimiter: ";"' in text


def test_a_tree_of_one_export_is_one_source(sources, home):
    """Runs and parts lie in folders of their own; which of them count, their manifests say."""
    for part in ("20261001-20261101/one/part-1", "20261001-20261101/two/part-1"):
        put(home / f"exports/daily/{part}.csv", CUR)
    put(home / "exports/daily/20261001-20261101/daily-Manifest.json", "{}")
    put(home / "exports-2/a/part.csv", CUR)
    put(home / "exports-2/b/part.csv", FOCUS)

    assert sources() == {
        "20261001-20261101": "exports/daily/20261001-20261101",
        "part": "exports-2/a/part.csv",
        "part-2": "exports-2/b/part.csv",
    }


@pytest.mark.parametrize(
    ("actual", "amortised", "other", "expected"),
    [
        (
            "bills/azure/actual/part_0.csv",
            "bills/azure/amortized/part_0.csv",
            "bills/aws/cur.csv",
            {"cur": "bills/aws/cur.csv", "azure": "bills/azure"},
        ),
        (
            "bills/azure-actual.csv",
            "bills/azure-amortized.csv",
            "bills/cur.csv",
            {"bills": "bills/azure-a*.csv", "cur": "bills/cur.csv"},
        ),
        ("b/actual.csv", "b/amortized.csv", "b/aws.csv", {"b": "b/*.csv"}),
        ("x[1]actual.csv", "x[1]amort.csv", "aws.csv", {"bills": "x[[]1]a*.csv", "aws": "aws.csv"}),
    ],
    ids=["folders", "names", "alike", "odd"],
)
def test_actual_and_amortised_cost_stay_in_one_source(
    sources, home, actual, amortised, other, expected
):
    """Two sources of them would be added: what other bills lie about must not part them."""
    put(home / actual, AZURE)
    put(home / amortised, AZURE)
    put(home / other, CUR)

    assert sources() == expected


@pytest.mark.parametrize(
    ("variable", "file", "kinds"),
    [
        (None, ".aws/config", ["aws-export", "aws-cost-explorer", "organizations"]),
        ("AWS_PROFILE", None, ["aws-export", "aws-cost-explorer", "organizations"]),
        (None, ".azure/azureProfile.json", ["azure-export", "azure-cost"]),
        ("AZURE_CLIENT_ID", None, ["azure-export", "azure-cost"]),
        (
            None,
            ".config/gcloud/application_default_credentials.json",
            ["gcp-export", "gcp-billing"],
        ),
        ("GOOGLE_APPLICATION_CREDENTIALS", None, ["gcp-export", "gcp-billing"]),
    ],
)
def test_clouds_with_credentials_are_proposed_and_not_added(
    sources, home, monkeypatch, variable, file, kinds
):
    """As comments that load once their # is gone; no credential is read or written down."""
    put(home / "bills/a.csv", FOCUS)
    if variable:
        monkeypatch.setenv(variable, "s3cret")
    if file:
        put(home / "home" / file, "s3cret")

    assert sources() == {"a": "bills/a.csv"}
    text = (home / "quaestor.yaml").read_text()
    config = parse_config(
        re.sub(r"^#   - (?=\{.*kind:)", "  - ", text, flags=re.MULTILINE), home, {}
    )
    assert [s.__struct_config__.tag for s in config.sources] == ["files", *kinds]
    assert "s3cret" not in text


@pytest.mark.parametrize("place", ["kube", "home/.kube/config"], ids=["KUBECONFIG", "home"])
def test_a_kubeconfig_proposes_its_cluster_and_the_clusters_metrics(
    sources, home, monkeypatch, place
):
    """As comments that load once their # is gone; what the file holds is not written down."""
    put(home / place, "current-context: s3cret\n")
    if place == "kube":
        monkeypatch.setenv("KUBECONFIG", f"{home / 'absent'}:{home / 'kube'}")

    assert sources() == {}
    text = (home / "quaestor.yaml").read_text()
    config = parse_config(
        "sources:\n" + "\n".join(re.findall(r"^# ( +- \{.*kind: (?:kub|pro).*)", text, re.M)),
        home,
        {},
    )
    assert [s.__struct_config__.tag for s in config.sources] == ["kubernetes", "prometheus"]
    assert "s3cret" not in text


def test_an_existing_file_is_never_overwritten(home, quaestor):
    """Except when told so."""
    put(home / "quaestor.yaml", "mine: true\n")
    said = quaestor("init")

    assert (said.code, (home / "quaestor.yaml").read_text()) == (2, "mine: true\n")
    assert "--force" in said.err
    assert quaestor("init", "--force").code == 0
    assert read_config(home / "quaestor.yaml", {}).currency == "USD"


def test_a_new_folder_is_made(home, quaestor):
    """And where it cannot be, that is said."""
    assert quaestor("init", "new/estate").out.startswith("new/estate/quaestor.yaml is written")

    put(home / "file", "")
    said = quaestor("init", "file/below")
    assert (said.code, "cannot be made" in said.err) == (2, True)


def test_the_commented_examples_are_right(sources, home):
    """Whoever removes a `#` gets a file that loads."""
    sources()
    text = (home / "quaestor.yaml").read_text().replace("sources: []\n", "sources:\n")
    lines = text.splitlines()
    [at] = [n for n, line in enumerate(lines) if line == "sources:"]
    examples = [n for n, line in enumerate(lines) if re.match(r"#   - .*kind:", line)]
    moved = [lines[n][1:] for n in examples]
    kept = [line for n, line in enumerate(lines) if n not in examples]
    at = kept.index("sources:")
    kept[at + 1 : at + 1] = moved
    keys = "attribution|budgets|labels|names|overhead|prices|rates|shared|tags"
    bare = [re.sub(rf"^# ?(?=({keys}):|  - )", "", line) for line in kept]
    config = parse_config("\n".join(bare), home, {})

    assert [type(s).__name__ for s in config.sources] == [
        "FilesSource",
        "MlflowSource",
        "ModelGovSource",
    ]
    assert (config.rates, len(config.attribution), len(config.budgets)) == ("rates.csv", 2, 1)
    assert (config.names[0].new, config.shared[0].by, config.prices) == (
        "retention",
        "cost",
        "prices.csv",
    )


def test_the_schema_describes_what_init_writes(home, quaestor):
    """Published, closed, and without the key that is not the user's."""
    put(home / "bills/a.csv", FOCUS)
    quaestor("init")
    schema = json.loads(quaestor("init", "--schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    written = yaml.safe_load((home / "quaestor.yaml").read_text())

    validator.validate(written | {"budgets": [{"name": "a", "amount": 5000.5}]})
    assert not validator.is_valid(written | {"base": "."})
    assert not validator.is_valid(written | {"curency": "EUR"})


def test_money_with_a_default_may_be_a_number_too(quaestor):
    """`anomaly: {amount: 50}` is no text; an editor must not underline it."""
    shape = json.loads(quaestor("init", "--schema").out)["$defs"]["Anomaly"]["properties"]["amount"]

    assert shape == {"type": ["number", "string"], "default": "50"}
