"""What the gate takes for a deploy: by content, exact about mistakes, never fooled by a name."""

from __future__ import annotations

import json
import os
import textwrap

import pytest

from quaestor.audit.manifest import MOST_BYTES, is_target, read_deploy
from quaestor.core.errors import ConfigurationError

DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: churn, labels: {gov.model: churn, gov.model_version: 1.10}}
    """
ENDPOINT = {
    "EndpointConfigName": "churn-7",
    "ProductionVariants": [
        {"VariantName": "a", "ModelName": "churn", "InstanceType": "ml.g5.xlarge"}
    ],
}


def piped(text):
    """Return what standard input holds for the gate."""
    return read_deploy([("-", textwrap.dedent(text).encode())])


def names(deploy):
    return [(str(one.kind), one.text("metadata", "name") or one.place) for one in deploy.objects]


def test_several_documents_and_lists_are_all_read():
    """A rendered chart has many documents, and kubectl prints lists."""
    deploy = piped(
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: left-out}
        ---
        # an empty document
        ---
        apiVersion: v1
        kind: List
        items:
          - {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: fraud}}
          - {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, metadata: {name: llm}}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: fraud}
        """
    )

    assert names(deploy) == [
        ("kubernetes", "fraud"),
        ("kubernetes", "llm"),
        ("kubernetes", "fraud"),
    ]
    assert [one.line for one in deploy.objects] == [11, 12, 14]
    assert [is_target(one) for one in deploy.objects] == [True, True, False]


def test_a_label_keeps_the_digits_it_was_written_with():
    """YAML takes 1.10 for the number 1.1, which is another version."""
    [one] = piped(DEPLOYMENT).objects

    assert one.value["metadata"]["labels"] == {"gov.model": "churn", "gov.model_version": "1.10"}


def test_an_endpoint_configuration_and_a_model_file_are_known_by_their_content(tmp_path):
    """The names of files say nothing: both are called as anything may be."""
    (tmp_path / "a.txt").write_text(json.dumps(ENDPOINT))
    (tmp_path / "b.txt").write_text('model: churn\nowner: team-growth\nversions: {"7": {}}\n')
    deploy = read_deploy([(str(tmp_path / name), None) for name in ("a.txt", "b.txt")])

    assert [str(one.kind) for one in deploy.objects] == ["sagemaker", "model-gov"]
    assert deploy.objects[1].gov.owner == "team-growth"


def test_a_folder_is_read_in_order_and_the_rest_is_counted(tmp_path):
    """Sorted, recursive; hidden folders and the templates of a chart are left alone."""
    for name, text in {
        "b/two.yaml": textwrap.dedent(DEPLOYMENT).replace("churn", "two"),
        "a/one.yml": textwrap.dedent(DEPLOYMENT).replace("churn", "one"),
        "a/values.yaml": "replicas: 2\n",
        "a/README.md": "apiVersion: apps/v1\n",
        ".git/three.yaml": "a: [",
        "chart/Chart.yaml": "apiVersion: v2\nname: c\n",
        "chart/templates/four.yaml": "kind: {{ .Values.kind }}\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    deploy = read_deploy([(str(tmp_path), None)])

    assert names(deploy) == [("kubernetes", "one"), ("kubernetes", "two")]
    assert deploy.ignored == 3
    assert deploy.charts == (str(tmp_path / "chart"),)


def test_data_beside_manifests_are_no_hindrance(tmp_path):
    """A folder holds JSON of other programs, large and with a line each; it is not parsed."""
    (tmp_path / "d.yaml").write_text(textwrap.dedent(DEPLOYMENT))
    (tmp_path / "rows.json").write_text('{"x": 1}\n{"x": 2}\n')
    (tmp_path / "large.json").write_text('{"model": "' + "x" * MOST_BYTES + '"}')
    deploy = read_deploy([(str(tmp_path), None)])

    assert (len(deploy.objects), deploy.ignored) == (1, 2)


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("kind: [\n", "is no valid YAML", "standard input:2"),
        ("a: 1\n---\nb: 1\nb: 2\n", "the key 'b' stands twice", "standard input:4"),
        ("a: &x [1]\nb: [*x, *x]\n", "an alias", "standard input:1"),
        ("model: churn\nowner: a\nownre: b\n", "unknown key 'ownre'", "standard input:3"),
        ("- " * 3000, "nested too deeply", "standard input"),
        ('"\\e[31mred": 1\n"\\e[31mred": 2\n', r"the key '\x1b[31mred' stands twice", ":2"),
        ("a" * (MOST_BYTES + 1), "2.0 MiB are read", "standard input"),
    ],
)
def test_a_mistake_is_told_with_its_line(text, what, where):
    """What, and on which line; and nothing that acts on a terminal."""
    with pytest.raises(ConfigurationError) as caught:
        read_deploy([("-", text.encode())])

    assert what in caught.value.what
    assert where in caught.value.where
    assert "\x1b" not in caught.value.as_text()


