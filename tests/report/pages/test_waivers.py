"""The compliance report says what is accepted, until when, and by whom."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from quaestor.report.html import render

WAIVER = {
    "run_id": "now",
    "policy": "model-without-owner",
    "subject": "churn",
    "lapsed": 0,
    "reason": "The team is being split until the end of the year.",
    "ticket": "GOV-4711",
    "requested_by": "ada",
    "approved_by": "grace",
    "approved_at": date(2026, 11, 1),
    "compensating_control": "The head of the department answers for it.",
    "place": "waivers/churn.yaml:1",
}


@pytest.fixture
def compliance(an_estate, now, tmp_path, read_page):
    """Render the page of an audit with these waivers; each waives the subjects named after it."""

    def build(*waivers):
        an_estate.run("now", now, 0)
        an_estate.finding("model-without-card", "fraud", "fail")
        for number, (changes, subjects) in enumerate(waivers):
            days = changes.pop("days_left")
            row = WAIVER | {
                "waiver": f"w{number}",
                "waived": len(subjects),
                "days_left": days,
                "expires": now.date() + timedelta(days=days),
            }
            an_estate.insert("audit.waiver", **row | changes)
            for subject in subjects:
                an_estate.finding("model-without-owner", subject, "waived")
                an_estate.warehouse.run(
                    "update audit.finding set waiver = ? where subject = ? and verdict = 'waived'",
                    [row["waiver"], subject],
                )
        [path] = render(
            an_estate.settle(), ["compliance"], tmp_path, now=now, progress=lambda _: None
        )
        return read_page(path).text

    return build


def test_a_page_without_waivers_has_no_section_of_them(compliance):
    """Nothing accepted is nothing to read."""
    assert "Last day" not in compliance()


def test_waivers_stand_with_their_end_and_what_they_cover(compliance):
    """The lapsed one first, then those about to end; each waived violation names its waiver."""
    text = compliance(
        ({"state": "in force", "days_left": 15}, ["churn", "ranking"]),
        ({"state": "ending soon", "days_left": 14}, ["support"]),
        ({"state": "lapsed", "days_left": -1, "lapsed": 2}, []),
        ({"state": "stale", "days_left": 40, "note": "there is no policy 'gone'."}, []),
    )

    for said in (
        "3 violations are accepted for a time, by 4 waivers .",
        "1 waiver lapsed: what it covered counts again.",
        "1 waiver ends within 14 days.",
        "1 waiver is of no use any more and can be removed.",
        "in 14 days",
        "1 day ago",
        "2 violations active again",
        "there is no policy 'gone'.",
    ):
        assert said.replace(" .", ".") in text.replace(" .", "."), said
    places = [text.index(f"w{number}") for number in (2, 1, 3, 0)]
    assert places == sorted(places)


def test_names_in_waivers_are_text(compliance, hostile_model):
    """Whoever writes a waiver writes no page."""
    names = ("waiver", "policy", "subject", "reason", "ticket", "approved_by", "place", "note")
    hostile = {name: f"{name} {hostile_model}" for name in names}
    text = compliance(({"state": "stale", "days_left": 0, **hostile}, []))

    assert all(f"{name} {hostile_model}" in text for name in names)


def test_a_long_list_is_cut_and_says_so(compliance):
    """A waiver for everything must not make the page unreadable."""
    text = compliance(
        ({"state": "in force", "days_left": 20}, [f"model-{number}" for number in range(101)])
    )

    assert "100 of 101 are shown." in text
