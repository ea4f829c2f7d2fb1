"""Packets that are wrong on purpose, made on the associations that are installed."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from imsreg.net.ipsec.backend import BackendError
from imsreg.net.ipsec.database import UDP, Database, Sender, inner_between
from imsreg.secagree.associations import Selector
from imsreg.secagree.datagram import build_datagram
from imsreg.secagree.endpoints import FIRST_FREE_SPI
from imsreg.secagree.esp import PROTOCOL, head_of
from imsreg.secagree.events import Fault, Inner

_LAST_BIT = b"\x01"
_SPIS = 1 << 32


class Injection(NamedTuple):
    """What is to be sent between the association's addresses: protocol and payload, and what the payload says."""

    protocol: int
    payload: bytes
    spi: int
    sequence: int
    inner: Inner | None


def injection(database: Database, sender: Sender, fault: Fault, data: bytes) -> Injection:
    """A datagram with `data`, wrong in one way. Raises BackendError for a replay where nothing has been sent yet.

    BAD_ICV and WRONG_PORT take the next sequence number; WRONG_SPI takes it as well, under an SPI that no association
    here has. REPLAY is the last packet that was sent, to the octet, and has no use for `data`.
    """
    selector = sender.association.selector
    if fault is Fault.CLEAR:
        return Injection(UDP, build_datagram(selector, data), 0, 0, inner_between("UDP", selector))
    if fault is Fault.REPLAY:
        if not sender.last:
            raise BackendError(f"{sender.association}: nothing has been sent that could be repeated")
        return _protected(sender.last, None)
    if fault is Fault.WRONG_PORT:
        selector = selector._replace(source_port=_neighbour(selector.source_port))
    datagram = build_datagram(selector, data)
    end = sender.end
    if fault is Fault.BAD_ICV:
        return _protected(end.encapsulate(datagram, UDP, icv_mask=_LAST_BIT), selector)
    if fault is Fault.WRONG_SPI:
        return _protected(end.encapsulate(datagram, UDP, spi=_free_spi(database, end.spi)), selector)
    return _protected(end.encapsulate(datagram, UDP), selector)


def _protected(esp: bytes, selector: Selector | None) -> Injection:
    return Injection(PROTOCOL, esp, *head_of(esp), selector and inner_between("UDP", selector))


def _neighbour(port: int) -> int:
    return port - 1 if port > 1 else port + 1


def _free_spi(database: Database, spi: int) -> int:
    candidates = (value % _SPIS for value in itertools.count(spi + 1))
    return next(each for each in candidates if each >= FIRST_FREE_SPI and each not in database.spis)
