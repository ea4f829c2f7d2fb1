"""ESP by the kernel (XFRM): its associations and policies in a namespace, and ordinary sockets there.

Each set is four associations and four policies; below them, policies with less say block everything else from and to
this side's protected ports (TS 33.203 7.1). Nothing is ever flushed. All of it outlives the process: `owner` writes it
down, so that what a killed run leaves is taken out by the next one.
"""

from __future__ import annotations

import random as randomness
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.database import Database
from imsreg.net.ipsec.namespace import Namespace
from imsreg.net.ipsec.owner import Ledger, Owned, sweep, take_out, usual_directory
from imsreg.net.ipsec.reasons import kernel_reason, offload_hindrance
from imsreg.net.ipsec.watch import Watch
from imsreg.net.ipsec.xfrm import Counters, Xfrm
from imsreg.net.ipsec.xfrm_policy import Policy, Way
from imsreg.net.sockaddr import open_socket
from imsreg.secagree.associations import Association, SaSet, Side
from imsreg.secagree.events import Observer
from imsreg.secagree.keys import EspKeys
from imsreg.sip.flow import Address, Transport

# Of sockets that are to send protected or not at all. No bit of it is one that Kubernetes or Tailscale looks at.
_MARK, _MARKS = 0x494D_0000, 4096
# A connection that its socket has left may say good-bye for so long, over and over (tcp_orphan_retries).
_FAREWELL = 150  # seconds


