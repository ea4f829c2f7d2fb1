"""SIP digest in the reference core: a subscriber with a password at the S-CSCF, and nonces that are used again."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from imsreg.aka import digest
from imsreg.registration.challenge import NONCE_LIFETIME, REG_AWAIT_AUTH
from imsreg.registration.hss import Hss, Refused
from imsreg.registration.s_cscf import RegistrarPolicy, SCscf
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate

HOME = "ims.mnc001.mcc001.3gppnetwork.org"
IMPI, IMPU = f"fixed@{HOME}", f"sip:fixed@{HOME}"
MW = Flow("TCP", Address("192.0.2.2", 5060), Address("192.0.2.1", 5060), 1)


@pytest.fixture
def fixed(subscribers):
    return dataclasses.replace(
        subscribers["sub01"],
        name="fixed",
        impi=IMPI,
        impus=(f"sip:+15559@{HOME}", IMPU),
        barred=(),
        algorithm=None,
        password=Secret(b"open sesame"),
    )


@pytest.fixture
def new_mw(new_gm, subscribers, fixed):
    def make(*extra, **policy):
        mw = new_gm(flow=MW)
        hss = Hss((fixed, *subscribers.values(), *extra), Random(7))
        mw.core = SCscf("sip:orig@scscf.home.example:5060", RegistrarPolicy(**policy), hss, Random(8))
        return mw

    return make


@pytest.fixture
def mw(new_mw):
    return new_mw()


class Softphone:
    """A UE with a password. `uri` is its digest uri."""

    def __init__(self, impu=IMPU, uri=f"sip:{HOME}"):
        self.impu, self.uri, self.cseq = impu, uri, 0

    def register(self, authorization=None, *, call_id="one", expires=600):
        self.cseq += 1
        draft = (
            Draft.request("REGISTER", f"sip:{HOME}")
            .add("Via", f"SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK{call_id}{self.cseq}")
            .add("From", f"<{self.impu}>;tag=1")
            .add("To", f"<{self.impu}>")
            .add("Call-ID", call_id)
            .add("CSeq", f"{self.cseq} REGISTER")
            .add("Contact", "<sip:fixed@198.51.100.1>")
            .add("Expires", expires)
        )
        return draft if authorization is None else draft.add("Authorization", authorization)

    def credentials(self, challenge, nc="00000001", *, password=b"open sesame", username=IMPI, qop="auth", **more):
        hashed = {
            "username": username,
            "realm": challenge.realm,
            "nonce": challenge.nonce,
            "uri": self.uri,
            "qop": qop,
            "nc": nc if qop else None,
            "cnonce": "c0ffee" if qop else None,
        }
        response = digest.response(password=password, method="REGISTER", **hashed)
        return Authorization.of({**hashed, "response": response, "algorithm": "MD5", **more})

    def answer(self, challenge, *args, **options):
        return self.register(self.credentials(challenge, *args, **options))


@pytest.fixture
def phone():
    return Softphone()


def challenge_of(response):
    assert response.status == 401
    return response.get(WwwAuthenticate)


def test_the_challenge_is_for_md5_and_brings_no_keys(mw, phone):
    response = mw.exchange(phone.register())
    challenge = challenge_of(response)
    assert (challenge.realm, challenge.algorithm, challenge.qop_options) == (HOME, "MD5", ("auth",))
    assert (challenge.ck, challenge.ik, challenge.stale) == (None, None, False)
    assert len(challenge.opaque) >= 16
    assert challenge_of(mw.exchange(phone.register())).nonce != challenge.nonce


def test_the_right_response_registers_and_the_network_proves_that_it_knows_the_password(mw, phone):
    challenge = challenge_of(mw.exchange(phone.register()))
    response = mw.exchange(phone.answer(challenge))
    assert response.status == 200
    assert response.values("P-Associated-URI") == (f"<sip:+15559@{HOME}>", f"<{IMPU}>")
    proof = response.get(AuthenticationInfo)
    assert (proof.qop, proof.nc, proof.cnonce) == ("auth", "00000001", "c0ffee")
    assert proof.rspauth == digest.rspauth(
        username=IMPI,
        realm=HOME,
        password=b"open sesame",
        uri=f"sip:{HOME}",
        nonce=challenge.nonce,
        qop="auth",
        nc="00000001",
        cnonce="c0ffee",
    )


def test_the_digest_uri_need_not_be_the_request_uri(mw):
    phone = Softphone(uri="sip:192.0.2.10:5060")
    assert mw.exchange(phone.answer(challenge_of(mw.exchange(phone.register())))).status == 200


@pytest.mark.parametrize(
    "change", [{"password": b"open"}, {"password": b""}, {"nc": "0"}, {"response": ""}, {"realm": "x"}]
)
def test_a_wrong_response_is_refused_and_ends_the_nonce(mw, phone, change):
    challenge = challenge_of(mw.exchange(phone.register()))
    refused = mw.exchange(phone.answer(challenge, **change))
    assert (refused.status, refused.field("WWW-Authenticate")) == (403, None)
    assert mw.exchange(phone.answer(challenge)).status == 401


def test_a_core_may_challenge_again_after_a_wrong_response(new_mw, phone):
    mw = new_mw(challenges_again=True)
    again = challenge_of(mw.exchange(phone.answer(challenge_of(mw.exchange(phone.register())), password=b"open")))
    assert not again.stale
    assert mw.exchange(phone.answer(again)).status == 200


def test_a_username_without_its_domain_is_no_private_identity(mw, phone):
    challenge = challenge_of(mw.exchange(phone.register()))
    assert mw.exchange(phone.answer(challenge, username="fixed")).status == 403


def test_auts_and_an_aka_response_mean_nothing(mw, phone):
    challenge = challenge_of(mw.exchange(phone.register()))
    assert mw.exchange(phone.answer(challenge, auts="AAAAAAAAAAAAAAAAAAA=")).status == 200


# A nonce that is used again.


def test_a_client_may_go_on_with_the_nonce_and_count_up(mw, phone):
    challenge = challenge_of(mw.exchange(phone.register()))
    for nc in ("00000001", "00000002", "0000000a", "0000000B"):
        assert mw.exchange(phone.answer(challenge, nc)).status == 200
    other_call = phone.register(phone.credentials(challenge, "0000000c"), call_id="another")
    assert mw.exchange(other_call).status == 200


@pytest.mark.parametrize("nc", ["00000001", "00000004", "00000005"])
def test_a_count_that_is_not_higher_is_stale(mw, phone, nc):
    challenge = challenge_of(mw.exchange(phone.register()))
    assert mw.exchange(phone.answer(challenge, "00000005")).status == 200
    again = challenge_of(mw.exchange(phone.answer(challenge, nc)))
    assert again.stale
    assert again.nonce != challenge.nonce
    assert mw.exchange(phone.answer(again)).status == 200


def test_a_replay_changes_no_binding(mw, phone):
    challenge = challenge_of(mw.exchange(phone.register()))
    gone = phone.credentials(challenge, "00000001")
    assert mw.exchange(phone.register(gone, expires=0)).status == 200
    assert mw.exchange(phone.answer(challenge, "00000002")).status == 200
    assert mw.exchange(phone.register(gone, expires=0)).status == 401
    again = mw.exchange(phone.answer(challenge_of(mw.exchange(phone.register()))))
    assert len(again.values("Contact")) == 1


def test_without_qop_a_nonce_is_good_for_one_request(mw, phone):
    challenge = challenge_of(mw.exchange(phone.register()))
    assert mw.exchange(phone.answer(challenge, qop=None)).status == 200
    assert challenge_of(mw.exchange(phone.answer(challenge, qop=None))).stale


def test_a_nonce_of_old_or_of_nobody_is_stale_only_beside_the_password(mw, phone):
    old = challenge_of(mw.exchange(phone.register()))
    for password, stale in ((b"open sesame", True), (b"open", False)):
        assert challenge_of(mw.exchange(phone.register())).stale is False
        assert challenge_of(mw.exchange(phone.answer(old, password=password))).stale is stale


def test_a_challenge_waits_four_minutes_and_an_answered_one_an_hour(mw, phone):
    first = challenge_of(mw.exchange(phone.register()))
    mw.now += REG_AWAIT_AUTH
    second = challenge_of(mw.exchange(phone.answer(first)))
    assert second.stale
    assert mw.exchange(phone.answer(second)).status == 200
    mw.now += NONCE_LIFETIME - 1
    assert mw.exchange(phone.answer(second, "00000002")).status == 200
    mw.now += NONCE_LIFETIME
    assert challenge_of(mw.exchange(phone.answer(second, "00000003"))).stale


# The HSS, and the core as a whole.


def test_a_subscriber_with_a_password_has_no_vector(fixed):
    hss = Hss((fixed,), Random(1))
    assert hss.password(IMPI) == Secret(b"open sesame")
    for ask in (lambda: hss.vector(IMPI), lambda: hss.resynchronise(IMPI, bytes(16), bytes(14))):
        with pytest.raises(Refused, match="authentication scheme not supported"):
            ask()
    with pytest.raises(Refused, match="user unknown"):
        hss.password("x@y")


def test_the_public_identity_without_its_scheme_is_the_private_one_where_two_share_it(new_mw, fixed):
    other = dataclasses.replace(fixed, name="other", impi=f"other@{HOME}", impus=(IMPU, f"sip:other@{HOME}"))
    hss = Hss((other, fixed), Random(1))
    assert hss.private_identity(IMPU) == IMPI
    assert hss.private_identity(f"sip:+15559@{HOME}") == IMPI
    assert hss.private_identity(f"sip:other@{HOME}") == f"other@{HOME}"


def test_the_core_says_what_is_bound_to_an_identity(new_gm, new_ue, fixed):
    gm, phone = new_gm(extra=(fixed,)), Softphone()
    assert gm.core.bindings(IMPU, 0.0) == ()
    draft = phone.register().set("Via", "SIP/2.0/UDP 127.0.3.1;branch=z9hG4bKa")
    challenge = challenge_of(gm.exchange(draft))
    assert gm.exchange(phone.answer(challenge).set("Via", "SIP/2.0/UDP 127.0.3.1;branch=z9hG4bKb")).status == 200
    assert gm.core.bindings(f"sip:+15559@{HOME}", 0.0) == ("<sip:fixed@198.51.100.1>",)
    assert gm.core.bindings(IMPU, 600.0) == ()
    assert gm.core.bindings("sip:nobody@nowhere", 0.0) == gm.core.bindings("no uri", 0.0) == ()
    assert gm.register(new_ue()).status == 200
