"""Captures as others write them, by hand: files, link layers, tunnels, and the sending end of an association."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from random import Random

from imsreg.secagree.datagram import complement
from imsreg.secagree.esp import PROTOCOL, Outbound
from imsreg.secagree.ip import build_ip, parse_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.segment import TcpFlags
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address
from imsreg.transcript.blocks import BlockType, write_block
from imsreg.transcript.foreign import ForeignCapture, Keyring, read_foreign
from imsreg.transcript.packets import Datagram, Segment

UE, CSCF = Address("10.0.0.7", 40_001), Address("10.0.0.1", 50_002)
UE6, CSCF6 = Address("fd00::7", 40_001), Address("fd00::1", 50_002)
REGISTER = b"REGISTER sip:ims.example SIP/2.0\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"
OK = b"SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"
PATH = Path("phone.pcap")
RAW, ETHERNET, COOKED, COOKED2 = 101, 1, 113, 276
BEGAN = 1_000


def message(number: int, body: bytes = b"") -> bytes:
    """A message that is like no other."""
    return b"MESSAGE sip:%d@ims.example SIP/2.0\r\nContent-Length: %d\r\n\r\n%s" % (number, len(body), body)


class Sender:
    """The sending end of an association of somebody else's."""

    def __init__(self, transform: Transform, source: Address = UE, destination: Address = CSCF, spi: int = 4711):
        self.source, self.destination = source, destination
        keys = expand(transform, Secret(b"c" * 16), Secret(b"i" * 16))
        self.end = Outbound(spi, keys, Random(1))

    def udp(self, payload: bytes) -> bytes:
        return self.protect(Datagram(self.source, self.destination, payload).to_bytes())

    def tcp(self, seq: int, payload: bytes, flags: TcpFlags = TcpFlags.ACK) -> bytes:
        return self.protect(Segment(self.source, self.destination, seq, 0, flags, payload).to_bytes())

    def protect(self, made: bytes) -> bytes:
        plain = parse_ip(made)
        assert plain is not None
        return build_ip(plain.source, plain.destination, PROTOCOL, self.end.encapsulate(plain.payload, plain.protocol))


def udp(payload: bytes, source: Address = UE, destination: Address = CSCF, ident: int = 0) -> bytes:
    return Datagram(source, destination, payload).to_bytes(ident)


def timed(packets: Sequence[bytes | tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    """Packets with their times in seconds from BEGAN; without one they are a second apart."""
    return [(float(n), p) if isinstance(p, bytes) else p for n, p in enumerate(packets)]


def pcap(
    packets: Sequence[bytes | tuple[float, bytes]], link: int = RAW, order: str = "<", *, nano: bool = False
) -> bytes:
    magic, ticks = (0xA1B23C4D, 10**9) if nano else (0xA1B2C3D4, 10**6)
    made = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, link)
    for at, octets in timed(packets):
        fraction = round(at % 1 * ticks)
        made += struct.pack(order + "IIII", BEGAN + int(at), fraction, len(octets), len(octets)) + octets
    return made


def section() -> bytes:
    return write_block(BlockType.SECTION_HEADER, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(link: int = RAW, options: Sequence[tuple[int, bytes]] = (), snap: int = 0) -> bytes:
    return write_block(BlockType.INTERFACE, struct.pack("<HHI", link, 0, snap), options)


def packet(octets: bytes, ticks: int, which: int = 0) -> bytes:
    """An enhanced packet block at so many ticks of its interface."""
    head = struct.pack("<IIIII", which, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), len(octets))
    return write_block(BlockType.ENHANCED_PACKET, head + octets)


def pcapng(packets: Sequence[bytes | tuple[float, bytes]], link: int = RAW) -> bytes:
    made = section() + interface(link, [(2, b"eth0"), (9, b"\x09")])
    return made + b"".join(packet(octets, round((BEGAN + at) * 10**9)) for at, octets in timed(packets))


def on_interfaces(packets: Sequence[tuple[int, float, bytes]], link: int = RAW) -> bytes:
    """A pcapng with two interfaces and packets on them: interface, time from BEGAN, octets."""
    made = section() + interface(link) * 2
    return made + b"".join(packet(octets, round((BEGAN + at) * 10**6), which) for which, at, octets in packets)


def kind(octets: bytes) -> bytes:
    return b"\x08\x00" if octets[0] >> 4 == 4 else b"\x86\xdd"


def ethernet(octets: bytes, tags: bytes = b"", ends: bytes = bytes(12)) -> bytes:
    return ends + tags + kind(octets) + octets


def cooked(octets: bytes, packet_type: int = 0) -> bytes:
    return struct.pack("!HHH8s", packet_type, 1, 6, bytes(8)) + kind(octets) + octets


def cooked2(octets: bytes, which: int = 1, packet_type: int = 0) -> bytes:
    return kind(octets) + struct.pack("!HIHBB8s", 0, which, 1, packet_type, 6, bytes(8)) + octets


def with_ttl(octets: bytes, ttl: int) -> bytes:
    """The packet as it is behind routers, which also put the checksum right."""
    if octets[0] >> 4 == 6:
        return octets[:7] + bytes((ttl,)) + octets[8:]
    head = octets[:8] + bytes((ttl,)) + octets[9:10] + b"\0\0" + octets[12:20]
    return head[:10] + complement(head).to_bytes(2, "big") + octets[12:]


def fragments(octets: bytes, size: int = 480) -> list[bytes]:
    """An IPv4 packet in pieces of `size` octets, a multiple of eight."""
    pieces = []
    for begin in range(20, len(octets), size):
        piece = octets[begin : begin + size]
        place = (begin - 20) // 8 | (0x2000 if begin + size < len(octets) else 0)
        made = bytearray(octets[:20] + piece)
        made[2:8] = struct.pack("!HHH", 20 + len(piece), 7, place)
        pieces.append(bytes(made))
    return pieces


def read(data: bytes, keys: Keyring | None = None) -> ForeignCapture:
    return read_foreign(PATH, data, keys=keys)


def octets_in(data: bytes, keys: Keyring | None = None) -> list[bytes]:
    return [each.octets for each in read(data, keys).messages]


def troubles_in(data: bytes) -> list[tuple[str, int, int]]:
    """Kind, count and first packet of each trouble."""
    return [(each.kind, each.count, each.packet) for each in read(data).troubles]
