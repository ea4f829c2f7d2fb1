"""The framers of all connections of one element, with a bound on what peers can make it keep."""

from __future__ import annotations

from collections import OrderedDict

from imsreg.sip.flow import Flow
from imsreg.sip.framing import Frame, StreamFramer

MAX_STREAMS = 256
"""Connections that may be inside a message at the same time; beyond that the one that began first is forgotten."""


class Streams:
    """One framer for every connection that is inside a message. A connection between two messages costs nothing."""

    def __init__(self, limit: int = MAX_STREAMS) -> None:
        self.dropped_streams = 0
        """Connections whose unfinished message was forgotten to make room."""
        self.dropped_octets = 0
        """Octets that came after the framing of their connection was lost."""
        self._limit = limit
        self._framers: OrderedDict[Flow, StreamFramer] = OrderedDict()

    def feed(self, flow: Flow, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises FramingError as StreamFramer does."""
        framer = self._framer(flow)
        if framer.lost:
            self.dropped_octets += len(data)
            return []
        frames = framer.feed(data)
        if framer.idle:
            del self._framers[flow]
        return frames

    def expect_pong(self, flow: Flow) -> None:
        """A ping has been sent on `flow`."""
        self._framer(flow).expect_pong()

    def close(self, flow: Flow) -> bytes:
        """The connection is gone: what it delivered of a message that it did not finish."""
        framer = self._framers.pop(flow, None)
        return framer.pending if framer else b""

    def _framer(self, flow: Flow) -> StreamFramer:
        framer = self._framers.get(flow)
        if framer is None:
            framer = self._framers[flow] = StreamFramer()
            if len(self._framers) > self._limit:
                self._framers.popitem(last=False)
                self.dropped_streams += 1
        return framer
