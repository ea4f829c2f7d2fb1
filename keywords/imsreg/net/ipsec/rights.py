"""What the userspace back end needs of the system, and in words what is missing."""

from __future__ import annotations

import os
from pathlib import Path

from imsreg.net.ipsec.clear import ClearWatch
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.raw import EspSocket
from imsreg.net.ipsec.tun import DEVICE, open_tun

THREE_WAYS = "run as root, as root of a user namespace (unshare -Urn), or inside User Mode Linux"

_NEEDED = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_ADMIN": 21}  # <linux/capability.h>
_HOSTS = {"IPv4": "192.0.2.1", "IPv6": "2001:db8::1"}  # for documentation (RFC 5737, RFC 3849): on no real network


def userspace_hindrance(family: str = "IPv4") -> str | None:
    """Why the userspace back end cannot run for "IPv4" or "IPv6", with the ways to get there; None: it can.

    It is tried: a namespace, a device and sockets are made, and go again.
    """
    if lacking := missing_capabilities():
        return f"{' and '.join(lacking)} missing: {THREE_WAYS}"
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return f"{DEVICE} cannot be opened: {THREE_WAYS}, with the device"
    try:
        _try(_HOSTS[family])
    except OSError as error:
        return f"{family}: {error.strerror or error}: {THREE_WAYS}"
    return None


def missing_capabilities() -> tuple[str, ...]:
    """Of the capabilities that network namespaces, devices and raw sockets take, those that this process lacks."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    return tuple(name for name, bit in _NEEDED.items() if not effective >> bit & 1)


def _try(host: str) -> None:
    with Namespace.create() as scratch:
        tun = open_tun(scratch, [host])
        try:
            with scratch.entered():
                EspSocket(host).close()
                ClearWatch().close()
        finally:
            os.close(tun)
