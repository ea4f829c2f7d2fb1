"""The reference core: P-CSCF, S-CSCF and HSS as one node at Gm, wired by Mw inside."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from imsreg.identity.subscribers import Subscriber
from imsreg.registration.hss import Hss, Refused
from imsreg.registration.p_cscf import AccessPolicy, PCscf
from imsreg.registration.s_cscf import RegistrarPolicy, SCscf
from imsreg.registration.seams import Seams
from imsreg.sip.errors import UriError
from imsreg.sip.flow import Address, Flow, Packet, TransportFailure
from imsreg.sip.uri import Uri

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.changes import SaChange
    from imsreg.secagree.ends import Ends

P_CSCF_MW = Address("192.0.2.1", 5060)
S_CSCF_MW = Address("192.0.2.2", 5060)
"""Mw addresses: names inside the node, never bound to a socket, and out of a range that no host has (RFC 5737)."""


@dataclass(frozen=True, kw_only=True)
class CorePolicy(AccessPolicy, RegistrarPolicy):
    """What the operator of the reference core sets, for all of its elements."""

    home_domain: str


class ReferenceCore:
    """A whole IMS core as one node. `random` makes every RAND, tag and branch: a seed repeats a run."""

    def __init__(
        self, policy: CorePolicy, subscribers: Iterable[Subscriber], random: Random, seams: Seams | None = None
    ) -> None:
        self.seams = seams or Seams()
        self.policy = policy
        self.outbox: deque[Packet] = deque()
        self.hss = Hss(subscribers, random, self.seams)
        self._s_cscf = SCscf(
            f"sip:orig@scscf.{policy.home_domain}:{S_CSCF_MW.port}",
            policy,
            self.hss,
            random,
            self.seams,
            protected=policy.security == "ipsec",
        )
        self._p_cscf = PCscf(
            policy,
            Flow("TCP", P_CSCF_MW, S_CSCF_MW, connection=1),
            policy.home_domain,
            random,
            self.seams,
        )

    @property
    def sa_changes(self) -> deque[SaChange]:
        """Sets of associations to be installed and removed at Gm: none but in mode ipsec."""
        return self._p_cscf.sa_changes

    @property
    def esp_ends(self) -> Ends:
        """What makes the ends of its associations where the link lets it."""
        # Of no use to a run without associations.
        from imsreg.registration.esp_seams import SeamedEnds

        return SeamedEnds(self.seams, "p-cscf")

    def receive(self, packet: Packet, now: float) -> None:
        """A packet at Gm."""
        self._p_cscf.receive(packet, now)
        self._pass_on(now)

    def fail(self, failure: TransportFailure, now: float) -> None:
        """The link lost a packet or a connection at Gm."""
        self._p_cscf.fail(failure, now)
        self._pass_on(now)

    def on_time(self, now: float) -> None:
        """Let the timers of both elements run."""
        self._s_cscf.on_time(now)
        self._p_cscf.on_time(now)
        self._pass_on(now)

    def next_deadline(self) -> float | None:
        """The earlier of both elements' deadlines."""
        deadlines = [d for d in (self._p_cscf.next_deadline(), self._s_cscf.next_deadline()) if d is not None]
        return min(deadlines, default=None)

    def bindings(self, impu: str, now: float) -> tuple[str, ...]:
        """The contacts that are bound to a public identity, and to the rest of its implicit set, as Contact values."""
        try:
            record = Uri.parse(impu).address_of_record()
            impi = self.hss.private_identity(record)
            implicit_set = self.hss.authorise(impi or "", record)
        except (UriError, Refused):
            return ()
        return tuple(str(binding.contact) for binding in self._s_cscf.bindings(implicit_set, now))

    def _pass_on(self, now: float) -> None:
        """Carry Mw packets across until both sides are quiet; what is for Gm goes to the outbox."""
        while self._p_cscf.outbox or self._s_cscf.outbox:
            while self._p_cscf.outbox:
                packet = self._p_cscf.outbox.popleft()
                if packet.flow.local == P_CSCF_MW:
                    self._s_cscf.receive(_across(packet), now)
                else:
                    self.outbox.extend(self.seams("p-cscf.sent", [packet]))
            while self._s_cscf.outbox:
                self._p_cscf.receive(_across(self._s_cscf.outbox.popleft()), now)


def _across(packet: Packet) -> Packet:
    flow = packet.flow
    return replace(packet, flow=replace(flow, local=flow.remote, remote=flow.local))
