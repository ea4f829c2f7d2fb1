"""Records of ESP packets in the words of a ladder and of a text log."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.events import Direction, EspEvent, Fate, Fault

_GONE = frozenset({Fate.NO_ASSOCIATION, Fate.EXHAUSTED, Fate.TOO_LONG, Fate.NOT_SENT})
"""What a sender's packet can come to; it did not leave."""


def esp_text(event: EspEvent, *, sequence: bool = True) -> str:
    """What became of a packet, in one line; without `sequence` the same for all packets that fare alike."""
    return ", ".join(_parts(event, sequence=sequence))


def _parts(event: EspEvent, *, sequence: bool) -> Iterator[str]:
    where = _carrier(event, sequence=sequence)
    if event.injected is not None:
        yield f"{_way(event)}, wrong on purpose ({event.injected.value})"
        if where:
            yield where
    else:
        yield f"{_way(event)} {where}".rstrip()
    if event.fate is not Fate.OK:
        yield event.fate.value
    if event.inner is not None and _shows_inside(event):
        yield str(event.inner)


def _way(event: EspEvent) -> str:
    if event.direction is Direction.IN:
        return "received"
    return "not sent" if event.fate in _GONE else "sent"


def _carrier(event: EspEvent, *, sequence: bool) -> str:
    """Name and SPI, the SPI of the packet where it has another one, and its sequence number; empty in the clear."""
    association, parts = event.association, []
    if event.fate is Fate.CLEAR or event.injected is Fault.CLEAR:
        return ""
    if association is not None:
        parts.append(f"on {association.label}")
    if event.spi and (association is None or association.spi != event.spi):
        parts.append(f"with SPI {event.spi}")
    if sequence and event.sequence:
        parts.append(f"sequence {event.sequence}")
    return " ".join(parts)


def _shows_inside(event: EspEvent) -> bool:
    """Whether the ports say more than the association does."""
    odd = event.fate in (Fate.CLEAR, Fate.WRONG_SELECTOR) or event.injected in (Fault.CLEAR, Fault.WRONG_PORT)
    return odd or event.association is None
