"""`quaestor gate FILE`: what a deploy's files say is judged as if it ran already, and priced."""

from __future__ import annotations

import io
import json
import textwrap
from decimal import Decimal

import pytest
import yaml

from builders.rows import insert
from quaestor.normalise import registry

NOW = "2026-11-21T06:00:00"
DIGEST = "sha256:" + "ab" * 32
COMMON = """
severity: high
gate: {ci: block}
why: Because somebody has to answer.
remedy: {text: "Mend it."}
source: "House rule"
"""
POLICIES = {
    "deployment/image-not-pinned": """
        title: Images are pinned
        subject: registry.deployment
        when: environment = 'production'
        requires: [images]
        require: "len(images) = len(list_filter(images, lambda one: contains(one, '@sha256:')))"
        reason: "{deployment} runs an image by tag"
        """,
    "cost/deploy-too-dear": """
        title: A deploy stays within its limit
        subject: registry.deployment
        when: >
          cost_change_per_month is not null
          or supplies(source, 'deployment.cost_change_per_month')
        require: cost_change_per_month <= 1000
        reason: "{deployment} would cost {cost_change_per_month} more a month"
        """,
    "cost/budget-overrun": """
        title: The month fits its budget
        subject: ledger.budget
        require: forecast_cost <= amount
        reason: "{budget} would come to {forecast_cost} of {amount}"
        """,
    "ownership/model-without-owner": """
        title: Every model has an accountable owner
        subject: registry.model
        requires: [owner]
        require: has_text(owner)
        reason: "{model} has no owner"
        """,
    "approval/version-without-approval": """
        title: A production version is approved
        subject: registry.model_version
        when: lifecycle = 'production'
        requires: [approved_by]
        require: has_text(approved_by)
        reason: "{model}:{version} has no approval"
        """,
}
MANIFEST = f"""
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: churn
      namespace: ml
      labels: {{gov.model: churn, gov.model_version: "7"}}
    spec:
      replicas: 1
      template:
        spec:
          nodeSelector: {{node.kubernetes.io/instance-type: g5.xlarge}}
          containers:
            - name: server
              image: acme/churn@{DIGEST}
              resources:
                requests: {{cpu: 2, memory: 8Gi}}
                limits: {{nvidia.com/gpu: 1}}
    """
NAMES = ("cost_now_per_month", "cost_then_per_month", "change_per_month")
TWO = MANIFEST.replace("replicas: 1", "replicas: 2")
SERVICE = """
    apiVersion: serving.kserve.io/v1beta1
    kind: InferenceService
    metadata: {name: llm}
    spec: {predictor: {model: {storageUri: "s3://nobody/knows"}}}
    """


ENDPOINT = """
    {"EndpointConfigName": "churn", "ProductionVariants": [
        {"VariantName": "a", "ModelName": "m",
         "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 2}]}
    ---
    {"ModelName": "m", "PrimaryContainer": {
        "ModelPackageName": "arn:aws:sagemaker:eu-west-1:1:model-package/churn/7"}}
    """


@pytest.fixture
def estate(home, warehouse):
    """A registry, a price list and a cluster that runs the sixth version; close it before use."""
    for name, text in POLICIES.items():
        path = home / "policies" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text) + COMMON)
    sources = [{"name": "reg", "kind": "mlflow", "uri": "http://127.0.0.1:9"}]
    config = {"policies": ["policies/"], "sources": sources}
    (home / "quaestor.yaml").write_text(yaml.safe_dump(config))
    stated(warehouse, "model", model="churn", owner="team-growth")
    stated(warehouse, "model_version", model="churn", version="6", lifecycle="production")
    row = {"lifecycle": "staging", "approved_by": "ada"}
    stated(warehouse, "model_version", model="churn", version="7", **row)
    for field in ("model.owner", "model_version.approved_by"):
        row = {"source": "reg", "field": field, "supplied": True, "via": "tag"}
        insert(warehouse, "registry.stated_evidence", **row)
    listed(warehouse, "g5.xlarge", 1)
    told(warehouse, "collected_at:reg", "2026-11-21T05:00:00")

    def change(action=None):
        if action:
            action(warehouse)
        registry.settle(warehouse)
        warehouse.close()

    return change


def stated(warehouse, table, **row):
    insert(warehouse, f"registry.stated_{table}", **{"source": "reg", "from_file": False} | row)


