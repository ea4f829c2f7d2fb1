"""IP headers around ESP (RFC 4303 3.1.1)."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from imsreg.secagree.ip import MAX_PACKET, PacketTooLong, build_ip, parse_ip
from imsreg.sip.flow import Address
from imsreg.transcript.packets import Datagram

ADDRESSES = {4: ("192.0.2.1", "192.0.2.9"), 6: ("2001:db8::1", "2001:db8::9")}
EACH = pytest.mark.parametrize("version", ADDRESSES)


def packed(version: int) -> tuple[bytes, bytes]:
    source, destination = (ip_address(host).packed for host in ADDRESSES[version])
    return source, destination


def datagram(version: int, payload: bytes = b"hello") -> bytes:
    source, destination = (Address(host, 5062) for host in ADDRESSES[version])
    return Datagram(source, destination, payload).to_bytes(ident=77)


def sum_of(header: bytes) -> int:
    """The one's complement sum, 0xFFFF for a header whose checksum is right."""
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@EACH
def test_the_parts_of_a_packet(version: int) -> None:
    packet = datagram(version)
    parts = parse_ip(packet + b"trailing")
    assert parts is not None
    assert (parts.source, parts.destination) == packed(version)
    assert (parts.version, parts.protocol, len(parts.payload)) == (version, 17, 13)
    assert parts.header + parts.payload == packet


@EACH
def test_there_and_back_nothing_has_changed(version: int) -> None:
    packet = datagram(version)
    parts = parse_ip(packet)
    assert parts is not None
    wrapped = parts.with_payload(50, b"an ESP packet")
    protected = parse_ip(wrapped)
    assert protected is not None
    assert (protected.protocol, protected.payload) == (50, b"an ESP packet")
    assert version == 6 or sum_of(protected.header) == 0xFFFF
    assert protected.with_payload(parts.protocol, parts.payload) == packet, "the UDP checksum among the rest"


@EACH
def test_a_packet_from_nothing(version: int) -> None:
    source, destination = packed(version)
    packet = build_ip(source, destination, 50, b"octets", ident=9)
    parts = parse_ip(packet)
    assert parts is not None
    assert (parts.source, parts.destination, parts.protocol, parts.payload) == (source, destination, 50, b"octets")
    assert version == 6 or (sum_of(parts.header), packet[4:6]) == (0xFFFF, b"\0\x09")


def test_options_of_ipv4_stay() -> None:
    parts = parse_ip(datagram(4))
    assert parts is not None
    with_options = b"\x46" + parts.header[1:] + b"\x01\x01\x01\x00" + parts.payload
    with_options = with_options[:2] + len(with_options).to_bytes(2, "big") + with_options[4:]
    longer = parse_ip(with_options)
    assert longer is not None
    changed = longer.with_payload(50, b"x" * 11)
    assert changed[20:24] == b"\x01\x01\x01\x00"
    assert len(changed) == int.from_bytes(changed[2:4], "big") == 35
    assert sum_of(changed[:24]) == 0xFFFF


@EACH
def test_lengths_have_an_end(version: int) -> None:
    source, destination = packed(version)
    longest = MAX_PACKET - (20 if version == 4 else 0)
    assert len(build_ip(source, destination, 50, bytes(longest))) == longest + (20 if version == 4 else 40)
    with pytest.raises(PacketTooLong, match="65536 octets"):
        build_ip(source, destination, 50, bytes(longest + 1))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x45",
        datagram(4)[:19],
        datagram(4)[:-1],
        datagram(6)[:39],
        datagram(6)[:-1],
        b"\x54" + datagram(4)[1:],
        b"\x44" + datagram(4)[1:],
        datagram(4)[:2] + b"\0\x13" + datagram(4)[4:],
        datagram(4)[:6] + b"\x20\x00" + datagram(4)[8:],
        datagram(4)[:6] + b"\x00\x01" + datagram(4)[8:],
    ],
    ids=[
        "nothing",
        "one octet",
        "half a header",
        "IPv4 cut short",
        "half an IPv6 header",
        "IPv6 cut short",
        "IP version 5",
        "header length 16",
        "total length below the header",
        "first fragment",
        "later fragment",
    ],
)
def test_what_is_no_whole_packet(packet: bytes) -> None:
    assert parse_ip(packet) is None


def test_an_extension_header_is_a_protocol_of_its_own() -> None:
    source, destination = packed(6)
    parts = parse_ip(build_ip(source, destination, 44, bytes(8)))
    assert parts is not None
    assert parts.protocol == 44
