"""Raw sockets on the outside: one for ESP at each address, and one for a packet in the clear on purpose."""

from __future__ import annotations

import ipaddress
import socket

from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.ip import IpPacket, build_ip, parse_ip

_LARGEST = 65_600
_BUFFER = 1 << 22  # octets: a burst must wait here and not be lost


class EspSocket:
    """Sends and receives protocol 50 at one address of the namespace of the thread that opens it. Raises OSError."""

    def __init__(self, host: str) -> None:
        self.octets = ipaddress.ip_address(host).packed
        """The address, as packets have it."""
        self._socket = _open(host, PROTOCOL)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)

    def fileno(self) -> int:
        """For poll."""
        return self._socket.fileno()

    def receive(self) -> IpPacket | None:
        """The next packet, None for one that is cut short. Raises BlockingIOError if there is none."""
        octets, source = self._socket.recvfrom(_LARGEST)
        if len(self.octets) == 4:
            return parse_ip(octets)  # with the header, put together again from fragments
        # Over IPv6 without the header, which is of no further use: one like it is made.
        sender = ipaddress.ip_address(str(source[0]).partition("%")[0]).packed
        return parse_ip(build_ip(sender, self.octets, PROTOCOL, octets))

    def send(self, destination: bytes, esp: bytes) -> None:
        """Send an ESP packet; the kernel makes the IP header, and fragments where it must. Raises OSError."""
        self._socket.sendto(esp, (str(ipaddress.ip_address(destination)), 0))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def send_clear(source: bytes, destination: bytes, protocol: int, payload: bytes) -> None:
    """Send one IP packet with any payload from the namespace of the calling thread. Raises OSError."""
    with _open(str(ipaddress.ip_address(source)), protocol) as opened:
        opened.sendto(payload, (str(ipaddress.ip_address(destination)), 0))


def _open(host: str, protocol: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_RAW, protocol)
    try:
        opened.bind((host, 0))
    except OSError:
        opened.close()
        raise
    return opened
