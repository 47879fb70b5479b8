"""What people are told: the ledger's figures, what is new to them, and nothing that acts."""

from __future__ import annotations

import html.parser
import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.inbox import Mailbox, mail_server
from quaestor.core.config import parse_config
from quaestor.core.notifiers import MailNotifier
from quaestor.notify import mail, slack, teams, words
from quaestor.notify.message import is_needed, read
from quaestor.notify.send import content_of
from quaestor.warehouse.duckdb import Warehouse

LATER = "2026-11-22T06:00:00Z"
HOSTILE = (
    "<!channel> <@U123> @everyone @here <https://evil.example|click> [a](https://evil.example) "
    "**b** _i_ `c` https://evil.example www.evil.example <img src=x onerror=alert(1)> "
    "</td>{{DATE(2026-01-01T00:00:00Z)}}<at>all</at>\r\nBcc: everybody@evil.example"
)


@pytest.fixture
def message(estate):
    """The message about the audit, as it is now."""

    def make(notifier: str = "ops", link: str | None = "https://finops.acme.example/"):
        with Warehouse(estate / "quaestor.duckdb", read_only=True) as warehouse:
            return read(warehouse, notifier, link).message

    return make


@pytest.fixture
def hostile(change, message):
    """The same, of an estate whose every name and sentence is hostile and 2,000 letters long."""
    long = HOSTILE + "\u202e" + "漢" * 2000
    change("update audit.finding set subject = subject || ?, reason = ?, title = ?", *[long] * 3)
    change("update audit.finding set remedy = ?", long)
    for number in range(4):
        change(
            "insert into audit.blind_spot (stage, source, scope, reason, seen_at) "
            "values ('collect', ?, ?, ?, '2026-11-21')",
            f"s{number}",
            long,
            long,
        )
    return message()


def test_its_figures_are_the_ledgers(message, rows):
    """Cost, coverage, saving, violations and budgets, to the last digit."""
    said = message()
    [(cost, ratio)] = rows(
        "select sum(cost.effective_cost), any_value(c.model_ratio) from ledger.cost "
        "join ledger.coverage as c on c.month = date_trunc('month', day) "
        "where date_trunc('month', day) = (select date_trunc('month', max(day)) from ledger.cost)"
    )
    [(saving, count)] = rows(
        "select sum(counted_saving_per_month) filter (not may_end), count(*) "
        "from audit.standing_recommendation "
        "where state in ('open', 'reopened')"
    )
    [(failed,)] = rows("select failed from audit.run")

    assert (said.month.cost, said.month.model_ratio) == (cost, ratio)
    assert (said.advice.saving_per_month, said.advice.open) == (saving, count)
    assert (said.run.violations, said.new, said.gone) == (failed, failed, 0)
    assert (said.budgets.budgets, said.budgets.exceeded) == (1, 1)


def test_what_is_not_known_is_not_nothing(message, change):
    """A charge without a rate: the cost reads unknown, in every kind of message."""
    change("update ledger.cost set effective_cost = null where model is not null")
    change("update ledger.coverage set model_ratio = null, unattributed = null")
    said = message()

    assert (said.month.cost, said.month.change_ratio) == (None, None)
    assert "Cost of October 2026: unknown" in mail.plain(said)
    assert "*unknown*" in json.dumps(slack.render(said))
    assert '"value":"unknown (' in msgspec.json.encode(teams.render(said)).decode()


def test_the_second_message_tells_what_changed(configure, quaestor, server, change):
    """New and gone since what this notifier was told, and nothing when nothing changed."""
    configure(f"name: ops, kind: webhook, url: '{server.url}', when: change")
    quaestor("notify")
    quaestor("audit", "--no-collect", now=LATER)
    [fingerprint] = {one["fingerprint"] for one in json.loads(server.taken[0][2])["worst_new"][:1]}
    change(
        "delete from audit.finding where fingerprint = ? and run_id = "
        "(select run_id from audit.run order by audited_at limit 1)",
        fingerprint,
    )
    quaestor("notify", "--again", now=LATER)
    said = [json.loads(body) for _, _, body in server.taken]

    assert [(one["run"]["is_first"], one["new"], one["gone"]) for one in said] == [
        (True, said[0]["run"]["violations"], 0),
        (False, 1, 0),
    ]
    assert [one["fingerprint"] for one in said[1]["worst_new"]] == [fingerprint]


def test_a_change_is_told_with_the_day_that_it_is_against(quaestor, message, change):
    """Who reads one message of many knows since when; of the same day, since which hour."""
    quaestor("audit", "--no-collect", now=LATER)

    assert words.sentence(message()).endswith("Since the audit of 2026-11-21: no other violations.")
    change("update audit.run set exit_code = 0 where audited_at < '2026-11-22'")
    assert words.sentence(message()).endswith(
        "The one before, of 2026-11-21, passed. Since then: no other violations."
    )
    change("update audit.run set audited_at = '2026-11-22 05:00' where exit_code = 0")
    assert "The one before, of 2026-11-22 05:00 UTC, passed." in words.sentence(message())


