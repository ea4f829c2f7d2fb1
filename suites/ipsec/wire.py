"""Two outer namespaces joined by a wire, and somebody who sees every frame on it. Nothing of it has a name outside."""

from __future__ import annotations

import select
import socket
import struct
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from imsreg.net.ipsec.interface import add_address, bring_up
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.netlink import CREATE, EXCLUSIVE, Netlink, attribute

UE_HOSTS = {"IPv4": "10.77.0.1", "IPv6": "fd77::1"}
P_CSCF_HOSTS = {"IPv4": "10.77.0.2", "IPv6": "fd77::2"}
SENTINEL_PORT = 9

_NEW_LINK = 16
_IFNAME, _LINKINFO, _NET_NS_FD = 3, 18, 28
_KIND, _DATA, _PEER = 1, 2, 1
_LINK = struct.Struct("=BxHiII")
_ALL = 0x0003


class Wire:
    """`ue` and `p_cscf` are the namespaces at its ends."""

    def __init__(self) -> None:
        self._sentinel = 0
        with ExitStack() as undo:
            self.ue = undo.enter_context(Namespace.create())
            self.p_cscf = undo.enter_context(Namespace.create())
            with self.ue.entered():
                _veth("gm0", "gm1", self.p_cscf)
            ends = (self.ue, "gm0", UE_HOSTS), (self.p_cscf, "gm1", P_CSCF_HOSTS)
            for namespace, name, _ in ends:
                with namespace.entered():
                    for limit in ("ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"):
                        Path("/proc/sys/net", limit).write_text("0", encoding="ascii")
                    bring_up("lo")
                    bring_up(name)
            for namespace, name, hosts in ends:  # an address is had once both ends are up
                with namespace.entered():
                    for host in hosts.values():
                        add_address(name, host, 64 if ":" in host else 24)
            with self.p_cscf.entered():
                self._tap = undo.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))
                self._tap.bind(("gm1", _ALL))
            for here, there in zip(UE_HOSTS.values(), P_CSCF_HOSTS.values(), strict=True):
                self._wait_until_joined(here, there)
            self._undo = undo.pop_all()
        self.frames()

    def frames(self, timeout: float = 10.0) -> list[bytes]:
        """Every IP packet that has been on the wire since the last call: up to a sentinel that is sent for this."""
        self._sentinel += 1
        sentinel = b"sentinel %d" % self._sentinel
        found: list[bytes] = []
        end = time.monotonic() + timeout
        with self.ue.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
            while time.monotonic() < end:
                outside.sendto(sentinel, (P_CSCF_HOSTS["IPv4"], SENTINEL_PORT))  # again: the tap may have been full
                while select.select([self._tap], [], [], 1.0)[0]:
                    octets, (_, kind, *_) = self._tap.recvfrom(65_600)
                    if kind == 0x0800 and octets.endswith(sentinel):
                        return found
                    if kind in (0x0800, 0x86DD) and b"sentinel" not in octets[-20:]:
                        found.append(octets)
        raise AssertionError("the sentinel did not come")

    def _wait_until_joined(self, here: str, there: str, timeout: float = 15.0) -> None:
        """A fresh wire loses packets, IPv6's more than others, until both ends know each other's hardware address."""
        with self.p_cscf.entered():
            receiver = socket.socket(_family(there), socket.SOCK_DGRAM)
        with receiver, self.ue.entered(), socket.socket(_family(there), socket.SOCK_DGRAM) as sender:
            receiver.bind((there, 0))
            sender.bind((here, 0))
            end = time.monotonic() + timeout
            while time.monotonic() < end:
                sender.sendto(b"there?", receiver.getsockname()[:2])
                if select.select([receiver], [], [], 0.1)[0]:
                    return
        raise AssertionError(f"{here} does not reach {there}")

    def close(self) -> None:
        """Everything goes with the last open file."""
        self._undo.close()


def protocols(frames: list[bytes]) -> set[int]:
    """The protocols of IP packets without what ICMP (errors and neighbour discovery) has to say."""
    found = {octets[9] if octets[0] >> 4 == 4 else octets[6] for octets in frames}
    return found - {socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6, 0}  # 0: hop-by-hop options, of MLD


def namespace_users(identity: str) -> set[int]:
    """Processes that are in a namespace, or hold it open."""
    return {int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal() and identity in _held(each)}


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _held(process: Path) -> set[str]:
    """Where a process is, and what it has open; nothing of one that has gone meanwhile."""
    found = set()
    with suppress(OSError):
        for place in (process / "ns/net", *(process / "fd").iterdir()):
            with suppress(OSError):
                found.add(str(place.readlink()))
    return found


def _veth(name: str, peer: str, there: Namespace) -> None:
    other = _LINK.pack(0, 0, 0, 0, 0) + attribute(_IFNAME, peer.encode() + b"\0")
    other += attribute(_NET_NS_FD, struct.pack("=I", there.fileno()))
    info = attribute(_KIND, b"veth") + attribute(_DATA, attribute(_PEER, other))
    body = _LINK.pack(0, 0, 0, 0, 0) + attribute(_IFNAME, name.encode() + b"\0") + attribute(_LINKINFO, info)
    with Netlink(0) as kernel:
        kernel.request(_NEW_LINK, body, CREATE | EXCLUSIVE)
