"""What the installed associations make of packets that no peer of good will sends. Needs no rights."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.database import UDP, Database
from imsreg.secagree.associations import Name, SaSet, Selector, Side
from imsreg.secagree.datagram import build_datagram
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.esp import LAST_SEQUENCE, NO_NEXT_HEADER, PROTOCOL, Outbound
from imsreg.secagree.events import Fate
from imsreg.secagree.ip import IpPacket, build_ip, parse_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret

KEYS = expand(Transform("hmac-sha-1-96", "null"), Secret(bytes(range(16))), Secret(bytes(range(16, 32))))
SAS = SaSet("10.0.0.1", "10.0.0.2", Endpoints(300, 301, 5001, 5002), Endpoints(400, 401, 6001, 6002), KEYS)
UP, DOWN = SAS.named(Name.UL1), SAS.named(Name.DL2)


def packet(selector: Selector, protocol: int, payload: bytes) -> IpPacket:
    parsed = parse_ip(build_ip(selector.source, selector.destination, protocol, payload))
    assert parsed is not None
    return parsed


@pytest.fixture
def database() -> Database:
    made = Database(Random(1))
    made.add(SAS, Side.UE)
    return made


@pytest.fixture
def peer() -> Outbound:
    """The P-CSCF's end of DL2."""
    return Outbound(DOWN.spi, KEYS, Random(2))


def test_the_last_sequence_number_is_the_last_packet(database: Database) -> None:
    plain = packet(UP.selector, UDP, build_datagram(UP.selector, b"REGISTER"))
    database.sender(UP).end.sent = LAST_SEQUENCE - 1
    assert (database.outward(plain).fate, database.outward(plain).fate) == (Fate.OK, Fate.EXHAUSTED)
    assert database.outward(plain).esp == b""


@pytest.mark.parametrize(
    ("ue", "p_cscf", "words"),
    [
        (Endpoints(300, 300, 5001, 5002), SAS.p_cscf, "SPI 300 is in use"),
        (Endpoints(300, 301, 5001, 5001), Endpoints(400, 401, 6001, 6001), "from 10.0.0.1:5001 to 10.0.0.2:6001"),
    ],
)
def test_a_set_that_is_in_its_own_way_is_refused(ue: Endpoints, p_cscf: Endpoints, words: str) -> None:
    database, sas = Database(Random(1)), SaSet(SAS.ue_host, SAS.p_cscf_host, ue, p_cscf, KEYS)
    with pytest.raises(BackendError, match=words):
        database.add(sas, Side.UE)
    database.remove(sas)
    assert (database.spis, database.own) == (frozenset(), frozenset())


def test_what_the_database_knows_goes_with_its_sets(database: Database) -> None:
    assert database.own == {UP.source, SAS.named(Name.UL2).source}
    assert database.protected == {each for sa in SAS.associations for each in (sa.source, sa.destination)}
    assert (database.receives_on(DOWN.spi), database.has_received_on(DOWN.spi)) == (True, False)
    database.remove(SAS)
    assert (database.own, database.protected) == (frozenset(), frozenset())
    assert (database.receives_on(DOWN.spi), database.has_received_on(DOWN.spi)) == (False, True)


def test_odd_padding_is_told_and_delivered(database: Database, peer: Outbound) -> None:
    datagram = build_datagram(DOWN.selector, b"12")
    esp = peer.encapsulate(datagram, UDP, padding=bytes(4))
    held = database.inward(packet(DOWN.selector, PROTOCOL, esp))
    assert (held.fate, held.association) == (Fate.BAD_PADDING, DOWN)
    assert held.packet is not None
    assert held.packet.payload == datagram


def test_a_dummy_is_told_and_goes_nowhere(database: Database, peer: Outbound) -> None:
    held = database.inward(packet(DOWN.selector, PROTOCOL, peer.encapsulate(b"", NO_NEXT_HEADER)))
    assert (held.fate, held.packet) == (Fate.DUMMY, None)


def test_a_packet_from_another_host_is_not_the_associations(database: Database, peer: Outbound) -> None:
    other = DOWN.selector._replace(source=b"\x0a\x00\x00\x09")
    esp = peer.encapsulate(build_datagram(DOWN.selector, b"NOTIFY"), UDP)
    held = database.inward(packet(other, PROTOCOL, esp))
    assert (held.fate, held.packet) == (Fate.WRONG_SELECTOR, None)


def test_what_is_neither_udp_nor_tcp_is_not_the_associations(database: Database, peer: Outbound) -> None:
    held = database.inward(packet(DOWN.selector, PROTOCOL, peer.encapsulate(bytes(8), 1)))
    assert (held.fate, held.inner, held.packet) == (Fate.WRONG_SELECTOR, None, None)


@pytest.mark.parametrize("octets", [b"", b"\0\0\0", bytes(8)])
def test_octets_that_are_no_esp_have_a_fate(database: Database, octets: bytes) -> None:
    held = database.inward(packet(DOWN.selector, PROTOCOL, octets))
    assert held.fate in (Fate.MALFORMED, Fate.UNKNOWN_SPI)
    assert held.packet is None


@pytest.mark.parametrize("data", [b"", b"odd", b"even"])
@pytest.mark.parametrize("selector", [UP.selector, Selector(bytes(15) + b"\1", bytes(15) + b"\2", 5001, 6002)])
def test_a_datagrams_checksum_makes_its_words_sum_up_to_ones(selector: Selector, data: bytes) -> None:
    datagram = build_datagram(selector, data)
    octets = selector.source + selector.destination + len(datagram).to_bytes(4, "big") + UDP.to_bytes(4, "big")
    octets += datagram + bytes(len(datagram) % 2)
    words = sum(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
    assert words % 0xFFFF == 0
    assert datagram[6:8] != bytes(2)
