"""What a P-CSCF makes of the Route that a UE preloads, and how it stays on the way (TS 24.229 5.2.6.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address
from imsreg.sip.headers.name_addr import Contact, RecordRoute
from imsreg.sip.message import Request
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.checks.subscription import NOT_ACCEPTED
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.preloaded import Preloaded
from imsreg.verdict.subscribing import LOOPS, UNDECIDED, whole
from imsreg.verdict.subscriptions import Subscribe
from imsreg.verdict.view import View, readable


@check("24.229-5.2.6.3.3-01")
def follows_no_other_route(view: View) -> Iterator[Outcome]:
    """A Route that leads back to the UE shows whether it is followed; of another one a 2xx tells nothing."""
    decided = False
    for subscribe in view.subscriptions.subscribes:
        preloaded = Preloaded.of(view, subscribe) if subscribe.begins else None
        if preloaded is None or preloaded.first is None or preloaded.right:
            continue
        decided = True
        yield _of_another_route(view, subscribe, preloaded)
    if not decided:
        yield Unmet("no registered UE preloaded a Route that is not its Service-Route")


@check("24.229-5.2.6.3.3-02")
def stays_on_the_way(view: View) -> Iterator[Outcome]:
    """By Record-Route in the 2xx; a P-CSCF that stands in the place of the other side, by its Contact, is odd."""
    accepted = [s for s in view.subscriptions.subscribes if s.begins and s.accepted]
    if not accepted:
        yield NOT_ACCEPTED
    for subscribe in accepted:
        assert subscribe.final is not None
        expected = "Record-Route with the P-CSCF in it"
        try:
            routes = subscribe.final.get_all(RecordRoute)
        except HeaderError as error:
            yield Breach(subscribe.entry, expected, str(error), error.line)
            continue
        if routes:
            yield Held(subscribe.entry)
        elif any(
            _is(contact, subscribe.exchange.request.destination) for contact in readable(subscribe.final, Contact)
        ):
            contacts = ", ".join(subscribe.final.values("Contact"))
            yield Observed(subscribe.entry, expected, f"no Record-Route, but Contact: {contacts}")
        else:
            yield Breach(subscribe.entry, expected, "no Record-Route")


@check("rfc3261-16.4-01")
def takes_itself_out_of_route(view: View) -> Iterator[Outcome]:
    """A request that finds its own sender again goes in a circle: 482, or 483 when its hops are spent."""
    decided = False
    for subscribe in view.subscriptions.subscribes:
        if not whole(view, subscribe):
            continue
        if subscribe.accepted:
            decided = True
            yield Held(subscribe.entry)
        elif subscribe.status in LOOPS:
            decided = True
            yield Breach(subscribe.entry, "the request forwarded along the rest of Route", f"{subscribe.status}")
    if not decided:
        yield Unmet("no SUBSCRIBE with the P-CSCF first in Route was accepted, or went in a circle")


def _of_another_route(view: View, subscribe: Subscribe, preloaded: Preloaded) -> Outcome:
    expected = "400, or the request along the Service-Route"
    back = _came_back(view, subscribe)
    if back is not None:
        named = ", ".join(str(route) for route in preloaded.rest)
        return Breach(back.number, expected, f"the SUBSCRIBE followed Route: {named}")
    if subscribe.final is None or subscribe.status in UNDECIDED:
        return Unmet(
            f"{subscribe.status}: it decides nothing" if subscribe.status else "the SUBSCRIBE was not answered"
        )
    if subscribe.status == 400:
        return Held(subscribe.entry)
    if not subscribe.accepted:
        return Observed(subscribe.entry, expected, f"{subscribe.status}")
    if preloaded.leads_back(subscribe.exchange.request):
        return Held(subscribe.entry, "the SUBSCRIBE did not follow Route")
    return Moot("whether the P-CSCF has put the Service-Route in the place of Route does not show at Gm")


def _came_back(view: View, subscribe: Subscribe) -> Entry | None:
    """The same SUBSCRIBE where it came from the DUT."""
    call_id = subscribe.request.value("Call-ID")
    for exchange in view.transcript.exchanges:
        request = exchange.request.message
        if exchange.by_tester or not isinstance(request, Request) or request.method != "SUBSCRIBE":
            continue
        if request.value("Call-ID") == call_id and exchange.request.number > subscribe.number:
            return exchange.request
    return None


def _is(contact: Contact, p_cscf: Address) -> bool:
    try:
        return Address.of(contact.uri.host, 0).host == p_cscf.host
    except ValueError:
        return False
