"""What a P-CSCF does with requests of registered UEs, and where those of the network find the UE (TS 24.229 5.2.6.3).

Only dialogs pass that a UE has begun. Each has a leg: where the UE was heard. The user part of the P-CSCF's own
Record-Route names it, so that whatever comes back in the dialog shows whose it is.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from imsreg.registration.p_cscf_users import RegisteredUe
from imsreg.registration.replies import Refusal
from imsreg.registration.seams import Seams
from imsreg.sip.draft import Draft
from imsreg.sip.errors import UriError
from imsreg.sip.flow import Address, Flow, Transport
from imsreg.sip.headers.name_addr import Route, To
from imsreg.sip.message import Request
from imsreg.sip.uri import Uri, equivalent

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.registration.gm_security import GmSecurity

MAX_LEGS = 4096
"""Dialogs that are kept; of more the oldest is forgotten, and nothing of it reaches its UE any more."""
SIP_PORT = 5060

NOT_FROM_A_USER = ("Route", "P-Preferred-Identity", "P-Asserted-Identity", "P-Charging-Vector")
"""What goes on in the network's own words, or not at all."""


@dataclass(frozen=True, slots=True)
class Leg:
    """The UE's side of a dialog: `flow` is the one on which its latest request came, seen from the P-CSCF."""

    impi: str | None
    flow: Flow


class Dialogs:
    """The dialogs that UEs have begun. `random` names them; `home` is the flow to the home network."""

    def __init__(self, home: Flow, random: Random, seams: Seams) -> None:
        self._home = home
        self._random = random
        self._seam = seams
        self._legs: OrderedDict[str, Leg] = OrderedDict()

    def outward(self, request: Request, draft: Draft, flow: Flow, ue: RegisteredUe) -> Flow:
        """Make `draft`, a request of `ue` that came on `flow`, one that goes on; where to.

        Raises HeaderError for a route that cannot be read, Refusal: 400 if it is not the one that the UE was given
        (5.2.6.3.3).
        """
        routes = request.get_all(Route)
        own = bool(routes) and _is_own(routes[0].uri, flow)
        rest = routes[1:] if own else routes
        to = request.get(To)
        inside = to is not None and to.tag is not None
        given = () if inside else tuple(Route.parse(each) for each in ue.service_route)
        right = len(rest) == len(given) and all(equivalent(a.uri, b.uri) for a, b in zip(rest, given, strict=True))
        if not self._seam("p-cscf.route-checked", right, request=request):
            raise Refusal(400, "Bad Request (Route)")
        for name in NOT_FROM_A_USER:
            draft.remove(name)
        for each in rest:
            draft.add("Route", each)
        draft.add("P-Asserted-Identity", f"<{ue.asserted(request)}>")
        if inside:
            self._renew(routes[0].uri.user if own else None, Leg(ue.impi, flow))
        else:
            draft.prepend("Record-Route", self._record_route(self._begin(Leg(ue.impi, flow)), flow))
        return self._home if right or not rest else self._elsewhere(rest[0].uri, flow)

    def inward(self, request: Request, draft: Draft, protection: GmSecurity | None, now: float) -> tuple[Leg, Flow]:
        """Make `draft`, a request of the home network, one that goes to its UE; whose it is, and the flow.

        Raises HeaderError for a route that cannot be read, Refusal: 481 for a dialog that no UE has begun, 480 if no
        association leads to the UE.
        """
        routes = request.get_all(Route)
        name = (routes[0].uri.user or "") if routes else ""
        leg = self._legs.get(name)
        if leg is None:
            raise Refusal(481)
        draft.remove("Route")
        for each in routes[1:]:
            draft.add("Route", each)
        draft.prepend("Record-Route", self._record_route(name, leg.flow))
        found: Flow | None
        if protection is None:
            found = _to_contact(request, leg.flow)
        else:
            host = leg.flow.remote.host
            found = protection.request_flow(leg.impi or "", _transport(request), now, host)
        if found is None:
            raise Refusal(480)
        return leg, self._seam("p-cscf.to-ue", found, request=request)

    def _begin(self, leg: Leg) -> str:
        name = self._random.randbytes(8).hex()
        self._legs[name] = leg
        if len(self._legs) > MAX_LEGS:
            self._legs.popitem(last=False)
        return name

    def _renew(self, name: str | None, leg: Leg) -> None:
        known = self._legs.get(name or "")
        if name is not None and known is not None and known.impi == leg.impi:
            self._legs[name] = leg

    @staticmethod
    def _record_route(name: str, flow: Flow) -> str:
        transport = ";transport=tcp" if flow.transport == "TCP" else ""
        return f"<sip:{name}@{flow.local}{transport};lr>"

    @staticmethod
    def _elsewhere(uri: Uri, flow: Flow) -> Flow:
        """Where a route leads that is not the one to the home network: no conformant P-CSCF follows it."""
        try:
            remote = Address.of(uri.host, uri.port or SIP_PORT)
        except ValueError as error:
            raise Refusal(404) from error
        return Flow("UDP", flow.local, remote)


def _is_own(uri: Uri, flow: Flow) -> bool:
    """Whether a route names the P-CSCF: the address at which the request came, or its port in the clear."""
    return uri.host == flow.local.host and (uri.port or SIP_PORT) in (flow.local.port, SIP_PORT)


def _transport(request: Request) -> Transport:
    try:
        return "TCP" if (Uri.parse(request.request_uri).params.get("transport") or "").lower() == "tcp" else "UDP"
    except UriError:
        return "UDP"


def _to_contact(request: Request, heard_on: Flow) -> Flow:
    """To the Contact of the UE, if it is where the UE was heard; else to there, for nobody else is to be reached."""
    try:
        uri = Uri.parse(request.request_uri)
        remote = Address.of(uri.host, uri.port or SIP_PORT)
    except (UriError, ValueError):
        return heard_on
    if remote.host != heard_on.remote.host:
        return heard_on
    return Flow(_transport(request), heard_on.local, remote)