@pytest.mark.parametrize("content", [b"", b" \n", b"# a comment\n", b"kind: ConfigMap\n", b"[1]"])
def test_a_target_without_anything_to_judge_is_nothing_evaluated(content):
    """Neither an empty file nor one of other things is ever clean."""
    deploy = read_deploy([("-", content)])

    assert [problem.exit_code for problem in deploy.problems] == [4]
    assert not any(is_target(one) for one in deploy.objects)


def test_a_folder_without_a_target_says_how_to_render_its_chart(tmp_path):
    """Templates are no manifests yet: what they become is what counts."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\n")
    [problem] = read_deploy([(str(tmp_path), None)]).problems

    assert f"helm template {tmp_path} | quaestor gate -" in problem.fix


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    """Bytes that are no text, and a file that is none."""
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/broken.json").symlink_to(tmp_path / "nowhere")
    for name in ("x.yaml", "gone.yaml", "folder"):
        with pytest.raises(ConfigurationError):
            read_deploy([(str(tmp_path / name), None)])


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path, monkeypatch):
    """What it holds may be what should be judged: left out, it would look clean."""
    (tmp_path / "d.yaml").write_text(textwrap.dedent(DEPLOYMENT))
    (tmp_path / "closed").mkdir()
    listed = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(ConfigurationError) as caught:
        read_deploy([(str(tmp_path), None)])

    assert caught.value.where == str(tmp_path / "closed")


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {namespace: ml, generateName: x-}\n",
        json.dumps({"ProductionVariants": []}),
    ],
)
def test_an_object_without_a_name_is_refused(text):
    """Nothing that runs could be found under it."""
    with pytest.raises(ConfigurationError) as caught:
        piped(text)

    assert caught.value.what.endswith("has no name")


def test_two_objects_of_one_name_are_refused(tmp_path):
    """Nobody could tell which of the two will run."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(textwrap.dedent(DEPLOYMENT))
    with pytest.raises(ConfigurationError) as caught:
        read_deploy([(str(tmp_path), None)])

    assert caught.value.what == "Deployment churn stands twice"


@pytest.mark.parametrize(
    ("head", "codes"),
    [
        ("apiVersion: argoproj.io/v1alpha1\n    kind: Rollout", [3]),
        ("apiVersion: serving.knative.dev/v1\n    kind: Service", [3]),
        ("apiVersion: serving.kserve.io/v1alpha1\n    kind: LLMInferenceService", [3]),
        ("apiVersion: batch/v1\n    kind: Job", [4]),
        ("apiVersion: v1\n    kind: Service", [4]),
    ],
)
def test_what_serves_in_a_way_that_cannot_be_read_is_no_silence(head, codes):
    """A rollout of a model beside a good deployment must not pass unseen; a job serves nothing."""
    text = DEPLOYMENT.replace("apiVersion: apps/v1\n    kind: Deployment", head)
    alone = piped(text)
    beside = piped(f"{DEPLOYMENT}\n    ---{text}")

    assert [problem.exit_code for problem in alone.problems] == codes
    assert [problem.exit_code for problem in beside.problems] == [c for c in codes if c == 3]


def test_a_rollout_without_a_model_is_none_of_ours():
    """Most workloads of a chart serve no model."""
    text = DEPLOYMENT.replace("apps/v1\n    kind: Deployment", "argoproj.io/v1\n    kind: Rollout")
    [problem] = piped(text.replace("gov.model", "app")).problems

    assert problem.exit_code == 4


def test_a_model_file_among_other_documents_is_refused():
    """It would be left out silently, with all that it says."""
    with pytest.raises(ConfigurationError) as caught:
        piped(DEPLOYMENT + "\n    ---\n    model: churn\n    owner: a\n")

    assert caught.value.what == "a model.gov.yaml stands beside other documents"


@pytest.mark.parametrize(
    ("name", "text"),
    [("model.gov.yaml", "name: churn\n"), ("churn.model.gov.yaml", "model: churn\nmodle: x\n")],
)
def test_a_file_called_as_a_model_file_is_one_whatever_is_misspelt_in_it(tmp_path, name, text):
    """The key that is wrong is named; "nothing there is a target" would hide it."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_deploy([(str(tmp_path / name), None)])

    assert "nothing there" not in caught.value.what
    assert name in str(caught.value.where)
