"""Route, Record-Route, Path and Service-Route: the ways of requests through proxies."""

from __future__ import annotations

from imsreg.sip.headers.address import NameAddr


class _Hop(NameAddr):
    LIST = True

    @property
    def loose(self) -> bool:
        """Whether the proxy routes loosely: the URI has the parameter lr (RFC 3261 19.1.1)."""
        return "lr" in self.uri.params


class Route(_Hop):
    """A hop that the request is to take (RFC 3261 20.34)."""

    NAME = "Route"


class RecordRoute(_Hop):
    """A proxy that wants to stay in the dialog (RFC 3261 20.30)."""

    NAME = "Record-Route"


class Path(_Hop):
    """A hop between the registrar and the UE (RFC 3327 4)."""

    NAME = "Path"


class ServiceRoute(_Hop):
    """A hop that later requests of the UE are to take (RFC 3608 5)."""

    NAME = "Service-Route"
