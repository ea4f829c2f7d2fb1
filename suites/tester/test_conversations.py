"""Whose a message of somebody else's capture is."""

from __future__ import annotations

from collections.abc import Sequence

from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Transport
from imsreg.tester.conversations import MAX_CONVERSATIONS, conversations, nothing_to_judge
from imsreg.transcript.foreign import ForeignMessage

HOME = "home.example"
UE, OTHER, P_CSCF, S_CSCF = (Address(f"192.0.2.{n}", 5060) for n in (7, 8, 1, 2))


class Wire:
    """Messages in the order in which they were captured, a second apart."""

    def __init__(self) -> None:
        self.messages: list[ForeignMessage] = []

    def says(self, source: Address, destination: Address, octets: bytes, transport: Transport = "UDP") -> Wire:
        at = 1000.0 + len(self.messages)
        self.messages.append(ForeignMessage(at, transport, source, destination, 0, None, octets))
        return self

    def register(
        self,
        source: Address = UE,
        destination: Address = P_CSCF,
        *,
        user: str = "alice",
        call_id: str = "one",
        nonce: str = "",
        vias: int = 1,
        sender: str | None = None,
        client: str | None = None,
    ) -> Wire:
        draft = Draft.request("REGISTER", f"sip:{HOME}")
        for number in range(vias):
            draft.add("Via", f"SIP/2.0/UDP {source};branch=z9hG4bK{len(self.messages)}{number}")
        draft.add("From", f"<sip:{sender or user}@{HOME}>;tag=1").add("To", f"<sip:{user}@{HOME}>")
        draft.add("Call-ID", call_id).add("CSeq", f"{len(self.messages) + 1} REGISTER")
        draft.add("Contact", f"<sip:u@{source}>")
        draft.add(
            "Authorization", f'Digest username="{user}@{HOME}", realm="{HOME}", nonce="{nonce}", uri="x", response=""'
        )
        if client is not None:
            draft.add("Security-Client", client)
        return self.says(source, destination, draft.to_bytes())

    def response(self, status: int, *, call_id: str = "one", to: Address = UE, lines: Sequence[str] = ()) -> Wire:
        draft = Draft.response(status).add("Call-ID", call_id).add("CSeq", "1 REGISTER")
        for line in lines:
            draft.add(*line.split(": ", 1))
        return self.says(P_CSCF, to, draft.to_bytes())

    def told(self) -> list[tuple[str, int]]:
        return [(each.title, len(each.spoken)) for each in conversations(self.messages)]


def test_one_registration_is_one_conversation() -> None:
    wire = Wire().register().response(401).register(nonce="n").response(200)
    assert wire.told() == [("sip:alice@home.example at 192.0.2.7", 4)]


def test_a_new_start_is_another_conversation() -> None:
    wire = Wire().register().response(200).register(call_id="two").response(200, call_id="two")
    assert wire.told() == [
        ("sip:alice@home.example at 192.0.2.7", 2),
        ("sip:alice@home.example at 192.0.2.7, start 2", 2),
    ]
    goes_on = Wire().register().response(401).register(call_id="two", nonce="n")
    assert goes_on.told() == [("sip:alice@home.example at 192.0.2.7", 3)]


def test_associations_that_are_used_again_make_it_go_on() -> None:
    own, theirs = (Address(end.host, port) for end, port in ((UE, 7001), (P_CSCF, 6002)))
    entry = "ipsec-3gpp; alg=hmac-sha-1-96; spi-c=1; spi-s=2; port-c={}; port-s={}"
    wire = Wire().register(client=entry.format(7001, 7002))
    wire.response(401, lines=[f"Security-Server: {entry.format(6001, 6002)}"]).register(own, theirs, nonce="n")
    wire.register(call_id="two").response(401, call_id="two")
    assert [count for _, count in wire.told()] == [3, 2]
    wire.register(own, theirs, call_id="three")
    assert [count for _, count in wire.told()] == [6]


def test_two_devices_of_a_user_are_one_conversation() -> None:
    wire = Wire().register().response(200).register(call_id="two").response(200, call_id="two")
    wire.register(nonce="n").response(200)
    assert [count for _, count in wire.told()] == [6]
    (conversation,) = conversations(wire.messages)
    assert [spoken.order for spoken in conversation.spoken] == list(range(6))


