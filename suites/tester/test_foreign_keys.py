"""Keys for the ESP of captures of somebody else's: from the challenges in them and the subscriber file."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random

import pytest

from imsreg.aka.nonce import encode
from imsreg.aka.vector import generate
from imsreg.identity.absent import AbsentAlgorithm, KeysMissing
from imsreg.identity.subscribers import Subscriber, load_subscribers
from imsreg.paths import data
from imsreg.secagree.associations import Association, Name, SaSet
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.esp import PROTOCOL, Outbound, Outcome
from imsreg.secagree.ip import build_ip, parse_ip
from imsreg.secagree.keys import expand
from imsreg.secagree.negotiation import announce, offer
from imsreg.secagree.transforms import ALL_TRANSFORMS, CURRENT_TRANSFORMS, Transform
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Transport
from imsreg.tester import foreign_keys
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.foreign_keys import SubscriberKeys
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.tester.ue_case import UeCase
from imsreg.transcript.entries import Entry, Event
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.foreign import ForeignCapture, read_foreign
from imsreg.transcript.packets import Datagram
from imsreg.transcript.streams import Streams, settled_flows
from imsreg.transcript.transcript import Transcript

PATH = Path("phone.pcap")
UE, P_CSCF = Address("10.0.0.7", 5060), Address("10.0.0.1", 5060)
UE6, P_CSCF6 = Address("fd00::7", 5060), Address("fd00::1", 5060)
ENDS = Endpoints(1000, 1001, 42_001, 42_002), Endpoints(2000, 2001, 52_001, 52_002)
CBC, TRIPLE, NULL, GCM = (
    Transform("hmac-sha-1-96", "aes-cbc"),
    Transform("hmac-md5-96", "des-ede3-cbc"),
    Transform("hmac-sha-1-96", "null"),
    Transform("null", "aes-gcm"),
)


@cache
def subscribers() -> tuple[Subscriber, ...]:
    return load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})


def pcap(packets: Sequence[tuple[float, bytes]]) -> bytes:
    made = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)
    for at, octets in packets:
        made += struct.pack("<IIII", int(at), round(at % 1 * 10**6), len(octets), len(octets)) + octets
    return made


class Wire:
    """A registration of somebody else's, packet by packet."""

    def __init__(self, ue: Address = UE, p_cscf: Address = P_CSCF, who: Subscriber | None = None) -> None:
        self.ue, self.p_cscf, self.who = ue, p_cscf, who or subscribers()[0]
        self.packets: list[bytes] = []
        self.requests = 0
        self.random = Random(1)
        self.senders: dict[int, Outbound] = {}
        self.nonce = ""

    def register(
        self, offered: Sequence[Transform], ends: Endpoints = ENDS[0], *, username: str | None = None
    ) -> bytes:
        self.requests += 1
        draft = self._headers(Draft.request("REGISTER", "sip:home.example"))
        name = self.who.impi if username is None else username
        draft.add("Authorization", f'Digest username="{name}", realm="r", nonce="", uri="sip:r", response=""')
        for value in offer(ends, offered):
            draft.add("Security-Client", value)
        return draft.to_bytes()

    def challenge(self, chosen: Sequence[Transform], ends: Endpoints = ENDS[1], *, more: str = "") -> bytes:
        assert self.who.algorithm is not None
        self.vector = generate(self.who.algorithm, self.random.randbytes(16), 7, b"\x80\0", 8)
        self.nonce = encode(self.vector.rand, self.vector.autn)
        return self.repeated(chosen, ends, more=more)

    def repeated(self, chosen: Sequence[Transform], ends: Endpoints = ENDS[1], *, more: str = "") -> bytes:
        draft = self._headers(Draft.response(401))
        draft.add("WWW-Authenticate", f'Digest realm="r", nonce="{self.nonce}", algorithm=AKAv1-MD5{more}')
        for value in announce(ends, chosen) if chosen else ():
            draft.add("Security-Server", value)
        return draft.to_bytes()

    def clear(self, octets: bytes, *, up: bool) -> None:
        source, destination = (self.ue, self.p_cscf) if up else (self.p_cscf, self.ue)
        self.packets.append(Datagram(source, destination, octets).to_bytes())

    def begin(self, transforms: Sequence[Transform]) -> None:
        self.clear(self.register(transforms), up=True)
        self.clear(self.challenge(transforms), up=False)

    def sas(self, transform: Transform, ends: tuple[Endpoints, Endpoints] = ENDS) -> SaSet:
        keys = expand(transform, self.vector.ck, self.vector.ik)
        return SaSet(self.ue.host, self.p_cscf.host, *ends, keys)

    def protected(self, sas: SaSet, name: Name, octets: bytes) -> None:
        self.packets.append(self.esp(sas, sas.named(name), octets))

    def esp(self, sas: SaSet, association: Association, octets: bytes) -> bytes:
        sender = self.senders.setdefault(association.spi, Outbound(association.spi, sas.keys, self.random))
        plain = parse_ip(Datagram(association.source, association.destination, octets).to_bytes())
        assert plain is not None
        sealed = sender.encapsulate(plain.payload, plain.protocol)
        return build_ip(plain.source, plain.destination, PROTOCOL, sealed)

    def read(self, keys: SubscriberKeys | None = None) -> ForeignCapture:
        keys = SubscriberKeys(subscribers()) if keys is None else keys
        return read_foreign(PATH, pcap([(float(n), each) for n, each in enumerate(self.packets)]), keys=keys)

    def _headers(self, draft: Draft) -> Draft:
        return draft.add("Call-ID", "one").add("CSeq", f"{self.requests} REGISTER")


