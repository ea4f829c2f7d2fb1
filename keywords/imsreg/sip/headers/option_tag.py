"""Supported, Require, Proxy-Require and Unsupported: lists of option tags (RFC 3261 19.2)."""

from __future__ import annotations

from imsreg.sip.headers.tokens import LowerWord


class Supported(LowerWord):
    """An extension that the sender knows (RFC 3261 20.37)."""

    NAME = "Supported"


class Require(LowerWord):
    """An extension that the recipient has to know (RFC 3261 20.32)."""

    NAME = "Require"


class ProxyRequire(LowerWord):
    """An extension that every proxy on the way has to know (RFC 3261 20.29)."""

    NAME = "Proxy-Require"


class Unsupported(LowerWord):
    """An extension that was required and is not known, in a 420 (RFC 3261 20.40)."""

    NAME = "Unsupported"