def running(warehouse, namespace="ml", **row):
    values = {
        "source": "clusters",
        "deployment": f"prod/{namespace}/Deployment/churn",
        "kind": "Deployment",
        "cluster": "prod",
        "namespace": namespace,
        "model": "churn",
        "environment": "production",
        "images": ["acme/churn:old"],
        "replicas": 1,
        "instance_type": "g5.xlarge",
        "gpu_request": 1.0,
    }
    stated(warehouse, "deployment", **values | row)


def told(warehouse, name, value):
    warehouse.run("insert or replace into meta.property values (?, ?)", [name, value])


def listed(warehouse, instance_type, price):
    row = {"origin": "quaestor", "capacity_type": "on-demand", "price_source": "list"}
    row |= {"gpus": 1, "cores": 4, "gib": 16, "gpu_model": "A10G", "currency": "USD"}
    priced_on = "2026-01-01"
    values = {"instance_type": instance_type, "price": price, "priced_on": priced_on}
    insert(warehouse, "config.price", **row, **values)


@pytest.fixture
def gate(quaestor, monkeypatch):
    """Run the gate offline at a fixed time; `piped` is what standard input holds."""

    def call(*arguments, piped=""):
        content = piped if isinstance(piped, bytes) else textwrap.dedent(piped).encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        return quaestor("gate", "--now", NOW, "--no-collect", *arguments)

    return call


def written(home, name, text):
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return name


def priced(said):
    """Return what the JSON answer says of cost."""
    return json.loads(said.out)["cost_changes"]


def test_a_manifest_that_keeps_every_rule_may_ship(home, estate, gate):
    """Exit code 0, for the version it serves."""
    estate()
    said = gate(written(home, "deploy.yaml", MANIFEST))

    assert said.code == 0, said
    assert said.out.splitlines()[0].startswith("churn:7 in production may run")


def test_what_the_manifest_says_closes_the_gate(estate, gate):
    """Exit code 1, by standard input as from `helm template`; the rule is for production."""
    estate()
    text = MANIFEST.replace(f"@{DIGEST}", ":latest")
    said = gate("-", piped=text)

    assert (said.code, gate("-", "--env", "staging", piped=text).code) == (1, 0)
    assert "ml/Deployment/churn runs an image by tag" in said.out


def test_what_runs_today_does_not_speak_for_what_will(estate, gate):
    """The deployment's old row has an image by tag; the manifest mends that."""
    estate(running)

    assert gate("-", piped=MANIFEST).code == 0
    assert gate("churn:7").code == 1


def test_other_deployments_of_the_version_are_none_of_the_deploy(estate, gate):
    """Another namespace's fault does not stop this one; asked by name, the version has it."""
    estate(lambda warehouse: running(warehouse, namespace="web", version="7"))

    assert gate("-", piped=MANIFEST).code == 0
    assert gate("-", "churn:7", piped=MANIFEST).code == 1


def test_the_gate_writes_nothing(home, estate, gate):
    """The warehouse is the same file, byte for byte, after a deploy was judged."""
    estate(running)
    before = (home / "quaestor.duckdb").read_bytes()
    gate("-", piped=MANIFEST)

    assert (home / "quaestor.duckdb").read_bytes() == before


def test_the_change_of_cost_is_told(estate, gate):
    """Two machines at a dollar an hour, where one runs: 730 dollars more a month."""
    estate(running)
    [change] = priced(gate("-", "--format", "json", piped=TWO))
    amounts = [Decimal(change[name]) for name in NAMES]

    assert amounts == [730, 1460, 730]
    assert (change["deployment"], change["currency"]) == ("prod/ml/Deployment/churn", "USD")


def test_a_deploy_above_its_limit_may_not_ship(estate, gate):
    """Nothing runs yet: all of 2 x 730 h counts, and a policy holds it against its limit."""
    estate()
    said = gate("-", piped=TWO)

    assert (said.code, gate("-", piped=MANIFEST).code) == (1, 0)
    assert "would cost 1,460.00 more a month" in said.out


def budget(warehouse):
    row = {"month": "2026-11-01", "budget": "churn", "model": "churn", "days": 20, "status": "ok"}
    insert(warehouse, "ledger.budget", amount=800, forecast_cost=100, **row)


