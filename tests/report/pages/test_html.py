"""What a report promises, read from the page as its reader gets it."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import unquote

import pytest

from builders.pages import CHARTED, REPORTS
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.shipped import shipped
from quaestor.report.html import render


def silent(step):
    """Take a step, and say nothing."""


@pytest.fixture
def rendered(tmp_path, now, read_page):
    """Render reports of an estate; return them by name."""

    def build(estate, *names):
        estate.warehouse.rows("select 1")
        paths = render(estate.settle(), names, tmp_path, now=now, progress=silent)
        return {path.stem: read_page(path) for path in paths}

    return build


@pytest.mark.parametrize("report", REPORTS)
def test_a_hostile_name_is_text(pages, read_page, hostile_model, report):
    """A model may be called anything; its name is shown and does nothing."""
    page = read_page(pages[report])

    assert hostile_model in page.text or report == "index"  # which names no model
    assert [tag for tag, _ in page.tags if tag in ("img", "iframe", "object")] == []
    assert [named for tag, named in page.tags if tag == "script"] == [{}], "not ours alone"


@pytest.mark.parametrize("report", REPORTS)
def test_a_page_needs_nothing_but_itself(pages, read_page, report):
    """No element names an address outside, but of pages that were written with this one."""
    page = read_page(pages[report])
    folder = pages[report].parent
    names = ("src", "href", "xlink:href", "action", "data", "srcset", "poster")
    addresses = [a[name] for _, a in page.tags for name in names if a.get(name)]

    outside = {one for one in addresses if not one.startswith(("#", "data:image/"))}

    assert {unquote(one) for one in outside} <= {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.html")
    }
    assert "@import" not in page.source
    assert "url(" not in re.sub(r"url\(#[a-z0-9-]+\)", "", page.source)


@pytest.mark.parametrize("report", REPORTS)
def test_the_policy_lets_in_style_sheet_and_script_and_nothing_else(pages, read_page, report):
    """Both are allowed by their hash; no element has a style or a handler of its own."""
    page = read_page(pages[report])
    style, script = (
        _digest(*re.findall(rf"<{element}>(.*?)</{element}>", page.source, re.DOTALL))
        for element in ("style", "script")
    )
    [policy] = [
        a["content"]
        for tag, a in page.tags
        if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]

    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert [a for _, a in page.tags if "style" in a or any(n.startswith("on") for n in a)] == []


@pytest.mark.parametrize("report", REPORTS)
def test_identifiers_are_unique(pages, read_page, report):
    """Two charts of one page never share a clip path, a section never its anchor."""
    page = read_page(pages[report])
    identifiers = [a["id"] for _, a in page.tags if "id" in a]

    assert sorted(identifiers) == sorted(set(identifiers))


@pytest.mark.parametrize("report", CHARTED)
def test_every_chart_has_a_title_a_description_and_its_table(pages, read_page, report):
    """Who cannot see a chart reads what it shows, and its figures."""
    page = read_page(pages[report])
    figures = re.findall(r"<figure id=.*?</figure>", page.source, re.DOTALL)

    assert figures
    for figure in figures:
        labels = re.findall(r'role="img" aria-label="([^"]+)"', figure)
        assert len(labels) == 2
        assert all(len(label) > 40 for label in labels)
        assert "<figcaption>" in figure
        assert "<table>" in figure.split("<details", 1)[1]


def test_the_same_inputs_give_the_same_bytes(estate, tmp_path, now, pages):
    """Rendered again, each page is the same, byte for byte."""
    again = render(estate, [], tmp_path, now=now, progress=silent)

    assert {path.stem: path.read_bytes() for path in again if path.is_file()} == {
        name: path.read_bytes() for name, path in pages.items()
    }


def test_totals_are_the_ledgers(estate, pages, read_page):
    """Every column adds up to its total, and each total is the ledger's, to the last digit."""
    page = read_page(pages["cost"])
    month = "date_trunc('month', day) = '2026-11-01'"
    (whole,) = estate.row("select sum(effective_cost) from ledger.cost")
    (latest,) = estate.row(f"select sum(effective_cost) from ledger.cost where {month}")
    (open_cost,) = estate.row(
        f"select sum(effective_cost) from ledger.cost where cost_kind = 'unattributed' and {month}"
    )
    (idle,) = estate.row(f"select sum(idle_cost) from ledger.gpu_hour where {month}")
    (machines,) = estate.row(f"select sum(cost) from ledger.gpu_hour where {month}")
    (clusters,) = estate.row(f"select sum(cost) from ledger.pod_day where {month}")
    (gpus,) = estate.row(
        "select sum(cost) from ledger.gpu_waterfall where step = 'paid' and month = '2026-11-01'"
    )

    assert page.totals == {
        ("months", "cost"): whole,
        ("teams", "cost"): latest,
        ("models", "cost"): latest,
        ("services", "cost"): latest,
        ("unattributed", "cost"): open_cost,
        ("gpu-hours", "idle"): idle,
        ("gpu-hours", "model cost"): machines,
        ("allocated", "cost"): clusters,
        ("gpu-waterfall", "cost"): gpus,
    }
    assert {key: sum(values) for key, values in page.sums.items()} == page.totals


