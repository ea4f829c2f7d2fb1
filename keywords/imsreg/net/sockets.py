"""The link over real sockets, with a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imsreg.net.egress import EgressGate
from imsreg.net.environment import Limits
from imsreg.net.host import MakeTransport, NodeHost
from imsreg.net.link import Node, T, require_duration, require_local
from imsreg.net.transport import TransportLayer
from imsreg.sip.flow import Address, Transport


class SocketLink:
    """A `Link` over UDP and TCP sockets. May be used from any thread; the nodes live on the link's own.

    `egress` says where packets may go; one that may not becomes a TransportFailure of kind "denied". With `real_time`
    (a real DUT at the other end) `advance` waits; without, it moves the link's clock.

    An exception that a node raises is raised in the thread that waits, else by the next `call`, `wait`, `advance` or
    `close`.
    """

    def __init__(
        self,
        egress: EgressGate,
        *,
        real_time: bool = False,
        limits: Limits | None = None,
        transport: MakeTransport = TransportLayer,
    ) -> None:
        self._real_time = real_time
        self._host = NodeHost(egress, limits or Limits(), transport)
        self._host.loop.start()

    @property
    def dropped(self) -> int:
        """Datagrams dropped because the socket's buffer and the queue were full, and connections turned away."""
        return self._host.transport.dropped

    def now(self) -> float:
        """See `Link`. Monotonic seconds, plus what `advance` has added."""
        return self._host.now()

    def attach(self, node: Node, address: Address, transports: Sequence[Transport]) -> Address:
        """See `Link`. Raises EgressDenied for a multicast or broadcast address."""
        require_local(address, transports)
        return self._host.loop.run(lambda: self._host.attach(node, address, transports))

    def detach(self, node: Node) -> None:
        """See `Link`."""
        self._host.loop.run(lambda: self._host.detach(node))

    def call(self, function: Callable[[], T]) -> T:
        """See `Link`. A node may use it, too: `function` then runs at once."""

        def served() -> T:
            try:
                return function()
            finally:
                self._host.drain()

        return self._host.loop.call(served)

    def wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """See `Link`."""
        return self._host.loop.wait(condition, self.now() + require_duration(timeout))

    def advance(self, seconds: float, progress: Callable[[float], None] | None = None) -> None:
        """See `Link`. Unless in real time it waits only for answers: a moment after each packet that a timer sends."""
        require_duration(seconds)
        if not self._real_time:
            self._host.loop.call(lambda: self._host.advance(seconds))
            return
        end = self.now() + seconds
        while (remaining := end - self.now()) > 0:
            if progress is not None:
                progress(remaining)
            self.wait(lambda: False, min(1.0, remaining))

    def close(self) -> None:
        """See `Link`. Raises an exception of a node that nobody has seen yet, after everything is closed."""
        self._host.loop.stop()
