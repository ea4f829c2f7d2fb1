"""What the protected half of an in-memory link finds around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imsreg.net.link import Node
from imsreg.secagree.events import EspEvent
from imsreg.sip.flow import Packet, TransportFailure

if TYPE_CHECKING:
    from imsreg.net.memory import Impairment


@dataclass(frozen=True, slots=True)
class MemoryEnvironment:
    """The link's clock and events, and where to put what becomes of packets.

    Nodes are at two ends of the network, near and far; `tell` gives a record to the observer of one of them. `soon`
    lets something happen once everything before it has happened, `later` so many seconds from now. `arrive_clear` lets
    a datagram arrive that does.
    """

    now: Callable[[], float]
    soon: Callable[[Callable[[], None]], None]
    later: Callable[[float, Callable[[], None]], None]
    report: Callable[[Node, TransportFailure], None]
    arrive_clear: Callable[[Packet], None]
    tell: Callable[[bool, EspEvent], None]
    is_far: Callable[[Node], bool]
    next_number: Callable[[], int]
    impair: Impairment | None
    chunk: int | None
