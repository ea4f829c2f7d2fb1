"""UEs register over ESP through Kamailio's P-CSCF: a foreign implementation of sec-agree and of the associations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Accepted, Usim
from imsreg.identity.subscribers import Subscriber, load_subscribers
from imsreg.net.ipsec.namespace import Namespace
from imsreg.secagree.associations import Name
from imsreg.secagree.events import Fate
from imsreg.secagree.transforms import Transform

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path[:0] = [str(FIXTURES), str(Path(__file__).parent)]

pytest.importorskip("diameter", reason="python-diameter is not installed")

from kamailio import gm, layout, namespace  # noqa: E402
from kamailio.preflight import lacking  # noqa: E402
from protected_ue import ProtectedUe  # noqa: E402

_LACKING = lacking(ipv6=True) or (None if namespace.way() else namespace.NO_RIGHT)
_NO_ESP = gm.hindrance(ipv6=True)
_HINDRANCE = _LACKING or _NO_ESP
needs_esp = pytest.mark.skipif(_HINDRANCE is not None, reason=str(_HINDRANCE))

WITH_CORE = (sys.executable, str(FIXTURES / "kamailio" / "with-core"), "--ipsec")
SUBSCRIBERS = FIXTURES / "subscribers" / "embedded.yaml"
TIMEOUT = 60.0
USUAL = [Transform("hmac-sha-1-96", "aes-cbc"), Transform("hmac-sha-1-96", "null")]


@dataclass
class RunningCore:
    """A core, and the namespace of its UEs."""

    ues: Namespace
    subscribers: list[Subscriber]
    addresses: dict[str, list[str]]

    def subscriber(self) -> Subscriber:
        """One that no test has had."""
        return self.subscribers.pop(0)

    def host(self, family: str) -> str:
        """An address that no test has had: Kamailio tells UEs apart by it."""
        return self.addresses[family].pop(0)


@pytest.fixture(scope="module")
def core() -> Iterator[RunningCore]:
    command = [*WITH_CORE, "--ipsec-sets", "10", "--one", "--ipv6", "--"]
    command += [sys.executable, str(FIXTURES / "kamailio" / "sockets.py")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline()
        if not ready:
            pytest.fail(process.stderr.read())
        told = json.loads(ready)
        with closing(Namespace(os.open(told["NAMESPACE"], os.O_RDONLY | os.O_CLOEXEC))) as ues:
            addresses = {"IPv4": told["UE"].split(), "IPv6": told["UE_IPV6"].split()}
            yield RunningCore(ues, list(load_subscribers(SUBSCRIBERS, {})), addresses)
        process.stdin.close()
        assert process.wait() == 0, process.stderr.read()


@pytest.fixture
def ue(core: RunningCore) -> Iterator[Callable[[str, str, str], tuple[ProtectedUe, Usim]]]:
    """Makes UEs, each at an address of its own, and closes them."""
    with ExitStack() as undo:

        def make(family: str, transport: str, backend: str) -> tuple[ProtectedUe, Usim]:
            subscriber, pcscf = core.subscriber(), layout.GM if family == "IPv4" else layout.GM_IPV6
            usim = Usim(subscriber.algorithm, subscriber.res_length, SqnArray())
            names = (layout.HOME_DOMAIN, subscriber.impi, subscriber.registration_impu)
            made = ProtectedUe(core.ues, core.host(family), pcscf, *names, transport, backend)
            undo.enter_context(closing(made))
            return made, usim

        yield make


@pytest.mark.slow
@needs_esp
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("backend", ["userspace", "kernel"])
def test_a_registration_is_completed_on_the_associations_of_its_challenge(
    ue, backend: str, family: str, transport: str
) -> None:
    made, usim = ue(family, transport, backend)
    flow, challenge = made.challenged(USUAL)
    assert (challenge.status, flow.association) == (401, None), challenge.first_line
    outcome = usim.authenticate(challenge.nonce.rand, challenge.nonce.autn)
    assert isinstance(outcome, Accepted)

    made.agree(challenge, USUAL, outcome.ck, outcome.ik)
    flow, registered = made.answered(challenge, USUAL, outcome.res.reveal())
    assert registered.status == 200, registered.first_line
    down = made.sas.named(Name.DL1 if transport == "TCP" else Name.DL2)
    assert flow.association == down.label
    assert {event.fate for event in made.events} == {Fate.OK}


@pytest.mark.skipif(_LACKING is not None or _NO_ESP is None, reason=_LACKING or "this kernel has ESP")
def test_without_esp_in_the_kernel_it_refuses_in_one_line() -> None:
    done = subprocess.run([*WITH_CORE, "--", "true"], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    line, end, rest = done.stderr.partition("\n")
    assert line.startswith("with-core: ")
    assert "fixtures/uml/in-uml" in line
    assert (end, rest) == ("\n", "")
