"""ESP packets as they leave the host, whole."""

from __future__ import annotations

import socket
from contextlib import suppress

from imsreg.net.ipsec.packet_filter import EQUAL, LOAD, RETURN, SHIFT, packet_socket
from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.fragments import Reassembly
from imsreg.secagree.ip import IpPacket

_RECEIVE_BUFFER_FORCE = 33  # SO_RCVBUFFORCE
_LARGEST = 65_600
_BUFFER = 1 << 22  # octets: a burst must wait here and not be lost
_FRAGMENT_HEADER = 44
_MOST = 64  # packets whose fragments have not all been seen

# What leaves, of ESP, whole or in fragments.
_KIND, _OUTGOING = 0xFFFF_F004, 4
_FILTER = (
    (LOAD, 0, 0, _KIND),
    (EQUAL, 0, 9, _OUTGOING),
    (LOAD, 0, 0, 0),  # the version
    (SHIFT, 0, 0, 4),
    (EQUAL, 0, 2, 4),
    (LOAD, 0, 0, 9),  # IPv4: the protocol
    (EQUAL, 3, 4, PROTOCOL),
    (LOAD, 0, 0, 6),  # IPv6: the next header
    (EQUAL, 1, 0, PROTOCOL),
    (EQUAL, 0, 1, _FRAGMENT_HEADER),
    (RETURN, 0, 0, _LARGEST),
    (RETURN, 0, 0, 0),
)


class OutgoingEsp:
    """Sees ESP packets leave the namespace of the thread that opens it. Raises OSError without the right to."""

    def __init__(self) -> None:
        self._fragments = Reassembly(_MOST)
        self._socket = packet_socket(_FILTER)
        with suppress(OSError):  # beyond the system's limit, where that right is had
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _BUFFER)

    def fileno(self) -> int:
        """For poll."""
        return self._socket.fileno()

    def receive(self) -> IpPacket | None:
        """The next packet; None for a fragment that completes none. Raises BlockingIOError if there is none."""
        packet = self._fragments.take(self._socket.recv(_LARGEST))
        return packet if packet is not None and packet.protocol == PROTOCOL else None

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
