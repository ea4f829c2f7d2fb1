"""A subscriber with a password: what presupposes AKA is unmet, and the rest is judged as ever."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from imsreg.aka import digest
from imsreg.aka.milenage import Milenage
from imsreg.errors import InputError
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.seams import Hook, Seams
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet
from imsreg.sip.headers.authentication_info import AuthenticationInfo
from imsreg.sip.headers.authorization import Authorization, WwwAuthenticate
from imsreg.sip.message import Request, Response, parse
from imsreg.tester.catalogue import full_catalogue
from imsreg.tester.subscribers import SubscriberPool
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.authentication import Kind
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Breach, Held, Moot, Outcome, Unmet
from imsreg.verdict.view import View

HOME = "home.example"
IMPU = f"sip:fixed@{HOME}"
FIXED = Subscriber(
    name="fixed",
    imsi="001010000000001",
    mnc_digits=2,
    impi=f"fixed@{HOME}",
    home_domain=HOME,
    impus=(IMPU,),
    barred=(),
    res_length=8,
    amf=bytes(2),
    sqn=0,
    algorithm=None,
    password=Secret(b"open sesame"),
)
UE, DUT = Address("127.0.1.1", 5060), Address("127.0.2.1", 5060)

OF_AKA = (
    "24.229-5.4.1.2.1A-02",
    "24.229-5.4.1.2.3A-01",
    "33.203-6.1.1-01",
    "33.203-6.1.1-02",
    "33.203-6.1.1-03",
    "33.203-6.1.2.1-01",
    "33.203-6.1.3-01",
    "rfc3310-3.2-01",
    "rfc3310-3.2-02",
    "rfc3310-3.4-01",
    "rfc3310-3.5-01",
)


class Talk:
    """What the subscriber and the reference core say to each other, recorded. `hooks` spoil the core."""

    def __init__(self, hooks: dict[str, Hook] | None = None) -> None:
        self.transcript = Transcript("digest", 0.0, start=0.0)
        self._core = ReferenceCore(CorePolicy(home_domain=HOME), (FIXED,), Random(1), Seams(hooks or {}))
        self._cseq = 0
        self.credentials: Authorization | None = None

    def register(self, authorization: Authorization | None = None) -> Response:
        self._cseq += 1
        self.credentials = authorization
        request = (
            Draft.request("REGISTER", f"sip:{HOME}")
            .add("Via", f"SIP/2.0/UDP {UE};branch=z9hG4bK{self._cseq};rport")
            .add("Max-Forwards", 70)
            .add("From", f"<{IMPU}>;tag=1")
            .add("To", f"<{IMPU}>")
            .add("Call-ID", "one")
            .add("CSeq", f"{self._cseq} REGISTER")
            .add("Contact", f"<sip:fixed@{UE}>")
            .add("Expires", 600)
            .add("Supported", "path")
        )
        if authorization is not None:
            request.add("Authorization", authorization)
        self.transcript.record(True, Flow("UDP", UE, DUT), request.to_bytes(), 0.0)
        self._core.receive(Packet(Flow("UDP", DUT, UE), request.to_bytes()), 0.0)
        (packet,) = self._core.outbox
        self._core.outbox.clear()
        self.transcript.record(False, Flow("UDP", UE, DUT), packet.data, 0.0)
        response = parse(packet.data)
        assert isinstance(response, Response)
        return response

    def answer(
        self, challenge: Response, password: bytes = b"open sesame", nc: str = "00000001", cnonce: str = "c0ffee"
    ) -> Response:
        header = challenge.get(WwwAuthenticate)
        assert header is not None
        hashed = {
            "username": FIXED.impi,
            "realm": header.realm or "",
            "nonce": header.nonce or "",
            "uri": f"sip:{HOME}",
        }
        counted = {"qop": "auth", "nc": nc, "cnonce": cnonce}
        response = digest.response(password=password, method="REGISTER", **hashed, **counted)
        more = {"response": response, "algorithm": header.algorithm, "opaque": header.opaque}
        return self.register(Authorization.of({**hashed, **counted, **more}))

    @property
    def view(self) -> View:
        return View(self.transcript, Facts(HOME, "none", 14, {FIXED.impi: FIXED}))

    def outcomes(self, row: str) -> list[Outcome]:
        return [outcome for check in checks_of(row) for outcome in check(self.view)]


@pytest.fixture
def talk() -> Talk:
    """A registration, a refresh with the same nonce, a replay, and a wrong password."""
    talk = Talk()
    challenge = talk.register()
    statuses = [talk.answer(challenge).status, talk.answer(challenge, nc="00000002").status]
    stale = talk.answer(challenge)
    statuses += [talk.answer(stale).status, talk.answer(talk.register(), b"open").status]
    assert (challenge.status, statuses, stale.status) == (401, [200, 200, 200, 403], 401)
    return talk


def test_the_answers_are_told_by_the_password(talk: Talk) -> None:
    kinds = [attempt.kind for attempt in talk.view.attempts]
    again = [Kind.OUTDATED, Kind.OUTDATED]  # to a nonce that has been answered
    assert kinds == [Kind.UNCHALLENGED, Kind.RIGHT, *again, Kind.RIGHT, Kind.UNCHALLENGED, Kind.WRONG]


@pytest.mark.parametrize("row", OF_AKA)
def test_what_presupposes_aka_is_unmet(talk: Talk, row: str) -> None:
    assert {type(outcome) for outcome in talk.outcomes(row)} == {Unmet}


def test_the_reference_core_breaks_no_row(talk: Talk) -> None:
    broken = {row.id: o for row in full_catalogue() for o in talk.outcomes(row.id) if isinstance(o, Breach)}
    assert broken == {}


@pytest.mark.parametrize(
    "row", ["24.229-5.4.1.2.1-01", "24.229-5.4.1.2.2-05", "rfc7616-3.5-01", "rfc7616-3.5-02", "rfc3261-22.4-01"]
)
def test_what_holds_for_every_digest_is_judged(talk: Talk, row: str) -> None:
    outcomes = talk.outcomes(row)
    assert Held in {type(outcome) for outcome in outcomes}


@pytest.mark.parametrize("row", OF_AKA)
def test_a_core_that_takes_any_password_is_none_of_aka(row: str) -> None:
    talk = Talk({"s-cscf.verified": lambda right, **_: True})
    assert talk.answer(talk.register(), b"open").status == 200
    assert {type(outcome) for outcome in talk.outcomes(row)} <= {Unmet, Moot}


def test_a_core_that_refuses_the_right_password_is_found() -> None:
    talk = Talk({"s-cscf.verified": lambda right, **_: False})
    assert talk.answer(talk.register()).status == 403
    assert [type(outcome) for outcome in talk.outcomes("24.229-5.4.1.2.2-05")] == [Breach]


def test_a_proof_over_another_password_is_found() -> None:
    talk = Talk({"s-cscf.authentication-info": lambda info, **_: AuthenticationInfo.of({"rspauth": "0" * 32})})
    assert talk.answer(talk.register()).status == 200
    assert [type(outcome) for outcome in talk.outcomes("rfc7616-3.5-01")] == [Breach]
    assert [type(outcome) for outcome in talk.outcomes("rfc3310-3.5-01")] == [Unmet]


REPLAY, ZERO = "rfc7616-3.4-05", "rfc7616-3.4-06"
ANY_COUNT: dict[str, Hook] = {"s-cscf.counted": lambda higher, **_: True}


def kinds(talk: Talk, row: str) -> list[type[Outcome]]:
    return [type(outcome) for outcome in talk.outcomes(row)]


@pytest.mark.parametrize(("hooks", "status", "found"), [({}, 401, [Held]), (ANY_COUNT, 200, [Breach])])
def test_the_credentials_of_an_accepted_request_again(
    hooks: dict[str, Hook], status: int, found: list[type[Outcome]]
) -> None:
    talk = Talk(hooks)
    talk.answer(talk.register())
    assert kinds(talk, REPLAY) == [Unmet]
    assert talk.register(talk.credentials).status == status
    assert kinds(talk, REPLAY) == found


def test_a_count_seen_before_is_a_replay_whatever_the_cnonce() -> None:
    talk = Talk(ANY_COUNT)
    challenge = talk.register()
    assert [talk.answer(challenge).status, talk.answer(challenge, cnonce="cafe").status] == [200, 200]
    assert kinds(talk, REPLAY) == [Breach]


def test_what_is_no_replay() -> None:
    talk = Talk(ANY_COUNT)
    challenge = talk.register()
    counts = ("00000001", "00000002", "0000000A")
    assert [talk.answer(challenge, nc=nc).status for nc in counts] == [200, 200, 200]
    assert talk.answer(challenge, b"open", nc="00000001").status == 403  # refused for the password
    assert kinds(talk, REPLAY) == [Unmet]


def test_what_was_refused_may_be_tried_again() -> None:
    answers = iter((False, True))
    talk = Talk({"s-cscf.verified": lambda right, **_: next(answers), **ANY_COUNT})
    talk.answer(talk.register())
    challenge = talk.register()
    talk.answer(challenge)
    assert kinds(talk, REPLAY) == [Unmet]


def test_a_nonce_that_is_offered_again_is_counted_anew() -> None:
    talk = Talk({"s-cscf.challenge": lambda challenge, **_: replace(challenge, nonce="same"), **ANY_COUNT})
    assert [talk.answer(talk.register()).status for _ in range(2)] == [200, 200]
    assert kinds(talk, REPLAY) == [Unmet]


def test_a_count_of_zero_is_refused_or_observed() -> None:
    refused = Talk()
    assert refused.answer(refused.register(), nc="00000000").status == 403
    assert kinds(refused, ZERO) == [Held]
    accepted = Talk({"s-cscf.verified": lambda right, **_: True, **ANY_COUNT})
    assert accepted.answer(accepted.register(), nc="00000000").status == 200
    assert kinds(accepted, ZERO) == [Breach]
    assert full_catalogue()[ZERO].level == "may"


@pytest.mark.parametrize("nc", ["00000001", "00000002", "0", "0000000x"])
def test_another_count_is_no_zero(nc: str) -> None:
    talk = Talk({"s-cscf.verified": lambda right, **_: True, **ANY_COUNT})
    talk.answer(talk.register(), nc=nc)
    assert kinds(talk, ZERO) == [Unmet]


def test_a_simulated_ue_gets_a_subscriber_with_a_password_only_where_it_asks_for_one() -> None:
    with_keys = replace(FIXED, name="keys", algorithm=Milenage(Secret(bytes(16)), Secret(bytes(16))), password=None)
    pool = SubscriberPool((FIXED, with_keys))
    assert pool.take_with_password() is FIXED
    assert pool.take_with_password() is None
    pool.give_back(FIXED, clean=True)
    assert pool.take() is with_keys
    with pytest.raises(InputError, match="every subscriber is in use"):
        pool.take()
    assert pool.take_with_password() is FIXED
    assert SubscriberPool((with_keys,)).take_with_password() is None


def test_no_simulated_ue_is_given_a_subscriber_with_a_password() -> None:
    with_keys = replace(FIXED, name="keys", algorithm=Milenage(Secret(bytes(16)), Secret(bytes(16))), password=None)
    pool = SubscriberPool((FIXED, with_keys))
    with pytest.raises(InputError, match="fixed: has a password"):
        pool.take("fixed")
    assert pool.take() is with_keys
    with pytest.raises(InputError, match="every subscriber is in use"):
        pool.take()
    with pytest.raises(InputError, match="need AKA keys"):
        SubscriberPool((FIXED,))


@pytest.mark.parametrize(("stale", "expected"), [("TRUE", Unmet), ("false", Breach)])
def test_a_nonce_may_be_stale_at_once(stale: str, expected: type[Outcome]) -> None:
    """RFC 7616 3.3 leaves its life to the server."""

    def rejected(response: Draft, *, request: Request, **context: object) -> Draft:
        authorization = request.get(Authorization)
        if authorization is None or not authorization.response:
            return response
        asked = WwwAuthenticate.parse(f'Digest realm="{HOME}", nonce="new", qop="auth", stale={stale}')
        changed = response.clone().add("WWW-Authenticate", asked)
        changed.start_line = "SIP/2.0 401 Unauthorized"
        return changed

    talk = Talk({"p-cscf.response": rejected})
    talk.answer(talk.register())
    assert [type(outcome) for outcome in talk.outcomes("24.229-5.4.1.2.2-05")] == [expected]
