"""What the back ends need of the system, and in words what is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from imsreg.net.ipsec.clear import ClearWatch
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.raw import EspSocket
from imsreg.net.ipsec.reasons import kernel_reason, offload_hindrance
from imsreg.net.ipsec.tun import DEVICE, open_tun
from imsreg.net.ipsec.xfrm import Xfrm
from imsreg.secagree.associations import Association, Name
from imsreg.secagree.endpoints import FIRST_FREE_SPI
from imsreg.secagree.keys import KEY_OCTETS, expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address

THREE_WAYS = "run as root, as root of a user namespace (unshare -Urn), or inside User Mode Linux"

_NEEDED = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_ADMIN": 21}  # <linux/capability.h>
# For documentation (RFC 5737, RFC 3849): on no real network.
_HOSTS = {"IPv4": ("192.0.2.1", "192.0.2.2"), "IPv6": ("2001:db8::1", "2001:db8::2")}
_PORT = 50_000
_SIMPLEST = Transform("hmac-sha-1-96", "null")
# No parity bits, three different keys: fit for DES as well.
TRIAL_KEY = Secret(bytes(range(1, KEY_OCTETS + 1)))
"""CK and IK of what is only tried."""


def hindrance(backend: Literal["userspace", "kernel"], family: str = "IPv4") -> str | None:
    """Why a back end cannot run here for "IPv4" or "IPv6", and what to do, on one line; None: it can.

    It is tried. For the kernel that is with HMAC-SHA-1-96 and no encryption: `probe` tells of each combination.
    """
    return userspace_hindrance(family) if backend == "userspace" else kernel_hindrance(family, _SIMPLEST)


def userspace_hindrance(family: str = "IPv4") -> str | None:
    """Why the userspace back end cannot run for "IPv4" or "IPv6", with the ways to get there; None: it can.

    It is tried: a namespace, a device and sockets are made, and go again.
    """
    if lacking := missing_capabilities():
        return f"{' and '.join(lacking)} missing: {THREE_WAYS}"
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return f"{DEVICE} cannot be opened: {THREE_WAYS}, with the device"
    try:
        _try(_HOSTS[family][0])
    except OSError as error:
        return f"{family}: {error.strerror or error}: {THREE_WAYS}"
    return None


def kernel_hindrance(family: str, transform: Transform) -> str | None:
    """Why the kernel back end cannot run for a family with a combination, and what to do; None: it can.

    An association is tried in a namespace that is gone afterwards.
    """
    if lacking := missing_capabilities():
        return f"{' and '.join(lacking)} missing: {THREE_WAYS}"
    if (reason := offload_hindrance()) is not None:
        return reason
    source, destination = (Address(host, _PORT) for host in _HOSTS[family])
    association = Association(Name.UL1, FIRST_FREE_SPI, source, destination)
    try:
        with Namespace.create() as scratch, scratch.entered(), Xfrm() as kernel:
            kernel.add(association, expand(transform, TRIAL_KEY, TRIAL_KEY))
            kernel.delete(association)
    except OSError as error:
        return kernel_reason(error)
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
