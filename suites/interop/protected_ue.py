"""A UE of a few lines that registers over ESP: messages and sec-agree by hand, link and back end of the package."""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from random import Random

from plain_ue import TIMEOUT, USIM_SECONDS, Message, answer, initial

from imsreg.net.egress import EgressGate
from imsreg.net.ipsec.link import IpsecLink
from imsreg.net.ipsec.namespace import Namespace
from imsreg.secagree.associations import Name, SaSet, Side
from imsreg.secagree.candidates import Chosen
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import EspEvent
from imsreg.secagree.flows import flow_on
from imsreg.secagree.keys import expand
from imsreg.secagree.listing import read_list
from imsreg.secagree.negotiation import offer
from imsreg.secagree.selection import select
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure
from imsreg.sip.headers.security import SecurityServer

SIP_PORT = 5060
MAKERS = {"userspace": IpsecLink.userspace, "kernel": IpsecLink.kernel}


class _Node:
    """What came, and what is to go out."""

    def __init__(self) -> None:
        self.outbox: deque[Packet] = deque()
        self.sa_changes: deque[SaChange] = deque()
        self.received: list[tuple[Flow, Message]] = []
        self.failures: list[TransportFailure] = []
        self._pieces: dict[int, bytes] = {}

    def receive(self, packet: Packet, now: float) -> None:
        octets = self._pieces.pop(packet.flow.connection, b"") + packet.data
        head, end, rest = octets.partition(b"\r\n\r\n")
        if not end:
            self._pieces[packet.flow.connection] = octets
            return
        self.received.append((packet.flow, Message(head)))
        if rest and packet.flow.reliable:
            self.receive(Packet(packet.flow, rest), now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        self.failures.append(failure)

    def on_time(self, now: float) -> None:
        raise AssertionError("no deadline was named")

    def next_deadline(self) -> float | None:
        return None


class ProtectedUe:
    """At `host` in the namespace `outside`, on its way to `pcscf`. Registers in the clear first, and then over ESP."""

    def __init__(
        self,
        outside: Namespace,
        host: str,
        pcscf: str,
        domain: str,
        impi: str,
        impu: str,
        transport: Transport,
        backend: str = "userspace",
    ) -> None:
        self.impi, self.impu, self.domain, self.transport = impi, impu, domain, transport
        self.sas: SaSet | None = None
        self.events: list[EspEvent] = []
        self._random = Random(host)
        self._own = Address.of(host, SIP_PORT)
        self._pcscf = Address.of(pcscf, SIP_PORT)
        self.ends = Endpoints.draw(self._random)
        self._cseq = 0
        self._node = _Node()
        gate = EgressGate([ipaddress.ip_network(pcscf)])
        self._link = MAKERS[backend](gate, [host], self._random, outside=outside)
        self._link.observe(self.events.append)
        self._link.attach(self._node, self._own, ["UDP", "TCP"])

    def challenged(self, offered: list[Transform]) -> tuple[Flow, Message]:
        """The answer to a REGISTER in the clear that offers these combinations."""
        flow = Flow(self.transport, self._own, self._pcscf)
        return self._register(flow, SIP_PORT, initial(self.impi, self.domain), self._offer(offered))

    def agree(self, challenge: Message, offered: list[Transform], ck: Secret, ik: Secret) -> Chosen:
        """Make the associations that the 401 announces."""
        announced = read_list(challenge.all("Security-Server"), SecurityServer)
        chosen = select(announced.entries, offered, self.ends)
        assert isinstance(chosen, Chosen), chosen
        keys = expand(chosen.transform, ck, ik)
        self.sas = SaSet(self._own.host, self._pcscf.host, self.ends, chosen.peer, keys)
        change = SaChange(Change.INSTALL, self.sas, Side.UE)
        self._link.call(lambda: self._node.sa_changes.append(change))
        return chosen

    def answered(
        self, challenge: Message, offered: list[Transform], res: bytes, expires: int = 600_000
    ) -> tuple[Flow, Message]:
        """The answer to the REGISTER on UL1 that answers the challenge."""
        assert self.sas is not None
        time.sleep(USIM_SECONDS)
        verify = [f"Security-Verify: {value}" for value in challenge.all("Security-Server")]
        flow = flow_on(self.sas.named(Name.UL1), self.transport)
        authorization = answer(challenge, self.impi, self.domain, res)
        return self._register(flow, self.ends.port_s, authorization, [*self._offer(offered), *verify], expires)

    def close(self) -> None:
        """Close sockets and associations."""
        self._link.close()

    def _offer(self, offered: list[Transform]) -> list[str]:
        return [f"Security-Client: {value}" for value in offer(self.ends, offered)]

    def _register(
        self, flow: Flow, port: int, authorization: str, security: list[str], expires: int = 600_000
    ) -> tuple[Flow, Message]:
        self._cseq += 1
        sent_by = Address(self._own.host, port)
        user = self.impu.removeprefix("sip:").partition("@")[0]
        lines = [
            f"REGISTER sip:{self.domain} SIP/2.0",
            f"Via: SIP/2.0/{self.transport} {sent_by};branch=z9hG4bK{self._cseq}.{self._own.host.replace(':', '-')}",
            "Max-Forwards: 70",
            f"From: <{self.impu}>;tag=t{self._cseq}",
            f"To: <{self.impu}>",
            f"Call-ID: register@{self._own.host}",
            f"CSeq: {self._cseq} REGISTER",
            f"Contact: <sip:{user}@{sent_by}>;expires={expires}",
            "Supported: path",
            "Require: sec-agree",
            "Proxy-Require: sec-agree",
            *security,
            f"Authorization: Digest {authorization}",
            "Content-Length: 0",
        ]
        data = "\r\n".join([*lines, "", ""]).encode()
        node, before = self._node, len(self._node.received)
        self._link.call(lambda: node.outbox.append(Packet(flow, data)))

        def done() -> bool:
            return bool(node.failures) or any(m.status >= 200 for _, m in node.received[before:])

        assert self._link.wait(done, TIMEOUT), f"no answer; {[str(event) for event in self.events]}"
        assert not node.failures, node.failures
        return node.received[-1]
