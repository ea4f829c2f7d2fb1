"""The record of an ESP packet as a comment of a capture, in fixed words, and read back from there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import cast

from imsreg.secagree.associations import Association, Name
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.sip.flow import Address, Transport
from imsreg.transcript.esp import EspEntry

_HOST = r"(?:\[[^\]\s]{1,64}\]|[^:\[\]\s,]{1,64})"
_END = rf"{_HOST}:[0-9]{{1,5}}"
_NUMBER = r"[0-9]{1,10}"
_LEADS = {True: "ESP packet", False: "ESP record without its packet"}


def _any_of(values: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(values, key=len, reverse=True)))


_RECORD = re.compile(
    rf"(?P<lead>{_any_of(_LEADS.values())}) at (?P<at>-?[0-9]{{1,309}}\.[0-9]{{6}}) s: "
    rf"(?P<direction>{_any_of(each.value for each in Direction)}), (?P<fate>{_any_of(Fate)}), "
    rf"SPI (?P<spi>{_NUMBER}), sequence (?P<sequence>{_NUMBER})"
    rf"(?:, association (?P<name>{_any_of(Name)}) SPI (?P<own>{_NUMBER}) from (?P<here>{_END}) to (?P<there>{_END}))?"
    rf"(?:, inside (?P<transport>UDP|TCP) from (?P<source>{_END}) to (?P<destination>{_END}))?"
    rf"(?:, wrong on purpose: (?P<injected>{_any_of(each.value for each in Fault)}))?"
)


def esp_remark(entry: EspEntry) -> str:
    """The record in full. It begins in other words if no packet carries it."""
    event = entry.event
    parts = [event.direction.value, event.fate.value, f"SPI {event.spi}", f"sequence {event.sequence}"]
    if (association := event.association) is not None:
        parts.append(f"association {association.label} from {association.source} to {association.destination}")
    if (inner := event.inner) is not None:
        parts.append(f"inside {inner.transport} from {inner.source} to {inner.destination}")
    if event.injected is not None:
        parts.append(f"wrong on purpose: {event.injected.value}")
    return f"{_LEADS[bool(event.octets)]} at {entry.at:.6f} s: {', '.join(parts)}"


def records_in(remarks: Iterable[str], *, packet: bool) -> Iterator[EspEvent]:
    """The records among `remarks`, without octets: those of the packet that carries the remarks, or of none."""
    for remark in remarks:
        found = _RECORD.fullmatch(remark)
        if found is not None and found["lead"] == _LEADS[packet]:
            with suppress(ValueError):  # a number or an address that there cannot be
                yield _event(found)


def _event(found: re.Match[str]) -> EspEvent:
    association = inner = None
    if found["name"]:
        association = Association(
            Name(found["name"]), _number(found["own"]), _address(found["here"]), _address(found["there"])
        )
    if found["transport"]:
        ends = _address(found["source"]), _address(found["destination"])
        inner = Inner(cast(Transport, found["transport"]), *ends)
    return EspEvent(
        float(found["at"]),
        Direction(found["direction"]),
        Fate(found["fate"]),
        _number(found["spi"]),
        _number(found["sequence"]),
        association,
        inner,
        Fault(found["injected"]) if found["injected"] else None,
    )


def _address(text: str) -> Address:
    """Raises ValueError if there is no such address."""
    host, _, port = text.rpartition(":")
    if int(port) >= 2**16:
        raise ValueError(port)
    return Address.of(host, int(port))


def _number(digits: str) -> int:
    """An SPI or a sequence number. Raises ValueError beyond 32 bits."""
    if int(digits) >= 2**32:
        raise ValueError(digits)
    return int(digits)
