"""The sets of associations that a P-CSCF has with its UEs: how one is made, and how it goes (TS 33.203 7.1, 7.4)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from random import Random

from imsreg.registration.gm_arrival import Arrival, Held, user_of
from imsreg.registration.gm_registered import RegisteredIdentities
from imsreg.registration.seams import Seams
from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.changes import Change, SaChange
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.listing import read_list
from imsreg.secagree.negotiation import Agreement
from imsreg.secagree.phases import Phase
from imsreg.secagree.sets import LiveSet, SaSets
from imsreg.secagree.table import Contact, SaTable
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.security import SecurityClient

PORTS = range(20_000, 60_000)
"""Where the P-CSCF's protected ports are drawn from."""
MAX_SETS = 1024
"""Sets that live at the same time, so that forged first REGISTERs cannot fill the memory."""


class GmSets:
    """Every set of every contact by the labels of its inbound associations, and what the link is to do with it."""

    def __init__(self, random: Random, seams: Seams, await_auth: float) -> None:
        self.table = SaTable(await_auth=await_auth)
        self.sa_changes: deque[SaChange] = deque()
        self._random = random
        self._seam = seams
        self._held: dict[str, Held] = {}
        self._identities: dict[Contact, RegisteredIdentities] = {}  # of each contact with sets

    @property
    def full(self) -> bool:
        """Whether there is no room for another set of anybody."""
        return len(self._held) >= MAX_SETS * 2

    def of(self, contact: Contact) -> SaSets:
        """The sets of a contact that has some."""
        return self.table.sets(contact)

    def contacts(self, impi: str | None = None) -> tuple[Contact, ...]:
        """Who has sets, of one private identity or of all, oldest first."""
        return tuple(each for each in self._identities if impi in (None, each.impi))

    def identities(self, contact: Contact) -> RegisteredIdentities | None:
        """What a contact has registered over its sets; None if it has none."""
        return self._identities.get(contact)

    def on(self, flow: Flow) -> Held | None:
        """The set on which a packet came."""
        return None if flow.association is None else self._held.get(flow.association)

    def held(self) -> Iterator[Held]:
        """Every set once, oldest first."""
        return iter(dict.fromkeys(self._held.values()))

    def is_protected(self, local: Address) -> bool:
        """Whether an address is one where messages come on associations only."""
        return any(each.destination == local for held in self.held() for each in held.live.sas.inbound(Side.P_CSCF))

    def before(self, contact: Contact) -> Endpoints | None:
        """The P-CSCF's SPIs and ports in the newest set of a contact that was ever established."""
        live = self._ever_established(contact)
        return live[-1].sas.p_cscf if live else None

    def others(self, contact: Contact) -> frozenset[int]:
        """The SPIs that a new set of a contact may not have. Those of a temporary one are free: it gives way."""
        return frozenset(spi for each in self._ever_established(contact) for spi in each.sas.spis)

    def draw(self, arrival: Arrival) -> Endpoints:
        """SPIs and ports for a new set.

        Where an older set lives the server port stays and the rest changes (TS 33.203 7.4.0). Nothing that another set
        has on this side, no SPI of the UE's.
        """
        before, local = self.before(arrival.contact), arrival.flow.local
        client = read_list(arrival.request.values("Security-Client"), SecurityClient).entries
        spis = {*self.table.spis, *(spi for each in client for spi in (each.spi_c, each.spi_s) if spi is not None)}
        own = [held.live.sas.p_cscf for held in self.held() if held.live.sas.p_cscf_host == local.host]
        ports = {local.port, *(port for each in own for port in (each.port_c, each.port_s))}
        while True:
            if before is None:
                drawn = Endpoints.draw(self._random, avoid=spis, ports=PORTS)
                new = {drawn.port_c, drawn.port_s}
            else:
                drawn = before.renewed(self._random, ports=PORTS, avoid=spis)
                new = {drawn.port_c}
            if ports.isdisjoint(new):
                return self._seam("p-cscf.endpoints", drawn, before=before)

    def begin(self, contact: Contact, ue: Endpoints | None) -> str | None:
        """A challenge begins: why no set with these parameters of the UE can come of it (TS 33.203 7.1 rule 3).

        What earlier challenges of the user have made and nobody has answered goes (7.4.2a), wherever he was: one
        challenge is open at a time (6.1.2.3). `ue` is None for a challenge that makes no set.
        """
        clashes = ue is not None and self._gives_way_at(contact, ue.port_c)
        for each in self.contacts(contact.impi):
            self.of(each).begun()
            self.take_out(each)
        if ue is None:
            return None
        return "the UE has an association at this client port already" if clashes else self.table.refusal(contact, ue)

    def make(self, arrival: Arrival, sas: SaSet, nonce: str, agreement: Agreement, now: float) -> bool:
        """A challenge makes `sas`, a temporary set. False if one of its SPIs is in use."""
        held, contact = arrival.held, arrival.contact
        began_on, began = (None, None) if held is None else (held.live, arrival.flow)
        if held is not None and held is arrival.answers:
            began_on, began = held.live.began_on, held.began  # the same authentication goes on
        self._identities.setdefault(contact, RegisteredIdentities())
        try:
            live = self.of(contact).challenged(sas, now, began_on=began_on)
        except ValueError:
            self.take_out(contact)
            return False
        made = Held(contact, live, nonce, agreement, began, user_of(arrival.request))
        self._held.update({each.label: made for each in sas.inbound(Side.P_CSCF)})
        self.sa_changes.append(SaChange(Change.INSTALL, sas, Side.P_CSCF))
        self.take_out(contact)
        return True

    def take_out(self, contact: Contact) -> None:
        """Have removed what has died of a contact."""
        if contact not in self._identities:
            return
        sets = self.of(contact)
        while sets.deleted:
            sas = sets.deleted.popleft()
            if self._seam("p-cscf.remove", True, sas=sas):
                self.sa_changes.append(SaChange(Change.REMOVE, sas, Side.P_CSCF))
                for each in sas.inbound(Side.P_CSCF):
                    self._held.pop(each.label, None)
        if not sets.live:
            del self._identities[contact]

    def on_time(self, now: float) -> None:
        """Let lifetimes end."""
        for contact in self.contacts():
            self.of(contact).on_time(now)
            self.take_out(contact)
        self.table.on_time(now)  # which forgets those of whom nothing is left

    def _gives_way_at(self, contact: Contact, port_c: int) -> bool:
        """Whether the temporary set has a DL1 between the very ports of the next one: both leave at the same time."""
        if contact not in self._identities or self.before(contact) is None:
            return False  # the P-CSCF's server port will be another one
        temporary = self.of(contact).in_phase(Phase.TEMPORARY)
        return temporary is not None and temporary.sas.ue.port_c == port_c

    def _ever_established(self, contact: Contact) -> list[LiveSet]:
        if contact not in self._identities:
            return []
        return [each for each in self.of(contact).live if each.phase is not Phase.TEMPORARY]
