"""What the kernel's refusals mean, in words, and what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

ELSEWHERE = "use the userspace back end, or run inside User Mode Linux"

_REASONS = {
    errno.EPROTONOSUPPORT: "this kernel has no ESP (CONFIG_INET_ESP, CONFIG_INET6_ESP), or has not loaded it",
    errno.ENOSYS: "this kernel has neither ESP nor the algorithm, or has not loaded them",
    errno.ENOENT: "this kernel lacks a part of the algorithm, such as a random generator (drbg)",
    errno.EAFNOSUPPORT: "this kernel does not know the address family",
    errno.ECONNREFUSED: "this kernel has no XFRM (CONFIG_XFRM_USER), or has not loaded it",
}


def kernel_reason(error: OSError) -> str:
    """Why the kernel has refused an association or a policy, and what to do, on one line."""
    number = error.errno or 0
    if number in (errno.EPERM, errno.EACCES):
        return "CAP_NET_ADMIN missing in this network namespace"
    if number == errno.ESRCH:
        return "the kernel does not know it (any more): somebody has taken it out"
    return f"{_REASONS[number]}: {ELSEWHERE}" if number in _REASONS else os.strerror(number)


def offload_hindrance() -> str | None:
    """Why packets would be opened before anybody could see them as they came, or None.

    With ESP offload and receive offload the kernel opens them as soon as the device has them: neither a raw socket has
    them nor a packet socket shows them sealed, and what was protected looks as if it had come in the clear.
    """
    found = [name for name in ("esp4_offload", "esp6_offload") if Path("/sys/module", name).exists()]
    if not found:
        return None
    return f"{' and '.join(found)} would hide packets from the records: rmmod {' '.join(found)}, or {ELSEWHERE}"
