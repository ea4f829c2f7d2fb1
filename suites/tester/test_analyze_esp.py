"""A capture with associations is judged as the run was: every check yields the same from it, word by word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from forged import credentials, sync_failure, vector
from forged_esp import GCM, SHA, Secured

from imsreg.secagree.associations import Name, SaSet, Side
from imsreg.secagree.esp import PROTOCOL, Outbound
from imsreg.secagree.events import EspEvent, Fate, Fault
from imsreg.secagree.ip import build_ip
from imsreg.secagree.keys import expand
from imsreg.secret import Secret
from imsreg.sip.flow import Address
from imsreg.tester.catalogue import full_catalogue
from imsreg.transcript.capture import read_capture
from imsreg.transcript.packets import Datagram
from imsreg.transcript.pcapng import write_capture
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.outcome import Held, Outcome
from imsreg.verdict.view import View

Life = Callable[[Secured], object]


def esp_octets(sas: SaSet, name: Name, sequence: int, *, iv: bytes | None = None) -> bytes:
    carrier = sas.named(name)
    keys = expand(sas.keys.transform, Secret(b"c" * 16), Secret(b"i" * 16))
    esp = Outbound(carrier.spi, keys, Random(sequence)).encapsulate(b"x" * 40, 17, sequence=sequence, iv=iv)
    return build_ip(carrier.selector.source, carrier.selector.destination, PROTOCOL, esp)


def everything(life: Secured) -> None:
    """Registrations, and every kind of packet beside them."""
    life.registered()
    sas = life.sets[0]
    for name in Name:
        for fate in Fate:
            life.packet(sas.named(name), fate, octets=esp_octets(sas, name, 9, iv=b"same as ever"[:8]))
        for fault in Fault:
            life.packet(sas.named(name), injected=fault, octets=esp_octets(sas, name, 10))
    for text in (b"REGISTER sip:x", b"", b"\r\n\r\n"):
        ends = Address(life.p_host, 6001), Address(life.ue_host, 7002)
        life.clear(*ends, Datagram(*ends, text).to_bytes()).clear(*reversed(ends)).clear(*ends, b"")
    life.packet(None, Fate.UNKNOWN_SPI).packet(None, Fate.NO_ASSOCIATION, out=True).passes(40)
    life.register().challenged().answer().ok()
    life.request().respond(200).request(sender=Side.P_CSCF).respond(200, sender=Side.UE).passes(3)
    life.register(Expires="0").ok(0).passes(40)


LIVES: dict[str, Life] = {
    "registered": lambda life: life.registered().register().ok(),
    "everything": everything,
    "answer in the clear": lambda life: life.register().challenged().answer(on="clear").ok(on="clear").passes(40),
    "answer elsewhere": lambda life: (
        life.register().challenged().answer(on=life.sets[0].named(Name.UL2)).ok(on=life.sets[0].named(Name.DL1))
    ),
    "refused": lambda life: (
        life.registered().register().challenged().answer(Authorization=credentials(vector(2), b"wrong")).respond(403)
    ),
    "out of step": lambda life: (
        life.register().challenged().answer(on="clear", Authorization=sync_failure(vector(), 1)).challenged()
    ),
    "silence": lambda life: life.register().challenged().answer().again().again().passes(240).request().passes(40),
}


def rulings(life: Secured, transcript: Transcript) -> Iterator[tuple[str, list[Outcome]]]:
    """What the checks of every row yield."""
    view = View(transcript, life.facts)
    for row in full_catalogue():
        yield row.id, [outcome for check in checks_of(row.id) for outcome in check(view)]


def read_back(transcript: Transcript, tmp_path: Path) -> Transcript:
    path = tmp_path / "wire.pcapng"
    path.write_bytes(write_capture(transcript))
    return read_capture(path)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("transform", [SHA, GCM], ids="-".join)
@pytest.mark.parametrize("name", LIVES)
def test_a_capture_says_what_the_run_said(
    tmp_path: Path, name: str, transform: object, side: Side, family: str, transport: str
) -> None:
    life = Secured(
        side,
        transport="TCP" if transport == "TCP" else "UDP",
        family=family,
        offered=GCM if transform == GCM else SHA,
    )
    LIVES[name](life)
    before, back = dict(rulings(life, life.transcript)), read_back(life.transcript, tmp_path)
    assert back.esp == life.transcript.esp
    assert dict(rulings(life, back)) == before
    assert Held in {type(outcome) for outcomes in before.values() for outcome in outcomes}


def test_a_time_in_the_middle_of_the_clock_makes_no_difference(tmp_path: Path) -> None:
    """The clock of a link does not begin at 0, and counts finer than a capture."""
    life = Secured(Side.P_CSCF)
    everything(life)
    shifted = Transcript("shifted", 1_767_225_600.123, start=1000 / 3)
    for item in life.transcript.full_timeline():
        now = item.at + 1000 / 3
        if item in life.transcript.entries:
            entry = life.transcript.entries[item.number - 1]  # type: ignore[union-attr]
            shifted.record(entry.sent, entry.flow, entry.raw, now)
        elif item in life.transcript.events:
            event = next(each for each in life.transcript.events if each is item)
            shifted.note(event.text, now, kind=event.kind, flow=event.flow)
        else:
            record: EspEvent = next(each.event for each in life.transcript.esp if each is item)
            moved = EspEvent(now, *[getattr(record, each) for each in list(record.__slots__)[1:]])
            shifted.record_esp(moved)
    assert dict(rulings(life, read_back(shifted, tmp_path))) == dict(rulings(life, shifted))
