"""Protected ports as either side announces them (TS 33.203 7.1)."""

from __future__ import annotations

from collections.abc import Iterator

from imsreg.secagree.endpoints import STANDARD_PORTS
from imsreg.secagree.usability import MECHANISM
from imsreg.sip.headers.security import SecurityMechanism
from imsreg.sip.message import Message
from imsreg.verdict.outcome import Breach, Held, Outcome
from imsreg.verdict.view import line_of, readable


def none_is_standard(number: int, message: Message, header: type[SecurityMechanism]) -> Iterator[Outcome]:
    """One outcome for each ipsec-3gpp entry of a list that has a port; `number` is the transcript's for the message."""
    for entry in readable(message, header):
        if entry.mechanism.lower() != MECHANISM or (entry.port_c is None and entry.port_s is None):
            continue
        if STANDARD_PORTS.isdisjoint((entry.port_c, entry.port_s)):
            yield Held(number)
        else:
            line = line_of(message, header.NAME)
            yield Breach(number, "port-c and port-s other than 5060 and 5061", str(entry), line)
