"""The reference UE as a DUT: on the in-memory link, and as a process over loopback, toward the simulated core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from os import getpid
from pathlib import Path
from random import Random

import pytest
from processes import children

from imsreg.errors import InputError
from imsreg.identity.subscribers import load_subscribers
from imsreg.net.egress import EgressGate
from imsreg.net.memory import MemoryLink
from imsreg.net.resolve import has_ipv6
from imsreg.net.sockets import SocketLink
from imsreg.paths import data
from imsreg.registration.attendant import AttendantPolicy
from imsreg.registration.ue_policy import UePolicy
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address
from imsreg.sip.timers import RFC3261
from imsreg.tester.memory_ue import MemoryUe
from imsreg.tester.mutants import Mutant
from imsreg.tester.outcome import ScenarioStopped
from imsreg.tester.pace import LinkPace, Pace, SteppedPace
from imsreg.tester.reference_process import ReferenceUeProcess
from imsreg.tester.simulated_core import SimulatedCore
from imsreg.verdict.profile import load_profile

PROFILE = data("fixtures", "profiles", "embedded-ue.yaml")
SUBSCRIBERS = {s.name: s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {})}
SUB01, SUB02 = SUBSCRIBERS["sub01"], SUBSCRIBERS["sub02"]
NETWORKS = load_profile(PROFILE).allow


class Lab:
    """A simulated core that answers by itself, and the reference UE."""

    def __init__(self, link: MemoryLink | SocketLink, mutant: Mutant | None = None) -> None:
        memory = isinstance(link, MemoryLink)
        hosts = ["127.0.3.1", *(["::1"] if memory or has_ipv6() else [])]
        policy = AttendantPolicy(home_domain=SUB01.home_domain, security="headers", release=14)
        self.link = link
        self.core = SimulatedCore(
            link, [Address(host, 0) for host in hosts], list(SUBSCRIBERS.values()), policy, Random(1), RFC3261
        )
        self.ue: MemoryUe | ReferenceUeProcess
        self.pace: Pace
        if isinstance(link, MemoryLink):
            self.ue = MemoryUe(link, load_profile(PROFILE), self.core.addresses, Random(2), mutant)
            self.pace = LinkPace(link, real=False)
        else:
            self.ue = ReferenceUeProcess(PROFILE, self.core.addresses, seed=3)
            self.pace = SteppedPace(link, self.core, self.ue)

    def reaches(self, phase: str, name: str = "sub01", limit: float = 30.0) -> bool:
        """Whether the UE comes to do this within so many seconds of its own clock."""
        if isinstance(self.ue, MemoryUe):
            return self.pace.wait(lambda: self.ue.phase(name) == phase, limit)
        end = self.link.now() + limit
        while self.ue.phase(name) != phase and self.link.now() < end:
            self.pace.wait(lambda: False, 1.0)
        return self.ue.phase(name) == phase


@pytest.fixture(params=["memory", "sockets"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The UE in this process, and as a process of its own."""
    link = MemoryLink() if request.param == "memory" else SocketLink(EgressGate(NETWORKS))
    with closing(link):
        lab = Lab(link)
        with closing(lab.ue):
            yield lab


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_it_registers_stays_registered_and_leaves(lab: Lab, family: str, transport: str) -> None:
    if family not in lab.core.addresses:
        pytest.skip("this host has no IPv6")
    lab.ue.act("register", SUB01, core=lab.core.addresses[family], transport=transport)
    assert lab.reaches("registered")
    lab.pace.wait(lambda: False, 1_800_000)
    assert lab.reaches("registered")
    lab.ue.act("deregister", SUB01)
    assert lab.reaches("unregistered")


def test_a_test_sees_what_the_ue_sends(lab: Lab) -> None:
    lane = lab.core.attend(SUB01, lambda *args: None)
    lab.ue.act("register", SUB01)
    assert lab.pace.wait(lambda: lane.waiting("REGISTER"), 10)
    first = lab.link.call(lambda: lane.take("REGISTER"))
    assert first is not None
    assert (
        first.request.value(
            "Authorization",
        )
        is not None
    )
    lab.link.call(lambda: lane.respond(first, lane.attendant.response(first.request, 403)))
    assert lab.reaches("failed")


def test_both_sides_count_the_same_octets(lab: Lab) -> None:
    lab.ue.act("register", SUB01)
    assert lab.reaches("registered")
    lab.pace.wait(lambda: False, 300)
    sent, received = lab.ue.moved()
    assert (sent, received) == (lab.core.octets_in, lab.core.octets_out)
    assert sent > 2000


def test_its_next_timer_is_known(lab: Lab) -> None:
    assert lab.ue.next_deadline() is None
    lab.core.attend(SUB01, lambda *args: None)
    lab.ue.act("register", SUB01)
    due = lab.ue.next_deadline()
    assert due is not None
    assert due <= 2.0