def test_a_violation_that_nobody_can_judge_now_is_not_gone(quaestor, message, change):
    """The source that showed it fell silent: it may still be there."""
    quaestor("audit", "--no-collect", now=LATER)
    latest = "run_id = (select run_id from audit.run order by audited_at desc limit 1)"
    one = f"(select fingerprint from audit.finding where verdict = 'fail' and {latest} limit 1)"
    change(f"update audit.finding set verdict = 'unknown' where fingerprint = {one} and {latest}")

    assert message().gone == 0


def test_what_was_missed_is_made_good(configure, quaestor, server):
    """After a message that failed, the next tells all that is new since the last that arrived."""
    configure(f"name: ops, kind: webhook, url: '{server.url}', when: new-findings")
    server.answers = [(404, {}, b"")]
    quaestor("notify")
    server.answers = [(200, {}, b"")]
    quaestor("audit", "--no-collect", now=LATER)
    missed, made_good = [json.loads(body) for _, _, body in server.taken]

    assert missed["run"]["id"] != made_good["run"]["id"]
    assert missed["new"] == made_good["new"] > 0


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, {"always", "failure"}),
        ({"exit_code": 0, "verdict": "passed"}, {"always", "change"}),
        ({"new": 1}, {"always", "failure", "new-findings", "change"}),
        ({"gone": 1}, {"always", "failure", "change"}),
        ({"is_first": True}, {"always", "failure", "change"}),
    ],
    ids=["nothing", "verdict", "new", "gone", "first"],
)
def test_each_hears_of_what_it_asked_for(message, changed, wanted):
    """`when:` of a failed audit that follows one that failed too."""
    said = message()
    run = {"is_first": False, "previous_verdict": "failed"}
    run |= {key: value for key, value in changed.items() if hasattr(said.run, key)}
    outer = {"new": 0, "gone": 0} | {k: v for k, v in changed.items() if not hasattr(said.run, k)}
    made = msgspec.structs.replace(said, run=msgspec.structs.replace(said.run, **run), **outer)
    occasions = ("always", "failure", "new-findings", "change")

    assert {when for when in occasions if is_needed(made, when)} == wanted


def test_slack_shows_names_and_keeps_its_limits(hostile):
    """Names stand in rich text, which knows no markup; the rest is ours, within the limits."""
    said = slack.render(hostile)
    blocks = said["blocks"]
    texts = [found for found in walk(said) if found.get("type") == "mrkdwn"]
    rich = [found["text"] for found in walk(blocks) if found.get("type") == "text"]

    assert len(blocks) <= 50
    assert max(len(found["text"]) for found in texts) <= 2_000
    assert len(json.dumps(blocks, ensure_ascii=False)) < 13_000
    assert {found["verbatim"] for found in texts} == {True}
    assert re.findall(r"<[^>]*>", "".join(one["text"] for one in texts)) == [
        "<https://finops.acme.example/|Open the reports>"
    ]
    assert not [one for one in [*texts, said] if "evil" in one["text"]]
    assert [one for one in rich if "evil.example" in one]
    assert not [one for one in rich if re.search(r"<[!@#]|@\w|://|www\.", one)]
    assert {found["type"] for found in walk(blocks) if "type" in found} <= {
        *("header", "section", "divider", "context", "plain_text", "mrkdwn", "text"),
        *("rich_text", "rich_text_section", "rich_text_list"),
    }


@given(st.text() | st.sampled_from(["<!here>", "@all", "HTTPS://x", "wWw.x", "<@U1>", "a\r\nb"]))
def test_no_text_becomes_a_mention_or_a_link(text):
    """Of any text, and of two that are joined."""
    shown = words.inert(f"{text}{text}")

    assert not re.search(r"@\w|://|www\.|<[!@#]|[\r\n]", shown, re.I)
    assert not re.search("[<>]", slack.escaped(text))


def test_teams_shows_names_and_keeps_its_limits(hostile):
    """Names stand in rich text, which knows no Markdown; 28 kB hold whatever is in them."""
    content = content_of(parsed("name: t, kind: teams, url: 'https://x.example'"), hostile)
    card = json.loads(content)["attachments"][0]
    body = card["content"]["body"]
    ours = [one["text"] for one in walk(body) if one.get("type") == "TextBlock"]
    names = [one["text"] for one in walk(body) if one.get("type") == "TextRun"]

    assert len(content) <= 28 * 1024
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert not [text for text in ours if "evil" in text]
    assert not [one for one in walk(body) if "evil" in str(one.get("value"))]
    assert [text for text in names if "evil.example" in text]
    assert not [text for text in names if re.search(r"@\w|://|www\.", text)]
    assert "entities" not in card["content"]["msteams"]
    assert [one["url"] for one in card["content"]["actions"]] == ["https://finops.acme.example/"]


