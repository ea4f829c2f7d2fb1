"""The TUN device of a private namespace: the one way in and out of it."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from imsreg.net.ipsec.interface import add_address, add_default_route, bring_up
from imsreg.net.ipsec.namespace import Namespace

DEVICE = "/dev/net/tun"
NAME = "esp0"
MSS = 1160
"""Octets of a TCP segment. With headers and the longest ESP it fits the least MTU of IPv6, 1280 octets: only UDP is
ever fragmented, and that after ESP (RFC 4303 3.3.4)."""

_MTU = 65_535  # datagrams are to arrive here whole
_TUNSETIFF = 0x4004_54CA  # <linux/if_tun.h>
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_REQUEST = struct.Struct("16sH22x")

# No router solicitations, no address of its own making: only what sockets send arrives. Addresses of 127.0.0.0/8 may
# come and go through the device, which lets two of them be joined over loopback.
_SETTINGS = {
    "ipv6/conf/esp0/autoconf": 0,
    "ipv6/conf/esp0/accept_dad": 0,
    "ipv6/conf/esp0/accept_ra": 0,
    "ipv6/conf/esp0/router_solicitations": 0,
    "ipv6/conf/esp0/addr_gen_mode": 1,
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/esp0/rp_filter": 0,
    "ipv4/conf/all/route_localnet": 1,
}


def open_tun(namespace: Namespace, hosts: Collection[str]) -> int:
    """Make the device in a namespace that has no other and give it the addresses; its open file, non-blocking.

    It goes when the file is closed, and with it every route out of the namespace. Raises OSError.
    """
    with namespace.entered():
        opened = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(opened, _TUNSETIFF, _REQUEST.pack(NAME.encode(), _IFF_TUN | _IFF_NO_PI))
            _furnish(hosts)
        except OSError:
            os.close(opened)
            raise
    return opened


def _furnish(hosts: Collection[str]) -> None:
    for name, value in _SETTINGS.items():
        with suppress(FileNotFoundError):  # a kernel without IPv6
            Path("/proc/sys/net", name).write_text(str(value), encoding="utf-8")
    bring_up(NAME, _MTU)
    for host in hosts:
        add_address(NAME, host)
    for family in {socket.AF_INET6 if ":" in host else socket.AF_INET for host in hosts}:
        add_default_route(NAME, family, MSS)
