"""The one gate through which packets leave: an allow list and a rate cap."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from imsreg.errors import EgressDenied
from imsreg.sip.flow import Address

Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
RATE = 2000.0
"""Packets a second. A test sends tens; only a loop reaches this."""


class EgressGate:
    """Says which addresses the tester may send to, and how fast.

    `allow` lists networks, loopback unless told otherwise. `rate` is in packets a second, kept by a token bucket that
    holds one second's worth. Multicast, broadcast and unspecified addresses are refused whatever the list says.
    """

    def __init__(self, allow: Sequence[Network] = LOOPBACK, rate: float = RATE) -> None:
        if not rate > 0:
            raise ValueError(f"a rate above 0 packets/s, not {rate!r}")
        self._allow = tuple(allow)
        self._rate = rate
        self._tokens = self._burst = max(1.0, rate)
        self._counted_at: float | None = None

    def check(self, address: Address) -> None:
        """Return if packets may go to `address`; else raise EgressDenied with a line that says why and what to do."""
        self.check_unicast(address)
        target = _effective(address.host)
        if not any(target in network for network in self._allow):
            listed = ", ".join(map(str, self._allow)) or "empty"
            raise EgressDenied(f"{address} is not allowed ({listed}); name it under allow: in the profile")

    def check_unicast(self, address: Address) -> None:
        """Raise EgressDenied if `address` stands for more than one host, or for none in particular.

        This much is asked of the tester's own addresses, too, which need not be on the list: nothing is sent to them.
        """
        target = _effective(address.host)
        if target.is_multicast:
            raise EgressDenied(f"{address}: a multicast address is never used")
        if target.is_unspecified:
            raise EgressDenied(f"{address}: the unspecified address is never used")
        if target == IPv4Address("255.255.255.255") or any(_is_broadcast(target, network) for network in self._allow):
            raise EgressDenied(f"{address}: a broadcast address is never used")

    def admit(self, address: Address, now: float) -> None:
        """`check`, then take one packet from the rate's bucket. `now` is in real seconds.

        Raises EgressDenied also if the bucket is empty.
        """
        self.check(address)
        if self._counted_at is not None:
            refill = max(0.0, now - self._counted_at) * self._rate
            self._tokens = min(self._burst, self._tokens + refill)
        self._counted_at = now
        if self._tokens < 1.0:
            raise EgressDenied(f"{address}: the cap of {self._rate:g} packets/s is reached; look for a loop")
        self._tokens -= 1.0


def _effective(host: str) -> IPv4Address | IPv6Address:
    # ::ffff:a.b.c.d reaches a.b.c.d (RFC 4291 2.5.5.2): the list is asked for the address that gets the packet.
    address = ipaddress.ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_broadcast(address: IPv4Address | IPv6Address, network: Network) -> bool:
    # /31 and /32 have no broadcast address (RFC 3021), IPv6 has none at all.
    return isinstance(network, IPv4Network) and network.prefixlen < 31 and address == network.broadcast_address
