"""The seed's exchange through the reference core, octet by octet, and through the UE's digest code."""

from __future__ import annotations

import json
from random import Random

import pytest

from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Usim
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.credentials import Answer, answer
from imsreg.registration.ue_request import UeIdentity
from imsreg.sip.flow import Address
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.headers.name_addr import Contact, To
from imsreg.sip.headers.via import Via
from imsreg.sip.message import parse
from imsreg.sip.uri import Uri, equivalent
from imsreg.tester.simulated_ue import SimulatedUe, UeOptions

SEED = json.loads(data("vectors", "seed.json").read_bytes())
UE, CORE = Address.of("2001::21f:29ff:fe7c:8f51", 5060), Address.of("2001:db8::5", 5060)


def message(number):
    return parse(data("vectors", "seed", f"S{number}.sip").read_bytes())


class SeedRandom(Random):
    """Random as ever, but for RAND."""

    def randbytes(self, n):
        return bytes.fromhex(SEED["rand"]) if n == 16 else super().randbytes(n)


@pytest.fixture
def link():
    return MemoryLink()


@pytest.fixture(params=["none", "headers"])
def core(request, link, subscribers):
    made = ReferenceCore(
        CorePolicy(home_domain="ims.mnc001.mcc001.3gppnetwork.org", security=request.param),
        subscribers.values(),
        SeedRandom(1),
    )
    link.attach(made, CORE, ("UDP", "TCP"))
    return made


@pytest.fixture
def ue(link, core, subscribers):
    """A UE of the seed's subscriber at the seed's address."""
    options = UeOptions("UDP", CORE, UE)
    return SimulatedUe(link, subscribers["seed"], options, Random(2), lambda *seen: None)


def test_s1_gets_the_nonce_of_s3_bit_for_bit(ue):
    challenge = ue.exchange(message(1))
    assert challenge.status == 401
    found, wanted = challenge.get(WwwAuthenticate), message(3).get(WwwAuthenticate)
    assert found.nonce == wanted.nonce == SEED["nonce"]
    assert (found.realm, found.algorithm, found.qop) == (wanted.realm, wanted.algorithm, wanted.qop)


def test_s4_is_answered_200(ue):
    ue.exchange(message(1))
    ok = ue.exchange(message(4))
    assert ok.status == 200
    (contact,) = ok.get_all(Contact)
    assert contact.expires == 7200
    assert equivalent(contact.uri, message(4).get(Contact).uri)
    listed = [Uri.parse(value.strip("<>")) for value in ok.values("P-Associated-URI")]
    theirs = [Uri.parse(value.strip("<>")) for value in message(5).values("P-Associated-URI")]
    assert all(equivalent(a, b) for a, b in zip(listed, theirs, strict=True))
    assert f'rspauth="{SEED["rspauth"]}"' in ok.value("Authentication-Info")


@pytest.mark.parametrize("number", [1, 4])
def test_the_response_has_what_the_seeds_requests_have(ue, number):
    ue.exchange(message(1))
    request = message(number)
    response = ue.exchange(request)
    for name in ("Via", "From", "Call-ID", "CSeq"):
        assert response.value(name) == request.value(name)
    assert response.get(To).uri.text == request.get(To).uri.text
    assert response.get(To).tag
    assert response.get(Via).received is None


def test_s4_alone_is_challenged(ue):
    assert ue.exchange(message(4)).status == 401


def test_s4_comes_too_late_after_four_minutes(ue, link):
    ue.exchange(message(1))
    link.advance(240.0)
    assert ue.exchange(message(4)).status == 401


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"nc=00000001", b"nc=00000000"),
        (b'cnonce="1', b'cnonce="2'),
        (b'response="a', b'response="b'),
        (b'uri="sip:t', b'uri="sip:u'),
        (b"qop=auth", b"qop=nono"),
        (b'realm="t', b'realm="u'),
        (b'username="0', b'username="1'),
    ],
)
def test_s4_with_another_digit_in_its_credentials_is_refused(ue, old, new):
    ue.exchange(message(1))
    octets = message(4).raw
    assert octets.count(old) == 1
    assert ue.exchange(octets.replace(old, new)).status == 403


def test_the_digest_code_makes_the_response_of_s4_out_of_s3(subscribers):
    sub = subscribers["seed"]
    made = answer(
        message(3).get(WwwAuthenticate),
        UeIdentity(sub.impi, sub.registration_impu, sub.home_domain, "+11234567890"),
        Usim(sub.algorithm, sub.res_length, SqnArray()),
        cnonce=SEED["cnonce"],
    )
    sent, theirs = Authorization.parse(made.value), message(4).get(Authorization)
    assert made.kind is Answer.AUTHENTICATED
    assert sent.response == theirs.response == SEED["response"]
    # Parameter by parameter the same as in S4, in whatever order.
    assert {n: sent.text(n) for n in theirs.params} == {n: theirs.text(n) for n in theirs.params}
    assert set(sent.params) == set(theirs.params)


def test_the_simulated_ue_registers_as_the_seeds_subscriber(ue, core):
    assert ue.register().status == 200
    assert ue.registration.current.associated == ("<sip:+11234567890@test.3gpp.com>", "<tel:+11234567890>")


def test_s2_asks_for_what_this_network_does_not_know(ue):
    """Its public identity is of a domain that is not this network's."""
    assert ue.exchange(message(2)).status in (404, 420)
