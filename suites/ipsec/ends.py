"""The two ends of Gm, each with a back end of either kind."""

from __future__ import annotations

import itertools
import socket
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

from wire import P_CSCF_HOSTS, UE_HOSTS, Wire

from imsreg.net.ipsec.backend import IpsecBackend
from imsreg.net.ipsec.kernel import KernelBackend
from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.userspace import UserspaceBackend
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import Direction, EspEvent, Fate
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address, Transport

CK, IK = Secret(bytes(range(16))), Secret(bytes(range(16, 32)))
PATIENCE = 10.0
USUAL = Transform("hmac-sha-1-96", "aes-cbc")

_seeds = itertools.count(6)  # the kernel keeps the ports of a connection for a minute: no two tests have the same


class Ends:
    """`ue` and `p_cscf` are the back ends, `ue_log` and `p_cscf_log` their records.

    `ledgers` is the directory where back ends of the kernel note what they hold.
    """

    def __init__(self, wire: Wire, ledgers: Path, ue: str = "userspace", p_cscf: str = "userspace") -> None:
        self.wire = wire
        self.random = Random(next(_seeds))
        self.ue_log, self.p_cscf_log = EventLog(), EventLog()
        self._ledgers = ledgers
        self._undo = ExitStack()
        self.ue = self.backend(ue, UE_HOSTS.values(), self.ue_log, wire.ue)
        self.p_cscf = self.backend(p_cscf, P_CSCF_HOSTS.values(), self.p_cscf_log, wire.p_cscf)

    def backend(self, kind, hosts, log: EventLog, outside: Namespace) -> IpsecBackend:
        """A further back end, closed with the ends."""
        made: IpsecBackend
        if kind == "kernel":
            made = KernelBackend([*hosts], log, outside=outside, ledgers=self._ledgers)
        else:
            made = UserspaceBackend([*hosts], log, Random(self.random.random()), outside=outside)
        self._undo.callback(made.close)
        return made

    def new_set(self, transform: Transform = USUAL, family: str = "IPv4") -> SaSet:
        """A set that is installed nowhere."""
        ue = Endpoints.draw(self.random)
        p_cscf = Endpoints.draw(self.random, avoid=ue.spis)
        return SaSet(UE_HOSTS[family], P_CSCF_HOSTS[family], ue, p_cscf, expand(transform, CK, IK))

    def installed(self, transform: Transform = USUAL, family: str = "IPv4") -> SaSet:
        """A set that is installed at both ends."""
        sas = self.new_set(transform, family)
        self.ue.install(sas, Side.UE)
        self.p_cscf.install(sas, Side.P_CSCF)
        return sas

    def bound(self, backend: IpsecBackend, address: Address, transport: Transport) -> socket.socket:
        """A protected socket that waits, PATIENCE at most."""
        opened = self._undo.enter_context(backend.open_socket(address, transport))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.settimeout(PATIENCE)
        return opened

    def udp_pair(self, association: Association) -> tuple[socket.socket, socket.socket]:
        """A sending and a receiving socket at the ends of an association."""
        up = association.name.sender is Side.UE
        here, there = (self.ue, self.p_cscf) if up else (self.p_cscf, self.ue)
        return self.bound(here, association.source, "UDP"), self.bound(there, association.destination, "UDP")

    def passes(self, association: Association, data: bytes) -> bool:
        """Whether a datagram comes out at the other end as it was."""
        sender, receiver = self.udp_pair(association)
        with sender, receiver:
            sender.sendto(data, association.destination)
            return receiver.recvfrom(65_535)[0] == data

    def echoes(self, association: Association, data: bytes) -> bool:
        """Whether a connection from the source of an association brings back what is sent on it."""
        up = association.name.sender is Side.UE
        here, there = (self.ue, self.p_cscf) if up else (self.p_cscf, self.ue)
        with (
            self.bound(there, association.destination, "TCP") as listener,
            self.bound(here, association.source, "TCP") as stream,
        ):
            listener.listen()
            thread = threading.Thread(target=_echo, args=(listener,), daemon=True)
            thread.start()
            stream.connect(association.destination)
            stream.sendall(data)
            back = b""
            while len(back) < len(data) and (piece := stream.recv(65_536)):
                back += piece
        thread.join(PATIENCE)
        return back == data

    def close(self) -> None:
        """Both ends are gone afterwards."""
        self._undo.close()


def first(log: EventLog, direction: Direction, *fates: Fate) -> EspEvent:
    """The first record of a direction with one of the fates."""
    event = log.wait(lambda event: event.direction is direction and event.fate in fates, PATIENCE)
    assert event is not None
    return event


def _echo(listener: socket.socket) -> None:
    with suppress(OSError), listener.accept()[0] as stream:
        stream.settimeout(PATIENCE)
        while data := stream.recv(65_536):
            stream.sendall(data)
