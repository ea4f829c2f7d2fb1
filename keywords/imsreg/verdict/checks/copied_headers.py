"""What a response copies from its request: Via, From, To, Call-ID, CSeq (RFC 3261 8.2.6.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.base import Header
from imsreg.sip.headers.call_id import CallId
from imsreg.sip.headers.cseq import CSeq
from imsreg.sip.headers.name_addr import From, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import Message
from imsreg.sip.scan import same_token
from imsreg.sip.uri import Uri, equivalent
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import Replied, View, line_of, readable

H = TypeVar("H", bound=Header)


class Copy(NamedTuple, Generic[H]):
    """A header of a request and of its response, read and as text."""

    asked: H
    given: H
    asked_text: str
    given_text: str


@check("rfc3261-8.2.6.2-01")
def from_is_copied(view: View) -> Iterator[Outcome]:
    """From is the same if URI and tag are (RFC 3261 20.20); another display name is odd."""

    def changed(copy: Copy[From]) -> bool:
        asked, given = copy.asked.params, copy.given.params
        shared = all(same_token(asked[name], given[name]) for name in asked if name in given)
        same = shared and equivalent(copy.asked.uri, copy.given.uri) and ("tag" in given or "tag" not in asked)
        return not same or _loses_brackets(copy.asked.uri, copy.given.uri)

    return _copied(view, From, changed, lambda copy: copy.asked != copy.given)


@check("rfc3261-8.2.6.2-02")
def vias_are_copied(view: View) -> Iterator[Outcome]:
    """Number, order and content of the Via values are the same; `received` and `rport` go into the topmost alone."""
    replies = [reply for reply in view.replies if readable(reply.request, Via) and reply.response.field("Via")]
    if not replies:
        yield Unmet("no response with Via to a request whose Via can be read")
    for reply in replies:
        yield _vias(reply)


@check("rfc3261-8.2.6.2-03")
def call_id_is_copied(view: View) -> Iterator[Outcome]:
    """Call-ID is the same octet for octet."""
    return _copied(view, CallId, lambda copy: copy.asked != copy.given)


@check("rfc3261-8.2.6.2-04")
def cseq_is_copied(view: View) -> Iterator[Outcome]:
    """Number and method of CSeq are the same; leading zeros are odd."""
    return _copied(
        view,
        CSeq,
        lambda copy: copy.asked != copy.given,
        lambda copy: copy.asked_text.split() != copy.given_text.split(),
    )


@check("rfc3261-8.2.6.2-05")
def to_is_kept(view: View) -> Iterator[Outcome]:
    """To has the same URI, and the same tag if the request had one; the display name may go."""

    def changed(copy: Copy[To]) -> bool:
        tag = copy.asked.tag
        kept = tag is None or same_token(tag, copy.given.tag)
        same = kept and equivalent(copy.asked.uri, copy.given.uri)
        return not same or _loses_brackets(copy.asked.uri, copy.given.uri)

    return _copied(view, To, changed, lambda copy: copy.asked.uri.text != copy.given.uri.text)


def _copied(
    view: View,
    header: type[H],
    changed: Callable[[Copy[H]], bool],
    odd: Callable[[Copy[H]], bool] = lambda copy: False,
) -> Iterator[Outcome]:
    """Judges responses to requests that had the header once and readable. Its absence is for rfc3261-20-01."""
    name = header.NAME
    replies = [r for r in view.replies if len(readable(r.request, header)) == 1 and r.response.field(name)]
    if not replies:
        yield Unmet(f"no response with {name} to a request whose {name} can be read")
    for reply in replies:
        asked, given = reply.request.value(name) or "", reply.response.value(name) or ""
        finding = reply.entry, f"{name}: {asked}", f"{name}: {given}", line_of(reply.response, name)
        try:
            copy = Copy(header.parse(asked), header.parse(given), asked, given)
        except HeaderError:
            yield Breach(*finding)
            continue
        if changed(copy):
            yield Breach(*finding)
        elif odd(copy):
            yield Observed(*finding)
        else:
            yield Held(reply.entry)


def _vias(reply: Replied) -> Outcome:
    asked, given = ", ".join(reply.request.values("Via")), ", ".join(reply.response.values("Via"))
    finding = reply.entry, f"Via: {asked}", f"Via: {given}", line_of(reply.response, "Via")
    if _hops(reply.request) != _hops(reply.response):
        return Breach(*finding)
    written = list(zip(_written(reply.request), _written(reply.response), strict=True))
    if any("[" in sent and "[" not in copied for sent, copied in written):
        return Breach(*finding)  # an IPv6 address without brackets is no sent-by (RFC 3261 25.1)
    return Held(reply.entry) if all(sent == copied for sent, copied in written) else Observed(*finding)


def _hops(message: Message) -> list[tuple[object, ...]]:
    """What has to be the same of each Via, in order; empty if one cannot be read."""
    hops: list[tuple[object, ...]] = []
    for place, via in enumerate(readable(message, Via)):
        params = via.params if place else via.without("received", "rport").params
        folded = {name: None if value is None else value.lower() for name, value in params.items()}
        hops.append((via.version.lower(), via.transport, via.host, via.port, folded))
    return hops


def _loses_brackets(asked: Uri, given: Uri) -> bool:
    """Whether an IPv6 host has no brackets any more, without which it is no host (RFC 3261 25.1)."""
    return given.lacks_brackets and not asked.lacks_brackets


def _written(message: Message) -> list[str]:
    """Protocol and sent-by of each Via as written, blanks aside."""
    return ["".join(value.partition(";")[0].split()) for value in message.values("Via")]
