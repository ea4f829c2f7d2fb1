"""The hops of a Route or Service-Route in comparable form."""

from __future__ import annotations

from collections.abc import Iterable

from imsreg.sip.headers.name_addr import Route, ServiceRoute

Hop = tuple[object, ...]


def hop(route: Route | ServiceRoute) -> Hop:
    """One hop with all that it says, in whatever case it may be written."""
    uri = route.uri
    params = tuple(sorted((name, (value or "").lower()) for name, value in uri.params.items()))
    return uri.scheme, uri.user, uri.host, uri.port, params


def hops(routes: Iterable[Route | ServiceRoute]) -> list[Hop]:
    """All of them, in order."""
    return [hop(route) for route in routes]
