"""A capture that `pcapng` wrote, read back into a transcript: the same checks judge it as judged the run."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from imsreg.errors import InputError
from imsreg.secagree.events import EspEvent
from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address, Flow, Transport
from imsreg.transcript import blocks
from imsreg.transcript.blocks import Block, BlockType, CaptureError, read_blocks
from imsreg.transcript.esp_remarks import records_in
from imsreg.transcript.packets import Datagram, PacketError, Segment, parse_packet
from imsreg.transcript.pcapng import MESSAGES, WIRE
from imsreg.transcript.remarks import (
    restore_asked,
    restore_association,
    restore_circumstances,
    restore_events,
    restore_peer,
)
from imsreg.transcript.transcript import Transcript

MAX_FILE = 64 * 2**20
"""Octets of a file that `read_capture` accepts."""

CAPTURE_MAGICS = frozenset(map(bytes.fromhex, ("0a0d0d0a", "d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d")))
"""How a pcapng file begins, and a pcap file in either byte order, with microseconds or nanoseconds."""


def read_capture(path: Path) -> Transcript:
    """The transcript in a file of `write_capture`: messages, times, directions, names and events, and the records of
    ESP packets; keys are masked.

    Raises InputError with the offset of the fault for anything else, and for files beyond MAX_FILE octets.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise InputError(path, "", f"the capture is larger than {MAX_FILE // 2**20} MiB", "cut it with editcap")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(path, "", f"cannot be read: {error.strerror}") from None
    try:
        return _read(data)
    except CaptureError as error:
        remedy = "pcap and pcapng can be read: gzip -d, or editcap -F pcapng"
        raise InputError(path, f"offset {error.offset}", error.problem, remedy) from None