def test_gpu_hours_beyond_the_bill_are_told(an_estate, rendered):
    """Hours come sooner than the bill: the section says up to which day each of them goes."""
    an_estate.cost(date(2026, 11, 20), "12", model="churn")
    for day in (20, 21):
        an_estate.insert(
            "ledger.gpu_hour", day=date(2026, 11, day), source="prod", cluster="prod", node="n",
            gpu_hours=24, observed_gpu_hours=24, used_gpu_hours=24, idle_gpu_hours=0,
            unobserved_gpu_hours=0,
        )  # fmt: skip

    text = rendered(an_estate, "cost")["cost"].text

    assert "Hours are those up to 21 Nov 2026; the bill, and the figure" in text


def test_totals_of_the_reconciliation_are_per_currency(estate, pages, read_page):
    """Each column of amounts adds up to one total per currency; currencies are never added."""
    page = read_page(pages["reconciliation"])
    expected = {}
    for section in ("billed", "effective"):
        sums = estate.rows(
            f"""
            select 'landed ' || currency, sum(landed_{section}_cost) from ledger.reconciliation
            where currency is not null group by all
            union all
            select 'charged ' || currency, sum({section}_cost) from ledger.reconciliation
            where currency is not null group by all
            union all
            select 'difference ' || currency, sum({section}_difference)
            from ledger.reconciliation where currency is not null group by all
            union all select 'quarantined USD', 3.5::decimal(38, 20)
            """
        )
        expected |= {(section, name): amount for name, amount in sums}

    assert page.totals == expected
    assert {key: sum(page.sums[key]) for key in page.totals} == page.totals


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "The ledger is empty: no bill has been read yet , so nothing"),
        ([{}], "The bill adds up, to the last digit : 1 line from 1 source, and every row"),
        (
            [{"rows_quarantined": 2, "rows_loaded": 3}, {"files_refused": 1}],
            "to the last digit ; 2 rows and 1 file could not be read and wait in quarantine.",
        ),
        (
            [{"billed_difference": "-0.00000000000000000001"}, {"sub_account_id": "b"}],
            "does not add up : 1 line of 2, by source, period, account and currency, is not what",
        ),
        ([{"rows_difference": 1}], "The bill does not add up : 1 line of 1,"),
        (
            [{"landed_effective_cost": None, "effective_difference": None}],
            "In 1 line the files do not state one of the two costs",
        ),
    ],
    ids=["empty", "exact", "quarantine", "a last digit", "a row", "not stated"],
)
def test_the_reconciliation_says_whether_the_bill_adds_up(an_estate, rendered, lines, sentence):
    """One sentence, first: yes, as far as it could be read, no, or nobody knows."""
    for line in lines:
        values = {
            "source": "bill",
            "billing_period_start": datetime(2026, 10, 1),
            "currency": "USD",
            **dict.fromkeys(("rows_landed", "rows_loaded", "charges"), 5),
            **dict.fromkeys(("rows_left_out", "rows_quarantined", "rows_difference"), 0),
            "files_refused": 0,
            **dict.fromkeys(("landed_billed_cost", "billed_cost"), "5"),
            **dict.fromkeys(("landed_effective_cost", "effective_cost"), "5"),
            **dict.fromkeys(("billed_difference", "effective_difference"), "0"),
        }
        an_estate.insert("ledger.reconciliation", **values | line)

    assert sentence in rendered(an_estate, "reconciliation")["reconciliation"].text


