"""The blocks of a pcapng file and their options (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

BYTE_ORDER_MAGIC = 0x1A2B3C4D
LINKTYPE_RAW = 101
"""Packets begin with their IP header."""

END_OF_OPTIONS, COMMENT = 0, 1
"""Option codes that every block knows."""
SECTION_APPLICATION = 4
INTERFACE_NAME, INTERFACE_RESOLUTION = 2, 9
PACKET_FLAGS = 2
STATISTICS_START, STATISTICS_DROPPED = 2, 5
"""Option codes of one type of block each: section header, interface, enhanced packet, interface statistics."""

MICROSECONDS = 6
"""INTERFACE_RESOLUTION of time stamps that count microseconds; also the default."""
INBOUND, OUTBOUND = 1, 2
"""The direction in PACKET_FLAGS, its two lowest bits."""

Option = tuple[int, bytes]


class BlockType(IntEnum):
    """The block types that imsreg writes; a reader skips others."""

    SECTION_HEADER = 0x0A0D0D0A
    INTERFACE = 1
    INTERFACE_STATISTICS = 5
    ENHANCED_PACKET = 6


class CaptureError(Exception):
    """The octets are not a pcapng file; `offset` says where that shows."""

    def __init__(self, offset: int, problem: str) -> None:
        self.offset = offset
        self.problem = problem
        super().__init__(offset, problem)


@dataclass(frozen=True, slots=True)
class Block:
    """One block as read: its type, its body, where in the file it begins, and "<" or ">" for the order of octets."""

    kind: int
    body: bytes
    offset: int
    order: str

    def unpack(self, layout: str) -> tuple[int, ...]:
        """The integers at the beginning of the body. Raises CaptureError if the body is shorter."""
        if len(self.body) < struct.calcsize("=" + layout):
            raise CaptureError(self.offset, "the block is too short for its type")
        return struct.unpack_from(self.order + layout, self.body)

    def options(self, begin: int) -> Iterator[Option]:
        """The options from octet `begin` of the body. Raises CaptureError if one reaches beyond the block."""
        while begin < len(self.body):
            if begin + 4 > len(self.body):
                raise CaptureError(self.offset, "an option of the block is cut short")
            code, length = struct.unpack_from(self.order + "HH", self.body, begin)
            if code == END_OF_OPTIONS:
                return
            if begin + 4 + length > len(self.body):
                raise CaptureError(self.offset, "an option reaches beyond the block")
            yield code, self.body[begin + 4 : begin + 4 + length]
            begin += 4 + padded(length)


def write_block(kind: BlockType, body: bytes, options: Iterable[Option] = ()) -> bytes:
    """A block, little-endian. `body` is padded to a multiple of four octets."""
    parts = [_pad(body)]
    for code, value in options:
        parts.append(struct.pack("<HH", code, len(value)) + _pad(value))
    if len(parts) > 1:
        parts.append(struct.pack("<HH", END_OF_OPTIONS, 0))
    length = 12 + sum(map(len, parts))
    return struct.pack("<II", kind, length) + b"".join(parts) + struct.pack("<I", length)


def read_blocks(data: bytes) -> Iterator[Block]:
    """The blocks of a file. Raises CaptureError at the first octet that does not fit the format."""
    offset, order = 0, ""
    while offset < len(data):
        if data[offset : offset + 4] == BlockType.SECTION_HEADER.to_bytes(4, "big"):
            order = _byte_order(data, offset)
        if not order:
            raise CaptureError(offset, "no section header: this is no pcapng file")
        if offset + 12 > len(data):
            raise CaptureError(offset, "the file ends inside a block")
        kind, length = struct.unpack_from(order + "II", data, offset)
        if length % 4 or length < 12:
            raise CaptureError(offset, f"a block cannot be {length} octets long")
        if offset + length > len(data):
            raise CaptureError(offset, "the file ends inside a block")
        if struct.unpack_from(order + "I", data, offset + length - 4)[0] != length:
            raise CaptureError(offset, "the two lengths of the block differ")
        yield Block(kind, data[offset + 8 : offset + length - 4], offset, order)
        offset += length


def padded(length: int) -> int:
    """`length` rounded up to a multiple of four octets."""
    return length + -length % 4


def _byte_order(data: bytes, offset: int) -> str:
    for order in "<>":
        if data[offset + 8 : offset + 12] == struct.pack(order + "I", BYTE_ORDER_MAGIC):
            return order
    raise CaptureError(offset, "the section header has no byte-order magic")


def _pad(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