def test_users_and_hosts_are_told_apart() -> None:
    wire = Wire().register().register(user="bob", call_id="b").register(OTHER, user="carol", call_id="c")
    wire.response(401, call_id="b").response(401, call_id="c", to=OTHER).response(401)
    assert [count for _, count in wire.told()] == [2, 2, 2]


def test_what_is_inside_the_network_is_nobodys() -> None:
    wire = Wire().register(P_CSCF, S_CSCF, vias=2)
    assert wire.told() == []
    assert "several Via values (1 of them)" in nothing_to_judge(wire.messages)
    third_party = Wire().register(S_CSCF, OTHER, sender="scscf")
    assert third_party.told() == []
    assert "of 1 SIP messages none is a REGISTER of a UE" in nothing_to_judge(third_party.messages)
    assert "there is no SIP message" in nothing_to_judge([])


def test_both_hops_of_a_registration_give_the_first() -> None:
    wire = Wire().register().register(P_CSCF, S_CSCF, vias=2).response(401)
    assert wire.told() == [("sip:alice@home.example at 192.0.2.7", 2)]


def test_the_rest_goes_to_the_only_ue_at_its_hosts() -> None:
    wire = Wire().says(UE, P_CSCF, b"OPTIONS sip:x SIP/2.0\r\n\r\n").register()
    wire.says(P_CSCF, UE, b"NOTIFY sip:u SIP/2.0\r\nCall-ID: n\r\n\r\n").says(UE, P_CSCF, b"\x00garbage")
    assert [count for _, count in wire.told()] == [3]
    wire.register(user="bob", call_id="b").says(P_CSCF, UE, b"NOTIFY sip:u SIP/2.0\r\nCall-ID: m\r\n\r\n")
    assert [count for _, count in wire.told()] == [3, 1], "of two UEs nothing says whose it is"


def test_a_register_that_cannot_be_read_belongs_to_the_registration_before() -> None:
    odd = b"REGISTER sip:home.example SIP/2.0\r\nTo: \x00<\xff\r\nCall-ID: odd\r\n\r\n"
    assert Wire().register().says(UE, P_CSCF, odd).told() == [("sip:alice@home.example at 192.0.2.7", 2)]
    assert Wire().says(UE, P_CSCF, odd).told() == []


def test_who_it_is_by_the_wire_alone() -> None:
    wire = (
        Wire()
        .register()
        .response(401, lines=['WWW-Authenticate: Digest realm="x", algorithm=AKAv1-MD5', "Security-Server: y"])
    )
    wire.response(200, lines=[f"P-Associated-URI: <sip:alice@{HOME}>, <tel:+15550100>"])
    (conversation,) = conversations(wire.messages)
    found = conversation.identities()
    assert (found.impi, found.impu, found.home_domain) == (f"alice@{HOME}", f"sip:alice@{HOME}", HOME)
    assert found.associated == (f"sip:alice@{HOME}", "tel:+15550100")
    assert found.agreement
    assert not found.by_password


def test_either_side_may_be_the_tester() -> None:
    (conversation,) = conversations(Wire().register().response(401).messages)
    for role, ways in (("core", [True, False]), ("ue", [False, True])):
        transcript = conversation.transcript(role, "alice")
        assert [entry.sent for entry in transcript.entries] == ways
        assert [entry.at for entry in transcript.entries] == [0.0, 1.0]
        assert [transcript.name(entry.source) for entry in transcript.entries] == ["UE", "network"]


def test_both_sides_may_have_one_host() -> None:
    ue, network = Address("127.0.0.1", 5070), Address("127.0.0.1", 5060)
    wire = Wire().register(ue, network)
    wire.says(network, ue, b"SIP/2.0 401 Unauthorized\r\nCall-ID: one\r\n\r\n")
    (conversation,) = conversations(wire.messages)
    assert [entry.sent for entry in conversation.transcript("core", "alice").entries] == [True, False]


def test_a_flood_of_users_is_bounded() -> None:
    wire = Wire()
    for number in range(MAX_CONVERSATIONS + 5):
        wire.register(user=f"u{number}", call_id=f"c{number}")
    assert len(wire.told()) == MAX_CONVERSATIONS
