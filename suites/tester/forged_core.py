"""Transcripts of a core under test, written by hand: registrations, subscriptions to them, and what was notified."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from imsreg.aka.milenage import Milenage
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
from imsreg.verdict.view import View

UE = Address("127.0.1.1", 5060)
CORE = Address("127.0.2.1", 5060)
FLOW = Flow("UDP", UE, CORE)
HOME = "home.example"

ALICE_URI, ALICE_TEL, ALICE_BARRED = f"sip:alice@{HOME}", "tel:+1555", f"sip:hidden@{HOME}"
BOB_URI = f"sip:bob@{HOME}"
OWN = "sip:u@127.0.1.1:5060"
OTHER = "sip:u@127.0.1.9:5060"
BOBS = "sip:b@127.0.1.5:5060"
P_CSCF_ROUTE = f"<sip:{CORE};lr>"
SERVICE_ROUTE = f"<sip:orig@scscf.{HOME};lr>"

ALICE = Subscriber(
    name="alice",
    imsi="001010000000001",
    mnc_digits=2,
    impi=f"alice@{HOME}",
    home_domain=HOME,
    impus=(ALICE_URI, ALICE_TEL, ALICE_BARRED),
    barred=(ALICE_BARRED,),
    res_length=8,
    amf=bytes(2),
    sqn=0,
    algorithm=Milenage(Secret(bytes(16)), Secret(bytes(16))),
)
BOB = replace(ALICE, name="bob", impi=f"bob@{HOME}", impus=(BOB_URI,), barred=())


def contact(
    state: str = "active", event: str = "registered", uri: str = OWN, name: str = "c1", **more: int
) -> RegContact:
    """A contact element, that of alice's UE as it is after its registration."""
    return RegContact(name, state, event, uri, expires=more.get("expires"), retry_after=more.get("retry_after"))


def registration(
    *contacts: RegContact, aor: str = ALICE_URI, name: str | None = None, state: str = "active"
) -> RegistrationInfo:
    """A registration element; its id follows from aor."""
    return RegistrationInfo(aor, f"r-{aor}" if name is None else name, state, contacts)


def whole(*contacts: RegContact, state: str = "active") -> tuple[RegistrationInfo, ...]:
    """The registrations of alice's identities that are not barred, each with the same contacts."""
    return tuple(registration(*contacts, aor=aor, state=state) for aor in (ALICE_URI, ALICE_TEL))


