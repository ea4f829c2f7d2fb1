"""Tests of a UE over ESP: what a case adds to the simulated core, on the in-memory link."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imsreg.paths import data
from imsreg.secagree.associations import Name
from imsreg.secagree.events import Fate, Fault
from imsreg.secagree.phases import Phase
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.tester.ue_case import UeCase
from imsreg.tester.way import Way, parse_way
from imsreg.verdict.verdict import Verdict

PROFILE = data("fixtures", "profiles", "embedded-ue-ipsec.yaml")


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(Settings(profile=PROFILE, link="memory", seed=1)) as session:
        yield session


@pytest.fixture
def case(session: Session) -> UeCase:
    case = UeCase(session, "over ESP", [])
    case.power_on()
    return case


def travelled(case: UeCase) -> list[str]:
    return [f"{e.label.split()[0]} {(e.flow.association or '-').split()[0]}" for e in case.transcript.entries]


def test_a_registration_from_the_first_message_to_the_last(case: UeCase) -> None:
    case.register()
    case.attend()
    case.advance(1)
    assert [live.phase for live in case.sets] == [Phase.ESTABLISHED]
    case.tell("deregister")
    case.expect_request("REGISTER")
    assert case.sets == ()
    judgement = case.close()
    assert travelled(case)[:4] == ["REGISTER -", "401 -", "REGISTER UL1", "200 DL2"]
    assert travelled(case)[-2:] == ["REGISTER UL1", "200 DL2"]
    assert {entry.event.fate for entry in case.transcript.esp} == {Fate.OK}
    assert not [ruling for ruling in judgement.beside if ruling.verdict is Verdict.FAIL]
    assert not judgement.in_passing
    assert len(case.esp_keys) == 1


def test_both_sides_are_named_at_their_protected_ports(case: UeCase) -> None:
    case.register()
    (made,) = case.sets
    up, back = made.associations[0], made.associations[3]
    for port in (up.source, back.source):
        assert case.transcript.name(port) == "UE"
    for port in (up.destination, back.destination):
        assert case.transcript.name(port) == "P-CSCF"
    assert next(iter(case.transcript.peers.values())) == "UE"


def test_a_200_in_the_clear_and_one_with_a_wrong_icv_register_nobody(case: UeCase) -> None:
    case.tell("register")
    attendant = case.lane.attendant
    case.respond(first := case.expect_request("REGISTER"), attendant.challenge(first))
    answer = case.expect_request("REGISTER")
    ok = attendant.ok(answer)
    case.respond(answer, ok, on="clear")
    record = case.inject(Fault.BAD_ICV, ok, on=Way(Name.DL2, Phase.TEMPORARY))
    assert record.injected is Fault.BAD_ICV
    with pytest.raises(ScenarioStopped, match="no SUBSCRIBE from the UE within 5 s"):
        case.expect_request("SUBSCRIBE", 5)
    case.respond(answer, ok)
    case.expect_request("SUBSCRIBE")
    assert travelled(case)[3] == "200 -"
    case.close()


def test_a_request_on_another_association(case: UeCase) -> None:
    case.register()
    subscribe = case.expect_request("SUBSCRIBE")
    attendant = case.lane.attendant
    case.respond(subscribe, attendant.accept_subscription(subscribe))
    astray = case.send(attendant.notify(), on=Way(Name.DL1, Phase.ESTABLISHED))
    case.advance(1)
    assert not astray.responses
    case.send(attendant.notify())
    assert case.expect(200).status == 200
    case.close()


def test_why_no_request_came_is_read_from_the_packets_too(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A UE with wrong keys sends an answer that nobody can read."""
    from imsreg.registration import gm_security
    from imsreg.secret import Secret

    real = gm_security.expand
    monkeypatch.setattr(gm_security, "expand", lambda transform, ck, ik: real(transform, ck, Secret(bytes(16))))
    case = UeCase(session, "wrong keys", [])
    case.power_on()
    case.tell("register")
    case.respond(first := case.expect_request("REGISTER"), case.lane.attendant.challenge(first))
    with pytest.raises(ScenarioStopped) as stopped:
        case.expect_request("REGISTER", 3)
    assert "2 packets of the UE came to nothing, bad ICV: other keys or algorithms than" in str(stopped.value)
    case.close()


@pytest.mark.parametrize("text", ["DL2 of the established set", " dl2 OF the Established set "])
def test_a_way_in_words(text: str) -> None:
    way = parse_way(text)
    assert way == Way(Name.DL2, Phase.ESTABLISHED)
    assert str(way) == "DL2 of the established set"


def test_a_way_over_the_other_transport() -> None:
    way = parse_way("UL1 of the old set over tcp")
    assert way == Way(Name.UL1, Phase.OLD, "TCP")
    assert str(way) == "UL1 of the old set over TCP"


def test_clear_is_a_way_too() -> None:
    assert parse_way(" Clear ") == "clear"


@pytest.mark.parametrize("text", ["", "DL3 of the old set", "DL1 of the new set", "DL1", "DL1 of the old set\n\x1b[2J"])
def test_words_that_are_no_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"an association \(UL1, DL1, DL2, UL2\) of a set \(temporary, ") as raised:
        parse_way(text)
    assert str(raised.value).isprintable()


def test_a_way_to_no_set() -> None:
    with pytest.raises(ScenarioStopped, match="there is no temporary set of associations"):
        Way(Name.DL2, Phase.TEMPORARY).association(())


def test_what_is_repeated_may_stay_on_its_set_when_that_ends(case: UeCase) -> None:
    case.register()
    case.expect_request("SUBSCRIBE")  # and nobody answers it
    case.tell("deregister")
    end = case.expect_request("REGISTER")
    case.respond(end, case.lane.attendant.ok(end))
    case.advance(60)
    assert [e.flow.association is None for e in case.transcript.entries if e.label == "SUBSCRIBE"] == [False] * 6
    rulings = case.rulings(["33.203-7.4.1a-02"])
    assert [(ruling.verdict, ruling.findings) for ruling in rulings] == [(Verdict.PASS, ())]


def test_the_network_keeps_the_sets_of_a_ue(case: UeCase) -> None:
    case.keep_sets()
    case.register()
    case.attend()
    case.advance(1)
    case.tell("deregister")
    case.expect_request("REGISTER")
    case.advance(60)
    assert [each.phase for each in case.sets] == [Phase.DELETED]
    case.close()
    assert case.sets == ()
