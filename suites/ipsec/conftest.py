"""Both sides of Gm with their back ends, in namespaces of the tests; skipped in words where the rights are missing."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

import pytest

from imsreg.net.ipsec.log import EventLog
from imsreg.net.ipsec.rights import userspace_hindrance
from imsreg.net.ipsec.userspace import UserspaceBackend
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address, Transport

HERE = str(Path(__file__).parent)

if HERE not in sys.path:
    sys.path.insert(0, HERE)

from wire import P_CSCF_HOSTS, UE_HOSTS, Wire  # noqa: E402

CK, IK = Secret(bytes(range(16))), Secret(bytes(range(16, 32)))
PATIENCE = 10.0
USUAL = Transform("hmac-sha-1-96", "aes-cbc")


@pytest.fixture(scope="session")
def rights() -> None:
    """Skips a test on a host where the userspace back end cannot run."""
    if (reason := userspace_hindrance()) is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def wire(rights: None) -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


class Gm:
    """The two ends, each with a back end and the records of it. Sets of associations have the UE's side first."""

    def __init__(self, wire: Wire, seed: int = 6) -> None:
        self.wire = wire
        self.random = Random(seed)
        self.ue_log, self.p_cscf_log = EventLog(), EventLog()
        self._undo = ExitStack()
        self.ue = self._backend(list(UE_HOSTS.values()), self.ue_log, wire.ue)
        self.p_cscf = self._backend(list(P_CSCF_HOSTS.values()), self.p_cscf_log, wire.p_cscf)

    def new_set(self, transform: Transform = USUAL, family: str = "IPv4") -> SaSet:
        """A set that is installed nowhere."""
        ue = Endpoints.draw(self.random)
        p_cscf = Endpoints.draw(self.random, avoid=ue.spis)
        return SaSet(UE_HOSTS[family], P_CSCF_HOSTS[family], ue, p_cscf, expand(transform, CK, IK))

    def installed(self, *arguments: object) -> SaSet:
        """A set that is installed at both ends."""
        sas = self.new_set(*arguments)
        self.ue.install(sas, Side.UE)
        self.p_cscf.install(sas, Side.P_CSCF)
        return sas

    def bound(self, backend: UserspaceBackend, address: Address, transport: Transport) -> socket.socket:
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
        sender = self.bound(here, association.source, "UDP")
        return sender, self.bound(there, association.destination, "UDP")

    def close(self) -> None:
        """Both ends are gone afterwards."""
        self._undo.close()

    def _backend(self, hosts: list[str], log: EventLog, outside: object) -> UserspaceBackend:
        made = UserspaceBackend(hosts, log, Random(self.random.random()), outside=outside)
        self._undo.callback(made.close)
        return made


@pytest.fixture
def gm(wire: Wire) -> Iterator[Gm]:
    wire.frames()  # what an earlier test has left is none of this one's
    made = Gm(wire)
    yield made
    made.close()


@pytest.fixture
def stream_echo() -> Iterator[Callable[[socket.socket], None]]:
    """Serves one connection of a bound socket: every octet goes back."""
    threads: list[threading.Thread] = []

    def serve(bound: socket.socket) -> None:
        bound.listen()

        def run() -> None:
            with suppress(OSError), bound.accept()[0] as stream:
                stream.settimeout(PATIENCE)
                while data := stream.recv(65_536):
                    stream.sendall(data)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()

    yield serve
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
