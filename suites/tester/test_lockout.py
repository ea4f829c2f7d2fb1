"""A profile's lockout is never exceeded, and what a profile requires is there or the run does not begin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imsreg.errors import InputError
from imsreg.paths import data
from imsreg.registration.credentials import ResChoice
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.outcome import NotApplicable
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings

Profile = Callable[[str], Path]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """The plain embedded profile with lines of a test's own."""

    def write(lines: str) -> Path:
        plain = data("fixtures", "profiles", "embedded-core-plain.yaml").read_text(encoding="utf-8")
        subscribers = data("fixtures", "subscribers", "embedded.yaml")
        path = tmp_path / "dut.yaml"
        path.write_text(plain.replace("../subscribers/embedded.yaml", str(subscribers)) + lines, encoding="utf-8")
        return path

    return write


def test_wrong_responses_stop_at_the_lockout_and_a_right_one_begins_anew(profile: Profile) -> None:
    with Session(Settings(profile=profile("lockout: 2\n"), link="memory", seed=1)) as session:
        for expected in (403, 403, None):
            ue = CscfCase(session, "wrong", ()).power_on(subscriber="sub01")
            challenge = ue.exchange(ue.registration.initial_register())
            if expected is None:
                with pytest.raises(NotApplicable, match="sub01 has had 2 wrong responses"):
                    ue.answer(challenge, ResChoice.WRONG)
                assert ue.exchange(ue.answer(challenge)).status == 200
                assert ue.answer(ue.exchange(ue.registration.refresh()), ResChoice.WRONG)
            else:
                assert ue.exchange(ue.answer(challenge, ResChoice.WRONG)).status == expected
            ue.power_off()


@pytest.mark.parametrize(("need", "there"), [("tcp", True), ("ipv6", True), ("ipsec", False), ("sim", False)])
def test_what_a_profile_requires_is_there_or_nothing_begins(profile: Profile, need: str, there: bool) -> None:
    settings = Settings(profile=profile(f"requires: [{need}]\n"), link="memory")
    if there:
        Session(settings).close()
        return
    with pytest.raises(InputError, match=rf"dut.yaml: requires\[0\]: .* lacks {need}"):
        Session(settings)