def test_a_mail_shows_names_as_text_and_its_headers_are_ours(hostile, configure, quaestor):
    """No tag, no link and no header comes from a name."""
    box = Mailbox()
    with mail_server(box, "none"):
        configure(
            f"name: board, kind: mail, host: 127.0.0.1, port: {box.port}, security: none, "
            "from: a@acme.example, to: [b@acme.example], when: always"
        )
        quaestor("notify")
    [taken] = box.mails
    page = Tags()
    page.feed(taken.get_body(("html",)).get_content())

    assert set(taken.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    assert page.links == []
    assert not page.found & {"img", "script", "at", "a"}
    assert "evil.example" in page.text
    assert not re.search(r"@here|@everyone|://|www\.", page.text)
    assert "\r\nBcc" not in taken.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    "notifier",
    [
        "name: a, kind: slack, url: 'http://hooks.example/S3CRET'",
        "name: a, kind: slack, url: 'ftp://hooks.example/S3CRET'",
        'name: a, kind: slack, url: "https://hooks.example/S3CRET\\nX"',
        "name: a, kind: webhook, url: 'https://x.example', headers: {X: \"S3CRET\\nY: z\"}",
        "name: a, kind: webhook, url: 'https://x.example', headers: {Host: S3CRET}",
        "name: a, kind: webhook, url: 'https://x.example', secret: ''",
        'name: a, kind: mail, host: smtp, from: "a@b\\nBcc: S3CRET@x", to: [c@d]',
        "name: a, kind: mail, host: smtp, from: a@b, to: ['c@d, e@f']",
        "name: a, kind: mail, host: smtp, from: a@b, to: [c@d], password: S3CRET",
        "name: a, kind: mail, host: h, from: a@b, to: [c@d], user: u, password: x, security: none",
        'name: a, kind: mail, host: smtp, from: a@b, to: [c@d], subject: "S3CRET\\nBcc: x"',
        "name: a, kind: mail, host: smtp, from: a@b, to: [c@d], attach: ['../S3CRET']",
        "name: a, kind: slack, url: 'https://x.example', link: 'javascript:S3CRET'",
    ],
)
def test_what_cannot_be_sent_safely_is_refused_without_its_value(configure, quaestor, notifier):
    """When the file is read, with the notifier's name and its line."""
    configure(notifier)
    said = quaestor("notify", "--dry-run")

    assert said.code == 2
    assert "error: notifier a: " in said.err
    assert re.search(r"in: .*quaestor\.yaml:\d+", said.err)
    assert "S3CRET" not in said.err + said.out


def test_names_and_keys_are_checked(configure, quaestor):
    """Two of one name, a name nobody has, a key that is misspelt, and one that YAML changes."""
    configure("name: ops, kind: slack, url: 'https://x.example', wen: always")
    misspelt = quaestor("notify")
    configure(*["name: ops, kind: slack, url: 'https://x.example'"] * 2)
    twice = quaestor("notify")
    configure("name: ops, kind: slack, url: 'https://x.example'")
    unknown = quaestor("notify", "opps")
    configure("name: ops, kind: slack, url: 'https://x.example', on: failure")
    said_on = quaestor("notify")

    assert "Did you mean 'when'?" in misspelt.err
    assert "two notifiers are named 'ops'" in twice.err
    assert "Did you mean 'ops'?" in unknown.err
    assert "fix: Write `when:`." in said_on.err
    assert {misspelt.code, twice.code, unknown.code, said_on.code} == {2}


def test_what_init_proposes_can_be_sent(quaestor, estate):
    """Whoever removes the `#` has a notifier of each kind."""
    (estate / "new").mkdir()
    quaestor("init", "new")
    text = (estate / "new" / "quaestor.yaml").read_text(encoding="utf-8")
    block = re.sub(r"(?m)^# ?", "", text[text.index("# notify:") :])
    names = re.findall(r"\$\{(\w+)\}", block)
    config = parse_config(block, estate, dict.fromkeys(names, "https://x.example"))

    assert [type(one).__name__ for one in config.notify] == [
        *("SlackNotifier", "TeamsNotifier", "WebhookNotifier", "MailNotifier"),
    ]
    assert isinstance(config.notify[3], MailNotifier)
    assert config.metrics == "metrics/quaestor.prom"


def test_a_notifier_shows_none_of_its_secrets():
    """Wherever it is printed."""
    one = parsed("name: a, kind: webhook, url: 'https://x.example/S3CRET', secret: S3CRET")

    assert (repr(one), str(one), f"{[one]}") == ("<webhook a>", "<webhook a>", "[<webhook a>]")


def parsed(notifier: str):
    """Return one notifier of a configuration."""
    from pathlib import Path

    return parse_config(f"notify: [{{{notifier}}}]", Path(), {}).notify[0]


def walk(value):
    """Yield every mapping in a JSON value."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


class Tags(html.parser.HTMLParser):
    """The tags of a page, its links and its text."""

    def __init__(self):
        super().__init__()
        self.found, self.links, self.text = set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data