def test_a_deploy_that_breaks_a_budget_may_not_ship(estate, gate):
    """The month would fit without it: 100 of 800 dollars."""
    estate(budget)
    said = gate("-", "--policy", "budget-overrun", piped=MANIFEST)
    [change] = priced(gate("-", "--policy", "budget-overrun", "--format", "json", piped=MANIFEST))

    assert said.code == 1
    assert "churn would come to 830.00 of 800.00" in said.out
    assert [one["budget"] for one in change["budgets"]] == ["churn"]
    assert gate("churn:7", "--policy", "budget-overrun").code == 0


def test_a_price_that_nobody_knows_is_unknown(estate, gate):
    """Exit code 3 where a policy has a limit: it says so, and why, and never zero."""

    def unpriced(warehouse):
        warehouse.run("delete from config.price")
        running(warehouse)
        running(warehouse, namespace="web", version="7", images=[])

    estate(unpriced)
    said = gate("-", "churn:7", "--format", "json", piped=MANIFEST)
    [change] = priced(said)
    findings = json.loads(said.out)["findings"]
    unknown = [one["subject"] for one in findings if one["verdict"] == "unknown"]

    assert (said.code, unknown) == (3, ["prod/ml/Deployment/churn"])
    assert (change[NAMES[1]], change[NAMES[2]]) == (None, None)
    assert change["unknown_because"].startswith("no price is known of g5.xlarge")


def test_a_manifest_that_says_no_version_is_incomplete(estate, gate):
    """Exit code 3 with the label to add: the model's rules hold, the version's cannot be asked."""
    estate()
    text = MANIFEST.replace(', gov.model_version: "7"', "")
    said = gate("-", piped=text)

    assert (said.code, gate("-", "--on-missing", "warn", piped=text).code) == (3, 0)
    assert "it does not say which version of churn it serves" in said.out
    assert "gov.model_version" in said.out


def test_a_certain_violation_outranks_a_missing_version(estate, gate):
    """Exit code 1: whichever version it is, the image is by tag."""
    estate()
    text = MANIFEST.replace(', gov.model_version: "7"', "").replace(f"@{DIGEST}", ":latest")

    assert gate("-", piped=text).code == 1


def test_a_service_of_an_unknown_artifact_is_incomplete(estate, gate):
    """Exit code 3: it serves a model, and nobody says which."""
    estate()
    said = gate("-", piped=SERVICE)

    assert said.code == 3
    assert "nobody says which model InferenceService/llm serves" in said.err
    assert "s3://nobody/knows" in said.err
    assert "gov.model" in said.err


