"""Sessions in security mode ipsec over sockets: what they leave, what they need, and what is said where it is missing.

Where this host cannot do ESP the first half is skipped with the reason; the second half then is what a user sees.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import children
from pytests import run_pytest
from scripted import own_host

from imsreg.cli import main
from imsreg.errors import ExitClass, InputError
from imsreg.net.ipsec.rights import THREE_WAYS, hindrance, userspace_hindrance
from imsreg.paths import data
from imsreg.secagree.events import Fate
from imsreg.tester import ground_ipsec
from imsreg.tester.cscf_case import CscfCase
from imsreg.tester.outcome import NotApplicable
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings
from imsreg.tester.ue_case import UeCase
from imsreg.verdict.journal import NAME
from imsreg.verdict.verdict import Verdict

PROFILES = data("fixtures", "profiles")
CORE, UE = PROFILES / "embedded-core-ipsec.yaml", PROFILES / "embedded-ue-ipsec.yaml"
DROPPED = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Before a command: it runs without capabilities, also as root."""
MISSING = (
    f"the tester lacks IPsec, back end userspace: CAP_NET_ADMIN and CAP_NET_RAW and CAP_SYS_ADMIN missing: {THREE_WAYS}"
)
PATIENCE = 120
Left = tuple[set[threading.Thread], set[int], list[str]]


@pytest.fixture
def rights() -> None:
    if (why := userspace_hindrance()) is not None:
        pytest.skip(why)


@pytest.fixture
def dropped() -> tuple[str, ...]:
    """What runs a command without capabilities."""
    if shutil.which(DROPPED[0]) is None:
        pytest.skip("there is no setpriv here")
    if subprocess.run([*DROPPED, "true"], capture_output=True, check=False).returncode:
        return ()  # nobody here has capabilities to drop
    return DROPPED


def held() -> Left:
    """What this process holds: threads, children, and open files by what they are."""
    gc.collect()
    files = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            files.append(re.sub(r"\d+", "N", str(each.readlink())))
        except FileNotFoundError:  # that of the listing itself
            continue
    return set(threading.enumerate()), children(os.getpid()), sorted(files)


def profile_with(directory: Path, more: str) -> Path:
    """The profile of the embedded core, and more."""
    text = CORE.read_text(encoding="utf-8").replace("../subscribers", str(data("fixtures", "subscribers")))
    path = directory / "profile.yaml"
    path.write_text(text + more, encoding="utf-8")
    return path


