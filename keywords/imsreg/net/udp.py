"""One UDP socket of a node."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable

from imsreg.net.environment import Environment
from imsreg.net.icmp import listen_for_icmp, read_icmp_errors
from imsreg.net.link import Node, largest_datagram
from imsreg.net.loop import READ, WRITE
from imsreg.net.sockaddr import from_sockaddr, to_sockaddr
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure

_BATCH = 32  # datagrams read in one go: a flood must not keep the timers waiting
_LARGEST = 65_535


class UdpSocket:
    """Sends and receives datagrams for `node`, and tells it of ICMP errors (RFC 3261 18.4)."""

    def __init__(
        self,
        environment: Environment,
        bound: socket.socket,
        node: Node,
        address: Address,
        count_drop: Callable[[], None],
    ) -> None:
        self.node = node
        self.address = address
        self._count_drop = count_drop
        self._environment = environment
        self._socket = bound
        self._unsent: deque[Packet] = deque()
        self._closed = False
        listen_for_icmp(bound)
        self._watch()

    def send(self, packet: Packet) -> None:
        """Send a datagram, or keep it until the socket's buffer has room."""
        remote = packet.flow.remote
        if len(packet.data) > (most := largest_datagram(remote)):
            self._fail(remote, f"a datagram of {len(packet.data):,} octets; UDP carries {most:,}")
        elif self._unsent or not self._try(packet):
            if len(self._unsent) >= self._environment.limits.unsent_datagrams:
                self._count_drop()
            else:
                self._unsent.append(packet)
                self._watch()

    def close(self) -> None:
        """Close the socket; what is unsent is lost, as datagrams may be."""
        self._closed = True
        self._environment.loop.watch(self._socket, 0, self._on_ready)
        self._socket.close()

    def _try(self, packet: Packet) -> bool:
        """Send now. Returns False if the socket's buffer is full; a failure is reported and done with."""
        remote = packet.flow.remote
        for last_try in (False, True):
            try:
                self._socket.sendto(packet.data, to_sockaddr(remote))
            except BlockingIOError:
                return False
            except OSError as error:
                # Linux reports an ICMP error about an earlier datagram here and sends nothing: report it, try again.
                self._read_errors()
                if last_try:
                    self._fail(remote, f"sending: {os.strerror(error.errno or 0)}")
            else:
                return True
        return True

    def _on_ready(self, events: int) -> None:
        self._read()
        if events & WRITE and not self._closed:
            while self._unsent and self._try(self._unsent[0]):
                self._unsent.popleft()
            self._watch()

    def _read(self) -> None:
        for count in range(_BATCH):
            if self._closed:  # by the node, while it took the one before
                return
            try:
                data, source = self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                if count == 0:
                    self._read_errors()
                return
            except OSError:
                self._read_errors()
            else:
                flow = Flow("UDP", self.address, from_sockaddr(source))
                self._environment.deliver(self.node, Packet(flow, data))

    def _read_errors(self) -> None:
        for error in read_icmp_errors(self._socket):
            self._fail(error.destination, error.detail)

    def _fail(self, remote: Address, detail: str) -> None:
        failure = TransportFailure(Flow("UDP", self.address, remote), "unreachable", detail)
        self._environment.report(self.node, failure)

    def _watch(self) -> None:
        self._environment.loop.watch(self._socket, READ | WRITE if self._unsent else READ, self._on_ready)
