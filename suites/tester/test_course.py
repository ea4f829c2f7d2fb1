"""What is said of a registration to somebody who asks why it did not work."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from forged import (
    ALICE,
    BOB,
    HOME,
    Forged,
    credentials,
    mac_failure,
    sync_failure,
    vector,
    with_wrong_mac,
)

from imsreg.identity.absent import AbsentAlgorithm, KeysMissing
from imsreg.identity.subscribers import Subscriber
from imsreg.sip.flow import Flow
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.course import course
from imsreg.verdict.view import View

KEYLESS = replace(ALICE, algorithm=AbsentAlgorithm(KeysMissing("lab.yaml", "", "there are no keys")))
AV = vector()


def turned(forged: Forged, subscriber: Subscriber = ALICE, unread: tuple[int, int] = (0, 0)) -> tuple[str, ...]:
    """The course of what was forged for a UE under test, seen with the UE as the tester."""
    seen = Transcript("", 0.0, start=0.0)
    for entry in forged.transcript.entries:
        flow = Flow(entry.flow.transport, entry.flow.remote, entry.flow.local, entry.flow.connection)
        seen.record(not entry.sent, flow, entry.raw, entry.at)
    facts = replace(forged.facts, role="core", subscribers={subscriber.impi: subscriber})
    return course(View(seen, facts), unread=unread)


def ending(forged: Forged, subscriber: Subscriber = ALICE) -> str:
    return " ".join(line[3:] for line in turned(forged, subscriber) if line.startswith("=> "))


def challenged(av=AV) -> Forged:
    return Forged().sends().challenged(av)


def test_a_registration_that_works() -> None:
    forged = challenged().sends(Authorization=credentials(AV)).ok(3600)
    first, second, last = turned(forged)
    assert first.endswith("REGISTER, the first of a registration: 401 Unauthorized, a challenge (AKAv1-MD5)")
    assert second.endswith("REGISTER, the answer to the challenge, which is right: 200 OK, bound for 3600 s")
    assert last.startswith("=> registered, for 3600 s")


def test_silence() -> None:
    forged = Forged().sends().repeats(0.5, 1.0)
    assert "sent 3 times: no answer" in turned(forged)[0]
    assert "is that the address of the P-CSCF" in ending(forged)


def test_a_challenge_that_is_not_answered() -> None:
    assert ending(challenged()) == (
        "the UE does not answer the last challenge by the keys of the subscriber file the MAC in AUTN is right: "
        "a USIM with them can answer"
    )
    assert "the MAC in AUTN is wrong: the HSS has other keys" in ending(challenged(with_wrong_mac(AV)))
    assert ending(challenged(), KEYLESS) == "the UE does not answer the last challenge"


def test_a_usim_that_does_not_take_the_challenge() -> None:
    wrong = with_wrong_mac(AV)
    forged = challenged(wrong).sends(Authorization=mac_failure(wrong)).gets(403)
    assert "the USIM reports that the MAC in AUTN is wrong: 403" in turned(forged)[1]
    assert "not registered: 403 to the USIM's report" in ending(forged)
    out_of_range = challenged().sends(Authorization=sync_failure(AV, 7)).challenged(vector(2))
    assert "the USIM reports that SQN is out of range (AUTS): 401" in turned(out_of_range)[1]


@pytest.mark.parametrize(
    ("password", "subscriber", "said"),
    [
        (None, ALICE, "by the keys of the subscriber file the response is right: the HSS has other keys"),
        (b"x", ALICE, "by the keys of the subscriber file the response is wrong: the USIM has other keys"),
        (b"x", KEYLESS, "as it does for a wrong RES"),
    ],
)
def test_an_answer_that_is_refused(password: bytes | None, subscriber: Subscriber, said: str) -> None:
    forged = challenged().sends(Authorization=credentials(AV, password)).gets(403)
    assert "not registered: 403 to the answer" in ending(forged, subscriber)
    assert said in ending(forged, subscriber)
    assert ("by the keys" in ending(forged, subscriber)) is (subscriber is ALICE)


@pytest.mark.parametrize(
    ("status", "said"), [(404, "does not know the user"), (421, "sec-agree"), (499, "the network refuses it")]
)
def test_a_refusal_before_any_challenge(status: int, said: str) -> None:
    forged = Forged().sends().gets(status, 'Warning: 399 x "no such\x1b[31m thing"')
    assert "before any challenge" in ending(forged)
    assert said in ending(forged)
    assert "\x1b" not in "".join(turned(forged))


def test_a_challenge_that_nobody_can_answer() -> None:
    short = base64.b64encode(bytes(20)).decode()
    header = f'WWW-Authenticate: Digest realm="{HOME}", nonce="{short}", algorithm=AKAv1-MD5'
    (step, *_) = turned(Forged().sends().gets(401, header))
    assert "without a challenge that can be answered" in step


def test_a_200_without_the_contact_and_the_end() -> None:
    answered = challenged().sends(Authorization=credentials(AV))
    assert "does not list the contact of the UE" in ending(answered.ok(None))
    ended = challenged().sends(Authorization=credentials(AV)).ok(60)
    ended.sends(Authorization=credentials(AV)).ok(60).sends(Authorization=credentials(AV), Expires="0").ok(None)
    assert "REGISTER, to refresh the registration: 200 OK, bound for 60 s" in turned(ended)[2]
    assert "REGISTER, to end the registration: 200 OK, nothing is bound any more" in turned(ended)[3]
    assert "the registration was ended by the UE" in ending(ended)


def test_a_password_is_told_like_keys() -> None:
    assert "the UE does not answer the last challenge" in ending(challenged(), BOB)


def test_nothing() -> None:
    assert turned(Forged()) == ("there is no REGISTER",)


@pytest.mark.parametrize(("unread", "said"), [((3, 0), "none comes back"), ((3, 2), "3 packets from the UE, 2 to it")])
def test_what_goes_on_in_esp_is_no_silence(unread: tuple[int, int], said: str) -> None:
    told = " ".join(turned(challenged(), KEYLESS, unread))
    assert "in ESP that cannot be read" in told
    assert "does not answer" not in told
    assert said in told
    assert ("none comes back" in told) is (unread[1] == 0)
