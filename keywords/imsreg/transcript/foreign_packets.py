"""The frames in a capture of anybody's: pcap or pcapng, in either order of octets."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imsreg.errors import InputError
from imsreg.transcript import blocks
from imsreg.transcript.blocks import Block, BlockType, CaptureError, read_blocks

_OLD_PACKET, _SIMPLE_PACKET = 2, 3  # block types
_TIME_OFFSET = 14  # option of an interface: seconds to add to its times
# Magic number -> order of octets, ticks a second, octets before each packet.
_PCAP = {
    bytes.fromhex("d4c3b2a1"): ("<", 10**6, 16),
    bytes.fromhex("a1b2c3d4"): (">", 10**6, 16),
    bytes.fromhex("4d3cb2a1"): ("<", 10**9, 16),
    bytes.fromhex("a1b23c4d"): (">", 10**9, 16),
    bytes.fromhex("34cdb2a1"): ("<", 10**6, 24),  # with the interface and more behind the lengths
    bytes.fromhex("a1b2cd34"): (">", 10**6, 24),
}
_PCAP_HEADER = 24
_PCAPNG = bytes.fromhex("0a0d0d0a")
_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "gzip -d"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd -d"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -d"),
    b"\xfd7zXZ\0": ("xz", "xz -d"),
    b"BZh": ("bzip2", "bzip2 -d"),
    b"PK\x03\x04": ("zip", "unzip"),
}


class Frame(NamedTuple):
    """One frame as captured.

    `number` counts from 1 in the file, `at` is in seconds since the epoch, `interface` counts from 0 in the file, and
    `link` is its link type.
    """

    number: int
    at: float
    interface: int
    link: int
    octets: bytes


class _Interface(NamedTuple):
    number: int
    link: int
    snap: int
    ticks: int
    offset: int


def frames(path: Path, data: bytes) -> Iterator[Frame]:
    """The frames of the file at `path` with these octets, in its order; those of several interfaces by time.

    Raises InputError if this is no capture, and CaptureError where a capture makes no sense any more, as where it ends
    inside a frame.
    """
    if data[:4] in _PCAP:
        return _pcap(data)
    if data[:4] == _PCAPNG:
        return _by_time(_pcapng(data))
    raise InputError(path, "offset 0", *_what_else(data))


def _what_else(data: bytes) -> tuple[str, str]:
    """What a file is that is no capture, and what to do about it."""
    if not data:
        return "the file is empty", "capture again"
    for magic, (name, command) in _COMPRESSED.items():
        if data.startswith(magic):
            return f"the file is compressed ({name})", f"unpack it first: {command}"
    return "this is neither pcap nor pcapng", "convert it: editcap -F pcapng FROM TO"


def _pcap(data: bytes) -> Iterator[Frame]:
    order, ticks, head = _PCAP[data[:4]]
    if len(data) < _PCAP_HEADER:
        raise CaptureError(len(data), "the file ends inside its header")
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF  # above are flags
    offset, number = _PCAP_HEADER, 0
    while offset < len(data):
        if offset + head > len(data):
            raise CaptureError(offset, "the file ends inside the header of a packet")
        seconds, fraction, captured, _ = struct.unpack_from(order + "IIII", data, offset)
        begin = offset + head
        if begin + captured > len(data):
            raise CaptureError(offset, "the file ends inside a packet")
        number += 1
        yield Frame(number, seconds + fraction / ticks, 0, link, data[begin : begin + captured])
        offset = begin + captured


def _pcapng(data: bytes) -> Iterator[Frame]:
    known: list[_Interface] = []
    interfaces, number, at = 0, 0, 0.0
    for block in read_blocks(data):
        if block.kind == BlockType.SECTION_HEADER:
            known = []
        elif block.kind == BlockType.INTERFACE:
            known.append(_interface(block, interfaces))
            interfaces += 1
        elif block.kind in (BlockType.ENHANCED_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
            number += 1
            frame = _frame(block, known, number, at)
            if frame is not None:
                at = frame.at
                yield frame


def _by_time(found: Iterator[Frame]) -> Iterator[Frame]:
    """Frames of several interfaces in the order of their times: they are written in batches of one interface each."""
    kept: list[Frame] = []
    damage: CaptureError | None = None
    try:
        kept.extend(found)
    except CaptureError as error:
        damage = error
    if any(frame.interface != kept[0].interface for frame in kept):
        kept.sort(key=lambda frame: frame.at)
    yield from kept
    if damage is not None:
        raise damage


def _frame(block: Block, known: list[_Interface], number: int, at: float) -> Frame | None:
    """The frame in a packet block; None if its interface is not there. A simple packet has the time of the last."""
    if block.kind == _SIMPLE_PACKET:
        (whole,) = block.unpack("I")
        if not known:
            return None
        one = known[0]
        captured = min(whole, one.snap or whole)
        return Frame(number, at, one.number, one.link, block.body[4 : 4 + captured])
    if block.kind == _OLD_PACKET:
        which, _, high, low, captured, _ = block.unpack("HHIIII")
    else:
        which, high, low, captured, _ = block.unpack("IIIII")
    if which >= len(known):
        return None
    one = known[which]
    at = (high << 32 | low) / one.ticks + one.offset
    return Frame(number, at, one.number, one.link, block.body[20 : 20 + captured])


def _interface(block: Block, number: int) -> _Interface:
    link, _, snap = block.unpack("HHI")
    options = dict(block.options(8))
    resolution = options.get(blocks.INTERFACE_RESOLUTION, b"")
    value = resolution[0] if resolution else blocks.MICROSECONDS
    ticks = int(2 ** (value & 0x7F)) if value & 0x80 else int(10**value)
    seconds = options.get(_TIME_OFFSET, b"")
    offset = struct.unpack(block.order + "q", seconds)[0] if len(seconds) == 8 else 0
    return _Interface(number, link, snap, ticks, offset)
