"""The IP packets in a capture of anybody's: pcap or pcapng, with the link layers that SIP is captured on."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from imsreg.transcript import blocks
from imsreg.transcript.blocks import Block, BlockType, CaptureError, read_blocks

_SIMPLE_PACKET = 3
_PCAP = {
    bytes.fromhex("d4c3b2a1"): ("<", 10**6),
    bytes.fromhex("a1b2c3d4"): (">", 10**6),
    bytes.fromhex("4d3cb2a1"): ("<", 10**9),
    bytes.fromhex("a1b23c4d"): (">", 10**9),
}
_PCAP_HEADER = 24
_IP = (b"\x08\x00", b"\x86\xdd")
_TAGS = (b"\x81\x00", b"\x88\xa8")  # VLAN
# Link type -> octets before the IP header, and where among them the Ethernet type is. -1: there is none.
_LINKS = {
    0: (4, -1),  # BSD loopback
    1: (14, 12),  # Ethernet
    12: (0, -1),
    14: (0, -1),
    101: (0, -1),  # raw IP
    113: (16, 14),  # Linux "any"
    228: (0, -1),
    229: (0, -1),
    276: (20, 0),  # Linux "any", second version
}


def ip_packets(data: bytes) -> Iterator[tuple[float, bytes]]:
    """Time in seconds since the epoch, and octets from the IP header on. Ends where the file makes no sense."""
    if data[:4] in _PCAP:
        yield from _pcap(data)
        return
    try:
        yield from _pcapng(data)
    except CaptureError:
        return


def _pcap(data: bytes) -> Iterator[tuple[float, bytes]]:
    order, ticks = _PCAP[data[:4]]
    if len(data) < _PCAP_HEADER:
        return
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    offset = _PCAP_HEADER
    while offset + 16 <= len(data):
        seconds, fraction, captured, _ = struct.unpack_from(order + "IIII", data, offset)
        offset += 16
        packet = _behind(link, data[offset : offset + captured])
        offset += captured
        if packet:
            yield seconds + fraction / ticks, packet


def _pcapng(data: bytes) -> Iterator[tuple[float, bytes]]:
    interfaces: list[tuple[int, int]] = []
    for block in read_blocks(data):
        if block.kind == BlockType.SECTION_HEADER:
            interfaces = []
        elif block.kind == BlockType.INTERFACE:
            interfaces.append((block.unpack("HHI")[0], _ticks(block)))
        elif block.kind == BlockType.ENHANCED_PACKET:
            interface, high, low, captured, _ = block.unpack("IIIII")
            if interface < len(interfaces):
                link, ticks = interfaces[interface]
                if packet := _behind(link, block.body[20 : 20 + captured]):
                    yield (high << 32 | low) / ticks, packet
        elif block.kind == _SIMPLE_PACKET and interfaces:
            (length,) = block.unpack("I")
            if packet := _behind(interfaces[0][0], block.body[4 : 4 + length]):
                yield 0.0, packet


def _ticks(block: Block) -> int:
    """What the time stamps of an interface count in a second: a power of ten, or of two."""
    resolution = dict(block.options(8)).get(blocks.INTERFACE_RESOLUTION, b"")
    value = resolution[0] if resolution else blocks.MICROSECONDS
    return int(2 ** (value & 0x7F)) if value & 0x80 else int(10**value)


def _behind(link: int, frame: bytes) -> bytes:
    """The frame from its IP header on; empty if there is none."""
    if link not in _LINKS:
        return b""
    begin, place = _LINKS[link]
    if place < 0:
        return frame[begin:]
    kind = frame[place : place + 2]
    while kind in _TAGS:
        kind = frame[begin + 2 : begin + 4]
        begin += 4
    return frame[begin:] if kind in _IP else b""
