"""The transport layer of a link with security associations: one half in the clear, one half protected."""

from __future__ import annotations

import socket
from dataclasses import replace

from imsreg.net.egress import EgressGate
from imsreg.net.environment import Environment
from imsreg.net.ipsec.backend import IpsecBackend
from imsreg.net.link import Node
from imsreg.net.sockaddr import to_sockaddr
from imsreg.net.transport import TransportLayer
from imsreg.secagree.associations import SaSet, Side
from imsreg.sip.flow import Address, Flow, Packet, Transport, TransportFailure


class IpsecTransport(TransportLayer):
    """A flow that names an association takes a protected socket, every other one a plain one; neither ever changes.

    What arrives names the inbound association that it came on. An answer on the same flow goes back between the same
    ports, on the association of the other direction.
    """

    def __init__(self, backend: IpsecBackend, environment: Environment, egress: EgressGate) -> None:
        super().__init__(environment, egress)
        self._backend = backend
        self._protected = _ProtectedHalf(self, environment, egress)
        self._sets: list[tuple[SaSet, Side, Node]] = []

    def protect(self, node: Node, sas: SaSet, side: Side) -> None:
        """Install a set and attach the node at this side's protected ports: UDP at both, TCP calls to the server port.

        The server port may be open from an earlier set of the node. Raises BackendError, or InputError for a port that
        is not free; then nothing is left.
        """
        self._backend.install(sas, side)
        opened = []
        try:
            for port, transports in _ports(sas, side):
                if not self._protected.is_open(port):
                    self._protected.attach(node, port, transports)
                    opened.append(port)
        except BaseException:
            for port in opened:
                self._protected.release(port)
            self._backend.remove(sas)
            raise
        self._sets.append((sas, side, node))

    def unprotect(self, sas: SaSet) -> None:
        """Remove a set; ports that no other set uses are closed, and their connections. Nothing if it is not there."""
        gone = [each for each in self._sets if each[0] is sas]
        self._sets = [each for each in self._sets if each[0] is not sas]
        used = {port for other, side, _ in self._sets for port, _ in _ports(other, side)}
        for _, side, _ in gone:
            for port, _ in _ports(sas, side):
                if port not in used:
                    self._protected.release(port)
            self._backend.remove(sas)

    def detach(self, node: Node) -> None:
        """Close everything that belongs to `node`, and remove its sets."""
        for sas, _, owner in tuple(self._sets):
            if owner is node:
                self.unprotect(sas)
        super().detach(node)

    def send(self, node: Node, packet: Packet) -> None:
        """See `TransportLayer`. Without the association that it names a packet is lost, never sent in the clear."""
        flow = packet.flow
        if flow.association is None:
            super().send(node, packet)
        elif not self._is_named(node, flow):
            detail = f"{flow.association} is no association between {flow.local} and {flow.remote}"
            self._report(node, TransportFailure(flow, "denied", detail))
        else:
            before = self._protected.sent
            self._protected.send(node, Packet(replace(flow, association=None), packet.data))
            self.sent += self._protected.sent - before

    def next_deadline(self) -> float | None:
        """See `TransportLayer`."""
        both = super().next_deadline(), self._protected.next_deadline()
        return min((each for each in both if each is not None), default=None)

    def on_time(self, now: float) -> None:
        """See `TransportLayer`."""
        super().on_time(now)
        self._protected.on_time(now)

    def open_protected(self, address: Address, transport: Transport) -> socket.socket:
        """A socket of the back end."""
        return self._backend.open_socket(address, transport)

    def next_number(self) -> int:
        """A connection's number: both halves count together."""
        return self._next_number()

    def arrived_on(self, flow: Flow) -> Flow:
        """The flow of what arrives, with the association that its ports belong to."""
        return self._labelled(flow, source=flow.remote, destination=flow.local)

    def sent_on(self, flow: Flow) -> Flow:
        """The flow of what was to be sent, with the association that its ports belong to."""
        return self._labelled(flow, source=flow.local, destination=flow.remote)

    def count_drop(self) -> None:
        """Something was dropped in the protected half."""
        self._count_drop()

    def _labelled(self, flow: Flow, source: Address, destination: Address) -> Flow:
        for sas, _, _ in reversed(self._sets):
            for each in sas.associations:
                if (each.source, each.destination) == (source, destination):
                    return replace(flow, association=each.label)
        return flow

    def _is_named(self, node: Node, flow: Flow) -> bool:
        """Whether the association that a flow names is one of the node's, between the flow's ends."""
        ends = {flow.local, flow.remote}
        of_node = (each for sas, _, owner in self._sets if owner is node for each in sas.associations)
        return any(each.label == flow.association and {each.source, each.destination} == ends for each in of_node)


class _ProtectedHalf(TransportLayer):
    """Sockets of the back end. Its flows name no association: the owner takes it off and puts it on."""

    def __init__(self, owner: IpsecTransport, environment: Environment, egress: EgressGate) -> None:
        def deliver(node: Node, packet: Packet) -> None:
            environment.deliver(node, Packet(owner.arrived_on(packet.flow), packet.data))

        def report(node: Node, failure: TransportFailure) -> None:
            environment.report(node, replace(failure, flow=owner.sent_on(failure.flow)))

        super().__init__(replace(environment, deliver=deliver, report=report), egress, owner.open_protected)
        self._owner = owner

    def is_open(self, port: Address) -> bool:
        """Whether a node is attached there."""
        return port in self._udp or port in self._listeners

    def release(self, port: Address) -> None:
        """Close the sockets and the connections of one port."""
        if (udp := self._udp.pop(port, None)) is not None:
            udp.close()
        if (listener := self._listeners.pop(port, None)) is not None:
            listener.close()
        for connection in [each for each in self._connections.values() if each.flow.local == port]:
            connection.close()

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


def _ports(sas: SaSet, side: Side) -> tuple[tuple[Address, tuple[Transport, ...]], ...]:
    """This side's client and server port, and over what a node is attached there."""
    host, ends = (sas.ue_host, sas.ue) if side is Side.UE else (sas.p_cscf_host, sas.p_cscf)
    return (Address.of(host, ends.port_c), ("UDP",)), (Address.of(host, ends.port_s), ("UDP", "TCP"))
