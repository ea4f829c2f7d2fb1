"""The headers in which a network names identities (RFC 3325 9, RFC 7315 5.1, 5.2)."""

from __future__ import annotations

from imsreg.sip.headers.address import NameAddr


class PAssertedIdentity(NameAddr):
    """Who the user is, as the network vouches for (RFC 3325 9.1)."""

    NAME = "P-Asserted-Identity"
    LIST = True


class PPreferredIdentity(NameAddr):
    """Which of its identities the UE wants to be asserted (RFC 3325 9.2)."""

    NAME = "P-Preferred-Identity"
    LIST = True


class PAssociatedUri(NameAddr):
    """An identity that the registrar associates with the registered one (RFC 7315 5.1)."""

    NAME = "P-Associated-URI"
    LIST = True


class PCalledPartyId(NameAddr):
    """The identity that a request was for before it was retargeted to the contact (RFC 7315 5.2)."""

    NAME = "P-Called-Party-ID"