def is_foreign(path: Path) -> bool:
    """Whether a file is a capture that imsreg did not write; False for what is none or cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE:
            return False
        data = path.read_bytes()
    except OSError:
        return False
    return data[:4] in CAPTURE_MAGICS and not _is_ours(data)


def _is_ours(data: bytes) -> bool:
    """Whether the file has an interface of ours, as far as it can be read."""
    with suppress(CaptureError):
        for block in read_blocks(data):
            if block.kind == BlockType.INTERFACE:
                block.unpack("HHI")
                if dict(block.options(8)).get(blocks.INTERFACE_NAME) in (MESSAGES, WIRE):
                    return True
    return False


@dataclass(frozen=True, slots=True)
class _Packet:
    """One packet of the file; `at` in microseconds since the epoch."""

    at: int
    outbound: bool
    content: Datagram | Segment
    remarks: list[str]
    offset: int

    @property
    def ends(self) -> tuple[Address, Address]:
        """Local and remote address."""
        ends = self.content.source, self.content.destination
        return ends if self.outbound else (ends[1], ends[0])


@dataclass(frozen=True, slots=True)
class _EspPacket:
    """One packet as it was on the wire, with its record; `remarks` also has what happened before it."""

    event: EspEvent
    remarks: list[str]


@dataclass(slots=True)
class _Stream:
    """A TCP connection: its number, and for each sender the octet that it sends next and what it sent of a message."""

    number: int
    next: dict[Address, int] = field(default_factory=dict)
    pieces: dict[Address, list[bytes]] = field(default_factory=dict)


def _read(data: bytes) -> Transcript:
    if not data:
        raise CaptureError(0, "the file is empty")
    titles: list[str] = []
    interfaces: list[bytes] = []
    packets: list[_Packet | _EspPacket] = []
    began: int | None = None
    dropped, dropped_esp = 0, 0
    trailing: list[str] = []
    for block in read_blocks(data):
        if block.kind == BlockType.SECTION_HEADER:
            titles, interfaces = _remarks(block, 16), []
        elif block.kind == BlockType.INTERFACE:
            interfaces.append(_read_interface(block))
        elif block.kind == BlockType.ENHANCED_PACKET:
            packets.append(_read_esp(block) if _of_wire(block, interfaces) else _read_packet(block))
        elif block.kind == BlockType.INTERFACE_STATISTICS:
            options = dict(block.options(12))
            lost = _number(block, options.get(blocks.STATISTICS_DROPPED, b""))
            if _of_wire(block, interfaces):
                dropped_esp = lost
            else:
                began, dropped, trailing = _start(block, options), lost, _remarks(block, 12)
    if began is None:
        began = next((packet.at for packet in packets if isinstance(packet, _Packet)), 0)
    transcript = Transcript(titles[0] if titles else "", began / 1_000_000, start=0.0)
    for remark in titles[1:]:
        restore_peer(remark, transcript)
    transcript.circumstances = restore_circumstances(titles[1:])
    _replay(packets, began, transcript)
    _restore(trailing, transcript)
    transcript.dropped += dropped
    transcript.dropped_esp += dropped_esp
    return transcript


def _restore(remarks: list[str], transcript: Transcript) -> None:
    """What happened before a packet: events, and the records of packets of which no octets were kept."""
    restore_events(remarks, transcript)
    for event in records_in(remarks, packet=False):
        transcript.record_esp(event)


def _replay(packets: list[_Packet | _EspPacket], began: int, transcript: Transcript) -> None:
    streams: dict[frozenset[Address], _Stream] = {}
    connections = 0
    for packet in packets:
        _restore(packet.remarks, transcript)
        if isinstance(packet, _EspPacket):
            transcript.record_esp(packet.event)
            continue
        content, ends = packet.content, frozenset(packet.ends)
        number, payload = 0, content.payload
        if isinstance(content, Segment):
            if content.flags & (TcpFlags.SYN | TcpFlags.ACK) == TcpFlags.SYN:
                connections += 1
                streams[ends] = _Stream(connections)
            if ends not in streams:
                raise CaptureError(packet.offset, "the TCP connection has no beginning in this capture")
            number = streams[ends].number
            message = _reassemble(streams[ends], content, packet.offset)
            if message is None:
                continue
            payload = message
        transport: Transport = "TCP" if isinstance(content, Segment) else "UDP"
        flow = Flow(transport, *packet.ends, number, restore_association(packet.remarks))
        flow = restore_asked(packet.remarks, flow)
        transcript.record(packet.outbound, flow, payload, (packet.at - began) / 1_000_000)


def _reassemble(stream: _Stream, segment: Segment, offset: int) -> bytes | None:
    """The message that `segment` completes, if it does: PSH ends one."""
    source, used = segment.source, len(segment.payload) + bool(segment.flags & (TcpFlags.SYN | TcpFlags.FIN))
    if stream.next.get(source, segment.seq) != segment.seq:
        raise CaptureError(offset, "a TCP segment is missing or out of order")
    stream.next[source] = (segment.seq + used) % 2**32
    pieces = stream.pieces.setdefault(source, [])
    if segment.payload:
        pieces.append(segment.payload)
    if not pieces or TcpFlags.PSH not in segment.flags:
        return None
    message = b"".join(pieces)
    pieces.clear()
    return message


def _of_wire(block: Block, interfaces: list[bytes]) -> bool:
    """Whether a block is about packets as they were on the wire."""
    (interface,) = block.unpack("I")
    return interface < len(interfaces) and interfaces[interface] == WIRE


def _read_esp(block: Block) -> _EspPacket:
    captured = block.unpack("IIIII")[3]
    remarks = _remarks(block, _options_of(block, captured))
    events = list(records_in(remarks, packet=True))
    if len(events) != 1:
        raise CaptureError(block.offset, "the packet does not say what became of it")
    return _EspPacket(replace(events[0], octets=block.body[20 : 20 + captured]), remarks)


def _options_of(block: Block, captured: int) -> int:
    """Where the options of a packet of `captured` octets begin."""
    if 20 + captured > len(block.body):
        raise CaptureError(block.offset, "the packet reaches beyond its block")
    return 20 + blocks.padded(captured)


def _read_packet(block: Block) -> _Packet:
    _, high, low, captured, original = block.unpack("IIIII")
    if captured != original:
        raise CaptureError(block.offset, "the packet was cut when it was captured")
    begin = _options_of(block, captured)
    way = _number(block, dict(block.options(begin)).get(blocks.PACKET_FLAGS, b"")) & 3
    if way not in (blocks.INBOUND, blocks.OUTBOUND):
        raise CaptureError(block.offset, "the packet does not say whether it was sent or received")
    try:
        content = parse_packet(block.body[20 : 20 + captured])
    except PacketError as error:
        raise CaptureError(block.offset, str(error)) from None
    return _Packet(high << 32 | low, way == blocks.OUTBOUND, content, _remarks(block, begin), block.offset)


def _read_interface(block: Block) -> bytes:
    """The name of an interface."""
    link_type = block.unpack("HHI")[0]
    if link_type != blocks.LINKTYPE_RAW:
        raise CaptureError(block.offset, f"link type {link_type}, not {blocks.LINKTYPE_RAW} (raw IP)")
    options = dict(block.options(8))
    if options.get(blocks.INTERFACE_RESOLUTION) not in (None, bytes([blocks.MICROSECONDS])):
        raise CaptureError(block.offset, "the times do not count microseconds")
    return options.get(blocks.INTERFACE_NAME, b"")


def _start(block: Block, options: dict[int, bytes]) -> int | None:
    """The beginning of the transcript; a time is two numbers of 32 bits, the higher first, in either byte order."""
    octets = options.get(blocks.STATISTICS_START, b"")
    if len(octets) != 8:
        return None
    return _number(block, octets[:4]) << 32 | _number(block, octets[4:])


def _number(block: Block, octets: bytes) -> int:
    return int.from_bytes(octets, "little" if block.order == "<" else "big")


def _remarks(block: Block, begin: int) -> list[str]:
    return [value.decode("utf-8", "replace") for code, value in block.options(begin) if code == blocks.COMMENT]