def test_a_manifest_that_names_no_model_is_nothing_evaluated(estate, gate):
    """Exit code 4 with the label to add: it may be any web server."""
    estate()
    text = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec: {template: {spec: {containers: [{image: nginx}]}}}
        """
    said = gate("-", piped=text)

    assert (said.code, said.out) == (4, "")
    assert "Deployment web names no model" in said.err
    assert "gov.model" in said.err


def test_a_version_that_no_registry_has_is_nothing_evaluated(estate, gate):
    """Exit code 4: what it is nobody registered."""
    estate()
    said = gate("-", piped=MANIFEST.replace('"7"', '"9"'))

    assert said.code == 4
    assert "no registry has churn:9, which ml/Deployment/churn serves" in said.err
    assert "standard input:2" in said.err


def test_a_version_that_an_unseen_registry_may_have_is_incomplete(estate, gate):
    """Exit code 3: nobody could look."""

    def unreachable(warehouse):
        row = {"stage": "collect", "source": "reg", "scope": "all", "reason": "refused"}
        insert(warehouse, "audit.blind_spot", fix="Start it.", seen_at="2026-11-21", **row)

    estate(unreachable)
    said = gate("-", piped=MANIFEST.replace('"7"', '"9"'))

    assert (said.code, "not every registry could be seen" in said.err) == (3, True)


def test_what_the_gate_cannot_read_is_incomplete_beside_what_it_can(estate, gate):
    """Exit code 3: the deployment is fine, and nobody judged the rollout; a violation outranks."""
    estate()
    rollout = MANIFEST.replace("apps/v1", "argoproj.io/v1").replace(": Deployment", ": Rollout")
    both = f"{MANIFEST}\n    ---{rollout}"
    said = gate("-", piped=both)

    assert (said.code, "Rollout churn serves a model" in said.err) == (3, True)
    assert gate("-", piped=rollout).code == 3
    assert gate("-", piped=both.replace(f"@{DIGEST}", ":1")).code == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: [", "is no valid YAML"),
        ("model: a\nmodel: b\n", "the key 'model' stands twice"),
        ("a: &x [1]\nb: *x\n", "an alias (*name) is used"),
        ("x" * 10_000_000, "2.0 MiB are read"),
    ],
)
def test_a_file_that_cannot_be_read_is_wrong_usage(estate, gate, text, said):
    """Exit code 2, and no traceback."""
    estate()
    answer = gate("-", piped=text)

    assert (answer.code, said in answer.err) == (2, True)


def test_a_file_that_is_not_there_is_wrong_usage(estate, gate):
    """Exit code 2: not a model called deploy.yaml."""
    estate()
    said = gate("deploy.yaml")

    assert (said.code, "no such file" in said.err) == (2, True)


@pytest.mark.parametrize("text", ["", "\n", "---\n---\n", "kind: ConfigMap\napiVersion: v1\n"])
def test_an_empty_target_is_nothing_evaluated(estate, gate, text):
    """Exit code 4: an empty chart is no reason to pass."""
    estate()

    assert gate("-", piped=text).code == 4


def test_a_folder_is_judged_whole_and_the_worst_wins(home, estate, gate):
    """One manifest is fine, one is not; what is none of ours is counted."""
    estate()
    written(home, "deploy/a.yaml", MANIFEST)
    bad = MANIFEST.replace("name: churn", "name: shadow").replace(f"@{DIGEST}", ":1")
    written(home, "deploy/b/bad.yaml", bad)
    written(home, "deploy/notes.txt", "nothing")
    said = gate("deploy")
    (home / "deploy/b/bad.yaml").unlink()

    assert (said.code, gate("deploy").code) == (1, 0)
    assert "1 file of the folders hold" in said.err
    assert gate("policies").code == 4


def test_of_several_targets_the_worst_wins(home, estate, gate):
    """A good manifest hides neither a bad one nor one that nobody can judge."""
    estate()
    good = written(home, "good.yaml", MANIFEST)
    web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"

    assert gate(good, written(home, "service.yaml", SERVICE)).code == 3
    assert gate(good, written(home, "web.yaml", web)).code == 4
    assert gate(good, "churn:6").code == 1
    assert gate(written(home, "empty.yaml", ""), "churn:6").code == 1
    assert gate("empty.yaml", good).code == 4


def test_a_model_file_is_judged_before_it_is_merged(home, estate, gate):
    """Its approval counts as if it were in the registry; the registry's word is not overwritten."""
    estate()
    text = 'model: churn\nowner: ""\nversions:\n  "6": {%s}\n'
    name = written(home, "model.gov.yaml", text % "")
    without = gate(name)
    approved = gate(written(home, name, text % "approved_by: bob"))

    assert (without.code, approved.code) == (1, 0)
    assert "churn:6 has no approval" in without.out


@pytest.mark.parametrize(
    ("environment", "about", "code"), [("production", "churn:6", 1), ("staging", "churn", 0)]
)
def test_a_model_file_that_only_says_what_serves_asks_about_that(
    home, estate, gate, environment, about, code
):
    """Without `versions:` the version in service is judged; one that serves elsewhere is not."""
    estate()
    text = "model: churn\nowner: ada\ndeployments:\n  - {deployment: api, version: '6', %s}\n"
    name = written(home, "model.gov.yaml", text % f"environment: {environment}")
    said = gate(name, "--exclude", "image-not-pinned", "--exclude", "deploy-too-dear")

    assert said.out.startswith(f"{about} in production ")
    assert said.code == code, said


def test_a_deployment_that_a_file_no_longer_names_is_not_judged(home, estate, gate):
    """What the last look found of the file counts no more, once the file is another."""

    def landed(warehouse):
        row = {"source": "gov", "model": "churn", "from_file": True}
        stated(warehouse, "model", **row)
        shared = {"environment": "production", "images": ["old:1"], "cost_change_per_month": 0}
        stated(warehouse, "deployment", deployment="churn-api", version="7", **row | shared)
        told = {"field": "deployment", "supplied": True, "via": "file"}
        insert(warehouse, "registry.stated_evidence", source="gov", **told)

    estate(landed)
    text = 'model: churn\nversions: {"7": {}}\n'

    assert gate("churn:7").code == 1
    assert gate(written(home, "model.gov.yaml", text)).code == 0


