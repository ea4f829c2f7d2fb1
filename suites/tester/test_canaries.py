"""No key shows in anything that a run leaves or lets others see: K, OPc, CK, IK, RES, in whatever form."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest
from canaries import encodings, found, written
from processes import children
from scripted import reply, udp_dut, write_profile

from imsreg.aka.milenage import Milenage
from imsreg.cli import main
from imsreg.paths import data
from imsreg.robot.run import RunOptions, run
from imsreg.secret import Secret
from imsreg.tester.session import Session
from imsreg.tester.settings import Settings

LEAKY = "p09-keys-left-in-the-challenge"
"""The P-CSCF that forgets to take ck and ik out."""

SUITES = ("24.229/5.4.1.2.3A", "33.203/6.1.3", "rfc3608/6.3")
NAMES = ("one", "two")
PASSWORD = "a canary of a password"

NOISY = """\
*** Settings ***
Library           ImsRegLibrary
Test Setup        Power On UE
Test Teardown     Power Off UE

*** Test Cases ***
Everything Is Logged
    [Tags]    req:24.229-5.4.1.2.2-05
    Log    ${UE}
    ${register}=    Build Initial Register
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    ${header}=    Get Header    ${challenge}    WWW-Authenticate
    Log Many    ${challenge}    ${challenge.raw}    ${header}    @{challenge.headers}
    ${answer}=    Build Register Answering    ${challenge}
    Log    ${answer}
    Send Request    ${answer}
    Expect Response    200
    Run Keyword And Ignore Error    Should Be Equal    ${challenge.raw}    nothing
    Run Keyword And Ignore Error    Get Header    ${challenge}    WWW-Authenticate    ==    nothing
    Log Variables
    Requirements Should Hold
    Should Be Equal    ${challenge.raw}    nothing
