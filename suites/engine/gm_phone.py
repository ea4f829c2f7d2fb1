"""A UE by hand at Gm, for tests of the P-CSCF's associations: it writes its messages and takes part in no link."""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random

from imsreg.aka import digest
from imsreg.aka.nonce import decode
from imsreg.aka.sqn import SqnArray
from imsreg.aka.usim import Accepted, SyncFailure, Usim
from imsreg.identity.subscribers import Subscriber
from imsreg.registration.core import CorePolicy, ReferenceCore
from imsreg.registration.seams import Seams
from imsreg.secagree.associations import Name, SaSet, Side
from imsreg.secagree.candidates import Chosen
from imsreg.secagree.changes import Change
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.keys import expand
from imsreg.secagree.negotiation import CURRENT_TRANSFORMS, offer
from imsreg.secagree.selection import select
from imsreg.sip.draft import Draft
from imsreg.sip.flow import Address, Flow, Packet
from imsreg.sip.headers.authorization import WwwAuthenticate
from imsreg.sip.headers.security import SecurityServer
from imsreg.sip.message import Response, parse

V4 = "127.0.2.1", "127.0.3.1"
V6 = "2001:db8::2", "2001:db8::3"


def new_core(subscribers: dict[str, Subscriber], hooks: dict[str, Callable[..., object]] | None = None, **policy):
    """A reference core in mode ipsec."""
    settings = {"security": "ipsec", "home_domain": subscribers["sub01"].home_domain} | policy
    return ReferenceCore(CorePolicy(**settings), subscribers.values(), Random(7), Seams(hooks or {}))


