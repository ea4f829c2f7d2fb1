"""What the packets tell of either side: ports, clear text, keys, dummies, copies, spoiled packets, IVs."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import replace

import pytest
from forged_esp import GCM, SHA, Secured, datagram

from imsreg.secagree.associations import Association, Name, Side
from imsreg.secagree.events import Fate, Fault, Inner
from imsreg.secagree.ip import build_ip
from imsreg.secagree.transforms import Transform
from imsreg.sip.flow import Address, Transport
from imsreg.verdict.esp_payload import Payload, payload_of
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet

PORTS, CLEAR, KEYS, DUMMY = "33.203-7.1-03", "33.203-7.1-04", "33.203-I-01", "33.203-6.2-01"
REPLAY, SPOILED = "33.203-6.3-01", "33.203-6.3-02"
GCM_IV, GMAC_IV = "rfc4106-3.1-01", "rfc4543-3.1-01"
BOTH = pytest.mark.parametrize("dut", list(Side))
TRANSPORTS = pytest.mark.parametrize("transport", ["UDP", "TCP"])
SIP, EMPTY = b"SIP/2.0 200 OK\r\n", b"\r\n\r\n"


def of_dut(life: Secured, sas: int = 0) -> tuple[Association, Association]:
    """The associations on which the side under test sends: from its client port, and from its server port."""
    names = (Name.UL1, Name.UL2) if life.dut is Side.UE else (Name.DL2, Name.DL1)
    client, server = (life.sets[sas].named(name) for name in names)
    return client, server


def tcp(source: Address, destination: Address, data: bytes) -> bytes:
    """An IP packet with a segment."""
    ends = [ipaddress.ip_address(a.host).packed for a in (source, destination)]
    ports = source.port.to_bytes(2, "big") + destination.port.to_bytes(2, "big")
    return build_ip(ends[0], ends[1], 6, ports + bytes(8) + b"\x50\x18" + bytes(6) + data)


def esp(association: Association, sequence: int, iv: bytes) -> bytes:
    """An ESP packet of AES-GCM or AES-GMAC."""
    ends = [ipaddress.ip_address(a.host).packed for a in (association.source, association.destination)]
    head = association.spi.to_bytes(4, "big") + sequence.to_bytes(4, "big")
    return build_ip(ends[0], ends[1], 50, head + iv + bytes(32))


@BOTH
@TRANSPORTS
def test_a_life_without_fault(dut: Side, transport: Transport) -> None:
    life = Secured(dut, transport=transport).registered()
    life.request("SUBSCRIBE").respond(200).request("NOTIFY", sender=Side.P_CSCF).respond(200, sender=Side.UE)
    for row in (PORTS, CLEAR, KEYS, DUMMY):
        assert life.kinds(row) == {Held}, row
    for row in (REPLAY, SPOILED):
        assert life.kinds(row) == {Unmet}, row


@BOTH
@pytest.mark.parametrize("row", [PORTS, CLEAR, KEYS, DUMMY, REPLAY, SPOILED, GCM_IV, GMAC_IV])
def test_nothing_decides_nothing(dut: Side, row: str) -> None:
    assert Secured(dut).kinds(row) == {Unmet}
    assert Secured(dut).register().kinds(row) == {Unmet}


def test_udp_from_the_server_port() -> None:
    begun = Secured(Side.P_CSCF).register().challenged().answer()
    assert begun.ok(on=begun.sets[0].named(Name.DL1)).kinds(PORTS) == {Breach}
    asked = Secured(Side.UE).registered()
    assert asked.request("SUBSCRIBE", on=asked.sets[0].named(Name.UL2)).kinds(PORTS) == {Held, Breach}


def test_udp_from_the_server_port_to_the_source_that_the_tester_asked_for() -> None:
    asked = Secured(Side.P_CSCF).register().challenged()
    asked.answer(Via=f"SIP/2.0/UDP {asked.ue_host};branch=z9hG4bKrport;rport")
    assert asked.ok(on=asked.sets[0].named(Name.DL1)).kinds(PORTS) == {Unmet}


def test_tcp_off_the_connection() -> None:
    begun = Secured(Side.P_CSCF, transport="TCP").register().challenged().answer()
    assert begun.ok(on=begun.sets[0].named(Name.DL2)).kinds(PORTS) == {Breach}
    lost = Secured(Side.P_CSCF, transport="TCP").register().challenged().answer()
    lost.transcript.note("the connection was lost", 0.0, kind="transport")
    assert lost.ok(on=lost.sets[0].named(Name.DL2)).kinds(PORTS) == {Unmet}


def test_a_request_over_tcp_on_the_connection_of_the_other_side_is_odd() -> None:
    life = Secured(Side.P_CSCF, transport="TCP").registered()
    life.request("NOTIFY", sender=Side.P_CSCF, on=life.sets[0].named(Name.DL1))
    assert life.kinds(PORTS) == {Held, Observed}


@BOTH
def test_a_packet_with_foreign_ports(dut: Side) -> None:
    life = Secured(dut).registered()
    assert life.packet(of_dut(life)[0], Fate.WRONG_SELECTOR).kinds(PORTS) >= {Held, Breach}


@BOTH
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda a, b: (datagram(a, b, SIP), "UDP"), Breach),
        (lambda a, b: (datagram(a, b, SIP)[:20], "UDP"), Observed),
        (lambda a, b: (b"", "UDP"), Observed),
        (lambda a, b: (datagram(a, b, EMPTY), "UDP"), Observed),
        (lambda a, b: (tcp(a, b, SIP), "TCP"), Breach),
        (lambda a, b: (tcp(a, b, b""), "TCP"), Observed),
        (lambda a, b: (b"", "TCP"), Observed),
    ],
)
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_packets_in_the_clear(
    dut: Side, family: str, make: Callable[[Address, Address], tuple[bytes, Transport]], kind: type[Outcome]
) -> None:
    life = Secured(dut, family=family).registered()
    source, destination = of_dut(life)[1].source, Address(of_dut(life)[1].destination.host, 5555)
    octets, transport = make(source, destination)
    assert life.clear(source, destination, octets, transport).kinds(CLEAR) == {kind}


@BOTH
def test_whose_packet_in_the_clear_it_is(dut: Side) -> None:
    life = Secured(dut).registered()
    own, other = of_dut(life)[0].source, of_dut(life)[0].destination
    plain = Address(own.host, 5060)
    assert Secured(dut).registered().clear(plain, other).kinds(CLEAR) == {Breach}
    assert Secured(dut).registered().clear(other, own).kinds(CLEAR) == {Held}  # the tester's own
    assert Secured(dut).registered().clear(Address("192.0.2.9", 5060), other).kinds(CLEAR) == {Held}
    assert Secured(dut).registered().clear(plain, Address(other.host, 9)).kinds(CLEAR) == {Held}


def test_an_answer_that_the_tester_asked_for_at_its_protected_port() -> None:
    life = Secured(Side.P_CSCF).registered()
    life.register(on="clear", Via=f"SIP/2.0/UDP {life.ue_host}:7002;branch=z9hG4bKprotected")
    assert life.clear(life.p_cscf, Address(life.ue_host, 7002)).kinds(CLEAR) == {Held}
    assert life.clear(Address(life.p_host, 6002), Address(life.ue_host, 7002)).kinds(CLEAR) == {Breach}


@BOTH
def test_a_message_in_the_clear_from_a_protected_port(dut: Side) -> None:
    life = Secured(dut).registered()
    sender = of_dut(life)[1]
    bare = Association(sender.name, 1, sender.source, Address(sender.destination.host, 5062))
    life.request("OPTIONS", sender=dut, on=bare)
    last = life.transcript.entries[-1]
    life.transcript.entries[-1] = replace(last, flow=replace(last.flow, association=None))
    assert life.kinds(CLEAR) == {Breach}


@BOTH
def test_wrong_keys(dut: Side) -> None:
    def begun() -> Secured:
        return Secured(dut, offered=Transform("hmac-sha-1-96", "aes-cbc")).register().challenged()

    silent = begun()
    assert silent.kinds(KEYS) == {Unmet}
    assert silent.packet(of_dut(silent)[0], Fate.BAD_ICV).kinds(KEYS) == {Breach}
    garbled = begun()
    noise = Inner("UDP", Address(garbled.p_host, 11), Address(garbled.ue_host, 12))
    assert garbled.packet(of_dut(garbled)[0], Fate.WRONG_SELECTOR, inner=noise).kinds(KEYS) == {Breach}
    assert garbled.kinds(PORTS) == {Unmet}
    damaged = begun()
    damaged.packet(of_dut(damaged)[0], Fate.BAD_ICV).packet(of_dut(damaged)[0])
    assert damaged.kinds(KEYS) == {Held}
    assert garbled.packet(of_dut(garbled)[0], Fate.DUMMY).kinds(DUMMY) == {Unmet}
    assert garbled.packet(of_dut(garbled)[0], Fate.MALFORMED).kinds(KEYS) == {Breach}
    plain = Secured(dut).register().challenged()
    assert plain.packet(of_dut(plain)[0], Fate.WRONG_SELECTOR, inner=noise).kinds(KEYS) == {Unmet}


@BOTH
def test_right_keys_between_wrong_ports(dut: Side) -> None:
    life = Secured(dut, offered=Transform("hmac-sha-1-96", "aes-cbc")).register().challenged()
    association = of_dut(life)[0]
    astray = Inner("UDP", Address(association.source.host, association.source.port + 1), association.destination)
    life.packet(association, Fate.WRONG_SELECTOR, inner=astray)
    assert life.kinds(KEYS) == {Held}
    assert life.kinds(PORTS) == {Breach}


@BOTH
def test_a_dummy(dut: Side) -> None:
    life = Secured(dut).registered()
    assert life.packet(of_dut(life)[0], Fate.DUMMY).kinds(DUMMY) == {Held, Breach}
    assert life.kinds(KEYS) == {Held}


def _asked(dut: Side) -> tuple[Secured, Side]:
    """A life in which the tester has asked something over its association, and who answers."""
    life = Secured(dut).registered()
    sender = Side.P_CSCF if dut is Side.UE else Side.UE
    return life.request("OPTIONS", sender=sender, call="o"), dut


def _sequence(life: Secured) -> int:
    return life.transcript.esp[-1].event.sequence


@BOTH
def test_a_replay(dut: Side) -> None:
    life, who = _asked(dut)
    number = _sequence(life)
    association = life.transcript.esp[-1].event.association
    life.respond(200, sender=who).packet(association, injected=Fault.REPLAY, sequence=number)
    assert life.kinds(REPLAY) == {Unmet}
    assert life.passes(3).kinds(REPLAY) == {Held}
    assert life.respond(200, sender=who).kinds(REPLAY) == {Breach}


@BOTH
def test_a_replay_before_the_answer(dut: Side) -> None:
    life, who = _asked(dut)
    association, number = life.transcript.esp[-1].event.association, _sequence(life)
    life.packet(association, injected=Fault.REPLAY, sequence=number).respond(200, sender=who).passes(3)
    assert life.kinds(REPLAY) == {Held}


@BOTH
@pytest.mark.parametrize("fault", [Fault.BAD_ICV, Fault.WRONG_SPI, Fault.WRONG_PORT, Fault.CLEAR])
def test_a_spoiled_packet(dut: Side, fault: Fault) -> None:
    life, who = _asked(dut)
    association = life.transcript.esp[-1].event.association
    life.respond(200, sender=who).spoils("odd").packet(association, injected=fault)
    assert life.kinds(SPOILED) == {Unmet}
    assert life.passes(3).kinds(SPOILED) == {Held}
    life.unasked(who, branch="odd")
    assert life.kinds(SPOILED) == {Breach}


@BOTH
def test_a_late_response_answers_no_spoiled_packet(dut: Side) -> None:
    """To a request of an earlier test, of which nothing is known here."""
    life, who = _asked(dut)
    association = life.transcript.esp[-1].event.association
    life.respond(200, sender=who).spoils("odd").packet(association, injected=Fault.BAD_ICV).unasked(who).passes(3)
    assert life.kinds(SPOILED) == {Held}
    assert life.unasked(who, branch="odd").kinds(SPOILED) == {Breach}


@BOTH
def test_a_response_before_the_spoiled_packet_does_not_answer_it(dut: Side) -> None:
    life, who = _asked(dut)
    association = life.transcript.esp[-1].event.association
    life.respond(200, sender=who).unasked(who, branch="odd").spoils("odd")
    assert life.packet(association, injected=Fault.BAD_ICV).passes(3).kinds(SPOILED) == {Held}


@BOTH
def test_who_answers_nobody_where_the_request_of_a_spoiled_packet_is_not_known(dut: Side) -> None:
    life, who = _asked(dut)
    association = life.transcript.esp[-1].event.association
    life.respond(200, sender=who).unasked(who).packet(association, injected=Fault.BAD_ICV).passes(3)
    assert life.kinds(SPOILED) == {Held}
    assert life.unasked(who).kinds(SPOILED) == {Unmet}


@BOTH
@pytest.mark.parametrize(("transform", "row"), [(GCM, GCM_IV), (Transform("aes-gmac", "null"), GMAC_IV)])
def test_ivs(dut: Side, transform: Transform, row: str) -> None:
    life = Secured(dut, offered=transform).register().challenged()
    one, other = of_dut(life)
    assert life.kinds(row) == {Unmet}
    life.packet(one, sequence=1, octets=esp(one, 1, b"iv-one--")).packet(
        one, sequence=2, octets=esp(one, 2, b"iv-two--")
    )
    assert life.kinds(row) == {Held}
    life.packet(one, Fate.BAD_ICV, sequence=3, octets=esp(one, 3, b"iv-one--"))
    assert life.kinds(row) == {Held}
    life.packet(other, sequence=1, octets=esp(other, 1, b"iv-one--"))  # all associations have one key
    assert life.kinds(row) == {Held, Breach}


@BOTH
def test_ivs_of_other_sets_and_algorithms(dut: Side) -> None:
    life = Secured(dut, offered=GCM).registered().registered()
    for index in (0, 1):
        one = of_dut(life, index)[0]
        life.packet(one, sequence=9, octets=esp(one, 9, b"the same"))
    assert life.kinds(GCM_IV) == {Held}
    assert life.kinds(GMAC_IV) == {Moot}
    assert Secured(dut, offered=SHA).registered().kinds(GCM_IV) == {Moot}


@pytest.mark.parametrize("octets", [b"", b"\x45", b"\x60" + bytes(39), bytes(64), b"\xff" * 64, b"\x4f" + b"\xff" * 30])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_hostile_packets(octets: bytes, transport: Transport) -> None:
    assert payload_of(octets, transport) in Payload


def test_inner_of_another_packet_is_no_concern() -> None:
    life = Secured(Side.UE).registered()
    strange = Inner("UDP", Address("192.0.2.77", 1), Address("192.0.2.78", 2))
    assert life.packet(None, Fate.CLEAR, inner=strange).kinds(CLEAR) == {Held}
