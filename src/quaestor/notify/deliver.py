"""Hand a message to a server by HTTP or SMTP, patiently; what went wrong is said without a secret.

What is said of a fault is made here from its kind: no text of a server, a library or an address
is repeated, since any of them may hold what was sent.
"""

from __future__ import annotations

import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from functools import partial

from quaestor.core.errors import IncompleteError
from quaestor.core.network import network_reason
from quaestor.core.notifiers import Hook, MailNotifier, Notifier, WebhookNotifier, kind_of
from quaestor.core.web import PassingError, patiently, post

ATTEMPTS = 4
WAIT = 10.0  # seconds until a server has to say something
SIGNATURE = "X-Quaestor-Signature-256"
DELIVERY = "X-Quaestor-Delivery"
_REFUSED = {
    400: ("does not take what we send", "Check that `kind` is what the address belongs to."),
    401: ("does not know us", "Check the address, or the headers that say who we are."),
    403: ("does not let us in", "Make a new webhook there, and put its address in place."),
    404: ("knows no such webhook", "Make a new webhook there, and put its address in place."),
    410: (
        "has no such webhook any more",
        "Make a new webhook there, and put its address in place.",
    ),
    413: ("finds the message too large", "Report this: messages are kept within the known limits."),
}


def by_http(notifier: Hook, content: bytes, delivery: str) -> None:
    """Post a message.

    Args:
        notifier: Where to.
        content: The message, JSON.
        delivery: Names this message for good, so that a receiver can leave out a repetition.

    Raises:
        IncompleteError: It was not taken.
    """
    headers = headers_of(notifier, content, delivery)
    try:
        status = patiently(
            partial(post, notifier.url, content, headers, wait=WAIT), attempts=ATTEMPTS
        )
    except PassingError as problem:
        raise _failed(notifier, str(problem), "Try `quaestor notify` again later.") from None
    if 300 <= status < 400:
        fix = "Put the address that it leads to in place; a message is taken nowhere else."
        raise _failed(notifier, "leads elsewhere", fix)
    if status >= 300:
        what, fix = _REFUSED.get(status, (f"answers {status}", "Check the address."))
        raise _failed(notifier, what, fix)


def headers_of(notifier: Hook, content: bytes, delivery: str) -> dict[str, str]:
    """Return the headers of a message: of the kind `webhook` its own, and a signature."""
    headers: dict[str, str] = {}
    if isinstance(notifier, WebhookNotifier):
        headers |= {**notifier.headers, DELIVERY: delivery}
        if notifier.secret is not None:
            headers[SIGNATURE] = signature(notifier.secret, content)
    return {**headers, "Content-Type": "application/json; charset=utf-8"}


def signature(secret: str, content: bytes) -> str:
    """Sign what is sent, as GitHub's webhooks do.

    >>> signature("key", b"message")[:23]
    'sha256=6e9ef29b75fffc5b'
    """
    return f"sha256={hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}"


def by_mail(notifier: MailNotifier, mail: EmailMessage) -> IncompleteError | None:
    """Send a mail, and return what is to be said although it was taken; None: nothing.

    Raises:
        IncompleteError: The server did not take it.
    """
    refused = _patiently(notifier, mail)
    if not refused:
        return None
    what = f"takes the mail, but not for {refused} of {len(notifier.to)} recipients"
    return _failed(notifier, what, "Check the addresses under `to`.")


def look(notifier: MailNotifier) -> None:
    """See that a mail server lets us in; nothing is sent.

    Raises:
        IncompleteError: It cannot be reached, or does not let us in.
    """
    _patiently(notifier, None)


def _patiently(notifier: MailNotifier, mail: EmailMessage | None) -> int:
    try:
        return patiently(partial(_hand_over, notifier, mail), attempts=ATTEMPTS)
    except PassingError as problem:
        fix = "Check `host`, `port` and `security`, or try `quaestor notify` again later."
        raise _failed(notifier, str(problem), fix) from None


def _hand_over(notifier: MailNotifier, mail: EmailMessage | None) -> int:
    """Speak with the server once; return how many recipients it refused."""
    try:
        with _connected(notifier) as server:
            return 0 if mail is None else len(server.send_message(mail))
    except (smtplib.SMTPException, OSError) as problem:
        raise _explained(notifier, problem) from None


@contextmanager
def _connected(notifier: MailNotifier) -> Iterator[smtplib.SMTP]:
    place = (notifier.host, notifier.its_port)
    trusted = ssl.create_default_context()
    if notifier.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=WAIT, context=trusted)
    else:
        server = smtplib.SMTP(*place, timeout=WAIT)
    with server:
        if notifier.security == "starttls":
            server.starttls(context=trusted)
        if notifier.user is not None and notifier.password is not None:
            server.login(notifier.user, notifier.password)
        yield server


def _explained(notifier: MailNotifier, problem: Exception) -> IncompleteError | PassingError:
    """Return what a fault means, by its kind; one that passes is a PassingError."""
    code = getattr(problem, "smtp_code", None)
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code = min((code for code, _ in problem.recipients.values()), default=None)
    if code is not None and 400 <= code < 500:
        return PassingError(f"answers {code}")
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return _failed(notifier, "does not accept user and password", "Check both.")
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        what = "offers no STARTTLS, or no login"
        return _failed(notifier, what, "Ask who runs it; then set `security`, `user`, `password`.")
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return _failed(notifier, "refuses every recipient", "Check `to` and `from`.")
    if isinstance(problem, ssl.SSLError):
        fix = "Check `security` and `port`; SSL_CERT_FILE names a file of those to trust."
        return _failed(notifier, network_reason(problem), fix)
    if isinstance(problem, smtplib.SMTPResponseException):
        return _failed(notifier, f"answers {code}", "Check `from`, or ask who runs it.")
    return PassingError(f"cannot be reached ({network_reason(problem)})")


def _failed(notifier: Notifier, what: str, fix: str) -> IncompleteError:
    return IncompleteError(
        f"{notifier.at} {what}", where=f"notifier {notifier.name} ({kind_of(notifier)})", fix=fix
    )
