"""`imsreg core` in mode ipsec: UEs on the bench register over ESP; on a virtual clock, and on this host if it can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

import pytest

from imsreg.cli import main
from imsreg.errors import ExitClass
from imsreg.net.memory import MemoryLink
from imsreg.paths import data
from imsreg.secagree.associations import Name
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.secagree.phases import Phase
from imsreg.sip.flow import Address
from imsreg.tester import ground_ipsec
from imsreg.tester.analysis import Analyst
from imsreg.tester.bench import introduction, judged
from imsreg.tester.bench_ue import BenchUe, Room
from imsreg.tester.memory_ue import MemoryUe
from imsreg.tester.preflight import read_profile
from imsreg.tester.stand_alone import StandAloneCore
from imsreg.tester.way import Way
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.liveladder import LiveLadder

PROFILE = data("fixtures", "profiles", "embedded-ue-ipsec.yaml")


class Bench:
    """A core on a virtual clock with reference UEs."""

    def __init__(self) -> None:
        self.link = MemoryLink()
        self.profile, everybody = read_profile(PROFILE)
        self.subscribers = {each.name: each for each in everybody}
        self.core = StandAloneCore(self.link, self.profile, everybody, [Address("127.0.3.1", 5060)], 1)
        places = {"IPv4": self.core.addresses[0]}
        self.ues = MemoryUe(self.link.far_end(), self.profile, places, Random(2), None)

    def act(self, action: str, name: str = "sub01") -> list[str]:
        """What is shown in the second after a UE was told something."""
        self.ues.act(action, self.subscribers[name])
        return list(self.core.lines(1.0))

    def judged(self) -> dict[str, dict[str, str]]:
        analysed = judged(self.core, Analyst(PROFILE), None, "imsreg core")
        return {each.test: {r.requirement: r.verdict.value for r in each.judgement.rulings} for each in analysed}


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.link.close()


def test_a_registration_over_esp_is_shown_kept_and_judged(bench: Bench) -> None:
    lines = "\n".join(bench.act("register"))
    assert "UL1" in lines
    assert "DL2" in lines
    bench.act("deregister")
    (ue,) = bench.core.heard
    (transcript,) = ue.transcripts
    assert [entry.flow.association is None for entry in transcript.entries[:4]] == [True, True, False, False]
    assert len(transcript.esp) == len(transcript.entries) - 2
    verdicts = bench.judged()["UE sub01"]
    assert set(verdicts.values()) == {"PASS"}
    assert any(requirement.startswith("33.203-") for requirement in verdicts)


def test_a_packet_that_is_no_message_is_a_line(bench: Bench) -> None:
    bench.act("register")
    (lane,) = [each for each in bench.core._core._lanes.values() if each.sets]
    bench.link.call(lambda: lane.inject(Fault.BAD_ICV, b"x", on=Way(Name.DL2, Phase.ESTABLISHED)))
    (line,) = [line for line in bench.core.lines(0.1) if "wrong on purpose" in line]
    assert "bad ICV" in line


def test_what_cannot_leave_is_one_line_a_connection() -> None:
    ladder, shown = LiveLadder(), []
    for number, port in enumerate((1000, 1001, 1000, 1001), start=1):
        inner = Inner("TCP", Address("127.0.3.1", port), Address("127.0.2.1", 2000))
        event = EspEvent(0.0, Direction.OUT, Fate.NO_ASSOCIATION, inner=inner)
        shown.append(ladder.esp(EspEntry(number, 0.0, event, 0)))
    assert [line is not None for line in shown] == [True, True, False, False]


def test_both_sides_have_a_name_at_their_protected_ports(bench: Bench) -> None:
    bench.act("register")
    (ue,) = bench.core.heard
    (transcript,) = ue.transcripts
    for entry in transcript.entries:
        assert (transcript.name(entry.flow.local), transcript.name(entry.flow.remote)) == ("P-CSCF", "UE sub01")


def test_what_is_kept_of_packets_is_bounded_with_the_messages(bench: Bench) -> None:
    bench.act("register")
    (heard,) = bench.core.heard
    events = [entry.event for entry in heard.transcripts[0].esp]
    ue = BenchUe(bench.subscribers["sub01"], [], 0.0, 0.0, Room(1 << 20))
    assert ue.take_packet(events[0]) is None  # nothing has begun
    first = heard.transcripts[0].entries[0]
    ue.take(False, first.flow, first.raw, 0.0)
    ue._room = Room(len(events[0].octets))
    one, two = ue.take_packet(events[0]), ue.take_packet(events[1])
    assert one is not None
    assert two is not None
    assert (one.event.octets, two.event.octets) == (events[0].octets, b"")


def test_the_introduction_says_that_the_rest_is_ipsec(bench: Bench) -> None:
    lines = list(introduction(bench.core, built_in=False))
    assert "  P-CSCF       127.0.3.1 port 5060, UDP or TCP then IPsec (ipsec-3gpp)" in lines


def test_a_host_that_cannot_do_esp_is_2_with_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground_ipsec, "hindrance", lambda *_: "CAP_NET_ADMIN missing")
    code = main(["core", "--profile", str(PROFILE), "--port", "0", "--for", "0"])
    out, err = capsys.readouterr()
    assert (code, out) == (ExitClass.USAGE, "")
    assert re.fullmatch(
        r"imsreg: .*embedded-ue-ipsec\.yaml: security: the tester lacks IPsec, back end userspace: CAP_NET_ADMIN "
        r"missing; without associations a UE needs the mode headers\n",
        err,
    )


def test_it_listens_on_a_host_that_can(capsys: pytest.CaptureFixture[str]) -> None:
    if (why := ground_ipsec.hindrance("userspace", "IPv4")) is not None:
        pytest.skip(why)
    code = main(["core", "--profile", str(PROFILE), "--address", "127.0.3.9", "--port", "0", "--for", "0"])
    out, err = capsys.readouterr()
    assert (code, err) == (ExitClass.INCONCLUSIVE, "")
    assert "security ipsec" in out
