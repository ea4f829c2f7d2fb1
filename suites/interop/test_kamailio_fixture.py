"""UEs register through the P-, I- and S-CSCF of the Kamailio fixture, and its HSS sees it."""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Accepted, SyncFailure, Usim
from imsreg.identity.subscribers import Subscriber, load_subscribers

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path[:0] = [str(FIXTURES), str(Path(__file__).parent)]

pytest.importorskip("diameter", reason="python-diameter is not installed")

from hss.client import HssControl, HssError  # noqa: E402
from kamailio import layout, namespace  # noqa: E402
from kamailio.preflight import lacking  # noqa: E402
from kamailio.sockets import NamespaceSockets  # noqa: E402
from plain_ue import PlainUe  # noqa: E402

_HINDRANCE = lacking(ipv6=True) or (None if namespace.way() else namespace.NO_RIGHT)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(_HINDRANCE is not None, reason=str(_HINDRANCE))]

DOMAIN = layout.HOME_DOMAIN
# One subscriber a test, because each leaves its registration behind.
NAMES = (
    *("udp-ipv4", "udp-ipv6", "tcp-ipv4", "tcp-ipv6", "resync", "bad-auts", "wrong-res"),
    *("no-authorization", "barred", "roaming", "rtr", "reg-event"),
)

_ports = itertools.count(6000)


@dataclass
class RunningCore:
    """A core as a test outside its namespace sees it."""

    addresses: dict[str, str]
    sockets: NamespaceSockets
    hss: HssControl
    subscribers: dict[str, Subscriber]

    def cx(self, impi: str) -> list[dict[str, Any]]:
        """What the HSS was asked about a subscriber."""
        return [entry for entry in self.hss.ask("log")["entries"] if entry["impi"] == impi]

    def state(self, impi: str) -> str:
        """A subscriber's registration state at the HSS."""
        return str(next(s["state"] for s in self.hss.ask("subscribers")["subscribers"] if s["impi"] == impi))


@pytest.fixture(scope="module")
def subscribers_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("subscribers") / "subscribers.yaml"
    lines = ["keys: keys.yaml", "subscribers:"]
    for number, name in enumerate(NAMES, start=1):
        imsi, tel = f"00101000000{number:04}", f"+1555{number:04}"
        impus = [f"sip:{imsi}@{DOMAIN}", f"sip:{tel}@{DOMAIN}", f"tel:{tel}"]
        barred = impus[:1] if name == "barred" else []
        lines.append(f'  - {{name: {name}, imsi: "{imsi}", mnc_digits: 2, impus: {impus}, barred: {barred}}}')
    path.write_text("\n".join(lines))
    # TS 35.208 test set 1.
    keys = '{k: "465b5ce8b199b49faa5f0a2ee238a6bc", opc: "cd63cb71954a9f4e48a5994e37a02baf"}'
    path.with_name("keys.yaml").write_text("\n".join(f"{name}: {keys}" for name in NAMES))
    user = f"{{name: fixed, impi: fixed@{DOMAIN}, impus: ['sip:fixed@{DOMAIN}'], password: IMSREG_TEST_PASSWORD}}"
    path.with_name("digest.yaml").write_text(f"subscribers: [{user}]")
    return path


@pytest.fixture(scope="module", params=[[], ["--one"]], ids=["three-instances", "one-instance"])
def core(request: pytest.FixtureRequest, subscribers_file: Path) -> Iterator[RunningCore]:
    command = [sys.executable, str(FIXTURES / "kamailio" / "with-core"), "--ipv6", *request.param]
    command += [
        "--subscribers",
        str(subscribers_file),
        "--digest-users",
        str(subscribers_file.with_name("digest.yaml")),
    ]
    command += ["--", sys.executable, str(FIXTURES / "kamailio" / "sockets.py")]
    environment = {**os.environ, "IMSREG_TEST_PASSWORD": "correct horse"}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, env=environment, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline()
        if not ready:
            pytest.fail(process.stderr.read())
        addresses = json.loads(ready)
        known = {subscriber.name: subscriber for subscriber in load_subscribers(subscribers_file, {})}
        with HssControl(addresses["HSS_CONTROL"]) as hss:
            yield RunningCore(addresses, NamespaceSockets(addresses["SOCKETS"]), hss, known)
        process.stdin.close()
        assert process.wait() == 0, process.stderr.read()
        assert not Path(addresses["RUN"]).exists()


