"""Interfaces, addresses and routes of the namespace that the calling thread is in (rtnetlink)."""

from __future__ import annotations

import ipaddress
import socket
import struct

from imsreg.net.ipsec.netlink import CREATE, EXCLUSIVE, Answer, Netlink, attribute, attributes

_NETLINK_ROUTE = 0
_NEW_LINK, _NEW_ADDRESS, _NEW_ROUTE = 16, 20, 24  # <linux/rtnetlink.h>
_UP = 1  # IFF_UP
_NODAD = 0x02  # IFA_F_NODAD: usable at once
_MTU, _METRICS, _ADVMSS, _OUT = 4, 8, 8, 4  # IFLA_MTU, RTA_METRICS, RTAX_ADVMSS, RTA_OIF
_LOCAL, _ADDRESS = 2, 1  # IFA_LOCAL, IFA_ADDRESS
_MAIN, _BOOT, _UNIVERSE, _UNICAST = 254, 3, 0, 1  # table, protocol, scope, type

_DESTINATION, _ROUTE_TYPE, _LOCAL_ROUTE = 1, 7, 2  # RTA_DST, place of the type, RTN_LOCAL
_IPV6_ROUTES = 0x400  # RTMGRP_IPV6_ROUTE
_LONGEST_QUEUE = 5.0  # seconds

_LINK = struct.Struct("=BxHiII")  # family, type, index, flags, mask
_ADDR = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
_ROUTE = struct.Struct("=BBBBBBBBI")  # family, lengths, tos, table, protocol, scope, type, flags
_U32 = struct.Struct("=I")


def bring_up(name: str, mtu: int | None = None) -> None:
    """Set an interface up, with this MTU if there is one. Raises OSError."""
    change = b"" if mtu is None else attribute(_MTU, _U32.pack(mtu))
    _ask(_NEW_LINK, _LINK.pack(0, 0, socket.if_nametoindex(name), _UP, _UP) + change)


def add_address(name: str, host: str, prefix: int | None = None) -> None:
    """Give an interface that is up an address, alone on its network unless a prefix length is given. Raises OSError.

    Packets to it are taken from then on. For IPv6 that is later than the kernel's answer: it makes the route to a new
    address in a work queue, and until then packets are lost.
    """
    family, octets = _packed(host)
    length = 8 * len(octets) if prefix is None else prefix
    head = _ADDR.pack(family, length, _NODAD if len(octets) == 16 else 0, _UNIVERSE, socket.if_nametoindex(name))
    with Netlink(_NETLINK_ROUTE, _IPV6_ROUTES) as routes:
        _ask(_NEW_ADDRESS, head + attribute(_LOCAL, octets) + attribute(_ADDRESS, octets), CREATE | EXCLUSIVE)
        while len(octets) == 16 and not any(_is_local_route(each, octets) for each in routes.hear(_LONGEST_QUEUE)):
            continue


def add_default_route(name: str, family: int, advertised_mss: int) -> None:
    """Send everything of a family (AF_INET, AF_INET6) to an interface; TCP peers are told this MSS. Raises OSError."""
    head = _ROUTE.pack(family, 0, 0, 0, _MAIN, _BOOT, _UNIVERSE, _UNICAST, 0)
    metrics = attribute(_METRICS, attribute(_ADVMSS, _U32.pack(advertised_mss)))
    way = attribute(_OUT, _U32.pack(socket.if_nametoindex(name)))
    _ask(_NEW_ROUTE, head + way + metrics, CREATE | EXCLUSIVE)


def _is_local_route(answer: Answer, host: bytes) -> bool:
    if answer.kind != _NEW_ROUTE:
        return False
    kind = answer.body[_ROUTE_TYPE]
    return kind == _LOCAL_ROUTE and attributes(answer.body[_ROUTE.size :]).get(_DESTINATION) == host


def _packed(host: str) -> tuple[int, bytes]:
    octets = ipaddress.ip_address(host).packed
    return (socket.AF_INET if len(octets) == 4 else socket.AF_INET6), octets


def _ask(kind: int, body: bytes, flags: int = 0) -> None:
    with Netlink(_NETLINK_ROUTE) as kernel:
        kernel.request(kind, body, flags)
