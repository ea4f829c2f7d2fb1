"""What becomes of each packet with ESP in it, or in the clear: one record, the same from every back end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import NamedTuple

from imsreg.secagree.associations import Association
from imsreg.sip.flow import Address, Transport


class Direction(Enum):
    """Seen from the side whose back end it is."""

    OUT = "out"
    IN = "in"


class Fate(StrEnum):
    """The outcome of a packet. Those of a received ESP packet have the words of `secagree.esp.Outcome`."""

    OK = "ok"
    """Sent, or delivered."""
    UNKNOWN_SPI = "unknown SPI"
    DELETED_SPI = "SPI of a deleted association"
    REPLAY = "replay"
    BAD_ICV = "bad ICV"
    MALFORMED = "malformed"
    BAD_PADDING = "bad padding"
    """Authentic and delivered all the same: a receiver should look at the padding (RFC 4303 2.4)."""
    DUMMY = "dummy"
    WRONG_SELECTOR = "not what the association protects"
    """Authentic; addresses, ports or protocol are not those of its association. Not delivered."""
    NO_ASSOCIATION = "no association to send on"
    """A socket sent it, no association protects it; nothing left."""
    EXHAUSTED = "sequence numbers used up"
    TOO_LONG = "too long for one IP packet"
    NOT_SENT = "refused by the network"
    """No route, or the kernel would not send it."""
    CLEAR = "in the clear from or to a protected port"
    """Seen outside of ESP (TS 33.203 7.1)."""


class Fault(Enum):
    """What is wrong on purpose with a packet that was injected."""

    BAD_ICV = "bad ICV"
    REPLAY = "replay"
    WRONG_SPI = "wrong SPI"
    WRONG_PORT = "wrong inner port"
    CLEAR = "in the clear"


class Inner(NamedTuple):
    """The 5-tuple inside of ESP, or of a packet in the clear."""

    transport: Transport
    source: Address
    destination: Address

    def __str__(self) -> str:
        return f"{self.transport} {self.source} -> {self.destination}"


@dataclass(frozen=True, slots=True)
class EspEvent:
    """One packet. `at` is in seconds on the back end's clock; SPI and sequence number are 0 where it has none.

    `association` is None where no association of ours has the SPI, `inner` where the packet shows no ports. `octets`
    are the IP packet as it was on the wire, as far as it is known; empty where nothing was.
    """

    at: float
    direction: Direction
    fate: Fate
    spi: int = 0
    sequence: int = 0
    association: Association | None = None
    inner: Inner | None = None
    injected: Fault | None = None
    octets: bytes = field(default=b"", repr=False)

    def __str__(self) -> str:
        where = f"SPI {self.spi} seq {self.sequence}" if self.association is None else f"{self.association.name}"
        parts = (self.direction.value, where, self.inner or "", self.fate, self.injected and "(injected)")
        return " ".join(str(part) for part in parts if part)


Observer = Callable[[EspEvent], None]
"""Takes each record, on the back end's thread: it must be quick, and must not call the back end."""
