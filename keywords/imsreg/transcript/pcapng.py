"""A transcript as a capture for Wireshark (draft-ietf-opsawg-pcapng); `capture` reads it back."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from imsreg import __version__
from imsreg.secagree.events import Direction
from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address, Flow
from imsreg.transcript import blocks
from imsreg.transcript.blocks import BlockType, Option, write_block
from imsreg.transcript.entries import Entry, Event
from imsreg.transcript.esp import EspEntry
from imsreg.transcript.esp_octets import leaks, masked, whole_length
from imsreg.transcript.esp_remarks import esp_remark
from imsreg.transcript.packets import MAX_DATAGRAM, Datagram, Segment
from imsreg.transcript.redaction import presentable, redact
from imsreg.transcript.remarks import asked_remark, circumstance_remarks, entry_remarks, event_remark, peer_remark
from imsreg.transcript.streams import Streams, settled_flows
from imsreg.transcript.transcript import Transcript

MESSAGES, WIRE = b"imsreg", b"imsreg-wire"
"""Names of the interfaces: messages in the clear, and packets as they were on the wire."""

_MESSAGES_ID, _WIRE_ID = 0, 1
_MASKED = "CK or IK is masked: checksum and ICV do not fit any more"
_TITLE_LIMIT = 1000


def write_capture(transcript: Transcript, marks: Mapping[int, str] = {}) -> bytes:
    """The transcript as the octets of a pcapng file; `marks` are findings by entry number, shown as comments.

    CK and IK are masked. Datagrams are as they were; of TCP only the messages are known, so handshakes, sequence
    numbers and ends of connections are made up. A datagram too long for UDP, which no socket can have sent, is only
    named in a comment. Messages are in the clear, on the interface "imsreg". Where there were associations, the packets
    as they were on the wire are on another one, "imsreg-wire", each with the record of it.
    """
    return _Writer(transcript, marks).octets()


class _Writer:
    def __init__(self, transcript: Transcript, marks: Mapping[int, str]) -> None:
        self._transcript = transcript
        self._marks = marks
        self._began = round(transcript.began * 1_000_000)
        self._blocks: list[bytes] = []
        self._remarks: list[str] = []
        self._streams = Streams()
        self._wired = bool(transcript.esp or transcript.dropped_esp)
        self._testers: set[Address] = set()

    def octets(self) -> bytes:
        self._begin()
        entries = tuple(self._transcript.entries)
        flows = settled_flows(entries)
        leaky = self._wired and leaks(entries)
        at = 0
        for item in self._transcript.full_timeline():
            if isinstance(item, Event):
                self._remarks.append(event_remark(item))
            elif isinstance(item, EspEntry):
                self._esp(item, leaky=leaky)
            else:
                at = self._time(item)
                self._entry(item, flows.get(item.number, item.flow), at)
        for segment in self._streams.close():
            self._packet(segment, at, [])
        self._end(at)
        return b"".join(self._blocks)

    def _begin(self) -> None:
        peers = [peer_remark(peer, name) for peer, name in self._transcript.peers.items()]
        title = presentable(self._transcript.title, limit=_TITLE_LIMIT)
        remarks = [title, *peers, *circumstance_remarks(self._transcript.circumstances)]
        options = [*_comments(remarks), (blocks.SECTION_APPLICATION, f"imsreg {__version__}".encode())]
        self._block(BlockType.SECTION_HEADER, struct.pack("<IHHq", blocks.BYTE_ORDER_MAGIC, 1, 0, -1), options)
        for name in (MESSAGES, WIRE) if self._wired else (MESSAGES,):
            interface = [(blocks.INTERFACE_NAME, name), (blocks.INTERFACE_RESOLUTION, bytes([blocks.MICROSECONDS]))]
            self._block(BlockType.INTERFACE, struct.pack("<HHI", blocks.LINKTYPE_RAW, 0, 0), interface)

    def _entry(self, entry: Entry, flow: Flow, at: int) -> None:
        self._testers.add(flow.local)
        source, destination = (flow.local, flow.remote) if entry.sent else (flow.remote, flow.local)
        payload = redact(entry.raw)
        remarks = entry_remarks(entry, self._transcript, self._marks.get(entry.number))
        if flow.transport == "TCP":
            if not entry.flow.connection:
                remarks.append(asked_remark(entry.flow))
            for segment in self._streams.send(flow, source, payload):
                self._packet(segment, at, remarks if TcpFlags.PSH in segment.flags else [])
        elif len(payload) <= MAX_DATAGRAM[source.family]:
            self._packet(Datagram(source, destination, payload), at, remarks)
        else:
            self._remarks.append(f"message {entry.number} was never sent: {len(payload)} octets exceed UDP")

    def _esp(self, entry: EspEntry, *, leaky: bool) -> None:
        remark = esp_remark(entry)
        if not entry.event.octets:
            self._remarks.append(remark)
            return
        octets = masked(entry.event, leaky=leaky)
        remarks = [remark] if octets == entry.event.octets else [remark, _MASKED]
        sent = entry.event.direction is Direction.OUT
        self._enhanced(_WIRE_ID, octets, whole_length(octets), sent, self._time(entry), remarks)

    def _packet(self, packet: Datagram | Segment, at: int, remarks: list[str]) -> None:
        octets = packet.to_bytes(ident=len(self._blocks))
        self._enhanced(_MESSAGES_ID, octets, len(octets), packet.source in self._testers, at, remarks)

    def _enhanced(self, interface: int, octets: bytes, whole: int, sent: bool, at: int, remarks: list[str]) -> None:
        """A packet of `whole` octets, of which these are kept. Its remarks take along those that wait for a packet."""
        if remarks:
            remarks = [*self._remarks, *remarks]
            self._remarks = []
        way = blocks.OUTBOUND if sent else blocks.INBOUND
        head = struct.pack("<I", interface) + _stamp(at) + struct.pack("<II", len(octets), whole)
        options = [*_comments(remarks), (blocks.PACKET_FLAGS, struct.pack("<I", way))]
        self._block(BlockType.ENHANCED_PACKET, head + octets, options)

    def _end(self, at: int) -> None:
        self._statistics(_MESSAGES_ID, at, self._transcript.dropped, self._remarks)
        if self._wired:
            self._statistics(_WIRE_ID, at, self._transcript.dropped_esp, [])

    def _statistics(self, interface: int, at: int, dropped: int, remarks: list[str]) -> None:
        options = [*_comments(remarks), (blocks.STATISTICS_START, _stamp(self._began))]
        options.append((blocks.STATISTICS_DROPPED, struct.pack("<Q", dropped)))
        self._block(BlockType.INTERFACE_STATISTICS, struct.pack("<I", interface) + _stamp(at), options)

    def _time(self, entry: Entry | EspEntry) -> int:
        return self._began + round(entry.at * 1_000_000)

    def _block(self, kind: BlockType, body: bytes, options: Iterable[Option]) -> None:
        self._blocks.append(write_block(kind, body, options))


def _stamp(at: int) -> bytes:
    """A time in microseconds as the format has it: two numbers, the higher first."""
    at = min(max(at, 0), 2**64 - 1)
    return struct.pack("<II", at >> 32, at & 0xFFFFFFFF)


def _comments(remarks: Iterable[str]) -> list[Option]:
    return [(blocks.COMMENT, remark.encode()) for remark in remarks]
