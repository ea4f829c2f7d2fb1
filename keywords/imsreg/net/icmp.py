"""ICMP errors about datagrams we sent, as Linux queues them on the socket (ip(7) IP_RECVERR, ipv6(7))."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from contextlib import suppress
from typing import NamedTuple

from imsreg.net.sockaddr import from_sockaddr
from imsreg.sip.flow import Address

# <linux/in.h>, <linux/in6.h>, <linux/errqueue.h>: the socket module does not name them.
_IP_RECVERR = 11
_IPV6_RECVERR = 25
_EXTENDED_ERROR = struct.Struct("=IBBBxII")  # errno, origin, type, code, info, data; the offender's sockaddr follows
_ORIGIN_ICMP = 2
_ORIGIN_ICMP6 = 3

_FRAGMENTATION_NEEDED = (_ORIGIN_ICMP, 3, 4)

# By origin and type: the name of each code; -1 stands for every other code.
_FAILURES: dict[tuple[int, int], dict[int, str]] = {
    (_ORIGIN_ICMP, 3): {  # RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1
        -1: "destination unreachable",
        0: "network unreachable",
        1: "host unreachable",
        2: "protocol unreachable",
        3: "port unreachable",
        5: "source route failed",
        6: "network unknown",
        7: "host unknown",
        9: "network administratively prohibited",
        10: "host administratively prohibited",
        11: "network unreachable for the type of service",
        12: "host unreachable for the type of service",
        13: "communication administratively prohibited",
    },
    (_ORIGIN_ICMP, 12): {-1: "parameter problem"},
    (_ORIGIN_ICMP6, 1): {  # RFC 4443 3.1
        -1: "destination unreachable",
        0: "no route to destination",
        1: "communication administratively prohibited",
        2: "beyond the scope of the source address",
        3: "address unreachable",
        4: "port unreachable",
        5: "source address failed the policy",
        6: "route to destination rejected",
    },
    (_ORIGIN_ICMP6, 4): {-1: "parameter problem"},
}


class IcmpError(NamedTuple):
    """One ICMP error: the address the datagram was sent to, and words that name type, code and sender."""

    destination: Address
    detail: str


def listen_for_icmp(udp: socket.socket) -> None:
    """Have the kernel queue ICMP errors on this socket. Elsewhere than on Linux a closed port is silent."""
    if sys.platform == "linux":
        with suppress(OSError):  # some sandboxes that look like Linux know no error queue
            if udp.family == socket.AF_INET:
                udp.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            else:
                udp.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)


def read_icmp_errors(udp: socket.socket, most: int = 32) -> list[IcmpError]:
    """Take up to `most` errors from the socket's queue; those that RFC 3261 18.4 ignores are left out."""
    errors: list[IcmpError] = []
    if sys.platform == "linux":
        for _ in range(most):
            try:
                _, ancillary, _, destination = udp.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:  # empty
                break
            for _, kind, data in ancillary:
                if kind in (_IP_RECVERR, _IPV6_RECVERR) and (detail := describe(data)):
                    errors.append(IcmpError(from_sockaddr(destination), detail))
    return errors


def describe(data: bytes) -> str | None:
    """Words for a sock_extended_err, or None if it is none that concerns us.

    RFC 3261 18.4: unreachable and parameter problem are failures; source quench and TTL exceeded are ignored. So are
    "fragmentation needed" and "packet too big": the kernel now knows the path MTU, and the retransmission fits.
    """
    if len(data) < _EXTENDED_ERROR.size:
        return None
    _, origin, kind, code, _, _ = _EXTENDED_ERROR.unpack_from(data)
    words = _FAILURES.get((origin, kind))
    if words is None or (origin, kind, code) == _FRAGMENTATION_NEEDED:
        return None
    name = "ICMP" if origin == _ORIGIN_ICMP else "ICMPv6"
    offender = _offender(data[_EXTENDED_ERROR.size :])
    return f"{name} {words.get(code, words[-1])} (type {kind}, code {code}){offender}"


def _offender(sockaddr: bytes) -> str:
    family = int.from_bytes(sockaddr[:2], sys.byteorder)
    if family == socket.AF_INET and len(sockaddr) >= 8:
        return f" from {ipaddress.IPv4Address(sockaddr[4:8])}"
    if family == socket.AF_INET6 and len(sockaddr) >= 24:
        return f" from {ipaddress.IPv6Address(sockaddr[8:24])}"
    return ""
