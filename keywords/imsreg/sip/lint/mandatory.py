"""Headers that have to be there, headers that must not be, and the length of the body (RFC 3261 8.1.1, 20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imsreg.sip.lint.source import Source
from imsreg.sip.lint.violation import Violation
from imsreg.sip.message import Request

_ALWAYS = ("Call-ID", "CSeq", "From", "To", "Via")
_REQUEST: Mapping[str, tuple[tuple[str, str], ...]] = {
    "INVITE": (("Contact", "RFC 3261 8.1.1.8"),),
    "SUBSCRIBE": (("Event", "RFC 6665 3.1.2"),),
    "NOTIFY": (("Event", "RFC 6665 3.2.1"), ("Subscription-State", "RFC 6665 4.1.3")),
}
_RESPONSE: Mapping[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "RFC 3261 20, table 3"),
    405: ("Allow", "RFC 3261 20, table 2"),
    407: ("Proxy-Authenticate", "RFC 3261 20, table 3"),
    420: ("Unsupported", "RFC 3261 20, table 3"),
    422: ("Min-SE", "RFC 4028 6"),
    423: ("Min-Expires", "RFC 3261 20, table 2"),
    494: ("Security-Server", "RFC 3329 2.3.1"),
}
_NOT_IN_REGISTER = ("Alert-Info", "In-Reply-To", "Priority", "Record-Route", "Reply-To", "Subject")
_STREAMS = ("TCP", "TLS")


def mandatory(source: Source) -> Iterator[Violation]:
    """Headers that a message of its kind has to have."""
    message = source.message
    kind = f"a {message.method} request" if isinstance(message, Request) else f"a {message.status} response"
    kind = "a request" if isinstance(message, Request) and message.method not in _REQUEST else kind
    wanted = [(name, "RFC 3261 8.1.1" if isinstance(message, Request) else "RFC 3261 8.2.6.2") for name in _ALWAYS]
    if isinstance(message, Request):
        wanted += [("Max-Forwards", "RFC 3261 8.1.1.6"), *_REQUEST.get(message.method, ())]
    elif message.status in _RESPONSE:
        wanted.append(_RESPONSE[message.status])
    if message.body:
        wanted.append(("Content-Type", "RFC 3261 20.15"))
    for name, clause in wanted:
        if not source.named(name):
            about = "a body" if name == "Content-Type" else kind
            yield source.find("mandatory-header", None, f"{name} is missing", f"{about} has {name}", clause)


def not_applicable(source: Source) -> Iterator[Violation]:
    """Headers that table 2 and 3 have no place for in a REGISTER."""
    if isinstance(source.message, Request) and source.message.method == "REGISTER":
        for field in source.fields:
            if field.name in _NOT_IN_REGISTER:
                what = f"{field.name} stands in a REGISTER"
                yield source.find("header-not-applicable", field.whole.at, what, f"no {field.name}")


def content_length(source: Source) -> Iterator[Violation]:
    """Content-Length, or the lack of it. Several that agree are for another rule."""
    message = source.message
    fields = source.named("Content-Length")
    if not fields:
        on_stream = _transport(source) in _STREAMS
        rule = "content-length-missing" if on_stream else "content-length-advised"
        yield source.find(rule, None, "Content-Length is missing", f"Content-Length: {len(message.body)}")
        return
    octets = len(message.body) + len(message.surplus)
    for field in source.good("Content-Length"):
        digits = field.value.text.lstrip("0") or "0"
        if digits != str(octets):
            what = f"Content-Length is not {octets}, the octets that came after the header"
            yield source.find("content-length", field.value.at, what, f"Content-Length: {octets}")


def _transport(source: Source) -> str:
    """The transport in the topmost Via in upper case; "" if that cannot be read."""
    for field in source.good("Via"):
        return field.value.text.split("/")[2].split()[0].upper()
    return ""
