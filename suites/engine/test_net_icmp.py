"""ICMP errors as Linux hands them over."""

from __future__ import annotations

import socket
import struct

import pytest

from imsreg.net.icmp import describe

ICMP, ICMP6, LOCAL = 2, 3, 1


def extended_error(origin: int, kind: int, code: int, offender: bytes = b"") -> bytes:
    return struct.pack("=IBBBxII", 111, origin, kind, code, 0, 0) + offender


def sockaddr(host: str) -> bytes:
    if ":" in host:
        return struct.pack("=HHI", socket.AF_INET6, 0, 0) + socket.inet_pton(socket.AF_INET6, host) + bytes(4)
    return struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton(host) + bytes(8)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (extended_error(ICMP, 3, 3, sockaddr("192.0.2.1")), "ICMP port unreachable (type 3, code 3) from 192.0.2.1"),
        (extended_error(ICMP, 3, 1), "ICMP host unreachable (type 3, code 1)"),
        (extended_error(ICMP, 3, 99), "ICMP destination unreachable (type 3, code 99)"),
        (extended_error(ICMP, 12, 0), "ICMP parameter problem (type 12, code 0)"),
        (
            extended_error(ICMP6, 1, 4, sockaddr("2001:db8::1")),
            "ICMPv6 port unreachable (type 1, code 4) from 2001:db8::1",
        ),
        (extended_error(ICMP6, 4, 2), "ICMPv6 parameter problem (type 4, code 2)"),
    ],
)
def test_a_failure_names_type_code_and_sender(data: bytes, words: str) -> None:
    assert describe(data) == words


@pytest.mark.parametrize(
    "data",
    [
        extended_error(ICMP, 11, 0),  # TTL exceeded: RFC 3261 18.4
        extended_error(ICMP, 4, 0),  # source quench: RFC 3261 18.4
        extended_error(ICMP, 3, 4),  # fragmentation needed
        extended_error(ICMP6, 2, 0),  # packet too big
        extended_error(ICMP6, 3, 0),  # hop limit exceeded
        extended_error(LOCAL, 0, 0),
        b"",
        extended_error(ICMP, 3, 3)[:-1],
    ],
)
def test_what_is_no_failure_is_ignored(data: bytes) -> None:
    assert describe(data) is None


@pytest.mark.parametrize("offender", [sockaddr("192.0.2.1")[:7], sockaddr("::1")[:20], b"\x01", bytes(16)])
def test_an_offender_that_cannot_be_read_is_left_out(offender: bytes) -> None:
    assert describe(extended_error(ICMP, 3, 3, offender)) == "ICMP port unreachable (type 3, code 3)"
