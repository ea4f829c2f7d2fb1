"""How a transcript of a UE is read: whose it is, without keys, beside other UEs, and whatever the octets are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from forged import ALICE, HOME, IMPU, NEW_CLIENT, UDP, Forged, credentials, empty, mac_failure, vector, with_wrong_mac

from imsreg.identity.absent import AbsentAlgorithm, KeysMissing
from imsreg.identity.subscribers import Subscriber
from imsreg.tester.catalogue import full_catalogue
from imsreg.transcript.circumstances import Circumstances
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Breach, Held, Outcome
from imsreg.verdict.ue_registers import Purpose, Stage
from imsreg.verdict.view import View

AV = vector()
ROWS = tuple(row.id for row in full_catalogue() if row.subject == ("ue",))
CAROL = replace(ALICE, name="carol", imsi="001010000000002", impi=f"carol@{HOME}", impus=(f"sip:carol@{HOME}",), sqn=0)


def facts(*subscribers: Subscriber) -> Facts:
    return Facts(HOME, "headers", 14, {s.impi: s for s in subscribers}, role="ue")


def full_course() -> Forged:
    """A registration, a subscription with its NOTIFY, a challenged refresh, the end."""
    talk = Forged(security="headers").told("register").registered(AV, 600, f"P-Associated-URI: <{IMPU}>")
    talk.subscribes().notified("registered", state="active").passes(300)
    bad = with_wrong_mac(vector(2))
    talk.client = NEW_CLIENT
    talk.sends(Authorization=credentials(AV)).challenged(bad)
    talk.client = NEW_CLIENT.replace("300", "400").replace("8001", "9001")
    talk.sends(Authorization=mac_failure(bad)).challenged(vector(3))
    talk.sends(Authorization=credentials(vector(3))).ok(600).told("deregister")
    return talk.sends(Authorization=credentials(vector(3)), Expires="0").ok(None)


def test_what_each_register_is() -> None:
    registers = View(full_course().transcript, facts(ALICE)).ue.registers
    assert [(r.purpose, r.stage) for r in registers] == [
        (Purpose.INITIAL, Stage.FIRST),
        (Purpose.INITIAL, Stage.ANSWER),
        (Purpose.REFRESH, Stage.FIRST),
        (Purpose.REFRESH, Stage.MAC_FAILURE),
        (Purpose.REFRESH, Stage.ANSWER),
        (Purpose.DEREGISTRATION, Stage.FIRST),
    ]
    assert [r.told for r in registers] == ["register", None, None, None, None, "deregister"]
    assert [r.answers.number if r.answers else None for r in registers] == [None, 1, None, 9, 11, None]


@pytest.mark.parametrize(
    ("change", "purpose"),
    [
        (lambda talk: talk.passes(100).sends(Authorization=credentials(AV)), Purpose.REFRESH),
        (lambda talk: talk.passes(100).sends(), Purpose.REFRESH),
        (lambda talk: talk.passes(700).sends(), Purpose.INITIAL),
        (lambda talk: talk.told("reset").sends(), Purpose.INITIAL),
        (lambda talk: talk.told("register").sends(), Purpose.INITIAL),
        (lambda talk: talk.told("register").sends(Authorization=credentials(AV)), Purpose.REFRESH),
        (lambda talk: talk.sends(Call_ID="two"), Purpose.INITIAL),
        (lambda talk: talk.subscribes().notified("deactivated").sends(), Purpose.INITIAL),
        (lambda talk: talk.sends(Expires="0").ok(None).sends(), Purpose.INITIAL),
        (lambda talk: talk.sends(Authorization=credentials(AV)).gets(500).sends(), Purpose.INITIAL),
        (lambda talk: talk.sends(Contact=None), Purpose.FETCH),
    ],
)
def test_a_register_after_a_registration(change: Callable[[Forged], Forged], purpose: Purpose) -> None:
    talk = Forged().registered(AV, 600)
    change(talk)
    assert View(talk.transcript, facts(ALICE)).ue.registers[-1].purpose is purpose


def test_a_challenge_can_be_answered_twice_until_one_answer_is_answered() -> None:
    talk = Forged().sends().challenged(AV).sends(Authorization=credentials(AV)).sends(Authorization=credentials(AV))
    assert [r.answers.number if r.answers else None for r in View(talk.transcript, facts(ALICE)).ue.registers] == [
        None,
        1,
        1,
    ]
    talk.gets(423, "Min-Expires: 700000").sends(Authorization=credentials(AV))
    assert View(talk.transcript, facts(ALICE)).ue.registers[-1].stage is Stage.LONGER


def test_two_ues_are_told_apart() -> None:
    talk = Forged().sends()
    carol = Forged()
    carol.transcript = talk.transcript
    names: dict[str, str | None] = {"From": f"<sip:carol@{HOME}>;tag=7", "To": f"<sip:carol@{HOME}>", "Call_ID": "c"}
    carol.sends(branch="z9hG4bKc", Authorization=empty(username=f'"carol@{HOME}"'), **names)
    talk.challenged(AV).sends(Authorization=credentials(AV)).ok()
    first, second, answer = View(talk.transcript, facts(ALICE, CAROL)).ue.registers
    assert (answer.answers, answer.follows) == (first, first)
    assert (second.follows, second.subscriber) == (None, CAROL)


def test_whose_a_wrong_identity_is() -> None:
    wrong = {"To": "<sip:nobody@x>", "From": "<sip:nobody@x>;tag=1", "Authorization": empty(username='"nobody"')}
    talk = Forged().sends(**wrong)
    assert View(talk.transcript, facts(ALICE, CAROL)).ue.registers[0].subscriber is None
    talk.transcript.circumstances = Circumstances(subscribers=(CAROL.impi,))
    assert View(talk.transcript, facts(ALICE, CAROL)).ue.registers[0].subscriber == CAROL
    by_imsi = Forged().sends(**(wrong | {"Authorization": empty(username=f'"{CAROL.imsi}@ims"')}))
    assert View(by_imsi.transcript, facts(ALICE, CAROL)).ue.registers[0].subscriber == CAROL


def test_without_keys_what_needs_none_is_judged() -> None:
    missing = KeysMissing(Path("keys.yaml"), "alice", "there are none", "add them")
    keyless = replace(ALICE, algorithm=AbsentAlgorithm(missing))
    view = View(full_course().transcript, facts(keyless))
    needing: set[str] = set()
    for row in ROWS:
        try:
            outcomes = _outcomes(view, row)
        except KeysMissing:
            needing.add(row)
        else:
            assert Breach not in {type(outcome) for outcome in outcomes}, row
    assert {"24.229-5.1.1.5.1-01", "24.229-5.1.1.5.3-01", "rfc3310-3.3-01"} <= needing
    assert len(needing) < 14
    assert {type(outcome) for outcome in _outcomes(view, "24.229-5.1.1.2.1-04")} == {Held}


def _outcomes(view: View, row: str) -> list[Outcome]:
    return [outcome for check in checks_of(row) for outcome in check(view)]


def test_a_conformant_course_breaks_nothing() -> None:
    view = View(full_course().transcript, facts(ALICE))
    broken = [row for row in ROWS if any(isinstance(outcome, Breach) for outcome in _outcomes(view, row))]
    assert broken == []


def test_every_row_has_a_check() -> None:
    assert len(ROWS) >= 77
    assert [row for row in ROWS if not checks_of(row)] == []


@pytest.mark.parametrize("seed", range(40))
def test_no_octets_bring_a_check_down(seed: int) -> None:
    """Messages of both sides with octets changed, cut out and doubled."""
    random = Random(seed)
    original = full_course().transcript
    spoilt = Transcript("spoilt", 0.0, start=0.0)
    for entry in original.entries:
        raw = bytearray(entry.raw)
        for _ in range(random.randrange(4)):
            at = random.randrange(len(raw))
            match random.randrange(3):
                case 0:
                    raw[at] = random.randrange(256)
                case 1:
                    del raw[at : at + random.randrange(1, 30)]
                case _:
                    raw[at:at] = raw[at : at + random.randrange(1, 30)]
        spoilt.record(entry.sent, UDP, bytes(raw), entry.at)
    view = View(spoilt, facts(ALICE))
    for row in ROWS:
        for outcome in _outcomes(view, row):
            assert getattr(outcome, "entry", 1) in range(1, len(spoilt.entries) + 1)
