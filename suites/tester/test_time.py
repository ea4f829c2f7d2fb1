"""Time as the tester spends it: the USIM's, a short binding's, and a wait that a terminal shows."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from imsreg.paths import data
from imsreg.robot.countdown import Countdown
from imsreg.tester.cscf_case import LOOK, UNKNOWN_MIN_EXPIRES, CscfCase
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings

PROFILE = """\
dut: {{name: core, role: core, embedded: reference-core, transports: [udp]}}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: none
features: {features}
subscribers: {subscribers}
timing: {{usim: {usim}}}
"""


def settings(directory: Path, *, features: str = "{}", usim: float = 0.0) -> Settings:
    """A run on the embedded core, on the virtual clock."""
    subscribers = data("fixtures", "subscribers", "embedded.yaml")
    path = directory / "profile.yaml"
    path.write_text(PROFILE.format(features=features, subscribers=subscribers, usim=usim), encoding="utf-8")
    return Settings(profile=path, link="memory")


@pytest.mark.parametrize(("usim", "late"), [(0.0, [False, False, False]), (0.25, [True, False, True])])
def test_a_simulated_ue_asks_its_usim_before_it_answers_a_challenge(
    tmp_path: Path, usim: float, late: list[bool]
) -> None:
    """The REGISTER after the 200 is no answer to a challenge: it does not wait."""
    with Session(settings(tmp_path, usim=usim)) as session:
        case = CscfCase(session, "usim", [])
        ue = case.power_on()
        case.send(ue.registration.initial_register())
        case.send(ue.answer(case.expect(401)))
        case.expect(200)
        ue.complete(ue.registration.refresh())
        messages = [entry for entry in case.transcript.entries if entry.message is not None]
        case.close()
    pairs = pairwise(messages)
    waits = [later.at - earlier.at for earlier, later in pairs if later.sent and not earlier.sent]
    assert [wait >= 0.25 for wait in waits] == late


@pytest.mark.parametrize(
    ("features", "expiry"),
    [("{}", UNKNOWN_MIN_EXPIRES), ("{min-expires: 60}", 60), ("{min-expires: 1}", LOOK)],
)
def test_the_expiry_of_a_short_binding(tmp_path: Path, features: str, expiry: int) -> None:
    with Session(settings(tmp_path, features=features)) as session:
        assert CscfCase(session, "expiry", []).shortest_expiry == expiry


def test_a_wait_counts_on_a_terminal_and_is_one_line_elsewhere() -> None:
    terminal: list[str] = []
    file: list[str] = []
    for write, is_terminal in ((terminal.append, True), (file.append, False)):
        countdown = Countdown(write, terminal=is_terminal)
        for left in (3.0, 2.0, 1.0):
            countdown(left)
    assert terminal == ["\n  waiting, 3 s left", "\r\x1b[K  waiting, 2 s left", "\r\x1b[K  waiting, 1 s left"]
    assert file == ["  waiting 3 s\n"]
