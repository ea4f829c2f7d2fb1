"""The P-CSCF in mode ipsec, against a home network that the test plays."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from gm_phone import Phone  # noqa: E402

from imsreg.registration import gm_sets  # noqa: E402
from imsreg.registration.admission import MAX_ELEMENTS  # noqa: E402
from imsreg.registration.p_cscf import AccessPolicy, PCscf  # noqa: E402
from imsreg.registration.replies import reply  # noqa: E402
from imsreg.registration.seams import Seams  # noqa: E402
from imsreg.secagree.associations import SaSet  # noqa: E402
from imsreg.secagree.endpoints import Endpoints  # noqa: E402
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, LEGACY_TRANSFORMS, offer, transform  # noqa: E402
from imsreg.secagree.transforms import Transform  # noqa: E402
from imsreg.sip.flow import Address, Flow, Packet  # noqa: E402
from imsreg.sip.headers.authorization import Authorization  # noqa: E402
from imsreg.sip.headers.security import SecurityServer  # noqa: E402
from imsreg.sip.message import Request, Response, parse  # noqa: E402

MW = Flow("TCP", Address("192.0.2.1", 5060), Address("192.0.2.2", 5060), 1)
CK, IK = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
KEYED = f'Digest realm="home.example", nonce="NONCE", algorithm=AKAv1-MD5, ik="{IK}", ck="{CK}"'


class Home:
    """A P-CSCF as a phone sees the core: requests wait at Mw until the test answers them."""

    def __init__(self, *, hooks=None, **policy) -> None:
        settings = {"security": "ipsec"} | policy
        self.node = PCscf(AccessPolicy(**settings), MW, "visited.example", Random(5), Seams(hooks or {}))
        self.asked: list[Request] = []

    @property
    def outbox(self):
        """What leaves at Gm; what leaves at Mw goes to `asked`."""
        for packet in [p for p in self.node.outbox if p.flow == MW]:
            self.node.outbox.remove(packet)
            self.asked.append(parse(packet.data, stream=True))
        return self.node.outbox

    @property
    def sa_changes(self):
        return self.node.sa_changes

    def receive(self, packet, now):
        self.node.receive(packet, now)

    def on_time(self, now):
        self.node.on_time(now)

    def next_deadline(self):
        return self.node.next_deadline()


class Caller(Phone):
    """A phone that also plays the home network."""

    def asks(self, flow=None, **headers) -> Request:
        """Send a REGISTER; what the home network gets."""
        assert self.send(self.register(**headers), flow or self.clear) == []
        return self.core.asked[-1]

    def answered(self, status, *fields) -> Response:
        """The home network answers the last request; what the phone gets."""
        response = reply(self.core.asked[-1], status)
        for name, value in fields:
            response.add(name, value)
        self.core.receive(Packet(MW, response.to_bytes()), self.now)
        (received,) = self.collect()
        return received

    def challenge(self, flow=None, nonce="n1", **headers) -> Response:
        """Send a REGISTER and have it challenged."""
        self.asks(flow, **headers)
        self.nonce, self.response = nonce, "abc"
        response = self.answered(401, ("WWW-Authenticate", KEYED.replace("NONCE", nonce)))
        self.server = response.values("Security-Server")
        return response

    def established(self) -> SaSet:
        """A whole registration."""
        self.challenge()
        (sas,) = self.installed
        self.asks(self.on(sas))
        contact = self.core.asked[-1].value("Contact")
        assert self.answered(200, ("Contact", f"{contact};expires=600")).status == 200
        return sas


@pytest.fixture
def new_caller(subscribers):
    return lambda **policy: Caller(Home(**policy), subscribers["sub01"])


@pytest.fixture
def caller(new_caller):
    return new_caller()


def flag(request: Request) -> str | None:
    return request.get(Authorization).integrity_protected


# What the home network is told.


def test_only_what_came_on_the_right_set_is_integrity_protected(caller):
    assert flag(caller.asks()) == "no"
    caller.challenge()
    (first,) = caller.installed
    assert flag(caller.asks(caller.on(first))) == "yes", "the answer on the set of its challenge"
    caller.answered(200, ("Contact", caller.register().value("Contact")))
    caller.renew()
    assert flag(caller.asks(caller.on(first))) == "yes", "without an answer on the established set"
    assert flag(caller.asks(Security_Verify=None)) == "no", "in the clear"
    caller.answered(401, ("WWW-Authenticate", KEYED.replace("NONCE", "n2")))
    (_, second) = caller.installed
    caller.nonce = "n2"
    caller.server = tuple(str(v) for v in caller.server)
    assert caller.send(caller.register(), caller.on(first)) == [], "the answer on another set"
    assert second.p_cscf.port_s == first.p_cscf.port_s


def test_the_old_set_is_not_that_of_the_latest_success(caller):
    old = caller.established()
    list_of_old = caller.server
    caller.renew()
    caller.challenge(caller.on(old), nonce="n2")
    new = caller.installed[-1]
    caller.asks(caller.on(new))
    caller.answered(200, ("Contact", f"{caller.register().value('Contact')};expires=600"))
    caller.server = list_of_old
    assert flag(caller.asks(caller.on(old))) == "no"


def test_what_the_ue_says_of_itself_does_not_count(caller):
    said = caller.register().value("Authorization") + ', integrity-protected="yes"'
    assert flag(caller.asks(Authorization=said)) == "no"


def test_the_agreement_stays_at_gm(caller):
    caller.challenge()
    request = caller.asks(caller.on(caller.installed[0]))
    for name in ("Security-Client", "Security-Verify", "Proxy-Require"):
        assert request.field(name) is None
    assert request.option_tags("Require") == ("path",)


# Keys.


def test_the_keys_stay_in_the_p_cscf(caller):
    response = caller.challenge()
    for octets in (CK, IK):
        assert octets.encode() not in response.raw
    (sas,) = caller.installed
    assert sas.keys.encryption.reveal().hex() == CK
    assert sas.keys.integrity.reveal().hex() == f"{IK}00000000"
    assert CK not in repr(caller.core.sa_changes)


def test_a_challenge_without_keys_makes_no_set(caller):
    caller.asks()
    response = caller.answered(401, ("WWW-Authenticate", 'Digest realm="home.example", nonce="n1"'))
    assert response.field("Security-Server") is None
    assert caller.changes == []


@pytest.mark.parametrize("challenge", [KEYED.replace(CK, "12"), KEYED.replace(IK, "zz"), 'Digest ck="', "Basic x"])
def test_keys_that_are_none_make_no_set(caller, challenge):
    caller.asks()
    assert caller.answered(401, ("WWW-Authenticate", challenge)).status == 401
    assert caller.changes == []


def test_without_a_proposal_there_is_no_set(caller):
    assert caller.challenge(Security_Client=None).field("Security-Server") is None
    assert caller.changes == []


# A home network that fails.


def test_a_home_network_that_is_silent_ends_the_authentication(caller):
    caller.challenge()
    (sas,) = caller.installed
    caller.asks(caller.on(sas))
    end = caller.now + 40.0
    while (due := caller.core.next_deadline()) is not None and due <= end:
        caller.now = due
        caller.core.on_time(due)
    (response,) = caller.collect()
    assert response.status == 504
    assert caller.went == [caller.back(sas)]
    assert caller.installed == []


def test_a_failure_of_a_refresh_costs_nothing(caller):
    sas = caller.established()
    caller.renew()
    caller.asks(caller.on(sas))
    assert caller.answered(500).status == 500
    assert caller.went == [caller.back(sas)]
    assert caller.installed == [sas]


def test_a_200_whose_contacts_cannot_be_read_establishes_the_set(caller):
    caller.challenge()
    (sas,) = caller.installed
    caller.asks(caller.on(sas))
    caller.answered(200, ("Contact", '"open <sip:a'))
    caller.advance(29.0)
    assert caller.installed == [sas]
    caller.advance(2.0)
    assert caller.installed == []


def test_a_request_that_waits_keeps_the_old_set_in_use(caller):
    old = caller.established()
    caller.renew()
    caller.challenge(caller.on(old), nonce="n2")
    new = caller.installed[-1]
    caller.asks(caller.on(new))
    caller.answered(200, ("Contact", f"{caller.register().value('Contact')};expires=600"))
    list_of_new = caller.server
    caller.server = tuple(each for each in list_of_new)
    caller.renew()
    refresh = caller.asks(caller.on(new))
    assert caller.installed == [new], "nothing waits on the old one"
    assert refresh.method == "REGISTER"


# Room.


def test_a_p_cscf_that_is_full(caller, monkeypatch):
    monkeypatch.setattr(gm_sets, "MAX_SETS", 1)
    caller.established()
    caller.renew()
    response = caller.challenge(Security_Verify=None)
    assert (response.status, response.value("Retry-After")) == (503, "30")
    assert len(caller.installed) == 1


def test_the_ports_of_the_p_cscf_are_its_own(caller):
    caller.challenge()
    (sas,) = caller.installed
    assert sas.p_cscf_host == caller.core_host
    assert sas.ue == caller.own


# Lists.

OWN = Endpoints(5000, 5001, 6000, 6001)


@pytest.mark.parametrize("release", [13, 14])
def test_the_first_own_combination_that_the_ue_offers(new_caller, release):
    caller = new_caller(release=release)
    own = LEGACY_TRANSFORMS if release < 14 else CURRENT_TRANSFORMS
    offered = list(reversed(own))[:2]
    response = caller.challenge(Security_Client=", ".join(offer(caller.own, offered)))
    (sas,) = caller.installed
    assert sas.keys.transform == next(each for each in own if each in offered)
    assert [transform(SecurityServer.parse(v)) for v in response.values("Security-Server")] == list(own)


def test_each_entry_may_have_spis_and_ports_of_its_own(caller):
    entries = offer(OWN, [Transform("null", "aes-gcm")]) + offer(caller.own, [Transform("hmac-sha-1-96", "null")])
    caller.challenge(Security_Client=", ".join(entries))
    (sas,) = caller.installed
    assert (sas.ue, sas.keys.transform.alg) == (caller.own, "hmac-sha-1-96")
    assert set(OWN.spis).isdisjoint(sas.p_cscf.spis)


GOOD = offer(OWN, [Transform("hmac-sha-1-96", "aes-cbc")])[0]


@pytest.mark.parametrize(
    "client",
    [
        "tls",
        GOOD.replace("0000005000", "0"),
        GOOD.replace("0000005001", "0000005000"),
        GOOD.replace("6000", "5060"),
        GOOD.replace("6001", "0"),
        GOOD.replace("6001", "65536"),
        GOOD.replace("0000005000", "4294967296"),
        GOOD.replace("0000005000", "9" * 300),
        GOOD.replace("alg=hmac-sha-1-96; ", ""),
        GOOD.replace("ipsec-3gpp", "ipsec-3gpp; prot=ah"),
        GOOD.replace("ipsec-3gpp", "ipsec-3gpp; mod=tun"),
        GOOD + "; alg=null",
        GOOD.replace("aes-cbc", "aes-gcm"),
        GOOD.replace("aes-cbc", "rot13"),
        ", ".join(["tls"] * 50),
    ],
)
def test_a_list_with_nothing_usable_is_refused_with_the_own_one(caller, client):
    (response,) = caller.send(caller.register(Security_Client=client), caller.clear)
    assert response.status == 494
    assert len(response.values("Security-Server")) == len(CURRENT_TRANSFORMS)
    assert caller.went[0].association is None
    assert caller.changes == []


@pytest.mark.parametrize(
    ("client", "status"),
    [('ipsec-3gpp;alg="open', 400), (";;;", 400), (", ".join(["tls"] * (MAX_ELEMENTS + 2)), 513)],
)
def test_a_list_that_cannot_be_read_is_refused(caller, client, status):
    (response,) = caller.send(caller.register(Security_Client=client), caller.clear)
    assert response.status == status
    assert caller.changes == []


@pytest.mark.parametrize(
    "client",
    [
        f"tls, {GOOD}",
        GOOD.replace("; ", " ;  "),
        GOOD.upper(),
        GOOD.replace("0000005000", "5000"),
        f"{GOOD}; extra=1; q=0.7",
        f"{GOOD}, {GOOD}",
        GOOD.replace("ealg=aes-cbc; ", ""),
        GOOD.replace("; ", ";\r\n "),
    ],
    ids=["mixed with tls", "blanks", "case", "short SPI", "extra", "twice", "without ealg", "folded"],
)
def test_other_forms_of_a_list(caller, client):
    assert caller.challenge(Security_Client=client).status == 401
    (sas,) = caller.installed
    assert sas.ue == OWN
    assert caller.asks(caller.on(sas), Security_Client=client).method == "REGISTER"


def test_a_list_in_several_fields_is_the_same_list(caller):
    entries = offer(caller.own, CURRENT_TRANSFORMS)
    first = caller.register(Security_Client=entries[0])
    for each in entries[1:]:
        first.add("security-client", each)
    assert caller.send(first, caller.clear) == []
    caller.nonce, caller.response = "n1", "abc"
    response = caller.answered(401, ("WWW-Authenticate", KEYED.replace("NONCE", "n1")))
    (sas,) = caller.installed
    answer = caller.register(Security_Verify=None)
    for value in response.values("Security-Server"):
        answer.add("Security-Verify", value)
    assert caller.send(answer, caller.on(sas)) == []
    assert flag(caller.core.asked[-1]) == "yes"


@pytest.mark.parametrize("proposed", [True, False])
def test_a_required_agreement(new_caller, proposed):
    caller = new_caller(sec_agree_required=True)
    if proposed:
        assert caller.challenge().status == 401
        return
    for headers, status in (({"Require": None, "Proxy_Require": None}, 421), ({}, 494)):
        (response,) = caller.send(caller.register(Security_Client=None, **headers), caller.clear)
        assert response.status == status
        assert response.field("Security-Server") is not None


def test_cancel_on_an_association_is_answered_there(caller):
    sas = caller.established()
    caller.asks(caller.on(sas))
    cancel = caller.register(CSeq=f"{caller.cseq} CANCEL")
    cancel.start_line = cancel.start_line.replace("REGISTER", "CANCEL")
    (response,) = caller.send(cancel, caller.on(sas))
    assert response.status == 481
    assert caller.went == [caller.back(sas)]
