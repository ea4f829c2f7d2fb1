"""Transcripts of a UE under test, written by hand: what no reference UE would send, and what it would."""

from __future__ import annotations

import base64
from dataclasses import replace

from imsreg.aka import digest, nonce
from imsreg.aka.milenage import Milenage
from imsreg.aka.sqn import join
from imsreg.aka.vector import AuthenticationVector, build_auts, generate
from imsreg.identity.subscribers import Subscriber
from imsreg.secret import Secret
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow
from imsreg.sip.message import Request, parse
from imsreg.sip.reginfo import RegContact, Reginfo, RegistrationInfo, build_reginfo
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Outcome
from imsreg.verdict.profile_schema import SecurityMode
from imsreg.verdict.view import View

UE = Address("127.0.2.1", 5062)
P_CSCF = Address("127.0.1.1", 5060)
UDP = Flow("UDP", P_CSCF, UE)
TCP = Flow("TCP", P_CSCF, UE, 1)

HOME = "home.example"
IMPU = f"sip:alice@{HOME}"
CONTACT = f"<sip:u@{UE}>"
ALGORITHM = Milenage(Secret(bytes(16)), Secret(bytes(16)))
ALICE = Subscriber(
    name="alice",
    imsi="001010000000001",
    mnc_digits=2,
    impi=f"alice@{HOME}",
    home_domain=HOME,
    impus=(IMPU, "tel:+15550100"),
    barred=(),
    algorithm=ALGORITHM,
    res_length=8,
    amf=b"\x80\x00",
    sqn=0,
)
BOB = replace(ALICE, name="bob", impi=ALICE.impi, algorithm=None, password=Secret(b"secret"))
"""The same identities with a password."""

SERVER = "ipsec-3gpp; q=0.5; alg=hmac-sha-1-96; ealg=null; spi-c=1001; spi-s=1002; port-c=6001; port-s=6002"
CLIENT = "ipsec-3gpp; alg=hmac-sha-1-96; ealg=null; spi-c=2001; spi-s=2002; port-c=7001; port-s=7002"
NEW_CLIENT = "ipsec-3gpp; alg=hmac-sha-1-96; ealg=null; spi-c=3001; spi-s=3002; port-c=8001; port-s=7002"

NONE: dict[str, str | None] = {}


def vector(number: int = 1, *, seq: int | None = None) -> AuthenticationVector:
    """A vector with a RAND and an SQN of its own for each number."""
    return generate(
        ALGORITHM, number.to_bytes(16), join(number if seq is None else seq, 0), ALICE.amf, ALICE.res_length
    )


def with_wrong_mac(av: AuthenticationVector) -> AuthenticationVector:
    """The same with a MAC that no key of ours gives."""
    return replace(av, autn=av.autn[:-1] + bytes([av.autn[-1] ^ 1]))


def nonce_of(av: AuthenticationVector, data: bytes = b"") -> str:
    """The nonce that carries it."""
    return nonce.encode(av.rand, av.autn, data)


def digest_params(text: dict[str, str | None]) -> str:
    """A Digest header value; parameters as the wire has them, None leaves one out."""
    return "Digest " + ", ".join(f"{name}={value}" for name, value in text.items() if value is not None)


def empty(**changes: str | None) -> str:
    """Authorization of an initial REGISTER, right but for `changes`."""
    params: dict[str, str | None] = {
        "username": f'"{ALICE.impi}"',
        "realm": f'"{HOME}"',
        "nonce": '""',
        "uri": f'"sip:{HOME}"',
        "response": '""',
    }
    return digest_params(params | changes)


def challenge(av: AuthenticationVector, data: bytes = b"", **changes: str | None) -> str:
    """WWW-Authenticate with this vector, right but for `changes`."""
    params: dict[str, str | None] = {
        "realm": f'"{HOME}"',
        "nonce": f'"{nonce_of(av, data)}"',
        "algorithm": "AKAv1-MD5",
        "qop": '"auth"',
        "opaque": '"o"',
    }
    return digest_params(params | changes)


