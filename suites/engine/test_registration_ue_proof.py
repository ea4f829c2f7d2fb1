"""The reference UE with a password wants its network to know it, where the network says that it does (RFC 7616 3.5)."""

from __future__ import annotations

import pytest

from imsreg.aka import digest
from imsreg.identity.subscribers import load_subscribers
from imsreg.paths import data
from imsreg.registration.ue_policy import UePhase
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.message import Request

USER = load_subscribers(data("fixtures", "subscribers", "digest.yaml"), {})[0]
CHALLENGE = 'Digest realm="r", nonce="n1", algorithm=MD5, qop="auth"'


@pytest.fixture
def air(new_air):
    return new_air(subscriber=USER, reg_event=False)


def answered(air) -> Request:
    air.answer(air.register(), 401, ("WWW-Authenticate", CHALLENGE))
    return air.take("REGISTER")


def rspauth(request: Request, password: bytes | None = None) -> str:
    sent = request.get(Authorization)
    return digest.response(
        username=USER.impi,
        realm=sent.realm,
        password=password or USER.password.reveal(),
        method="",
        uri=sent.uri,
        nonce=sent.nonce,
        qop=sent.qop,
        nc=sent.nc,
        cnonce=sent.cnonce,
    )


def proof(value: str) -> tuple[str, str]:
    return ("Authentication-Info", f'qop=auth, rspauth="{value}", cnonce="c", nc=00000001')


def test_a_right_proof_is_taken(air):
    answer = answered(air)
    air.accept(answer, proof(rspauth(answer).upper()))
    assert air.ue.phase is UePhase.REGISTERED


def test_a_wrong_one_ends_the_registration(air):
    answer = answered(air)
    air.accept(answer, proof(rspauth(answer, b"another")), expires=60)
    assert air.ue.phase is UePhase.FAILED
    air.advance(86_400)
    assert air.quiet()


def test_a_mutant_may_take_it(new_air):
    air = new_air(subscriber=USER, reg_event=False, hooks={"ue.proven": lambda proven, **context: True})
    answer = answered(air)
    air.accept(answer, proof(rspauth(answer, b"another")))
    assert (air.ue.phase, air.ue.seams.firings) == (UePhase.REGISTERED, 1)


@pytest.mark.parametrize(
    "fields", [(), (("Authentication-Info", 'nextnonce="n"'),), (("Authentication-Info", 'rspauth="'),)]
)
def test_without_a_proof_that_can_be_read_nothing_is_asked(air, fields):
    air.accept(answered(air), *fields)
    assert air.ue.phase is UePhase.REGISTERED


def test_nor_of_a_network_that_asked_for_no_password(air):
    air.accept(air.register(), proof("0" * 32))
    assert air.ue.phase is UePhase.REGISTERED


def test_nor_of_one_that_authenticates_by_aka(new_air):
    air = new_air(reg_event=False)
    air.registered(proof("0" * 32))
    assert air.ue.phase is UePhase.REGISTERED
