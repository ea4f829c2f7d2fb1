"""The transport layer of a link with security associations: one half in the clear, one half protected."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import NamedTuple

from imsreg.errors import EgressDenied, InputError
from imsreg.net.egress import EgressGate
from imsreg.net.environment import Environment
from imsreg.net.ipsec.backend import BackendError, InjectingBackend, IpsecBackend
from imsreg.net.ipsec.departed import Departed
from imsreg.net.ipsec.ports import protected_ports
from imsreg.net.ipsec.records import Records
from imsreg.net.link import Node
from imsreg.net.sockaddr import open_socket, to_sockaddr
from imsreg.net.transport import TransportLayer
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.changes import SaChange
from imsreg.secagree.events import EspEvent, Fault, Observer
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure


class _Leaving(NamedTuple):
    """A set that is to be removed once its connections have nothing left to send, at `deadline` at the latest."""

    sas: SaSet
    deadline: float  # on time.monotonic()


class IpsecTransport(TransportLayer):
    """A flow that names an association takes a protected socket, every other one a plain one; neither ever changes.

    What arrives names the inbound association that it came on. An answer on the same flow goes back between the same
    ports, on the association of the other direction.
    """

    def __init__(self, backend: IpsecBackend, records: Records, environment: Environment, egress: EgressGate) -> None:
        super().__init__(environment, egress)
        self._backend = backend
        self._records = records
        self._protected = _ProtectedHalf(self, environment, egress)
        self._sets: list[tuple[SaSet, Side, Node]] = []
        self._reserved: dict[Address, ExitStack] = {}
        self._leaving: dict[tuple[Association, ...], _Leaving] = {}
        self._departed = Departed()
        self._refused: dict[tuple[int, str], str] = {}  # why a node does not have an association, by its label

    def protect(self, node: Node, sas: SaSet, side: Side) -> None:
        """Install a set and attach the node at this side's protected ports: UDP at both, TCP calls to the server port.

        The server port may be open from an earlier set of the node. Raises BackendError, or InputError for a port that
        is not free; then nothing is left.
        """
        self._backend.install(sas, side)
        opened = []
        try:
            for port, transports in protected_ports(sas, side):
                if not self._protected.is_open(port, node):
                    self._protected.attach(node, port, transports)
                    opened.append(port)
        except BaseException:
            for port in opened:
                self._protected.release(port)
            self._backend.remove(sas)
            raise
        self._departed.discard(sas, side)
        self._reserved.update({port: _reserve(port) for port in opened})
        self._sets.append((sas, side, node))

    def unprotect(self, sas: SaSet) -> None:
        """Remove a set; ports that no other set uses are closed, and its connections. Nothing if it is not there."""
        gone = [each for each in self._sets if each[0].associations == sas.associations]
        self._sets = [each for each in self._sets if each[0].associations != sas.associations]
        self._leaving.pop(sas.associations, None)
        used = {port for other, side, _ in self._sets for port, _ in protected_ports(other, side)}
        for _, side, node in gone:
            self._departed.removed(node, sas, side)
            for port, _ in protected_ports(sas, side):
                if port not in used:
                    self._protected.release(port)
                    self._reserved.pop(port).close()
            self._protected.close_other_than({ends for other, _, _ in self._sets for ends in other.pairs})
            self._backend.remove(sas)

    def install(self, node: Node, change: SaChange) -> None:
        """See `TransportLayer`. What the node sends on a set that is refused is denied with the reason."""
        labels = [(id(node), each.label) for each in change.sas.associations]
        for label in labels:
            self._refused.pop(label, None)
        if self._leaving.pop(change.sas.associations, None) is not None:
            return
        try:
            self.protect(node, change.sas, change.side)
        except (BackendError, InputError, EgressDenied) as refused:
            self._refused.update(dict.fromkeys(labels, str(refused)))

    def remove(self, change: SaChange) -> None:
        """See `TransportLayer`. What waits for a connection or a peer leaves first, if it does so in time."""
        leaving = _Leaving(change.sas, time.monotonic() + self._environment.limits.connecting)
        if self._is_sending(change.sas):
            self._leaving.setdefault(change.sas.associations, leaving)
        else:
            self.unprotect(change.sas)

    def hand_over(self) -> None:
        """See `TransportLayer`."""
        self._records.hand_over()

    def observe(self, observer: Observer | None) -> None:
        """See `SecuredLink`. The observer before is told of everything that has passed."""
        self._backend.catch_up()
        self._records.observe(None if observer is None else self._departed.kept_from(observer))

    def inject(self, association: Association, fault: Fault, data: bytes) -> EspEvent:
        """See `SecuredLink`."""
        if not isinstance(self._backend, InjectingBackend):
            raise BackendError("this back end sends nothing that is wrong on purpose; the userspace back end does")
        self._egress.admit(association.destination, time.monotonic())
        self._backend.catch_up()  # what was sent last is what a replay repeats
        event = self._backend.inject(association, fault, data)
        self.hand_over()
        return event

    def detach(self, node: Node) -> None:
        """Close everything that belongs to `node`, and remove its sets."""
        self._refused = {key: why for key, why in self._refused.items() if key[0] != id(node)}
        for sas, _, owner in tuple(self._sets):
            if owner is node:
                self.unprotect(sas)
        super().detach(node)
        self._backend.catch_up()
        self._departed.left(node, self._records.now())

    def send(self, node: Node, packet: Packet) -> None:
        """See `TransportLayer`. Without the association that it names a packet is lost, never sent in the clear."""
        flow = packet.flow
        if flow.association is None:
            super().send(node, packet)
        elif not self._is_named(node, flow):
            nothing = f"{flow.association} is no association between {flow.local} and {flow.remote}"
            detail = self._refused.get((id(node), flow.association), nothing)
            self._report(node, TransportFailure(flow, "denied", detail))
        else:
            before = self._protected.sent
            self._protected.send(node, Packet(replace(flow, association=None), packet.data))
            self.sent += self._protected.sent - before

    def next_deadline(self) -> float | None:
        """See `TransportLayer`."""
        both = super().next_deadline(), self._protected.next_deadline()
        ends = (each.deadline for each in self._leaving.values())
        return min((*(each for each in both if each is not None), *ends), default=None)

    def on_time(self, now: float) -> None:
        """See `TransportLayer`."""
        super().on_time(now)
        self._protected.on_time(now)
        for sas, deadline in tuple(self._leaving.values()):
            if now >= deadline or not self._is_sending(sas):
                self.unprotect(sas)

    def open_protected(self, address: Address, transport: Transport) -> socket.socket:
        """A socket of the back end."""
        return self._backend.open_socket(address, transport)

    def next_number(self) -> int:
        """A connection's number: both halves count together."""
        return self._next_number()

    def arrived_on(self, flow: Flow) -> Flow | None:
        """The flow of what arrives, with the association that its ports belong to; None: that is gone meanwhile."""
        return self._labelled(flow, source=flow.remote, destination=flow.local)

    def sent_on(self, flow: Flow) -> Flow | None:
        """The flow of what was to be sent, with the association that its ports belong to; None: that is gone."""
        return self._labelled(flow, source=flow.local, destination=flow.remote)

    def count_drop(self) -> None:
        """Something was dropped in the protected half."""
        self._count_drop()

    def _labelled(self, flow: Flow, source: Address, destination: Address) -> Flow | None:
        for sas, _, _ in reversed(self._sets):
            for each in sas.associations:
                if (each.source, each.destination) == (source, destination):
                    return replace(flow, association=each.label)
        return None

    def _is_sending(self, sas: SaSet) -> bool:
        """Whether a connection between two ports of a set has something left to send."""
        return any((flow.local, flow.remote) in sas.pairs for flow in self._protected.sending())

    def _is_named(self, node: Node, flow: Flow) -> bool:
        """Whether the association that a flow names is one of the node's, between the flow's ends."""
        ends = {flow.local, flow.remote}
        of_node = (each for sas, _, owner in self._sets if owner is node for each in sas.associations)
        return any(each.label == flow.association and {each.source, each.destination} == ends for each in of_node)