def credentials(
    av: AuthenticationVector,
    password: bytes | None = None,
    *,
    data: bytes = b"",
    count: int = 1,
    qop: str | None = "auth",
    algorithm: str = "AKAv1-MD5",
    realm: str = HOME,
    changes: dict[str, str | None] = NONE,
) -> str:
    """Authorization that answers `challenge(av)`: over XRES or another password, right but for `changes`."""
    value, nc = nonce_of(av, data), f"{count:08x}"
    counted = {"nc": nc, "cnonce": "c0"} if qop is not None else {}
    response = digest.response(
        username=ALICE.impi,
        realm=realm,
        password=av.xres.reveal() if password is None else password,
        method="REGISTER",
        uri=f"sip:{HOME}",
        nonce=value,
        algorithm=algorithm,
        qop=qop,
        **counted,
    )
    params: dict[str, str | None] = {
        "username": f'"{ALICE.impi}"',
        "realm": f'"{realm}"',
        "nonce": f'"{value}"',
        "uri": f'"sip:{HOME}"',
        "response": f'"{response}"',
        "algorithm": algorithm,
        "opaque": '"o"',
    }
    if qop is not None:
        params |= {"qop": qop, "nc": nc, "cnonce": '"c0"'}
    return digest_params(params | changes)


def mac_failure(av: AuthenticationVector, **changes: str | None) -> str:
    """Authorization that reports a wrong MAC."""
    left_out = {"qop": None, "nc": None, "cnonce": None}
    return credentials(av, b"", changes={"response": '""', **left_out, **changes})


def sync_failure(av: AuthenticationVector, sqn_ms: int, **changes: str | None) -> str:
    """Authorization with auts for an SQN_MS, and the digest over the empty password."""
    auts = base64.b64encode(build_auts(ALGORITHM, av.rand, sqn_ms)).decode()
    return credentials(av, b"", changes={"auts": f'"{auts}"', **changes})


