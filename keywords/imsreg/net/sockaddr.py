"""Between our addresses and those of the socket module."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any, Literal

from imsreg.errors import InputError
from imsreg.sip.flow import Address, Transport


def family_of(address: Address) -> socket.AddressFamily:
    """AF_INET or AF_INET6."""
    return socket.AF_INET if address.family == "IPv4" else socket.AF_INET6


def to_sockaddr(address: Address) -> tuple[str, int] | tuple[str, int, int, int]:
    """What bind, connect and sendto take. A zone (fe80::1%eth0) becomes the scope id; OSError if it does not exist."""
    if address.family == "IPv4":
        return (address.host, address.port)
    host, _, zone = address.host.partition("%")
    scope = 0
    if zone:
        scope = int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)
    return (host, address.port, 0, scope)


def from_sockaddr(sockaddr: tuple[Any, ...]) -> Address:
    """The address that recvfrom, accept or getsockname gave."""
    host, port = sockaddr[0], sockaddr[1]
    if len(sockaddr) == 4 and sockaddr[3]:
        host = f"{host.partition('%')[0]}%{socket.if_indextoname(sockaddr[3])}"
    return Address.of(host, port)


def open_socket(address: Address, transport: Transport) -> socket.socket:
    """A non-blocking socket for the family of `address`; IPv6 sockets carry IPv6 only. Raises OSError."""
    kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
    opened = socket.socket(family_of(address), kind)
    opened.setblocking(False)
    if address.family == "IPv6":
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return opened


def cannot_bind(error: OSError, address: Address, transport: Transport) -> InputError:
    """The one line for a local address that the operating system refuses."""
    option = "u" if transport == "UDP" else "t"
    problem, remedy = {
        errno.EADDRINUSE: (
            "the port is in use by another program",
            f"`ss -l{option}np` names it; stop it or choose another port",
        ),
        errno.EADDRNOTAVAIL: ("no interface of this host has the address", "`ip address` lists those it has"),
        errno.EAFNOSUPPORT: (f"this host has no {address.family}", f"enable it or leave {address.family} out"),
        errno.EACCES: ("the port needs rights that this user lacks", "choose a port above 1023"),
    }.get(error.errno or 0, (os.strerror(error.errno or 0), "choose another local address"))
    return InputError(str(address), transport, problem, remedy)


def failure_kind(number: int) -> Literal["unreachable", "refused", "reset", "timeout"]:
    """The kind of TransportFailure that an errno of a TCP socket amounts to."""
    if number == errno.ECONNREFUSED:
        return "refused"
    if number in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return "reset"
    if number == errno.ETIMEDOUT:
        return "timeout"
    return "unreachable"
