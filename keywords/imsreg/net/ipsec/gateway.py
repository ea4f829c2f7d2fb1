"""The thread between the private namespace and the network: ESP on the one side, plain packets on the other."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from imsreg.net.ipsec.clear import ClearWatch
from imsreg.net.ipsec.database import Database, Inward, Outward, inner_of, inner_on
from imsreg.net.ipsec.raw import EspSocket
from imsreg.secagree.events import Direction, EspEvent, Fate, Observer
from imsreg.secagree.ip import IpPacket, PacketTooLong, parse_ip

_BATCH = 64  # packets in one go: neither direction keeps the other waiting
_LARGEST = 65_600


class Gateway:
    """Protects what sockets inside send, and delivers to them what proves authentic; everything else ends here.

    `lock` guards the database between this thread and those that install, remove and inject.
    """

    def __init__(
        self,
        tun: int,
        sockets: Sequence[EspSocket],
        watch: ClearWatch,
        database: Database,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lock = threading.Lock()
        self._tun = tun
        self._sockets: Mapping[bytes, EspSocket] = {each.octets: each for each in sockets}
        self._watch = watch
        self._database = database
        self._observer = observer
        self._clock = clock
        self._woken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._stopping = False
        self._kept: Exception | None = None
        self._thread = threading.Thread(target=self._main, name="imsreg-esp", daemon=True)
        self._thread.start()

    def send(self, source: bytes, destination: bytes, esp: bytes) -> Fate:
        """Send an ESP packet from one of our addresses."""
        try:
            self._sockets[source].send(destination, esp)
        except OSError as error:
            return Fate.TOO_LONG if error.errno == errno.EMSGSIZE else Fate.NOT_SENT
        return Fate.OK

    def stop(self) -> None:
        """End the thread and wait for it. The files stay open: they are their owner's.

        Raises the first exception that ended the service of a file or came from the observer, if one did.
        """
        self._stopping = True
        with suppress(BlockingIOError):
            os.write(self._wake, b"\0")
        self._thread.join()
        os.close(self._woken)
        os.close(self._wake)
        if self._kept is not None:
            raise self._kept

    def _main(self) -> None:
        services: dict[int, Callable[[], None]] = {
            self._tun: self._serve_tun,
            self._watch.fileno(): self._serve_watch,
            **{each.fileno(): partial(self._serve_network, each) for each in self._sockets.values()},
        }
        poll = select.poll()
        for descriptor in (self._woken, *services):
            poll.register(descriptor, select.POLLIN)
        while not self._stopping:
            for descriptor, _ in poll.poll():
                if descriptor in services and not self._served(services[descriptor]):
                    poll.unregister(descriptor)

    def _served(self, service: Callable[[], None]) -> bool:
        """Serve a file until it has nothing more. False if it never will again: nothing passes then."""
        try:
            for _ in range(_BATCH):
                service()
        except BlockingIOError:
            return True
        except OSError as error:
            self._kept = self._kept or error
            return False
        except Exception as error:  # the observer's: it belongs to whoever closes the back end
            self._kept = self._kept or error
        return True

    def _serve_tun(self) -> None:
        packet = parse_ip(os.read(self._tun, _LARGEST))
        if packet is not None and not _is_multicast(packet.destination):  # that is the kernel's own, such as MLD
            self._from_tun(packet)

    def _serve_network(self, socket: EspSocket) -> None:
        arrived = socket.receive()
        if arrived is not None:
            self._from_network(arrived)

    def _serve_watch(self) -> None:
        seen = self._watch.receive()
        if seen is not None and not self._database.protected.isdisjoint(seen.inner[1:]):
            self._observer(EspEvent(self._clock(), seen.direction, Fate.CLEAR, inner=seen.inner))

    def _from_tun(self, packet: IpPacket) -> None:
        with self.lock:
            made = self._database.outward(packet)
        fate = self.send(packet.source, packet.destination, made.esp) if made.fate is Fate.OK else made.fate
        self._observer(self._outgoing(made, fate, packet))

    def _from_network(self, arrived: IpPacket) -> None:
        with self.lock:
            held = self._database.inward(arrived)
        self._observer(self._incoming(held))
        if held.packet is not None:
            with suppress(OSError, PacketTooLong):  # the device's queue is full: lost, as datagrams may be
                os.write(self._tun, held.packet.with_payload(held.packet.protocol, held.packet.payload))

    def _outgoing(self, made: Outward, fate: Fate, packet: IpPacket) -> EspEvent:
        if made.sender is None:
            return EspEvent(self._clock(), Direction.OUT, fate, inner=inner_of(packet))
        association = made.sender.association
        inner = inner_on(association, packet)
        return EspEvent(self._clock(), Direction.OUT, fate, association.spi, made.sequence, association, inner)

    def _incoming(self, held: Inward) -> EspEvent:
        now = self._clock()
        return EspEvent(now, Direction.IN, held.fate, held.spi, held.sequence, held.association, held.inner)


def _is_multicast(destination: bytes) -> bool:
    return destination[0] == 0xFF if len(destination) == 16 else 224 <= destination[0] < 240
