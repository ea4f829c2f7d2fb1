"""Captures that others made, with ESP in them: which messages can be read there, in the clear or without keys.

Nothing of it is judged: such a capture says neither what the tester sent nor when it gave up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from imsreg.errors import InputError
from imsreg.secagree.esp import PROTOCOL
from imsreg.secagree.fragments import Reassembly
from imsreg.secagree.ip import IpPacket, PacketTooLong
from imsreg.secagree.segment import TcpFlags
from imsreg.sip.flow import Address, Flow
from imsreg.sip.framing import FramingError, StreamFramer
from imsreg.transcript.foreign_packets import ip_packets
from imsreg.transcript.packets import Datagram, PacketError, Segment, parse_packet
from imsreg.transcript.transcript import Transcript

_SIP = re.compile(rb"SIP/2\.0 [1-6][0-9][0-9] |[A-Z]{3,20} (?:sips?|tel|urn):[^\r\n]{1,4096} SIP/2\.0\r?\n")


class EspCapture(InputError):
    """A capture that imsreg did not write, with ESP in it. `transcript` has the messages that could be read."""

    def __init__(self, path: Path, packets: int, transcript: Transcript) -> None:
        self.transcript = transcript
        protected = sum(entry.flow.association is not None for entry in transcript.entries)
        esp, messages = f"{_count(packets, 'packet')} of ESP", _count(protected, "message")
        if protected:
            problem = f"imsreg did not write this capture: {messages} in its {esp} can be read, not judged"
            remedy = "a capture of a run of imsreg can be"
        else:
            problem = f"imsreg did not write this capture, and its messages are inside {esp}"
            remedy = "let imsreg run the test: its captures hold the messages; only ealg=null can be read without keys"
        super().__init__(path, "", problem, remedy)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def esp_capture(path: Path, data: bytes) -> EspCapture | None:
    """What a pcap or pcapng file with ESP holds; None if there is no ESP in it, or it is no capture at all."""
    reader, reassembly = _Reader(path.name), Reassembly()
    for at, octets in ip_packets(data):
        packet = reassembly.take(octets)
        if packet is not None:
            reader.take(at, packet)
    return EspCapture(path, reader.esp, reader.transcript) if reader.esp else None


class _Reader:
    def __init__(self, title: str) -> None:
        self.transcript = Transcript(title, 0.0)
        self.esp = 0
        self._left = ""
        self._streams: dict[tuple[Address, Address], tuple[int, StreamFramer]] = {}

    def take(self, at: float, packet: IpPacket) -> None:
        association = None
        if packet.protocol == PROTOCOL:
            from imsreg.transcript.esp_null import read_without_keys

            self.esp += 1
            read = read_without_keys(packet)
            if read is None:
                return
            spi, packet = read
            association = f"SPI {spi}"
        with suppress(PacketError, PacketTooLong):
            self._message(at, parse_packet(packet.with_payload(packet.protocol, packet.payload)), association)

    def _message(self, at: float, packet: Datagram | Segment, association: str | None) -> None:
        for octets in [packet.payload] if isinstance(packet, Datagram) else self._pieces(packet):
            if _SIP.match(octets):
                self._record(at, packet, octets, association)

    def _pieces(self, segment: Segment) -> Iterator[bytes]:
        """The messages that a segment completes. What comes again is left out; behind a gap a stream begins anew."""
        way = segment.source, segment.destination
        expected, framer = self._streams.get(way, (segment.seq, StreamFramer()))
        if segment.flags & TcpFlags.SYN:
            self._streams[way] = (segment.seq + 1) % 2**32, StreamFramer()
            return
        if not segment.payload or (segment.seq - expected) % 2**32 >= 2**31:
            return
        if segment.seq != expected:
            framer = StreamFramer()
        self._streams[way] = (segment.seq + len(segment.payload)) % 2**32, framer
        with suppress(FramingError):
            yield from (frame for frame in framer.feed(segment.payload) if isinstance(frame, bytes))

    def _record(self, at: float, packet: Datagram | Segment, octets: bytes, association: str | None) -> None:
        transcript = self.transcript
        if not transcript.entries:
            transcript.began, self._left = at, packet.source.host
        sent = packet.source.host == self._left
        ends = (packet.source, packet.destination) if sent else (packet.destination, packet.source)
        for end in ends:
            transcript.peers.setdefault(end.host, end.host)
        flow = Flow("UDP" if isinstance(packet, Datagram) else "TCP", *ends, association=association)
        transcript.record(sent, flow, octets, at)
