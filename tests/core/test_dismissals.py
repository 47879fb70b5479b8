"""Who turned down which advice, read from files that people write."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from quaestor.core.config import Advice, Config
from quaestor.core.dismissals import dismissals_of, in_force
from quaestor.core.errors import ConfigurationError
from quaestor.normalise.dismissals import write
from quaestor.warehouse.duckdb import Warehouse

FILE = """
id: quarterly
kind: idle_*
subject: endpoint/sm/fraud-*
reason: It is called at the end of each quarter.
dismissed_by: ada
dismissed_on: 2026-11-21
until: 2027-01-15
"""
ID = "5f1d0c2ab93e4477"
ABOUT = (ID, "idle_endpoint", "endpoint/sm/fraud-eu")


def config(folder: Path, text: str = FILE, name: str = "q.yaml") -> Config:
    """A configuration with a file of dismissals beside it."""
    place = folder / "dismissals" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return Config(base=str(folder))


def test_a_dismissal_holds_from_its_first_to_its_last_day(tmp_path):
    """Of what fits its kind and its subject, both."""
    found = dismissals_of(config(tmp_path))

    def holds(day, about=ABOUT):
        return in_force(found, *about, today=day) is not None

    assert [holds(date(2026, 11, day)) for day in (20, 21)] == [False, True]
    assert [holds(date(2027, 1, day)) for day in (15, 16)] == [True, False]
    assert not holds(date(2026, 12, 1), (ID, "idle_gpu", "endpoint/sm/churn"))
    assert not holds(date(2026, 12, 1), (ID, "unattached_volume", ABOUT[2]))


def test_one_advice_is_dismissed_by_its_id_for_good(tmp_path):
    """Without `until:` there is no end, and the longest of several speaks."""
    one = f"id: {{}}\nrecommendation: {ID}\nreason: it is a standby\ndismissed_by: a\n"
    one += "dismissed_on: 2026-11-21\n"
    config(tmp_path, one.format("a") + "until: 2026-12-01\n", "a.yaml")
    found = dismissals_of(config(tmp_path, one.format("b"), "b.yml"))

    assert in_force(found, *ABOUT, today=date(2026, 11, 30)).id == "b"
    assert in_force(found, *ABOUT, today=date(2036, 11, 30)).id == "b"
    assert in_force(found, "0" * 16, *ABOUT[1:], today=date(2026, 11, 30)) is None


def test_the_table_says_what_the_files_say(tmp_path):
    """With the place of each, relative to quaestor.yaml; what was removed is gone."""
    with Warehouse(":memory:") as warehouse:
        write(warehouse, config(tmp_path))
        rows = warehouse.rows("select dismissal, subject, until, place from config.dismissal")
        (tmp_path / "dismissals" / "q.yaml").unlink()
        write(warehouse, Config(base=str(tmp_path)))
        after = warehouse.rows("from config.dismissal")

    assert rows == [("quarterly", "endpoint/sm/fraud-*", date(2027, 1, 15), "dismissals/q.yaml:2")]
    assert after == []


@pytest.mark.parametrize(
    ("change", "message", "line"),
    [
        (("subject: endpoint/sm/fraud-*", "subject:"), "the key 'subject' is empty", 4),
        (("subject: endpoint/sm/fraud-*\n", ""), "the dismissal 'quarterly' names no advice", 2),
        (("reason: It is called at the end of each quarter.", "reason: wanted"), "too short", 5),
        (("until: 2027-01-15", "until: 2026-01-15"), "ends before it begins", 8),
        (("until: 2027-01-15", "until: soon"), "Invalid RFC3339", 8),
        (("kind: idle_*", "kinds: idle_*"), "unknown key 'kinds'", 3),
        (("dismissed_by: ada\n", ""), "the key 'dismissed_by' is missing", 2),
        (("kind: idle_*", "recommendation: 123"), "Expected", 3),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, change, message, line):
    """What, where and what to do, and nothing is dismissed by half."""
    with pytest.raises(ConfigurationError) as raised:
        dismissals_of(config(tmp_path, FILE.replace(*change)))

    assert message in raised.value.what
    assert f"q.yaml:{line}" in raised.value.where
    assert raised.value.fix


def test_an_id_stands_once(tmp_path):
    """Two files may not dismiss under one name: an audit names it."""
    config(tmp_path, FILE, "a.yaml")
    with pytest.raises(ConfigurationError, match=r"stands in dismissals/a\.yaml:2 too"):
        dismissals_of(config(tmp_path, FILE, "b.yaml"))


def test_a_folder_that_is_named_has_to_be_there(tmp_path):
    """A typing mistake does not end every dismissal without a word; no folder at all is fine."""
    assert dismissals_of(Config(base=str(tmp_path))) == ()
    with pytest.raises(ConfigurationError, match="no such folder of dismissals"):
        dismissals_of(Config(base=str(tmp_path), advice=Advice(dismissals="dismisals")))
