"""Record-Route in a response to REGISTER, which means nothing there (RFC 3261 10.2)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.sip.flow import Address
from imsreg.sip.headers.name_addr import RecordRoute, Route, ServiceRoute
from imsreg.sip.message import Request
from imsreg.sip.uri import Uri, equivalent
from imsreg.transcript.entries import Entry
from imsreg.verdict.checks.registry import check
from imsreg.verdict.outcome import Breach, Held, Observed, Outcome, Unmet
from imsreg.verdict.ue_registers import UeRegister
from imsreg.verdict.ue_view import Subscribed
from imsreg.verdict.view import View, line_of, readable


@check("rfc3261-10.2-03")
def makes_no_route_of_record_route(view: View) -> Iterator[Outcome]:
    """The requests outside a dialog that follow, up to the next response to a REGISTER, do not go by it.

    A host name in the first place may be that of the P-CSCF, which the UE knows by itself.
    """
    decided = False
    for register in view.ue.registers:
        hops = _recorded(view, register)
        for entry, request in _following(view, register) if hops else ():
            decided = True
            routes = readable(request, Route)
            taken = [route for route in routes if _among(route.uri, hops)]
            if taken:
                finding = Observed if taken == [routes[0]] and _named(routes[0].uri) else Breach
                actual = f"Route: {', '.join(map(str, taken))}"
                yield finding(
                    entry.number, "no Route that Record-Route of a 200 gave", actual, line_of(request, "Route")
                )
            else:
                yield Held(entry.number)
    if not decided:
        yield Unmet("no request followed on a response to REGISTER with a Record-Route that leads elsewhere")


def _recorded(view: View, register: UeRegister) -> list[Uri]:
    """What Record-Route of the 2xx names, without what the UE may know otherwise.

    That is Service-Route, the P-CSCF, and where it has gone before.
    """
    if register.final is None or not register.accepted:
        return []
    known = [hop.uri for hop in readable(register.final, ServiceRoute)]
    for sent in _outside(view):
        known += [hop.uri for hop in readable(sent.request, Route) if sent.number < register.final_entry.number]
    p_cscf = register.exchange.request.destination.host
    hops = [hop.uri for hop in readable(register.final, RecordRoute)]
    return [hop for hop in hops if not _among(hop, known) and hop.host.strip("[]") != p_cscf]


def _following(view: View, register: UeRegister) -> Iterator[tuple[Entry, Request]]:
    """The REGISTER and SUBSCRIBE requests of the UE that the response can have a part in."""
    begun = register.final_entry.number
    ends = [r.final_entry.number for r in view.ue.registers if r.final is not None and r.final_entry.number > begun]
    end = min(ends, default=len(view.transcript.entries) + 1)
    for sent in _outside(view):
        if begun < sent.number < end:
            yield sent.exchange.request, sent.request


def _outside(view: View) -> list[UeRegister | Subscribed]:
    """The UE's requests outside a dialog."""
    return [*view.ue.registers, *view.ue.subscribed]


def _named(uri: Uri) -> bool:
    try:
        Address.of(uri.host, 0)
    except ValueError:
        return True
    return False


def _among(uri: Uri, others: list[Uri]) -> bool:
    return any(equivalent(uri, other) for other in others)
