"""ESP over all that a packet can be: round trips, flipped bits, replays, and octets that are no packet at all."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imsreg.secagree.esp import Inbound, Outbound, Outcome
from imsreg.secagree.ip import parse_ip
from imsreg.secagree.keys import EspKeys, expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret

EACH = pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
key = st.binary(min_size=16, max_size=16)
spis = st.integers(1, (1 << 32) - 1)
payloads = st.binary(max_size=300)
protocols = st.integers(0, 255).filter(lambda number: number != 59)
addressless = st.binary(max_size=80)


def keys_of(transform: Transform, ck: bytes, ik: bytes) -> EspKeys:
    return expand(transform, Secret(ck), Secret(ik))


@EACH
@given(ck=key, ik=key, spi=spis, payload=payloads, protocol=protocols, seed=st.integers())
def test_round_trip(
    transform: Transform, ck: bytes, ik: bytes, spi: int, payload: bytes, protocol: int, seed: int
) -> None:
    keys = keys_of(transform, ck, ik)
    out, end = Outbound(spi, keys, Random(seed)), Inbound(spi, keys)
    packet = out.encapsulate(payload, protocol)
    assert len(packet) % 4 == 0
    assert end.decapsulate(packet) == (Outcome.OK, spi, 1, protocol, payload)
    assert end.decapsulate(packet).outcome is Outcome.REPLAY


@EACH
@given(ck=key, ik=key, payload=payloads, data=st.data())
def test_any_flipped_bit_shows(transform: Transform, ck: bytes, ik: bytes, payload: bytes, data: st.DataObject) -> None:
    keys = keys_of(transform, ck, ik)
    # In the middle of the window, so that flips in the sequence number lead to both sides of it.
    packet = Outbound(500, keys, Random(1), sent=1023).encapsulate(payload, 17)
    bit = data.draw(st.integers(0, len(packet) * 8 - 1))
    flipped = bytearray(packet)
    flipped[bit // 8] ^= 1 << bit % 8
    end = Inbound(500, keys)
    outcome = end.decapsulate(bytes(flipped)).outcome
    assert outcome is (Outcome.UNKNOWN_SPI if bit < 32 else Outcome.BAD_ICV)
    assert end.decapsulate(packet).payload == payload, "what was forged has left no trace"


@EACH
@given(numbers=st.lists(st.integers(1, 200), max_size=120))
def test_no_number_is_ever_taken_twice(transform: Transform, numbers: list[int]) -> None:
    keys = keys_of(transform, bytes(16), bytes(16))
    out, end = Outbound(500, keys, Random(1)), Inbound(500, keys)
    taken = [
        received.sequence
        for number in numbers
        if (received := end.decapsulate(out.encapsulate(b"", 17, sequence=number))).outcome is Outcome.OK
    ]
    assert len(taken) == len(set(taken))
    top = 0
    for number in numbers:
        if number > top:
            assert number in taken, "right of the window everything is fresh"
            top = number


@EACH
@given(octets=addressless)
def test_any_octets_have_an_outcome(transform: Transform, octets: bytes) -> None:
    end = Inbound(500, keys_of(transform, bytes(16), bytes(16)))
    assert end.decapsulate(octets).outcome in (Outcome.MALFORMED, Outcome.UNKNOWN_SPI)
    to_us = end.decapsulate((500).to_bytes(4, "big") + octets).outcome
    assert to_us in (Outcome.MALFORMED, Outcome.REPLAY, Outcome.BAD_ICV)


@given(first=st.sampled_from((0x45, 0x4F, 0x60, 0x00)), octets=addressless, protocol=protocols, payload=payloads)
def test_any_octets_are_an_ip_packet_or_none(first: int, octets: bytes, protocol: int, payload: bytes) -> None:
    parts = parse_ip(bytes((first,)) + octets)
    if parts is not None:
        changed = parse_ip(parts.with_payload(protocol, payload))
        assert changed is not None
        assert (changed.source, changed.destination) == (parts.source, parts.destination)
        assert (changed.protocol, changed.payload) == (protocol, payload)
