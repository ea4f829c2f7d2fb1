"""The seams of a reference DUT's ESP."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from imsreg.registration.esp_seams import SeamedEnds
from imsreg.registration.seams import Hook, Seams
from imsreg.secagree.ends import Ends
from imsreg.secagree.esp import NO_NEXT_HEADER, Inbound, Outbound, Outcome, Received
from imsreg.secagree.keys import EspKeys, expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, CURRENT_TRANSFORMS, Transform
from imsreg.secret import Secret

UDP = 17
CK, IK = Secret(bytes(range(16))), Secret(bytes(range(16, 32)))
GCM = expand(Transform("null", "aes-gcm"), CK, IK)
SHA = expand(Transform("hmac-sha-1-96", "null"), CK, IK)


def ends(**hooks: Hook) -> tuple[SeamedEnds, Seams]:
    """The ends of a P-CSCF with hooks at `sent` and `received`."""
    seams = Seams({f"p-cscf.esp-{name}": hook for name, hook in hooks.items()})
    return SeamedEnds(seams, "p-cscf"), seams


@pytest.mark.parametrize("transform", ALL_TRANSFORMS)
def test_without_a_hook_they_are_as_others(transform: Transform) -> None:
    keys = expand(transform, CK, IK)
    made, seams = ends()
    out, plain = made.outbound(700, keys, Random(5)), Ends().outbound(700, keys, Random(5))
    packets = [out.encapsulate(bytes(each), UDP) for each in range(3)]
    assert packets == [plain.encapsulate(bytes(each), UDP) for each in range(3)]
    inbound = made.inbound(700, keys)
    assert [inbound.decapsulate(each).outcome for each in (*packets, packets[0])] == [*["ok"] * 3, "replay"]
    assert not made.beside
    assert seams.firings == 0


@pytest.mark.parametrize("transform", CURRENT_TRANSFORMS)
def test_a_hook_that_gives_back_what_it_got_does_not_fire(transform: Transform) -> None:
    made, seams = ends(sent=lambda packets, **context: [*packets], received=lambda received, **context: received)
    out, inbound = (
        made.outbound(700, expand(transform, CK, IK), Random(5)),
        made.inbound(700, expand(transform, CK, IK)),
    )
    assert inbound.decapsulate(out.encapsulate(b"abc", UDP)).payload == b"abc"
    assert seams.firings == 0


def test_a_packet_made_anew_with_a_rule_broken() -> None:
    def still(
        packets: list[bytes], *, end: Outbound, keys: EspKeys, payload: bytes, next_header: int, sequence: int
    ) -> list[bytes]:
        assert keys == GCM
        return [end.encapsulate(payload, next_header, sequence=sequence, iv=bytes(8))]

    made, seams = ends(sent=still)
    out, inbound = made.outbound(700, GCM, Random(5)), Inbound(700, GCM)
    first, second = out.encapsulate(b"abc", UDP), out.encapsulate(b"abc", UDP)
    assert first[8:16] == second[8:16] == bytes(8)
    assert [inbound.decapsulate(each) for each in (first, second)] == [
        Received(Outcome.OK, 700, 1, UDP, b"abc"),
        Received(Outcome.OK, 700, 2, UDP, b"abc"),
    ]
    assert seams.firings == 2


def test_packets_go_along_before_the_one() -> None:
    def hidden(packets: list[bytes], *, end: Outbound, payload: bytes, sequence: int, **context: object) -> list[bytes]:
        return [end.encapsulate(bytes(40), NO_NEXT_HEADER, sequence=sequence), end.encapsulate(payload, UDP)]

    made, _ = ends(sent=hidden)
    out, inbound = made.outbound(700, SHA, Random(5)), Inbound(700, SHA)
    seen = []
    for _ in range(2):
        last = out.encapsulate(b"abc", UDP)
        seen += [inbound.decapsulate(each) for each in (*made.beside, last)]
        made.beside.clear()
    assert [(each.outcome, each.sequence) for each in seen] == [("dummy", 1), ("ok", 2), ("dummy", 3), ("ok", 4)]


def test_a_replay_is_taken() -> None:
    def taken(received: Received, *, packet: bytes, keys: EspKeys) -> Received:
        return Inbound(received.spi, keys).decapsulate(packet) if received.outcome is Outcome.REPLAY else received

    made, seams = ends(received=taken)
    inbound, packet = made.inbound(700, SHA), Outbound(700, SHA, Random(5)).encapsulate(b"abc", UDP)
    assert inbound.decapsulate(packet) == inbound.decapsulate(packet)
    assert seams.firings == 1


def test_other_keys_than_were_agreed() -> None:
    def unsalted(packets: list[bytes], *, payload: bytes, sequence: int, **context: object) -> list[bytes]:
        other = Outbound(700, replace(GCM, salt=Secret(bytes(4))), Random(sequence))
        return [other.encapsulate(payload, UDP, sequence=sequence)]

    made, _ = ends(sent=unsalted)
    packet = made.outbound(700, GCM, Random(5)).encapsulate(b"abc", UDP)
    assert Inbound(700, GCM).decapsulate(packet).outcome is Outcome.BAD_ICV