@pytest.fixture
def ue(core: RunningCore) -> Iterator[Callable[..., PlainUe]]:
    """Makes UEs, each on a port of its own, and closes them."""
    made: list[PlainUe] = []

    def make(impi: str, impu: str, transport: str = "udp", address: str = "127.0.1.1") -> PlainUe:
        sock = (core.sockets.tcp if transport == "tcp" else core.sockets.udp)(address, next(_ports))
        pcscf = layout.PCSCF_IPV6 if ":" in address else layout.PCSCF
        made.append(PlainUe(sock, (pcscf, layout.SIP_PORT), DOMAIN, impi, impu))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def subscribed(core: RunningCore, ue: Callable[..., PlainUe]) -> Callable[..., tuple[PlainUe, Usim, Subscriber]]:
    """The UE, the USIM and the data of a subscriber."""

    def make(name: str, *where: str) -> tuple[PlainUe, Usim, Subscriber]:
        subscriber = core.subscribers[name]
        usim = Usim(subscriber.algorithm, subscriber.res_length, SqnArray())
        return ue(subscriber.impi, subscriber.registration_impu, *where), usim, subscriber

    return make


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(("family", "address"), [("ipv4", "127.0.1.1"), ("ipv6", layout.UE_IPV6[0])])
def test_register_refresh_deregister(core, subscribed, transport: str, family: str, address: str) -> None:
    ue, usim, subscriber = subscribed(f"{transport}-{family}", transport, address)

    registered = ue.register_with_aka(usim)
    assert registered.status == 200, registered.first_line
    assert registered.all("Service-Route") == [f"<sip:orig@{layout.SCSCF}:{layout.SIP_PORT};lr>"]
    assert re.findall(r"<([^>]*)>", ", ".join(registered.all("P-Associated-URI"))) == list(subscriber.impus)
    # Not the types of the UARs: with some starts this I-CSCF asks for capabilities each time, with others never.
    asked = core.cx(subscriber.impi)
    assert [entry["command"] for entry in asked] == ["UAR", "MAR", "UAR", "SAR"]
    assert (asked[1]["scheme"], asked[3]["type"]) == ("unknown", "REGISTRATION")
    assert core.state(subscriber.impi) == "registered"

    assert ue.register_with_aka(usim).status == 200
    assert core.cx(subscriber.impi)[-1]["type"] == "RE_REGISTRATION"

    assert ue.register_with_aka(usim, expires=0).status == 200
    assert core.state(subscriber.impi) == "not registered"


def test_the_challenge_carries_no_key_and_a_wrong_res_is_refused(subscribed) -> None:
    ue, _, _ = subscribed("wrong-res")
    challenge = ue.register(ue.initial())
    assert challenge.challenge("algorithm") == "AKAv1-MD5"
    assert (challenge.challenge("ck"), challenge.challenge("ik")) == (None, None)
    assert ue.register(ue.answer(challenge, b"not RES")).status == 403


def test_no_authorization_header_field_is_challenged(core, subscribed) -> None:
    ue, _, subscriber = subscribed("no-authorization")
    assert ue.register(None).status == 401
    assert core.cx(subscriber.impi)[-1]["command"] == "MAR"


