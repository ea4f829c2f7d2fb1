"""SIPp registers with the reference core by AKAv1-MD5: a UE whose Milenage and digest are not ours."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from imsreg.aka import digest
from imsreg.aka.nonce import decode
from imsreg.identity.subscribers import load_subscribers
from imsreg.paths import data
from imsreg.sip.flow import Address
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.message import Request, Response, parse
from imsreg.tester.reference_process import ReferenceProcess

DOMAIN = "ims.mnc001.mcc001.3gppnetwork.org"
SCENARIO = data("fixtures", "sipp", "register-aka.xml")
PROFILE = data("fixtures", "profiles", "embedded-core-plain.yaml")
HOSTS = {"IPv4": "127.0.3.17", "IPv6": "::1"}
SEED = 1
"""Of the core: RAND is always the same, and its RES one without 0x00."""

SIPP = shutil.which("sipp")
pytestmark = pytest.mark.skipif(SIPP is None, reason="SIPp is not installed; apt-get install sip-tester")

_LOGGED = re.compile(rb"message (?:sent \(|received \[)(\d+)(?: bytes\):|\] bytes :)\n\n")


@dataclass(frozen=True)
class Run:
    """What SIPp says of itself: its exit code, and the messages that it logged."""

    code: int
    messages: tuple[Request | Response, ...]

    @property
    def answer(self) -> Request:
        """The REGISTER that answers the challenge."""
        requests = [message for message in self.messages if isinstance(message, Request)]
        return next(request for request in requests if credentials(request).response)

    @property
    def statuses(self) -> list[int]:
        """Of the responses; one that came twice, because SIPp had repeated its request, counts once."""
        return list(dict.fromkeys(message.status for message in self.messages if isinstance(message, Response)))


@contextmanager
def reference_core(**options: str) -> Iterator[ReferenceProcess]:
    with closing(ReferenceProcess(PROFILE, seed=SEED, **options)) as core:
        yield core


def run_sipp(directory: Path, core: Address, transport: str = "UDP") -> Run:
    log = directory / "messages"
    command = (
        *(str(SIPP), "-sf", str(SCENARIO), "-m", "1", "-t", "u1" if transport == "UDP" else "t1"),
        *("-i", HOSTS[core.family], "-nostdin", "-timeout", "8s", "-timeout_error"),
        *("-trace_msg", "-message_file", str(log), str(core)),
    )
    done = subprocess.run(
        command,
        cwd=directory,
        env={"TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    )
    octets = log.read_bytes()
    messages = (parse(octets[m.end() : m.end() + int(m[1])]) for m in _LOGGED.finditer(octets))
    return Run(done.returncode, tuple(m for m in messages if isinstance(m, Request | Response)))


def response_over(request: Request, password: bytes) -> str:
    """The digest that SIPp's credentials have with this password."""
    given = credentials(request)
    return digest.response(
        username=given.username or "",
        realm=given.realm or "",
        password=password,
        method=request.method,
        uri=given.uri or "",
        nonce=given.nonce or "",
        algorithm=given.algorithm or "",
        qop=given.qop,
        nc=given.nc,
        cnonce=given.cnonce,
    )


def credentials(request: Request) -> Authorization:
    found = request.get(Authorization)
    assert found is not None
    return found


def res_for(request: Request) -> bytes:
    """RES for the challenge that a request answers."""
    (printable,) = (
        s for s in load_subscribers(data("fixtures", "subscribers", "embedded.yaml"), {}) if s.name == "printable"
    )
    assert printable.algorithm is not None
    return printable.algorithm.f2345(decode(credentials(request).nonce or "").rand).res[: printable.res_length]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_sipp_registers(tmp_path: Path, family: str, transport: str) -> None:
    with reference_core() as core:
        if family not in core.addresses:
            pytest.skip(f"this host has no {family}")
        run = run_sipp(tmp_path, core.addresses[family], transport)
        bound = core.command(bindings=f"sip:+15550100017@{DOMAIN}")["bindings"]
    assert 0 not in res_for(run.answer), "SEED has to be another one"
    assert (run.code, run.statuses) == (0, [401, 200])
    assert bound == [run.answer.value("Contact")]
    # Not the home domain (TS 24.229 5.1.1.2.1 f): a digest is computed with the uri as it came.
    assert credentials(run.answer).uri != f"sip:{DOMAIN}"
    assert credentials(run.answer).response == response_over(run.answer, res_for(run.answer))


def test_sipp_cuts_a_res_with_nul_and_is_refused(tmp_path: Path) -> None:
    version = subprocess.run([str(SIPP), "-v"], capture_output=True, text=True, check=False).stdout
    if "v3.6.1" not in version:
        pytest.skip("a defect of SIPp 3.6.1, and this is another version")
    with reference_core(mutant="c-res-with-nul") as core:
        run = run_sipp(tmp_path, core.addresses["IPv4"])
        state = core.command(bindings=f"sip:+15550100017@{DOMAIN}")
    assert (state["firings"], state["bindings"]) == (1, [])
    assert (run.code, run.statuses) == (1, [401, 403])
    res = res_for(run.answer)
    assert 0 in res
    assert credentials(run.answer).response == response_over(run.answer, res.partition(b"\0")[0])
    assert credentials(run.answer).response != response_over(run.answer, res)
