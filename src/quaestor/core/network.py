"""Say what went wrong on the network, in the same few words whichever SDK it went wrong in."""

from __future__ import annotations

# The first that fits. Each SDK words the same fault in its own way.
_SIGNS = (
    ("onnection refused", "connection refused"),
    ("NameResolution", "the host name is unknown"),
    ("Failed to resolve", "the host name is unknown"),
    ("Name or service not known", "the host name is unknown"),
    ("DNS resolution", "the host name is unknown"),
    ("CERTIFICATE_VERIFY", "its certificate is not trusted"),
    ("SSL", "no secure connection"),
    ("connect to proxy", "the proxy does not let us through"),
    ("ProxyError", "the proxy does not let us through"),
    ("timed out", "no answer in time"),
    ("imeout", "no answer in time"),
    ("too many 5", "it answers with server errors"),
    ("too many 429", "it asks us to slow down"),
    ("onnection reset", "the connection broke"),
    ("aborted", "the connection broke"),
    ("onnection was closed", "the connection broke"),
    ("onnection broken", "the connection broke"),
    ("IncompleteRead", "the connection broke"),
    ("bytes expected", "the connection broke"),
)


def network_reason(problem: object) -> str:
    """Name what went wrong on the network, without the address it went wrong at.

    Args:
        problem: An SDK's error, or its text.

    >>> network_reason(OSError("Failed to establish a connection: [Errno 111] Connection refused"))
    'connection refused'
    >>> network_reason("Could not connect to the endpoint URL")
    'no connection'
    """
    text = str(problem)
    return next((reason for sign, reason in _SIGNS if sign in text), "no connection")
