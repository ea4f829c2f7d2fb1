"""ESP without the kernel's: a private namespace whose only way out is a TUN device, and raw sockets outside.

        outside: the real addresses          inside: the same addresses, one device
    unprotected sockets, raw protocol 50  <- gateway -> TUN <-> protected sockets

The kernel's own UDP and TCP run inside. When the gateway ends, so does the device, and with it the only route: what
was to be protected cannot leave in the clear. Namespace and device have no life beyond this process, so that nothing is
left behind when it is killed.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from random import Random

from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.clear import ClearWatch
from imsreg.net.ipsec.database import Database
from imsreg.net.ipsec.gateway import Gateway
from imsreg.net.ipsec.injection import Injection, injection
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.raw import EspSocket, send_clear
from imsreg.net.ipsec.recording import injected
from imsreg.net.ipsec.tun import MSS, open_tun
from imsreg.net.sockaddr import open_socket
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.events import EspEvent, Fate, Fault, Observer
from imsreg.sip.flow import Address, Transport


class UserspaceBackend:
    """An `IpsecBackend` of our own making, which can also break each rule.

    `hosts` are this side's addresses; an interface of `outside` (None: the caller's namespace) must have them.
    `random` makes the IVs, `clock` the times of the records. Raises OSError where the system refuses: `probe` tells
    why.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        observer: Observer,
        random: Random,
        *,
        outside: Namespace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts = frozenset(Address.of(host, 0).host for host in hosts)
        self._observer = observer
        self._clock = clock
        self._database = Database(random)
        self._closing = threading.Lock()
        with ExitStack() as undo:
            self._outside = undo.enter_context(Namespace.duplicate(outside) if outside else Namespace.current())
            self._inside = undo.enter_context(Namespace.create())
            tun = open_tun(self._inside, sorted(self._hosts))
            undo.callback(os.close, tun)
            with self._outside.entered():
                sockets = [EspSocket(host) for host in sorted(self._hosts)]
                for each in sockets:
                    undo.callback(each.close)
                watch = ClearWatch()
            undo.callback(watch.close)
            gateway = Gateway(tun, sockets, watch, self._database, observer, clock)
            undo.callback(gateway.stop)
            self._gateway = gateway
            self._undo = undo.pop_all()

    @property
    def inside(self) -> Namespace:
        """The private namespace, for whatever else is to have no other way out."""
        return self._inside

    def install(self, sas: SaSet, side: Side) -> None:
        """See `IpsecBackend`."""
        host = sas.ue_host if side is Side.UE else sas.p_cscf_host
        if host not in self._hosts:
            raise BackendError(f"{host} is none of this side's addresses, {', '.join(sorted(self._hosts))}")
        with self._gateway.lock:
            self._database.add(sas, side)

    def remove(self, sas: SaSet) -> None:
        """See `IpsecBackend`. What still comes on its associations is known for that of deleted ones."""
        self._gateway.catch_up(lambda: self._database.remove(sas))

    def catch_up(self) -> None:
        """See `IpsecBackend`."""
        self._gateway.catch_up(lambda: None)

    def open_socket(self, address: Address, transport: Transport) -> socket.socket:
        """See `IpsecBackend`."""
        with self._inside.entered():
            opened = open_socket(address, transport)
        if transport == "TCP":
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, MSS)
        return opened

    def inject(self, association: Association, fault: Fault, data: bytes = b"") -> EspEvent:
        """Send a datagram with `data` on an association, wrong on purpose; its record, which the observer gets, too.

        Raises BackendError if the association is not installed for sending, or nothing has been sent to repeat.
        """
        with self._gateway.lock:
            made = injection(self._database, self._database.sender(association), fault, data)
        fate = self._send(association, made)
        event = injected(self._clock(), association, fault, made, fate)
        self._observer(event)
        return event

    def close(self) -> None:
        """See `IpsecBackend`. Raises what the observer has raised, if anything."""
        with self._closing:
            self._undo.close()

    def _send(self, association: Association, made: Injection) -> Fate:
        source, destination, *_ = association.selector
        if made.protocol == PROTOCOL:
            return self._gateway.send(source, destination, made.payload)
        self._gateway.expect_clear(made.payload)
        try:
            with self._outside.entered():
                send_clear(source, destination, made.protocol, made.payload)
        except OSError:
            return Fate.NOT_SENT
        return Fate.OK