def test_sums_keep_more_digits_than_python_does_by_itself(an_estate, rendered):
    """28 digits are Python's habit; a bill has up to 38."""
    from datetime import date

    an_estate.cost(date(2026, 11, 1), "123456789012345.00000000000000000001", team="a")
    an_estate.cost(date(2026, 11, 1), "0.00000000000000000001", team="b")

    page = rendered(an_estate, "cost")["cost"]

    assert page.totals["teams", "cost"] == Decimal("123456789012345.00000000000000000002")


def test_the_verdict_comes_first_then_what_was_not_seen(pages, read_page):
    """One sentence, then the blind spots, then the figures."""
    page = read_page(pages["cost"])
    verdict = page.text.index("30,887.31 EUR (without 1 charge of 1,205 CHF)")
    blind = page.text.index("4 blind spots: what this report could not see")
    figures = page.text.index("Cost, November 2026")

    assert verdict < blind < figures
    assert "hides 1,204.50 CHF 1 row" in page.text


def test_a_running_month_is_compared_with_the_same_days(an_estate, rendered):
    """Ten days of November against all of October would always look like savings."""
    from datetime import date

    for day in range(1, 31):
        an_estate.cost(date(2026, 10, day), "10", model="churn")
    for day in range(1, 11):
        an_estate.cost(date(2026, 11, day), "12", model="churn")

    page = rendered(an_estate, "cost")["cost"]

    assert (
        "120.00 EUR in November 2026 so far (10 of 30 days), "
        "20.0\xa0% more than in the same days of October; 100.0\xa0% of it reaches a model."
    ).replace("\xa0", " ") in page.text.replace("\xa0", " ")


def test_an_empty_ledger_is_said_to_be_empty(an_estate, rendered):
    """No charge is not a cost of nothing."""
    page = rendered(an_estate, "cost")["cost"]

    assert "no charge has been read yet" in page.text
    assert "0.00" not in page.text


def test_idle_machines_without_a_team_are_not_said_to_reach_one(an_estate, rendered):
    """They are not unattributed either: what they are is known."""
    from datetime import date

    an_estate.cost(date(2026, 11, 1), "5", model="churn", team="growth")
    an_estate.cost(date(2026, 11, 1), "3", kind="idle")
    page = rendered(an_estate, "cost")["cost"]

    assert (
        "Every charge of the latest month reaches a team or a model, or is known to be idle "
        "capacity or overhead."
    ) in page.text


def test_cost_without_any_rate_is_unknown(an_estate, rendered):
    """A bill in a currency without a rate is unknown, not zero, and is listed as billed."""
    from datetime import date

    an_estate.cost(date(2026, 11, 1), None, currency="CHF", billed="75.5")

    page = rendered(an_estate, "cost")["cost"]

    assert "What November 2026 cost is unknown" in page.text
    assert "CHF 1 75.50 1 Nov 2026 1 Nov 2026" in page.text


def test_a_budget_whose_spending_is_unknown_is_said_to_be_so(an_estate, rendered):
    """It is neither exceeded nor on course."""
    from datetime import date

    an_estate.cost(date(2026, 11, 1), "1")
    for name, spent in (("blind", None), ("seen", Decimal(4))):
        an_estate.insert(
            "ledger.budget",
            month=date(2026, 11, 1),
            budget=name,
            amount=Decimal(10),
            spent=spent,
            spent_ratio=spent and float(spent) / 10,
            days=1,
        )
    text = rendered(an_estate, "cost")["cost"].text

    assert "No budget whose spending is known is exceeded" in text
    assert "What 1 budget spent is unknown: charges have no exchange rate." in text
    assert "of 1 unknown: no exchange rate" in text


