"""Captures that others made: the SIP messages in them, and what a person should know about the rest.

Nothing is judged here, and nothing raises but InputError for a file that is no capture.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from imsreg.errors import InputError
from imsreg.secagree.esp import PROTOCOL, head_of
from imsreg.secagree.formats import HEAD_OCTETS
from imsreg.secagree.ip import IpPacket, PacketTooLong, parse_ip
from imsreg.sip.flow import Address, Transport
from imsreg.transcript.blocks import CaptureError
from imsreg.transcript.foreign_esp import EspOpener, ReceivingEnd
from imsreg.transcript.foreign_ip import IpReader
from imsreg.transcript.foreign_links import taken_apart
from imsreg.transcript.foreign_packets import Frame, frames
from imsreg.transcript.foreign_refusals import Refusals
from imsreg.transcript.foreign_streams import Streams, Whole
from imsreg.transcript.foreign_text import SIP_PORTS, begins, is_sip
from imsreg.transcript.foreign_trouble import NOWHERE, Place, Trouble, TroubleKind, Troubles
from imsreg.transcript.packets import Datagram, PacketError, parse_packet
from imsreg.transcript.transcript import MAX_ENTRIES

__all__ = (
    "ForeignCapture",
    "ForeignEsp",
    "ForeignMessage",
    "Keyring",
    "ReceivingEnd",
    "Trouble",
    "TroubleKind",
    "read_foreign",
)

MAX_ESP = 50_000
"""ESP packets that are kept."""

_TCP, _UDP = 6, 17
_IP_IN_IP = (4, 41)


@dataclass(frozen=True, slots=True)
class ForeignMessage:
    """One SIP message as it was framed.

    `at` is in seconds since the epoch, `connection` the number of its TCP connection from 1 (0 for UDP), `spi` that of
    the ESP packet that it, or its last piece, came in (None: in the clear). `packet` is the number of that packet in
    the capture.
    """

    at: float
    transport: Transport
    source: Address
    destination: Address
    connection: int
    spi: int | None
    octets: bytes = field(repr=False)
    packet: int = 0


@dataclass(frozen=True, slots=True)
class ForeignEsp:
    """One ESP packet: `source` and `destination` are hosts, `read` whether what it holds could be read."""

    at: float
    source: str
    destination: str
    spi: int
    sequence: int
    octets: IpPacket = field(repr=False)
    read: bool
    packet: int = 0


@dataclass(frozen=True, slots=True)
class ForeignCapture:
    """What a capture holds, each in the order of the capture."""

    path: Path
    messages: tuple[ForeignMessage, ...]
    esp: tuple[ForeignEsp, ...]
    troubles: tuple[Trouble, ...]


class Keyring(Protocol):
    """Who takes ESP packets apart. It hears every message in order, and may learn keys from it."""

    def heard(self, message: ForeignMessage) -> None:
        """A message has been read."""
        ...

    def end(self, spi: int, destination: str) -> ReceivingEnd | None:
        """What takes the packets with this SPI to this host out of ESP; None: nothing is known."""
        ...


def read_foreign(path: Path, data: bytes, *, keys: Keyring | None = None) -> ForeignCapture:
    """What the capture with these octets holds; `path` is named in errors.

    A packet that was captured more than once on its way counts once (see `foreign_copies.Copies`). Without `keys` only
    ESP without encryption is read. Raises InputError for what is no capture, and where no frame in it can be read.
    """
    reader, last, link = _Reader(keys), NOWHERE, None
    try:
        for frame in frames(path, data):
            last, link = Place(frame.at, frame.number, last.order + 1), frame.link
            reader.frame(frame, last)
    except CaptureError as error:
        if not last.packet:
            raise InputError(path, f"offset {error.offset}", error.problem, "capture again") from None
        reader.troubles.note("damaged", f"offset {error.offset}: {error.problem}", last)
    if last.packet and not reader.known:
        remedy = "capture on an interface with Ethernet, raw IP or Linux cooked frames"
        raise InputError(path, "", f"frames of link type {link} cannot be read", remedy)
    return reader.result(path, last)


class _Reader:
    def __init__(self, keys: Keyring | None) -> None:
        self.troubles = Troubles()
        self.known = 0
        """Frames with a link type that is known."""
        self._keys = keys
        self._ip = IpReader(self.troubles)
        self._streams = Streams(self.troubles, self._whole)
        self._refusals = Refusals()
        self._opener = EspOpener(lambda spi, host: None if keys is None else keys.end(spi, host))
        self._messages: list[tuple[int, ForeignMessage]] = []
        self._esp: list[ForeignEsp] = []

    def frame(self, frame: Frame, place: Place) -> None:
        self._streams.on_time(frame.at)
        link = taken_apart(frame.link, frame.octets)
        if link is None:
            self.troubles.note("unreadable", f"frames of link type {frame.link} cannot be read", place)
            return
        self.known += 1
        packet = self._ip.take(link.packet, (frame.interface, link.head), place)
        if packet is None:
            return
        if packet.protocol == PROTOCOL:
            self._protected(packet, place)
        else:
            self._inside(packet, place, None)

    def result(self, path: Path, last: Place) -> ForeignCapture:
        self._streams.close()
        self._ip.close()
        sip = {end for _, message in self._messages for end in (message.source, message.destination)}
        self._refusals.close(sip, self.troubles, last.at)
        messages = (message for _, message in sorted(self._messages, key=lambda each: each[0]))
        return ForeignCapture(path, tuple(messages), tuple(self._esp), self.troubles.all())

    def _protected(self, packet: IpPacket, place: Place) -> None:
        if len(packet.payload) < HEAD_OCTETS:
            return
        spi, sequence = head_of(packet.payload)
        inner = self._opener.open(packet, spi)
        if len(self._esp) < MAX_ESP:
            source, destination = (str(ipaddress.ip_address(host)) for host in (packet.source, packet.destination))
            read = inner is not None
            self._esp.append(ForeignEsp(place.at, source, destination, spi, sequence, packet, read, place.packet))
        else:
            self.troubles.note("many", f"only the first {MAX_ESP} packets of ESP are kept", place)
        if inner is not None and inner.protocol in _IP_IN_IP:
            inner = parse_ip(inner.payload)  # tunnel mode
        if inner is not None:
            self._inside(inner, place, spi)

    def _inside(self, packet: IpPacket, place: Place, spi: int | None) -> None:
        """A packet outside of ESP, or what an ESP packet with this SPI protects."""
        if packet.protocol not in (_TCP, _UDP):
            self._refusals.icmp(packet, place)
            return
        if packet.protocol == _UDP and not is_sip(packet.payload[8:]):
            return
        try:
            content = parse_packet(packet.with_payload(packet.protocol, packet.payload))
        except (PacketError, PacketTooLong):
            return
        if isinstance(content, Datagram):
            ports = content.source.port, content.destination.port
            expected = spi is not None or any(port in SIP_PORTS for port in ports)
            if begins(content.payload) or (expected and is_sip(content.payload)):
                self._whole(Whole(place, content.source, content.destination, 0, spi, content.payload))
            return
        self._refusals.segment(content, place, protected=spi is not None)
        self._streams.take(content, place, spi)

    def _whole(self, whole: Whole) -> None:
        if len(self._messages) >= MAX_ENTRIES:
            self.troubles.note("many", f"only the first {MAX_ENTRIES} messages are read", whole.place)
            return
        message = ForeignMessage(
            whole.place.at,
            "TCP" if whole.connection else "UDP",
            whole.source,
            whole.destination,
            whole.connection,
            whole.spi,
            whole.octets,
            whole.place.packet,
        )
        self._messages.append((whole.place.order, message))
        if self._keys is not None:
            self._keys.heard(message)
