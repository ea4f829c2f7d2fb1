"""Which associations a challenge makes, by the header fields of both sides and the addresses of the packets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from imsreg.secagree.associations import Association, SaSet
from imsreg.secagree.endpoints import PREVENTING, Endpoints, endpoint_faults
from imsreg.secagree.keys import NO_KEY, EspKeys
from imsreg.secagree.usability import endpoints, transform
from imsreg.sip.errors import HeaderError
from imsreg.sip.headers.security import SecurityClient, SecurityMechanism, SecurityServer
from imsreg.sip.message import Message
from imsreg.transcript.entries import Entry

M = TypeVar("M", bound=SecurityMechanism)


def sets_made_by(asked: Entry, challenge: Entry) -> tuple[SaSet, ...]:
    """The sets that the 401 `challenge` to the REGISTER `asked` may make, without keys, in the order of the 401.

    One for each pair of entries with the same algorithms: which of them the UE takes does not show, and mostly all
    entries of a list name the same SPIs and ports. Empty where there is no agreement, or none that can be read.
    """
    if asked.message is None or challenge.message is None:
        return ()
    return _made(asked.message, challenge.message, asked.source.host, asked.destination.host)


@lru_cache(maxsize=128)  # every check of a transcript asks again, and messages never change
def _made(asked: Message, challenge: Message, ue_host: str, p_cscf_host: str) -> tuple[SaSet, ...]:
    found: list[SaSet] = []
    offered = [(transform(ours), endpoints(ours)) for ours in mechanisms(asked, SecurityClient)]
    for theirs in mechanisms(challenge, SecurityServer):
        p_cscf, chosen = endpoints(theirs), transform(theirs)
        for algorithms, ue in offered:
            if isinstance(ue, Endpoints) and isinstance(p_cscf, Endpoints) and algorithms == chosen:
                found.append(SaSet(ue_host, p_cscf_host, ue, p_cscf, EspKeys(chosen, NO_KEY, NO_KEY, NO_KEY)))
    return tuple(found)


def sound(sas: SaSet) -> bool:
    """Whether nothing about the SPIs and ports of the P-CSCF keeps a UE from making it."""
    return not PREVENTING.intersection(endpoint_faults(sas.p_cscf, taken=sas.ue.spis))


def soundly_offered(sas: SaSet) -> bool:
    """Whether nothing about those of the UE keeps the P-CSCF from making it."""
    return not PREVENTING.intersection(endpoint_faults(sas.ue))


def mechanisms(message: Message, header: type[M]) -> tuple[M, ...]:
    """The entries of a Security header; none where one of them cannot be read."""
    try:
        return message.get_all(header)
    except HeaderError:
        return ()


def association_of(entry: Entry, sets: Iterable[SaSet]) -> Association | None:
    """The association of these sets that a message travelled on; None: in the clear, or on that of another set."""
    ends = {entry.source, entry.destination}
    return next(
        (
            each
            for sas in sets
            for each in sas.associations
            if each.label == entry.flow.association and {each.source, each.destination} == ends
        ),
        None,
    )
