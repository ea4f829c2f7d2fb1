"""Where a network refused SIP: connections that did not come about, and packets that ICMP says did not arrive."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from imsreg.secagree.esp import PROTOCOL as ESP
from imsreg.secagree.ip import IPV4_HEADER, IPV6_HEADER, IpPacket
from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address
from imsreg.transcript.foreign_text import SIP_PORTS
from imsreg.transcript.foreign_trouble import Place, TroubleKind, Troubles
from imsreg.transcript.packets import Segment

MAX_ATTEMPTS = 4096
"""Connections that are being opened at a time, and refusals that are kept."""
PATIENCE = 1.0
"""Seconds that a capture must go on behind a SYN before the lack of an answer says something (RFC 6298 2.1)."""

_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_REASONS = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    4: "too long for the way, and not to be fragmented",
    9: "network prohibited",
    10: "host prohibited",
    13: "filtered",
}
_REASONS6 = {
    0: "no route",
    1: "filtered",
    3: "address unreachable",
    4: "port unreachable",
    5: "filtered",
    6: "route rejected",
}


class _Attempt(NamedTuple):
    place: Place
    number: int
    protected: bool


class _Refusal(NamedTuple):
    kind: TroubleKind
    text: str
    place: Place
    ends: tuple[Address, ...]
    """Where one of them is an address of SIP, it is about SIP."""
    surely: bool


class Refusals:
    """Takes segments and ICMP packets in the order of the capture. Which of them are about SIP shows at its end."""

    def __init__(self) -> None:
        self._attempts: dict[tuple[Address, Address], _Attempt] = {}
        self._found: list[_Refusal] = []

    def segment(self, segment: Segment, place: Place, *, protected: bool) -> None:
        """A TCP segment; `protected`: inside of ESP."""
        ends, back = (segment.source, segment.destination), (segment.destination, segment.source)
        attempt = self._attempts.pop(back, None)
        if attempt is not None and segment.flags & TcpFlags.RST:
            text = f"TCP connections from {back[0]} to {back[1]} are refused"
            self._note("refused", text, attempt.place, back[1:], surely=attempt.protected)
        if segment.flags & TcpFlags.ACK:
            self._attempts.pop(ends, None)  # it goes on: there was an answer, though not in this capture
        if segment.flags & (TcpFlags.SYN | TcpFlags.ACK) != TcpFlags.SYN:
            return
        known = self._attempts.get(ends)
        if known is None or known.number != segment.seq:
            if known is not None:
                self._unanswered(ends, known)
            if len(self._attempts) < MAX_ATTEMPTS:
                self._attempts[ends] = _Attempt(place, segment.seq, protected)

    def icmp(self, packet: IpPacket, place: Place) -> None:
        """A packet, which may be an ICMP or ICMPv6 one of destination unreachable (RFC 792, RFC 4443 3.1)."""
        v6 = packet.protocol == _ICMP6
        if packet.protocol not in (_ICMP, _ICMP6) or len(packet.payload) < 8 or packet.payload[0] != (1 if v6 else 3):
            return
        code, quoted = packet.payload[1], _quoted(packet.payload[8:])
        if quoted is None:
            return
        ends, esp = quoted
        who = ipaddress.ip_address(packet.source)
        what = f"ESP to {ends[1].host}" if esp else f"packets to {ends[1]}"
        reason = (_REASONS6 if v6 else _REASONS).get(code, f"code {code}")
        self._note("unreachable", f"{who} says that {what} did not arrive: {reason}", place, ends, surely=esp)

    def close(self, sip: set[Address], troubles: Troubles, end: float) -> None:
        """Gives to `troubles` what is about SIP: `sip` are its addresses, `end` is the time of the last packet."""
        for ends, attempt in self._attempts.items():
            if end - attempt.place.at >= PATIENCE:
                self._unanswered(ends, attempt)
        for refusal in self._found:
            if refusal.surely or any(end in sip or end.port in SIP_PORTS for end in refusal.ends):
                troubles.note(refusal.kind, refusal.text, refusal.place)

    def _unanswered(self, ends: tuple[Address, Address], attempt: _Attempt) -> None:
        text = f"nothing answers TCP connections from {ends[0]} to {ends[1]}"
        self._note("unanswered", text, attempt.place, ends[1:], surely=attempt.protected)

    def _note(self, kind: TroubleKind, text: str, place: Place, ends: tuple[Address, ...], *, surely: bool) -> None:
        if len(self._found) < MAX_ATTEMPTS:
            self._found.append(_Refusal(kind, text, place, ends, surely))


def _quoted(octets: bytes) -> tuple[tuple[Address, Address], bool] | None:
    """From where to where the packet went that an ICMP message quotes the beginning of, and whether it is ESP."""
    version = octets[0] >> 4 if octets else 0
    if version == 4 and len(octets) >= IPV4_HEADER:
        begin, protocol, hosts = (octets[0] & 15) * 4, octets[9], (octets[12:16], octets[16:20])
    elif version == 6 and len(octets) >= IPV6_HEADER:
        begin, protocol, hosts = IPV6_HEADER, octets[6], (octets[8:24], octets[24:40])
    else:
        return None
    ports = octets[begin : begin + 4]
    if protocol not in (_TCP, _UDP, ESP) or len(ports) < 4:
        return None
    numbers = (0, 0) if protocol == ESP else (int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big"))
    source, destination = (
        Address(str(ipaddress.ip_address(host)), number) for host, number in zip(hosts, numbers, strict=True)
    )
    return (source, destination), protocol == ESP
