"""The headers that hold an address, each from its own file, under one roof."""

from __future__ import annotations

from imsreg.sip.headers.address import NameAddr
from imsreg.sip.headers.contact import Contact
from imsreg.sip.headers.from_to import From, To
from imsreg.sip.headers.identities import PAssertedIdentity, PAssociatedUri, PCalledPartyId, PPreferredIdentity
from imsreg.sip.headers.route import Path, RecordRoute, Route, ServiceRoute

__all__ = [
    "Contact",
    "From",
    "NameAddr",
    "PAssertedIdentity",
    "PAssociatedUri",
    "PCalledPartyId",
    "PPreferredIdentity",
    "Path",
    "RecordRoute",
    "Route",
    "ServiceRoute",
    "To",
]
