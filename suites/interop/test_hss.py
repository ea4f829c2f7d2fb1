"""The Cx HSS: what it decides, and what stands on the wire and in its journal."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Accepted, SyncFailure, Usim
from imsreg.errors import InputError
from imsreg.identity.subscribers import load_subscribers

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))

pytest.importorskip("diameter", reason="python-diameter is not installed")

from diameter.message import Avp, Message  # noqa: E402
from diameter.message import constants as c  # noqa: E402
from diameter.message.avp.grouped import VendorSpecificApplicationId  # noqa: E402
from diameter.message.commands import CapabilitiesExchangeRequest, UserAuthorizationRequest  # noqa: E402
from hss import cx, procedures  # noqa: E402
from hss.client import HssControl, HssError  # noqa: E402
from hss.messages import (  # noqa: E402
    AkaChallenge,
    AssignmentType,
    AuthorizationType,
    Command,
    CxAnswer,
    CxRequest,
    DigestChallenge,
    Experimental,
    Result,
)
from hss.store import Store  # noqa: E402

DOMAIN = "ims.mnc001.mcc001.3gppnetwork.org"
ALICE, BOB = f"001010000000001@{DOMAIN}", f"001010000000002@{DOMAIN}"
SCSCF, OTHER = "sip:scscf.test:5060", "sip:other.test:5060"
K, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cd63cb71954a9f4e48a5994e37a02baf"  # TS 35.208 test set 1
TIMEOUT = 10.0


@pytest.fixture
def subscribers_file(tmp_path: Path) -> Path:
    path = tmp_path / "subscribers.yaml"
    impus = f'["sip:{ALICE}", "sip:+15550001@{DOMAIN}", "tel:+15550001"]'
    path.write_text(
        "keys: keys.yaml\nsubscribers:\n"
        f'  - {{name: alice, imsi: "001010000000001", mnc_digits: 2, impus: {impus}, barred: ["sip:{ALICE}"]}}\n'
        '  - {name: bob, imsi: "001010000000002", mnc_digits: 2}\n'
    )
    keys = f'{{k: "{K}", opc: "{OPC}"}}'
    path.with_name("keys.yaml").write_text(f"alice: {keys}\nbob: {keys}\n")
    return path


@pytest.fixture
def store(subscribers_file: Path) -> Store:
    store = Store(DOMAIN, Random(1))
    store.load(subscribers_file)
    return store


@pytest.fixture
def ask(store: Store) -> Callable[..., CxAnswer]:
    """The answer to a request about Alice; arguments change it."""

    def ask(command: Command, **changes: Any) -> CxAnswer:
        fields: dict[str, Any] = {"origin_host": "cscf.test", "impi": ALICE, "impus": (f"sip:{ALICE}",)}
        if command is Command.UAR:
            fields["visited_network"] = DOMAIN
        else:
            fields["server_name"] = SCSCF
        if command is Command.MAR:
            fields["scheme"] = "Unknown"
        return procedures.answer(CxRequest(command, **{**fields, **changes}), store)

    return ask


def usim(subscribers_file: Path, sqn: SqnArray) -> Usim:
    alice = load_subscribers(subscribers_file, {})[0]
    return Usim(alice.algorithm, alice.res_length, sqn)


class TestUserRegistrationStatus:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, CxAnswer(experimental=Experimental.FIRST_REGISTRATION, capabilities=(1,))),
            ({"impi": "nobody@test"}, CxAnswer(experimental=Experimental.USER_UNKNOWN)),
            ({"impus": ("sip:nobody@test",)}, CxAnswer(experimental=Experimental.USER_UNKNOWN)),
            ({"impi": BOB}, CxAnswer(experimental=Experimental.IDENTITIES_DONT_MATCH)),
            ({"visited_network": None}, CxAnswer(Result.MISSING_AVP)),
            (
                {"authorization_type": AuthorizationType.DE_REGISTRATION},
                CxAnswer(experimental=Experimental.IDENTITY_NOT_REGISTERED),
            ),
            (
                {"authorization_type": AuthorizationType.REGISTRATION_AND_CAPABILITIES},
                CxAnswer(Result.SUCCESS, capabilities=(1,)),
            ),
        ],
    )
    def test_before_registration(self, ask, changes: dict, expected: CxAnswer) -> None:
        assert ask(Command.UAR, **changes) == expected

    def test_the_assigned_server_is_named(self, ask) -> None:
        ask(Command.MAR)
        assert ask(Command.UAR) == CxAnswer(experimental=Experimental.SUBSEQUENT_REGISTRATION, server_name=SCSCF)
        leaving = ask(Command.UAR, authorization_type=AuthorizationType.DE_REGISTRATION)
        assert leaving == CxAnswer(Result.SUCCESS, server_name=SCSCF)

    def test_only_a_wholly_barred_set_is_refused(self, ask, store: Store) -> None:
        alice = store.by_impi(ALICE)
        alice.barred = alice.impus
        assert ask(Command.UAR) == CxAnswer(Result.AUTHORIZATION_REJECTED)

    def test_roaming_matters_for_registration_only(self, ask, store: Store) -> None:
        ask(Command.SAR, assignment_type=AssignmentType.REGISTRATION)
        store.by_impi(ALICE).forbidden_networks = (DOMAIN,)
        assert ask(Command.UAR) == CxAnswer(experimental=Experimental.ROAMING_NOT_ALLOWED)
        assert ask(Command.UAR, authorization_type=AuthorizationType.DE_REGISTRATION).result == Result.SUCCESS

    def test_identities_are_compared_without_regard_to_the_case_of_the_host(self, ask) -> None:
        assert ask(Command.UAR, impus=(f"SIP:001010000000001@{DOMAIN.upper()}",)).experimental == 2001


class TestAuthentication:
    def test_a_usim_accepts_vector_after_vector(self, ask, subscribers_file: Path) -> None:
        card = usim(subscribers_file, SqnArray())
        for _ in range(3):
            challenge = ask(Command.MAR).challenge
            assert isinstance(challenge, AkaChallenge)
            outcome = card.authenticate(challenge.rand_autn[:16], challenge.rand_autn[16:])
            assert isinstance(outcome, Accepted)
            assert (outcome.res, outcome.ck, outcome.ik) == (challenge.xres, challenge.ck, challenge.ik)

    def test_resynchronisation(self, ask, subscribers_file: Path) -> None:
        card = usim(subscribers_file, SqnArray([1 << 20] * 32))
        challenge = ask(Command.MAR).challenge.rand_autn
        failure = card.authenticate(challenge[:16], challenge[16:])
        assert isinstance(failure, SyncFailure)

        ignored = ask(
            Command.MAR, sip_authorization=challenge[:16] + failure.auts, server_name=OTHER
        ).challenge.rand_autn
        assert isinstance(card.authenticate(ignored[:16], ignored[16:]), SyncFailure)
        taken = ask(Command.MAR, sip_authorization=challenge[:16] + failure.auts, server_name=OTHER).challenge.rand_autn
        assert isinstance(card.authenticate(taken[:16], taken[16:]), Accepted)

    @pytest.mark.parametrize("octets", [b"\x00" * 30, b"\x00" * 29, b"x"])
    def test_a_wrong_auts_brings_no_vector(self, ask, octets: bytes) -> None:
        ask(Command.MAR)
        assert ask(Command.MAR, sip_authorization=octets) == CxAnswer(Result.UNABLE_TO_COMPLY)

    def test_the_scheme_has_to_fit_the_subscriber(self, ask) -> None:
        assert ask(Command.MAR, scheme="Digest-AKAv1-MD5").result == Result.SUCCESS
        assert ask(Command.MAR, scheme="SIP Digest").experimental == Experimental.AUTH_SCHEME_NOT_SUPPORTED
        assert ask(Command.MAR, scheme=None).result == Result.MISSING_AVP

    def test_digest_users(self, ask, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "digest.yaml"
        path.write_text("subscribers: [{name: fixed, impi: f@test, impus: ['sip:f@test'], password: FIXED}]")
        with pytest.raises(InputError, match="FIXED is not set"):
            store.load_digest_users(path, {})
        store.load_digest_users(path, {"FIXED": "zanzibar"})
        challenge = ask(Command.MAR, impi="f@test", impus=("sip:f@test",)).challenge
        assert isinstance(challenge, DigestChallenge)
        assert len(challenge.ha1) == 32
        assert "zanzibar" not in repr(list(store))

    def test_a_subscriber_with_a_password_is_challenged_by_it(self, ask, store: Store, tmp_path: Path) -> None:
        path, impi = tmp_path / "digest.yaml", f"001010000000009@{DOMAIN}"
        entry = 'name: fixed, imsi: "001010000000009", mnc_digits: 2, algorithm: sip-digest, keys: {env: FIXED}'
        path.write_text(f"subscribers: [{{{entry}}}]")
        store.load(path, {"FIXED_PASSWORD": "zanzibar"})
        answer = ask(Command.MAR, impi=impi, impus=(f"sip:{impi}",), scheme="SIP Digest")
        assert isinstance(answer.challenge, DigestChallenge)
        assert answer.challenge.realm == DOMAIN


class TestServerAssignment:
    def test_registration_brings_the_profile(self, ask) -> None:
        answer = ask(Command.SAR, assignment_type=AssignmentType.REGISTRATION)
        root = ElementTree.fromstring(answer.user_data)
        assert root.findtext("PrivateID") == ALICE
        identities = root.findall("ServiceProfile/PublicIdentity")
        assert [(i.findtext("Identity"), i.findtext("BarringIndication")) for i in identities] == [
            (f"sip:{ALICE}", "1"),
            (f"sip:+15550001@{DOMAIN}", "0"),
            ("tel:+15550001", "0"),
        ]
        assert ask(Command.LIR) == CxAnswer(Result.SUCCESS, server_name=SCSCF)

    def test_a_profile_that_is_there_is_not_sent_again(self, ask) -> None:
        answer = ask(Command.SAR, assignment_type=AssignmentType.RE_REGISTRATION, user_data_available=True)
        assert answer == CxAnswer(Result.SUCCESS)

    @pytest.mark.parametrize(
        ("kind", "server_name"),
        [
            (AssignmentType.USER_DEREGISTRATION, None),
            (AssignmentType.TIMEOUT_DEREGISTRATION, None),
            (AssignmentType.USER_DEREGISTRATION_STORE_SERVER_NAME, SCSCF),
            (AssignmentType.AUTHENTICATION_FAILURE, SCSCF),
        ],
    )
    def test_what_stays_of_a_registration(
        self, ask, store: Store, kind: AssignmentType, server_name: str | None
    ) -> None:
        ask(Command.SAR, assignment_type=AssignmentType.REGISTRATION)
        assert ask(Command.SAR, assignment_type=kind) == CxAnswer(Result.SUCCESS)
        assert store.by_impi(ALICE).server_name == server_name

    def test_a_failed_first_authentication_leaves_no_server(self, ask, store: Store) -> None:
        ask(Command.MAR)
        ask(Command.SAR, assignment_type=AssignmentType.AUTHENTICATION_FAILURE)
        assert store.by_impi(ALICE).server_name is None

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"assignment_type": None}, CxAnswer(Result.MISSING_AVP)),
            ({"assignment_type": 99}, CxAnswer(experimental=Experimental.ERROR_IN_ASSIGNMENT_TYPE)),
            ({"assignment_type": 1, "impus": ()}, CxAnswer(Result.MISSING_AVP)),
            (
                {"assignment_type": 1, "impus": (f"sip:{ALICE}", "tel:+15550001")},
                CxAnswer(Result.AVP_OCCURS_TOO_MANY_TIMES),
            ),
            ({"assignment_type": 5, "server_name": OTHER}, CxAnswer(Result.UNABLE_TO_COMPLY)),
            ({"assignment_type": 1, "impi": BOB}, CxAnswer(experimental=Experimental.IDENTITIES_DONT_MATCH)),
        ],
    )
    def test_refusals(self, ask, changes: dict, expected: CxAnswer) -> None:
        assert ask(Command.SAR, **changes) == expected


def test_location_of_nobody_and_of_the_unregistered(ask) -> None:
    assert ask(Command.LIR, impus=("sip:nobody@test",)) == CxAnswer(experimental=Experimental.USER_UNKNOWN)
    assert ask(Command.LIR) == CxAnswer(experimental=Experimental.IDENTITY_NOT_REGISTERED)


@dataclass
class RunningHss:
    """An HSS process, its control port and its address."""

    control: HssControl
    address: tuple[str, int]
    log: Path
    socket: Path


@pytest.fixture
def hss(subscribers_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHss]:
    directory = tmp_path_factory.mktemp("h")
    path, log = directory / "c", directory / "log"
    command = [sys.executable, "-m", "hss.hss", "--subscribers", str(subscribers_file), "--control", str(path)]
    command += ["--listen", "127.0.0.1:0", "--peer", "icscf.test", "--peer", "scscf.test"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment) as process,
    ):
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        with HssControl(path) as control:
            yield RunningHss(control, tuple(ready["diameter"]), log, path)
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert not path.exists()


class Cscf:
    """A Diameter peer of the HSS, one message at a time."""

    def __init__(self, address: tuple[str, int], identity: str) -> None:
        self.identity = identity
        self._socket = socket.create_connection(address, timeout=TIMEOUT)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Cscf:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, message: Any) -> None:
        message.origin_host, message.origin_realm = self.identity.encode(), b"test"
        self._socket.sendall(message.as_bytes())

    def receive(self) -> Any:
        head = self._stream.read(4)
        return Message.from_bytes(head + self._stream.read(int.from_bytes(head[1:], "big") - 4))

    def answer(self, request: Any) -> None:
        answer = request.to_answer()
        answer.result_code = 2001
        self.send(answer)

    def open(self) -> int:
        """Exchange capabilities; the result code."""
        request = CapabilitiesExchangeRequest()
        request.host_ip_address, request.vendor_id, request.product_name = ["127.0.0.1"], cx.VENDOR_3GPP, "test"
        request.vendor_specific_application_id = [
            VendorSpecificApplicationId(cx.VENDOR_3GPP, auth_application_id=cx.APPLICATION_CX)
        ]
        self.send(request)
        return int(self.receive().result_code)

    def be_ready(self) -> Cscf:
        assert self.open() == 2001
        self.answer(self.receive())
        return self

    def user_authorization(self, impi: str, identifier: int = 1) -> None:
        request = UserAuthorizationRequest()
        request.header.application_id = cx.APPLICATION_CX
        request.header.hop_by_hop_identifier = request.header.end_to_end_identifier = identifier
        request.append_avp(Avp.new(c.AVP_SESSION_ID, value="s;1"))
        request.vendor_specific_application_id = VendorSpecificApplicationId(cx.VENDOR_3GPP, cx.APPLICATION_CX)
        request.auth_session_state, request.destination_realm = 1, DOMAIN.encode()
        request.user_name, request.public_identity = impi, f"sip:{impi}"
        request.visited_network_identifier = DOMAIN.encode()
        self.send(request)


def test_a_peer_is_ready_once_it_answers_the_watchdog(hss: RunningHss) -> None:
    with Cscf(hss.address, "icscf.test") as icscf:
        assert icscf.open() == 2001
        assert hss.control.ask("ready")["connected"] == []
        icscf.answer(icscf.receive())
        hss.control.send("ready", wait=TIMEOUT)
        with Cscf(hss.address, "scscf.test") as scscf:
            scscf.be_ready()
            assert hss.control.receive() == {"connected": ["icscf.test", "scscf.test"], "missing": []}


def test_an_unknown_peer_is_refused(hss: RunningHss) -> None:
    with Cscf(hss.address, "stranger.test") as stranger:
        assert stranger.open() == c.E_RESULT_CODE_DIAMETER_UNKNOWN_PEER


def test_answers_forced_answers_and_the_journal(hss: RunningHss) -> None:
    with Cscf(hss.address, "icscf.test") as icscf:
        icscf.be_ready()
        icscf.user_authorization(ALICE)
        assert cx.result_of(icscf.receive()) == {"experimental": 2001}

        hss.control.ask("force", command="UAR", impi=ALICE, result=5012)
        hss.control.ask("force", command="UAR", drop=True)
        icscf.user_authorization(BOB, 2)
        icscf.user_authorization(ALICE, 3)
        answer = icscf.receive()
        assert (answer.header.hop_by_hop_identifier, cx.result_of(answer)) == (3, {"result": 5012})

        hss.control.ask("force", command="UAR", delay=0.05)
        icscf.user_authorization("nobody@test", 4)
        icscf.user_authorization(BOB, 5)
        assert [icscf.receive().header.hop_by_hop_identifier for _ in range(2)] == [5, 4]

    entries = hss.control.ask("log", count=5, wait=TIMEOUT)["entries"]
    assert [(entry["n"], entry["impi"]) for entry in entries] == [
        (1, ALICE),
        (2, BOB),
        (3, ALICE),
        (4, "nobody@test"),
        (5, BOB),
    ]
    assert [entry["answer"] for entry in entries[:4]] == [
        {"experimental": 2001, "capabilities": [1]},
        {"dropped": True},
        {"result": 5012, "forced": True},
        {"experimental": 5001, "forced": True, "delay": 0.05},
    ]
    assert {entry["visited_network"] for entry in entries} == {DOMAIN}


def test_a_control_socket_in_use_is_one_line_and_exit_2(hss: RunningHss, subscribers_file: Path) -> None:
    command = [sys.executable, "-m", "hss.hss", "--subscribers", str(subscribers_file), "--control", str(hss.socket)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    second = subprocess.run(
        [*command, "--listen", "127.0.0.1:0"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert second.returncode == 2
    assert second.stderr.startswith(f"--control: {hss.socket}: ")
    assert second.stderr.count("\n") == 1


def test_the_control_port_refuses_what_it_cannot_do(hss: RunningHss, tmp_path: Path) -> None:
    for do, fields in [
        ("nothing", {}),
        ("ready", {"unknown": 1}),
        ("force", {"command": "XYZ"}),
        ("force", {"command": "UAR", "result": 1, "experimental": 1}),
        ("change", {"impi": "nobody@test"}),
        ("rtr", {"impi": ALICE, "impus": []}),
        ("load", {"file": str(tmp_path / "none.yaml")}),
    ]:
        with pytest.raises(HssError):
            hss.control.ask(do, **fields)
    assert [s["name"] for s in hss.control.ask("subscribers")["subscribers"]] == ["alice", "bob"]


def test_subscribers_are_added_while_it_runs_and_no_key_is_shown(hss: RunningHss, subscribers_file: Path) -> None:
    added = subscribers_file.with_name("more.yaml")
    added.write_text('keys: keys.yaml\nsubscribers: [{name: bob, imsi: "001010000000003", mnc_digits: 2}]\n')
    assert hss.control.ask("load", file=str(added)) == {"loaded": 1}
    shown = json.dumps(hss.control.ask("subscribers"))
    assert "001010000000003" in shown
    for text in (shown, hss.log.read_text()):
        assert K not in text
        assert OPC not in text
    assert hss.socket.stat().st_mode & 0o077 == 0
