"""What a link and a node owe each other."""

from __future__ import annotations

import ipaddress
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, runtime_checkable

from imsreg.errors import ImsRegError, InputError
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure

if TYPE_CHECKING:
    # Of no use to a run without associations.
    from imsreg.secagree.associations import Association
    from imsreg.secagree.changes import SaChange
    from imsreg.secagree.events import EspEvent, Fault, Observer

T = TypeVar("T")


class LinkError(ImsRegError):
    """The link cannot go on: it is closed, or its nodes keep each other busy without end."""


class Node(Protocol):
    """A sans-IO element on a link. All four methods run on the thread that owns the nodes, one at a time.

    The link empties `outbox` after each of them. `now` is the link's time in seconds. A node may be attached at several
    addresses (one per family, protected ports); `packet.flow.local` tells where a packet came in.
    """

    @property
    def outbox(self) -> deque[Packet]:
        """What the node wants sent, oldest first."""

    def receive(self, packet: Packet, now: float) -> None:
        """Take a datagram, or the next piece of a TCP stream, whose flow then names the connection (> 0)."""

    def fail(self, failure: TransportFailure, now: float) -> None:
        """Learn that a packet was not delivered, or that a connection ended.

        The failure carries the flow of the packet as the node sent it (TCP: `connection` 0 while no connection was
        established), or the connection's own flow once it is established.
        """

    def on_time(self, now: float) -> None:
        """Do what is due. `next_deadline()` is later than `now` afterwards, or None."""

    def next_deadline(self) -> float | None:
        """The link time at which `on_time` wants to be called, None if never."""


@runtime_checkable
class SecuredNode(Node, Protocol):
    """A node with security associations. Its link empties `sa_changes` whenever it empties `outbox`.

    Sets are installed before the packets leave, and removed after that; with the node's last set, and when it is
    detached, nothing of it is left. A set that cannot be had is not there: what was to be sent on it becomes a
    TransportFailure of kind "denied" with the reason.
    """

    @property
    def sa_changes(self) -> deque[SaChange]:
        """What the node wants installed and removed, oldest first."""


class SaChanges(NamedTuple):
    """What is to happen to sets around the packets of one call.

    `first` are removals that cannot wait for the packets: a set that is to be installed is between the same ports.
    """

    first: list[SaChange]
    before: list[SaChange]
    after: list[SaChange]


def take_changes(node: SecuredNode) -> SaChanges:
    """Empty a node's `sa_changes`. A set that it wants removed and then installed again is left alone."""
    # Of no use to a run without associations.
    from imsreg.secagree.changes import Change

    taken = SaChanges([], [], [])
    while node.sa_changes:
        change = node.sa_changes.popleft()
        if change.change is Change.REMOVE:
            taken.after.append(change)
        elif same := [each for each in taken.after if each.sas is change.sas]:
            taken.after.remove(same[0])
        else:
            taken.before.append(change)
    new = [change.sas for change in taken.before]
    pairs = {pair for sas in new for pair in sas.pairs}
    in_the_way = [c for c in taken.after if c.sas.pairs & pairs and not any(c.sas is sas for sas in new)]
    after = [change for change in taken.after if change not in in_the_way]
    return SaChanges(in_the_way, taken.before, after)


class Link(Protocol):
    """Carries packets between nodes and the network, and gives them the time.

    TCP (RFC 3261 18): a packet on a flow with `connection` 0 takes the node's open connection from `flow.local.host`
    to `flow.remote`, and a new one if there is none; packets wait in order while it is being established. A packet on a
    numbered connection that is gone becomes a failure of kind "closed", and so does one from an address at which its
    node is not attached (any more). A flow that names an association never shares a connection with one in the clear.
    """

    def now(self) -> float:
        """Seconds on a clock that never steps back and that `advance` moves."""

    def attach(self, node: Node, address: Address, transports: Sequence[Transport]) -> Address:
        """Bind `address` over UDP, listen there over TCP, or both. Port 0 takes a port that is free for all of them.

        Returns the bound address. Raises InputError if the address cannot be had, with the remedy.
        """

    def detach(self, node: Node) -> None:
        """Send what is in the node's outbox, then close its sockets and connections at all its addresses."""

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the thread that owns the nodes and return its result, or raise what it raises."""

    def wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Serve the nodes until `condition()` is true or `timeout` seconds of link time are over.

        The condition is looked at before the first event and after each one, on the thread that owns the nodes.
        Returns whether it became true.
        """

    def advance(self, seconds: float, progress: Callable[[float], None] | None = None) -> None:
        """Let `seconds` pass, serving every timer that comes due, in order.

        `progress(remaining seconds)` is called once a second on a link that really waits, never on another.
        """

    def close(self) -> None:
        """Detach every node and give back everything. Safe to call twice."""


class SecuredLink(Link, Protocol):
    """A link whose nodes may have security associations.

    A node is attached at its own protected ports as long as a set of it has them. A flow with an association
    (`Association.label`) between these ports and the other side's is protected by it, or lost, never sent in the clear.
    What arrives names the inbound association that it came on.
    """

    def observe(self, observer: Observer | None) -> None:
        """Have every record of a packet told to `observer`, in place of the one before; None: to nobody.

        The records are those of the nodes that were attached by this object: both directions, seen from them. It is
        called on the thread that owns the nodes, and before a message that came in the packet reaches its node. Times
        are the link's. A DUT on the same in-memory network is attached by `MemoryLink.far_end()`, a link with an
        observer of its own.
        """

    def inject(self, association: Association, fault: Fault, data: bytes = b"") -> EspEvent:
        """Send a datagram with `data` on an installed outbound association, wrong on purpose; the record of it.

        The observer has been told when this returns. May be called from any thread, and by a node. Raises BackendError
        if the association is not installed for sending, nothing has been sent that could be repeated, or the back end
        cannot; EgressDenied for a destination that is out of bounds.
        """


def require_duration(seconds: float) -> float:
    """`seconds`, or ValueError if it is no finite span of time."""
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"a finite number of seconds, 0 or more, not {seconds!r}")
    return seconds


def require_local(address: Address, transports: Sequence[Transport]) -> None:
    """Raise InputError for a name, a wildcard address or an impossible port, ValueError for no transport at all.

    A flow's local address is what responses and Via name, so a node is attached at addresses proper.
    """
    if not transports:
        raise ValueError(f"no transport named for {address}")
    try:
        host = ipaddress.ip_address(address.host)
    except ValueError:
        raise InputError(str(address), "address", "is no IP address", "give the address, not a name") from None
    if host.is_unspecified:
        raise InputError(str(address), "address", "stands for every local address", "name one address per family")
    if not 0 <= address.port <= 65_535:
        raise InputError(str(address), "port", "is not between 0 and 65535", "0 takes a free one")


def undeliverable(flow: Flow) -> str | None:
    """Why no network can carry a packet on this flow (a DUT can have a node send anywhere), or None."""
    try:
        version = ipaddress.ip_address(flow.remote.host).version
    except ValueError:
        return "the destination is no IP address"
    if not 1 <= flow.remote.port <= 65_535:
        return f"port {flow.remote.port} does not exist"
    if f"IPv{version}" != flow.local.family:
        return f"an {flow.local.family} address does not reach an IPv{version} address"
    return None


def largest_datagram(address: Address) -> int:
    """Octets that one UDP datagram to `address` carries at most: 65,535 less the headers (RFC 768, RFC 8200)."""
    return 65_507 if address.family == "IPv4" else 65_527
