"""Policies asked in two threads: the same answers, each with its own limits, no thread left."""

from __future__ import annotations

import os
import threading
import time
from collections import deque

import pytest

from builders.rows import insert
from quaestor.audit.beside import helped, work_off
from quaestor.audit.evaluate import Target, evaluate
from quaestor.audit.policies import load_policies
from quaestor.core.errors import ConfigurationError
from quaestor.core.period import utc
from quaestor.core.shipped import shipped
from quaestor.core.verdict import Verdict
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.one_select import NoMemoryError, SandboxError
from quaestor.warehouse.sandbox import Sandbox

NOW = utc("2026-11-21T06:00")
TARGET = Target("churn", "7")
FOR_EVER = "select count(*) from range(100000000000) as a(n) where n % 7 = 3"


@pytest.fixture
def path(tmp_path):
    """A warehouse with a model of two versions, one of them deployed."""
    path = tmp_path / "quaestor.duckdb"
    with Warehouse(path) as warehouse:
        insert(warehouse, "registry.model", source="r", model="churn", team="risk", risk_tier=1)
        for version in ("6", "7"):
            insert(
                warehouse, "registry.model_version", source="r", model="churn", version=version,
                lifecycle="production", created_at="2026-11-01",
            )  # fmt: skip
        insert(
            warehouse, "registry.deployment", source="r", deployment="churn-api", model="churn",
            version="7", environment="production",
        )  # fmt: skip
    return path


@pytest.fixture
def said(path, monkeypatch):
    """Ask all shipped policies about a version, on a machine with so many processors."""
    policies = load_policies([shipped("policies")])

    def ask(processors, policies=policies):
        monkeypatch.setattr(os, "cpu_count", lambda: processors)
        with Warehouse(path, read_only=True) as warehouse:
            return evaluate(warehouse, policies, params={}, now=NOW, target=TARGET)

    return ask


def test_two_threads_say_what_one_says(said):
    """Every policy's every finding, in the same order."""
    alone = said(1)

    assert len({finding.policy for finding in alone}) > 40
    assert said(2) == alone


def test_what_lacks_memory_beside_others_is_asked_once_more_alone(said, monkeypatch):
    """They share the engine's memory: a policy that has too little of it is not broken."""
    alone, run = said(1), Sandbox.run

    def starved(self, *arguments, **named):
        if threading.current_thread() is not threading.main_thread():
            raise NoMemoryError("needs more than 1GB of memory")
        return run(self, *arguments, **named)

    monkeypatch.setattr(Sandbox, "run", starved)

    assert said(2) == alone


def test_what_was_stopped_is_not_asked_again(said, monkeypatch):
    """A policy has its time once, whichever thread it is asked in."""
    asked, run = [], Sandbox.run

    def stopped(self, sql, *arguments, **named):
        if threading.current_thread() is not threading.main_thread():
            asked.append(sql)
            raise SandboxError("was stopped after 10 s")
        assert sql not in asked
        return run(self, sql, *arguments, **named)

    monkeypatch.setattr(Sandbox, "run", stopped)
    errors = [one for one in said(2) if one.verdict is Verdict.ERROR]

    assert len(asked) > 0
    assert len({one.policy for one in errors}) == len(asked)


def test_what_ends_the_caller_ends_the_helper(path):
    """Ctrl-C does not wait for the query of the other thread, and leaves no thread behind."""
    rest = deque(load_policies([shipped("policies")])[:20])
    began = threading.Event()

    def take(_policy, sandbox):
        began.set()
        with pytest.raises(ConfigurationError):
            sandbox.run(FOR_EVER, {})

    with Warehouse(path, read_only=True) as warehouse, Sandbox(warehouse) as sandbox:
        before, started = threading.active_count(), time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            stopped(helped(sandbox, rest, take), began)

        assert time.monotonic() - started < 8  # a query's own limit is 10 s
        assert threading.active_count() == before
    assert not rest


def stopped(place, began):
    """Be interrupted once the other thread is at work."""
    with place:
        assert began.wait(5)
        raise KeyboardInterrupt


def test_work_is_taken_once():
    """Each policy by one of two who take from both ends."""
    policies = load_policies([shipped("policies")])[:9]
    rest, taken = deque(policies), []
    rest_of = [rest.pop, rest.popleft]
    for next_one in rest_of:
        work_off(next_one, None, lambda policy, _: taken.append(policy.id))

    assert sorted(taken) == sorted(policy.id for policy in policies)