def test_a_new_model_in_a_file_is_judged_by_it_alone(home, estate, gate):
    """A model that no registry has yet: what the file leaves out it could have said."""
    estate()
    said = gate(written(home, "new.yaml", 'model: new\nversions: {"1": {approved_by: bob}}\n'))

    assert said.code == 1
    assert "new has no owner" in said.out


def test_an_endpoint_configuration_is_judged(home, estate, gate):
    """The version is that of the model package, which another file of the folder names."""
    estate()
    arn = "arn:aws:sagemaker:eu-west-1:1:model-package/churn/7"
    variant = {"VariantName": "a", "ModelName": "m", "InstanceType": "ml.g5.xlarge"}
    config = {
        "EndpointConfigName": "churn",
        "ProductionVariants": [variant | {"InitialInstanceCount": 2}],
    }
    model = {"ModelName": "m", "PrimaryContainer": {"ModelPackageName": arn}}
    (home / "endpoint").mkdir()
    (home / "endpoint/config.json").write_text(json.dumps(config))
    (home / "endpoint/model.json").write_text(json.dumps(model))
    said = gate("endpoint", "--policy", "model-without-owner")

    assert said.code == 0, said
    assert said.out.splitlines()[0].startswith("churn:7 in production may run")


def test_old_evidence_is_missing_evidence_for_manifests_too(estate, gate):
    """The registry was read an hour ago; 30 minutes are asked for."""
    estate()

    assert gate("-", "--max-age", "0.5", piped=MANIFEST).code == 3
    assert gate("-", "--max-age", "2", piped=MANIFEST).code == 0


def test_a_broken_policy_that_would_block_blocks_a_manifest(home, estate, gate):
    """Exit code 3: an error is no pass."""
    estate()
    path = home / "policies/deployment/image-not-pinned.yaml"
    path.write_text(path.read_text().replace("len(images) =", "nonsense(images) ="))
    said = gate("-", piped=MANIFEST)

    assert (said.code, "image-not-pinned" in said.out) == (3, True)


def test_a_pack_narrows_to_its_policies(home, estate, gate):
    """Only what gives evidence for the framework is asked; the owner is not."""
    estate(lambda warehouse: warehouse.run("update registry.stated_model set owner = null"))
    pack = {
        "title": "House rules",
        "edition": "1",
        "published": "2026-01-01",
        "url": "https://example.org",
        "requirements": [{"id": "1", "title": "Pinned", "policies": ["image-not-pinned"]}],
    }
    path = home / "policies/packs/house.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(pack))

    assert gate("churn:7").code == 1
    assert gate("-", "--pack", "house", piped=MANIFEST).code == 0
    assert gate("churn:7", "--pack", "nope").code == 2


@pytest.mark.parametrize("form", ["table", "json", "sarif"])
def test_hostile_names_do_not_act(estate, gate, form):
    """A terminal escape, a formula and a tag in a manifest's names reach no reader as such."""
    name = "\"\\e[31m<script>alert(1)</script>=cmd|'/c calc'\""
    hostile = yaml.safe_load(name)

    def register(warehouse):
        stated(warehouse, "model", model=hostile, owner="team")
        stated(warehouse, "model_version", model=hostile, version="7", approved_by="ada")

    estate(register)
    text = MANIFEST.replace("gov.model: churn", f"gov.model: {name}")
    said = gate("-", "--format", form, piped=text.replace(f"@{DIGEST}", ":1"))

    assert said.code == 1
    assert "\x1b" not in said.out + said.err


def test_an_endpoint_is_priced_by_its_instances(home, estate, gate):
    """Two of them for 730 hours at half a dollar, each a whole machine."""
    estate(lambda warehouse: listed(warehouse, "ml.g5.xlarge", "0.5"))
    said = gate(written(home, "config.json", ENDPOINT), "--format", "json")

    assert [Decimal(one["cost_then_per_month"]) for one in priced(said)] == [730]


def test_a_serverless_endpoint_has_no_known_price(home, estate, gate):
    """It is paid by its use, which nobody knows before it runs."""
    estate()
    variant = '"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 2'
    text = ENDPOINT.replace(variant, '"ServerlessConfig": {"MaxConcurrency": 5}')
    [change] = priced(gate(written(home, "config.json", text), "--format", "json"))

    assert (change[NAMES[1]], change["unknown_because"]) == (
        None,
        "it names no instance type: what is serverless is paid by its use",
    )
