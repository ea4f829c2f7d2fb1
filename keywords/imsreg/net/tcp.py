"""One TCP connection of a node, and the listening socket that accepts more."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Literal

from imsreg.net.environment import Environment
from imsreg.net.link import Node
from imsreg.net.loop import READ, WRITE
from imsreg.net.sockaddr import failure_kind, from_sockaddr
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure

_PIECE = 65_536  # octets read in one go
_BATCH = 16  # connections accepted in one go


class State(Enum):
    """Where a connection stands."""

    CONNECTING = auto()
    OPEN = auto()
    HALF_CLOSED = auto()  # the peer has sent its last octet; it may still read
    CLOSED = auto()


class Connection:
    """A stream to one peer, established or being established.

    `flow` names it, `node` owns it. When the peer closes, the node learns "closed" at once, since no answer will come
    on this connection; our half stays open a while for the responses that the node still owes.
    """

    def __init__(
        self,
        environment: Environment,
        stream: socket.socket,
        node: Node,
        flow: Flow,
        state: State,
        forget: Callable[[Connection], None],
    ) -> None:
        self.node = node
        self.flow = flow
        self.state = state
        self.deadline: float | None = None  # on time.monotonic()
        self._environment = environment
        self._stream = stream
        self._forget = forget
        self._unsent: deque[memoryview] = deque()
        self._unsent_octets = 0
        self._asked_by: list[Flow] = []  # the flows of the packets that wait for the connection
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if state is State.CONNECTING:
            self._expect_within(environment.limits.connecting)
        self._watch()

    @property
    def is_sending(self) -> bool:
        """Whether something waits to be sent, for the connection or for the peer to read."""
        return self._unsent_octets > 0

    def send(self, packet: Packet) -> None:
        """Send as much as the peer takes and keep the rest. A failure is reported."""
        self._unsent.append(memoryview(packet.data))
        self._unsent_octets += len(packet.data)
        if self.state is State.CONNECTING and packet.flow not in self._asked_by:
            self._asked_by.append(packet.flow)
        if self.state is not State.CONNECTING:
            self._flush()
        if self._unsent_octets > self._environment.limits.unsent_octets:
            self._give_up("timeout", f"the peer does not read: {self._unsent_octets:,} octets are unsent")

    def on_time(self, now: float) -> None:
        """Give up what has taken too long. `now` is on time.monotonic()."""
        if self.deadline is None or now < self.deadline:
            return
        if self.state is State.CONNECTING:
            self._give_up("timeout", f"connecting: no answer within {self._environment.limits.connecting:g} s")
        else:
            self.close()

    def close(self) -> None:
        """Close the connection without a word to the node."""
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self._environment.loop.watch(self._stream, 0, self._on_ready)
            self._stream.close()
            self._unsent.clear()
            self._unsent_octets = 0
            self._forget(self)

    def _on_ready(self, events: int) -> None:
        if self.state is State.CONNECTING:
            self._finish_connecting()
        elif events & READ and self.state is State.OPEN:
            self._read()
        if events & WRITE and self.state in (State.OPEN, State.HALF_CLOSED):
            self._flush()

    def _finish_connecting(self) -> None:
        error = self._stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._give_up(failure_kind(error), f"connecting: {os.strerror(error)}")
        elif self._stream.getsockname() == self._stream.getpeername():
            # TCP's simultaneous open: our own ephemeral port was the closed port that we called.
            self._give_up("refused", "connecting: nobody listens")
        else:
            self.state = State.OPEN
            self.deadline = None
            self._asked_by.clear()
            self._watch()

    def _read(self) -> None:
        try:
            data = self._stream.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError as error:
            self._give_up(failure_kind(error.errno or 0), f"receiving: {os.strerror(error.errno or 0)}")
            return
        if data:
            self._environment.deliver(self.node, Packet(self.flow, data))
        else:
            self.state = State.HALF_CLOSED
            self._expect_within(self._environment.limits.half_closed)
            self._watch()
            self._report(self.flow, "closed", "the peer closed the connection")

    def _flush(self) -> None:
        while self._unsent:
            piece = self._unsent[0]
            try:
                sent = self._stream.send(piece)
            except BlockingIOError:
                break
            except OSError as error:
                self._give_up(failure_kind(error.errno or 0), f"sending: {os.strerror(error.errno or 0)}")
                return
            self._unsent_octets -= sent
            if sent == len(piece):
                self._unsent.popleft()
            else:
                self._unsent[0] = piece[sent:]
        if self.state is State.HALF_CLOSED:
            self._expect_within(self._environment.limits.half_closed)
        self._watch()

    def _give_up(self, kind: Literal["unreachable", "refused", "reset", "timeout"], detail: str) -> None:
        flows = self._asked_by or [self.flow]
        self.close()
        for flow in flows:
            self._report(flow, kind, detail)

    def _report(
        self, flow: Flow, kind: Literal["unreachable", "refused", "reset", "closed", "timeout"], detail: str
    ) -> None:
        self._environment.report(self.node, TransportFailure(flow, kind, detail))

    def _expect_within(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def _watch(self) -> None:
        if self.state is State.CONNECTING:
            events = WRITE
        else:
            events = (READ if self.state is State.OPEN else 0) | (WRITE if self._unsent else 0)
        self._environment.loop.watch(self._stream, events, self._on_ready)


class Listener:
    """A listening socket of `node`. `accept(listener, stream, peer)` takes each connection it accepts."""

    def __init__(
        self,
        environment: Environment,
        bound: socket.socket,
        node: Node,
        address: Address,
        accept: Callable[[Listener, socket.socket, Address], None],
    ) -> None:
        self.node = node
        self.address = address
        self._environment = environment
        self._socket = bound
        self._accept = accept
        self._closed = False
        environment.loop.watch(bound, READ, self._on_ready)

    def close(self) -> None:
        """Listen no longer; accepted connections stay."""
        self._closed = True
        self._environment.loop.watch(self._socket, 0, self._on_ready)
        self._socket.close()

    def _on_ready(self, events: int) -> None:
        for _ in range(_BATCH):
            if self._closed:
                return
            try:
                stream, peer = self._socket.accept()
            except OSError:  # nobody is left, or the one in front has gone
                return
            stream.setblocking(False)
            self._accept(self, stream, from_sockaddr(peer))
