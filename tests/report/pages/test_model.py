"""The report `model`: one page per model, and the mechanism of reports that have many pages."""

from __future__ import annotations

import difflib
import hashlib
import re
from datetime import date, datetime
from decimal import Decimal

import pytest

from builders.passports import AWKWARD, exempt
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.shipped import shipped
from quaestor.report import pages as many
from quaestor.report.html import render
from quaestor.report.pages import file_name

SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}\.html")


def silent(step):
    """Take a step, and say nothing."""


@pytest.fixture
def page_of(tmp_path, now, read_page):
    """Render one model's page of an estate, and read it."""

    def build(estate, model):
        [path] = render(estate.settle(), ["model"], tmp_path, now=now, progress=silent, model=model)
        return read_page(path)

    return build


@pytest.fixture
def rendered(an_estate, tmp_path, now):
    """Render all model pages of an estate; return the folder."""

    def build(*models):
        an_estate.warehouse.run("delete from registry.model")
        for model in models:
            an_estate.insert("registry.model", source="registry", model=model)
        render(an_estate.warehouse, ["model"], tmp_path, now=now, progress=silent)
        return tmp_path / "models"

    return build


def test_every_model_has_a_page(models_estate, passports):
    """Who is billed, registered or judged is not left out."""
    models = models_estate.rows(
        """
        select model from registry.model union select model from ledger.cost
        union select model from audit.finding union select model from ledger.maturity
        """
    )
    expected = {file_name(model) for (model,) in models if model is not None}

    assert {path.name for path in (passports / "models").glob("*.html")} == expected


@pytest.mark.parametrize("model", ["churn", "search-ranking", "<img src=x onerror=alert(1)>"])
def test_sums_on_the_page_are_the_ledgers(models_estate, passports, read_page, model):
    """Months and versions add up to what the ledger knows of the model, to the last digit."""
    page = read_page(passports / "models" / file_name(model))
    (cost,) = models_estate.row(
        "select sum(effective_cost) from ledger.cost where model = ?", [model]
    )
    (known,) = models_estate.row(
        "select sum(known_cost) from ledger.version_cost where model = ?", [model]
    )
    (saving,) = models_estate.row(
        """
        select sum(counted_saving_per_month) from audit.standing_recommendation
        where model = ? and state <> 'dismissed'
        """,
        [model],
    )

    assert page.totals["cost", "cost"] == cost
    assert page.totals["versions", "known"] == known
    assert page.totals.get(("advice", "saving")) == saving
    assert {key: sum(page.sums[key]) for key in page.totals} == page.totals