def test_a_reset_is_silent_and_a_new_registration_begins_afresh(lab: Lab) -> None:
    lane = lab.core.attend(SUB01, lambda *args: None)
    lab.link.call(lane.attend)
    lab.ue.act("register", SUB01)
    assert lab.reaches("registered")
    lab.pace.wait(lambda: False, 60)
    before = lab.core.octets_in
    lab.ue.act("reset", SUB01)
    lab.pace.wait(lambda: False, 700_000)
    assert lab.core.octets_in == before
    assert lab.ue.phase("sub01") == "off"
    lab.ue.act("register", SUB01)
    assert lab.reaches("registered")


def test_ues_with_different_sims_do_not_disturb_each_other(lab: Lab) -> None:
    lab.ue.act("register", SUB01)
    lab.ue.act("register", SUB02)
    assert lab.reaches("registered", "sub01")
    assert lab.reaches("registered", "sub02")
    lab.ue.act("reset", SUB01)
    lab.ue.act("deregister", SUB02)
    assert lab.reaches("unregistered", "sub02")
    assert lab.ue.phase("sub01") == "off"


def test_the_process_ends_with_its_standard_input_and_leaves_nothing() -> None:
    ue = ReferenceUeProcess(PROFILE, {"IPv4": Address("127.0.3.1", 9)}, seed=1)
    assert ue.addresses["IPv4"].host == "127.0.2.1"
    pid = ue.pid
    ue.close()
    ue.close()
    assert pid not in children(getpid())


def test_a_sim_that_nobody_has_is_refused() -> None:
    with closing(ReferenceUeProcess(PROFILE, {"IPv4": Address("127.0.3.1", 9)}, seed=1)) as ue:
        with pytest.raises(ScenarioStopped, match="no SIM of that name"):
            ue.act("register", replace(SUB01, name="nobody"))
        ue.act("register", SUB01)


def test_a_process_that_cannot_start_says_why_in_one_line(tmp_path: Path) -> None:
    profile = tmp_path / "broken.yaml"
    profile.write_text("dut: {}\n", encoding="utf-8")
    with closing(ReferenceUeProcess(profile, {})) as ue, pytest.raises(InputError, match="reference UE: the process"):
        ue.addresses  # noqa: B018


def _quick(delay: float | None, **context: object) -> float | None:
    return 1.0


def mutant(make_hook: Callable[[], Callable[..., object]] | None = None, **changes: object) -> Mutant:
    """A mutant that exists in this test alone."""
    seam = "ue.delay" if make_hook else None
    return Mutant("m", "m", "mutant", ("x",), "here", seam, make_hook, changes, None, "ue")


def test_a_mutant_hooks_every_ue_and_its_firings_are_counted_together() -> None:
    with closing(MemoryLink()) as link:
        lab = Lab(link, mutant(lambda: _quick))
        for sub in (SUB01, SUB02):
            lane = lab.core.attend(sub, lambda *args: None)
            lab.ue.act("register", sub)
            assert lab.pace.wait(lambda lane=lane: lane.waiting("REGISTER"), 10)
            arrived = link.call(lane.take)
            link.call(
                lambda lane=lane, arrived=arrived: lane.respond(arrived, lane.attendant.response(arrived.request, 500))
            )
        lab.pace.wait(lambda: False, 0.5)
        assert lab.ue.seams.firings == 2


def test_a_variant_may_change_the_policy() -> None:
    with closing(MemoryLink()) as link:
        lab = Lab(link, mutant(expires=7200))
        lane = lab.core.attend(SUB01, lambda *args: None)
        lab.ue.act("register", SUB01)
        assert lab.pace.wait(lambda: lane.waiting("REGISTER"), 10)
        assert link.call(lane.take).request.value("Expires") == "7200"
    assert UePolicy().expires == 600_000


def test_it_answers_what_the_core_asks(lab: Lab) -> None:
    lane = lab.core.attend(SUB01, lambda *args: None)
    lab.link.call(lane.attend)
    lab.ue.act("register", SUB01)
    assert lab.reaches("registered")
    contact = SUB01.imsi
    options = (
        Draft.request("OPTIONS", f"sip:{contact}@{lab.core.addresses['IPv4']}")
        .add("Via", f"SIP/2.0/UDP {lab.core.addresses['IPv4']};branch=z9hG4bKoptions")
        .add("Max-Forwards", "70")
        .add("From", "<sip:core@example>;tag=1")
        .add("To", f"<{SUB01.default_impu}>")
        .add("Call-ID", "options")
        .add("CSeq", "1 OPTIONS")
    )
    sent = lab.link.call(lambda: lane.send(options))
    assert lab.pace.wait(lambda: sent.done, 10)
    assert sent.final is not None
    assert sent.final.status == 200
