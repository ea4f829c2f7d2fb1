"""Kamailio's P-CSCF judged over ESP: known deviations are found again, what it does right passes, by both back ends."""

from __future__ import annotations

import json
import re
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

from kamailio import gm, layout, namespace  # noqa: E402
from kamailio.preflight import lacking  # noqa: E402

from imsreg.verdict.profile import load_profile  # noqa: E402

_HINDRANCE = lacking(ipv6=False) or (None if namespace.way() else namespace.NO_RIGHT) or gm.hindrance(ipv6=False)
needs_core = pytest.mark.skipif(_HINDRANCE is not None, reason=str(_HINDRANCE))

PROFILES = FIXTURES / "profiles"
PROFILE = PROFILES / "kamailio-ipsec.yaml"
FOUND = ("24.229-5.4.1.2.2-02", "33.203-7.3.2.1-01", "33.203-7.4.2a-04", "33.203-H-03")
KEPT = ("33.203-7.1-03", "33.203-7.4.2a-01", "33.203-7.4.2a-02")
CARRIAGE = "req:33.203-7.4.2a-01ANDreq:33.203-7.1-03"
# Tests for it want a refusal first, of what Kamailio accepts.
NO_OCCASION = "req:33.203-7.4.2a-06"
TIMEOUT = 120.0


@dataclass(frozen=True)
class Run:
    """One `imsreg run` on the core: its exit class and what it says of each requirement."""

    exit: int
    verdicts: Mapping[str, Any]

    def of(self, names: tuple[str, ...]) -> dict[str, tuple[str, str | None]]:
        """Each verdict, and the reason why a deviation is accepted."""
        found = {name: self.verdicts[name] for name in names}
        return {name: (each["verdict"], (each["known"] or {}).get("because")) for name, each in found.items()}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """All runs, one after the other on one core. Those with waits of many seconds are left out."""
    directory = tmp_path_factory.mktemp("runs")
    arguments: dict[str, list[object]] = {
        "known": [_profile(directory / "known.yaml", slice(0, 22)), *FOUND],
        "ignored": [_profile(directory / "ignored.yaml", slice(22, 27)), "--ignore-known", "33.203-H-03"],
        "kernel": [_profile(directory / "kernel.yaml", slice(27, 32), "kernel"), "--include", CARRIAGE, *KEPT],
    }
    script = []
    for name, (profile, *rest) in arguments.items():
        command = [sys.executable, "-m", "imsreg", "run", "--output", directory / name, "--profile", profile]
        line = shlex.join(map(str, [*command, "--exclude", "slow", "--exclude", NO_OCCASION, *rest]))
        script.append(f"{line}; echo $? > {shlex.quote(str(directory / name / 'exit'))}")
    with_core = [sys.executable, str(FIXTURES / "kamailio" / "with-core"), "--ipsec", "--ipsec-sets", "40", "--one"]
    done = subprocess.run(
        [*with_core, "--", "sh", "-c", "\n".join(script)], check=False, timeout=TIMEOUT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return {
        name: Run(
            int((directory / name / "exit").read_text()),
            json.loads((directory / name / "verdicts.json").read_text())["verdicts"],
        )
        for name in arguments
    }


def _profile(path: Path, hosts: slice, backend: str = "userspace") -> Path:
    """Kamailio's profile with some of its addresses for UEs: a contact that is left at one is in the next UE's way."""
    text = PROFILE.read_text().replace("../subscribers/", f"{FIXTURES}/subscribers/")
    own = f"  ipsec: {backend}\n  address: [{', '.join(layout.GM_UE[hosts])}]\n"
    text, number = re.subn(r"  address: \[\n[^\]]*\]\n", own, text)
    assert number == 1
    path.write_text(text)
    return path


@pytest.mark.slow
@needs_core
def test_known_deviations_are_found_and_accepted(runs: dict[str, Run]) -> None:
    reasons = {deviation.id: deviation.because for deviation in load_profile(PROFILE).deviations}
    assert runs["known"].of(FOUND) == {name: ("FAIL", reasons[name]) for name in FOUND}
    assert runs["known"].exit == 0


@pytest.mark.slow
@needs_core
def test_without_the_list_they_fail_the_run(runs: dict[str, Run]) -> None:
    assert runs["ignored"].of(("33.203-H-03",)) == {"33.203-H-03": ("FAIL", None)}
    assert runs["ignored"].exit == 1


@pytest.mark.slow
@needs_core
def test_the_kernel_protects_the_tester_as_well(runs: dict[str, Run]) -> None:
    assert runs["kernel"].of(KEPT) == dict.fromkeys(KEPT, ("PASS", None))
    assert runs["kernel"].exit == 0


def test_what_is_not_about_associations_is_known_without_them_too() -> None:
    protected, clear = (load_profile(PROFILES / name) for name in ("kamailio-ipsec.yaml", "kamailio.yaml"))
    known = {deviation.id: deviation.because for deviation in clear.deviations}
    plain = {d.id: d.because for d in protected.deviations if d.id.startswith("rfc3261")}
    assert plain.items() <= known.items()


def test_both_ways_to_kamailio_know_the_same_deviations() -> None:
    first, second = (load_profile(PROFILES / name) for name in ("kamailio-ipsec.yaml", "kamailio-ipsec-ipv6.yaml"))
    assert first.deviations == second.deviations
    assert first.dut.transports == tuple(reversed(second.dut.transports))
