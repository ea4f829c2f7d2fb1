"""ESP packets: what goes out, what becomes of what comes in, and each rule broken on purpose (RFC 4303)."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.secagree.esp import LAST_SEQUENCE, Inbound, Outbound, Outcome, SequenceExhausted
from imsreg.secagree.inbound import MAX_DELETED, InboundTable
from imsreg.secagree.keys import EspKeys, expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret

SPI = 0x12345678
PAYLOAD = b"REGISTER sip:home.example SIP/2.0\r\n"
EACH = pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="/".join)
BLOCKS = {"aes-cbc": 16, "des-ede3-cbc": 8}


def keys_of(transform: Transform, key: int = 7) -> EspKeys:
    return expand(transform, Secret(bytes([key]) * 16), Secret(bytes([key + 1]) * 16))


def pair(transform: Transform = ALL_TRANSFORMS[0]) -> tuple[Outbound, Inbound]:
    keys = keys_of(transform)
    return Outbound(SPI, keys, Random(1)), Inbound(SPI, keys)


@EACH
@pytest.mark.parametrize("length", [0, 1, 2, 13, 14, 15, 16, 17, 1400, 65000])
def test_what_goes_in_comes_out(transform: Transform, length: int) -> None:
    out, end = pair(transform)
    payload = Random(length).randbytes(length)
    for sequence in (1, 2):
        packet = out.encapsulate(payload, 6)
        assert packet[:8] == SPI.to_bytes(4, "big") + sequence.to_bytes(4, "big")
        assert end.decapsulate(packet) == (Outcome.OK, SPI, sequence, 6, payload)
    assert out.sent == end.window.top == 2


@EACH
def test_lengths_are_those_of_the_algorithms(transform: Transform) -> None:
    out, _ = pair(transform)
    block = BLOCKS.get(transform.ealg, 4)
    combined = transform in (("aes-gmac", "null"), ("null", "aes-gcm"))
    iv, icv = (8, 16) if combined else (block if transform.ealg in BLOCKS else 0, 12)
    for length in range(40):
        body = -(-(length + 2) // block) * block
        assert len(out.encapsulate(bytes(length), 17)) == 8 + iv + body + icv


@EACH
def test_encryption_hides_and_null_does_not(transform: Transform) -> None:
    packet = pair(transform)[0].encapsulate(PAYLOAD, 17)
    assert (PAYLOAD in packet) is (transform.ealg == "null")


@EACH
def test_keys_decide(transform: Transform) -> None:
    packet = pair(transform)[0].encapsulate(PAYLOAD, 17)
    assert Inbound(SPI, keys_of(transform, 9)).decapsulate(packet).outcome is Outcome.BAD_ICV


@EACH
def test_a_bad_icv(transform: Transform) -> None:
    out, end = pair(transform)
    good = out.encapsulate(PAYLOAD, 17, sequence=1)
    bad = out.encapsulate(PAYLOAD, 17, sequence=1, icv_mask=b"\x80")
    assert end.decapsulate(bad) == (Outcome.BAD_ICV, SPI, 1, 0, b"")
    assert end.decapsulate(good).outcome is Outcome.OK, "a forged packet does not use up its number"


@EACH
def test_the_mask_changes_the_icv_alone(transform: Transform) -> None:
    iv = bytes(BLOCKS.get(transform.ealg, 8))
    good = pair(transform)[0].encapsulate(PAYLOAD, 17, iv=iv)
    bad = pair(transform)[0].encapsulate(PAYLOAD, 17, iv=iv, icv_mask=b"\x01\x00\xff")
    assert good[:-3] == bad[:-3]
    assert [a ^ b for a, b in zip(good[-3:], bad[-3:], strict=True)] == [1, 0, 255]


@EACH
def test_a_replay(transform: Transform) -> None:
    out, end = pair(transform)
    packet = out.encapsulate(PAYLOAD, 17)
    assert end.decapsulate(packet).outcome is Outcome.OK
    assert end.decapsulate(packet) == (Outcome.REPLAY, SPI, 1, 0, b"")
    assert end.decapsulate(out.encapsulate(b"another", 17, sequence=1)).outcome is Outcome.REPLAY
    assert end.decapsulate(out.encapsulate(b"another", 17, sequence=0)).outcome is Outcome.REPLAY


def test_a_sequence_number_of_the_caller_is_not_counted() -> None:
    out, end = pair()
    assert end.decapsulate(out.encapsulate(PAYLOAD, 17, sequence=500)).sequence == 500
    assert end.decapsulate(out.encapsulate(PAYLOAD, 17)) == (Outcome.REPLAY, SPI, 1, 0, b"")


@EACH
def test_the_wrong_spi(transform: Transform) -> None:
    out, end = pair(transform)
    assert end.decapsulate(out.encapsulate(PAYLOAD, 17, spi=999)) == (Outcome.UNKNOWN_SPI, 999, 1, 0, b"")
    other = Inbound(999, keys_of(transform))
    assert other.decapsulate(out.encapsulate(PAYLOAD, 17, spi=999)).outcome is Outcome.OK, "the ICV covers that SPI"


@EACH
def test_bad_padding_is_named_and_leaves_the_payload(transform: Transform) -> None:
    out, end = pair(transform)
    block = BLOCKS.get(transform.ealg, 4)
    padding = bytes(block * 2 - (len(PAYLOAD) + 2) % block)
    assert end.decapsulate(out.encapsulate(PAYLOAD, 17, padding=padding)) == (
        Outcome.BAD_PADDING,
        SPI,
        1,
        17,
        PAYLOAD,
    )


@EACH
def test_more_padding_than_needed_is_good(transform: Transform) -> None:
    out, end = pair(transform)
    needed = -(len(PAYLOAD) + 2) % 16
    padding = bytes(range(1, needed + 16 * 14 + 1))
    assert end.decapsulate(out.encapsulate(PAYLOAD, 17, padding=padding)).payload == PAYLOAD


@EACH
def test_a_pad_length_that_does_not_fit(transform: Transform) -> None:
    out, end = pair(transform)
    assert end.decapsulate(out.encapsulate(PAYLOAD, 17, pad_length=255)) == (Outcome.MALFORMED, SPI, 1, 0, b"")
    assert end.decapsulate(out.encapsulate(PAYLOAD, 17, pad_length=20)).outcome is Outcome.BAD_PADDING
    assert not end.window.fresh(1), "an authentic packet uses up its number"


@EACH
def test_the_edge_of_pad_length(transform: Transform) -> None:
    out, end = pair(transform)
    body = len(PAYLOAD) + 2 + -(len(PAYLOAD) + 2) % BLOCKS.get(transform.ealg, 4)
    received = [end.decapsulate(out.encapsulate(PAYLOAD, 17, pad_length=body - short)) for short in (2, 1, 0)]
    assert [each.outcome for each in received] == [Outcome.BAD_PADDING, Outcome.MALFORMED, Outcome.MALFORMED]
    assert {each.payload for each in received} == {b""}


@EACH
def test_a_dummy(transform: Transform) -> None:
    out, end = pair(transform)
    assert end.decapsulate(out.encapsulate(b"noise", 59, pad_length=255)) == (Outcome.DUMMY, SPI, 1, 59, b"")


@EACH
def test_what_is_cut_short_or_misaligned(transform: Transform) -> None:
    out, end = pair(transform)
    packet = out.encapsulate(PAYLOAD, 17)
    block = BLOCKS.get(transform.ealg, 4)
    for length in range(len(packet)):
        whole = length - len(out.encapsulate(b"", 17)) in range(0, len(packet), block)
        assert end.decapsulate(packet[:length]).outcome is (Outcome.BAD_ICV if whole else Outcome.MALFORMED), length
    assert end.decapsulate(packet).outcome is Outcome.OK


@pytest.mark.parametrize("transform", [t for t in ALL_TRANSFORMS if t.ealg in BLOCKS], ids="/".join)
def test_packets_in_another_order_decrypt_all_the_same(transform: Transform) -> None:
    out, end = pair(transform)
    payloads = [bytes([n]) * (10 + n) for n in range(30)]
    packets = [out.encapsulate(payload, 17) for payload in payloads]
    for place in Random(4).sample(range(30), 30):
        assert end.decapsulate(packets[place]).payload == payloads[place]


def test_padding_that_fills_no_block_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="block"):
        pair(Transform("hmac-sha-1-96", "aes-cbc"))[0].encapsulate(PAYLOAD, 17, padding=b"")


def test_the_last_sequence_number_is_the_last() -> None:
    keys = keys_of(ALL_TRANSFORMS[0])
    out, end = Outbound(SPI, keys, Random(1), sent=LAST_SEQUENCE - 1), Inbound(SPI, keys)
    assert end.decapsulate(out.encapsulate(PAYLOAD, 17)).sequence == LAST_SEQUENCE
    for _ in range(2):
        with pytest.raises(SequenceExhausted, match=f"SPI {SPI} has used up"):
            out.encapsulate(PAYLOAD, 17)
    assert out.sent == LAST_SEQUENCE
    assert out.encapsulate(PAYLOAD, 17, sequence=1)[4:8] == b"\0\0\0\1", "on purpose it goes on"


@pytest.mark.parametrize("transform", [Transform("aes-gmac", "null"), Transform("null", "aes-gcm")], ids="/".join)
def test_no_two_packets_of_a_set_share_an_iv(transform: Transform) -> None:
    keys, random = keys_of(transform), Random(2)
    ends = [Outbound(spi, keys, random) for spi in (300, 301, 302, 303)]
    ivs = [end.encapsulate(PAYLOAD, 17, sequence=sequence)[8:16] for end in ends for sequence in (None, 1, 1, None)]
    assert len(set(ivs)) == 16
    for begin in range(0, 16, 4):
        numbers = [int.from_bytes(iv, "big") for iv in ivs[begin : begin + 4]]
        assert [number - numbers[0] for number in numbers] == [0, 1, 2, 3]


def test_a_counted_iv_goes_round() -> None:
    class Highest(Random):
        def getrandbits(self, k: int) -> int:
            return (1 << k) - 1

    out = Outbound(SPI, keys_of(Transform("null", "aes-gcm")), Highest(1))
    assert [out.encapsulate(b"", 17)[8:16] for _ in range(2)] == [b"\xff" * 8, bytes(8)]


@pytest.mark.parametrize("transform", [t for t in ALL_TRANSFORMS if t.ealg in BLOCKS], ids="/".join)
def test_ivs_of_cbc_are_drawn_anew(transform: Transform) -> None:
    out, _ = pair(transform)
    block = BLOCKS[transform.ealg]
    assert len({out.encapsulate(PAYLOAD, 17)[8 : 8 + block] for _ in range(20)}) == 20


@EACH
def test_the_same_random_makes_the_same_packets(transform: Transform) -> None:
    assert pair(transform)[0].encapsulate(PAYLOAD, 17) == pair(transform)[0].encapsulate(PAYLOAD, 17)


@EACH
def test_ends_do_not_show_their_keys(transform: Transform) -> None:
    for end in pair(transform):
        assert "\\x07" not in repr(vars(end))
        assert "07070707" not in repr(vars(end))


def test_a_window_of_another_size() -> None:
    out = pair()[0]
    end = Inbound(SPI, keys_of(ALL_TRANSFORMS[0]), window=32)
    sequences = (100, 68, 69)
    outcomes = [end.decapsulate(out.encapsulate(PAYLOAD, 17, sequence=n)).outcome for n in sequences]
    assert outcomes == [Outcome.OK, Outcome.REPLAY, Outcome.OK]


def test_packets_find_their_association() -> None:
    table, keys = InboundTable(), keys_of(ALL_TRANSFORMS[0])
    table.add(Inbound(300, keys))
    table.add(Inbound(301, keys))
    packets = {spi: Outbound(spi, keys, Random(1)).encapsulate(PAYLOAD, 17) for spi in (300, 301, 302)}
    outcomes = {spi: table.receive(packet).outcome for spi, packet in packets.items()}
    assert outcomes == {300: Outcome.OK, 301: Outcome.OK, 302: Outcome.UNKNOWN_SPI}
    assert table.receive(packets[300]).outcome is Outcome.REPLAY
    assert table.receive(packets[302])[1:3] == (302, 1)
    assert table.receive(bytes(7)) == (Outcome.MALFORMED, 0, 0, 0, b"")


def test_a_deleted_association_is_told_from_an_unknown_one() -> None:
    table, keys = InboundTable(), keys_of(ALL_TRANSFORMS[0])
    packet = Outbound(300, keys, Random(1)).encapsulate(PAYLOAD, 17)
    table.add(Inbound(300, keys))
    with pytest.raises(ValueError, match="SPI 300 is in use"):
        table.add(Inbound(300, keys))
    table.remove(300)
    table.remove(300)
    table.remove(4711)
    assert table.receive(packet) == (Outcome.DELETED_SPI, 300, 1, 0, b"")
    table.add(Inbound(300, keys))
    assert table.receive(packet).outcome is Outcome.OK


def test_deleted_associations_are_forgotten_in_the_end() -> None:
    table, keys = InboundTable(), keys_of(ALL_TRANSFORMS[0])
    for spi in range(300, 301 + MAX_DELETED):
        table.add(Inbound(spi, keys))
        table.remove(spi)
    outcomes = [table.receive(spi.to_bytes(4, "big") + bytes(40)).outcome for spi in (300, 301, 300 + MAX_DELETED)]
    assert outcomes == [Outcome.UNKNOWN_SPI, Outcome.DELETED_SPI, Outcome.DELETED_SPI]


def test_an_association_deleted_again_is_remembered_from_then() -> None:
    table, keys = InboundTable(), keys_of(ALL_TRANSFORMS[0])
    for spi in (300, 301, 300, *range(1000, 999 + MAX_DELETED)):
        table.add(Inbound(spi, keys))
        table.remove(spi)
    outcomes = [table.receive(spi.to_bytes(4, "big") + bytes(40)).outcome for spi in (300, 301)]
    assert outcomes == [Outcome.DELETED_SPI, Outcome.UNKNOWN_SPI]
