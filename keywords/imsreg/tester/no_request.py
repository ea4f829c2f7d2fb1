"""A UE that does not send what a test waits for: what the wire says about it, and what to look at, in order."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from imsreg.sip.errors import UriError
from imsreg.sip.flow import Address, Flow
from imsreg.sip.headers.authorization import Authorization
from imsreg.sip.message import Request
from imsreg.sip.uri import Uri
from imsreg.transcript.entries import Entry
from imsreg.transcript.redaction import presentable
from imsreg.transcript.transcript import Transcript
from imsreg.verdict.view import readable

_MOST = 3
"""Strangers, and defects of one message, that are told."""
_SHOWN = 200
_TLS_HANDSHAKE = b"\x16\x03"
"""How a TLS record with a handshake begins (RFC 8446 5.1)."""

CHECK_LIST = (
    "P-CSCF address: does the UE have {where} (its settings, the PCO of the PDN connection, DHCP option 120, DNS)?",
    "route and firewall: does {host} answer from the UE, and does `tcpdump -ni any host {host}` show its packets?",
    "port: do they go to port {port} over UDP or TCP in the clear, and not to 5061 or into TLS?",
    "bearer: is the IMS APN attached, with an address of the same family as {host}?",
    "SIM and switch: is an ISIM or USIM active, and are IMS and VoLTE switched on, with no back-off running?",
)
"""In the order of what is wrong most often, which is that in which it is looked at fastest."""


class Piece(NamedTuple):
    """What came from somebody who is not the UE of the test, as far as the core can tell."""

    flow: Flow
    raw: bytes


@dataclass(frozen=True, slots=True)
class Watch:
    """Where the tester listens and for whom, and what else has reached it in this run.

    `octets`: all that have come to the core in this run. `strangers`: messages and unreadable pieces that no test
    waited for, oldest first, those of the UE itself between two tests among them. `silent_connections`: TCP
    connections that ended without an octet, by their peer. `dropped`: requests of the UE that the core discarded, with
    the reason, oldest first.
    """

    addresses: Sequence[Address]
    home_domain: str
    impi: str
    impu: str
    octets: int = 0
    strangers: Sequence[Piece] = ()
    silent_connections: Sequence[Address] = ()
    dropped: Sequence[str] = ()


def diagnose(transcript: Transcript, watch: Watch, method: str, within: float) -> str:
    """One line: that no request with `method` came within so many seconds, and what is known about it, numbered."""
    found = findings(transcript, watch, method)
    told = found[0] if len(found) == 1 else "; ".join(f"({n}) {line}" for n, line in enumerate(found, start=1))
    return f"no {method} from the UE within {within:g} s: {told}"


def findings(transcript: Transcript, watch: Watch, method: str) -> list[str]:
    """What to look at, the most telling first; never empty. DUT text in it is harmless, keys are masked."""
    received = [entry for entry in transcript.entries if not entry.sent]
    messages = [entry for entry in received if entry.message is not None or entry.error is not None]
    unheard = [*watch.dropped[-_MOST:], *_lost(transcript)]
    if messages:
        return [*unheard, *_conduct(transcript, messages, method), *_wrong_with(messages)]
    if unheard:
        return unheard
    if found := [*_strange(watch), *_bare_connections(watch)]:
        return found
    if received:
        return [f"it has sent nothing but keep-alives, the first from {_peer(received[0].flow)}: the way is open"]
    if watch.octets:
        return [
            f"nothing came in this test, but {watch.octets} octets did before it: the way to the tester is open",
            "is the UE in a back-off after a failure, does it count itself as registered, or is IMS switched off?",
        ]
    return [_nothing(watch), *_check_list(watch)]


def _lost(transcript: Transcript) -> Iterator[str]:
    """What ESP kept from being a message."""
    if transcript.esp:
        # Of no use to a run without associations.
        from imsreg.tester.lost_packets import lost_packets

        yield from lost_packets(transcript)


def _conduct(transcript: Transcript, received: Sequence[Entry], method: str) -> Iterator[str]:
    """What the UE did instead."""
    sent = [entry for entry in transcript.entries if entry.sent]
    last = sent[-1] if sent else None
    since = [entry for entry in received if last is None or entry.number > last.number]
    fresh = [entry for entry in since if transcript.repeat_of(entry) is None]
    if last is not None and not since:
        before = received[-1]
        yield f"it has sent nothing after the tester's {_named(last)}; before that {_named(before)}"
    elif last is not None and not fresh:
        again = _named(since[-1])
        yield f"it only repeats itself after the tester's {_named(last)}: {again}; the tester's may not have arrived"
    else:
        told = ", ".join(_named(entry) for entry in fresh[-_MOST:])
        yield f"what it sent instead: {told}" if not _has(fresh, method) else f"none beside {told}"


def _has(entries: Sequence[Entry], method: str) -> bool:
    return any(isinstance(entry.message, Request) and entry.message.method == method for entry in entries)


def _wrong_with(received: Sequence[Entry]) -> Iterator[str]:
    """What makes the UE's own messages hard to understand, from the newest on."""
    for entry in reversed(received):
        if (wrong := malformation(entry)) is not None:
            yield f"{_named(entry)} is malformed: {wrong}"
            return