def command(*words: object, before: tuple[str, ...] = (), cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command of this Python in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "IMSREG_PROFILE"}
    return subprocess.run(
        [*before, sys.executable, "-m", *map(str, words)],
        cwd=cwd,
        env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


# On a host that can.


@pytest.fixture
def core(rights: None) -> Iterator[Session]:
    with Session(Settings(profile=CORE, seed=1)) as session:
        yield session


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_a_registration_with_the_embedded_core(core: Session, transport: str, family: str) -> None:
    case = CscfCase(core, f"{transport} {family}", ["24.229-5.4.1.2.2-05"])
    ue = case.power_on(transport="TCP" if transport == "TCP" else "UDP", family="IPv6" if family == "IPv6" else "IPv4")
    assert ue.register().status == 200
    judgement = case.close()
    assert [ruling.verdict for ruling in judgement.rulings] == [Verdict.PASS]
    assert not judgement.in_passing
    # A connection may say good-bye when the set is gone already.
    last = case.transcript.entries[-1].number
    assert {entry.event.fate for entry in case.transcript.esp if entry.after < last} == {Fate.OK}
    assert [entry.flow.association is None for entry in case.transcript.entries[:4]] == [True, True, False, False]


def test_a_registration_of_the_embedded_ue(rights: None) -> None:
    with Session(Settings(profile=UE, seed=1)) as session:
        case = UeCase(session, "registration", ["33.203-7.1-09"])
        case.power_on()
        case.register()
        case.attend()
        case.expect_request("SUBSCRIBE")
        judgement = case.close()
    assert not judgement.in_passing
    assert {entry.event.fate for entry in case.transcript.esp} == {Fate.OK}


def test_two_sessions_at_once_do_not_hear_each_other(core: Session) -> None:
    with Session(Settings(profile=CORE, seed=2)) as other:
        cases = [CscfCase(session, "beside another", []) for session in (core, other)]
        ues = [case.power_on() for case in cases]
        assert [ue.register().status for ue in ues] == [200, 200]
        assert [ue.exchange(ue.registration.fetch()).status for ue in ues] == [200, 200]
        for case in cases:
            case.close()
    for case, ue in zip(cases, ues, strict=True):
        spis = {entry.event.spi for entry in case.transcript.esp}
        # Of each set UL1 and DL2 carried something: a registration, a fetch, the end.
        assert len(spis) == 2, ue
        assert {entry.event.fate for entry in case.transcript.esp} == {Fate.OK}
    ours, theirs = ({entry.event.spi for entry in case.transcript.esp} for case in cases)
    assert ours.isdisjoint(theirs)


def test_nothing_is_left(rights: None, tmp_path: Path) -> None:
    def run() -> None:
        for profile in (CORE, UE):
            with Session(Settings(profile=profile, output=tmp_path / "out")) as session:
                if session.side == "cscf":
                    case = CscfCase(session, "one", [])
                    case.power_on().register()
                else:
                    case = UeCase(session, "one", [])
                    case.power_on()
                    case.register()
                case.close()

    run()  # what is loaded once stays
    before = held()
    run()
    assert held() == before


def test_nothing_is_left_of_a_run_that_never_began(rights: None, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()  # the journal cannot be opened, which shows last of all
    before: Left | None = None
    for _ in range(2):
        with pytest.raises(InputError, match="cannot be opened"):
            Session(Settings(profile=CORE, output=tmp_path))
        before, found = held(), before
        assert found in (None, before)


def test_a_namespace_of_a_user_is_enough(tmp_path: Path) -> None:
    way = ("unshare", "-Urn")
    if shutil.which(way[0]) is None or subprocess.run([*way, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    tried = "from imsreg.net.ipsec.rights import userspace_hindrance as h; print(h() or '')"
    known = subprocess.run([*way, sys.executable, "-c", tried], capture_output=True, encoding="utf-8", check=False)
    if known.stdout.strip():
        pytest.skip(known.stdout.strip())
    ended = command("imsreg", "ue", "--profile", CORE, before=way, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "=== REGISTER ===" in ended.stdout
    assert ended.stdout.endswith("PASS\n")


# On a host that cannot.


def test_without_capabilities_every_test_is_not_applicable(dropped: tuple[str, ...], tmp_path: Path) -> None:
    selected = "24.229/5.4.1.2.1"
    ended = command("imsreg", "run", "--profile", CORE, "--output", "out", selected, before=dropped, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (ExitClass.CONFORMANT, "")
    assert ended.stdout.count("missing") == 1
    assert f"\nevery test is N/A: {MISSING}\n" in ended.stdout
    assert " 0 PASS, 0 FAIL, " in ended.stdout
    matrix = (tmp_path / "out" / "matrix.html").read_text(encoding="utf-8")
    assert "security ipsec, userspace back end" in matrix
    assert f"Every test is N/A: {MISSING}" in matrix


def test_robot_alone_says_it_once_at_the_end(dropped: tuple[str, ...], tmp_path: Path) -> None:
    suite = data("suites", "cscf", "33_203_7_1_admission.robot")
    options = ("--outputdir", "out", "--console", "none", "--variable", f"PROFILE:{CORE}")
    ended = command("robot", *options, suite, before=dropped, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count(f"every test is N/A: {MISSING}\n") == ended.stdout.count("missing") == 1


def test_what_is_required_and_missing_ends_the_run(dropped: tuple[str, ...], tmp_path: Path) -> None:
    profile = profile_with(tmp_path, "requires: [ipsec]\n")
    ended = command("imsreg", "run", "--profile", profile, "--output", "out", before=dropped, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (ExitClass.USAGE, "")
    assert ended.stderr == f"imsreg: {profile}: requires: {MISSING}; take ipsec out of it to have every test N/A\n"


def test_pytest_says_it_once_at_the_end(tmp_path: Path) -> None:
    source = """
        from imsreg.tester import ground_ipsec

        ground_ipsec.hindrance = lambda *_: "CAP_NET_ADMIN missing"

        def test_it(simulated_ue):
            simulated_ue.register()
    """
    said = run_pytest(tmp_path, source, "--imsreg-profile", CORE, "--imsreg-link", "sockets")
    assert "1 skipped" in said
    assert "\nevery test is N/A: the tester lacks IPsec, back end userspace: CAP_NET_ADMIN missing\n" in said


@pytest.mark.parametrize("why", [None, "CAP_NET_ADMIN missing"])
def test_profile_check_tells_of_esp(
    why: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ground_ipsec, "hindrance", lambda *_: why)
    assert main(["profile", "check", str(CORE)]) == ExitClass.CONFORMANT
    out = capsys.readouterr().out
    told = "back end userspace, ready" if why is None else f"the tester lacks IPsec, back end userspace: {why}"
    assert re.search(rf"^ESP +{re.escape(told)}$", out, re.MULTILINE)
    assert "the profile's transports are" not in out  # of tests that are given one by a variable
    found = re.search(r"^a run +(\d+) tests, .* N/A: (\d+) tests$", out, re.MULTILINE)
    assert found is not None
    assert (found[1] == found[2]) is (why is not None)


def test_a_kernel_without_esp_makes_every_test_not_applicable(tmp_path: Path) -> None:
    if (why := hindrance("kernel")) is None:
        pytest.skip("this kernel has ESP")
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        f"""\
dut: {{name: elsewhere, role: core, address: {own_host()}, transports: [udp]}}
home_domain: ims.mnc001.mcc001.3gppnetwork.org
release: 14
security: ipsec
subscribers: {data("fixtures", "subscribers", "embedded.yaml")}
tester: {{address: {own_host()}, ipsec: kernel}}
""",
        encoding="utf-8",
    )
    with Session(Settings(profile=profile)) as session:
        assert session.lacks == f"the tester lacks IPsec, back end kernel: {why}"
        assert session.protection == "ipsec, kernel back end"
        with pytest.raises(NotApplicable, match="back end kernel: "):
            CscfCase(session, "none", []).power_on()


def test_the_kernel_is_none_for_an_embedded_dut(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tester\.ipsec: the kernel protects nothing .*; take userspace$"):
        Session(Settings(profile=profile_with(tmp_path, "tester: {ipsec: kernel}\n")))
