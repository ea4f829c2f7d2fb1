"""Watches what the kernel protects, and makes the records of it: the kernel itself tells of no packet.

What arrives is seen before the kernel opens it, what is sent after it was sealed; the codec and the same keys say what
it holds. Both are seen before a socket has the message, so that `catch_up` finds the records of all that was received.
"""

from __future__ import annotations

import ipaddress
import os
import select
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from imsreg.net.ipsec.clear import ClearWatch
from imsreg.net.ipsec.database import Database, inner_on
from imsreg.net.ipsec.outgoing import OutgoingEsp
from imsreg.net.ipsec.raw import EspSocket
from imsreg.net.ipsec.recording import incoming
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.esp import Inbound, head_of
from imsreg.secagree.events import Direction, EspEvent, Fate, Observer
from imsreg.secagree.formats import HEAD_OCTETS

_MOST = 100_000  # packets of one socket in one go


class _Sent(NamedTuple):
    """An outbound association, and what opens the packets that the kernel has made on it."""

    association: Association
    opened: Inbound


class Watch:
    """Sees the namespace of the thread that makes it. Raises OSError without the right to.

    `lock` guards `database` between its thread and those that install and remove: `add` and `remove` want it held.
    """

    def __init__(
        self, hosts: Iterable[str], database: Database, observer: Observer, clock: Callable[[], float]
    ) -> None:
        self.lock = threading.Lock()
        self._database = database
        self._observer = observer
        self._clock = clock
        self._sent: dict[tuple[bytes, int], _Sent] = {}
        self._hosts = frozenset(hosts)
        self._stopping = self._stopped = False
        self._kept: Exception | None = None
        with ExitStack() as undo:
            self._sockets = [EspSocket(host) for host in sorted(self._hosts)]
            for each in self._sockets:
                undo.callback(each.close)
            self._outgoing, self._clear = OutgoingEsp(), ClearWatch()
            undo.callback(self._outgoing.close)
            undo.callback(self._clear.close)
            self._woken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            undo.callback(os.close, self._woken)
            undo.callback(os.close, self._wake)
            # Those that see what is sealed come first: a packet in the clear may be the answer to one of them.
            self._services: dict[int, Callable[[], None]] = {
                **{each.fileno(): partial(self._serve_arrived, each) for each in self._sockets},
                self._outgoing.fileno(): self._serve_sent,
                self._clear.fileno(): self._serve_clear,
            }
            self._thread = threading.Thread(target=self._main, name="imsreg-xfrm-watch", daemon=True)
            self._thread.start()
            self._undo = undo.pop_all()

    def add(self, sas: SaSet, side: Side) -> None:
        """Know a set. Raises BackendError if it, or one of its SPIs, is known already."""
        self._database.add(sas, side)
        for each in sas.outbound(side):
            self._sent[_key(each)] = _Sent(each, Inbound(each.spi, sas.keys))

    def remove(self, sas: SaSet, side: Side) -> None:
        """Know a set no more, once what has passed on it is told."""
        self._drain()
        self._database.remove(sas)
        for each in sas.outbound(side):
            self._sent.pop(_key(each), None)

    def catch_up(self) -> None:
        """Tell the observer of every packet that has passed so far; nothing after `stop`."""
        with self.lock:
            if not self._stopped:
                self._drain()

    def stop(self) -> None:
        """End the thread and close the sockets. Raises the first exception of the observer, or of a socket."""
        self._stopping = True
        os.write(self._wake, b"\0")
        self._thread.join()
        with self.lock:
            self._drain()
            self._stopped = True
            self._undo.close()
        if self._kept is not None:
            raise self._kept

    def _main(self) -> None:
        poll = select.poll()
        for descriptor in (self._woken, *self._services):
            poll.register(descriptor, select.POLLIN)
        while not self._stopping:
            poll.poll()
            self.catch_up()

    def _drain(self) -> None:
        for service in self._services.values():
            for _ in range(_MOST):
                try:
                    service()
                except BlockingIOError:
                    break
                except Exception as error:  # the observer's, or a device that has gone: whoever stops this learns of it
                    self._kept = self._kept or error

    def _serve_arrived(self, socket: EspSocket) -> None:
        arrived = socket.receive()
        if arrived is not None:
            held = self._database.inward(arrived)
            self._observer(incoming(self._clock(), held, arrived))

    def _serve_sent(self) -> None:
        packet = self._outgoing.receive()
        if packet is None or len(packet.payload) < HEAD_OCTETS:
            return
        spi, sequence = head_of(packet.payload)
        sent = self._sent.get((packet.destination, spi))
        if sent is None:  # of somebody else on this host
            return
        opened = sent.opened.decapsulate(packet.payload)
        inner = inner_on(sent.association, packet._replace(protocol=opened.next_header)) if opened.payload else None
        octets = packet.header + packet.payload
        self._observer(
            EspEvent(self._clock(), Direction.OUT, Fate.OK, spi, sequence, sent.association, inner, octets=octets)
        )

    def _serve_clear(self) -> None:
        seen = self._clear.receive()
        if seen is None or self._database.protected.isdisjoint(seen.inner[1:]):
            return
        source, destination = seen.inner[1:]
        if (source if seen.direction is Direction.OUT else destination).host in self._hosts:
            at = self._clock()
            self._observer(EspEvent(at, seen.direction, Fate.CLEAR, inner=seen.inner, octets=seen.octets))


def _key(association: Association) -> tuple[bytes, int]:
    return ipaddress.ip_address(association.destination.host).packed, association.spi
