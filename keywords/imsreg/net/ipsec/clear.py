"""Watches the outside for packets in the clear: whatever leaves or arrives there over UDP or TCP.

TS 33.203 7.1: no unprotected message is sent from, or received on, a protected port.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from imsreg.net.ipsec.packet_filter import EQUAL, JUMP, LOAD, RETURN, SHIFT, packet_socket
from imsreg.secagree.events import Direction, Inner
from imsreg.sip.flow import Address, Transport

_OTHER_HOST, _OUTGOING = 3, 4  # <linux/if_packet.h>
_SHOWN = 65_600  # octets: all of any packet, which may have a message in it
_FRAGMENT_HEADER = 44
HEAD = 8
"""Octets of `Seen.head`: a UDP header."""
_TRANSPORTS: dict[int, Transport] = {6: "TCP", 17: "UDP"}

# UDP, TCP, and over IPv6 fragments, whose first one has the ports. ESP passes unseen:
# a wake-up for each packet of it would cost more than the packet.
_FILTER = (
    (LOAD, 0, 0, 0),  # the version
    (SHIFT, 0, 0, 4),
    (EQUAL, 0, 2, 4),
    (LOAD, 0, 0, 9),  # IPv4: the protocol
    (JUMP, 0, 0, 2),
    (EQUAL, 0, 5, 6),
    (LOAD, 0, 0, 6),  # IPv6: the next header
    (EQUAL, 2, 0, 6),
    (EQUAL, 1, 0, 17),
    (EQUAL, 0, 1, _FRAGMENT_HEADER),
    (RETURN, 0, 0, _SHOWN),
    (RETURN, 0, 0, 0),
)


class Seen(NamedTuple):
    """A packet in the clear."""

    direction: Direction
    inner: Inner
    head: bytes
    """The first octets of the datagram or segment: over UDP its header."""
    octets: bytes
    """The IP packet, or the first fragment of it."""


class ClearWatch:
    """Sees every interface of the namespace of the thread that opens it. Raises OSError without the right to."""

    def __init__(self) -> None:
        self._socket = packet_socket(_FILTER)

    def fileno(self) -> int:
        """For poll."""
        return self._socket.fileno()

    def receive(self) -> Seen | None:
        """The next packet; None for a later fragment, or one for another host. Raises BlockingIOError."""
        octets, (_, _, kind, *_) = self._socket.recvfrom(_SHOWN)
        read = None if kind == _OTHER_HOST else _read(octets)
        return read and Seen(Direction.OUT if kind == _OUTGOING else Direction.IN, *read, octets)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _read(octets: bytes) -> tuple[Inner, bytes] | None:
    """The 5-tuple of a packet, or of a first fragment, and the head of what it carries."""
    if octets[0] >> 4 == 4:
        protocol, begin = octets[9], (octets[0] & 15) * 4
        later = int.from_bytes(octets[6:8], "big") & 0x1FFF
        source, destination = octets[12:16], octets[16:20]
    else:
        protocol, begin, later = octets[6], 40, 0
        source, destination = octets[8:24], octets[24:40]
        if protocol == _FRAGMENT_HEADER:
            protocol, begin = octets[begin], begin + 8
            later = int.from_bytes(octets[begin - 6 : begin - 4], "big") >> 3
    ports = octets[begin : begin + 4]
    if later or protocol not in _TRANSPORTS or len(ports) < 4:
        return None
    ends = (str(ipaddress.ip_address(each)) for each in (source, destination))
    numbers = struct.unpack("!HH", ports)
    here, there = (Address(host, port) for host, port in zip(ends, numbers, strict=True))
    return Inner(_TRANSPORTS[protocol], here, there), octets[begin : begin + HEAD]
