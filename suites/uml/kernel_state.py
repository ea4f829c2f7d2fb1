"""What the kernel holds and counts in a namespace."""

from __future__ import annotations

from pathlib import Path

from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.netlink import DUMP
from imsreg.net.ipsec.xfrm import Xfrm

_GET_SA, _GET_POLICY = 0x12, 0x15


def held(namespace: Namespace) -> tuple[int, int]:
    """How many associations and policies the kernel has in a namespace; not those of sockets."""
    with namespace.entered(), Xfrm() as xfrm:
        return len(xfrm.kernel.request(_GET_SA, b"", DUMP)), len(xfrm.kernel.request(_GET_POLICY, b"", DUMP))


def errors(namespace: Namespace) -> dict[str, int]:
    """What the kernel has counted in a namespace, without what it never has."""
    with namespace.entered():
        lines = Path("/proc/thread-self/net/xfrm_stat").read_text(encoding="ascii").splitlines()
    return {name: int(count) for name, count in map(str.split, lines) if int(count)}
