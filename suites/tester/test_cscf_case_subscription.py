"""A case whose UEs subscribe to their registration state: what it waits for, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from scripted import reply, udp_dut, write_profile

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.sip.flow import Transport
from imsreg.tester import cscf_case
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.outcome import NotApplicable, ScenarioStopped
from imsreg.tester.session import Family, Session
from imsreg.tester.settings import Settings

PLAIN = "embedded-core-plain"


def settings(name: str = PLAIN, mutant: str | None = None) -> Settings:
    return Settings(profile=data("fixtures", "profiles", f"{name}.yaml"), link="memory", seed=1, mutant=mutant)


@contextmanager
def case(name: str = PLAIN, mutant: str | None = None) -> Iterator[CscfCase]:
    with Session(settings(name, mutant)) as session:
        yield CscfCase(session, "test", ())


def subscribed(case: CscfCase, expires: int = 600_000) -> int:
    """Register, subscribe, and the status that this got."""
    assert case.ue.register().status == 200
    case.send(case.subscribe(expires=expires))
    return case.expect().status


def starts(case: CscfCase, *, sent: bool) -> list[str]:
    """Method or status of what went out or came in."""
    words = (entry.raw.split(b" ", 2) for entry in case.transcript.entries if entry.sent is sent)
    return [(first if first != b"SIP/2.0" else second).decode() for first, second, _ in words]


# Against the reference.


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("name", [PLAIN, "embedded-core", "embedded-core-ipsec"])
def test_a_subscription_from_its_beginning_to_its_end(name: str, transport: Transport, family: Family) -> None:
    with case(name) as running:
        ue = running.power_on(transport=transport, family=family)
        assert subscribed(running) == 200
        assert (running.expect_notify().value("Subscription-State") or "").startswith("active;")
        running.send(ue.resubscribe(expires=300))
        assert running.expect().status == 200
        assert running.expect_notify(state="active").value("Subscription-State") == "active;expires=300"
        running.send(ue.resubscribe(expires=0))
        assert running.expect().status == 200
        assert ue.subscribed
        assert (running.expect_notify().value("Subscription-State") or "").startswith("terminated;")
        assert not ue.subscribed
        assert ue.registered, "a 200 to SUBSCRIBE is none to REGISTER"
        running.close()
        assert not ue.may_be_bound
    flows = {entry.flow.association for entry in running.transcript.entries if b"NOTIFY sip:" in entry.raw}
    assert [each is not None and each.startswith("DL2") for each in flows] == [name == "embedded-core-ipsec"]


def test_a_fetch_is_over_with_its_notify() -> None:
    with case() as running:
        running.power_on()
        assert subscribed(running, expires=0) == 200
        running.expect_notify(state="terminated")
        assert not running.ue.subscribed


def test_one_ue_hears_of_the_other() -> None:
    with case() as running:
        first = running.power_on()
        subscribed(running)
        running.expect_notify()
        second = running.power_on(subscriber=first.subscriber.name)
        second.register()
        assert b"partial" in running.expect_notify(ue=first).body
        with pytest.raises(InputError, match="has not subscribed to anything"):
            running.expect_notify()


def test_a_challenge_is_answered_although_a_subscribe_came_between() -> None:
    with case() as running:
        ue = running.power_on()
        challenge = ue.exchange(ue.registration.initial_register(expires=3600))
        running.send(running.subscribe())
        assert running.expect().status == 403
        answer = ue.answer(challenge)
        assert answer.value("Expires") == "3600"
        assert ue.exchange(answer).status == 200


def test_what_a_dut_says_when_its_clock_jumps_comes_at_its_time() -> None:
    """The reference in a process of its own: the end of a binding is told no earlier than the binding ends."""
    with Session(Settings(profile=data("fixtures", "profiles", f"{PLAIN}.yaml"), seed=1)) as session:
        running = CscfCase(session, "test", ())
        ue = running.power_on()
        ue.complete(ue.registration.initial_register(expires=600))
        running.send(running.subscribe())
        running.expect()
        running.expect_notify()
        running.advance(601)
        running.expect_notify(state="terminated")
        told = [entry.at for entry in running.transcript.entries if b"\r\nSubscription-State: terminated" in entry.raw]
        running.close()
    assert told[0] - running.transcript.entries[0].at >= 600


# What does not come.


def test_a_refused_subscription_is_waited_for_no_longer() -> None:
    with case() as running:
        running.power_on()
        running.send(running.subscribe())
        assert running.expect().status == 403
        before = running.session.link.now()
        assert running.wait_for_notify() is None
        with pytest.raises(ScenarioStopped, match="refused or ended it") as stopped:
            running.expect_notify()
        assert stopped.value.kind == "precondition"
        assert running.session.link.now() == before


def test_a_notify_that_does_not_come_stops_the_scenario() -> None:
    with case(mutant="s-notify-missing-after-200") as running:
        running.power_on()
        assert subscribed(running) == 200
        before = running.session.link.now()
        with pytest.raises(ScenarioStopped, match="no NOTIFY in the dialog of the subscription within 8 s") as stopped:
            running.expect_notify(within=8)
        assert stopped.value.kind == "no-request"
        assert running.session.link.now() - before >= 8
        assert [event.text for event in running.transcript.events][-1] == "no NOTIFY within 8 s"
        with pytest.raises(ScenarioStopped, match="no NOTIFY with Subscription-State terminated "):
            running.expect_notify(state="terminated")


@pytest.mark.parametrize("name", ["features: {reg-event: false}\n", ""])
def test_without_the_claim_of_a_profile_it_is_not_applicable(tmp_path: Path, name: str) -> None:
    with udp_dut(lambda _: []) as (node, address):
        profile = write_profile(tmp_path, address, more=name)
        with Session(Settings(profile=profile)) as session:
            running = CscfCase(session, "test", ())
            running.power_on()
            with pytest.raises(NotApplicable, match="reg-event: false"):
                running.subscribe()
            running.close()
        assert node.requests == []


# What is left behind.


@pytest.mark.parametrize("name", [PLAIN, "embedded-core-ipsec"])
def test_the_notify_of_the_last_de_registration_is_answered_before_the_ue_is_off(name: str) -> None:
    with Session(settings(name)) as session:
        for number in range(2):
            running = CscfCase(session, f"test {number}", ())
            running.power_on(subscriber="sub01")
            assert subscribed(running) == 200
            running.expect_notify()
            running.close()
            came, went = starts(running, sent=False), starts(running, sent=True)
            assert came.count("NOTIFY") == went.count("200") == (2 if name == PLAIN else 1)
            assert "481" not in went


def test_no_ue_is_off_before_the_last_one_is_de_registered() -> None:
    """The first has a subscription as long as the second is registered."""
    with case() as running:
        first = running.power_on()
        subscribed(running)
        running.power_on(subscriber=first.subscriber.name).register()
        running.close()
        assert not first.subscribed
        assert starts(running, sent=False).count("NOTIFY") == starts(running, sent=True).count("200")


@pytest.mark.parametrize("mutant", ["s-notify-missing-after-200", "c-change-not-notified", "c-notify-after-the-end"])
def test_what_a_dut_keeps_does_not_disturb_the_next_test(mutant: str) -> None:
    with Session(settings(mutant=mutant)) as session:
        for number in range(3):
            running = CscfCase(session, f"test {number}", ())
            ue = running.power_on(subscriber="sub01")
            assert subscribed(running) == 200
            running.wait_for_notify(within=1)
            running.send(ue.resubscribe(expires=0))
            assert running.expect().status == 200
            running.close()
            assert not ue.may_be_bound
            assert not session.pool.is_dirty(ue.subscriber)
            assert [event.text for event in running.transcript.events if "earlier test" in event.text] == []


@pytest.mark.parametrize("over", [False, True])
def test_a_binding_that_ran_out_may_be_refused_its_end(over: bool, tmp_path: Path) -> None:
    """A network may de-register nobody who is not registered any more: that leaves nothing behind."""

    def answer(request: bytes) -> list[bytes]:
        if b"\r\nExpires: 0\r\n" in request:
            return [reply(request, b"SIP/2.0 403 Forbidden")]
        contact = next(line for line in request.split(b"\r\n") if line.startswith(b"Contact: "))
        return [reply(request, b"SIP/2.0 200 OK", contact + b";expires=60")]

    with udp_dut(answer) as (_, address), Session(Settings(profile=write_profile(tmp_path, address))) as session:
        running = CscfCase(session, "test", ())
        ue = running.power_on(subscriber="sub01")
        running.send(ue.registration.initial_register())
        assert running.expect().status == 200
        assert ue.bound_until > session.link.now() + 50
        if over:
            ue.bound_until = session.link.now() - 3
        running.close()
        assert session.pool.is_dirty(ue.subscriber) is not over


def test_a_dut_that_never_notifies_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cscf_case, "FAREWELL", 0.0)
    with udp_dut(lambda request: [reply(request, b"SIP/2.0 200 OK", b"Expires: 60")]) as (node, address):
        profile = write_profile(tmp_path, address, more="features: {reg-event: true}\n")
        with Session(Settings(profile=profile)) as session:
            for number in range(2):
                running = CscfCase(session, f"test {number}", ())
                ue = running.power_on(subscriber="sub01")
                running.send(running.subscribe())
                assert running.expect().status == 200
                assert ue.subscribed
                running.close()
        assert [request.split(b" ")[0] for request in node.requests] == [b"SUBSCRIBE"] * 2