def said(number: int) -> bytes:
    return Draft.request("OPTIONS", f"sip:{number}").add("CSeq", f"{number} OPTIONS").to_bytes()


def spis(capture: ForeignCapture) -> list[int | None]:
    return [message.spi for message in capture.messages]


@pytest.mark.parametrize("ends", [(UE, P_CSCF), (UE6, P_CSCF6)], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("transform", ALL_TRANSFORMS, ids="-".join)
def test_every_association_of_every_transform(transform: Transform, ends: tuple[Address, Address]) -> None:
    wire = Wire(*ends)
    wire.begin(ALL_TRANSFORMS)
    sas = wire.sas(transform)
    for _ in range(20):
        for name in Name:
            wire.protected(sas, name, said(1))
    capture = wire.read()
    assert spis(capture) == [None, None, *[sas.named(name).spi for name in Name] * 20]
    assert all(each.read for each in capture.esp)
    assert {message.octets for message in capture.messages[2:]} == {said(1)}


def test_a_cipher_is_told_by_what_comes_out() -> None:
    """The ICV of an HMAC fits whatever the cipher is."""
    for seed in range(50):
        wire = Wire()
        wire.random = Random(seed)
        wire.begin([NULL, CBC])
        wire.protected(wire.sas(CBC), Name.UL1, said(1))
        assert spis(wire.read()) == [None, None, 2001]


def test_a_later_challenge_makes_new_sets_inside_of_the_old() -> None:
    wire = Wire()
    wire.begin([CBC])
    old = wire.sas(CBC)
    later = Endpoints(1002, 1003, 42_003, 42_002), Endpoints(2002, 2003, 52_003, 52_002)
    wire.protected(old, Name.UL1, wire.register([GCM], later[0]))
    wire.protected(old, Name.DL2, wire.challenge([GCM], later[1]))
    wire.protected(wire.sas(GCM, later), Name.UL1, said(1))
    wire.protected(old, Name.UL1, said(2))
    assert spis(wire.read()) == [None, None, 2001, 1001, 2003, 2001]


def test_the_same_spis_again() -> None:
    wire = Wire()
    wire.begin([CBC])
    for number in range(3):
        wire.protected(wire.sas(CBC), Name.UL1, said(number))
    wire.begin([CBC])
    wire.senders.clear()
    wire.protected(wire.sas(CBC), Name.UL1, said(3))
    capture = wire.read()
    assert spis(capture) == [None, None, 2001, 2001, 2001, None, None, 2001]
    assert capture.messages[-1].octets == said(3)


def test_a_challenge_that_comes_again_changes_nothing() -> None:
    wire = Wire()
    wire.begin([CBC])
    wire.protected(wire.sas(CBC), Name.UL1, said(0))
    wire.clear(wire.repeated([CBC]), up=False)
    wire.packets.append(wire.packets[2])
    capture = wire.read()
    assert spis(capture) == [None, None, 2001, None]
    assert [each.read for each in capture.esp] == [True, False]


def test_the_identity_may_be_missing() -> None:
    wire = Wire(who=subscribers()[3])
    wire.clear(wire.register([CBC], username="somebody@else.example"), up=True)
    wire.clear(wire.challenge([CBC]), up=False)
    wire.protected(wire.sas(CBC), Name.UL1, said(0))
    assert spis(wire.read()) == [None, None, 2001], "the MAC in AUTN tells whose it is"
    assert spis(wire.read(SubscriberKeys(subscribers()[:3]))) == [None, None]


def test_the_keys_may_be_in_the_capture() -> None:
    wire = Wire()
    wire.clear(wire.register([CBC]), up=True)
    core = Address("10.0.0.1", 4060), Address("10.0.0.2", 5060)
    octets = wire.challenge([])
    keys = f', ck="{wire.vector.ck.reveal().hex()}", ik="{wire.vector.ik.reveal().hex()}"'
    wire.packets.append(Datagram(core[1], core[0], wire.repeated([], more=keys)).to_bytes())
    wire.clear(wire.repeated([CBC]), up=False)
    assert octets
    wire.protected(wire.sas(CBC), Name.UL1, said(0))
    assert spis(wire.read(SubscriberKeys(()))) == [None, None, None, 2001]


def test_addresses_may_be_translated() -> None:
    wire = Wire()
    wire.begin([CBC])
    sas = SaSet("192.0.2.99", "192.0.2.1", *ENDS, wire.sas(CBC).keys)
    wire.protected(sas, Name.UL1, said(0))
    wire.protected(sas, Name.DL2, said(1))
    assert spis(wire.read()) == [None, None, 2001, 1001]


def test_both_sides_may_have_the_same_spi() -> None:
    wire = Wire()
    ends = ENDS[0], Endpoints(ENDS[0].spi_c, ENDS[0].spi_s, 52_001, 52_002)
    wire.clear(wire.register([CBC]), up=True)
    wire.clear(wire.challenge([CBC], ends[1]), up=False)
    sas = wire.sas(CBC, ends)
    one, other = sas.named(Name.UL1), sas.named(Name.DL2)
    assert one.spi == other.spi
    wire.packets.append(wire.esp(sas, one, said(0)))
    wire.senders.clear()
    wire.packets.append(wire.esp(sas, other, said(1)))
    assert spis(wire.read()) == [None, None, one.spi, other.spi]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda wire: SubscriberKeys(()),
        lambda wire: SubscriberKeys(
            [
                Subscriber(
                    **{n: getattr(wire.who, n) for n in Subscriber.__dataclass_fields__ if n != "algorithm"},
                    algorithm=AbsentAlgorithm(KeysMissing("a", "b", "c", "d")),
                )
            ]
        ),
        lambda wire: SubscriberKeys(
            [
                Subscriber(
                    **{n: getattr(wire.who, n) for n in Subscriber.__dataclass_fields__ if n != "algorithm"},
                    algorithm=None,
                )
            ]
        ),
    ],
    ids=["nobody", "without keys", "by password"],
)
def test_without_keys_nothing_is_opened(spoil: object) -> None:
    wire = Wire()
    wire.begin([CBC])
    wire.protected(wire.sas(CBC), Name.UL1, said(0))
    assert spis(wire.read(spoil(wire))) == [None, None]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"nonce=", b"nonsense="),
        (b'nonce="', b'nonce="!'),
        (b"Security-Server", b"Security-Sorver"),
        (b"Security-Client", b"Security-Cliont"),
        (b"ipsec-3gpp", b"digest"),
        (b"aes-cbc", b"rot13"),
        (b"Digest", b"Bearer"),
        (b"401 ", b"403 "),
        (b"CSeq: 1", b"CSeq: 8"),
        (b"AKAv1-MD5", b'AKAv1-MD5, ck="00", ik="zz"'),
    ],
)
def test_a_challenge_that_makes_none_is_passed_over(old: bytes, new: bytes) -> None:
    wire = Wire()
    one, two = wire.register([CBC]), wire.challenge([CBC])
    in_request = old in (b"Security-Client",)
    wire.clear(one.replace(old, new) if in_request else one, up=True)
    wire.clear(two if in_request else two.replace(old, new), up=False)
    wire.protected(wire.sas(CBC), Name.UL1, said(0))
    opened = new == b"rot13"  # the offer still names it
    if b"ck=" in new:
        opened = True
    assert len(wire.read().messages) == (3 if opened else 2)


