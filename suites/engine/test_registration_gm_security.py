"""The associations at Gm by themselves: what an attendant asks of them beyond what a P-CSCF does."""

from __future__ import annotations

from random import Random

import pytest

from imsreg.registration.gm_arrival import Discarded, Step
from imsreg.registration.gm_security import GmSecurity
from imsreg.registration.replies import reply
from imsreg.registration.seams import Seams
from imsreg.secagree.associations import Name, SaSet, Side
from imsreg.secagree.changes import Change
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.flows import flow_on
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, LEGACY_TRANSFORMS, announce, offer
from imsreg.secagree.phases import Phase
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.message import Request

IMPI, IMPU = "a@home.example", "sip:a@home.example"
CLEAR = Flow("UDP", Address("192.0.2.1", 5060), Address("192.0.2.9", 5060))
OWN = Endpoints(1000, 1001, 2000, 2001)
KEYS = Secret(bytes(16)), Secret(bytes(range(16)))


class Gm:
    """A `GmSecurity` and the messages of one UE."""

    def __init__(self, hooks=None, release=14):
        self.security = GmSecurity(release, Random(1), Seams(hooks or {}))
        self.own = OWN
        self.server: list[str] = []
        self.nonces = 0

    def register(self, *, nonce="", response="", username=IMPI, transforms=CURRENT_TRANSFORMS, **headers) -> Request:
        draft = Draft.request("REGISTER", "sip:home.example")
        user = f'username="{username}", ' if username else ""
        fields = {
            "Via": "SIP/2.0/UDP 192.0.2.9:2001;branch=z9hG4bKx",
            "From": f"<{IMPU}>;tag=1",
            "To": f"<{IMPU}>",
            "Call-ID": "c",
            "CSeq": "1 REGISTER",
            "Contact": "<sip:192.0.2.9:2001>",
            "Authorization": f'Digest {user}nonce="{nonce}", response="{response}"',
            "Security-Client": ", ".join(offer(self.own, transforms)),
            "Security-Verify": ", ".join(self.server) or None,
        }
        for name, value in (fields | headers).items():
            if value is not None:
                draft.add(name, value)
        return draft.to_message()

    def challenge(self, flow=CLEAR, announced=None, request=None) -> tuple[SaSet | None, Draft]:
        """A REGISTER and the 401 to it."""
        self.nonces += 1
        arrival = self.security.arrive(request or self.register(), flow)
        response = reply(arrival.request, 401).add("WWW-Authenticate", f'Digest nonce="n{self.nonces}"')
        sas = self.security.challenge(arrival, response, *KEYS, 0.0, announced=announced)
        self.security.conclude(arrival, response, 0.0)
        self.server = list(response.values("Security-Server"))
        return sas, response

    def answer(self, sas, status=200, now=0.0, **headers):
        """The answer on a set, and what it is answered; the flow of that."""
        request = self.register(nonce=f"n{self.nonces}", response="r", **headers)
        arrival = self.security.arrive(request, inbound(sas))
        response = reply(request, status)
        for contact in request.values("Contact") if status == 200 else ():
            response.add("Contact", f"{contact};expires=600")
        return self.security.conclude(arrival, response, now)

    def established(self) -> SaSet:
        sas, _ = self.challenge()
        self.answer(sas)
        return sas

    def phases(self):
        return [
            live.phase for contact in self.security.table.contacts for live in self.security.table.sets(contact).live
        ]


def inbound(sas: SaSet, name=Name.UL1, transport="UDP", connection=0) -> Flow:
    each = sas.named(name)
    return Flow(transport, each.destination, each.source, connection, each.label)


@pytest.fixture
def gm():
    return Gm()


