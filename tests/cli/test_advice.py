"""`quaestor advice`: what would cost less, what counts, and how it is turned down."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from builders.rows import insert
from quaestor.audit.advice import record_advice
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)
HOSTILE = "=cmd|'/c'!A1\x1b[31m|<b>\n::error::x"
FIRST, SECOND, THIRD = "5f1d0c2ab93e4477", "1" * 16, "2" * 16


def advice(warehouse, number: str, subject: str, saving: str | None, **changes) -> None:
    """Give advice; all of its saving counts unless said otherwise."""
    told = {
        "recommendation": number,
        "kind": "idle_endpoint",
        "subject": subject,
        "name": subject.rpartition("/")[2],
        "action": "delete",
        "source": "sm",
        "current": "1 x ml.g5.xlarge",
        "proposed": "no endpoint",
        "saving_per_month": saving,
        "counted_saving_per_month": saving,
        "counts_because": "unpriced" if saving is None else "best",
        "confidence": "high",
        "evidence": "{}",
        "reason": "no call in 14 days",
        "risk": "Somebody may call it.",
        "team": "growth",
        "model": "churn",
    }
    insert(warehouse, "ledger.recommendation", **{**told, **changes})
    columns = {"kind", "subject", "name", "reason"}
    said = {key: value for key, value in {**told, **changes}.items() if key in columns}
    insert(warehouse, "ledger.assessment", answer="advise", **said)


@pytest.fixture
def asked(warehouse, quaestor):
    """Run `quaestor advice` at a fixed time on three pieces of advice and one clean object."""
    insert(warehouse, "config.setting", name="currency", value="USD")
    advice(warehouse, FIRST, "endpoint/sm/churn", "730")
    second = {"counted_saving_per_month": "0", "counts_because": "alternative"}
    advice(warehouse, SECOND, "gpu/churn", "500", kind="idle_gpu", instead_of=FIRST, **second)
    advice(warehouse, THIRD, "endpoint/sm/x", None, name=HOSTILE, team="vision", model=None)
    clean = {"answer": "clean", "reason": "12 calls in 14 days", "name": "fraud"}
    insert(
        warehouse, "ledger.assessment", kind="idle_endpoint", subject="endpoint/sm/fraud", **clean
    )
    warehouse.close()

    def call(*arguments, now=NOW):
        return quaestor("advice", *arguments, "--now", now.isoformat())

    return call


def listed(said):
    """The ids of the JSON format, in order."""
    assert said.code == 0, said.err
    return [row["id"] for row in json.loads(said.out)["advice"]]


def test_advice_is_listed_with_what_counts(asked):
    """The largest saving first; alternatives and unknown prices are told and not added."""
    said = asked("list")
    lines = said.out.splitlines()

    assert said.code == 0
    assert [line.split()[:2] for line in lines[2:5]] == [
        ["730.00", "idle_endpoint"],
        ["500.00", "idle_gpu"],
        ["unknown", "idle_endpoint"],
    ]
    assert "delete: 1 x ml.g5.xlarge -> no endpoint" in lines[2]
    assert lines[-2] == (
        "3 open: 730.00 USD a month; not counted: 1 in whose place another counts (500.00 USD), "
        "1 whose saving is not known"
    )
    assert lines[-1] == "looked at: 4 (3 advise, 1 clean)"


WORDS = " ".join(f"word-{number}" for number in range(30))


@pytest.mark.parametrize(
    ("columns", "longest"), [(None, 10_000), ("240", 240), ("80", 179)], ids=str
)
def test_what_to_do_is_cut_only_where_a_terminal_ends(asked, monkeypatch, columns, longest):
    """A file or a pipe gets every word, a wide terminal what fits, a narrow one 60 letters."""
    with Warehouse("quaestor.duckdb") as again:
        again.run(
            "update ledger.recommendation set proposed = ? where saving_per_month = 730", [WORDS]
        )
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    lines = asked("list").out.splitlines()[:5]

    assert any(WORDS in line for line in lines) == (columns is None)
    assert max(map(len, lines)) <= longest
    assert ("word-11" in lines[2]) == (columns != "80")
    assert FIRST in lines[2]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ((), [FIRST, SECOND, THIRD]),
        (("--kind", "idle_gpu"), [SECOND]),
        (("--kind", "idle_*"), [FIRST, SECOND, THIRD]),
        (("--team", "vision"), [THIRD]),
        (("--model", "churn"), [FIRST, SECOND]),
        (("--min-saving", "500.01"), [FIRST]),
        (("--state", "dismissed"), []),
        (("--state", "open", "--state", "taken"), [FIRST, SECOND, THIRD]),
    ],
)
def test_filters_are_all_held_to(asked, options, ids):
    """Each of them; what has no team or price is none of a team and reaches no sum."""
    assert listed(asked("list", "--format", "json", *options)) == ids


def test_filters_that_fit_nothing_do_not_read_like_nothing_to_save(asked):
    """What is there without them is said first."""
    lines = asked("list", "--team", "nobody").out.splitlines()

    assert lines[0] == "Nothing fits what was asked for; without it, 3 would be listed."


def test_jobs_that_run_now_are_apart_from_what_is_saved_for_good(asked):
    """They may end by themselves; the sum of both is in the JSON format."""
    with Warehouse("quaestor.duckdb") as again:
        again.run("update ledger.recommendation set may_end = true where saving_per_month = 730")
    said = json.loads(asked("list", "--format", "json").out)["totals"]

    assert (
        asked("list")
        .out.splitlines()[-2]
        .startswith(
            "3 open: 0.00 USD a month, and 730.00 USD a month while jobs run that may end by "
            "themselves;"
        )
    )
    assert (said["saving_per_month"], said["ending_per_month"]) == ("730", "730")


def test_settings_that_cannot_be_are_told_before_anything_is_listed(asked):
    """As a build tells them."""
    Path("quaestor.yaml").write_text("advice: {params: {idle_endpoint: {days: -3}}}")
    said = asked("list")

    assert said.code == 2
    assert "days cannot be -3" in said.err


def test_all_shows_what_gets_no_advice_and_why(asked):
    """The reason stands where the advice would."""
    lines = asked("list", "--all").out.splitlines()

    assert any("fraud" in line and "12 calls in 14 days" in line for line in lines)
    assert "fraud" not in asked("list", "--state", "all").out


def test_names_cannot_act(asked):
    """Not on a terminal, not in a spreadsheet, not in Markdown."""
    table_, text, markdown = (
        asked("list", "--format", name).out for name in ("table", "csv", "markdown")
    )
    rows = list(csv.DictReader(io.StringIO(text)))

    assert "\x1b" not in table_ + text + markdown
    assert [line for line in table_.splitlines() if line.startswith("::")] == []
    assert rows[2]["name"].startswith("'=cmd")
    assert "<b>" not in markdown
    assert (rows[0]["saving_per_month"], rows[2]["saving_per_month"]) == ("730", "")


def test_a_dismissal_counts_at_once_until_its_last_day(asked, home):
    """It is a file of its own; what stands behind it counts instead, and it comes back."""
    said = asked(
        "dismiss", "5f1d0c", "--by", "ada", "--reason", "Called each quarter.",
        "--until", "2026-12-31",
    )  # fmt: skip
    path = home / said.out.strip()
    after = json.loads(asked("list", "--format", "json", "--state", "all").out)

    assert said.code == 0, said.err
    assert path.name == "churn-5f1d0c-20261121.yaml"
    assert yaml.safe_load(path.read_text())["subject"] == "endpoint/sm/churn"
    assert [(row["id"], row["state"]) for row in after["advice"]] == [
        (SECOND, "open"),
        (THIRD, "open"),
        (FIRST, "dismissed"),
    ]
    assert after["totals"]["saving_per_month"] == "500"
    later = asked("list", "--format", "json", now=datetime(2027, 1, 1))
    assert listed(later) == [FIRST, SECOND, THIRD]


def test_a_dismissal_that_is_none_is_not_written(asked, home):
    """Unknown, too short a reason, over before it begins, or dismissed already.

    What is wrong is the option's, not the line's of a file that is not there.
    """
    by = ("--by", "ada", "--reason")
    wrong = [
        asked("dismiss", "nothing", *by, "It is our standby."),
        asked("dismiss", FIRST, *by, "no"),
        asked("dismiss", FIRST, *by, "It is our standby.", "--until", "2026-11-20"),
    ]
    names = list(home.rglob("*.yaml"))
    right = asked("dismiss", FIRST, *by, "It is our standby.")
    again = asked("dismiss", FIRST, *by, "It is our standby.")

    assert [said.code for said in (*wrong, right, again)] == [2, 2, 2, 0, 2]
    assert names == []
    assert "no advice has that name" in wrong[0].err
    assert "reason that is too short\n  in:  --reason\n" in wrong[1].err
    assert "ends before it begins\n  in:  --until\n" in wrong[2].err
    assert "this advice is dismissed (by ada on 2026-11-21: It is our standby.)" in again.err


def test_what_was_taken_is_shown_with_what_it_saves(asked, home):
    """Measured, with its interval; what is measured is summed apart from what is open."""
    from quaestor.warehouse.duckdb import Warehouse

    with Warehouse("quaestor.duckdb") as warehouse:
        nothing = dict.fromkeys(
            ("policies", "subjects", "verdicts", "failed", "unanswered", "blind_spots"), 0
        )
        told = {"quaestor_version": "0", "fail_on": "high", "exit_code": 0, **nothing}
        insert(warehouse, "audit.run", run_id="r", audited_at=NOW, **told)
        record_advice(warehouse, "r", now=NOW, kinds=["idle_endpoint", "idle_gpu"])
        warehouse.run(
            "update audit.recommendation set state = 'taken', state_reason = 'it is gone', "
            "realised_per_month = 700, realised_low = 650, realised_high = 750, "
            "realised_how = 'by its trend' where recommendation = ?",
            [FIRST],
        )
        warehouse.run("delete from ledger.recommendation where recommendation = ?", [FIRST])
    lines = asked("list", "--state", "taken").out.splitlines()

    assert lines[2].startswith("700.00 (650.00 to 750.00)  idle_endpoint  churn")
    assert "1 taken: 1 measured on the bill, 700.00 USD a month" in lines


def test_kinds_are_listed_with_what_may_be_set(home, quaestor):
    """The sentence of each, its parameters, what they are here, and whether it is off."""
    (home / "quaestor.yaml").write_text(
        "advice: {params: {idle_endpoint: {days: 21}}, skip: [idle_gpu]}\n"
    )
    kinds = json.loads(quaestor("advice", "kinds", "--format", "json").out)["kinds"]
    of = {kind["kind"]: kind for kind in kinds}
    text = quaestor("advice", "kinds").out

    days = next(param for param in of["idle_endpoint"]["params"] if param["name"] == "days")
    assert (days["value"], days["default"]) == (21, 14)
    assert (of["idle_gpu"]["skipped"], of["idle_endpoint"]["skipped"]) == (True, False)
    assert f"idle_endpoint: {of['idle_endpoint']['about']}" in text.splitlines()


def test_a_kind_that_is_not_there_is_told(asked):
    """With the one that was meant."""
    said = asked("list", "--kind", "idle_endpiont")

    assert (said.code, "Did you mean 'idle_endpoint'?" in said.err) == (2, True)


def test_without_anything_to_look_at_it_is_said(warehouse, quaestor):
    """No advice is not the same as nothing to save."""
    warehouse.close()
    said = quaestor("advice", "list")

    assert (said.code, said.out.splitlines()[-1]) == (0, "Nothing was looked at.")


def test_a_dismissal_that_is_wrong_stops_an_audit_before_it_looks(home, quaestor):
    """With the line to mend; half of the dismissals would be half of the truth."""
    (home / "quaestor.yaml").write_text("sources: [{name: bill, kind: files, path: bills}]\n")
    (home / "dismissals").mkdir()
    (home / "dismissals" / "a.yaml").write_text("id: a\nsubject:\nreason: It is our standby.\n")
    said = quaestor("audit", "--now", NOW.isoformat())

    assert (said.code, "a.yaml:2" in said.err) == (2, True)
    assert not (home / "landing").exists()
