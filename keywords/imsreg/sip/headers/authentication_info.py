"""Authentication-Info (RFC 3261 20.6, RFC 7616 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from imsreg.sip.errors import SyntaxFault
from imsreg.sip.headers.base import Header
from imsreg.sip.headers.digest import AuthParam, AuthParams, DigestParams, read_auth_params, write_auth_params


@dataclass(frozen=True)
class AuthenticationInfo(DigestParams, Header):
    """What a server says after it accepted credentials."""

    NAME = "Authentication-Info"

    params: AuthParams = field(hash=False)

    @classmethod
    def of(cls, values: Mapping[str, str | AuthParam | None]) -> Self:
        """A header to send. Plain values are quoted as the grammar says, AuthParam as it says, None is left out."""
        return cls(cls._plain(values))

    @property
    def rspauth(self) -> str | None:
        """The server's own response-digest, with A2 = ":" digest-uri (RFC 7616 3.5)."""
        return self.text("rspauth")

    @property
    def nextnonce(self) -> str | None:
        """The nonce for the next request."""
        return self.text("nextnonce")

    @classmethod
    def _read(cls, text: str) -> Self:
        params = read_auth_params(text, 0)
        if not params:
            raise SyntaxFault("there is no parameter")
        return cls(params)

    def __str__(self) -> str:
        """Canonical text."""
        return write_auth_params(self.params)
