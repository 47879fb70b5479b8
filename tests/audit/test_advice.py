"""What became of advice, audit by audit."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from builders.rows import insert
from quaestor.audit.advice import record_advice
from quaestor.core.run_summary import AdviceCount
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.state import remember, tell

MONDAY = datetime(2026, 11, 16, 6)
ID = "5f1d0c2ab93e4477"
ADVICE = {
    "recommendation": ID,
    "kind": "idle_endpoint",
    "subject": "endpoint/sm/churn",
    "name": "churn",
    "action": "delete",
    "source": "sm",
    "current": "1 x ml.g5.xlarge",
    "proposed": "no endpoint",
    "saving_per_month": "730",
    "counted_saving_per_month": "730",
    "cost_per_month": "730",
    "counts_because": "best",
    "confidence": "high",
    "evidence": "{}",
    "reason": "no call in 14 days",
    "risk": "Somebody may call it.",
}


class Audits:
    """One warehouse, audited once a day."""

    def __init__(self) -> None:
        self.warehouse = Warehouse(":memory:")
        self.day = MONDAY - timedelta(days=1)
        remember(self.warehouse, "manifest:sm", "x")

    def audit(self, *advice, seen=None, read=True, kinds=("idle_endpoint",)):
        """Audit the next day, with this advice and this said of its object; read the source."""
        self.day += timedelta(days=1)
        if read:
            remember(self.warehouse, "collected_at:sm", self.day.isoformat())
        self.warehouse.run("delete from ledger.recommendation")
        self.warehouse.run("delete from ledger.assessment")
        for one in advice:
            insert(self.warehouse, "ledger.recommendation", **{**ADVICE, **one})
        if seen is not None:
            said = {"kind": "idle_endpoint", "subject": "endpoint/sm/churn", "name": "churn"}
            insert(self.warehouse, "ledger.assessment", **said, **seen)
        return self.again(kinds)

    def again(self, kinds=("idle_endpoint",)):
        """Audit once more at the same clock."""
        run = f"run-{self.day:%d}"
        self.warehouse.run("delete from audit.run where run_id = ?", [run])
        insert(
            self.warehouse,
            "audit.run",
            run_id=run,
            audited_at=self.day,
            quaestor_version="0",
            fail_on="high",
            **dict.fromkeys(
                ("policies", "subjects", "verdicts", "failed", "unanswered", "blind_spots"), 0
            ),
            exit_code=0,
        )
        return record_advice(self.warehouse, run, now=self.day, kinds=kinds)

    def dismiss(self, **columns) -> None:
        """Put a dismissal of the advice into the configuration."""
        told = {
            "dismissal": "quarterly",
            "subject": "endpoint/sm/*",
            "reason": "called each quarter",
            "dismissed_by": "ada",
            "dismissed_on": date(2026, 11, 1),
            "place": "dismissals/q.yaml:1",
        }
        insert(self.warehouse, "config.dismissal", **told, **columns)

    def state(self, what="state", name=ID):
        """A column of the advice as the latest audit says it; None where it says nothing."""
        rows = self.warehouse.rows(
            f"select {what} from audit.recommendation where run_id = ? and recommendation = ?",
            [f"run-{self.day:%d}", name],
        )
        return rows[0][0] if rows else None


@pytest.fixture
def audits() -> Audits:
    return Audits()


def test_advice_keeps_its_first_day_while_it_stands(audits):
    """Open from the first audit that gives it; the same audit twice changes nothing."""
    audits.audit({})
    count = audits.audit({})
    before = audits.warehouse.rows("from audit.recommendation order by all")
    audits.again()

    assert (audits.state(), audits.state("first_seen"), audits.state("state_since")) == (
        "open",
        MONDAY,
        MONDAY,
    )
    assert count == AdviceCount(open=1, saving_per_month=Decimal(730))
    assert audits.warehouse.rows("from audit.recommendation order by all") == before


def test_a_thing_that_was_to_go_and_went_is_taken(audits):
    """Its source was read again, and tells of it no more."""
    audits.audit({})
    count = audits.audit()

    assert audits.state() == "taken"
    assert audits.state("state_reason") == "it is not there any more, as advised (delete)"
    assert (count.taken, count.open) == (1, 0)
    assert audits.audit().taken == 0  # since the audit before, nothing
    assert (audits.state(), audits.state("state_since")) == ("taken", MONDAY + timedelta(days=1))


def test_a_thing_that_went_although_something_else_was_advised_is_gone(audits):
    """Nobody resized it: what is deleted saves by having been deleted."""
    audits.audit({"action": "resize"})
    audits.audit()

    assert audits.state() == "gone"
    assert audits.state("state_reason") == ("it is not there any more; the advice was to resize it")


@pytest.mark.parametrize(
    "subject", ["job/sm/train-1", "workload/c/ns/Deployment/a/node-1", "node/prod/n1"]
)
def test_what_ends_by_itself_is_not_taken(audits, subject):
    """A job is over some day, a pod moves to another machine, whoever was advised of what."""
    audits.audit({"subject": subject, "action": "stop"})
    audits.audit()

    assert audits.state() == "gone"


def test_small_things_that_are_no_longer_worth_it_together_are_not_taken(audits):
    """One of them may be used again; what was deleted of them, nobody counted."""
    audits.audit({"subject": "small/unattached_volume/nlp"})
    audits.audit()

    assert (audits.state(), audits.state("state_reason")) == (
        "gone",
        "what is left of them is not worth it together any more",
    )


@pytest.mark.parametrize(
    ("silence", "reason"),
    [
        ("not read", "sm has not been read since it was advised"),
        ("failed", "sm could not be looked at (all: the last look failed)"),
        ("billed", "no source tells of it, but it is charged on 2026-11-17"),
        ("cannot say", "its calls are known of 3 of the last 14 days"),
    ],
)
def test_what_nobody_can_say_any_more_stays_open(audits, silence, reason):
    """A silent source, or a bill that still charges for the thing, shows nothing as taken."""
    from quaestor.core.blind_spot import BlindSpot

    audits.audit({"resource_id": "arn"})
    seen = None
    if silence == "failed":
        spot = BlindSpot(source="sm", scope="all", reason="the last look failed")
        tell(audits.warehouse, "collect", [spot], MONDAY)
    if silence == "billed":
        days = {"first_day": date(2026, 10, 19), "last_day": date(2026, 11, 17), "days": 30}
        insert(
            audits.warehouse,
            "ledger.resource_rate",
            resource_id="arn",
            source="bill",
            until=date(2026, 11, 17),
            **days,
        )
    if silence == "cannot say":
        seen = {"answer": "cannot-say", "reason": reason}
    count = audits.audit(seen=seen, read=silence != "not read")

    assert audits.state() == "open"
    assert audits.state("state_reason") == f"it cannot be said any more: {reason}"
    assert (audits.state("advised_at"), count.open) == (MONDAY, 1)


@pytest.mark.parametrize(
    ("advice", "seen", "state", "reason"),
    [
        (
            {},
            {"answer": "clean", "reason": "12 calls in 14 days", "current": "1 x ml.g5.xlarge"},
            "gone",
            "there is nothing to delete any more: 12 calls in 14 days",
        ),
        (
            {},
            {"answer": "clean", "reason": "it has no instance", "current": "0 x ml.g5.xlarge"},
            "taken",
            "1 x ml.g5.xlarge became 0 x ml.g5.xlarge: it has no instance",
        ),
        (
            {"action": "resize", "proposed": "1 x ml.m5.large"},
            {"answer": "clean", "reason": "busy", "current": "1 x ml.m5.large"},
            "taken",
            "1 x ml.g5.xlarge became 1 x ml.m5.large, as advised",
        ),
        (
            {"action": "resize"},
            {"answer": "clean", "reason": "b", "current": "2 x ml.t3", "cost_per_month": "100"},
            "taken",
            "1 x ml.g5.xlarge became 2 x ml.t3",
        ),
        (
            {"action": "resize"},
            {"answer": "clean", "reason": "b", "current": "9 x ml.p5", "cost_per_month": "9000"},
            "gone",
            "there is nothing to change any more: b",
        ),
        (
            {"action": "resize"},
            {"answer": "clean", "reason": "used by 80 %", "current": "1 x ml.g5.xlarge"},
            "gone",
            "there is nothing to change any more: used by 80 %",
        ),
        (
            {},
            {"answer": "left-alone", "reason": "no advice is wanted (dr): standby"},
            "gone",
            "no advice is wanted (dr): standby",
        ),
        (
            {},
            {"answer": "withheld", "reason": "2 % violated"},
            "gone",
            "it is withheld: 2 % violated",
        ),
        (
            {"action": "archive"},
            {"answer": "clean", "reason": "read on 2026-11-16", "current": "9 x ml.p5"},
            "gone",
            "there is nothing to change any more: read on 2026-11-16",
        ),
    ],
)
def test_advice_is_taken_only_where_the_thing_was_changed(audits, advice, seen, state, reason):
    """Used again, dearer, excluded or withheld is no change that was advised."""
    audits.audit(advice)
    audits.audit(seen=seen)

    assert (audits.state(), audits.state("state_reason")) == (state, reason)


def test_a_kind_or_a_source_that_is_turned_off_takes_its_advice_along(audits):
    """Gone, and never taken: nobody looks any more."""
    audits.audit({})
    audits.audit(kinds=())
    turned_off = audits.state(), audits.state("state_reason")
    audits.audit({})
    audits.warehouse.run("delete from meta.property where name = 'manifest:sm'")
    audits.audit()

    assert turned_off == ("gone", "this kind of advice is turned off")
    assert (audits.state(), audits.state("state_reason")) == (
        "gone",
        "its source sm is not configured any more",
    )


def test_advice_that_returns_is_reopened(audits):
    """It stays so, with the reason, and keeps its first day."""
    audits.audit({})
    audits.audit()
    count = audits.audit({})
    reason = "it was taken by 2026-11-17, and is advised again"

    assert (count.reopened, audits.state(), audits.state("state_reason")) == (1, "reopened", reason)
    audits.audit({})
    assert (audits.state(), audits.state("state_reason")) == ("reopened", reason)
    assert audits.state("state_since") == MONDAY + timedelta(days=2)
    assert audits.state("first_seen") == MONDAY
    audits.audit(read=False)
    audits.audit({})
    assert (audits.state(), audits.state("state_reason")) == ("reopened", None)


def test_a_dismissal_ends_on_its_last_day(audits):
    """Until then the advice is dismissed with who did it; after it, it is open again."""
    audits.dismiss(until=date(2026, 11, 17))
    audits.audit({})
    first = audits.audit({})

    assert (audits.state(), audits.state("dismissal")) == ("dismissed", "quarterly")
    assert audits.state("state_reason") == (
        "by ada on 2026-11-01 until 2026-11-17: called each quarter"
    )
    assert first == AdviceCount(dismissed=1)
    assert audits.audit({}).reopened == 1
    assert audits.state("state_reason") == "the dismissal quarterly holds no more"


def behind(number: int, saving: str, **changes) -> dict[str, object]:
    """Advice that does not count, for that of ADVICE does."""
    told = {
        "recommendation": str(number) * 16,
        "subject": f"other/{number}",
        "saving_per_month": saving,
        "counted_saving_per_month": "0",
        "counts_because": "alternative",
        "instead_of": ID,
        "saves_on": "machine",
    }
    return {**told, **changes}


def test_the_next_best_counts_in_the_place_of_what_is_dismissed(audits):
    """One alternative, and as much of it as counted of the first: a quarter would be stranded."""
    first = {"saves_on": "machine", "counted_saving_per_month": "547.5"}
    audits.dismiss()
    count = audits.audit(first, behind(2, "500"), behind(3, "600"))

    assert count == AdviceCount(open=2, saving_per_month=Decimal(450), dismissed=1)
    assert audits.state("counted_saving_per_month", "3" * 16) == Decimal(450)
    assert audits.state("counts_because", "2" * 16) == "alternative"


def test_parts_count_where_the_whole_is_dismissed(audits):
    """The best on each part, what is inside a part not again, and no more than the whole costs."""
    inside = {"counts_because": "inside", "inside": "machine"}
    audits.dismiss()
    count = audits.audit(
        {"saves_on": "machine"},
        behind(2, "300", **{**inside, "saves_on": "pod/a"}),
        behind(3, "200", **{**inside, "saves_on": "pod/a"}),
        behind(4, "250", **{**inside, "saves_on": "pod/b"}),
        behind(5, "240", **{**inside, "saves_on": "pod/c"}),
        behind(6, "100", **{**inside, "saves_on": "slice", "inside": "pod/b"}),
    )

    assert (count.open, count.saving_per_month) == (5, Decimal(550))


def test_a_whole_does_not_count_beside_its_other_parts(audits):
    """Its largest part is dismissed, the others still count: the whole would count them twice."""
    whole = behind(2, "700", counts_because="inside", saves_on="cluster")
    audits.dismiss()
    count = audits.audit({"saves_on": "machine", "inside": "cluster"}, whole)

    assert count == AdviceCount(open=1, dismissed=1)


def test_advice_without_a_price_is_counted_apart(audits):
    """Its saving is not zero: it is not known."""
    count = audits.audit(
        {
            "saving_per_month": None,
            "counted_saving_per_month": None,
            "counts_because": "unpriced",
        }
    )

    assert count == AdviceCount(open=1, unpriced=1)


def test_old_advice_is_told_for_a_quarter(audits):
    """What was taken long ago is in the audits of its time; if it returns its history is known."""
    audits.audit({})
    audits.audit()
    audits.day += timedelta(days=92)
    audits.audit()
    gone = audits.state()
    audits.audit({})

    assert gone is None
    assert (audits.state(), audits.state("first_seen")) == ("reopened", MONDAY)


def test_nothing_is_written_of_an_estate_without_advice(audits):
    """Nor counted."""
    assert audits.audit() is None
    assert audits.warehouse.rows("from audit.recommendation") == []


def test_names_are_kept_as_they_are(audits):
    """Whatever is in a name: it is data, in every audit."""
    name = "a'); drop table audit.run; --\n\x1b[31m"
    audits.audit({"name": name, "team": json.dumps(name)})
    audits.audit()

    assert audits.state("name") == name
