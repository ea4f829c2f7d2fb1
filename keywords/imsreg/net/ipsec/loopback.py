"""A network of two sides on one host that nobody else is on: a namespace in which both have addresses of their own.

On the host's own loopback two runs at a time would hear each other's ESP: raw sockets have no ports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imsreg.net.ipsec.interface import add_address, bring_up
from imsreg.net.ipsec.namespace import Namespace

TESTER_HOSTS: Mapping[str, Sequence[str]] = {
    "IPv4": [f"127.0.3.{number}" for number in range(1, 5)],
    "IPv6": [f"2001:db8::3:{number}" for number in range(1, 5)],
}
"""Where the tester is, by family: a P-CSCF knows a UE by its address, so that each of several needs its own.

2001:db8::/32 is for documentation (RFC 3849), on no real network.
"""

DUT_HOSTS: Mapping[str, str] = {"IPv4": "127.0.2.1", "IPv6": "2001:db8::2:1"}
"""Where an embedded DUT is."""


def private_loopback() -> Namespace:
    """A namespace with nothing but a loopback device that has all of these addresses.

    What threads and processes are begun by a thread in it stay in it. Raises OSError where the system refuses.
    """
    namespace = Namespace.create()
    try:
        with namespace.entered():
            bring_up("lo")
            for host in (*TESTER_HOSTS["IPv6"], DUT_HOSTS["IPv6"]):
                add_address("lo", host)
    except BaseException:
        namespace.close()
        raise
    return namespace