@pytest.mark.parametrize("model", ["churn", "<img src=x onerror=alert(1)>"])
def test_pages_are_as_they_were_accepted(passports, checkout, request, tmp_path, model):
    """A change is seen by its author before a reader sees it, a hostile name's page included."""
    path = passports / "models" / file_name(model)
    golden = checkout / "tests" / "golden" / "models" / path.name
    if request.config.getoption("--accept"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(path.read_bytes())
    expected = golden.read_text(encoding="utf-8") if golden.is_file() else ""
    actual = path.read_text(encoding="utf-8")
    lines = difflib.unified_diff(expected.splitlines(), actual.splitlines(), n=0)
    shown = "\n".join(line[:200] for line, _ in zip(lines, range(20), strict=False))

    assert actual == expected, f"look at {path}, then `pytest {__file__} --accept`\n{shown}"


def test_a_hostile_name_is_text(passports, read_page, hostile_model):
    """In verdict, labels, waiver, data sets and budgets, a name does nothing but be read."""
    for model in (hostile_model, "churn"):
        page = read_page(passports / "models" / file_name(model))

        assert hostile_model in page.text
        assert [tag for tag, _ in page.tags if tag in ("img", "iframe", "object")] == []
        assert [a for _, a in page.tags if any(name.startswith("on") for name in a)] == []


def test_a_secret_that_somebody_put_into_a_tag_is_not_shown(passports, read_page):
    """Pages are mailed: a token is named and not told."""
    page = read_page(passports / "models" / "churn.html")

    assert "hf_token: (not shown)" in page.text
    assert "0123456789abcdef0" not in page.source


def test_identifiers_are_unique(passports, read_page):
    """A section never shares its anchor."""
    page = read_page(passports / "models" / "churn.html")
    identifiers = [a["id"] for _, a in page.tags if "id" in a]

    assert sorted(identifiers) == sorted(set(identifiers))


def test_a_model_of_two_registries_has_one_page_with_both(passports, read_page):
    """The bill knows names, not registries: what each states stands side by side."""
    text = read_page(passports / "models" / "churn.html").text

    assert "2 registries know a model of this name" in text
    assert "counted above" in text  # a version's cost, which must not count twice


def test_names_that_no_file_can_have_get_pages_of_their_own(rendered, read_page):
    """No name leads out of the folder, and none takes another's file on any file system."""
    folder = rendered(*AWKWARD, "churn")
    names = [path.name for path in folder.glob("*.html")]

    assert len({name.casefold() for name in names}) == len(AWKWARD) + 1
    assert [name for name in names if not SAFE.fullmatch(name)] == []
    assert "churn.html" in names
    assert "con.html" not in names
    assert "../../etc/passwd" in read_page(folder / file_name("../../etc/passwd")).text


def test_a_name_that_looks_like_anothers_file_gets_one_of_its_own():
    """Who names a model after the file of another does not take its place."""
    taken = file_name("Churn").removesuffix(".html")

    assert file_name(taken) != file_name("Churn")


def test_nothing_known_is_not_zero_and_not_clean(an_estate, page_of):
    """Of a model that is only registered, cost, rules, units and waste are not known."""
    an_estate.insert("registry.model", source="registry", model="embryo")
    page = page_of(an_estate, "embryo")

    assert "What embryo costs is not known : no charge names it." in page.text
    assert "Whether it may run is not known : nothing has been audited yet." in page.text
    assert "no owner is stated" in page.text
    assert "the bill" in page.text.lower()
    assert page.totals == {}
    assert not re.search(r"\b0\.00\b", page.text)


def test_a_charge_without_a_rate_leaves_the_cost_unknown(an_estate, page_of):
    """A month in part in francs has no sum, and neither has the model's life."""
    an_estate.cost(date(2026, 10, 31), None, model="churn", currency="CHF", billed="12")
    text = page_of(an_estate, "churn").text

    assert "What churn cost in October 2026 is not known : a charge has no exchange rate." in text
    assert (
        "The cost of that month is not known" in text or "cost of that month is not known" in text
    )


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([], "Whether it may run is not known : no policy judges it."),
        ([("fail", "critical")], "It may not run : it breaks 1 rule that stops a deploy."),
        (
            [("unknown", "high"), ("error", "high"), ("pass", "high")],
            "Whether it may run is not known : 2 questions that decide it have no answer.",
        ),
        (
            [("waived", "high"), ("pass", "high")],
            "It may run until 31 Mar 2027 , exempted from 1 rule that would stop a deploy.",
        ),
        (
            [("fail", "low"), ("pass", "high")],
            "It may run : it keeps every rule that stops a deploy, though it breaks 1 other.",
        ),
        ([("pass", "high")], "It may run : it keeps every rule that stops a deploy."),
    ],
    ids=["not judged", "broken", "unanswered", "exempted", "broken, but not stopped", "kept"],
)
def test_the_verdict_says_whether_it_may_run(an_estate, page_of, found, sentence):
    """Broken, not known, exempted until a day, or free to run: in one sentence, first."""
    an_estate.run("now", datetime(2026, 11, 21, 6), 0)
    an_estate.insert("registry.model", source="registry", model="churn")
    for place, (verdict, severity) in enumerate(found):
        an_estate.finding(f"rule-{place}", "churn", verdict, severity=severity, model="churn")
    an_estate.warehouse.run("update audit.finding set waiver = 'w' where verdict = 'waived'")
    exempt(an_estate.insert, "w")

    assert sentence in page_of(an_estate, "churn").text


def test_blind_spots_are_those_of_the_models_own_sources(an_estate, page_of):
    """What another source could not see is not said of this model."""
    for source, model in (("mine", "churn"), ("other", "fraud")):
        an_estate.insert("registry.model", source=source, model=model)
        told = {"stage": "collect", "scope": "all", "seen_at": datetime(2026, 11, 21)}
        an_estate.insert(
            "audit.blind_spot", source=source, reason=f"{source} was not reached", **told
        )
    text = page_of(an_estate, "churn").text

    assert "Mine was not reached" in text
    assert "other was not reached" not in text.lower().replace("mine was not reached", "")


def test_queries_run_once_however_many_models(an_estate, rendered, monkeypatch):
    """Two hundred pages cost the queries of one."""
    asked = []
    plain = an_estate.warehouse.records
    monkeypatch.setattr(
        an_estate.warehouse, "records", lambda sql, *more: asked.append(sql) or plain(sql, *more)
    )
    rendered("one")
    of_one, asked[:] = len(asked), []
    rendered(*(f"model-{number}" for number in range(30)))

    assert len(asked) == of_one


def test_the_page_of_a_model_that_is_gone_is_removed(rendered):
    """Nobody reads the passport of a model that no longer is."""
    rendered("churn", "fraud")

    assert {path.name for path in rendered("churn").glob("*.html")} == {"churn.html"}


def test_a_readers_own_files_are_never_removed(rendered, tmp_path):
    """Neither a note, nor a page that somebody changed, nor what a forged list names."""
    folder = rendered("churn", "fraud", "upsell")
    (folder / "notes.html").write_text("mine")
    (folder / "fraud.html").write_text("annotated")
    outside = tmp_path / "precious.html"
    outside.write_text("x")
    digest = hashlib.sha256(b"x").hexdigest()
    with (folder / ".pages.sha256").open("a") as listed:
        listed.write(f"{digest}  ../precious.html\n")
    rendered("churn")

    assert {path.name for path in folder.glob("*.html")} == {
        "churn.html", "notes.html", "fraud.html"
    }  # fmt: skip
    assert outside.is_file()


