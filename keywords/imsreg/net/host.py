"""The nodes of a socket link: what reaches them, when they are called, and the clock they live by."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from imsreg.net.egress import EgressGate
from imsreg.net.environment import Environment, Limits
from imsreg.net.link import Node, SecuredNode, take_changes
from imsreg.net.loop import Loop
from imsreg.net.stall import StallGuard
from imsreg.net.transport import TransportLayer
from imsreg.sip.flow import Address, Packet, Transport, TransportFailure

_UNREST = 1.0  # real seconds after which `advance` goes on although packets still come

MakeTransport = Callable[[Environment, EgressGate], TransportLayer]
"""Makes the transport layer of a link."""


class NodeHost:
    """Calls nodes one at a time, on the loop's thread. Everything here runs there, but for `now` and `loop`."""

    def __init__(self, egress: EgressGate, limits: Limits, transport: MakeTransport = TransportLayer) -> None:
        self.loop = Loop(self, "imsreg-link")
        self.transport = transport(Environment(self.loop, limits, self._deliver, self._report), egress)
        self._nodes: dict[int, Node] = {}
        self._secured: dict[int, SecuredNode] = {}
        self._failures: deque[tuple[Node, TransportFailure]] = deque()
        self._answer = limits.answer
        self._offset = 0.0
        self._sent_at_rest = 0

    def now(self) -> float:
        """Real seconds plus what `advance` has added."""
        return time.monotonic() + self._offset

    def attach(self, node: Node, address: Address, transports: Sequence[Transport]) -> Address:
        """Bind for the node and start calling it."""
        bound = self.transport.attach(node, address, transports)
        self.enrol(node)
        return bound

    def enrol(self, node: Node) -> None:
        """Start calling a node: the transport layer has sockets of it."""
        self._nodes[id(node)] = node
        if isinstance(node, SecuredNode):
            self._secured[id(node)] = node

    def detach(self, node: Node) -> None:
        """Send what the node has left to send, close its sockets, and never call it again."""
        try:
            self.drain()
        finally:
            self._nodes.pop(id(node), None)
            self._secured.pop(id(node), None)
            self.transport.detach(node)
            self.loop.guard(self.transport.hand_over)  # the records of its last packets

    def drain(self) -> None:
        """Send what the nodes want sent, with their sets of associations put in before and taken out after.

        Calls no node: failures wait for the next round.
        """
        for key, node in list(self._nodes.items()):
            secured = self._secured.get(key)
            changes = take_changes(secured) if secured is not None and secured.sa_changes else None
            for change in changes.first if changes else ():
                self.transport.remove(change)
            for change in changes.before if changes else ():
                self.transport.install(node, change)
            while node.outbox:
                self.transport.send(node, node.outbox.popleft())
            for change in changes.after if changes else ():
                self.transport.remove(change)

    def advance(self, seconds: float) -> None:
        """Let every timer within `seconds` fire at its own time, moving the clock from one to the next.

        Before each step the network comes to rest: the answer to a packet belongs to the time at which it was sent.
        Raises what a node raises, and LinkError if its timers never come to an end.
        """
        end = self.now() + seconds
        stall = StallGuard()
        self._settle()
        while (due := self._next_timer()) is not None and due[0] <= end:
            at, node = due
            self._offset += max(0.0, at - self.now())
            stall.count(at)
            self._event(node.on_time, self.now())
            self._settle()
            self.loop.raise_kept()
        self._offset += max(0.0, end - self.now())

    # For the loop.

    def idle_time(self) -> float | None:
        """See `LoopUser`."""
        if self._failures:
            return 0.0
        times = []
        if (timer := self._next_timer()) is not None:
            times.append(timer[0] - self.now())
        if (deadline := self.transport.next_deadline()) is not None:
            times.append(deadline - time.monotonic())
        return min(times, default=None)

    def tick(self) -> None:
        """See `LoopUser`. Records and failures first, then each node whose time has come, once."""
        self.loop.guard(self.transport.hand_over)
        self._fail_nodes()
        self.transport.on_time(time.monotonic())
        now = self.now()
        for at, node in sorted(self._timers(), key=lambda timer: timer[0]):
            if at <= now and id(node) in self._nodes:
                self._event(node.on_time, self.now())

    def on_end(self) -> None:
        """See `LoopUser`."""
        for node in list(self._nodes.values()):
            self.loop.guard(self.detach, node)
        self._failures.clear()

    def _deliver(self, node: Node, packet: Packet) -> None:
        self.loop.guard(self.transport.hand_over)  # the record of a packet comes before the packet
        self._event(node.receive, packet, self.now())

    def _report(self, node: Node, failure: TransportFailure) -> None:
        self._failures.append((node, failure))

    def _fail_nodes(self) -> None:
        for _ in range(len(self._failures)):
            node, failure = self._failures.popleft()
            if id(node) in self._nodes:
                self._event(node.fail, failure, self.now())

    def _event(self, function: Callable[..., None], *arguments: object) -> None:
        self.loop.guard(function, *arguments)
        self.loop.guard(self.drain)
        self.loop.look()

    def _settle(self) -> None:
        give_up = time.monotonic() + _UNREST
        busy = True
        while busy and time.monotonic() < give_up:
            unanswered = self.transport.sent != self._sent_at_rest
            busy = self.loop.poll(self._answer if unanswered else 0.0) or bool(self._failures)
            self.loop.guard(self.transport.hand_over)
            self._fail_nodes()
        self._sent_at_rest = self.transport.sent

    def _next_timer(self) -> tuple[float, Node] | None:
        return min(self._timers(), key=lambda timer: timer[0], default=None)

    def _timers(self) -> list[tuple[float, Node]]:
        timers = []
        for node in self._nodes.values():
            try:
                at = node.next_deadline()
            except Exception as error:
                self.loop.keep(error)
            else:
                if at is not None:
                    timers.append((at, node))
        return timers
