"""ESP packets as they leave the host, put together from their fragments (RFC 791 3.2, RFC 8200 4.5)."""

from __future__ import annotations

import ctypes
import socket
import struct
from contextlib import suppress

from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.ip import IPV6_HEADER, IpPacket, PacketTooLong, build_ip, parse_ip

_ALL = 0x0003  # ETH_P_ALL: only such a socket sees what leaves
_ATTACH_FILTER, _RECEIVE_BUFFER_FORCE = 26, 33  # SO_ATTACH_FILTER, SO_RCVBUFFORCE
_LARGEST = 65_600
_BUFFER = 1 << 22  # octets: a burst must wait here and not be lost
_FRAGMENT_HEADER = 44
_MOST = 64  # packets whose fragments have not all been seen

# Classic BPF over the IP header: what leaves, of ESP, whole or in fragments.
_LOAD, _SHIFT, _EQUAL, _RETURN = 0x30, 0x74, 0x15, 0x06
_KIND, _OUTGOING = 0xFFFF_F004, 4
_FILTER = (
    (_LOAD, 0, 0, _KIND),
    (_EQUAL, 0, 9, _OUTGOING),
    (_LOAD, 0, 0, 0),  # the version
    (_SHIFT, 0, 0, 4),
    (_EQUAL, 0, 2, 4),
    (_LOAD, 0, 0, 9),  # IPv4: the protocol
    (_EQUAL, 3, 4, PROTOCOL),
    (_LOAD, 0, 0, 6),  # IPv6: the next header
    (_EQUAL, 1, 0, PROTOCOL),
    (_EQUAL, 0, 1, _FRAGMENT_HEADER),
    (_RETURN, 0, 0, _LARGEST),
    (_RETURN, 0, 0, 0),
)


class OutgoingEsp:
    """Sees ESP packets leave the namespace of the thread that opens it. Raises OSError without the right to."""

    def __init__(self) -> None:
        code = b"".join(struct.pack("=HBBI", *each) for each in _FILTER)
        buffer = ctypes.create_string_buffer(code)
        program = struct.pack("@HP", len(_FILTER), ctypes.addressof(buffer))
        self._fragments = Fragments()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            with suppress(OSError):  # beyond the system's limit, where that right is had
                self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _BUFFER)
            with suppress(BlockingIOError):  # what came before there was a filter
                while True:
                    self._socket.recv(1)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """For poll."""
        return self._socket.fileno()

    def receive(self) -> IpPacket | None:
        """The next packet; None for a fragment that completes none. Raises BlockingIOError if there is none."""
        packet = self._fragments.whole(self._socket.recv(_LARGEST))
        return packet if packet is not None and packet.protocol == PROTOCOL else None

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Fragments:
    """Those of packets that are not complete; of more than a few such packets the oldest is given up."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, dict[int, bytes]] = {}
        self._lengths: dict[bytes, int] = {}

    def whole(self, octets: bytes) -> IpPacket | None:
        """The packet that these octets are, or complete; None if they do neither."""
        if octets[0] >> 4 == 4:
            return self._ipv4(octets)
        return self._ipv6(octets)

    def _ipv4(self, octets: bytes) -> IpPacket | None:
        flags = int.from_bytes(octets[6:8], "big")
        if not flags & 0x3FFF:
            return parse_ip(octets)
        begin, end = (octets[0] & 15) * 4, int.from_bytes(octets[2:4], "big")
        key = octets[4:6] + octets[9:10] + octets[12:20]
        payload = self._added(key, (flags & 0x1FFF) * 8, octets[begin:end], more=bool(flags & 0x2000))
        return _built(octets[12:16], octets[16:20], octets[9], payload)

    def _ipv6(self, octets: bytes) -> IpPacket | None:
        if octets[6] != _FRAGMENT_HEADER:
            return parse_ip(octets)
        end = IPV6_HEADER + int.from_bytes(octets[4:6], "big")
        protocol, _, place, _ = struct.unpack_from("!BBHI", octets, IPV6_HEADER)
        key = octets[8:40] + octets[IPV6_HEADER + 4 : IPV6_HEADER + 8]
        payload = self._added(key, place & 0xFFF8, octets[IPV6_HEADER + 8 : end], more=bool(place & 1))
        return _built(octets[8:24], octets[24:40], protocol, payload)

    def _added(self, key: bytes, offset: int, piece: bytes, *, more: bool) -> bytes | None:
        """The payload that a fragment completes."""
        if key not in self._waiting and len(self._waiting) >= _MOST:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            self._lengths.pop(oldest, None)
        pieces = self._waiting.setdefault(key, {})
        pieces[offset] = piece
        if not more:
            self._lengths[key] = offset + len(piece)
        payload = b""
        while (found := pieces.get(len(payload))) is not None and found:
            payload += found
        if len(payload) != self._lengths.get(key):
            return None
        del self._waiting[key], self._lengths[key]
        return payload


def _built(source: bytes, destination: bytes, protocol: int, payload: bytes | None) -> IpPacket | None:
    if payload is None:
        return None
    with suppress(PacketTooLong):
        return parse_ip(build_ip(source, destination, protocol, payload))
    return None
