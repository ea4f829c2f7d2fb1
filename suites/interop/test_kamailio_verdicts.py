"""A few requirements judged on Kamailio: known deviations are found again, and wrong expectations do not go unseen."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path[:0] = [str(FIXTURES)]

pytest.importorskip("diameter", reason="python-diameter is not installed")

from kamailio import namespace  # noqa: E402
from kamailio.preflight import lacking  # noqa: E402

from imsreg.verdict.profile import load_profile  # noqa: E402

_HINDRANCE = lacking(ipv6=False) or (None if namespace.way() else namespace.NO_RIGHT)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(_HINDRANCE is not None, reason=str(_HINDRANCE))]

PROFILES = FIXTURES / "profiles"
SUBSCRIBERS = FIXTURES / "subscribers"
FOUND = ("rfc3261-8.2.2.3-01", "rfc3261-10.3-04", "rfc3261-10.3-07")
KEPT = "rfc3261-16.3-01"
# Of the registration event: what one test finds that waits for nothing.
TOLD = ("24.229-5.2.6.3.3-01", "24.229-5.4.2.1.2-01", "24.229-5.4.2.1.2-02", "rfc6665-4.2.1.1-01")
MISTOLD = ("24.229-5.4.2.1.2-04", "rfc3680-4.7.1-01", "rfc3680-5.1-03")
AUTS = "33.203-6.1.3-01"
NUMBER = "tel:+15550100001"
TIMEOUT = 120.0


@dataclass(frozen=True)
class Run:
    """One `imsreg run` on the core: its exit class and what it says of each requirement."""

    exit: int
    verdicts: Mapping[str, Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """All runs, one after the other on one core."""
    directory = tmp_path_factory.mktemp("runs")
    kamailio = PROFILES / "kamailio.yaml"
    arguments: dict[str, list[object]] = {
        "known": [kamailio, *FOUND],
        "ignored": [kamailio, "--ignore-known", *FOUND],
        "first": [kamailio, AUTS],
        "second": [kamailio, AUTS],
        "event": [kamailio, *TOLD],
        "gone": [_profile(directory / "gone", deviation=KEPT), KEPT],
        "key": [_profile(directory / "key", keys=('sub01: {k: "9', 'sub01: {k: "8')), "33.203-6.1.1-01"],
        "identity": [_profile(directory / "identity", subscribers=(NUMBER, NUMBER[:-1] + "2")), "24.229-5.4.1.2.2F-02"],
    }
    script = []
    for name, (profile, *rest) in arguments.items():
        command = [sys.executable, "-m", "imsreg", "run", "--output", directory / name, "--profile", profile, *rest]
        script.append(f"{shlex.join(map(str, command))}; echo $? > {shlex.quote(str(directory / name / 'exit'))}")
    with_core = [sys.executable, str(FIXTURES / "kamailio" / "with-core"), "--", "sh", "-c", "\n".join(script)]
    subprocess.run(with_core, check=True, timeout=TIMEOUT, capture_output=True)
    return {
        name: Run(
            int((directory / name / "exit").read_text()),
            json.loads((directory / name / "verdicts.json").read_text())["verdicts"],
        )
        for name in arguments
    }


def _profile(
    directory: Path, *, deviation: str = "", keys: tuple[str, str] = ("", ""), subscribers: tuple[str, str] = ("", "")
) -> Path:
    """Kamailio's profile with one more deviation, or with another text in the files about its subscribers."""
    directory.mkdir()
    for name, (old, new) in {"embedded-keys.yaml": keys, "embedded.yaml": subscribers}.items():
        text = (SUBSCRIBERS / name).read_text()
        assert old in text
        (directory / name).write_text(text.replace(old, new, 1))
    text = (PROFILES / "kamailio.yaml").read_text().replace("../subscribers/", "")
    if deviation:
        text += f'  - id: {deviation}\n    because: "none such"\n'
    path = directory / "profile.yaml"
    path.write_text(text)
    return path


def test_known_deviations_are_found_and_accepted(runs: dict[str, Run]) -> None:
    run = runs["known"]
    assert run.exit == 0
    assert {name: run.verdicts[name]["verdict"] for name in FOUND} == dict.fromkeys(FOUND, "FAIL")
    reasons = {deviation.id: deviation.because for deviation in load_profile(PROFILES / "kamailio.yaml").deviations}
    assert {name: run.verdicts[name]["known"]["because"] for name in FOUND} == {name: reasons[name] for name in FOUND}


def test_the_registration_event_gets_through_and_is_judged(runs: dict[str, Run]) -> None:
    run = runs["event"]
    assert run.exit == 0
    assert {name: run.verdicts[name]["verdict"] for name in TOLD} == dict.fromkeys(TOLD, "PASS")
    found = {name: (run.verdicts[name]["verdict"], run.verdicts[name]["known"] is not None) for name in MISTOLD}
    assert found == dict.fromkeys(MISTOLD, ("FAIL", True))


def test_without_the_list_they_fail_the_run(runs: dict[str, Run]) -> None:
    run = runs["ignored"]
    assert run.exit == 1
    assert {name: (run.verdicts[name]["verdict"], run.verdicts[name]["known"]) for name in FOUND} == dict.fromkeys(
        FOUND, ("FAIL", None)
    )


def test_the_sequence_numbers_of_an_earlier_run_are_in_nobodys_way(runs: dict[str, Run]) -> None:
    assert [(runs[name].exit, runs[name].verdicts[AUTS]["verdict"]) for name in ("first", "second")] == [
        (0, "PASS")
    ] * 2


def test_a_deviation_that_has_gone_fails_the_run(runs: dict[str, Run]) -> None:
    run = runs["gone"]
    assert run.exit == 1
    assert run.verdicts[KEPT]["findings"][0]["actual"].startswith("unexpected pass")


@pytest.mark.parametrize(
    ("name", "requirement", "actual"),
    [("key", "33.203-6.1.1-01", "another MAC"), ("identity", "24.229-5.4.1.2.2F-02", "P-Associated-URI: ")],
)
def test_one_wrong_digit_in_the_subscriber_file_is_a_finding(
    runs: dict[str, Run], name: str, requirement: str, actual: str
) -> None:
    run = runs[name]
    assert run.exit == 1
    assert run.verdicts[requirement]["verdict"] == "FAIL"
    assert run.verdicts[requirement]["findings"][0]["actual"].startswith(actual)


def test_both_ways_to_kamailio_know_the_same_deviations() -> None:
    first, second = (load_profile(PROFILES / name) for name in ("kamailio.yaml", "kamailio-ipv6.yaml"))
    assert first.deviations == second.deviations
    assert first.dut.transports == tuple(reversed(second.dut.transports))
