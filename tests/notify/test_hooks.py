"""Webhooks: sent once, patiently, signed, and with no secret in anything that is said."""

from __future__ import annotations

import hashlib
import hmac
import json

import jsonschema
import pytest
import stamina
from stamina import instrumentation

from builders.inbox import OK
from quaestor.core import web
from quaestor.notify import deliver

SECRET = "T0PSECRET"  # noqa: S105 - of a made-up webhook


@pytest.fixture
def hook(server, configure):
    """Configure one notifier at the server and return its address."""

    def write(kind: str = "slack", more: str = "") -> str:
        url = f"{server.url}/services/{SECRET}"
        configure(f"name: ops, kind: {kind}, url: '{url}', when: always{more}")
        return url

    return write


def sent(server) -> list[dict]:
    return [json.loads(body) for _, _, body in server.taken]


def test_an_audit_tells_and_tells_once(hook, server, quaestor, rows):
    """A rerun of the same audit is no news; what it decides is the same with and without."""
    hook()
    first = quaestor("audit", "--no-collect")
    second = quaestor("audit", "--no-collect")

    assert (first.code, second.code, len(server.taken)) == (1, 1, 1)
    assert "notified: ops (slack): sent" in first.err
    assert "notified" not in second.err
    assert rows("select notifier, kind, outcome, reason from audit.notification") == [
        ("ops", "slack", "sent", None)
    ]


def test_no_notify_tells_nobody(hook, server, quaestor):
    """For a run by hand."""
    hook()

    assert quaestor("audit", "--no-collect", "--no-notify").code == 1
    assert server.taken == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_tried_again(hook, server, quaestor, status):
    """A server that is busy for a moment gets the message in the end."""
    hook()
    server.answers = [(status, {"Retry-After": "0"}, b""), OK]
    said = quaestor("notify")

    assert (said.code, said.out, said.err) == (0, "ops (slack): sent\n", "")
    assert len(server.taken) == 2


def test_what_does_not_pass_fails_and_the_next_run_sends_it(hook, server, quaestor, rows):
    """A failure is said, kept, and made good; it does not change what the audit decided."""
    hook()
    server.answers = [(500, {}, b"no")]
    failed = quaestor("audit", "--no-collect")
    kept = rows("select outcome, reason from audit.notification")
    server.answers = [OK]
    mended = quaestor("notify")

    assert (failed.code, len(server.taken)) == (1, 5)
    assert "notify ops: error: 127.0.0.1 answers 500" in failed.err
    assert kept == [("failed", "127.0.0.1 answers 500")]
    assert (mended.code, mended.out) == (0, "ops (slack): sent\n")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (302, "leads elsewhere"),
        (307, "leads elsewhere"),
        (404, "knows no such webhook"),
        (400, "does not take what we send"),
        (418, "answers 418"),
    ],
)
def test_what_is_refused_is_not_tried_again(hook, server, quaestor, status, said):
    """And nothing goes to where a redirect leads: the message would, and whoever asked for it."""
    hook()
    server.answers = [(status, {"Location": f"{server.url}/elsewhere"}, SECRET.encode())]
    result = quaestor("notify")

    assert (result.code, len(server.taken)) == (3, 1)
    assert f"127.0.0.1 {said}" in result.err
    assert SECRET not in result.err + result.out


def test_a_server_that_says_nothing_is_given_up(hook, server, quaestor, monkeypatch):
    """A hanging receiver must not hang the scheduled job."""
    hook()
    monkeypatch.setattr(deliver, "WAIT", 0.1)
    monkeypatch.setattr(deliver, "ATTEMPTS", 2)
    server.silent.set()
    result = quaestor("notify")

    assert result.code == 3
    assert "127.0.0.1 cannot be reached (no answer in time)" in result.err


def test_one_that_fails_does_not_stop_the_others(server, configure, quaestor):
    """Each is told for itself."""
    configure(
        "name: gone, kind: slack, url: 'http://127.0.0.1:9/x', when: always",
        f"name: here, kind: teams, url: '{server.url}/y', when: always",
    )
    result = quaestor("notify")

    assert (result.code, result.out) == (3, "gone (slack): failed\nhere (teams): sent\n")


def test_a_server_says_when_to_ask_again(server):
    """Retry-After is kept to; who wants us to wait for long is left to the next run."""
    waits = []
    instrumentation.set_on_retry_hooks([lambda details: waits.append(details.wait_for)])
    try:
        server.answers = [(429, {"Retry-After": "0.0"}, b""), (429, {"Retry-After": "1"}, b""), OK]
        ask = lambda: web.post(server.url, b"{}", {}, wait=5)  # noqa: E731 - as a caller would
        assert web.patiently(ask, 4) == 200
        server.answers = [(429, {"Retry-After": "3600"}, b"")]
        with pytest.raises(web.PassingError, match="answers 429"):
            web.patiently(ask, 4)
    finally:
        instrumentation.set_on_retry_hooks(None)

    assert (waits[1], len(waits), len(server.taken)) == (pytest.approx(1), 2, 4)
    assert not stamina.is_testing()


