"""Names and local addresses, looked up before the first packet leaves."""

from __future__ import annotations

import socket

from imsreg.sip.flow import Address


def resolve(name: str) -> tuple[str, ...]:
    """The IP addresses of a host name, at most one per family. Raises OSError with the resolver's words."""
    found: dict[int, str] = {}
    for family, _, _, _, sockaddr in socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM):
        found.setdefault(family, str(sockaddr[0]))
    return tuple(found.values())


def source_address(destination: Address) -> str:
    """The local address from which packets to `destination` leave. Nothing is sent. Raises OSError without a route."""
    family = socket.AF_INET6 if destination.family == "IPv6" else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((destination.host, destination.port))
        return str(probe.getsockname()[0])


def has_ipv6() -> bool:
    """Whether this host can bind the IPv6 loopback address."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