def test_no_blind_spot_is_only_claimed_of_data_that_were_built(an_estate, rendered, now):
    """An empty list of blind spots proves nothing before anybody has looked."""
    before = rendered(an_estate, "cost")["cost"].text
    an_estate.built(now)
    after = rendered(an_estate, "cost")["cost"].text

    assert "so is what they leave out" in before
    assert "No blind spot is recorded: every source that is configured could be read." in after


def test_a_model_that_no_rule_applies_to_is_not_clean(an_estate, rendered, now):
    """Skipped everywhere means not judged; it is said, and not counted."""
    an_estate.run("now", now, 0)
    an_estate.finding("model-without-owner", "churn", "pass", model="churn")
    an_estate.finding("model-without-owner", "toy", "skip", model="toy")

    text = rendered(an_estate, "compliance")["compliance"].text

    assert "1 model keeps every rule that was evaluated." in text
    assert "1 more model was not judged, because no rule applies to it." in text
    assert "Models without a finding 1 of 1" in text


@pytest.mark.parametrize(
    ("fill", "sentence"),
    [
        (lambda *_: None, "Nothing has been audited yet , so there is no verdict"),
        (
            lambda estate, now: estate.run("now", now, 4),
            "Nothing was evaluated : no policy found a subject to judge. This is no clean result.",
        ),
        (
            lambda estate, now: (
                estate.run("now", now, 3),
                estate.finding("model-without-owner", "churn", "unknown", model="churn"),
            ),
            "No rule is known to be broken, but 1 question could not be answered",
        ),
        (
            lambda estate, now: (
                estate.run("now", now, 0),
                estate.finding("model-without-owner", "churn", "pass", model="churn"),
            ),
            "1 model keeps every rule that was evaluated.",
        ),
    ],
    ids=["never audited", "nothing evaluated", "unanswered", "clean"],
)
def test_an_audit_without_findings_says_why(an_estate, rendered, now, fill, sentence):
    """Not looked, not answered and clean are three things, and read as three things."""
    fill(an_estate, now)

    page = rendered(an_estate, "compliance")["compliance"]

    assert sentence in page.text


def test_a_finding_shows_what_to_do_since_when_and_how_to_ask_on(pages, read_page):
    """Reason, remedy, money, age and the twelve digits for `quaestor explain`."""
    page = read_page(pages["compliance"])
    fingerprint = hashlib.sha256(b"model-without-card churn").hexdigest()[:12]

    assert re.search(
        r"churn in registry churn does not keep it Evidence (?:\S+ [0-9a-f]{12} registry )+"
        rf"quaestor explain {fingerprint} 2,100\.00 17 Nov 2026 4 days {fingerprint}",
        page.text,
    )
    assert "What to do: Mend endpoint-open-to-all: set the tag that it asks for." in page.text


def test_only_the_latest_audit_counts(pages, read_page, estate):
    """Findings of earlier audits are history; the page shows them as what was before."""
    page = read_page(pages["compliance"])
    (rules, findings), (rules_before, _) = (
        estate.row(
            "select count(distinct policy), count(*) from audit.finding "
            f"where run_id = '{run}' and verdict = 'fail'"
        )
        for run in ("now", "before")
    )

    assert rules < findings, "the figure of rules could be that of findings"
    assert f"Broken rules {rules} {findings} findings" in page.text
    assert f"{rules_before} on 20 Nov 2026" in page.text


def test_a_policy_that_found_nothing_to_judge_is_told(an_estate, rendered, now):
    """It was asked: it counts among the policies of the audit, and its row is all zero."""
    an_estate.run("now", now, 0)
    an_estate.finding("model-without-owner", "churn", "pass", model="churn")
    an_estate.insert(
        "audit.policy", run_id="now", policy="public-store", family="access",
        title="No store is open", severity="critical", blocking=True, parameters="{}",
    )  # fmt: skip

    text = rendered(an_estate, "compliance")["compliance"].text

    assert "against 2 policies" in text
    assert "2 of them can stop a deploy, and 1 found nothing to judge" in text
    assert "No store is open public-store Access critical yes 0 0 0 0 0" in text