def test_a_webhook_is_json_as_its_schema_says(hook, server, quaestor):
    """What a program gets is the published schema, and every figure a decimal as text."""
    hook("webhook")
    quaestor("notify")
    schema = json.loads(quaestor("notify", "--schema").out)
    [message] = sent(server)
    jsonschema.Draft202012Validator(schema).validate(message)

    assert message["schema"] == "quaestor.notification/1"
    assert message["run"]["verdict"] == "failed"
    assert (message["month"]["currency"], message["month"]["cost"]) == (
        "USD",
        "5150.9712345678",
    )
    assert message["new"] == message["run"]["violations"] > len(message["worst_new"]) == 5


def test_a_receiver_can_check_who_sent_it(hook, server, quaestor):
    """HMAC-SHA256 of the body as it was sent, a header of its own, and a name for each message."""
    hook("webhook", ", secret: k3y, headers: {Authorization: 'Bearer t0ken'}")
    quaestor("notify")
    quaestor("notify", "--again")
    (_, headers, body), (_, again, _) = server.taken
    signed = hmac.new(b"k3y", body, hashlib.sha256).hexdigest()

    assert headers["X-Quaestor-Signature-256"] == f"sha256={signed}"
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["X-Quaestor-Delivery"] == again["X-Quaestor-Delivery"]
    assert headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_dry_run_sends_nothing_and_shows_no_secret(hook, server, quaestor, rows):
    """To see what people would be told."""
    hook("webhook", ", secret: k3y, headers: {Authorization: 'Bearer t0ken'}")
    said = quaestor("notify", "--dry-run")

    assert (said.code, server.taken, rows("from audit.notification")) == (0, [], [])
    assert "--- ops\nPOST http://127.0.0.1/***\nAuthorization: ***\n" in said.out
    assert '"verdict": "failed"' in said.out
    assert not [secret for secret in (SECRET, "k3y", "t0ken") if secret in said.out + said.err]


@pytest.mark.parametrize("answer", [OK, (500, {}, SECRET.encode()), (302, {}, b"")])
def test_no_secret_lands_anywhere(hook, server, quaestor, estate, answer):
    """Not in what is printed, nor in any file or row, however it ends and whatever is asked for."""
    hook("webhook", ", secret: k3y-of-hmac, headers: {Authorization: 'Bearer t0ken-of-ours'}")
    server.answers = [answer]
    said = [
        quaestor("audit", "--verbose", "--format", "json=again.json"),
        quaestor("notify", "--again", "--verbose", "--json-errors"),
        quaestor("doctor"),
    ]
    secrets = (SECRET, "k3y-of-hmac", "t0ken-of-ours")
    printed = "".join(one.out + one.err for one in said)
    config = estate / "quaestor.yaml"
    held = [path for path in estate.rglob("*") if path.is_file() and path != config]

    assert len(server.taken) > 1
    assert [one for one in secrets if one in printed] == []
    assert [
        (path.name, one) for path in held for one in secrets if one.encode() in path.read_bytes()
    ] == []


def test_a_bug_shows_no_secret_either(hook, quaestor, monkeypatch):
    """A traceback names lines of ours, and not what was in them."""
    hook()

    def broken(notifier, *_):
        raise ZeroDivisionError(repr(notifier))

    monkeypatch.setattr(deliver, "by_http", broken)
    said = quaestor("notify")

    assert (said.code, "<slack ops>" in said.err, SECRET in said.err) == (70, True, False)


def test_a_changed_address_is_no_other_audit(hook, server, quaestor, configure, rows):
    """A new webhook rebuilds nothing: the ledger and the run's name do not depend on it."""
    hook()
    quaestor("audit", "--no-collect")
    configure(f"name: ops, kind: slack, url: '{server.url}/rotated'")
    quaestor("audit", "--no-collect")

    assert len(rows("from audit.run")) == len(server.taken) == 1


def test_a_run_that_is_killed_sends_later(hook, server, quaestor, rows, monkeypatch):
    """What nobody took is not written down as sent."""
    hook()

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "by_http", killed)
        stopped = quaestor("notify")
    kept = rows("from audit.notification")
    said = quaestor("notify")

    assert (stopped.code, kept) == (130, [])
    assert (said.out, len(server.taken)) == ("ops (slack): sent\n", 1)
