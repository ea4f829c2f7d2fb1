"""What the sockets of a link find around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imsreg.net.link import Node
from imsreg.net.loop import Loop
from imsreg.sip.flow import Packet, TransportFailure


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a link. Seconds are real ones, whatever `advance` does to the link's time."""

    connecting: float = 10.0
    """Seconds until a TCP connection that is not established is given up."""
    half_closed: float = 32.0
    """Seconds for which our half stays open after the peer has closed its own: 64*T1, RFC 3261 18."""
    connections: int = 256
    """TCP connections at a time; more are turned away."""
    answer: float = 0.05
    """Real seconds in which the answer to a packet comes, for `advance`; 0 where somebody else sees to it."""
    unsent_octets: int = 1 << 20
    """Octets that wait for a TCP peer to read; beyond, the connection is given up."""
    unsent_datagrams: int = 256
    """Datagrams that wait for a full socket buffer; beyond, they are dropped and counted."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The loop, the bounds, and where to put what arrives.

    `deliver` calls the node at once. `report` never does: failures reach the node in the loop's next round, so that a
    node which answers a failure with a packet that fails again cannot keep the loop to itself.
    """

    loop: Loop
    limits: Limits
    deliver: Callable[[Node, Packet], None]
    report: Callable[[Node, TransportFailure], None]
