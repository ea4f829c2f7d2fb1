"""DUTs that answer as a test says, and the profiles that name them."""

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
"""What a scripted DUT sends for a request."""

_HOSTS = itertools.count(1)

PROFILE = """\
dut: {{name: scripted, role: core, address: {host}, port: {port}, transports: [{transports}]}}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: {security}
subscribers: {subscribers}
timing: {{t1: {t1}}}
"""


def own_host() -> str:
    """A loopback address that no other test, in whatever process, is using."""
    process = os.getpid()
    return f"127.{32 + next(_HOSTS) % 192}.{process >> 8 & 0xFF}.{process & 0xFF}"


def write_profile(
    directory: Path,
    address: Address,
    *,
    transports: str = "udp",
    security: str = "none",
    subscribers: Path | None = None,
    t1: float = 0.01,
    more: str = "",
) -> Path:
    """A profile of a DUT at `address`. A small T1 makes Timer F short: 0.64 s."""
    path = directory / "profile.yaml"
    known = subscribers or data("fixtures", "subscribers", "embedded.yaml")
    text = PROFILE.format(
        host=address.host, port=address.port, transports=transports, security=security, subscribers=known, t1=t1
    )
    path.write_text(text + more, encoding="utf-8")
    return path


def reply(
    request: bytes, status_line: bytes = b"SIP/2.0 401 Unauthorized", *more: bytes, change: tuple[bytes, bytes] = (b"", b"")
) -> bytes:
    """A response to `request` with what RFC 3261 8.2.6.2 has copied, and the lines `more`; `change` replaces octets."""
    copied = [
        line
        for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        if line.partition(b":")[0].lower() in (b"via", b"from", b"call-id", b"cseq")
    ]
    to = re.search(rb"\r\n(To:[^\r]*)", request)
    lines = [status_line, *copied, (to[1] if to else b"To: <sip:nobody>") + b";tag=dut", *more, b"Content-Length: 0"]
    return (b"\r\n".join(lines) + b"\r\n\r\n").replace(*change) if change[0] else b"\r\n".join(lines) + b"\r\n\r\n"


class ScriptedNode:
    """A node that answers every request, and remembers what came."""

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
def scripted_dut(answers: Answers, host: str | None = None) -> Iterator[tuple[ScriptedNode, Address]]:
    """A DUT on UDP."""
    node = ScriptedNode(answers)
    link = SocketLink(EgressGate())
    try:
        yield node, link.attach(node, Address(host or own_host(), 0), ("UDP",))
    finally:
        link.close()


@contextmanager
def tcp_dut(serve: Callable[[socket.socket], None]) -> Iterator[Address]:
    """A DUT that does with each TCP connection what `serve` says, one after the other."""
    listener = socket.create_server((own_host(), 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed: the test is over
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
        # close() alone does not wake a thread that waits in accept().
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def reset(connection: socket.socket) -> None:
    """End a connection by RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
