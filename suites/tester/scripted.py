"""DUTs that do what a test says, on loopback addresses of their own, and profiles that name them."""

from __future__ import annotations

import itertools
import os
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imsreg.net.egress import EgressGate
from imsreg.net.sockets import SocketLink
from imsreg.paths import data
from imsreg.sip.flow import Address, Packet, TransportFailure

Answers = Callable[[bytes], list[bytes]]
"""What a scripted DUT sends when it has got a message."""

PROFILE = """\
dut: {{name: scripted, role: core, address: "{host}", port: {port}, transports: [{transports}]}}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: none
subscribers: {subscribers}
timing: {{t1: {t1}}}
"""

_NUMBERS = itertools.count(1)


def own_host() -> str:
    """A loopback address that no other test uses, in whatever process."""
    process = os.getpid()
    return f"127.{32 + next(_NUMBERS) % 192}.{process >> 8 & 0xFF}.{process & 0xFF or 1}"


def write_profile(
    directory: Path,
    address: Address,
    *,
    transports: str = "udp",
    subscribers: Path | None = None,
    t1: float = 0.01,
    more: str = "",
) -> Path:
    """A profile of a DUT at `address`. With the T1 given here Timer F ends after 0.64 s."""
    known = subscribers or data("fixtures", "subscribers", "embedded.yaml")
    text = PROFILE.format(host=address.host, port=address.port, transports=transports, subscribers=known, t1=t1)
    path = directory / "profile.yaml"
    path.write_text(text + more, encoding="utf-8")
    return path


def reply(request: bytes, status_line: bytes = b"SIP/2.0 401 Unauthorized", *fields: bytes) -> bytes:
    """A response to `request`: what RFC 3261 8.2.6.2 has copied, a To tag, and more header fields."""
    lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    copied = [line for line in lines if line.partition(b":")[0].lower() in (b"via", b"from", b"call-id", b"cseq")]
    to = next((line for line in lines if line.lower().startswith(b"to:")), b"To: <sip:nobody@home.example>")
    return b"\r\n".join((status_line, *copied, to + b";tag=dut", *fields, b"Content-Length: 0", b"", b""))


def call_id(message: bytes) -> bytes:
    """The Call-ID, with which every test of the tester begins anew."""
    found = re.search(rb"\r\nCall-ID: ([^\r]*)", message)
    assert found
    return found[1]


class ScriptedNode:
    """A node that answers every message, and remembers what came."""

    def __init__(self, answers: Answers) -> None:
        self.outbox: deque[Packet] = deque()
        self.requests: list[bytes] = []
        self._answers = answers

    def receive(self, packet: Packet, now: float) -> None:
        self.requests.append(packet.data)
        self.outbox.extend(Packet(packet.flow, answer) for answer in self._answers(packet.data))

    def fail(self, failure: TransportFailure, now: float) -> None:
        """The tester has gone: nothing is owed to it."""

    def on_time(self, now: float) -> None:
        """It sets no timer."""

    def next_deadline(self) -> float | None:
        return None


@contextmanager
def udp_dut(answers: Answers) -> Iterator[tuple[ScriptedNode, Address]]:
    """A DUT on UDP."""
    node = ScriptedNode(answers)
    link = SocketLink(EgressGate())
    try:
        yield node, link.attach(node, Address(own_host(), 0), ("UDP",))
    finally:
        link.close()


@contextmanager
def tcp_dut(serve: Callable[[socket.socket], object]) -> Iterator[Address]:
    """A DUT that does with each TCP connection, one after the other, what `serve` says."""
    listener = socket.create_server((own_host(), 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # the test is over
                return
            with connection, suppress(OSError):
                connection.settimeout(10)
                serve(connection)

    thread = threading.Thread(target=accept, name="scripted DUT")
    thread.start()
    try:
        host, port = listener.getsockname()
        yield Address(host, port)
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # close() alone wakes nobody who waits in accept()
        listener.close()
        thread.join()


def reset(connection: socket.socket) -> None:
    """End a connection by RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