def test_resynchronisation_brings_a_challenge_that_is_accepted(core, subscribed) -> None:
    ue, _, subscriber = subscribed("resync")
    ahead = Usim(subscriber.algorithm, subscriber.res_length, SqnArray([1 << 20] * 32))
    first = ue.register(ue.initial())
    failure = ahead.authenticate(first.nonce.rand, first.nonce.autn)
    assert isinstance(failure, SyncFailure)

    second = ue.register(ue.answer(first, b"", extra=f', auts="{base64.b64encode(failure.auts).decode()}"'))
    assert second.status == 401, second.first_line
    sent = next(entry["sip_authorization"] for entry in core.cx(subscriber.impi) if entry["sip_authorization"])
    assert bytes.fromhex(sent) == first.nonce.rand + failure.auts
    outcome = ahead.authenticate(second.nonce.rand, second.nonce.autn)
    assert isinstance(outcome, Accepted)
    assert ue.register(ue.answer(second, outcome.res.reveal())).status == 200


def test_auts_with_a_wrong_mac_is_refused(subscribed) -> None:
    ue, _, _ = subscribed("bad-auts")
    first = ue.register(ue.initial())
    auts = base64.b64encode(bytes(14)).decode()
    assert ue.register(ue.answer(first, b"", extra=f', auts="{auts}"')).status == 403


def test_unknown_user_is_refused(core, ue) -> None:
    impi = f"001010999999999@{DOMAIN}"
    stranger = ue(impi, f"sip:{impi}")
    assert stranger.register(stranger.initial()).status == 403
    assert [entry["answer"] for entry in core.cx(impi)] == [{"experimental": 5001}]


def test_a_barred_identity_is_not_associated(subscribed) -> None:
    ue, usim, subscriber = subscribed("barred")
    registered = ue.register_with_aka(usim)
    assert re.findall(r"<([^>]*)>", ", ".join(registered.all("P-Associated-URI"))) == list(subscriber.impus[1:])


def test_a_sip_digest_subscriber_registers_with_its_password(ue) -> None:
    fixed = ue(f"fixed@{DOMAIN}", f"sip:fixed@{DOMAIN}")
    challenge = fixed.register(fixed.initial())
    assert challenge.challenge("algorithm") == "MD5"
    assert fixed.register(fixed.answer(challenge, b"correct horse", "MD5")).status == 200


def test_a_changed_subscription_and_a_forced_answer_refuse_the_registration(core, subscribed) -> None:
    ue, usim, subscriber = subscribed("roaming")
    core.hss.ask("change", impi=subscriber.impi, forbidden_networks=[DOMAIN])
    assert ue.register(ue.initial()).status == 403
    assert core.cx(subscriber.impi)[-1]["answer"] == {"experimental": 5004}

    core.hss.ask("change", impi=subscriber.impi, forbidden_networks=[])
    core.hss.ask("force", command="UAR", impi=subscriber.impi, experimental=5002)
    assert ue.register(ue.initial()).status == 403
    assert core.cx(subscriber.impi)[-1]["answer"] == {"experimental": 5002, "forced": True}

    assert ue.register_with_aka(usim).status == 200


def test_rtr_ends_a_registration(core, subscribed) -> None:
    ue, usim, subscriber = subscribed("rtr")
    with pytest.raises(HssError, match="no S-CSCF"):
        core.hss.ask("rtr", impi=subscriber.impi, impus=[subscriber.default_impu])
    assert ue.register_with_aka(usim).status == 200
    assert core.hss.ask("rtr", impi=subscriber.impi, impus=[subscriber.default_impu]) == {"result": 2001}
    assert core.state(subscriber.impi) == "not registered"


def test_reg_event_subscription_is_answered_and_notified(subscribed) -> None:
    ue, usim, subscriber = subscribed("reg-event")
    assert ue.register_with_aka(usim).status == 200
    route = f"Route: <sip:{layout.PCSCF}:{layout.SIP_PORT};lr>, <sip:orig@{layout.SCSCF}:{layout.SIP_PORT};lr>"
    first = ue.request("SUBSCRIBE", subscriber.default_impu, route, "Event: reg", "Expires: 600000")
    second = ue.receive()
    # RFC 6665 4.2.1.2 lets the NOTIFY overtake the 200.
    assert {message.first_line.split()[0] for message in (first, second)} == {"SIP/2.0", "NOTIFY"}
    assert max(first.status, second.status) == 200