def test_octets_of_any_kind_do_no_harm() -> None:
    draw = Random(3)
    wire = Wire()
    wire.begin(ALL_TRANSFORMS)
    wire.protected(wire.sas(CBC), Name.UL1, said(0))
    whole = wire.packets
    for _ in range(500):
        wire.packets = [bytearray(each) for each in whole]  # type: ignore[misc]
        for _ in range(draw.randrange(1, 6)):
            spoilt = wire.packets[draw.randrange(len(whole))]
            spoilt[draw.randrange(28, len(spoilt))] = draw.randrange(256)  # type: ignore[index]
        wire.packets = [bytes(each) for each in wire.packets]
        wire.read()


def test_memory_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_keys, "MAX_REMEMBERED", 4)
    wire = Wire()
    wire.begin([CBC])
    first = wire.sas(CBC)
    later = Endpoints(1002, 1003, 42_003, 42_002), Endpoints(2002, 2003, 52_003, 52_002)
    wire.clear(wire.register([CBC], later[0]), up=True)
    wire.clear(wire.challenge([CBC], later[1]), up=False)
    wire.protected(first, Name.UL1, said(0))
    wire.protected(wire.sas(CBC, later), Name.UL1, said(0))
    assert spis(wire.read()) == [None, None, None, None, 2003]


