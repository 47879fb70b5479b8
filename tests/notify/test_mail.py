"""Mail: taken by a real server, encrypted where it says so, and the same read back."""

from __future__ import annotations

import re

import pytest

from builders.inbox import Mailbox, mail_server

# The server says of itself what these tests want of it.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
PASSWORD = "M4ILS3CRET"  # noqa: S105 - of a mailbox that lives for one test


@pytest.fixture
def to_mail(configure):
    """Configure one mail notifier for a mailbox."""

    def write(box: Mailbox, security: str, more: str = "", to: str = "cfo@acme.example") -> None:
        login = f", user: {box.user}, password: {box.password}" if box.user else ""
        configure(
            f"name: board, kind: mail, host: 127.0.0.1, port: {box.port}, security: {security}, "
            f"from: finops@acme.example, to: [{to}], when: always{login}{more}"
        )

    return write


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("user", [None, "finops"])
def test_a_mail_arrives(to_mail, quaestor, certificate, monkeypatch, security, user):
    """With and without TLS and login; what is encrypted is encrypted before the password goes."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    box = Mailbox(user=user, password=PASSWORD if user else None)
    with mail_server(box, security, None if security == "none" else certificate):
        to_mail(box, security)
        said = quaestor("notify")
    [mail] = box.mails

    assert (said.code, said.out) == (0, "board (mail): sent\n")
    assert box.encrypted == [security != "none"]
    assert (mail["From"], mail["To"]) == ("finops@acme.example", "cfo@acme.example")
    assert mail["Subject"].startswith("Quaestor: audit failed, ")
    assert mail["Subject"].endswith("5,150.97 USD in October 2026")
    assert mail["Auto-Submitted"] == "auto-generated"


def test_it_says_the_same_as_text_and_as_html_and_brings_the_report(to_mail, quaestor, estate):
    """A reader without HTML reads it all; a director opens the attached page."""
    page = (estate / "quaestor-reports" / "cost.html").read_bytes()
    box = Mailbox()
    with mail_server(box, "none"):
        to_mail(box, "none", ", attach: [cost, not-rendered], link: 'https://finops.acme.example/'")
        quaestor("notify")
    [mail] = box.mails
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    [attached] = mail.iter_attachments()

    assert (attached.get_filename(), attached.get_content_type()) == ("cost.html", "text/html")
    assert attached.get_payload(decode=True) == page
    for said in ("Quaestor: the audit failed", "5,150.97 USD", "What to do:", "cost.html"):
        assert (said in text, said in html) == (True, True)
    assert "Reports: https://finops.acme.example/" in text
    assert '<a href="https://finops.acme.example/">' in html


def test_a_wrong_password_is_told_without_it(to_mail, quaestor):
    """Nor the user's name: the server's answer is not repeated."""
    box = Mailbox(user="finops", password="another")  # noqa: S106 - the server's own
    with mail_server(box, "none"):
        mine = Mailbox(user="somebody", password=PASSWORD, port=box.port)
        to_mail(mine, "none")
        said = quaestor("notify")

    assert said.code == 3
    assert "127.0.0.1 does not accept user and password" in said.err
    assert not [one for one in (PASSWORD, "somebody") if one in said.err + said.out]


def test_a_server_without_starttls_gets_nothing(to_mail, quaestor):
    """What should be encrypted is never sent in the clear."""
    box = Mailbox()
    with mail_server(box, "none"):
        to_mail(box, "starttls")
        said = quaestor("notify")

    assert (said.code, box.mails) == (3, [])
    assert "127.0.0.1 offers no STARTTLS, or no login" in said.err


def test_a_certificate_that_nobody_trusts_is_refused(to_mail, quaestor, certificate):
    """Whoever stands in between must not read the password."""
    box = Mailbox(user="finops", password=PASSWORD)
    with mail_server(box, "tls", certificate):
        to_mail(box, "tls")
        said = quaestor("notify")

    assert (said.code, box.mails) == (3, [])
    assert "127.0.0.1 its certificate is not trusted" in said.err


def test_a_busy_server_is_asked_again_and_a_full_one_is_not(to_mail, quaestor):
    """Codes of the four hundreds pass, those of the five hundreds do not."""
    box = Mailbox(answers=["451 try again", "451 try again"])
    with mail_server(box, "none"):
        to_mail(box, "none")
        said = quaestor("notify")
        box.answers = ["552 too much", "552 too much"]
        refused = quaestor("notify", "--again")

    assert (said.code, len(box.mails)) == (0, 1)
    assert (refused.code, box.answers) == (3, ["552 too much"])


def test_recipients_that_do_not_exist_are_said(to_mail, quaestor):
    """The others have their mail, and get it once."""
    box = Mailbox(refused=("gone@acme.example",))
    with mail_server(box, "none"):
        to_mail(box, "none", to="cfo@acme.example, gone@acme.example")
        some = quaestor("notify")
        again = quaestor("notify")
        to_mail(box, "none", to="gone@acme.example")
        none = quaestor("notify", "--again")

    assert (some.code, len(box.mails)) == (0, 1)
    assert "takes the mail, but not for 1 of 2 recipients" in some.err
    assert "sent before" in again.out
    assert (none.code, "refuses every recipient" in none.err) == (3, True)


def test_a_large_report_stays_behind(to_mail, quaestor, estate):
    """A mail that servers refuse for its size tells nobody anything."""
    (estate / "quaestor-reports" / "executive.html").write_bytes(b"x" * 15_000_001)
    box = Mailbox()
    with mail_server(box, "none"):
        to_mail(box, "none")
        quaestor("notify")
    [mail] = box.mails

    assert list(mail.iter_attachments()) == []
    assert "Too large to attach: executive.html." in mail.get_body(("plain",)).get_content()


def test_the_doctor_asks_the_mail_server_and_sends_nothing(to_mail, quaestor, certificate):
    """So that a wrong password is known before the night of the audit."""
    box = Mailbox(user="finops", password=PASSWORD)
    with mail_server(box, "none"):
        to_mail(box, "none")
        well = quaestor("doctor")
        to_mail(Mailbox(user="finops", password="wrong", port=box.port), "none")  # noqa: S106 - by intent
        ill = quaestor("doctor")

    assert (well.code, ill.code, box.mails) == (0, 3, [])
    assert re.search(r"board +mail +127\.0\.0\.1 +ok +never", well.out)
    assert "notifier board: error: 127.0.0.1 does not accept user and password" in ill.err
