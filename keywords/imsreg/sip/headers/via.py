"""Via (RFC 3261 20.42)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from imsreg.sip import scan
from imsreg.sip.errors import SyntaxFault, show
from imsreg.sip.headers.base import ParamHeader
from imsreg.sip.params import NO_PARAMS, Params

_WORD = r"[^\s/;,:\"<>]++"
_SLASH = r"[ \t]*+/[ \t]*+"
_PROTOCOL = re.compile(rf"[ \t]*+(?P<name>{_WORD}){_SLASH}(?P<version>{_WORD}){_SLASH}(?P<transport>{_WORD})[ \t]++")
_SENT_BY = re.compile(rf"(?P<host>{scan.HOST})[ \t]*+(?::[ \t]*+(?P<port>{scan.PORT}))?[ \t]*+")


@dataclass(frozen=True)
class Via(ParamHeader):
    """One hop. `version` is "SIP/2.0", `transport` in upper case.

    `host` in comparable form: lower case, an IPv6 address compressed and without brackets; `port` None if not written.
    """

    NAME = "Via"
    LIST = True

    version: str
    transport: str
    host: str
    port: int | None = None
    params: Params = NO_PARAMS

    @property
    def branch(self) -> str | None:
        """The branch parameter, or None."""
        return self.params.get("branch")

    @property
    def received(self) -> str | None:
        """The received parameter in comparable form (an IPv6 address without brackets), or None."""
        received = self.params.get("received")
        return None if received is None else scan.address(received)

    @property
    def rport(self) -> int | None:
        """The port in rport (RFC 3581 3); None if there is none. Whether rport was asked for: `"rport" in params`."""
        return scan.optional_number(self.params.get("rport"), 65535)

    @classmethod
    def _read(cls, text: str) -> Self:
        protocol = _PROTOCOL.match(text)
        if protocol is None:
            raise SyntaxFault("a Via begins with SIP/2.0/transport and a blank")
        at = protocol.end()
        host, port, end = _read_sent_by(text, at)
        return cls(
            f"{protocol['name']}/{protocol['version']}",
            protocol["transport"].upper(),
            host,
            port,
            Params.read(text, end),
        )

    @property
    def sent_by(self) -> str:
        """Host and port as SIP writes them: brackets around an IPv6 address, the port if there is one."""
        return scan.bracketed(self.host) + ("" if self.port is None else f":{self.port}")

    def sent_from(self, address: str) -> bool:
        """Whether the sent-by host is this IP address (RFC 3261 18.2.1); a host name never is."""
        return self.host == scan.address(address)

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.version}/{self.transport} {self.sent_by}{self.params}"


def _read_sent_by(text: str, at: int) -> tuple[str, int | None, int]:
    """Host and port at index `at`, and the index of what follows. Raises SyntaxFault."""
    sent_by = _SENT_BY.match(text, at)
    if sent_by is not None and _ends(text, sent_by.end()):
        port = scan.port(sent_by["port"], sent_by.start("port") + 1)
        return scan.host(sent_by["host"], at + 1), port, sent_by.end()
    bare = scan.bare_ipv6(text, at)
    if bare is not None and _ends(text, bare.end):
        return bare.host, bare.port, bare.end
    if sent_by is None:
        raise SyntaxFault("the sent-by host is missing", at + 1)
    raise SyntaxFault(f"{show(text[sent_by.end()])} cannot follow the sent-by host and port", sent_by.end() + 1)


def _ends(text: str, at: int) -> bool:
    return at == len(text) or text[at] == ";"
