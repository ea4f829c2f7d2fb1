"""What the userspace back end adds to a round trip, against the same round trip in the clear in the same run.

    python suites/benchmarks/esp_round_trip.py [--rounds N]

700 octets over UDP and back, over a wire between two namespaces, with AES-CBC and HMAC-SHA-1-96 at both ends, each end
in a process of its own. Limit: the medians are less than 0.5 ms apart. The other transforms are printed without one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import statistics
import sys
import time
from contextlib import ExitStack, closing
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.rights import userspace_hindrance
from imsreg.net.ipsec.userspace import UserspaceBackend
from imsreg.secagree.associations import Association, Name, SaSet, Side
from imsreg.secagree.endpoints import Endpoints
from imsreg.secagree.events import EspEvent
from imsreg.secagree.keys import expand
from imsreg.secagree.transforms import ALL_TRANSFORMS, Transform
from imsreg.secret import Secret
from imsreg.sip.flow import Address

sys.path.insert(0, str(Path(__file__).parents[1] / "ipsec"))

from wire import P_CSCF_HOSTS, UE_HOSTS, Wire

LIMIT = 0.5e-3
MEASURED = Transform("hmac-sha-1-96", "aes-cbc")
DATA = bytes(700)
CLEAR_PORT = 5060
KEY = Secret(bytes(range(16)))


def new_sets() -> dict[Transform, SaSet]:
    """One set for each transform, the same in both processes."""
    random = Random(1)
    made = {}
    for transform in ALL_TRANSFORMS:
        ue = Endpoints.draw(random)
        p_cscf = Endpoints.draw(random, avoid=ue.spis)
        made[transform] = SaSet(UE_HOSTS["IPv4"], P_CSCF_HOSTS["IPv4"], ue, p_cscf, expand(transform, KEY, KEY))
    return made


def ignore(event: EspEvent) -> None:
    """No observer of the benchmark's: records are made and dropped."""


def echo(outside: Namespace, ready: Connection) -> None:
    """The other end: sends every datagram back, in the clear and protected, until it is killed."""
    with ExitStack() as undo:
        backend = undo.enter_context(
            closing(UserspaceBackend([P_CSCF_HOSTS["IPv4"]], ignore, Random(2), outside=outside))
        )
        ports = []
        for sas in new_sets().values():
            backend.install(sas, Side.P_CSCF)
            up = sas.named(Name.UL1)
            ports.append(bound(undo.enter_context(backend.open_socket(up.destination, "UDP")), up.destination))
        with outside.entered():
            clear = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        ports.append(bound(clear, Address(P_CSCF_HOSTS["IPv4"], CLEAR_PORT)))
        serve(ports, ready)


def serve(ports: list[socket.socket], ready: Connection) -> None:
    """Answer at one port after the other, as the connection names them."""
    ready.send("ready")
    while True:
        port = ports[ready.recv()]
        ready.send("next")
        while (data := port.recvfrom(2048))[0] != b"end":
            port.sendto(*data)


def bound(opened: socket.socket, address: Address) -> socket.socket:
    """The socket, bound and waiting."""
    opened.bind(address)
    opened.settimeout(5)
    return opened


def round_trips(here: socket.socket, there: Address, count: int) -> float:
    """Median seconds of a datagram and its answer."""
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        here.sendto(DATA, there)
        here.recvfrom(2048)
        seconds.append(time.perf_counter() - began)
    here.sendto(b"end", there)
    return statistics.median(seconds)


def measure(wire: Wire, peer: Connection, rounds: int) -> tuple[float, dict[Transform, float]]:
    """The median in the clear, and with each transform."""
    with ExitStack() as undo:
        backend = undo.enter_context(closing(UserspaceBackend([UE_HOSTS["IPv4"]], ignore, Random(3), outside=wire.ue)))
        ways: list[tuple[socket.socket, Address]] = []
        for sas in new_sets().values():
            backend.install(sas, Side.UE)
            # Answered on DL1: only with its ports swapped does a datagram return to the client port.
            up: Association = sas.named(Name.UL1)
            ways.append((bound(undo.enter_context(backend.open_socket(up.source, "UDP")), up.source), up.destination))
        with wire.ue.entered():
            clear = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        ways.append((bound(clear, Address(UE_HOSTS["IPv4"], 0)), Address(P_CSCF_HOSTS["IPv4"], CLEAR_PORT)))
        medians = []
        for number, (here, there) in enumerate(ways):
            peer.send(number)
            peer.recv()
            medians.append(round_trips(here, there, rounds))
    return medians[-1], dict(zip(ALL_TRANSFORMS, medians[:-1], strict=True))


def main() -> int:
    """Print the figures; 1 if the limit is passed, 2 if it cannot be measured here."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000, help="round trips of each kind (default: 1000)")
    rounds = parser.parse_args().rounds
    if (reason := userspace_hindrance()) is not None:
        print(reason)
        return 2
    context = multiprocessing.get_context("fork")
    with closing(Wire()) as wire:
        ours, theirs = context.Pipe()
        peer = context.Process(target=echo, args=(wire.p_cscf, theirs), daemon=True)
        peer.start()
        ours.recv()
        clear, protected = measure(wire, ours, rounds)
        peer.terminate()
        peer.join()
    print(f"{'in the clear':<28} {clear * 1e3:7.3f} ms")
    for transform, seconds in protected.items():
        print(f"{'/'.join(transform):<28} {seconds * 1e3:7.3f} ms, {(seconds - clear) * 1e3:7.3f} ms added")
    added = protected[MEASURED] - clear
    print(f"{added * 1e3:.3f} ms added by {'/'.join(MEASURED)}, limit {LIMIT * 1e3:g} ms")
    return int(added >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