def malformation(entry: Entry) -> str | None:
    """What makes a message of the UE hard to understand, or unreadable; None if nothing does."""
    if entry.message is None:
        return None if entry.error is None else f"{_guess(entry.raw)}{presentable(entry.error, limit=_SHOWN)}"
    defects = [presentable(str(defect), limit=_SHOWN) for defect in entry.message.defects[:_MOST]]
    return ", ".join(defects) or None


def _strange(watch: Watch) -> Iterator[str]:
    """What reached the core from people whom no test waited for, the newest first, each kind once."""
    seen: dict[str, None] = {}
    for piece in reversed(watch.strangers):
        entry = Entry.of(1, 0.0, False, piece.flow, piece.raw)
        if (entry.message is not None or entry.error is not None) and not _is_its_own(entry, watch):
            seen[f"{_peer(piece.flow)} {_strangeness(entry, watch)}"] = None
        if len(seen) == _MOST:
            break
    yield from seen


def _is_its_own(entry: Entry, watch: Watch) -> bool:
    """Whether it is a message of the UE in question, of a time in which no test waited for it."""
    message = entry.message
    if message is None:
        return False
    if message.field("Authorization") is not None:
        return any(each.username == watch.impi for each in readable(message, Authorization))
    return any(watch.impu in (message.value(name) or "") for name in ("From", "To"))


def _strangeness(entry: Entry, watch: Watch) -> str:
    request = entry.message
    if not isinstance(request, Request):
        wrong = malformation(entry) if request is None else f"{entry.label}, a response to nothing"
        return f"sent what is no request: {wrong}"
    wrong = malformation(entry)
    suffix = f"; it is malformed: {wrong}" if wrong else ""
    if request.method != "REGISTER":
        return f"sent {entry.label} and no REGISTER{suffix}"
    domain = _domain(request.request_uri)
    if domain.lower() != watch.home_domain.lower():
        shown = presentable(domain, limit=_SHOWN)
        return f"registers with {shown}, and the home domain of the subscriber is {watch.home_domain}{suffix}"
    who = presentable(_identity(request), limit=_SHOWN)
    return f"registers {who}, and the test waits for {watch.impi} ({watch.impu}): which SIM is in the UE?{suffix}"


def _domain(uri: str) -> str:
    """The host of a Request-URI; one that cannot be read as a whole."""
    try:
        return Uri.parse(uri).host or uri
    except UriError:
        return uri


def _identity(request: Request) -> str:
    named = (credentials.username for credentials in readable(request, Authorization))
    return next(filter(None, named), None) or request.value("To") or "nobody"


def _bare_connections(watch: Watch) -> Iterator[str]:
    if watch.silent_connections:
        peers = ", ".join(str(peer) for peer in dict.fromkeys(watch.silent_connections[-_MOST:]))
        yield f"TCP connections came from {peers} without an octet of SIP: does it wait for the tester to speak first?"


def _nothing(watch: Watch) -> str:
    where = " or ".join(str(address) for address in watch.addresses)
    own = all(ipaddress.ip_address(address.host).is_loopback for address in watch.addresses)
    beside = ", which only a UE on this host can reach" if own else ""
    return f"nothing at all has reached {where} over UDP or TCP{beside}"


def _check_list(watch: Watch) -> Iterator[str]:
    first = watch.addresses[0]
    for line in CHECK_LIST:
        yield line.format(where=first, host=first.host, port=first.port)


def _guess(raw: bytes) -> str:
    return "it looks like TLS, and the tester listens in the clear: " if raw.startswith(_TLS_HANDSHAKE) else ""


def _peer(flow: Flow) -> str:
    return f"{flow.remote} over {flow.transport}"


def _named(entry: Entry) -> str:
    return f"{entry.label} (no. {entry.number}, {entry.at:.2f} s)"