def test_what_a_request_is_by_where_it_came(gm):
    sas, _ = gm.challenge()
    first = gm.security.locate(gm.register(), CLEAR)
    assert (first.step, first.protected, first.fault, first.contact.impi) == (Step.REGISTER, False, None, IMPI)
    answer = gm.security.locate(gm.register(nonce="n1", response="r"), inbound(sas))
    assert (answer.step, answer.protected, answer.fault) == (Step.ANSWER, True, None)
    report = gm.security.locate(gm.register(nonce="n1"), CLEAR)
    assert (report.step, report.fault) == (Step.REPORT, None)
    other = Draft.of(gm.register())
    other.start_line = other.start_line.replace("REGISTER", "SUBSCRIBE")
    assert gm.security.locate(other.to_message(), CLEAR).step is Step.OTHER
    assert gm.phases() == [Phase.TEMPORARY]


def test_what_cannot_be_read_is_located_all_the_same(gm):
    sas, _ = gm.challenge()
    broken = gm.register(Authorization='Digest username="', To="<", From=">", Via=";;")
    assert gm.security.locate(broken, CLEAR).contact.host == "192.0.2.9"
    with pytest.raises(Discarded):
        gm.security.arrive(broken, inbound(sas))


def test_a_ue_that_does_not_say_who_it_is_may_say_so_later(gm):
    sas, _ = gm.challenge(request=gm.register(Authorization=None))
    gm.answer(sas)
    assert gm.security.arrive(gm.register(), inbound(sas)).protected
    with pytest.raises(Discarded, match="another user's"):
        gm.security.arrive(gm.register(username="b@home.example"), inbound(sas))


# Lists of the caller's.


def test_the_announcement_can_be_changed(gm):
    arrival = gm.security.locate(gm.register(), CLEAR)
    values = gm.security.announcement(arrival)
    assert len(values) == len(CURRENT_TRANSFORMS)
    sas, response = gm.challenge(announced=values[2:])
    assert list(response.values("Security-Server")) == values[2:]
    assert sas.keys.transform == CURRENT_TRANSFORMS[2]
    assert f"spi-s={sas.p_cscf.spi_s:010d}" in values[2]


def test_a_list_that_the_p_cscf_would_not_announce(gm):
    own = Endpoints(500, 501, 600, 601)
    sas, _ = gm.challenge(announced=announce(own, LEGACY_TRANSFORMS), request=gm.register(transforms=LEGACY_TRANSFORMS))
    assert (sas.p_cscf, sas.keys.transform) == (own, LEGACY_TRANSFORMS[0])


@pytest.mark.parametrize(
    "announced",
    [
        ["tls;q=0.9"],
        ["garbage;;;", 'ipsec-3gpp;alg="'],
        announce(Endpoints(1000, 501, 600, 601), CURRENT_TRANSFORMS),
        ["ipsec-3gpp; alg=hmac-sha-1-96; spi-c=500; port-c=600; port-s=601"],
        ["ipsec-3gpp; alg=rot13; spi-c=500; spi-s=501; port-c=600; port-s=601"],
        [],
    ],
    ids=["tls", "garbage", "the UE's SPI", "an SPI missing", "unknown algorithm", "none"],
)
def test_a_list_of_which_a_ue_can_make_nothing_makes_no_set(gm, announced):
    before, _ = gm.challenge()
    sas, response = gm.challenge(announced=announced)
    assert sas is None
    assert [c.change for c in gm.security.sa_changes] == [Change.INSTALL, Change.REMOVE]
    assert gm.security.sa_changes[-1].sas is before, "the challenge before is void all the same"
    assert [f.value for f in response.fields if f.name == "Security-Server"] == announced


# Requests of the network's own.


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_request_to_the_ue_goes_from_the_client_port_to_its_server_port(gm, transport):
    sas, _ = gm.challenge()
    assert gm.security.request_flow(IMPI, transport, 0.0) is None, "not before the 200"
    gm.answer(sas)
    assert gm.security.request_flow(IMPI, transport, 0.0) == flow_on(sas.named(Name.DL2), transport)
    assert gm.security.request_flow("b@home.example", transport, 0.0) is None