class Phone:
    """One UE with its USIM. `now` is the clock of both sides; what the core has done to its sets is in `changes`."""

    def __init__(self, core, subscriber, *, transport="UDP", hosts=V4, seed=1) -> None:
        self.core, self.subscriber, self.transport = core, subscriber, transport
        self.core_host, self.host = hosts
        self.random = Random(seed)
        self.own = Endpoints.draw(self.random)
        self.usim = Usim(subscriber.algorithm, subscriber.res_length, SqnArray())
        self.now = 0.0
        self.call_id = f"call-{seed}"
        self.cseq = 0
        self.connections: dict[str | None, int] = {}
        self.server: tuple[str, ...] = ()
        self.nonce = self.response = ""
        self.clear = self._flow(Address(self.core_host, 5060), Address(self.host, 5060), None)
        self.changes = []
        self.went: list[Flow] = []

    def _flow(self, local: Address, remote: Address, label: str | None) -> Flow:
        connection = self.connections.setdefault(label, 3 + len(self.connections)) if self.transport == "TCP" else 0
        return Flow(self.transport, local, remote, connection, label)

    def on(self, sas: SaSet, name: Name = Name.UL1) -> Flow:
        """An association of ours as the flow of what arrives at the core."""
        each = sas.named(name)
        return self._flow(each.destination, each.source, each.label)

    def back(self, sas: SaSet) -> Flow:
        """Where the core answers a request that came on UL1 of a set."""
        if self.transport == "TCP":
            return Flow("TCP", *self._ends(sas), self.connections[sas.named(Name.UL1).label], sas.named(Name.DL1).label)
        each = sas.named(Name.DL2)
        return Flow("UDP", each.source, each.destination, 0, each.label)

    @staticmethod
    def _ends(sas: SaSet) -> tuple[Address, Address]:
        return sas.named(Name.UL1).destination, sas.named(Name.UL1).source

    def send(self, message, flow) -> list[Response]:
        """Send one message; what comes back. Where it went is in `went`."""
        octets = message if isinstance(message, bytes) else message.to_bytes()
        self.core.receive(Packet(flow, octets), self.now)
        return self.collect()

    def collect(self) -> list[Response]:
        """What the core has ready."""
        self.changes += self.core.sa_changes
        self.core.sa_changes.clear()
        packets = list(self.core.outbox)
        self.core.outbox.clear()
        self.went = [packet.flow for packet in packets]
        return [parse(packet.data, stream=packet.flow.reliable) for packet in packets]

    def advance(self, seconds: float) -> None:
        """Let time pass with every timer of the core."""
        end = self.now + seconds
        while (due := self.core.next_deadline()) is not None and due <= end:
            self.now = max(due, self.now)
            self.core.on_time(self.now)
        self.now = end
        self.collect()

    @property
    def installed(self) -> list[SaSet]:
        """What the core has on its link."""
        kept = []
        for change in self.changes:
            assert change.side is Side.P_CSCF
            if change.change is Change.INSTALL:
                kept.append(change.sas)
            else:
                kept.remove(change.sas)
        return kept

    def register(self, **headers: object) -> Draft:
        """A REGISTER; header fields by name (`_` for `-`), None leaves one out."""
        self.cseq += 1
        sub = self.subscriber
        home, port = f"sip:{sub.home_domain}", self.own.port_s
        host = f"[{self.host}]" if ":" in self.host else self.host
        credentials = (
            f'Digest username="{sub.impi}", realm="{sub.home_domain}", nonce="{self.nonce}", uri="{home}", '
            f'response="{self.response}"'
        )
        branch = f"z9hG4bK{self.random.randbytes(6).hex()}"
        fields = {
            "Via": f"SIP/2.0/{self.transport} {host}:{port};branch={branch};rport",
            "Max-Forwards": "70",
            "From": f"<{sub.impus[0]}>;tag=1",
            "To": f"<{sub.impus[0]}>",
            "Call-ID": self.call_id,
            "CSeq": f"{self.cseq} REGISTER",
            "Contact": f"<sip:{host}:{port}>",
            "Expires": "600000",
            "Authorization": credentials,
            "Require": "sec-agree",
            "Proxy-Require": "sec-agree",
            "Supported": "path",
            "Security-Client": ", ".join(offer(self.own, CURRENT_TRANSFORMS)),
            "Security-Verify": ", ".join(self.server) or None,
        }
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        draft = Draft.request("REGISTER", home)
        for name, value in fields.items():
            if value is not None:
                draft.add(name, value)
        return draft.add("Content-Length", 0)

    def subscribe(self, sas: SaSet, *, tag: str | None = None, route: str | None = None, **headers: object) -> Draft:
        """A SUBSCRIBE to the reg event on an established set; `tag` and `route` are those of its dialog."""
        here, impu = sas.named(Name.UL1).destination, self.subscriber.impus[0]
        home = f"sip:orig@scscf.{self.subscriber.home_domain}:5060"
        transport = ";transport=tcp" if self.transport == "TCP" else ""
        own = sas.named(Name.DL2).destination
        fields = {
            "Route": route or f"<sip:{here};lr>, <{home};lr>",
            "To": f"<{impu}>" if tag is None else f"<{impu}>;tag={tag}",
            "CSeq": f"{self.cseq + 1} SUBSCRIBE",
            "Call-ID": f"watch-{self.call_id}",
            "Contact": f"<sip:{own}{transport}>",
            "Event": "reg",
            "Authorization": None,
            "Security-Client": None,
        }
        draft = self.register(**(fields | headers))
        draft.start_line = f"SUBSCRIBE {impu if tag is None else home} SIP/2.0"
        return draft

    def renew(self) -> Endpoints:
        """New SPIs and a new client port for the next offer."""
        self.own = self.own.renewed(self.random)
        return self.own

    def made(self, challenge: Response) -> SaSet:
        """The set that a 401 makes at the UE: what it announces, and keys of the USIM. Keeps what it is answered by."""
        assert challenge.status == 401
        authenticate = challenge.get(WwwAuthenticate)
        assert authenticate.ck is None, "CK at the UE"
        assert authenticate.ik is None, "IK at the UE"
        nonce = decode(authenticate.nonce)
        outcome = self.usim.authenticate(nonce.rand, nonce.autn)
        assert isinstance(outcome, Accepted)
        self.server = challenge.values("Security-Server")
        chosen = select([SecurityServer.parse(v) for v in self.server], CURRENT_TRANSFORMS, self.own)
        assert isinstance(chosen, Chosen), chosen
        self.nonce = authenticate.nonce
        self.response = digest.response(
            username=self.subscriber.impi,
            realm=authenticate.realm,
            password=outcome.res.reveal(),
            method="REGISTER",
            uri=f"sip:{self.subscriber.home_domain}",
            nonce=self.nonce,
            algorithm="AKAv1-MD5",
            qop=None,
            nc=None,
            cnonce=None,
        )
        keys = expand(chosen.transform, outcome.ck, outcome.ik)
        return SaSet(self.host, self.core_host, self.own, chosen.peer, keys)

    def auts(self, challenge: Response) -> str:
        """The report of a synchronisation failure."""
        nonce = challenge.get(WwwAuthenticate).nonce
        outcome = self.usim.out_of_step(decode(nonce).rand)
        assert isinstance(outcome, SyncFailure)
        return (
            f'Digest username="{self.subscriber.impi}", realm="{self.subscriber.home_domain}", nonce="{nonce}", '
            f'uri="sip:{self.subscriber.home_domain}", response="", auts="{base64.b64encode(outcome.auts).decode()}"'
        )

    def challenged(self, flow: Flow | None = None, **headers: object) -> SaSet:
        """A REGISTER that is challenged where it came from, in the clear unless `flow` is given; the set of that."""
        if flow is None:
            self.nonce = self.response = ""
            self.server = ()
        (response,) = self.send(self.register(**headers), flow or self.clear)
        return self.made(response)

    def registered(self, flow: Flow | None = None, **headers: object) -> SaSet:
        """A whole registration; the established set."""
        sas = self.challenged(flow, **headers)
        (response,) = self.send(self.register(**headers), self.on(sas))
        assert response.status == 200
        assert self.went == [self.back(sas)]
        return sas
