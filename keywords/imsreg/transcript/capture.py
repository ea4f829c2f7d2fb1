"""A capture that `pcapng` wrote, read back into a transcript: the same checks judge it as judged the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from imsreg.errors import InputError
from imsreg.sip.flow import Address, Flow, Transport
from imsreg.transcript import blocks
from imsreg.transcript.blocks import Block, BlockType, CaptureError, read_blocks
from imsreg.transcript.packets import Datagram, PacketError, Segment, TcpFlags, parse_packet
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


def read_capture(path: Path) -> Transcript:
    """The transcript in a file of `write_capture`: messages, times, directions, names and events; keys are masked.

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
        remedy = "only captures that imsreg wrote can be read"
        raise InputError(path, f"offset {error.offset}", error.problem, remedy) from None


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
    packets: list[_Packet] = []
    began: int | None = None
    dropped, trailing = 0, []
    for block in read_blocks(data):
        if block.kind == BlockType.SECTION_HEADER:
            titles = _remarks(block, 16)
        elif block.kind == BlockType.INTERFACE:
            _check_interface(block)
        elif block.kind == BlockType.ENHANCED_PACKET:
            packets.append(_read_packet(block))
        elif block.kind == BlockType.INTERFACE_STATISTICS:
            options = dict(block.options(12))
            began, dropped = _start(block, options), _number(block, options.get(blocks.STATISTICS_DROPPED, b""))
            trailing = _remarks(block, 12)
    if began is None:
        began = packets[0].at if packets else 0
    transcript = Transcript(titles[0] if titles else "", began / 1_000_000, start=0.0)
    for remark in titles[1:]:
        restore_peer(remark, transcript)
    transcript.circumstances = restore_circumstances(titles[1:])
    _replay(packets, began, transcript)
    restore_events(trailing, transcript)
    transcript.dropped += dropped
    return transcript


def _replay(packets: list[_Packet], began: int, transcript: Transcript) -> None:
    streams: dict[frozenset[Address], _Stream] = {}
    connections = 0
    for packet in packets:
        restore_events(packet.remarks, transcript)
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


def _read_packet(block: Block) -> _Packet:
    _, high, low, captured, original = block.unpack("IIIII")
    if captured != original:
        raise CaptureError(block.offset, "the packet was cut when it was captured")
    if 20 + captured > len(block.body):
        raise CaptureError(block.offset, "the packet reaches beyond its block")
    begin = 20 + blocks.padded(captured)
    way = _number(block, dict(block.options(begin)).get(blocks.PACKET_FLAGS, b"")) & 3
    if way not in (blocks.INBOUND, blocks.OUTBOUND):
        raise CaptureError(block.offset, "the packet does not say whether it was sent or received")
    try:
        content = parse_packet(block.body[20 : 20 + captured])
    except PacketError as error:
        raise CaptureError(block.offset, str(error)) from None
    return _Packet(high << 32 | low, way == blocks.OUTBOUND, content, _remarks(block, begin), block.offset)


def _check_interface(block: Block) -> None:
    link_type = block.unpack("HHI")[0]
    if link_type != blocks.LINKTYPE_RAW:
        raise CaptureError(block.offset, f"link type {link_type}, not {blocks.LINKTYPE_RAW} (raw IP)")
    resolution = dict(block.options(8)).get(blocks.INTERFACE_RESOLUTION)
    if resolution not in (None, bytes([blocks.MICROSECONDS])):
        raise CaptureError(block.offset, "the times do not count microseconds")


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