def test_a_request_stays_on_the_old_set_until_something_comes_on_the_new(gm):
    old = gm.established()
    gm.own = OWN.renewed(Random(3))
    new, _ = gm.challenge(inbound(old))
    gm.answer(new)
    assert gm.phases() == [Phase.OLD, Phase.ESTABLISHED]
    assert gm.security.request_flow(IMPI, "UDP", 0.0) == flow_on(old.named(Name.DL2), "UDP")
    gm.security.heard(inbound(new))
    assert gm.phases() == [Phase.ESTABLISHED]
    assert gm.security.request_flow(IMPI, "UDP", 0.0) == flow_on(new.named(Name.DL2), "UDP")


def test_an_old_set_stays_for_what_is_pending_on_it(gm):
    old = gm.established()
    gm.own = OWN.renewed(Random(3))
    new, _ = gm.challenge(inbound(old))
    gm.answer(new)
    live = gm.security.opened(flow_on(old.named(Name.DL2), "UDP"))
    gm.security.heard(inbound(new))
    assert gm.phases() == [Phase.RETIRING, Phase.ESTABLISHED]
    with pytest.raises(Discarded, match="given up"):
        gm.security.arrive(gm.register(), inbound(old))
    gm.security.closed(live)
    assert gm.phases() == [Phase.ESTABLISHED]


def test_a_request_that_is_never_answered_holds_nothing(gm):
    old = gm.established()
    arrival = gm.security.arrive(gm.register(), inbound(old))
    gm.security.released(IMPI)
    assert gm.phases() == [Phase.RETIRING]
    gm.security.ignored(arrival)
    assert gm.phases() == []
    gm.security.ignored(arrival)


def test_a_registration_that_the_network_ends(gm):
    sas = gm.established()
    gm.security.released("b@home.example")
    assert gm.phases() == [Phase.ESTABLISHED]
    gm.security.released(IMPI)
    assert gm.phases() == []
    assert gm.security.sa_changes[-1].change is Change.REMOVE
    assert gm.security.sa_changes[-1].sas is sas
    assert gm.security.sa_changes[-1].side is Side.P_CSCF


def test_everything_of_a_user_goes_at_once(gm):
    sas = gm.established()
    gm.security.arrive(gm.register(), inbound(sas))
    gm.security.abandoned(IMPI)
    assert gm.phases() == []


def test_a_flow_of_nobody_opens_nothing(gm):
    sas = gm.established()
    assert gm.security.opened(CLEAR) is None
    gm.security.heard(CLEAR)
    assert gm.security.opened(flow_on(sas.named(Name.UL1), "UDP")) is None


# Requests on connections, and identities.


def test_a_request_other_than_register_may_come_on_a_connection_of_the_p_cscfs_own(gm):
    sas = gm.established()
    draft = Draft.of(gm.register())
    draft.start_line = draft.start_line.replace("REGISTER", "SUBSCRIBE")
    request = draft.to_message()
    on_ul2 = inbound(sas, Name.UL2, "TCP", 4)
    assert gm.security.reply_flow(request, on_ul2).association == sas.named(Name.DL2).label
    assert gm.security.locate(request, on_ul2).fault is None
    assert gm.security.locate(request, inbound(sas, Name.UL2)).fault is not None
    assert gm.security.locate(gm.register(), on_ul2).fault is not None


def test_sets_live_as_long_as_one_implicit_set_is_registered(gm):
    sas = gm.established()

    def send(to, expires, associated=()):
        request = gm.register(To=f"<{to}>", Contact=f"<sip:192.0.2.9:2001>;expires={expires}")
        arrival = gm.security.arrive(request, inbound(sas))
        response = reply(request, 200)
        for uri in associated:
            response.add("P-Associated-URI", f"<{uri}>")
        if expires:
            response.add("Contact", request.value("Contact"))
        gm.security.conclude(arrival, response, 0.0)

    send("sip:b@home.example", 600, ("sip:b@home.example", "tel:+15550100"))
    send(IMPU, 0)
    assert gm.phases() == [Phase.ESTABLISHED], "b is registered"
    send("tel:+15550100", 0)
    assert gm.phases() == [], "and of the same implicit set"
