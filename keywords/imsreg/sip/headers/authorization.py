"""Credentials and challenges, of servers and of proxies.

RFC 3261 20.7, 20.27, 20.28, 20.44; RFC 3310 3; TS 24.229 7.2A.1, 7.2A.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from imsreg.secret import Secret
from imsreg.sip.errors import SyntaxFault
from imsreg.sip.headers.base import Header
from imsreg.sip.headers.digest import AuthParam, AuthParams, DigestParams, read_auth_params, write_auth_params

_SCHEME = re.compile(r"[ \t]*+(?P<scheme>[^\s,;=\"<>]++)(?:[ \t]++|$)")


@dataclass(frozen=True, repr=False)
class DigestHeader(DigestParams, Header):
    """A scheme, "Digest" as a rule, and its parameters; parameters that have no property are in `params`.

    `str()` is for the wire: a challenge toward a P-CSCF holds keys. `repr()` names the parameters only.
    """

    scheme: str
    params: AuthParams = field(hash=False)

    @classmethod
    def of(cls, values: Mapping[str, str | AuthParam | None], scheme: str = "Digest") -> Self:
        """A header to send. Plain values are quoted as the grammar says, AuthParam as it says, None is left out."""
        return cls(scheme, cls._plain(values))

    def with_param(self, name: str, value: str | AuthParam) -> Self:
        """A copy with one parameter set: in its place if it is there, else at the end."""
        return type(self)(self.scheme, MappingProxyType({**self.params, **self._plain({name: value})}))

    def without(self, *names: str) -> Self:
        """A copy without these parameters."""
        gone = {name.lower() for name in names}
        kept = {name: param for name, param in self.params.items() if name not in gone}
        return type(self)(self.scheme, MappingProxyType(kept))

    @property
    def realm(self) -> str | None:
        """The realm."""
        return self.text("realm")

    @property
    def algorithm(self) -> str | None:
        """The algorithm as written, "AKAv1-MD5" for IMS AKA; None means MD5 (RFC 3261 22.4)."""
        return self.text("algorithm")

    @property
    def opaque(self) -> str | None:
        """The text that the client returns as it came."""
        return self.text("opaque")

    @classmethod
    def _read(cls, text: str) -> Self:
        scheme = _SCHEME.match(text)
        if scheme is None:
            raise SyntaxFault("the authentication scheme is missing")
        return cls(scheme["scheme"], read_auth_params(text, scheme.end()))

    def __repr__(self) -> str:
        return f"<{self.NAME} {self.scheme}: {', '.join(self.params)}>"

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.scheme} {write_auth_params(self.params)}".rstrip(" ")


class Credentials(DigestHeader):
    """What a client answers to a challenge."""

    @property
    def username(self) -> str | None:
        """The IMPI."""
        return self.text("username")

    @property
    def uri(self) -> str | None:
        """The digest-uri as written."""
        return self.text("uri")

    @property
    def response(self) -> str | None:
        """The request-digest; empty in a request that has no challenge to answer."""
        return self.text("response")

    @property
    def auts(self) -> str | None:
        """The base64 of AUTS, which reports a synchronisation failure (RFC 3310 3.4)."""
        return self.text("auts")

    @property
    def integrity_protected(self) -> str | None:
        """What a P-CSCF says about the protection that the request came with (TS 24.229 7.2A.2)."""
        return self.text("integrity-protected")


class Authorization(Credentials):
    """The credentials of a request for its server (RFC 3261 20.7)."""

    NAME = "Authorization"


class ProxyAuthorization(Credentials):
    """The credentials of a request for a proxy on its way (RFC 3261 20.28)."""

    NAME = "Proxy-Authorization"


class Challenge(DigestHeader):
    """What a client is asked to answer."""

    UNQUOTED = frozenset(("algorithm", "stale"))

    @property
    def qop_options(self) -> tuple[str, ...]:
        """The qualities of protection on offer, in lower case."""
        return tuple(option for each in (self.qop or "").split(",") if (option := each.strip(" \t").lower()))

    @property
    def stale(self) -> bool:
        """Whether the response was right but its nonce too old."""
        return (self.text("stale") or "").lower() == "true"

    @property
    def ck(self) -> Secret | None:
        """The cipher key for the P-CSCF, which keeps it from the UE (TS 24.229 7.2A.1); None if absent or no key."""
        return _key(self.text("ck"))

    @property
    def ik(self) -> Secret | None:
        """The integrity key for the P-CSCF, which keeps it from the UE (TS 24.229 7.2A.1); None if absent or no key."""
        return _key(self.text("ik"))


class WwwAuthenticate(Challenge):
    """One challenge of a server (RFC 3261 20.44)."""

    NAME = "WWW-Authenticate"


class ProxyAuthenticate(Challenge):
    """One challenge of a proxy (RFC 3261 20.27)."""

    NAME = "Proxy-Authenticate"


def _key(text: str | None) -> Secret | None:
    try:
        octets = bytes.fromhex(text or "")
    except ValueError:
        return None
    return Secret(octets) if octets else None