"""


class Lab:
    """A profile of the embedded core whose subscribers have canaries for keys."""

    def __init__(self, directory: Path, *, by_environment: bool = False) -> None:
        random = Random(20)
        self.k = {name: random.randbytes(16) for name in NAMES}
        self.opc = {name: random.randbytes(16) for name in NAMES}
        self.environment = {
            f"LAB_{name}_{field}".upper(): keys[name].hex()
            for name in NAMES
            for field, keys in (("k", self.k), ("opc", self.opc))
        }
        self.environment["LAB_DIGEST_PASSWORD"] = PASSWORD
        self.profile = directory / "profile.yaml"
        embedded = data("fixtures", "profiles", "embedded-core.yaml").read_text(encoding="utf-8")
        self.profile.write_text(re.sub(r"(?m)^subscribers: .*$", "subscribers: subscribers.yaml", embedded))
        lines = ["subscribers:" if by_environment else "keys: keys.yaml\nsubscribers:"]
        for number, name in enumerate((*NAMES, "digest")):
            kind = "sip-digest" if name == "digest" else "milenage"
            lines.append(f"  - {{name: {name}, imsi: '00101000000000{number}', mnc_digits: 2, algorithm: {kind}}}")
            if by_environment:
                lines[-1] = lines[-1].replace("}", f", keys: {{env: LAB_{name.upper()}}}}}")
        (directory / "subscribers.yaml").write_text("\n".join(lines))
        if not by_environment:
            lines = [f"{n}: {{k: '{self.k[n].hex()}', opc: '{self.opc[n].hex()}'}}" for n in NAMES]
            (directory / "keys.yaml").write_text("\n".join([*lines, f"digest: {{password: '{PASSWORD}'}}"]))

    @property
    def keys(self) -> dict[str, bytes]:
        """K and OPc of everybody, and the password."""
        named = {f"{f} of {name}": keys[name] for f, keys in (("K", self.k), ("OPc", self.opc)) for name in NAMES}
        return named | {"password": PASSWORD.encode()}

    def derived(self, transcripts: str) -> dict[str, bytes]:
        """RES, CK and IK that follow from every RAND on the wire, for everybody."""
        nonces = {base64.b64decode(nonce)[:16] for nonce in re.findall(r'nonce="([A-Za-z0-9+/=]{40,})"', transcripts)}
        assert nonces
        secrets = {}
        for name in NAMES:
            algorithm = Milenage(Secret(self.k[name]), Secret(self.opc[name]))
            for rand in nonces:
                out = algorithm.f2345(rand)
                secrets |= {f"{f} of {name}, {rand.hex()}": getattr(out, f) for f in ("res", "ck", "ik")}
        return secrets


def leaks(lab: Lab, output: Path, *more: str) -> list[str]:
    """The canaries that show in the files of a run and in `more`."""
    transcripts = "".join(path.read_text(encoding="utf-8") for path in output.glob("evidence/*/transcript.txt"))
    haystack = written(output) + "\n".join(more).encode()
    return found(lab.keys | lab.derived(transcripts), haystack)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.delenv("IMSREG_PROFILE", raising=False)
    (tmp_path / "lab").mkdir()
    return Lab(tmp_path / "lab")


# The search itself.


@pytest.mark.parametrize("form", encodings(b"\x00canary-of-16-oc"))
def test_the_search_finds_every_form(tmp_path: Path, form: str) -> None:
    secret = Random(form).randbytes(16)
    (tmp_path / "file").write_bytes(b"before " + encodings(secret)[form] + b" after")
    assert f"it as {form}" in found({"it": secret}, written(tmp_path))


def test_the_search_looks_into_base64_and_into_robots_strings(tmp_path: Path) -> None:
    secret = Random(1).randbytes(16)
    (tmp_path / "file").write_bytes(
        b"data:x;base64," + base64.b64encode(b"x" * 100 + secret.hex().encode() + b"y" * 50)
    )
    suite = tmp_path / "suite.robot"
    suite.write_text(f"*** Test Cases ***\nT\n    Log    {'long ' * 200}{secret.hex()}\n")
    subprocess.run([sys.executable, "-m", "robot", "--output", "NONE", "-d", tmp_path / "log", suite], check=False)
    assert found({"it": secret}, written(tmp_path / "log")) == []  # no output, no log
    subprocess.run([sys.executable, "-m", "robot", "-d", tmp_path / "log", suite], check=True, capture_output=True)
    log = (tmp_path / "log" / "log.html").read_bytes()
    assert secret.hex().encode() not in log
    (tmp_path / "log" / "output.xml").unlink()
    assert found({"it": secret}, written(tmp_path / "log")) == ["it as hexadecimal"]
    assert found({"it": secret}, written(tmp_path)) == ["it as hexadecimal"]


# The runs.


@pytest.mark.parametrize("link", ["memory", "sockets"])
@pytest.mark.parametrize("mutant", [None, LEAKY])
def test_a_run_shows_no_key(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], link: str, mutant: str | None
) -> None:
    options = ["--mutant", mutant] if mutant else []
    main(["run", "--profile", str(lab.profile), "--link", link, "--output", str(tmp_path / "out"), *options, *SUITES])
    shown = capsys.readouterr()
    assert leaks(lab, tmp_path / "out", *shown) == []
    # The canaries were there to be seen.
    masked = "".join(path.read_text() for path in tmp_path.glob("out/evidence/*/transcript.txt")).count('ik="xxxxxxxx')
    assert bool(masked) == bool(mutant)
    assert ("33.203-6.1.1-04" in shown.out) == bool(mutant)


def test_robot_at_trace_shows_no_key(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "noisy.robot").write_text(NOISY)
    variables = [f"PROFILE:{lab.profile}", "LINK:memory", f"MUTANT:{LEAKY}"]
    installed = find_spec("allure_robotframework") is not None
    allure = ["--listener", f"allure_robotframework:{tmp_path}/out/allure"] if installed else []
    ended = subprocess.run(
        [sys.executable, "-m", "robot", "--loglevel", "TRACE", "--outputdir", tmp_path / "out", *allure]
        + [word for variable in variables for word in ("--variable", variable)]
        + ["--debugfile", "debug.txt", "--xunit", "junit.xml", tmp_path / "noisy.robot"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert leaks(lab, tmp_path / "out", ended.stdout, ended.stderr) == []
    assert 'ik="xxxxxxxx' in (tmp_path / "out" / "output.xml").read_text()
    assert any((tmp_path / "out").glob("allure/*-result.json")) == installed


def test_keys_are_masked_wherever_a_network_puts_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secrets = {name: Random(name).randbytes(16) for name in ("ik", "ck", "reason", "header", "body")}
    show = {name: secret.hex().encode() for name, secret in secrets.items()}
    challenge = b'WWW-Authenticate: Digest realm="", nonce="?", ik="%s", ck=%s, algorithm=MD5' % (
        show["ik"],
        show["ck"],
    )
    status = b"SIP/2.0 401 Unauthorized ck=" + show["reason"]

    def answers(request: bytes) -> list[bytes]:
        return [reply(request, status, challenge, b"X-Keys: IK = " + show["header"]) + b'ck:1,ck="%s"' % show["body"]]

    (tmp_path / "noisy.robot").write_text(NOISY)
    with udp_dut(answers) as (_, address):
        settings = Settings(profile=write_profile(tmp_path, address), output=tmp_path / "out")
        run([settings], RunOptions(suites=tmp_path / "noisy.robot"))
    shown = capsys.readouterr().out
    assert "FAIL         33.203-6.1.1-04" in shown
    assert found(secrets, written(tmp_path / "out") + shown.encode()) == []


def test_the_embedded_core_shows_no_key_to_whoever_lists_processes(lab: Lab) -> None:
    before = children(os.getpid())
    with Session(Settings(profile=lab.profile)):
        (core,) = children(os.getpid()) - before
        shown = Path(f"/proc/{core}/cmdline").read_bytes() + Path(f"/proc/{core}/environ").read_bytes()
    assert b"reference/core.py" in shown
    assert found(lab.keys, shown) == []


@pytest.mark.parametrize("link", ["memory", "sockets"])
def test_keys_by_environment_work_and_do_not_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], link: str
) -> None:
    monkeypatch.delenv("IMSREG_PROFILE", raising=False)
    (tmp_path / "lab").mkdir()
    lab = Lab(tmp_path / "lab", by_environment=True)
    for name, value in lab.environment.items():
        monkeypatch.setenv(name, value)
    main(["run", "--profile", str(lab.profile), "--link", link, "--output", str(tmp_path / "out"), *SUITES])
    shown = capsys.readouterr()
    assert re.search(r"[1-9]\d* PASS, 0 FAIL, 0 KNOWN, 0 NON-STRICT, 0 N/A, 0 INCONCLUSIVE", shown.out)
    assert leaks(lab, tmp_path / "out", *shown) == []


@pytest.mark.parametrize(("variable", "value"), [("LAB_TWO_K", None), ("LAB_TWO_OPC", "0123 no key")])
def test_a_bad_key_in_the_environment_is_named_and_not_shown(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str | None,
) -> None:
    lab = Lab(tmp_path, by_environment=True)
    environment: Mapping[str, str | None] = {**lab.environment, variable: value}
    for name, text in environment.items():
        if text is not None:
            monkeypatch.setenv(name, text)
    assert main(["ue", "--profile", str(lab.profile), "--link", "memory"]) == 2
    shown = capsys.readouterr().err
    assert variable in shown
    assert "0123 no key" not in shown
    assert len(shown.splitlines()) == 1
    assert found(lab.keys, shown.encode()) == []


def test_ue_shows_no_key(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ue", "--profile", str(lab.profile), "--link", "memory", "--mutant", LEAKY]) == 1
    shown = capsys.readouterr()
    assert "33.203-6.1.1-04" in shown.out
    assert found(lab.keys, "".join(shown).encode()) == []
