"""The comma-separated parameters of the authentication headers (RFC 3261 25.1, RFC 7616 3.3 to 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from imsreg.sip.errors import SyntaxFault, show
from imsreg.sip.params import quote, read_params


class AuthParam(NamedTuple):
    """A parameter's value, without quotes and escapes, and whether it is a quoted string on the wire."""

    value: str
    quoted: bool

    def __str__(self) -> str:
        return quote(self.value) if self.quoted else self.value


AuthParams = Mapping[str, AuthParam]
"""Parameters in order, by name in lower case."""


class DigestParams:
    """What the authentication headers share: reading the parameters they have in common."""

    UNQUOTED: ClassVar[frozenset[str]] = frozenset(("algorithm", "nc", "qop", "stale"))
    """Parameters that the grammar writes without quotes; all others are quoted strings."""

    params: AuthParams

    def text(self, name: str) -> str | None:
        """The value of a parameter, or None."""
        param = self.params.get(name.lower())
        return None if param is None else param.value

    @property
    def nonce(self) -> str | None:
        """For AKA the base64 of RAND, AUTN and server data (RFC 3310 3.2)."""
        return self.text("nonce")

    @property
    def qop(self) -> str | None:
        """The quality of protection; in a challenge a list of them, see `WwwAuthenticate.qop_options`."""
        return self.text("qop")

    @property
    def nc(self) -> str | None:
        """The nonce count as written: eight hexadecimal digits."""
        return self.text("nc")

    @property
    def cnonce(self) -> str | None:
        """The client's nonce."""
        return self.text("cnonce")

    @classmethod
    def _plain(cls, values: Mapping[str, str | AuthParam | None]) -> AuthParams:
        params: dict[str, AuthParam] = {}
        for name, value in values.items():
            if isinstance(value, AuthParam):
                params[name.lower()] = value
            elif value is not None:
                params[name.lower()] = AuthParam(value, name.lower() not in cls.UNQUOTED)
        return MappingProxyType(params)


def read_auth_params(text: str, at: int) -> AuthParams:
    """The parameters from index `at`. Raises SyntaxFault, also if a name comes twice: nobody could say which counts."""
    params: dict[str, AuthParam] = {}
    for name, value, quoted in read_params(text, at, ","):
        key = name.lower()
        if value is None:
            raise SyntaxFault(f"the parameter {show(name)} has no value", text.index(name, at) + 1)
        if key in params:
            raise SyntaxFault(f"the parameter {show(name)} comes twice", text.rindex(name) + 1)
        params[key] = AuthParam(value, quoted)
    return MappingProxyType(params)


def write_auth_params(params: AuthParams) -> str:
    """Canonical text of the parameters."""
    return ", ".join(f"{name}={param}" for name, param in params.items())