def test_one_model_leaves_the_pages_of_others(rendered, an_estate, now, tmp_path):
    """--model writes one page; the next full run still knows the others as its own."""
    folder = rendered("churn", "fraud")
    render(an_estate.warehouse, ["model"], tmp_path, now=now, progress=silent, model="churn")
    after_one = {path.name for path in folder.glob("*.html")}

    assert after_one == {"churn.html", "fraud.html"}
    assert {path.name for path in rendered("churn").glob("*.html")} == {"churn.html"}


def test_one_model_without_a_name_leaves_the_pages_of_others_too(
    rendered, an_estate, now, tmp_path
):
    """An empty name is a name: it is not taken for all models."""
    folder = rendered("churn", "")
    before = {path.name for path in folder.glob("*.html")}
    [path] = render(an_estate.warehouse, ["model"], tmp_path, now=now, progress=silent, model="")

    assert path.parent == folder
    assert {path.name for path in folder.glob("*.html")} == before


def test_an_estate_of_very_many_models_has_pages_of_the_dearest(rendered, monkeypatch, an_estate):
    """The rest is rendered when asked for, so that a run of 10,000 models does not take minutes."""
    monkeypatch.setattr(many, "MOST", 2)
    an_estate.cost(date(2026, 11, 1), "10", model="dear")
    an_estate.cost(date(2026, 11, 1), "5", model="less")
    an_estate.cost(date(2026, 11, 1), "1", model="cheap")
    folder = rendered(*(an_estate.settle() and ("aaa",)))

    assert {path.name for path in folder.glob("*.html")} == {"dear.html", "less.html"}


def test_names_in_tables_link_to_pages_that_are_there(passports, read_page):
    """Every link from one page to another opens a file of the same run."""
    linked = 0
    for path in [*passports.glob("*.html"), passports / "models" / "churn.html"]:
        for tag, attributes in read_page(path).tags:
            target = attributes.get("href") or ""
            if tag == "a" and not target.startswith(("#", "http", "mailto:")):
                linked += "models/" in target

                assert (path.parent / target.partition("#")[0]).is_file(), (path.name, target)
    assert linked > 20


def test_no_link_leads_to_a_page_that_was_not_rendered(models_estate, tmp_path, now, read_page):
    """One report alone names its models without links."""
    [path] = render(models_estate, ["compliance"], tmp_path, now=now, progress=silent)

    assert [
        a["href"] for tag, a in read_page(path).tags if "models/" in (a.get("href") or "")
    ] == []


def test_a_team_adds_a_report_of_many_pages_by_files_alone(models_estate, tmp_path, now, read_page):
    """A page.sql beside the sections: a page per row, in a folder of the report's name."""
    place = tmp_path / "reports"
    (place / "team").mkdir(parents=True)
    (place / "page.css").write_text("")
    for name in ("page.html.j2", "parts.html.j2", "page.js"):
        (place / name).write_bytes((shipped("reports") / name).read_bytes())
    (place / "team" / "page.sql").write_text(
        "select distinct team from ledger.cost where team > ''"
    )
    (place / "team" / "page.html.j2").write_text(
        '{% extends "page.html.j2" %}{% block title %}{{ page.team }}{% endblock %}'
    )
    (place / "team" / "01-days.sql").write_text(
        "select team, count(*) as n from ledger.cost group by 1"
    )
    (place / "team" / "01-days.html.j2").write_text("<p>{{ page.team }}: {{ rows[0].n }} rows</p>")
    [folder] = render(
        models_estate, ["team"], tmp_path, now=now, progress=silent, definitions=place
    )
    (rows,) = models_estate.row("select count(*) from ledger.cost where team = 'growth'")

    assert folder == tmp_path / "teams"
    assert f"growth: {rows} rows" in read_page(folder / "growth.html").text

    (place / "team" / "01-days.sql").write_text("select count(*) as n from ledger.cost")
    with pytest.raises(ConfigurationError, match="no column 'team'"):
        render(models_estate, ["team"], tmp_path, now=now, progress=silent, definitions=place)


def test_a_folder_that_cannot_be_made_is_said(models_estate, tmp_path, now):
    """A file is in the way of the folder: what, where, what to do."""
    (tmp_path / "models").write_text("in the way")

    with pytest.raises(IncompleteError, match="cannot be written"):
        render(models_estate, ["model"], tmp_path, now=now, progress=silent)


def test_money_on_the_page_is_exact(an_estate, page_of):
    """Twenty digits after the point arrive on the page."""
    an_estate.cost(date(2026, 10, 31), "0.00000000000000000001", model="churn")

    assert page_of(an_estate, "churn").totals["cost", "cost"] == Decimal("0.00000000000000000001")
