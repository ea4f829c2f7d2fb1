"""Nodes that have left a link: what the system still sends and receives for them is nobody's business."""

from __future__ import annotations

from collections import deque

from imsreg.net.ipsec.ports import protected_ports
from imsreg.net.link import Node
from imsreg.secagree.associations import SaSet, Side
from imsreg.secagree.events import EspEvent, Fate, Observer
from imsreg.sip.flow import Address

MOST = 4096
"""SPIs and ports that are remembered; of more the oldest is forgotten."""

_Key = int | Address


class Departed:
    """The SPIs and ports that nodes had until they were detached.

    TCP goes on for a while after that: the other side closes its connections, ours are waited for. Whoever observes
    the link by then is not told of it.
    """

    def __init__(self) -> None:
        self._removed: dict[int, deque[_Key]] = {}
        self._since: dict[_Key, float] = {}

    def removed(self, node: Node, sas: SaSet, side: Side) -> None:
        """A set of the node has been removed."""
        self._removed.setdefault(id(node), deque(maxlen=MOST)).extend(_keys(sas, side))

    def left(self, node: Node, now: float) -> None:
        """The node has been detached, and its sets removed before; `now` in seconds on the clock of the records."""
        for key in self._removed.pop(id(node), ()):
            self._since.pop(key, None)
            self._since[key] = now
        while len(self._since) > MOST:
            del self._since[next(iter(self._since))]

    def discard(self, sas: SaSet, side: Side) -> None:
        """A node has a set with these SPIs and ports now."""
        for key in _keys(sas, side):
            self._since.pop(key, None)

    def kept_from(self, observer: Observer) -> Observer:
        """An observer that passes on what is not theirs."""

        def observe(event: EspEvent) -> None:
            if not self._is_theirs(event):
                observer(event)

        return observe

    def _is_theirs(self, event: EspEvent) -> bool:
        key: _Key | None = None
        if event.fate is Fate.DELETED_SPI:
            key = event.spi
        elif event.fate is Fate.NO_ASSOCIATION and event.inner is not None:
            key = event.inner.source
        since = None if key is None else self._since.get(key)
        return since is not None and event.at > since


def _keys(sas: SaSet, side: Side) -> list[_Key]:
    """What tells a packet of a set that is not there any more: where it goes, by its SPI, or comes from."""
    return [*(each.spi for each in sas.inbound(side)), *(port for port, _ in protected_ports(sas, side))]
