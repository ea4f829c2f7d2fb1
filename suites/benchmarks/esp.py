"""How fast the ESP codec is against scapy's, both ways, in the same run.

    python suites/benchmarks/esp.py [--rounds N]

700 octets with AES-CBC and HMAC-SHA-1-96. Limit: the codec, payload to ESP packet and back, is at least 100 times
faster than scapy, both ways together. scapy has no such step without an IP packet around it, so that part of its time
is no codec's: the second ratio has IPv4 headers on our side too, and no limit. Rounds are interleaved and medians
compared, so that only the ratios carry over to another machine. The other transforms are printed without a ratio.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from scapy.layers.inet import IP
from scapy.layers.ipsec import ESP, SecurityAssociation

from imsreg.secagree.esp import PROTOCOL, Inbound, Outbound, Outcome
from imsreg.secagree.ip import IPV4_HEADER, build_ip, parse_ip
from imsreg.secagree.keys import EspKeys, expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret

OCTETS = 700
SPI = 4096
RATIO_LIMIT = 100.0
MEASURED = Transform("hmac-sha-1-96", "aes-cbc")
OURS, THEIRS = 2000, 50
"""Packets a round, so that both take a noticeable time."""

T = TypeVar("T")

Seconds = tuple[float, float]
"""Of one packet: made, and turned back."""


def keys_of(transform: Transform) -> EspKeys:
    """Keys out of a CK and an IK of no subscriber."""
    return expand(transform, Secret(bytes(range(16))), Secret(bytes(range(16, 32))))


def plain_packet() -> bytes:
    """UDP in IPv4, 700 octets behind the IP header."""
    head = (5062).to_bytes(2, "big") * 2 + OCTETS.to_bytes(2, "big") + bytes(2)
    return build_ip(bytes((192, 0, 2, 1)), bytes((192, 0, 2, 9)), 17, head + Random(1).randbytes(OCTETS - len(head)))


def timed(work: Callable[[], list[T]]) -> tuple[list[T], float]:
    """What the work gives, and its seconds for each."""
    began = time.perf_counter()
    made = work()
    return made, (time.perf_counter() - began) / len(made)


def codec(keys: EspKeys, plain: bytes) -> Seconds:
    """A round of our codec by itself."""
    out, end = Outbound(SPI, keys, Random(1)), Inbound(SPI, keys)
    payload = plain[IPV4_HEADER:]
    protected, there = timed(lambda: [out.encapsulate(payload, 17) for _ in range(OURS)])
    back, here = timed(lambda: [end.decapsulate(packet) for packet in protected])
    assert {(received.outcome, received.payload) for received in back} == {(Outcome.OK, payload)}
    return there, here


def packets(keys: EspKeys, plain: bytes) -> Seconds:
    """A round of our codec with IP headers read and written."""
    out, end = Outbound(SPI, keys, Random(1)), Inbound(SPI, keys)

    def protect(packet: bytes) -> bytes:
        parts = parse_ip(packet)
        assert parts is not None
        return parts.with_payload(PROTOCOL, out.encapsulate(parts.payload, parts.protocol))

    def unprotect(packet: bytes) -> bytes:
        parts = parse_ip(packet)
        assert parts is not None
        received = end.decapsulate(parts.payload)
        assert received.outcome is Outcome.OK
        return parts.with_payload(received.next_header, received.payload)

    protected, there = timed(lambda: [protect(plain) for _ in range(OURS)])
    back, here = timed(lambda: [unprotect(packet) for packet in protected])
    assert set(back) == {plain}
    return there, here


def theirs(keys: EspKeys, plain: bytes) -> Seconds:
    """A round of scapy's, on packets that it has parsed before."""
    association = SecurityAssociation(
        ESP,
        spi=SPI,
        crypt_algo="AES-CBC",
        crypt_key=keys.encryption.reveal(),
        auth_algo="HMAC-SHA1-96",
        auth_key=keys.integrity.reveal(),
    )
    parsed = IP(plain)
    protected, there = timed(lambda: [association.encrypt(parsed) for _ in range(THEIRS)])
    arrived = [IP(bytes(packet)) for packet in protected]
    back, here = timed(lambda: [association.decrypt(packet) for packet in arrived])
    assert {bytes(packet) for packet in back} == {plain}
    return there, here


def medians(rounds: Sequence[Seconds]) -> Seconds:
    """The median of each way."""
    there, back = zip(*rounds, strict=True)
    return statistics.median(there), statistics.median(back)


def line(name: str, seconds: Seconds) -> str:
    """Microseconds of one packet."""
    return f"{name:<28} {seconds[0] * 1e6:9.2f} us out {seconds[1] * 1e6:9.2f} us in"


def main() -> int:
    """Print the figures; 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default: 7)")
    count = parser.parse_args().rounds
    plain, keys = plain_packet(), keys_of(MEASURED)
    kinds = (codec, packets, theirs)
    rounds = [[measure(keys, plain) for measure in kinds] for _ in range(count)]
    own, with_headers, other = (medians(seconds) for seconds in zip(*rounds, strict=True))
    for transform in ALL_TRANSFORMS:
        if transform != MEASURED:
            print(line("/".join(transform), codec(keys_of(transform), plain)))
    print(line("/".join(MEASURED), own))
    print(line("with IP headers", with_headers))
    print(line("scapy, with IP headers", other))
    ratio = sum(other) / sum(own)
    print(f"ratio {ratio:6.0f}   both ways, scapy / codec, limit {RATIO_LIMIT:g}")
    print(f"ratio {sum(other) / sum(with_headers):6.0f}   both ways, scapy / codec with IP headers")
    return int(ratio < RATIO_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