class Forged:
    """A transcript in the making. Requests of the UE are right but for what a test changes."""

    def __init__(self, *, security: SecurityMode = "none", subscriber: Subscriber = ALICE, flow: Flow = UDP) -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self.now = 0.0
        self.flow = flow
        self.cseq = 0
        self.call_id = "one"
        self.client = CLIENT
        self.verify: str | None = None
        self.security = security
        self.facts = Facts(
            home_domain=HOME, security=security, release=14, subscribers={ALICE.impi: subscriber}, role="ue"
        )
        self._branches = 0
        self._last: Request | None = None

    def sends(self, method: str = "REGISTER", uri: str = f"sip:{HOME}", **headers: str | None) -> Forged:
        """A request of the UE. None leaves a header field out; `branch` and `rport` are those of its Via."""
        self.cseq += 1
        self._branches += 1
        branch = headers.pop("branch", None) or f"z9hG4bK{self._branches}"
        rport = headers.pop("rport", ";rport") or ""
        request = (
            Draft.request(method, uri)
            .add("Via", f"SIP/2.0/{self.flow.transport} {UE};branch={branch}{rport}")
            .add("Max-Forwards", 70)
            .add("From", f"<{IMPU}>;tag=1")
            .add("To", f"<{IMPU}>")
            .add("Call-ID", self.call_id)
            .add("CSeq", f"{self.cseq} {method}")
        )
        if method == "REGISTER":
            request.add("Contact", CONTACT).add("Expires", 600000).add("Supported", "path, sec-agree")
            request.add("Authorization", empty())
            if self.security != "none":
                request.add("Require", "sec-agree").add("Proxy-Require", "sec-agree")
                request.add("Security-Client", self.client)
                if self.verify is not None:
                    request.add("Security-Verify", self.verify)
        for name, value in headers.items():
            long = name.replace("_", "-")
            _ = request.remove(long) if value is None else request.set(long, value)
        return self._sent_by_ue(request.to_bytes())

    def repeats(self, *offsets: float) -> Forged:
        """The last request again, so many seconds after it was sent first."""
        assert self._last is not None
        begun = self.now
        for offset in offsets:
            self.transcript.record(False, self.flow, self._last.raw, begun + offset)
            self.now = begun + offset
        return self

    def gets(self, status: int, *lines: str, body: bytes = b"") -> Forged:
        """The response to the last request, with these header fields and this body."""
        assert self._last is not None
        response = Draft.response(status)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            response.add(name, self._last.value(name) or "")
        for line in lines:
            response.add(*line.split(": ", 1))
        response.body = body
        self.transcript.record(True, self.flow, response.to_bytes(), self.now)
        return self

    def told(self, action: str) -> Forged:
        """The tester tells the UE what to do."""
        self.transcript.note(f"the UE is told to {action}", self.now)
        return self

    def passes(self, seconds: float) -> Forged:
        """The tester lets time pass."""
        self.transcript.note(f"{seconds:g} s pass", self.now, kind="clock")
        self.now += seconds
        return self

    def challenged(self, av: AuthenticationVector, data: bytes = b"", **changes: str | None) -> Forged:
        """A 401 with a right challenge but for `changes`; with the security agreement also with Security-Server."""
        lines = [f"WWW-Authenticate: {challenge(av, data, **changes)}"]
        if self.security != "none":
            lines.append(f"Security-Server: {SERVER}")
            self.verify = SERVER
        return self.gets(401, *lines)

    def ok(self, expires: int | None = 600000, *lines: str) -> Forged:
        """A 200 that grants the UE's contact so much; None: it says nothing about it."""
        contact = () if expires is None else (f"Contact: {CONTACT};expires={expires}",)
        return self.gets(200, *contact, *lines)

    def registered(self, av: AuthenticationVector, expires: int = 600000, *lines: str) -> Forged:
        """A whole registration, challenge and all."""
        return self.sends().challenged(av).sends(Authorization=credentials(av)).ok(expires, *lines)

    def subscribes(self, status: int = 200, **headers: str | None) -> Forged:
        """A SUBSCRIBE to the registration state, and its response."""
        usual: dict[str, str | None] = {
            "Call_ID": "subscription",
            "Event": "reg",
            "Expires": "600000",
            "Accept": "application/reginfo+xml",
            "Route": f"<sip:{P_CSCF};lr>",
        }
        uri = headers.pop("uri", None) or IMPU
        cseq = self.cseq
        self.sends("SUBSCRIBE", uri, **(usual | headers))
        self.cseq = cseq
        return self.gets(status) if status else self

    def notified(
        self, event: str, *, state: str = "terminated", status: int = 200, body: bytes | None = None, **headers: str
    ) -> Forged:
        """A NOTIFY that says what became of the UE's contact, or has this body, and the UE's response (0: none)."""
        self._branches += 1
        contact = RegContact("c", state, event, CONTACT.strip("<>"))
        document = Reginfo(0, "full", (RegistrationInfo(IMPU, "r", "active", (contact,)),))
        notify = (
            Draft.request("NOTIFY", CONTACT.strip("<>"))
            .add("Via", f"SIP/2.0/{self.flow.transport} {P_CSCF};branch=z9hG4bKn{self._branches}")
            .add("Max-Forwards", 70)
            .add("From", f"<{IMPU}>;tag=2")
            .add("To", f"<{IMPU}>;tag=1")
            .add("Call-ID", "subscription")
            .add("CSeq", f"{self._branches} NOTIFY")
            .add("Event", "reg")
            .add("Subscription-State", "active")
            .add("Content-Type", "application/reginfo+xml")
        )
        notify.body = build_reginfo(document) if body is None else body
        for name, value in headers.items():
            notify.set(name.replace("_", "-"), value)
        raw = notify.to_bytes()
        self.transcript.record(True, self.flow, raw, self.now)
        if status:
            response = Draft.response(status)
            for name in ("Via", "From", "To", "Call-ID", "CSeq"):
                response.add(name, parse(raw).value(name) or "")
            self.transcript.record(False, self.flow, response.to_bytes(), self.now)
        return self

    def rule(self, row: str) -> list[Outcome]:
        """What the checks of a row yield."""
        view = View(self.transcript, self.facts)
        return [outcome for check in checks_of(row) for outcome in check(view)]

    def kinds(self, row: str) -> set[type[Outcome]]:
        """The same by kind alone."""
        return {type(outcome) for outcome in self.rule(row)}

    def _sent_by_ue(self, raw: bytes) -> Forged:
        self.transcript.record(False, self.flow, raw, self.now)
        message = parse(raw)
        assert isinstance(message, Request)
        self._last = message
        return self