def test_frameworks_show_where_each_requirement_stands(pages, read_page):
    """By framework and by requirement, those of the latest audit alone, with who violates it."""
    text = read_page(pages["compliance"]).text

    assert "The evidence supports 2 of 13 requirements, and 2 are violated." in text
    assert "The law 3 of 8 need a look" in text
    assert "3 requirements supported, attested, or concerning nothing here" in text
    assert "churn, <img src=x onerror=alert(1)> and 2 more" in text
    assert "days of logs-kept is 90, at least 183" in text
    assert "2 requirements not automated: what a person has to show" in text
    assert "the attestation by ada expired on 2026-10-31" in text


def test_dates_of_application_are_shown_with_their_source(pages, read_page):
    """What does not apply yet says so, by the clock of the audit."""
    text = read_page(pages["compliance"]).text

    assert "Part 2026 The law 2 Aug 2026 Official journal 21 Nov 2026" in text
    assert "Part 2027 The law 2 Dec 2027 to come Official journal 21 Nov 2026" in text


def test_an_audit_without_packs_says_so(an_estate, rendered, now):
    """A folder of policies may hold none."""
    an_estate.run("now", now, 4)
    page = rendered(an_estate, "compliance")["compliance"]

    assert "the latest audit loaded no pack" in page.text


def test_sections_are_two_files_of_one_stem():
    """A query without a template, or the other way round, is no section."""
    folder = shipped("reports")
    queries = {path.with_suffix("") for path in folder.glob("*/*.sql") if path.name != "page.sql"}
    templates = {
        path.with_suffix("").with_suffix("")
        for path in folder.glob("*/*.html.j2")
        if path.name != "page.html.j2"
    }

    assert queries == templates


def test_a_section_is_added_by_two_files(estate, tmp_path, now, read_page):
    """Nothing is registered: the two files are enough."""
    folder = tmp_path / "reports"
    _copied(shipped("reports"), folder)
    (folder / "cost" / "50-days.sql").write_text("select count(*) as n from ledger.cost")
    (folder / "cost" / "50-days.html.j2").write_text(
        "{% set title = 'How much was read' %}<p>{{ rows[0].n|plural('row') }}</p>"
    )

    [path] = render(estate, ["cost"], tmp_path, now=now, progress=silent, definitions=folder)
    (count,) = estate.row("select count(*) from ledger.cost")

    assert f"How much was read {count:,} rows" in read_page(path).text


def test_a_section_that_lacks_a_file_is_refused(estate, tmp_path, now):
    """Half a section would vanish from the report without a word."""
    folder = tmp_path / "reports"
    _copied(shipped("reports"), folder)
    (folder / "cost" / "50-days.sql").write_text("select 1")

    with pytest.raises(ConfigurationError, match=r"'50-days' lacks its file 50-days\.html\.j2"):
        render(estate, [], tmp_path / "out", now=now, progress=silent, definitions=folder)

    assert not (tmp_path / "out").exists()


def test_an_unknown_report_is_refused_with_a_suggestion(estate, tmp_path, now):
    """The names there are, and the one that was probably meant."""
    with pytest.raises(ConfigurationError) as caught:
        render(estate, ["costs"], tmp_path, now=now, progress=silent)

    assert caught.value.as_text() == (
        "error: there is no report 'costs'\n  fix: Did you mean 'cost'?"
    )


def test_a_folder_that_cannot_be_written_to_is_said(estate, tmp_path, now):
    """A file is in the way: what, where, what to do, and nothing half written."""
    (tmp_path / "reports").write_text("in the way")

    with pytest.raises(IncompleteError, match="cannot be written"):
        render(estate, ["cost"], tmp_path / "reports", now=now, progress=silent)

    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


def _digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _copied(source, target):
    for path in source.rglob("*"):
        if path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def test_no_template_prints_none_as_a_word():
    """Jinja folds `{{ none }}` into the word None before it can read unknown."""
    folder = shipped("reports")
    said = [path.name for path in folder.rglob("*.j2") if "{{ none }}" in path.read_text()]

    assert said == []