def test_an_end_shows_no_keys() -> None:
    wire = Wire()
    wire.begin([CBC])
    keys = SubscriberKeys(subscribers())
    wire.read(keys)
    end = keys.end(2001, P_CSCF.host)
    assert end is not None
    assert end.decapsulate(b"abc").outcome is not Outcome.OK
    shown = repr(vars(keys)) + repr(vars(end))
    assert wire.vector.ck.reveal().hex() not in shown
    assert repr(wire.vector.ck.reveal()) not in shown


# Captures of our own runs, as if somebody else had taken them.


def stripped(transcript: Transcript) -> Iterator[tuple[float, bytes]]:
    """The packets that were on the wire: those of ESP, and messages in the clear."""
    streams, flows = Streams(), settled_flows(tuple(transcript.entries))
    for number, item in enumerate(transcript.full_timeline()):
        at = 1000 + item.at
        if isinstance(item, EspEntry) and item.event.octets:
            yield at, item.event.octets
        elif isinstance(item, Entry) and item.flow.association is None:
            flow = flows.get(item.number, item.flow)
            ends = (flow.local, flow.remote) if item.sent else (flow.remote, flow.local)
            if flow.transport == "UDP":
                yield at, Datagram(*ends, item.raw).to_bytes(number)
            else:
                yield from ((at, segment.to_bytes()) for segment in streams.send(flow, ends[0], item.raw))
        else:
            assert isinstance(item, Entry | EspEntry | Event)


def wanted(transcript: Transcript) -> list[tuple[bool, bytes]]:
    return [(entry.flow.association is not None, entry.raw) for entry in transcript.entries if entry.message]


def reread(transcript: Transcript) -> ForeignCapture:
    return read_foreign(PATH, pcap(list(stripped(transcript))), keys=SubscriberKeys(subscribers()))


@pytest.mark.parametrize("algorithms", ["/".join(each) for each in CURRENT_TRANSFORMS])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_every_message_of_a_run_is_read(transport: Transport, algorithms: str) -> None:
    profile = data("fixtures", "profiles", "embedded-core-ipsec.yaml")
    with Session(Settings(profile=profile, link="memory", seed=1)) as session:
        case = CscfCase(session, "over ESP", [])
        ue = case.power_on(transport=transport, algorithms=algorithms)
        ue.register()
        ue.complete(ue.registration.refresh())
        case.close()
        capture = reread(case.transcript)
    assert [(m.spi is not None, m.octets) for m in capture.messages] == wanted(case.transcript)
    assert sum(m.spi is not None for m in capture.messages) >= 6
    assert {m.transport for m in capture.messages if m.spi is not None} >= {transport}
    assert all(each.read for each in capture.esp)
    assert capture.troubles == ()


def test_so_is_every_message_of_a_ue_under_test() -> None:
    profile = data("fixtures", "profiles", "embedded-ue-ipsec.yaml")
    with Session(Settings(profile=profile, link="memory", seed=1)) as session:
        case = UeCase(session, "over ESP", [])
        case.power_on()
        case.register()
        case.attend()
        case.advance(1)
        case.tell("deregister")
        case.expect_request("REGISTER")
        case.close()
        capture = reread(case.transcript)
    assert [(m.spi is not None, m.octets) for m in capture.messages] == wanted(case.transcript)
    assert sum(m.spi is not None for m in capture.messages) >= 6
    assert capture.troubles == ()
