"""The Route that a UE of the tester preloads in a request outside a dialog, beside the one that it has got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imsreg.sip.errors import HeaderError
from imsreg.sip.flow import Address
from imsreg.sip.headers.name_addr import Route, ServiceRoute
from imsreg.sip.uri import equivalent
from imsreg.transcript.entries import Entry
from imsreg.verdict.route_hops import hops
from imsreg.verdict.subscriptions import Subscribe
from imsreg.verdict.view import View


@dataclass(frozen=True, slots=True)
class Preloaded:
    """Route values: `first` leads to the P-CSCF (None if none does), `rest` follow on it.

    `wanted` is the Service-Route of the last 2xx to a registration of the same contact, empty if that has none.
    """

    first: Route | None
    rest: tuple[Route, ...]
    wanted: tuple[ServiceRoute, ...]

    @classmethod
    def of(cls, view: View, subscribe: Subscribe) -> Preloaded | None:
        """None if no registration of the contact is known, or one of the header fields cannot be read."""
        contact = subscribe.contact
        known = [
            answered
            for answered in view.registered
            if answered.entry < subscribe.number
            and any(contact is not None and equivalent(c.uri, contact) for c in answered.attempt.contacts if not c.star)
        ]
        if not known:
            return None
        try:
            routes = subscribe.request.get_all(Route)
            wanted = known[-1].response.get_all(ServiceRoute)
        except HeaderError:
            return None
        first = routes[0] if routes and _leads_to(routes, subscribe.exchange.request, wanted) else None
        return cls(first, routes[1:] if first is not None else routes, wanted)

    @property
    def right(self) -> bool:
        """Whether it is the P-CSCF and then the Service-Route, as the UE has to write it."""
        return self.first is not None and self.first.loose and hops(self.rest) == hops(self.wanted)

    def leads_back(self, entry: Entry) -> bool:
        """Whether one of the hops behind the P-CSCF is the host that the request comes from."""
        return any(_host(route) == entry.source.host for route in self.rest)


def _leads_to(routes: Sequence[Route], entry: Entry, wanted: Sequence[ServiceRoute]) -> bool:
    """Whether the first hop is where the request was sent to, by address, or by a name that may be its."""
    if hops(routes) == hops(wanted):
        return False
    host = _host(routes[0])
    return host == entry.destination.host or (host is None and bool(routes[0].uri.host))


def _host(route: Route) -> str | None:
    """The address of a hop, None if it has a name."""
    try:
        return Address.of(route.uri.host, 0).host
    except ValueError:
        return None
