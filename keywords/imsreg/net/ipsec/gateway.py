"""The thread between the private namespace and the network: ESP on the one side, plain packets on the other."""

from __future__ import annotations

import errno
import ipaddress
import os
import select
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from imsreg.net.ipsec.clear import HEAD, ClearWatch, Seen
from imsreg.net.ipsec.database import Database
from imsreg.net.ipsec.raw import EspSocket
from imsreg.net.ipsec.recording import incoming, outgoing
from imsreg.secagree.events import Direction, EspEvent, Fate, Observer
from imsreg.secagree.ip import IpPacket, PacketTooLong, parse_ip

_BATCH = 64  # packets in one go: neither direction keeps the other waiting
_LARGEST = 65_600
_LONGEST_QUEUE = 2000  # packets that wait in the device at most, and a few that come meanwhile
_MOST_EXPECTED = 4096
_ALIVE = 1.0  # seconds between looks whether the thread lives


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
        self._hosts = frozenset(str(ipaddress.ip_address(octets)) for octets in self._sockets)
        self._expected: Counter[bytes] = Counter()  # heads of packets in the clear that have a record already
        self._errands: deque[tuple[Callable[[], None], threading.Event]] = deque()
        self._services: dict[int, Callable[[], None]] = {
            tun: self._serve_tun,
            **{each.fileno(): partial(self._serve_network, each) for each in sockets},
            watch.fileno(): self._serve_watch,
        }
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

    def expect_clear(self, payload: bytes) -> None:
        """A packet in the clear that has its record already is about to leave; `payload` from the UDP header on."""
        with self.lock:
            if len(self._expected) >= _MOST_EXPECTED:
                self._expected.clear()
            self._expected[payload[:HEAD]] += 1

    def catch_up(self, errand: Callable[[], None]) -> None:
        """Run `errand` with the lock, once everything that has been sent or has arrived so far is served."""
        if not self._thread.is_alive():
            with self.lock:
                errand()
            return
        done = threading.Event()
        self._errands.append((errand, done))
        self._wake_up()
        while not done.wait(_ALIVE):
            if not self._thread.is_alive():
                raise RuntimeError("the gateway has ended meanwhile")

    def stop(self) -> None:
        """End the thread and wait for it. The files stay open: they are their owner's.

        Raises the first exception that ended the service of a file or came from the observer, if one did.
        """
        self._stopping = True
        self._wake_up()
        self._thread.join()
        os.close(self._woken)
        os.close(self._wake)
        if self._kept is not None:
            raise self._kept

    def _main(self) -> None:
        services = self._services
        poll = select.poll()
        for descriptor in (self._woken, *services):
            poll.register(descriptor, select.POLLIN)
        while not self._stopping:
            for descriptor, _ in poll.poll():
                if descriptor in services and not self._served(services[descriptor]):
                    poll.unregister(descriptor)
                elif descriptor == self._woken:
                    self._run_errands()

    def _wake_up(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._wake, b"\0")

    def _run_errands(self) -> None:
        os.read(self._woken, _LARGEST)
        if not self._errands:
            return
        waiting = [self._errands.popleft() for _ in range(len(self._errands))]
        # What a socket has sent is in the device's queue by now: an empty queue means that it is on its way.
        for service in self._services.values():
            self._exhaust(service)
        with self.lock:
            for errand, done in waiting:
                errand()
                done.set()

    def _exhaust(self, service: Callable[[], None]) -> None:
        """Serve a file until it has nothing more, for a queue's length at most."""
        for _ in range(_LONGEST_QUEUE):
            try:
                service()
            except BlockingIOError:
                return
            except OSError as error:
                self._kept = self._kept or error
                return
            except Exception as error:
                self._kept = self._kept or error

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
        if seen is not None and not self._database.protected.isdisjoint(seen.inner[1:]) and self._is_ours(seen):
            with self.lock:
                if seen.direction is Direction.OUT and _taken_from(self._expected, seen.head):
                    return
            at = self._clock()
            self._observer(EspEvent(at, seen.direction, Fate.CLEAR, inner=seen.inner, octets=seen.octets))

    def _is_ours(self, seen: Seen) -> bool:
        """Whether this side has sent or received a packet: over loopback those of others pass the watch as well."""
        _, source, destination = seen.inner
        return (source if seen.direction is Direction.OUT else destination).host in self._hosts

    def _from_tun(self, packet: IpPacket) -> None:
        with self.lock:
            made = self._database.outward(packet)
        fate = self.send(packet.source, packet.destination, made.esp) if made.fate is Fate.OK else made.fate
        self._observer(outgoing(self._clock(), made, fate, packet))

    def _from_network(self, arrived: IpPacket) -> None:
        with self.lock:
            held = self._database.inward(arrived)
        self._observer(incoming(self._clock(), held, arrived))
        if held.packet is not None:
            with suppress(OSError, PacketTooLong):  # the device's queue is full: lost, as datagrams may be
                os.write(self._tun, held.packet.with_payload(held.packet.protocol, held.packet.payload))


def _taken_from(counted: Counter[bytes], key: bytes) -> bool:
    """Whether it is in there; once for each time that it is."""
    if key not in counted:
        return False
    counted[key] -= 1
    if not counted[key]:
        del counted[key]
    return True


def _is_multicast(destination: bytes) -> bool:
    return destination[0] == 0xFF if len(destination) == 16 else 224 <= destination[0] < 240
