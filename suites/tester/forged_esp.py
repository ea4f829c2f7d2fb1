"""Transcripts over security associations, written by hand, with either side under test."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import Literal

from forged import ALICE, HOME, IMPU, challenge, credentials, empty, vector

from imsreg.aka.vector import AuthenticationVector
from imsreg.secagree.associations import Association, Name, SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import Direction, EspEvent, Fate, Fault, Inner
from imsreg.secagree.ip import build_ip
from imsreg.secagree.keys import NO_KEY, EspKeys
from imsreg.secagree.transforms import Transform
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Transport
from imsreg.sip.message import Request, parse
from imsreg.transcript.spoiled import spoiled_note
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.checks import checks_of
from imsreg.verdict.facts import Facts
from imsreg.verdict.outcome import Outcome
from imsreg.verdict.view import View

UE_ENDS = (Endpoints(2001, 2002, 7001, 7002), Endpoints(3001, 3002, 7003, 7002), Endpoints(4001, 4002, 7004, 7002))
P_ENDS = (Endpoints(5001, 5002, 6001, 6002), Endpoints(5003, 5004, 6003, 6002), Endpoints(5005, 5006, 6005, 6002))
"""What each authentication brings, right by TS 33.203 7.4.0."""
HOSTS = {"IPv4": ("192.0.2.1", "192.0.2.2"), "IPv6": ("2001:db8::1", "2001:db8::2")}
SHA = Transform("hmac-sha-1-96", "null")
GCM = Transform("null", "aes-gcm")

Where = Literal["clear", "right"] | Association


class Secured:
    """A transcript in the making. Each side does what is right but for what a test changes.

    `sets` are those of the challenges so far; `on` of a message is an association, "clear", or where it belongs.
    """

    def __init__(
        self, dut: Side, *, transport: Transport = "UDP", family: str = "IPv4", offered: Transform = SHA
    ) -> None:
        self.transcript = Transcript("forged", 0.0, start=0.0)
        self.dut = dut
        self.transport: Transport = transport
        self.ue_host, self.p_host = HOSTS[family]
        self.transform = offered
        self.now = 0.0
        self.sets: list[SaSet] = []
        self.established: SaSet | None = None
        self.pending: SaSet | None = None
        self.began_on: SaSet | None = None
        self.call_id = "one"
        self._cseq = 0
        self._branches = 0
        self._sequence = 0
        self._last: Request | None = None
        self._last_on: Association | None = None
        role: Literal["ue", "core"] = "ue" if dut is Side.UE else "core"
        self.facts = Facts(home_domain=HOME, security="ipsec", release=14, subscribers={ALICE.impi: ALICE}, role=role)

    # What the UE sends.

    def register(
        self,
        *,
        on: Where = "right",
        ends: Endpoints | None = None,
        **headers: str | None,
    ) -> Secured:
        """A REGISTER that begins something: in the clear, or on the established set."""
        carrier = self.established.named(Name.UL1) if self.established is not None else None
        self.began_on = self.established if on != "clear" else None
        offer = ends or UE_ENDS[len(self.sets)]
        lines = {"Authorization": empty(), "Security-Client": self.entry(offer)} | _named(headers)
        return self._register(on, carrier, lines)

    def answer(self, av: AuthenticationVector | None = None, *, on: Where = "right", **headers: str | None) -> Secured:
        """The response to the last challenge, on UL1 of its set."""
        assert self._last is not None
        sas = self.pending
        given = av or vector(len(self.sets))
        lines = {
            "Authorization": credentials(given),
            "Security-Client": self._last.value("Security-Client"),
            "Security-Verify": self.server(sas) if sas is not None else None,
        }
        carrier = sas.named(Name.UL1) if sas is not None else None
        return self._register(on, carrier, lines | _named(headers))

    def request(
        self,
        method: str = "SUBSCRIBE",
        *,
        sender: Side = Side.UE,
        on: Where = "right",
        uri: str = IMPU,
        call: str = "x",
        **headers: str,
    ) -> Secured:
        """Another request, of either side, on the established set."""
        self._branches += 1
        host = self.ue_host if sender is Side.UE else self.p_host
        sent_by = Address(host, 5062 if on == "clear" else 7002)
        draft = (
            Draft.request(method, uri)
            .add("Via", f"SIP/2.0/{self.transport} {sent_by};branch=z9hG4bK{self._branches}")
            .add("Max-Forwards", 70)
            .add("From", f"<{IMPU}>;tag=1")
            .add("To", f"<{IMPU}>")
            .add("Call-ID", call)
            .add("CSeq", f"{self._branches} {method}")
        )
        for name, value in headers.items():
            draft.add(name, value)
        client = Name.UL1 if sender is Side.UE else Name.DL2
        carrier = self.established.named(client) if self.established is not None else None
        return self._asked(sender, draft.to_bytes(), on, carrier)

    def again(self) -> Secured:
        """The last request once more, where it was before."""
        assert self._last is not None
        self._record(Side.UE, self._last.raw, self._last_on)
        return self

    # What the network sends.

    def challenged(
        self,
        av: AuthenticationVector | None = None,
        *,
        on: Where = "right",
        ends: Endpoints | None = None,
        transform: Transform | None = None,
        lists: str | None = None,
    ) -> Secured:
        """A 401 with Security-Server, which makes a set."""
        theirs = ends or P_ENDS[len(self.sets)]
        assert self._last is not None
        listed = self.entry(theirs, transform, q=True) if lists is None else lists
        self.respond(401, f"WWW-Authenticate: {challenge(av or vector(len(self.sets) + 1))}", *_server(listed), on=on)
        ours = _ends(self._last.value("Security-Client") or "")
        keys = EspKeys(transform or self.transform, NO_KEY, NO_KEY, NO_KEY)
        self.pending = SaSet(self.ue_host, self.p_host, ours, theirs, keys)
        self.sets.append(self.pending)
        return self

    def ok(self, expires: int = 3600, *, on: Where = "right") -> Secured:
        """A 200 that grants the contact so much; it establishes the set that the request was on."""
        assert self._last is not None
        contact = self._last.value("Contact") or ""
        self.respond(200, f"Contact: {contact.partition(';')[0]};expires={expires}", on=on)
        if self.pending is not None and self._last_on in self.pending.associations:
            self.established, self.pending = self.pending, None
        return self

    def respond(self, status: int, *lines: str, on: Where = "right", sender: Side | None = None) -> Secured:
        """The response to the last request, on the set of that."""
        assert self._last is not None
        side = sender or Side.P_CSCF
        response = Draft.response(status)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            response.add(name, self._last.value(name) or "")
        for line in lines:
            response.add(*line.split(": ", 1))
        self._record(side, response.to_bytes(), self._place(on, self._reply(side)))
        return self

    def unasked(self, sender: Side, branch: str = "") -> Secured:
        """A response on the established set that answers no message here."""
        assert self._last is not None
        kept, self._branches = self._last, self._branches + 1
        raw = self._last.raw.replace(b"CSeq: ", b"CSeq: 77")
        raw = re.sub(rb"branch=z9hG4bK\w+", f"branch=z9hG4bK{branch or f'x{self._branches}'}".encode(), raw)
        message = parse(raw)
        assert isinstance(message, Request)
        self._last = message
        self.respond(200, sender=sender)
        self._last = kept
        return self

    def arrives(self, raw: bytes, association: Association | None) -> Secured:
        """Octets of the side under test."""
        self._record(self.dut, raw, association)
        return self

    def registered(self) -> Secured:
        """A whole authentication, challenge and all."""
        return self.register().challenged().answer().ok()

    # What happens beside it.

    def packet(
        self,
        association: Association | None,
        fate: Fate = Fate.OK,
        *,
        injected: Fault | None = None,
        sequence: int | None = None,
        inner: Inner | None = None,
        octets: bytes = b"",
        out: bool = False,
    ) -> Secured:
        """A record alone. The direction is that of the association, from the tester's side."""
        self._sequence += 1
        if association is not None:
            sent = (association.name.sender is Side.UE) == (self.dut is Side.P_CSCF)
            inner = inner or Inner(self.transport, association.source, association.destination)
        else:
            sent = out
        event = EspEvent(
            self.now,
            Direction.OUT if sent else Direction.IN,
            fate,
            association.spi if association is not None else 0,
            self._sequence if sequence is None else sequence,
            association,
            inner,
            injected,
            octets,
        )
        self.transcript.record_esp(event)
        return self

    def spoils(self, branch: str) -> Secured:
        """The next packet that is wrong on purpose has a request with this branch in it."""
        self.transcript.note(
            spoiled_note(b"OPTIONS sip:u SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%b\r\n\r\n" % branch.encode()),
            self.now,
        )
        return self

    def clear(
        self, source: Address, destination: Address, octets: bytes | None = None, transport: Transport = "UDP"
    ) -> Secured:
        """A packet in the clear that arrives; without octets a response over UDP."""
        shown = datagram(source, destination, b"SIP/2.0 200 OK\r\n") if octets is None else octets
        return self.packet(None, Fate.CLEAR, inner=Inner(transport, source, destination), octets=shown)

    def passes(self, seconds: float) -> Secured:
        """Time goes by, in which the tester listens."""
        self.transcript.note(f"{seconds:g} s pass", self.now, kind="clock")
        self.now += seconds
        return self

    def told(self, action: str) -> Secured:
        """The UE is told what to do."""
        self.transcript.note(f"the UE is told to {action}", self.now)
        return self

    def rule(self, row: str) -> list[Outcome]:
        """What the checks of a row yield."""
        view = View(self.transcript, self.facts)
        return [outcome for check in checks_of(row) for outcome in check(view)]

    def kinds(self, row: str) -> set[type[Outcome]]:
        """The same by kind alone."""
        return {type(outcome) for outcome in self.rule(row)}

    # Words of the wire.

    def entry(self, ends: Endpoints, transform: Transform | None = None, *, q: bool = False) -> str:
        """An entry of a Security header."""
        t = transform or self.transform
        return f"ipsec-3gpp;{'q=0.5;' if q else ''} alg={t.alg}; ealg={t.ealg}; {ends.parameters()}"

    def server(self, sas: SaSet) -> str:
        """The Security-Server entry of a set."""
        return self.entry(sas.p_cscf, sas.keys.transform, q=True)

    @property
    def ue(self) -> Address:
        """Where the UE sends from in the clear."""
        return Address(self.ue_host, 5062)

    @property
    def p_cscf(self) -> Address:
        """Where the P-CSCF listens in the clear."""
        return Address(self.p_host, 5060)

    def contact(self, port: int = 7002) -> str:
        """The contact at the protected server port."""
        return f"<sip:u@{Address(self.ue_host, port)}>"

    def _register(self, on: Where, carrier: Association | None, headers: dict[str, str | None]) -> Secured:
        self._cseq += 1
        self._branches += 1
        sent_by = self.ue if self._place(on, carrier) is None else Address(self.ue_host, 7002)
        draft = (
            Draft.request("REGISTER", f"sip:{HOME}")
            .add("Via", f"SIP/2.0/{self.transport} {sent_by};branch=z9hG4bK{self._branches}")
            .add("Max-Forwards", 70)
            .add("From", f"<{IMPU}>;tag=1")
            .add("To", f"<{IMPU}>")
            .add("Call-ID", self.call_id)
            .add("CSeq", f"{self._cseq} REGISTER")
            .add("Contact", self.contact())
            .add("Expires", 600000)
            .add("Require", "sec-agree")
            .add("Proxy-Require", "sec-agree")
        )
        for name, value in headers.items():
            _ = draft.remove(name) if value is None else draft.set(name, value)
        return self._asked(Side.UE, draft.to_bytes(), on, carrier)

    def _asked(self, sender: Side, raw: bytes, on: Where, carrier: Association | None) -> Secured:
        message = parse(raw)
        assert isinstance(message, Request)
        self._last, self._last_on = message, self._place(on, carrier)
        self._record(sender, raw, self._last_on)
        return self

    def _place(self, on: Where, right: Association | None) -> Association | None:
        if on == "clear":
            return None
        return on if isinstance(on, Association) else right

    def _reply(self, side: Side) -> Association | None:
        """Where the response to the last request belongs."""
        sas = next((s for s in self.sets if self._last_on in s.associations), None)
        return sas.carrier(side, self.transport, response=True) if sas is not None else None

    def _record(self, sender: Side, raw: bytes, association: Association | None) -> None:
        ends = (self.ue, self.p_cscf) if sender is Side.UE else (self.p_cscf, self.ue)
        source, destination = (association.source, association.destination) if association is not None else ends
        sent = sender is not self.dut
        local, remote = (source, destination) if sent else (destination, source)
        label = association.label if association is not None else None
        flow = Flow(self.transport, local, remote, int(self.transport == "TCP"), label)
        if association is not None and not sent:
            self.packet(association)
        self.transcript.record(sent, flow, raw, self.now)
        if association is not None and sent:
            self.packet(association)


def _named(headers: dict[str, str | None]) -> dict[str, str | None]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _server(listed: str) -> tuple[str, ...]:
    return (f"Security-Server: {listed}",) if listed else ()


def _ends(entry: str) -> Endpoints:
    values = dict(part.strip().split("=") for part in entry.split(",")[0].split(";") if "=" in part)
    return Endpoints(int(values["spi-c"]), int(values["spi-s"]), int(values["port-c"]), int(values["port-s"]))


def datagram(source: Address, destination: Address, data: bytes) -> bytes:
    """An IP packet with a datagram."""
    ends = [ipaddress.ip_address(a.host).packed for a in (source, destination)]
    header = b"".join(n.to_bytes(2, "big") for n in (source.port, destination.port, 8 + len(data), 0))
    return build_ip(ends[0], ends[1], 17, header + data)


def renumbered(ends: Endpoints, **changes: int) -> Endpoints:
    """The same with other numbers."""
    return replace(ends, **changes)
