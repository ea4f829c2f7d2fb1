"""The comments of a capture: what Wireshark shows beside the packets, and what a reader restores from them.

A packet has no place for the names of the peers, a security association, or what happened between two messages.
These stand in comments, each one line in fixed words, so that a capture read back is judged like the run itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import cast

from imsreg.sip.flow import Address, Flow, Transport
from imsreg.transcript.circumstances import Circumstances, Stop
from imsreg.transcript.entries import Entry, Event, EventKind
from imsreg.transcript.redaction import presentable
from imsreg.transcript.transcript import Transcript

_LIMIT = 1000

_HOST = r"(?:\[([^\]\s]+)\]|([^:\[\]\s]+))"
_PORT = r"([0-9]{1,5})"
_TIME = r"(-?[0-9]{1,12}\.[0-9]{6})"
_CONNECTION = r"([0-9]{1,9})"
_FLOW = rf"(UDP|TCP) {_HOST}:{_PORT} to {_HOST}:{_PORT}, connection {_CONNECTION}"
_PEER = re.compile(rf"peer {_HOST}(?::{_PORT})? is (.+)")
_ASSOCIATION = re.compile(r"association (.+)")
_ASKED = re.compile(rf"asked for a connection from {_HOST}:{_PORT}")
_DECIDES = re.compile(r"decides ([0-9A-Za-z.-]{1,64})")
_DUT = re.compile(rf"DUT at {_HOST}:{_PORT}")
_SUBSCRIBER = re.compile(r"subscriber (.+)")
_STOPPED = re.compile(r"stopped, ([a-z-]{1,40}): (.*)")
_EVENT = re.compile(rf"(clock|transport|note) at {_TIME} s(?: \({_FLOW}\))?: (.*)")


def peer_remark(peer: Address | str, name: str) -> str:
    """Who has an address."""
    host = f"[{peer}]" if isinstance(peer, str) and ":" in peer else peer
    return _line(f"peer {host} is {name}")


def restore_peer(remark: str, transcript: Transcript) -> None:
    """Puts the name of a `peer_remark` into `transcript`; another remark changes nothing."""
    if found := _PEER.fullmatch(remark):
        host = found[1] or found[2]
        transcript.peers[Address(host, int(found[3])) if found[3] else host] = found[4]


def circumstance_remarks(circumstances: Circumstances) -> Iterator[str]:
    """What the run is about, each fact in a line of its own."""
    yield from (_line(f"decides {identifier}") for identifier in circumstances.decides)
    yield from (_line(f"DUT at {address}") for address in circumstances.dut)
    yield from (_line(f"subscriber {impi}") for impi in circumstances.subscribers)
    if (stopped := circumstances.stopped) is not None:
        yield _line(f"stopped, {stopped.kind}: {stopped.text}")


def restore_circumstances(remarks: Iterable[str]) -> Circumstances:
    """What the `circumstance_remarks` among `remarks` say."""
    decides: list[str] = []
    dut: list[Address] = []
    subscribers: list[str] = []
    stopped: Stop | None = None
    for remark in remarks:
        if found := _DECIDES.fullmatch(remark):
            decides.append(found[1])
        elif found := _DUT.fullmatch(remark):
            dut.extend(_addresses(found))
        elif found := _SUBSCRIBER.fullmatch(remark):
            subscribers.append(found[1])
        elif found := _STOPPED.fullmatch(remark):
            stopped = Stop(found[1], found[2])
    return Circumstances(tuple(decides), tuple(dut), tuple(subscribers), stopped)


def entry_remarks(entry: Entry, transcript: Transcript, mark: str | None) -> list[str]:
    """Number and label of a message and its ways, the finding that names it, the association that protected it."""
    ways = f"{transcript.name(entry.source)} to {transcript.name(entry.destination)}"
    remarks = [_line(f"message {entry.number}: {entry.label}, {ways}")]
    if entry.flow.association is not None:
        remarks.append(_line(f"association {entry.flow.association}"))
    if mark is not None:
        remarks.append(_line(f"finding: {mark}"))
    return remarks


def restore_association(remarks: list[str]) -> str | None:
    """The association that `entry_remarks` names."""
    return next((found[1] for remark in remarks if (found := _ASSOCIATION.fullmatch(remark))), None)


def asked_remark(flow: Flow) -> str:
    """The address that a message over TCP was to leave from; the link chose the connection that took it."""
    return _line(f"asked for a connection from {flow.local}")


def restore_asked(remarks: list[str], flow: Flow) -> Flow:
    """`flow` as the tester asked for it, if an `asked_remark` says so: no connection was chosen then."""
    asked = (address for remark in remarks if (found := _ASKED.fullmatch(remark)) for address in _addresses(found))
    local = next(asked, None)
    return flow if local is None else replace(flow, local=local, connection=0)


def event_remark(event: Event) -> str:
    """An event, in full."""
    flow = event.flow
    where = f" ({flow.transport} {flow.local} to {flow.remote}, connection {flow.connection})" if flow else ""
    return _line(f"{event.kind} at {event.at:.6f} s{where}: {event.text}")


def restore_events(remarks: list[str], transcript: Transcript) -> None:
    """Notes in `transcript` every event among `remarks`."""
    for remark in remarks:
        if found := _EVENT.fullmatch(remark):
            kind, at, transport, *ends, text = found.groups()
            flow = None
            if transport:
                local, remote = Address(ends[0] or ends[1], int(ends[2])), Address(ends[3] or ends[4], int(ends[5]))
                flow = Flow(cast(Transport, transport), local, remote, int(ends[6]))
            transcript.note(text, float(at), kind=cast(EventKind, kind), flow=flow)


def _line(text: str) -> str:
    return presentable(text, limit=_LIMIT)


def _addresses(found: re.Match[str]) -> Iterator[Address]:
    """The address that begins with group 1; none if it is impossible."""
    port = int(found[3])
    with suppress(ValueError):
        if port < 2**16:
            yield Address.of(found[1] or found[2], port)
