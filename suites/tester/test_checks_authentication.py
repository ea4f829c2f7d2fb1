"""Challenge, answer, resynchronisation and proof, where forged transcripts reach what scenarios do not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from itertools import count

import pytest

from imsreg.aka import digest, nonce
from imsreg.aka.milenage import Milenage
from imsreg.aka.sqn import DELTA, join
from imsreg.aka.vector import AuthenticationVector, build_auts, generate
from imsreg.identity.subscribers import Subscriber
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Breach, Held, Moot, Observed, Outcome, Unmet
from imsreg.verdict.view import View

FLOW = Flow("UDP", Address("127.0.1.1", 5060), Address("127.0.2.1", 5060))
HOME = "home.example"
IMPU = f"sip:alice@{HOME}"
CONTACT = "<sip:u@127.0.1.1:5060>"
ALGORITHM = Milenage(Secret(bytes(16)), Secret(bytes(16)))
ALICE = Subscriber(
    name="alice",
    imsi="001010000000001",
    mnc_digits=2,
    impi=f"alice@{HOME}",
    home_domain=HOME,
    impus=(IMPU,),
    barred=(),
    algorithm=ALGORITHM,
    res_length=8,
    amf=b"\x80\x00",
    sqn=0,
)
FACTS = Facts(home_domain=HOME, security="none", release=14, subscribers={ALICE.impi: ALICE})
EMPTY = f'Digest username="{ALICE.impi}", realm="{HOME}", nonce="", uri="sip:{HOME}", response=""'


def vector(number: int = 1, sqn: int = join(1, 0)) -> AuthenticationVector:
    """A vector with a RAND of its own for each number."""
    return generate(ALGORITHM, number.to_bytes(16), sqn, ALICE.amf, ALICE.res_length)


def challenge(av: AuthenticationVector, **changes: str | None) -> str:
    """A right WWW-Authenticate but for `changes`: parameters as the wire has them, None leaves one out."""
    params: dict[str, str | None] = {
        "realm": f'"{HOME}"',
        "nonce": f'"{nonce.encode(av.rand, av.autn)}"',
        "algorithm": "AKAv1-MD5",
        "qop": '"auth"',
        **changes,
    }
    return "Digest " + ", ".join(f"{name}={value}" for name, value in params.items() if value is not None)


def credentials(
    av: AuthenticationVector,
    password: bytes | None = None,
    *,
    realm: str = HOME,
    qop: str | None = "auth",
    auts: bytes = b"",
) -> str:
    """An Authorization that answers `challenge(av)`: over XRES, or another password."""
    value = nonce.encode(av.rand, av.autn)
    nc, cnonce = ("00000001", "c0") if qop is not None else (None, None)
    response = digest.response(
        username=ALICE.impi,
        realm=realm,
        password=av.xres.reveal() if password is None else password,
        method="REGISTER",
        uri=f"sip:{HOME}",
        nonce=value,
        algorithm="AKAv1-MD5",
        qop=qop,
        nc=nc,
        cnonce=cnonce,
    )
    text = f'Digest username="{ALICE.impi}", realm="{realm}", nonce="{value}", uri="sip:{HOME}", response="{response}"'
    text += ", algorithm=AKAv1-MD5" + (f", qop={qop}, nc={nc}, cnonce={cnonce}" if qop is not None else "")
    return f'{text}, auts="{base64.b64encode(auts).decode()}"' if auts else text


class Talk:
    """A transcript in the making."""

    def __init__(self) -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self.now = 0.0
        self.body = b""
        self._cseq = 0

    def register(self, status: int, *answer: str, **headers: str | None) -> Talk:
        """A REGISTER that is right but for `headers`, and its response with `answer`; status 0 is silence.

        `branch` is no header, but the branch of its Via.
        """
        self._cseq += 1
        branch = headers.pop("branch", None) or self._cseq
        request = (
            Draft.request("REGISTER", f"sip:{HOME}")
            .add("Via", f"SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK{branch}")
            .add("Max-Forwards", 70)
            .add("From", f"<{IMPU}>;tag=1")
            .add("To", f"<{IMPU}>")
            .add("Call-ID", "one")
            .add("CSeq", f"{self._cseq} REGISTER")
            .add("Contact", CONTACT)
            .add("Expires", 600)
            .add("Authorization", EMPTY)
        )
        for name, value in headers.items():
            long = name.replace("_", "-")
            _ = request.remove(long) if value is None else request.set(long, value)
        self.transcript.record(True, FLOW, request.to_bytes(), self.now)
        if status:
            response = Draft.response(status)
            for name in ("Via", "From", "To", "Call-ID", "CSeq"):
                response.add(name, request.value(name))
            for line in answer:
                response.add(*line.split(": ", 1))
            response.body = self.body
            self.transcript.record(False, FLOW, response.to_bytes(), self.now)
        return self

    def challenged(self, av: AuthenticationVector, **changes: str | None) -> Talk:
        """An initial REGISTER and its challenge."""
        return self.register(401, f"WWW-Authenticate: {challenge(av, **changes)}")

    def registered(self, av: AuthenticationVector) -> Talk:
        """A whole registration."""
        return self.challenged(av).register(200, f"Contact: {CONTACT};expires=600", Authorization=credentials(av))

    def rule(self, requirement: str) -> list[Outcome]:
        """What the checks of a requirement yield."""
        view = View(self.transcript, FACTS)
        return [outcome for check in checks_of(requirement) for outcome in check(view)]

    def kinds(self, requirement: str) -> list[type[Outcome]]:
        """The same by kind alone."""
        return [type(outcome) for outcome in self.rule(requirement)]


CHALLENGE_ROWS = (
    "24.229-5.4.1.2.1A-01",
    "24.229-5.4.1.2.1A-02",
    "33.203-6.1.1-01",
    "33.203-6.1.1-03",
    "33.203-6.1.1-04",
    "rfc3261-22.1-01",
    "rfc3261-22.1-02",
    "rfc3261-22.4-01",
    "rfc3310-3.2-01",
)


@pytest.mark.parametrize("value", ["", "Digest", 'Digest realm="a', 'Basic realm="a.example"', "Digest a=1, a=2"])
def test_a_challenge_that_cannot_be_read_is_none(value: str) -> None:
    talk = Talk().register(401, f"WWW-Authenticate: {value}")
    empty_digest = value == "Digest"
    assert talk.kinds("24.229-5.4.1.2.1-01") == [Held if empty_digest else Breach]
    assert all(talk.kinds(row) == [Unmet] for row in CHALLENGE_ROWS if not empty_digest)


def test_one_challenge_that_can_be_read_is_enough() -> None:
    lines = ('Basic realm="a"', "Digest a=1, a=2", challenge(vector(), algorithm="AKAv9-X"), challenge(vector()))
    talk = Talk().register(401, *(f"WWW-Authenticate: {line}" for line in lines))
    talk.register(200, f"Contact: {CONTACT};expires=600", Authorization=credentials(vector()))
    for row in ("24.229-5.4.1.2.1-01", "24.229-5.4.1.2.1A-02", "24.229-5.4.1.2.2-05"):
        assert talk.kinds(row) == [Held]
    assert talk.kinds("33.203-6.1.1-01") == [Held, Held]
    assert talk.kinds("33.203-6.1.1-03") == [Unmet]


@pytest.mark.parametrize(("status", "kind"), [(200, Breach), (407, Breach), (403, Unmet), (421, Unmet), (503, Unmet)])
def test_only_an_initial_register_must_be_challenged(status: int, kind: type[Outcome]) -> None:
    assert Talk().register(status).kinds("24.229-5.4.1.2.1-01") == [kind]
    assert Talk().register(status, Authorization=None).kinds("24.229-5.4.1.2.1-01") == [kind]
    assert Talk().registered(vector()).register(status).kinds("24.229-5.4.1.2.1-01") == [Held]
    assert Talk().register(status, Max_Forwards="0").kinds("24.229-5.4.1.2.1-01") == [Unmet]


@pytest.mark.parametrize(
    ("realm", "kind"),
    [
        ("home.example", Held),
        ("registrar@home.example, shelf 7", Held),
        ("[2001:db8::1]", Held),
        ("IMS", Breach),
        ("the realm. of sentences", Breach),
        ("a" * 8_000, Breach),
    ],
)
def test_a_realm_with_a_host_in_it(realm: str, kind: type[Outcome]) -> None:
    assert Talk().challenged(vector(), realm=f'"{realm}"').kinds("rfc3261-22.1-02") == [kind]


def test_a_realm_is_missing_or_empty() -> None:
    for realm in (None, '""'):
        talk = Talk().challenged(vector(), realm=realm)
        assert talk.kinds("rfc3261-22.1-01") == [Breach]
        assert talk.kinds("rfc3261-22.1-02") == [Unmet]


@pytest.mark.parametrize("qop", [None, '""', '" , "'])
def test_qop_has_at_least_one_option(qop: str | None) -> None:
    assert Talk().challenged(vector(), qop=qop).kinds("rfc3261-22.4-01") == [Breach]
    assert Talk().challenged(vector(), qop='"auth-int,token"').kinds("rfc3261-22.4-01") == [Held]


def test_a_finding_about_a_leaked_key_does_not_show_it() -> None:
    key = "0123456789abcdef0123456789abcdef"
    talk = Talk().challenged(vector(), ik='""', ck='""').challenged(vector(2), IK=f'"{key}"')
    outcomes = talk.rule("33.203-6.1.1-04")
    assert [type(outcome) for outcome in outcomes] == [Observed, Breach]
    assert key not in repr(outcomes)


@pytest.mark.parametrize(
    "change",
    [
        lambda octets: base64.urlsafe_b64encode(b"\xfb\xff\xfe" * 11).decode(),
        lambda octets: base64.b64encode(octets).decode().rstrip("="),
        lambda octets: base64.b64encode(octets[:31]).decode(),
        lambda octets: octets.hex(),
        lambda octets: octets.hex().upper(),
    ],
)
def test_a_nonce_that_is_no_base64_of_rand_and_autn(change: Callable[[bytes], str]) -> None:
    av = vector()
    talk = Talk().challenged(av, nonce=f'"{change(av.rand + av.autn)}"')
    assert talk.kinds("rfc3310-3.2-01") == [Breach]
    assert talk.kinds("33.203-6.1.1-01") == [Unmet]


def test_a_vector_may_come_again_to_the_same_branch_or_another_user() -> None:
    av = vector()
    assert Talk().challenged(av).challenged(av).kinds("33.203-6.1.1-03") == [Breach]
    again = Talk().register(401, f"WWW-Authenticate: {challenge(av)}", branch="same")
    again.register(401, f"WWW-Authenticate: {challenge(av)}", branch="same")
    assert again.kinds("33.203-6.1.1-03") == [Unmet]
    other = EMPTY.replace("alice@", "bob@")
    talk = Talk().challenged(av).register(401, f"WWW-Authenticate: {challenge(av)}", Authorization=other)
    assert talk.kinds("33.203-6.1.1-03") == [Held]
    assert talk.kinds("33.203-6.1.1-01") == [Held]  # nobody has the keys of bob


@pytest.mark.parametrize(
    ("status", "kind"),
    [(200, Held), (202, Breach), (401, Breach), (403, Breach), (500, Breach), (600, Breach)]
    + [(status, Unmet) for status in (0, 305, 420, 421, 423, 439, 494, 503)],
)
def test_what_the_right_response_gets(status: int, kind: type[Outcome]) -> None:
    talk = Talk().challenged(vector()).register(status, Authorization=credentials(vector()))
    assert talk.kinds("24.229-5.4.1.2.2-05") == [kind]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": credentials(vector(), realm="other.example")},
        {"Authorization": credentials(vector(), qop=None)},
        {"Authorization": credentials(vector()).replace("00000001", "00000002")},
        {"Authorization": credentials(vector(2))},
        {"Call_ID": "two"},
        {"CSeq": "1 REGISTER"},
        {"Require": "unheard-of"},
    ],
)
def test_an_answer_with_a_fault_of_the_tester_decides_nothing(headers: dict[str, str]) -> None:
    talk = Talk().challenged(vector()).register(403, **{"Authorization": credentials(vector()), **headers})
    assert talk.kinds("24.229-5.4.1.2.2-05") == [Unmet]


def test_a_ue_that_first_comes_without_credentials_is_the_one_that_answers() -> None:
    talk = Talk().register(401, f"WWW-Authenticate: {challenge(vector())}", Authorization=None)
    assert talk.register(403, Authorization=credentials(vector())).kinds("24.229-5.4.1.2.2-05") == [Breach]


def test_an_answer_that_comes_late_or_to_a_challenge_of_old_decides_nothing() -> None:
    late = Talk().challenged(vector())
    late.now = 241.0
    assert late.register(403, Authorization=credentials(vector())).kinds("24.229-5.4.1.2.2-05") == [Unmet]
    old = Talk().challenged(vector()).challenged(vector(2)).register(403, Authorization=credentials(vector()))
    assert old.kinds("24.229-5.4.1.2.2-05") == [Unmet]


def test_the_deregistration_of_a_contact_that_is_not_bound_may_be_refused() -> None:
    talk = Talk().challenged(vector()).register(481, Authorization=credentials(vector()), Expires="0")
    assert talk.kinds("24.229-5.4.1.2.2-05") == [Unmet]


@pytest.mark.parametrize(
    ("status", "lines", "refused", "bare"),
    [
        (403, (), Held, Held),
        (404, (), Held, Held),
        (401, (f"WWW-Authenticate: {challenge(vector(2))}",), Observed, Observed),
        (400, ("Security-Server: tls;q=0.1",), Held, Observed),
        (200, (), Breach, Breach),
        (302, (), Breach, Breach),
        (500, (), Breach, Unmet),
        (603, (), Breach, Breach),
        (503, (), Unmet, Unmet),
        (494, ("Security-Server: tls;q=0.1",), Unmet, Unmet),
        (0, (), Unmet, Unmet),
    ],
)
def test_what_a_wrong_response_gets(
    status: int, lines: tuple[str, ...], refused: type[Outcome], bare: type[Outcome]
) -> None:
    talk = Talk().challenged(vector()).register(status, *lines, Authorization=credentials(vector(), b"wrong"))
    assert talk.kinds("24.229-5.4.1.2.3A-01") == [refused]
    assert talk.kinds("33.203-6.1.2.1-01") == [bare]


@pytest.mark.parametrize(
    ("lines", "asked", "kind"),
    [
        ((f"Contact: {CONTACT};expires=500",), {"Contact": None}, Held),
        ((f"Contact: {CONTACT};expires=0",), {"Contact": None}, Breach),
        ((), {"Contact": None}, Moot),
        (("Contact: <sip:u@127.0.1.9>;expires=600",), {"Contact": "<sip:u@127.0.1.9>"}, Unmet),
        ((f"Contact: {CONTACT};expires=9, <sip:u@127.0.1.9>;expires=9",), {"Contact": "<sip:u@127.0.1.9>"}, Held),
        ((f"Contact: {CONTACT};expires=600",), {}, Unmet),
    ],
)
def test_a_binding_outlives_a_refused_response(
    lines: tuple[str, ...], asked: dict[str, str | None], kind: type[Outcome]
) -> None:
    talk = Talk().registered(vector(1)).challenged(vector(2))
    talk.register(403, Authorization=credentials(vector(2), b"wrong"))
    talk.challenged(vector(3)).register(200, *lines, Authorization=credentials(vector(3)), **asked)
    assert talk.kinds("33.203-6.1.1-02") == [kind]


def test_a_binding_that_fetches_listed_before_the_refused_response_is_gone() -> None:
    talk = Talk().registered(vector(1)).challenged(vector(2))
    talk.register(200, f"Contact: {CONTACT};expires=599", Authorization=credentials(vector(2)), Contact=None)
    talk.challenged(vector(3)).register(403, Authorization=credentials(vector(3), b"wrong"))
    talk.challenged(vector(4)).register(200, Authorization=credentials(vector(4)), Contact=None)
    assert talk.kinds("33.203-6.1.1-02") == [Breach]


SQN_MS = join(1000, 5)
REPORT = credentials(vector(), b"", auts=build_auts(ALGORITHM, vector().rand, SQN_MS))
RESYNCHRONISATION = ("rfc3310-3.2-02", "33.203-6.1.3-01", "rfc3310-3.4-01")


def reported(sqn: int | None, status: int = 401, report: str = REPORT) -> Talk:
    """AUTS, and what it gets: a challenge with `sqn`, if one is given."""
    lines = () if sqn is None else (f"WWW-Authenticate: {challenge(vector(2, sqn))}",)
    return Talk().challenged(vector()).register(status, *lines, Authorization=report)


@pytest.mark.parametrize(
    ("sqn", "kind"),
    [
        (join(1001, 5), Held),
        (join(1001, 9), Held),
        (join(1000 + DELTA, 5), Held),
        (join(1001 + DELTA, 5), Breach),
        (SQN_MS, Breach),
        (join(2, 5), Breach),
        (join(2, 9), Unmet),
    ],
)
def test_the_sqn_after_auts_where_nobody_answers_it(sqn: int, kind: type[Outcome]) -> None:
    assert [reported(sqn).kinds(row) for row in RESYNCHRONISATION] == [[Held], [kind], [kind]]


def test_the_answer_to_the_sqn_after_auts_tells_more_than_the_sqn() -> None:
    lower, av = join(2, 9), vector(2, join(2, 9))
    assert reported(lower).register(200, Authorization=credentials(av)).kinds("33.203-6.1.3-01") == [Held]
    again = credentials(av, b"", auts=build_auts(ALGORITHM, av.rand, SQN_MS))
    assert reported(lower).register(500, Authorization=again).kinds("33.203-6.1.3-01")[0] is Breach


def test_a_network_that_gives_up_after_auts_is_judged_by_its_next_challenge() -> None:
    talk = reported(None, 403).challenged(vector(2, join(1001, 5)))
    assert [talk.kinds(row) for row in RESYNCHRONISATION] == [[Observed], [Unmet], [Held]]


@pytest.mark.parametrize(("status", "kind"), [(200, Breach), (400, Breach), (401, Breach), (500, Breach), (503, Unmet)])
def test_auts_gets_no_challenge(status: int, kind: type[Outcome]) -> None:
    assert [reported(None, status).kinds(row) for row in RESYNCHRONISATION] == [[kind], [Unmet], [Unmet]]


def test_auts_beside_a_response_over_a_password_or_with_a_wrong_mac_decides_nothing() -> None:
    over_res = credentials(vector(), auts=build_auts(ALGORITHM, vector().rand, SQN_MS))
    forged = credentials(vector(), b"", auts=bytes(14))
    for report in (over_res, forged):
        assert all(reported(None, 400, report).kinds(row) == [Unmet] for row in RESYNCHRONISATION)


PROOF_ROWS = ("rfc3310-3.5-01", "rfc7616-3.5-01", "rfc7616-3.5-02")


def proof(av: AuthenticationVector, method: str = "", qop: str | None = "auth", body: bytes = b"") -> str:
    """The rspauth for `credentials(av)`."""
    return digest.response(
        username=ALICE.impi,
        realm=HOME,
        password=av.xres.reveal(),
        method=method,
        uri=f"sip:{HOME}",
        nonce=nonce.encode(av.rand, av.autn),
        qop=qop,
        nc="00000001",
        cnonce="c0",
        body=body,
    )


@pytest.mark.parametrize(
    ("info", "kinds"),
    [
        (f'qop=auth, rspauth="{proof(vector())}", cnonce="c0", nc=00000001', [Held, Held, Held]),
        (f'qop="auth", rspauth="{proof(vector()).upper()}", cnonce="c0", nc="00000001"', [Observed, Held, Held]),
        (f'qop=auth-int, rspauth="{proof(vector(), qop="auth-int", body=b"b")}", cnonce="c0", nc=00000001', [Held] * 3),
        (f'rspauth="{proof(vector(), "REGISTER")}", cnonce="c0", nc=00000001', [Held, Breach, Held]),
        (f'rspauth="{proof(vector(2))}", cnonce="c0", nc=00000001', [Breach, Breach, Held]),
        (f'rspauth="{proof(vector())}", cnonce="c0", nc=1', [Held, Held, Breach]),
        ('nextnonce="abc"', [Moot, Moot, Moot]),
        ('rspauth="', [Breach, Breach, Moot]),
    ],
)
def test_the_proof_in_authentication_info(info: str, kinds: list[type[Outcome]]) -> None:
    talk = Talk().challenged(vector())
    talk.body = b"b"
    talk.register(200, f"Authentication-Info: {info}", Authorization=credentials(vector()))
    assert [talk.kinds(row) for row in PROOF_ROWS] == [[kind] for kind in kinds]


def test_the_proof_to_a_client_without_qop() -> None:
    talk = Talk().challenged(vector(), qop=None)
    info = f'Authentication-Info: rspauth="{proof(vector(), qop=None)}"'
    talk.register(200, info, Authorization=credentials(vector(), qop=None))
    assert [talk.kinds(row) for row in PROOF_ROWS] == [[Held], [Held], [Moot]]


def test_a_res_with_nul_is_no_c_string() -> None:
    av = next(av for n in count() if 0 in (av := vector(n)).xres.reveal()[1:-1])
    cut = av.xres.reveal().partition(b"\0")[0]
    right = Talk().challenged(av).register(200, Authorization=credentials(av))
    assert right.kinds("24.229-5.4.1.2.2-05") == [Held]
    wrong = Talk().challenged(av).register(403, Authorization=credentials(av, cut))
    assert wrong.kinds("24.229-5.4.1.2.3A-01") == [Held]