class _ProtectedHalf(TransportLayer):
    """Sockets of the back end. Its flows name no association: the owner takes it off and puts it on."""

    def __init__(self, owner: IpsecTransport, environment: Environment, egress: EgressGate) -> None:
        # What belongs to no association any more has no place to go: it must not look like something in the clear.
        def deliver(node: Node, packet: Packet) -> None:
            if (flow := owner.arrived_on(packet.flow)) is not None:
                environment.deliver(node, Packet(flow, packet.data))

        def report(node: Node, failure: TransportFailure) -> None:
            if (flow := owner.sent_on(failure.flow)) is not None:
                environment.report(node, replace(failure, flow=flow))

        super().__init__(replace(environment, deliver=deliver, report=report), egress, owner.open_protected)
        self._owner = owner

    def is_open(self, port: Address, node: Node) -> bool:
        """Whether the node is attached there. Raises InputError if another one is."""
        home = self._udp.get(port) or self._listeners.get(port)
        if home is not None and home.node is not node:
            raise InputError(str(port), "protected port", "another element has it", "draw another port")
        return home is not None

    def sending(self) -> list[Flow]:
        """The connections that have something left to send."""
        return [each.flow for each in self._connections.values() if each.is_sending]

    def close_other_than(self, pairs: set[tuple[Address, Address]]) -> None:
        """Close the connections that are not between two of these ports."""
        for connection in tuple(self._connections.values()):
            if (connection.flow.local, connection.flow.remote) not in pairs:
                connection.close()

    def release(self, port: Address) -> None:
        """Close the sockets of one port."""
        if (udp := self._udp.pop(port, None)) is not None:
            udp.close()
        if (listener := self._listeners.pop(port, None)) is not None:
            listener.close()

    def _leaves_from(self, local: Address, flow: Flow) -> bool:
        # The port belongs to the association: another one is another association, or none.
        return local == flow.local

    def _bind_origin(self, stream: socket.socket, flow: Flow) -> None:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as often as a connection has to be made again
        stream.bind(to_sockaddr(flow.local))

    def _next_number(self) -> int:
        return self._owner.next_number()

    def _count_drop(self) -> None:
        self._owner.count_drop()


def _reserve(port: Address) -> ExitStack:
    """Keeps a connection in the clear from taking the port for its origin: it would look like a leak.

    Nobody listens, so that who calls the port in the clear is refused as before. It is free again with `close`.
    """
    kept = ExitStack()
    with suppress(OSError):  # somebody is at that port outside: no connection of ours will be
        reserved = kept.enter_context(open_socket(port, "TCP"))
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(to_sockaddr(port))
    return kept
