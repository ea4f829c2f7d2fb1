"""The link over real sockets on which flows may name a security association."""

from __future__ import annotations

from functools import partial

from imsreg.net.egress import EgressGate
from imsreg.net.environment import Environment, Limits
from imsreg.net.ipsec.backend import IpsecBackend
from imsreg.net.ipsec.transport import IpsecTransport
from imsreg.net.link import Node
from imsreg.net.sockets import SocketLink
from imsreg.secagree.associations import SaSet, Side


class IpsecLink(SocketLink):
    """A `SocketLink` whose nodes have protected ports as well. The back end stays the caller's, who closes it after.

    A flow with an association (`Association.label`) between this side's and the other side's protected port is sent
    through the back end; one that names no association of its node becomes a TransportFailure of kind "denied".
    """

    def __init__(
        self, egress: EgressGate, backend: IpsecBackend, *, real_time: bool = False, limits: Limits | None = None
    ) -> None:
        made: list[IpsecTransport] = []

        def transport(environment: Environment, gate: EgressGate) -> IpsecTransport:
            made.append(IpsecTransport(backend, environment, gate))
            return made[0]

        super().__init__(egress, real_time=real_time, limits=limits, transport=transport)
        self._transport = made[0]

    def protect(self, node: Node, sas: SaSet, side: Side) -> None:
        """Install a set for a node, which is attached at this side's protected ports from then on.

        Raises BackendError, or InputError for a port that cannot be had; then nothing is left of it.
        """

        def protect() -> None:
            self._transport.protect(node, sas, side)
            self._host.enrol(node)

        self._host.loop.run(protect)

    def unprotect(self, sas: SaSet) -> None:
        """Remove a set, and close the ports that only it has used; nothing if it is not there."""
        self._host.loop.run(partial(self._transport.unprotect, sas))