class KernelBackend:
    """An `IpsecBackend` over the kernel's own ESP; it sends nothing that is wrong on purpose.

    `hosts` are this side's addresses in `outside` (None: the caller's namespace); `clock` gives the times of the
    records. What an earlier owner has left there is taken out first; `ledgers` is where owners write. Both sides need
    namespaces of their own: the kernel protects nothing over loopback. Raises OSError where the system refuses, and
    BackendError: `rights.hindrance` tells why beforehand.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        observer: Observer,
        *,
        outside: Namespace | None = None,
        clock: Callable[[], float] = time.monotonic,
        ledgers: Path | None = None,
    ) -> None:
        self._hosts = frozenset(Address.of(host, 0).host for host in hosts)
        _require_visible()
        self._closing = threading.Lock()
        self._sets: dict[tuple[Association, ...], tuple[SaSet, Side, list[Owned]]] = {}
        self._blocks: Counter[Policy] = Counter()
        with ExitStack() as undo:
            self._outside = undo.enter_context(Namespace.duplicate(outside) if outside else Namespace.current())
            directory = ledgers or usual_directory()
            with self._outside.entered():  # sockets belong to where they are opened, for good
                self._xfrm = undo.enter_context(Xfrm())
                sweep(self._xfrm, directory)
                self._ledger = Ledger(directory)
                undo.callback(self._ledger.close)
                # No packet is made here: what makes IVs is the kernel's.
                self._watch = Watch(self._hosts, Database(randomness.Random(0)), observer, clock)
                undo.callback(self._watch.stop)
            self._mark = self._marked(undo)
            undo.callback(self._remove_all)
            self._undo = undo.pop_all()

    def install(self, sas: SaSet, side: Side) -> None:
        """See `IpsecBackend`. The kernel has each SPI once for a destination, an outbound one as well."""
        host, peer = (sas.ue_host, sas.p_cscf_host) if side is Side.UE else (sas.p_cscf_host, sas.ue_host)
        if host not in self._hosts:
            raise BackendError(f"{host} is none of this side's addresses, {', '.join(sorted(self._hosts))}")
        _require_visible()  # another program may have brought it about meanwhile
        self._require_elsewhere(peer)
        with self._watch.lock:
            if sas.associations in self._sets:
                raise BackendError("the set of associations is installed already")
            installed: list[Owned] = []
            try:
                for each in _parts(sas, side):
                    self._add(each, sas.keys)
                    installed.append(each)
                self._watch.add(sas, side)
            except BaseException:
                self._take_out(installed)
                raise
            self._sets[sas.associations] = sas, side, installed

    def remove(self, sas: SaSet) -> None:
        """See `IpsecBackend`. What still comes on its associations is known for that of deleted ones."""
        with self._watch.lock:
            self._remove(sas.associations)

    def open_socket(self, address: Address, transport: Transport) -> socket.socket:
        """See `IpsecBackend`. Without an association, sending fails with "Operation not permitted"."""
        with self._outside.entered():
            opened = open_socket(address, transport)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self._mark)
        except OSError:
            opened.close()
            raise
        return opened

    def catch_up(self) -> None:
        """Have the observer told of every packet that has passed so far."""
        self._watch.catch_up()

    def counters(self, association: Association) -> Counters:
        """What the kernel has counted on an installed association. Raises BackendError."""
        with self._watch.lock:
            try:
                return self._xfrm.counters(association)
            except OSError as error:
                raise BackendError(f"{association}: {kernel_reason(error)}") from None

    def close(self) -> None:
        """See `IpsecBackend`; sockets have to be closed before. Raises what the observer has raised, if anything."""
        with self._closing:
            self._undo.close()

    def _add(self, each: Owned, keys: EspKeys) -> None:
        """Put one part in. A policy that blocks may be there for an earlier set."""
        try:
            if isinstance(each, Association):
                self._ledger.note(each)
                self._xfrm.add(each, keys, self._ledger.tag)
                return
            if each.spi is None and self._blocks[each]:
                self._blocks[each] += 1
                return
            self._ledger.note(each)
            each.add(self._xfrm.kernel, self._ledger.tag)
            if each.spi is None:
                self._blocks[each] = 1
        except FileExistsError:
            raise BackendError(_in_use(each)) from None
        except OSError as error:
            what = f"{each}, {'/'.join(keys.transform)}" if isinstance(each, Association) else "a policy"
            raise BackendError(f"{what}: {kernel_reason(error)}") from None

    def _take_out(self, installed: list[Owned]) -> None:
        """Take parts out, the last first: what blocks goes last, and with it nothing has passed in the clear."""
        for each in reversed(installed):
            if isinstance(each, Policy) and each.spi is None:
                self._blocks[each] -= 1
                if self._blocks[each]:
                    continue
                del self._blocks[each]
            take_out(self._xfrm, each, self._ledger.tag)

    def _remove(self, key: tuple[Association, ...]) -> None:
        sas, side, installed = self._sets.pop(key, (None, None, []))
        if sas is not None and side is not None:
            # In this order nothing is delivered that the records know for late.
            self._take_out(installed)
            self._watch.remove(sas, side)

    def _remove_all(self) -> None:
        with self._watch.lock:
            for key in tuple(self._sets):
                self._remove(key)

    def _marked(self, undo: ExitStack) -> int:
        """The mark of our sockets, whose packets pass under an association or not at all; no other back end has it.

        The policy for it outlasts this back end by as long as connections may that their sockets have left: what these
        still send must not leave in the clear. It is in nobody else's way, and the kernel takes it out.
        """
        families = sorted({socket.AF_INET6 if ":" in host else socket.AF_INET for host in self._hosts})
        for mark in range(_MARK, _MARK + _MARKS):
            with ExitStack() as trial, suppress(FileExistsError):
                for family in families:
                    policy = Policy(Way.OUT, mark=mark, family=family)
                    self._ledger.note(policy)
                    policy.add(self._xfrm.kernel, self._ledger.tag)
                    trial.callback(policy.expire, self._xfrm.kernel, self._ledger.tag, _FAREWELL)
                undo.push(trial.pop_all())
                return mark
        raise BackendError(f"{_MARKS} back ends are in this namespace already: close some, or use another namespace")

    def _require_elsewhere(self, peer: str) -> None:
        """Raise BackendError for a peer that has its address here."""
        with self._outside.entered(), open_socket(Address(peer, 0), "UDP") as trial, suppress(OSError):
            trial.bind((peer, 0))
            raise BackendError(
                f"{peer} is an address of this host, and the kernel protects nothing over loopback: put the other side "
                "into another namespace, or use the userspace back end"
            )


def _require_visible() -> None:
    if (reason := offload_hindrance()) is not None:
        raise BackendError(reason)


def _parts(sas: SaSet, side: Side) -> list[Owned]:
    """What a set is in the kernel, in the order in which it goes in: nothing is ever half protected."""
    own = {each.source: None for each in sas.outbound(side)}
    blocks = [Policy(Way.IN, None, port) for port in own] + [Policy(Way.OUT, port, None) for port in own]
    inbound = [Policy.protecting(Way.IN, each) for each in sas.inbound(side)]
    outbound = [Policy.protecting(Way.OUT, each) for each in sas.outbound(side)]
    return [*blocks, *sas.associations, *inbound, *outbound]


def _in_use(each: Owned) -> str:
    if isinstance(each, Association):
        return f"SPI {each.spi} is in use: the kernel has an association with it to {each.destination.host}"
    ends = f"from {each.source or 'anywhere'} to {each.destination or 'anywhere'}"
    return f"the kernel has a policy {ends} already: what has put it there is in use, or has to take it out"
