"""The link over real sockets on which flows may name a security association."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from random import Random

from imsreg.net.egress import EgressGate
from imsreg.net.environment import Environment, Limits
from imsreg.net.ipsec.backend import IpsecBackend
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.records import Records
from imsreg.net.ipsec.transport import IpsecTransport
from imsreg.net.link import Node
from imsreg.net.sockets import SocketLink
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.events import EspEvent, Fault, Observer

MakeBackend = Callable[[Records], IpsecBackend]
"""Makes a back end that tells its records to a `Records` and takes the time from its `now`."""


class IpsecLink(SocketLink):
    """A `SecuredLink` over sockets: those of protected ports are the back end's.

    A flow with an association (`Association.label`) between this side's and the other side's protected port is sent
    through the back end; one that names no association of its node becomes a TransportFailure of kind "denied".

    `records` is the observer that the back end was made with, and its `now` the back end's clock; without it nothing
    can be observed. The back end stays the caller's, who closes it after the link, but for a link that `owning` or
    `userspace` has made: that closes its own.
    """

    def __init__(
        self,
        egress: EgressGate,
        backend: IpsecBackend,
        *,
        records: Records | None = None,
        real_time: bool = False,
        limits: Limits | None = None,
    ) -> None:
        made: list[IpsecTransport] = []
        self._records = records or Records()

        def transport(environment: Environment, gate: EgressGate) -> IpsecTransport:
            made.append(IpsecTransport(backend, self._records, environment, gate))
            return made[0]

        self._owned: ExitStack | None = None
        super().__init__(egress, real_time=real_time, limits=limits, transport=transport)
        self._transport = made[0]
        self._records.joined(self.now, self._host.loop.wake)

    @classmethod
    def owning(
        cls,
        make: MakeBackend,
        egress: EgressGate,
        *,
        real_time: bool = False,
        limits: Limits | None = None,
        outside: Namespace | None = None,
    ) -> IpsecLink:
        """A link with a back end that `make` makes for it and that is closed with it.

        The sockets in the clear are of the namespace `outside`, None: the caller's. Raises what `make` raises.
        """
        records = Records()
        with ExitStack() as undo:
            backend = make(records)
            undo.callback(backend.close)
            with ExitStack() as there:
                if outside is not None:
                    there.enter_context(outside.entered())  # the link's thread begins where it is made
                link = cls(egress, backend, records=records, real_time=real_time, limits=limits)
            link._owned = undo.pop_all()
        return link

    @classmethod
    def userspace(
        cls,
        egress: EgressGate,
        hosts: Sequence[str],
        random: Random,
        *,
        real_time: bool = False,
        limits: Limits | None = None,
        outside: Namespace | None = None,
    ) -> IpsecLink:
        """A link with a userspace back end of its own for this side's addresses `hosts`. `random` makes the IVs.

        Raises OSError where the system refuses: `rights.userspace_hindrance` tells why.
        """
        # Of no use to a link over another back end.
        from imsreg.net.ipsec.userspace import UserspaceBackend

        def make(records: Records) -> IpsecBackend:
            return UserspaceBackend(hosts, records, random, outside=outside, clock=records.now)

        return cls.owning(make, egress, real_time=real_time, limits=limits, outside=outside)

    @classmethod
    def kernel(
        cls,
        egress: EgressGate,
        hosts: Sequence[str],
        random: Random,
        *,
        real_time: bool = False,
        limits: Limits | None = None,
        outside: Namespace | None = None,
    ) -> IpsecLink:
        """`userspace` over the kernel's ESP, which makes its own IVs: `random` is of no use.

        Raises OSError or BackendError where the system refuses: `rights.hindrance` tells why.
        """
        # Of no use to a link over another back end.
        from imsreg.net.ipsec.kernel import KernelBackend

        def make(records: Records) -> IpsecBackend:
            backend = KernelBackend(hosts, records, outside=outside, clock=records.now)
            records.fed_by(backend.catch_up)
            return backend

        return cls.owning(make, egress, real_time=real_time, limits=limits, outside=outside)

    @property
    def records_lost(self) -> int:
        """Records that no observer has seen, because too many were waiting."""
        return self._records.lost

    def observe(self, observer: Observer | None) -> None:
        """See `SecuredLink`. Without `records` there is nothing to tell."""
        self._host.loop.run(lambda: self._transport.observe(observer))

    def inject(self, association: Association, fault: Fault, data: bytes = b"") -> EspEvent:
        """See `SecuredLink`."""
        return self.call(lambda: self._transport.inject(association, fault, data))

    def protect(self, node: Node, sas: SaSet, side: Side) -> None:
        """Install a set for a node that has no `sa_changes`; it is at this side's protected ports from then on.

        Raises BackendError, or InputError for a port that cannot be had; then nothing is left of it.
        """

        def protect() -> None:
            self._transport.protect(node, sas, side)
            self._host.enrol(node)

        self._host.loop.run(protect)

    def unprotect(self, sas: SaSet) -> None:
        """Remove a set, and close the ports that only it has used; nothing if it is not there."""
        self._host.loop.run(partial(self._transport.unprotect, sas))

    def close(self) -> None:
        """See `Link`. A back end of the link's own is closed after its nodes have been detached."""
        with ExitStack() as undo:
            if self._owned is not None:
                undo.push(self._owned.pop_all())
            super().close()
