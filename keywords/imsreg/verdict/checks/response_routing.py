"""Where responses go and what their Via says about it (RFC 3261 18.2; RFC 3581 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from imsreg.sip.headers.via import Via
from imsreg.sip.response_flow import DEFAULT_PORT
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.view import View, line_of, readable

NO_RPORT = Unmet("no response to a request with an empty rport in its topmost Via")


class Routed(NamedTuple):
    """A request and a response as they travelled, and the tester's own Via in both."""

    asked: Entry
    given: Entry
    line: int | None
    asked_via: Via
    given_via: Via

    @property
    def asks_for_rport(self) -> bool:
        """Whether the Via has rport without a value (RFC 3581 3)."""
        return "rport" in self.asked_via.params and self.asked_via.params["rport"] is None

    @property
    def source_port(self) -> int | None:
        """The port that the request came from; None where it does not show.

        A TCP connection leaves from a port of its own, which only what comes back on it shows.
        """
        if self.asked.flow.reliable and self.on_another_connection:
            return None
        return self.given.destination.port if self.asked.flow.reliable else self.asked.source.port

    @property
    def on_another_connection(self) -> bool:
        """Whether the response came on another connection than the one that took the request.

        A connection of the tester's leaves from a port that it does not listen at: what comes there came on another. A
        request on a connection that the DUT has opened has the ends of that connection.
        """
        if self.asked.flow.connection:
            return (self.given.source, self.given.destination) != (self.asked.destination, self.asked.source)
        return self.given.destination == self.asked.source


@check("rfc3581-4-01")
def rport_is_filled_in(view: View) -> Iterator[Outcome]:
    """rport has the port that the request came from."""
    routed = [r for r in _routed(view) if r.asks_for_rport and r.source_port is not None]
    if not routed:
        yield NO_RPORT
    for one in routed:
        if one.given_via.rport == one.source_port:
            yield Held(one.given.number)
        else:
            yield Breach(one.given.number, f"rport={one.source_port}", f"Via: {one.given_via}", one.line)


@check("rfc3581-4-02")
def received_comes_with_rport(view: View) -> Iterator[Outcome]:
    """received has the address that the request came from, whatever sent-by is."""
    return _received((r for r in _routed(view) if r.asks_for_rport), NO_RPORT)


@check("rfc3261-18.2.1-01")
def received_corrects_sent_by(view: View) -> Iterator[Outcome]:
    """received has the address that the request came from where sent-by is a name or another address."""
    routed = (r for r in _routed(view) if not r.asks_for_rport and not r.asked_via.sent_from(r.asked.source.host))
    return _received(routed, Unmet("no response to a request whose sent-by is not its source address"))


@check("rfc3581-4-03")
def response_goes_to_the_source(view: View) -> Iterator[Outcome]:
    """Over UDP, and not to the port in sent-by: only a request that came from another one can tell."""
    telling = [
        r
        for r in _over_udp(view)
        if (r.asked_via.port or DEFAULT_PORT) != r.asked.source.port or r.given.destination != r.asked.source
    ]
    if not telling:
        yield Unmet("no response over UDP to a request with rport whose source port is not that of its sent-by")
    for one in telling:
        if one.given.destination == one.asked.source:
            yield Held(one.given.number)
        else:
            yield Breach(one.given.number, f"sent to {one.asked.source}", f"sent to {one.given.destination}")


@check("rfc3581-4-04")
def response_comes_from_where_the_request_went(view: View) -> Iterator[Outcome]:
    """Over UDP, so that a NAT knows the way back."""
    routed = list(_over_udp(view))
    if not routed:
        yield NO_RPORT
    for one in routed:
        if one.given.source == one.asked.destination:
            yield Held(one.given.number)
        else:
            yield Breach(one.given.number, f"sent from {one.asked.destination}", f"sent from {one.given.source}")


@check("rfc3261-18.2.2-01")
def response_stays_on_the_connection(view: View) -> Iterator[Outcome]:
    """Over TCP while the connection is open: after a failure of the transport that does not show any more."""
    broken = min((event.after for event in view.transcript.events if event.kind == "transport"), default=None)
    routed = [r for r in _routed(view) if r.asked.flow.reliable and (broken is None or r.given.number <= broken)]
    if not routed:
        yield Unmet("no response over TCP on a connection that was certainly open")
    for one in routed:
        if one.on_another_connection:
            where = f"on another connection, to {one.given.destination}"
            yield Breach(one.given.number, "the response on the connection of the request", where)
        else:
            yield Held(one.given.number)


def _received(routed: Iterable[Routed], otherwise: Unmet) -> Iterator[Outcome]:
    """Judges received; brackets around an IPv6 address are odd."""
    found = list(routed)
    if not found:
        yield otherwise
    for one in found:
        finding = one.given.number, f"received={one.asked.source.host}", f"Via: {one.given_via}", one.line
        if one.given_via.received != one.asked.source.host:
            yield Breach(*finding)
        elif (one.given_via.params["received"] or "").startswith("["):
            yield Observed(*finding)
        else:
            yield Held(one.given.number)


def _over_udp(view: View) -> Iterator[Routed]:
    return (r for r in _routed(view) if r.asks_for_rport and not r.asked.flow.reliable)


def _routed(view: View) -> Iterator[Routed]:
    """Requests and responses outside security associations, on which TS 33.203 7.1 and 7.4 say where to and where from.

    A response that lacks the tester's Via or spoils its branch is for rfc3261-8.2.6.2-02.
    """
    for reply in view.replies:
        asked = reply.exchange.request
        top = next(iter(readable(reply.request, Via)), None)
        if top is None or asked.flow.association is not None:
            continue
        given = next((via for via in readable(reply.response, Via) if via.branch == top.branch), None)
        entry = view.transcript.entries[reply.entry - 1]
        if given is not None and entry.flow.association is None:
            yield Routed(asked, entry, line_of(reply.response, "Via"), top, given)
