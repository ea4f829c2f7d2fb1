"""The reference UE with a password: SIP digest toward the reference core, and toward a network that the test plays."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from imsreg.aka import digest
from imsreg.identity.subscribers import load_subscribers
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.ue_agent import ReferenceUe
from imsreg.registration.ue_line import Way
from imsreg.registration.ue_policy import UePhase, UePolicy
from imsreg.sip.flow import Address
from imsreg.sip.headers.authorization import Authorization

DIGEST = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "digest.yaml"), {})}
USER = DIGEST["digest01"]


@pytest.fixture
def air(new_air):
    return new_air(subscriber=USER, reg_event=False, security="headers")


def challenge(air, request, **params):
    value = {"realm": '"r"', "nonce": '"n1"', "algorithm": "MD5", "qop": '"auth"', **params}
    text = ", ".join(f"{name}={value[name]}" for name in value if value[name])
    air.answer(request, 401, ("WWW-Authenticate", f"Digest {text}"))


def expected(sent, password=None):
    return digest.response(
        username=USER.impi,
        realm=sent.realm,
        password=password or USER.password.reveal(),
        method="REGISTER",
        uri=f"sip:{USER.home_domain}",
        nonce=sent.nonce,
        algorithm=sent.algorithm or "MD5",
        qop=sent.qop,
        nc=sent.nc,
        cnonce=sent.cnonce,
    )


def test_a_registration_by_password_lasts_until_it_is_ended():
    link = MemoryLink()
    core = ReferenceCore(CorePolicy(home_domain=USER.home_domain), DIGEST.values(), Random(1))
    at = link.attach(core, Address("127.0.3.1", 5060), ("UDP", "TCP"))
    ue = ReferenceUe(USER, UePolicy(reg_event=False, security="headers"), Random(2))
    ue.switch_on(Way(link.attach(ue, Address("127.0.2.1", 0), ("UDP", "TCP")), at, "UDP"))
    link.call(lambda: ue.register(link.now()))
    link.advance(1_800_000)
    assert ue.phase is UePhase.REGISTERED
    link.call(lambda: ue.deregister(link.now()))
    link.advance(1)
    assert ue.phase is UePhase.UNREGISTERED
    assert core.bindings(USER.registration_impu, link.now()) == ()


@pytest.mark.parametrize(
    "params", [{}, {"algorithm": None}, {"algorithm": "SHA-256"}, {"qop": None}, {"qop": '"auth,auth-int"'}]
)
def test_the_password_answers(air, params):
    first = air.register()
    assert first.field("Security-Client") is None
    challenge(air, first, **params)
    sent = air.take("REGISTER").get(Authorization)
    assert sent.response == expected(sent)
    assert sent.response != expected(sent, b"another")
    qop = params.get("qop", "auth")
    assert (sent.qop, sent.nc, sent.cnonce is not None) == (("auth", "00000001", True) if qop else (None, None, False))


def test_later_requests_count_the_uses_of_the_nonce(air):
    challenge(air, air.register())
    answer = air.take("REGISTER")
    air.accept(answer, expires=1200)
    air.advance(600.1)
    refresh = air.take("REGISTER").get(Authorization)
    assert (refresh.nonce, refresh.nc) == ("n1", "00000002")
    assert refresh.response == expected(refresh)


def test_what_is_repeated_for_longer_counts_too(new_air):
    air = new_air(subscriber=USER, reg_event=False, expires=60)
    challenge(air, air.register())
    air.answer(air.take("REGISTER"), 423, ("Min-Expires", "600"))
    again = air.take("REGISTER")
    sent = again.get(Authorization)
    assert (again.value("Expires"), sent.nc, sent.response) == ("600", "00000002", expected(sent))


def test_a_mutant_sees_every_use_of_the_nonce(new_air):
    def stuck(value, **context):
        return value.replace("nc=00000002", "nc=00000001")

    air = new_air(subscriber=USER, reg_event=False, hooks={"ue.credentials": stuck})
    challenge(air, air.register())
    air.accept(air.take("REGISTER"), expires=1200)
    air.advance(600.1)
    assert air.take("REGISTER").get(Authorization).nc == "00000001"


def test_a_new_nonce_on_a_refresh_is_answered_whether_stale_or_not(air):
    challenge(air, air.register())
    air.accept(air.take("REGISTER"), expires=1200)
    air.advance(600.1)
    challenge(air, air.take("REGISTER"), nonce='"n2"')
    sent = air.take("REGISTER").get(Authorization)
    assert (sent.nonce, sent.nc) == ("n2", "00000001")


def test_a_password_that_was_refused_is_not_tried_again(air):
    challenge(air, air.register())
    challenge(air, air.take("REGISTER"), nonce='"n2"')
    assert air.ue.phase is UePhase.FAILED
    air.advance(86_400)
    assert air.quiet()


def test_a_stale_nonce_is_replaced_but_not_for_ever(air):
    challenge(air, air.register())
    for number in range(2, 7):
        challenge(air, air.take("REGISTER"), nonce=f'"n{number}"', stale="true")
    challenge(air, air.take("REGISTER"), nonce='"n"', stale="true")
    assert air.quiet()
    assert air.ue.phase is UePhase.FAILED


@pytest.mark.parametrize("params", [{"algorithm": "AKAv1-MD5"}, {"algorithm": "X"}])
def test_an_algorithm_that_is_none_for_a_password_is_not_answered(air, params):
    challenge(air, air.register(), **params)
    assert air.quiet()
    assert air.ue.phase is UePhase.FAILED


def test_of_several_challenges_the_topmost_that_is_known_is_answered(air):
    fields = [
        ("WWW-Authenticate", f'Digest realm="r", nonce="{nonce}", algorithm={name}, qop="auth"')
        for nonce, name in (("a", "AKAv1-MD5"), ("b", "SHA-256"), ("c", "MD5"))
    ]
    air.answer(air.register(), 401, *fields)
    assert air.take("REGISTER").get(Authorization).nonce == "b"


def test_a_user_without_any_key_has_no_such_ue():
    with pytest.raises(ValueError, match="digest01 has neither"):
        ReferenceUe(replace(USER, password=None), UePolicy(), Random(1))