class ForgedCore:
    """A transcript in the making. What the tester sends is right but for what a test changes."""

    def __init__(self, security: str = "none") -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self.now = 0.0
        self.cseq = 0
        self.notified = 0
        self.version = -1
        self.facts = Facts(HOME, security, 14, {each.impi: each for each in (ALICE, BOB)})

    def passes(self, seconds: float) -> ForgedCore:
        """The tester lets time pass, and listens."""
        self.transcript.note(f"{seconds:g} s pass", self.now, kind="clock")
        self.now += seconds
        return self

    def registers(
        self,
        contact: str | None = OWN,
        *,
        expires: int = 7200,
        listed: str | None = None,
        status: int = 200,
        user: str = "alice",
        answered: bool = True,
    ) -> ForgedCore:
        """A REGISTER and its response, which lists the contact as it was asked for, or `listed`; 0 de-registers."""
        headers = {"Contact": f"<{contact}>"} if contact is not None else {}
        headers |= {"Expires": str(expires), "Authorization": credentials(user)}
        self._send("REGISTER", f"sip:{HOME}", user, f"reg-{user}-{contact}", **headers)
        if listed is None:
            listed = f"<{contact}>;expires={expires}" if expires and contact is not None else ""
        lines = [f"Contact: {listed}"] if listed else []
        return self.gets(status, *lines, f"Service-Route: {SERVICE_ROUTE}") if answered else self

    def subscribes(
        self,
        status: int = 200,
        *lines: str,
        granted: int | None = 3600,
        to_tag: str | None = None,
        uri: str = ALICE_URI,
        user: str = "alice",
        **headers: str | None,
    ) -> ForgedCore:
        """A SUBSCRIBE for the event reg and its response (0: none); `to_tag` is the one of the SUBSCRIBE."""
        usual: dict[str, str | None] = {
            "Route": f"{P_CSCF_ROUTE}, {SERVICE_ROUTE}",
            "Contact": f"<{OWN}>",
            "Event": "reg",
            "Expires": "3600",
            "Accept": "application/reginfo+xml",
        }
        self._send("SUBSCRIBE", uri, user, "subscription", to_tag=to_tag, **(usual | headers))
        if not status:
            return self
        begun = [f"Contact: <sip:{CORE}>", f"Record-Route: {P_CSCF_ROUTE}"] if status < 300 else []
        begun += [f"Expires: {granted}"] if granted is not None and status < 300 else []
        names = {line.partition(": ")[0] for line in lines}
        return self.gets(status, *lines, *(line for line in begun if line.partition(": ")[0] not in names))

    def refreshes(self, status: int = 200, *lines: str, **headers: Any) -> ForgedCore:
        """A SUBSCRIBE in the dialog."""
        return self.subscribes(status, *lines, to_tag="n", **headers)

    def ends(self, status: int = 200, **headers: Any) -> ForgedCore:
        """A SUBSCRIBE in the dialog with Expires: 0."""
        return self.subscribes(status, to_tag="n", granted=0, Expires="0", **headers)

    def notifies(
        self,
        state: str | None = "active;expires=3600",
        *registrations: RegistrationInfo,
        document: str = "full",
        version: int | None = None,
        body: bytes | None = None,
        from_tag: str = "n",
        to_tag: str = "s",
        call_id: str = "subscription",
        cseq: int | None = None,
        event: str | None = "reg",
        kind: str | None = "application/reginfo+xml",
        answer: int = 200,
    ) -> ForgedCore:
        """A NOTIFY with the next version and CSeq, of the full state as it is after a registration; and the answer."""
        self.notified += 1
        self.version = self.version + 1 if version is None else version
        if body is None:
            told = registrations or whole(contact())
            partly = document == "partial"
            body = build_reginfo(Reginfo(self.version, "partial" if partly else "full", told))
        notify = (
            Draft.request("NOTIFY", OWN)
            .add("Via", f"SIP/2.0/UDP {CORE};branch=z9hG4bKn{self.notified}")
            .add("Max-Forwards", 70)
            .add("From", f"<{ALICE_URI}>;tag={from_tag}")
            .add("To", f"<{ALICE_URI}>;tag={to_tag}")
            .add("Call-ID", call_id)
            .add("CSeq", f"{self.notified if cseq is None else cseq} NOTIFY")
            .add("Contact", f"<sip:{CORE}>")
        )
        for name, value in (("Event", event), ("Subscription-State", state), ("Content-Type", kind if body else None)):
            if value is not None:
                notify.add(name, value)
        notify.body = body
        raw = notify.to_bytes()
        self.transcript.record(False, FLOW, raw, self.now)
        if answer:
            self._answer(raw, answer)
        return self

    def hears(self, method: str = "SUBSCRIBE", call_id: str = "subscription") -> ForgedCore:
        """A request of this Call-ID comes to the tester."""
        request = (
            Draft.request(method, OWN)
            .add("Via", f"SIP/2.0/UDP {CORE};branch=z9hG4bKback")
            .add("From", f"<{ALICE_URI}>;tag=s")
            .add("To", f"<{ALICE_URI}>")
            .add("Call-ID", call_id)
            .add("CSeq", f"1 {method}")
        )
        self.transcript.record(False, FLOW, request.to_bytes(), self.now)
        return self

    def gets(self, status: int, *lines: str) -> ForgedCore:
        """The response to the last request of the tester; the core's tag in To is "n" unless a line says otherwise."""
        last = next(e.message for e in reversed(self.transcript.entries) if e.sent and isinstance(e.message, Request))
        response = Draft.response(status)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            value = last.value(name) or ""
            response.add(name, f"{value};tag=n" if name == "To" and "tag=" not in value else value)
        for line in lines:
            name, _, value = line.partition(": ")
            _ = response.set(name, value) if name == "To" else response.add(name, value)
        self.transcript.record(False, FLOW, response.to_bytes(), self.now)
        return self

    def rule(self, row: str) -> list[Outcome]:
        """What the checks of a row yield."""
        view = View(self.transcript, self.facts)
        return [outcome for check in checks_of(row) for outcome in check(view)]

    def kinds(self, row: str) -> list[type[Outcome]]:
        """The same by kind alone, each kind once, by name."""
        return sorted({type(outcome) for outcome in self.rule(row)}, key=lambda kind: kind.__name__)

    def _send(
        self, method: str, uri: str, user: str, call_id: str, *, to_tag: str | None = None, **headers: str | None
    ) -> None:
        self.cseq += 1
        tag = f";tag={to_tag}" if to_tag is not None else ""
        record = f"<sip:{user}@{HOME}>"
        request = (
            Draft.request(method, uri)
            .add("Via", f"SIP/2.0/UDP {UE};branch=z9hG4bK{self.cseq}")
            .add("Max-Forwards", 70)
            .add("From", f"{record};tag=s")
            .add("To", f"{record if method == 'REGISTER' else f'<{uri}>'}{tag}")
            .add("Call-ID", headers.pop("Call_ID", None) or call_id)
            .add("CSeq", f"{self.cseq} {method}")
        )
        for name, value in headers.items():
            _ = request.remove(name) if value is None else request.set(name.replace("_", "-"), value)
        self.transcript.record(True, FLOW, request.to_bytes(), self.now)

    def _answer(self, raw: bytes, status: int) -> None:
        response = Draft.response(status)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            response.add(name, parse(raw).value(name) or "")
        self.transcript.record(True, FLOW, response.to_bytes(), self.now)


def credentials(user: str) -> str:
    """Authorization of a REGISTER without an answer to a challenge."""
    return f'Digest username="{user}@{HOME}", realm="{HOME}", nonce="", uri="sip:{HOME}", response=""'


def subscribed(state: str | None = "active;expires=3600", *told: RegistrationInfo, **more: Any) -> ForgedCore:
    """alice has registered and subscribed, and was notified."""
    return ForgedCore().registers().subscribes().notifies(state, *told, **more)
