"""Where a message travels: addresses, flows, and the packets that pass between a sans-IO element and a link."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

Transport = Literal["UDP", "TCP"]


class Address(NamedTuple):
    """An IP address in its canonical text form (no brackets) and a port."""

    host: str
    port: int

    @classmethod
    def of(cls, host: str, port: int) -> Address:
        """An address with `host` normalised: no brackets, IPv6 compressed. Raises ValueError if it is no IP address."""
        return cls(_canonical(host), port)

    @property
    def family(self) -> Literal["IPv4", "IPv6"]:
        """The address family."""
        return "IPv6" if ":" in self.host else "IPv4"

    @property
    def sip_host(self) -> str:
        """The host as SIP writes it: an IPv6reference carries brackets (RFC 3261 25.1)."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        return f"{self.sip_host}:{self.port}"


@lru_cache(maxsize=1024)  # the same few addresses again and again, and a DUT may name as many as it likes
def _canonical(host: str) -> str:
    return str(ipaddress.ip_address(host.strip("[]")))


@dataclass(frozen=True, slots=True)
class Flow:
    """One way between a local and a remote address. `connection` tells TCP connections apart (0 for UDP).

    A TCP flow with connection 0 asks the link for a connection to `remote`: an open one if there is one, else a new
    one. `association` names the security association that protects the flow (None: in the clear).
    """

    transport: Transport
    local: Address
    remote: Address
    connection: int = 0
    association: str | None = None

    @property
    def reliable(self) -> bool:
        """Whether the transport repeats lost octets by itself, so that SIP does not (RFC 3261 17)."""
        return self.transport == "TCP"


@dataclass(frozen=True, slots=True)
class Packet:
    """Octets on a flow: a whole datagram over UDP, a piece of the stream over TCP."""

    flow: Flow
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """The link could not deliver, or lost the connection.

    `kind` is one of "unreachable" (ICMP, named in `detail`), "refused", "reset", "closed" (the peer ended the
    connection in good order), "timeout", "denied" (the egress gate).
    """

    flow: Flow
    kind: Literal["unreachable", "refused", "reset", "closed", "timeout", "denied"]
    detail: str
